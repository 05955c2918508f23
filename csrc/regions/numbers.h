/* What a region computes with numbers alone, one value at a time: Python's numbers and NumPy's
 * scalars, with each one's own rules. */
#ifndef ALLOC_REWRITE_REGIONS_NUMBERS_H
#define ALLOC_REWRITE_REGIONS_NUMBERS_H

#include "numpy/loop.h"
#include "numpy/operand.h"
#include "sites/operators.h"

#define MOST_NUMBERS 3 /* that a call takes */

/* What a call of numbers was seen to do: for this callee, and operands of these types. */
typedef struct {
    enum { CALL_UNKNOWN, CALL_LEFT, CALL_MADE, CALL_LOOP } action;
    PyObject *callee; /* owned, like the types and dtypes */
    int n;
    PyTypeObject *types[MOST_NUMBERS];
    PyObject *capsule; /* owned: keeps what the call needs */
    CallInfo call;
    PyArray_Descr *descrs[MOST_NUMBERS + 1];
    int slow_status;
} NumberCall;

void number_call_clear(NumberCall *known);
int number_call_traverse(const NumberCall *known, visitproc visit, void *arg);

/* All of these return a new reference; or NULL, without an exception if the original code has to
 * do it, as it may have something to say. */

/* An operator on numbers. */
PyObject *number_operate(const Operator *operator, PyObject *const *operands, int n);
/* A call of a function with numbers. */
PyObject *number_called(const State *state, NumberCall *known, PyObject *callee,
                        PyObject *const *args, int n);
/* An item of an array. */
PyObject *number_item(PyArray_Descr *descr, void *item);
/* What something gives. What Python says of numbers is forgotten, as the original code says it
 * again; anything else, as of a signal handler, stays. */
PyObject *number_quietly(PyObject *result);
/* What an object is as a number: itself, or the item of an array without axes. */
PyObject *number_of(PyObject *object);
/* Read a whole number as an index; 0 if it is none, or too large. */
int number_is_index(PyObject *object, npy_intp *index);

#endif
