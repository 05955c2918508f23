/* Views by slices and whole numbers, cheaper than by NumPy's general indexing. */
#ifndef ALLOC_REWRITE_NUMPY_VIEWS_H
#define ALLOC_REWRITE_NUMPY_VIEWS_H

#include "state.h"

#define MAX_AXES 16
#define WARNS_OF_STORES (1U << 31) /* a flag that NumPy's headers don't have */

/* Where an array's items are; of a view in the making, where those will be. */
typedef struct {
    char *data;
    int nd;
    npy_intp dims[MAX_AXES];
    npy_intp strides[MAX_AXES];
} Extent;

/* Whether loops can go over an array's memory as it is. */
ALWAYS_INLINE int
is_regular(PyArrayObject *array)
{
    return (PyArray_FLAGS(array) & (NPY_ARRAY_ALIGNED | NPY_ARRAY_WRITEBACKIFCOPY)) ==
           NPY_ARRAY_ALIGNED;
}

/* Whether NumPy has nothing to say of a store: it warns of those into what `broadcast_arrays`
 * gives. */
ALWAYS_INLINE int
is_writeable(PyArrayObject *array)
{
    unsigned int flags = (unsigned int)PyArray_FLAGS(array);
    return (flags & (NPY_ARRAY_WRITEABLE | WARNS_OF_STORES)) == NPY_ARRAY_WRITEABLE;
}

/* NULL without an exception: NumPy's own indexing has to do it. */
PyObject *view_of_slice(PyArrayObject *array, PyObject *start, PyObject *stop);
PyObject *view_of_index(PyArrayObject *array, PyObject *index);

/* A view of an extent, whose axes are used up one by one. */
typedef struct {
    const Extent *of;
    int axis; /* the next */
    Extent *made;
} View;

void view_begin(View *view, const Extent *of, Extent *made);
int view_add(View *view, PyObject *item); /* an int, None, or a slice */
int view_add_slice(View *view, PyObject *start, PyObject *stop, PyObject *step);
int view_end(View *view); /* the axes that are left stay as they are */
/* Make an array of an extent that lies within `array`. */
PyObject *view_made(PyArrayObject *array, const Extent *extent);
/* 0 if the array has more axes than there is room for. */
int extent_of(PyArrayObject *array, Extent *extent);
/* Whether items lie without gaps in C order, or in Fortran order, but for axes of length one. */
int extent_is_c(const Extent *extent, npy_intp itemsize);
int extent_is_fortran(const Extent *extent, npy_intp itemsize);

#endif
