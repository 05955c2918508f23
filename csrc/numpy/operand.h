/* Leaves: what an operation's operands may be, and scalars turned into what a loop reads. */
#ifndef ALLOC_REWRITE_NUMPY_OPERAND_H
#define ALLOC_REWRITE_NUMPY_OPERAND_H

#include "state.h"

#define SCALAR_ROOM 32 /* bytes: the largest item of a loop, a complex long double */

/* Room for an item of any dtype that loops take, where it may be read as one. */
typedef union {
    char bytes[SCALAR_ROOM];
    npy_longdouble widest;
} ItemRoom;

enum leaf_kind {
    LEAF_NONE,
    LEAF_ARRAY,
    LEAF_BOOL,
    LEAF_INT,
    LEAF_FLOAT,
    LEAF_COMPLEX,
    LEAF_SCALAR,
};

/* What is known of a leaf for sure when it was seen before. */
typedef struct {
    enum leaf_kind kind;
    void *identity; /* the dtype of an array, the type of any other; owned if the holder says so */
} Leaf;

enum leaf_kind leaf_kind_of(PyObject *object);
/* The dtype of an array or NumPy scalar, or the type of a Python number: what NumPy resolves by. */
PyObject *leaf_descr(PyObject *object, enum leaf_kind kind);
/* Write a scalar as an item of the dtype; 0 if it does not fit in quietly (no exception is set). */
int leaf_item(PyObject *object, enum leaf_kind kind, PyArray_Descr *descr, void *item);

ALWAYS_INLINE int
leaf_matches(const Leaf *leaf, PyObject *object)
{
    if (Py_TYPE(object) == &PyArray_Type) {
        return leaf->kind == LEAF_ARRAY &&
               leaf->identity == (void *)PyArray_DESCR((PyArrayObject *)object);
    }
    return leaf->identity == (void *)Py_TYPE(object);
}

#endif
