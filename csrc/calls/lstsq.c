/* lstsq(matrix, right sides): for doubles, by the loop of the ufunc that numpy.linalg calls.
 *
 * `more` has that ufunc, or two of them: for matrices with at least as many columns as rows, and
 * for others.
 */
#include "calls/gufuncs.h"

#include <float.h>

#define OPERANDS 7

/* What a call works on. */
typedef struct {
    PyArrayObject *a, *b;         /* borrowed */
    PyArrayObject *x, *left, *s;  /* owned, or NULL: the solution, squares of what is left,
                                     singular values */
    double cutoff;
    npy_intp m, n, sides;
} Lstsq;

static int
lstsq_suits(PyObject *value)
{
    PyArrayObject *array = (PyArrayObject *)value;
    if (!PyArray_CheckExact(value)) {
        return 0;
    }
    PyArray_Descr *descr = PyArray_DESCR(array);
    int nd = PyArray_NDIM(array);
    return descr->type_num == NPY_DOUBLE && PyArray_ISNBO(descr->byteorder) &&
           PyArray_CHKFLAGS(array, NPY_ARRAY_ALIGNED) && (nd == 1 || nd == 2) &&
           PyArray_SIZE(array) > 0;
}

/* Read the arguments; 0 if NumPy has to look at them. */
static int
lstsq_read(Lstsq *call, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    static const char *const known[] = {"rcond", NULL};
    PyObject *cutoff[1] = {n > 2 ? args[2] : NULL};
    if (n < 2 || n > 3 || !lstsq_suits(args[0]) || !lstsq_suits(args[1]) ||
        !native_keywords(args + n, names, known, cutoff)) {
        return 0;
    }
    call->a = (PyArrayObject *)args[0];
    call->b = (PyArrayObject *)args[1];
    if (PyArray_NDIM(call->a) != 2 || PyArray_DIM(call->a, 0) != PyArray_DIM(call->b, 0)) {
        return 0;
    }
    call->m = PyArray_DIM(call->a, 0);
    call->n = PyArray_DIM(call->a, 1);
    call->sides = PyArray_NDIM(call->b) == 2 ? PyArray_DIM(call->b, 1) : 1;
    if (cutoff[0] == NULL || cutoff[0] == Py_None) {
        call->cutoff = DBL_EPSILON * (double)(call->m > call->n ? call->m : call->n);
        return 1;
    }
    if (PyFloat_CheckExact(cutoff[0])) {
        call->cutoff = PyFloat_AS_DOUBLE(cutoff[0]);
        return 1;
    }
    return 0;
}

/* The least squares; 0 if NumPy has to say what went wrong. */
static int
lstsq_compute(Lstsq *call, const PyUFuncObject *ufunc, int *rank)
{
    npy_intp size = sizeof(double), by_side = PyArray_NDIM(call->b) == 2;
    npy_intp lengths[] = {1, call->m, call->n, call->sides, PyArray_DIM(call->s, 0)};
    npy_intp strides[OPERANDS + 8] = {0};
    npy_intp *own = strides + OPERANDS; /* of axes: of what is given, then of the results */
    char *data[OPERANDS] = {PyArray_BYTES(call->a), PyArray_BYTES(call->b), (char *)&call->cutoff,
                            PyArray_BYTES(call->x), PyArray_BYTES(call->left), (char *)rank,
                            PyArray_BYTES(call->s)};
    own[0] = PyArray_STRIDE(call->a, 0);
    own[1] = PyArray_STRIDE(call->a, 1);
    own[2] = PyArray_STRIDE(call->b, 0);
    own[3] = by_side ? PyArray_STRIDE(call->b, 1) : 0;
    own[4] = call->sides * size;
    own[5] = own[6] = own[7] = size;
    int type = 0;
    while (type < ufunc->ntypes && ufunc->types[type * ufunc->nargs] != NPY_DOUBLE) {
        type++;
    }
    double longest = (double)(call->m > call->n ? call->m : call->n);
    return type < ufunc->ntypes && ufunc->nargs == OPERANDS &&
           gufunc_loop(ufunc, type, data, lengths, strides,
                       longest * longest * longest > WORTH_SHARING);
}

/* What is left is told only where the solution is the only one. */
static PyObject *
lstsq_deliver(const Lstsq *call, int rank)
{
    npy_intp none = 0;
    PyArray_Descr *descr = PyArray_DescrFromType(NPY_INT);
    PyObject *number = PyArray_Scalar(&rank, descr, NULL);
    PyObject *left = rank == call->n && call->m > call->n
                         ? Py_NewRef((PyObject *)call->left)
                         : PyArray_SimpleNew(1, &none, NPY_DOUBLE);
    PyObject *result = number == NULL || left == NULL
                           ? NULL
                           : PyTuple_Pack(4, (PyObject *)call->x, left, number,
                                          (PyObject *)call->s);
    Py_XDECREF(left);
    Py_XDECREF(number);
    Py_DECREF(descr);
    return result;
}

static PyArrayObject *
lstsq_room(Native *self, PyArray_Descr *descr, int nd, npy_intp rows, npy_intp columns)
{
    npy_intp dims[2] = {rows, columns};
    return slots_array(&self->slots, self->site->state, &self->site->place, self->name, descr, nd,
                       dims, nd == 2 ? rows * columns : rows);
}

static PyObject *
lstsq_run(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    Lstsq call = {NULL};
    if (!lstsq_read(&call, args, n, names)) {
        return NULL;
    }
    Py_ssize_t which = call.m <= call.n ? 0 : PyTuple_GET_SIZE(self->more) - 1;
    PyObject *ufunc = Py_NewRef(PyTuple_GET_ITEM(self->more, which)), *result = NULL;
    PyArray_Descr *descr = PyArray_DescrFromType(NPY_DOUBLE);
    npy_intp shorter = call.m < call.n ? call.m : call.n;
    int rank;
    call.x = lstsq_room(self, descr, PyArray_NDIM(call.b), call.n, call.sides);
    call.left = call.x == NULL ? NULL : lstsq_room(self, descr, 1, call.sides, 1);
    call.s = call.left == NULL ? NULL : lstsq_room(self, descr, 1, shorter, 1);
    if (call.s != NULL && lstsq_compute(&call, (PyUFuncObject *)ufunc, &rank)) {
        result = lstsq_deliver(&call, rank);
    }
    Py_XDECREF(call.x);
    Py_XDECREF(call.left);
    Py_XDECREF(call.s);
    Py_DECREF(descr);
    Py_DECREF(ufunc);
    return result;
}

const NativeRow lstsq_rows[] = {{"lstsq", lstsq_run}, {NULL, NULL}};
