/* Reductions of arrays in C order, for what is made of them: variances, norms. */
#ifndef ALLOC_REWRITE_CALLS_REDUCTIONS_H
#define ALLOC_REWRITE_CALLS_REDUCTIONS_H

#include "calls/native.h"
#include "numpy/short_rows.h"

/* What is known of one dtype; the one used last comes first. */
typedef struct Reduction {
    struct Reduction *next; /* owned */
    PyArray_Descr *descr; /* owned */
    PyObject *capsule;    /* owned, or NULL: NumPy does arrays of this dtype */
    CallInfo call;
    int slow_status;
    int cuts_rows; /* whether NumPy cuts long rows at the size of its buffer, so that bits differ */
    int has_initial;
    ItemRoom initial;
    RowSums row_sums; /* of short rows; NULL if the loop does them */
} Reduction;

/* The array seen as `outer` times `length` times `inner` items, of which `length` goes. */
typedef struct {
    char *data;
    npy_intp outer, length, inner;
    npy_intp stride; /* along `length`, in bytes */
} Shape;

/* What is asked for. */
typedef struct {
    PyArrayObject *array; /* borrowed */
    int axis;             /* -1 for all */
    int keeps;            /* whether axes that go stay, with length one */
} Request;

/* The arguments (x, axis=None, *, keepdims=False) and, where `ddof` is not NULL, `ddof` by name: 1
 * if they are these and plain. */
int reduction_parse(PyObject *const *args, Py_ssize_t n, PyObject *names, Request *request,
                    PyObject **ddof);
/* Take the axis that is asked for; 0 if it is none, or not plain. */
int reduction_take_axis(Request *request, PyObject *axis);
/* The loops over the array; 0 if NumPy has to do it. */
int reduction_shape_of(const Request *request, Shape *shape);
/* Whether the result is a scalar; if not, an array for it. */
int reduction_is_scalar(const Request *request);
PyArrayObject *reduction_result_for(Native *self, const Request *request, PyArray_Descr *descr);
/* What is known of a dtype, whose references the caller owns, for a shape: 1, or 0 if NumPy has to
 * do it (also with an exception). */
int reduction_find(Native *self, PyArray_Descr *descr, const Shape *shape, Reduction *found);
void reduction_release(Reduction *found);
/* Reduce; -1 with an exception, 1 if NumPy would report something, from its own Python code. */
int reduction_computed(const Reduction *reduction, const Shape *shape, char *to);
/* Divide sums of doubles by the number of their items, as means are; whether NumPy has something to
 * report. */
int reduction_divide(double *sums, npy_intp n, npy_intp items);

#endif
