/* Functions of numpy.linalg that are one call of a generalised ufunc, by the loop of that ufunc.
 *
 * `more` has the ways to call it: (names, values, ufuncs, form) for certain keyword arguments. The
 * ufunc whose operands have as many axes as the arguments is taken; of two, the first is for
 * matrices with fewer rows than columns. Its results go into a named tuple of type `form`, or are
 * the result if that is None. Singles are computed as doubles, as numpy.linalg does.
 */
#include "calls/gufuncs.h"

#include <string.h>

#define MOST_LENGTHS 4         /* different axes of a ufunc's operands */
#define MOST_SINGLES 1024      /* items of all operands together that are computed as doubles */

/* What one call works on. */
typedef struct {
    PyUFuncObject *ufunc; /* borrowed */
    int type;             /* which of the ufunc's loops */
    int singles;          /* whether the arguments are singles */
    npy_intp lengths[1 + MOST_LENGTHS];
    char *data[MAX_OPERANDS];
    npy_intp strides[MAX_OPERANDS + 2 * MAX_OPERANDS];
    int used; /* strides that are set */
    PyArray_Descr *descr[MAX_OPERANDS]; /* owned: of results, as they are handed out */
    PyArrayObject *out[MAX_OPERANDS];   /* owned, or NULL for scalars */
    ItemRoom items[MAX_OPERANDS];
} Gufunc;

ALWAYS_INLINE int
gufunc_axes(const PyUFuncObject *ufunc, int operand)
{
    return ufunc->core_num_dims[operand];
}

/* Which length an axis of an operand has. */
ALWAYS_INLINE int
gufunc_axis(const PyUFuncObject *ufunc, int operand, int axis)
{
    return ufunc->core_dim_ixs[ufunc->core_offsets[operand] + axis];
}

/* Whether an argument given by name is the one of a way. */
static int
gufunc_is(PyObject *wanted, PyObject *given)
{
    return wanted == given || (PyUnicode_CheckExact(wanted) && PyUnicode_CheckExact(given) &&
                               PyUnicode_Compare(wanted, given) == 0);
}

/* The way for these keyword arguments, or NULL. */
static PyObject *
gufunc_way(PyObject *ways, PyObject *const *values, PyObject *names)
{
    Py_ssize_t given = names == NULL ? 0 : PyTuple_GET_SIZE(names);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(ways); i++) {
        PyObject *way = PyTuple_GET_ITEM(ways, i);
        PyObject *wanted = PyTuple_GET_ITEM(way, 0);
        int fits = PyTuple_GET_SIZE(wanted) == given;
        for (Py_ssize_t k = 0; fits && k < given; k++) {
            fits = gufunc_is(PyTuple_GET_ITEM(wanted, k), PyTuple_GET_ITEM(names, k)) &&
                   gufunc_is(PyTuple_GET_ITEM(PyTuple_GET_ITEM(way, 1), k), values[k]);
        }
        if (fits) {
            return way;
        }
    }
    return NULL;
}

/* The ufunc of a way for arguments with so many axes, or NULL. */
static PyUFuncObject *
gufunc_chosen(PyObject *way, PyObject *const *args, Py_ssize_t n)
{
    PyObject *ufuncs = PyTuple_GET_ITEM(way, 2);
    PyUFuncObject *chosen = NULL;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(ufuncs); i++) {
        PyUFuncObject *ufunc = (PyUFuncObject *)PyTuple_GET_ITEM(ufuncs, i);
        int fits = ufunc->nin == n && ufunc->nargs <= MAX_OPERANDS &&
                   ufunc->core_num_dim_ix <= MOST_LENGTHS;
        for (int k = 0; fits && k < n; k++) {
            fits = PyArray_CheckExact(args[k]) &&
                   PyArray_NDIM((PyArrayObject *)args[k]) == gufunc_axes(ufunc, k);
        }
        if (fits) {
            chosen = ufunc;
            if (PyArray_DIM((PyArrayObject *)args[0], 0) <
                PyArray_DIM((PyArrayObject *)args[0], 1)) {
                break;
            }
        }
    }
    return chosen;
}

/* Take the lengths of the arguments' axes; 0 if they don't agree, or there is nothing to do. */
static int
gufunc_measure(Gufunc *call, PyObject *const *args)
{
    const PyUFuncObject *ufunc = call->ufunc;
    memset(call->lengths, 0, sizeof(call->lengths));
    call->lengths[0] = 1;
    for (int k = 0; k < ufunc->nin; k++) {
        PyArrayObject *array = (PyArrayObject *)args[k];
        if (!PyArray_CHKFLAGS(array, NPY_ARRAY_ALIGNED)) {
            return 0;
        }
        for (int axis = 0; axis < PyArray_NDIM(array); axis++) {
            npy_intp *length = &call->lengths[1 + gufunc_axis(ufunc, k, axis)];
            npy_intp own = PyArray_DIM(array, axis);
            if (own == 0 || (*length != 0 && *length != own)) {
                return 0;
            }
            *length = own;
        }
    }
    for (int i = 0; i < ufunc->core_num_dim_ix; i++) {
        if (call->lengths[1 + i] == 0) { /* of results: as many as the shorter side has */
            const npy_intp *dims = PyArray_DIMS((PyArrayObject *)args[0]);
            call->lengths[1 + i] = dims[dims[0] > dims[1]];
        }
    }
    return 1;
}

/* Find the loop for the arguments' dtype; 0 if there is none. */
static int
gufunc_find_loop(Gufunc *call, PyObject *const *args)
{
    const PyUFuncObject *ufunc = call->ufunc;
    PyArray_Descr *descr = PyArray_DESCR((PyArrayObject *)args[0]);
    int type = descr->type_num;
    for (int k = 0; k < ufunc->nin; k++) {
        PyArray_Descr *own = PyArray_DESCR((PyArrayObject *)args[k]);
        if (own->type_num != type || !PyArray_ISNBO(own->byteorder)) {
            return 0;
        }
    }
    call->singles = type == NPY_FLOAT || type == NPY_CFLOAT;
    int wanted = type == NPY_FLOAT ? NPY_DOUBLE : type == NPY_CFLOAT ? NPY_CDOUBLE : type;
    if (wanted != NPY_DOUBLE && wanted != NPY_CDOUBLE) {
        return 0;
    }
    for (call->type = 0; call->type < ufunc->ntypes; call->type++) {
        const char *types = ufunc->types + call->type * ufunc->nargs;
        int fits = 1;
        for (int k = 0; k < ufunc->nin; k++) {
            fits &= types[k] == wanted;
        }
        if (fits) {
            return 1;
        }
    }
    return 0;
}

static void
gufunc_add_strides(Gufunc *call, int axes, const npy_intp *strides)
{
    for (int axis = 0; axis < axes; axis++) {
        call->strides[call->used++] = strides[axis];
    }
}

/* Make the results; 0 if that fails. */
static int
gufunc_make_results(Native *self, Gufunc *call)
{
    const PyUFuncObject *ufunc = call->ufunc;
    const char *types = ufunc->types + call->type * ufunc->nargs;
    for (int k = ufunc->nin; k < ufunc->nargs; k++) {
        int type = types[k];
        npy_intp dims[2], size = 1;
        int axes = gufunc_axes(ufunc, k);
        if (call->singles) {
            type = type == NPY_DOUBLE ? NPY_FLOAT : NPY_CFLOAT;
        }
        call->descr[k] = PyArray_DescrFromType(type);
        for (int axis = 0; axis < axes; axis++) {
            size *= dims[axis] = call->lengths[1 + gufunc_axis(ufunc, k, axis)];
        }
        call->data[k] = call->items[k].bytes;
        if (axes) {
            call->out[k] = slots_array(&self->slots, self->site->state, &self->site->place,
                                       self->name, call->descr[k], axes, dims, size);
            if (call->out[k] == NULL) {
                return 0;
            }
            call->data[k] = PyArray_BYTES(call->out[k]);
            gufunc_add_strides(call, axes, PyArray_STRIDES(call->out[k]));
        }
    }
    return 1;
}

int
gufunc_loop(const PyUFuncObject *ufunc, int type, char **data, npy_intp *lengths,
            npy_intp *strides, int shared)
{
    PyThreadState *others = shared ? PyEval_SaveThread() : NULL;
    status_clear(1);
    ufunc->functions[type](data, lengths, strides, ufunc->data[type]);
    int raised = status_raised(1);
    if (raised) {
        status_clear(1);
    }
    if (others != NULL) {
        PyEval_RestoreThread(others);
    }
    if (PyErr_Occurred()) { /* it found no memory */
        PyErr_Clear();
        return 0;
    }
    return !raised;
}

static int
gufunc_compute(const Gufunc *call, char **data, npy_intp *strides)
{
    const PyUFuncObject *ufunc = call->ufunc;
    npy_intp all[MAX_OPERANDS + 3 * MAX_OPERANDS] = {0}, lengths[1 + MOST_LENGTHS];
    memcpy(all + ufunc->nargs, strides, (size_t)call->used * sizeof(npy_intp));
    memcpy(lengths, call->lengths, sizeof(lengths)); /* a loop may write to them */
    double longest = 1.0;
    for (int i = 0; i < ufunc->core_num_dim_ix; i++) {
        longest = (double)lengths[1 + i] > longest ? (double)lengths[1 + i] : longest;
    }
    return gufunc_loop(ufunc, call->type, data, lengths, all,
                       longest * longest * longest > WORTH_SHARING);
}

/* How many items an operand has. */
static npy_intp
gufunc_size(const Gufunc *call, int operand)
{
    npy_intp size = 1;
    for (int axis = 0; axis < gufunc_axes(call->ufunc, operand); axis++) {
        size *= call->lengths[1 + gufunc_axis(call->ufunc, operand, axis)];
    }
    return size;
}

/* Copy the items of a matrix or vector of singles. */
static void
gufunc_widen(PyArrayObject *array, double *to, int parts)
{
    int nd = PyArray_NDIM(array);
    npy_intp rows = nd == 2 ? PyArray_DIM(array, 0) : 1;
    npy_intp by = nd == 2 ? PyArray_STRIDE(array, 0) : 0;
    for (npy_intp i = 0; i < rows; i++) {
        const char *from = PyArray_BYTES(array) + i * by;
        for (npy_intp k = 0; k < PyArray_DIM(array, nd - 1); k++) {
            for (int part = 0; part < parts; part++) {
                *to++ = (double)((const float *)from)[part];
            }
            from += PyArray_STRIDE(array, nd - 1);
        }
    }
}

/* Compute singles as doubles that follow one another in memory. */
static int
gufunc_compute_singles(Gufunc *call, PyObject *const *args)
{
    const PyUFuncObject *ufunc = call->ufunc;
    const char *types = ufunc->types + call->type * ufunc->nargs;
    double room[2 * MOST_SINGLES], *next = room;
    char *data[MAX_OPERANDS];
    npy_intp strides[2 * MAX_OPERANDS], total = 0;
    int used = 0;
    for (int k = 0; k < ufunc->nargs; k++) {
        npy_intp size = gufunc_size(call, k);
        total = size > MOST_SINGLES ? MOST_SINGLES + 1 : total + size;
        if (total > MOST_SINGLES) {
            return 0;
        }
    }
    status_clear(0);
    for (int k = 0; k < ufunc->nargs; k++) {
        int parts = types[k] == NPY_CDOUBLE ? 2 : 1, axes = gufunc_axes(ufunc, k);
        npy_intp stride = parts * (npy_intp)sizeof(double);
        data[k] = (char *)next;
        for (int axis = 0; axis < axes; axis++) {
            int is_row = axes == 2 && axis == 0;
            npy_intp length = call->lengths[1 + gufunc_axis(ufunc, k, axes - 1)];
            strides[used++] = is_row ? length * stride : stride;
        }
        if (k < ufunc->nin) {
            gufunc_widen((PyArrayObject *)args[k], next, parts);
        }
        next += parts * gufunc_size(call, k);
    }
    if (status_raised(0) || !gufunc_compute(call, data, strides)) {
        status_clear(0);
        return 0;
    }
    for (int k = ufunc->nin; k < ufunc->nargs; k++) {
        npy_intp n = gufunc_size(call, k) * (types[k] == NPY_CDOUBLE ? 2 : 1);
        for (npy_intp i = 0; i < n; i++) {
            ((float *)call->data[k])[i] = (float)((const double *)data[k])[i];
        }
    }
    int raised = status_raised(0);
    if (raised) {
        status_clear(0);
    }
    return !raised;
}

/* The results as the function returns them; NULL with an exception. */
static PyObject *
gufunc_deliver(const Gufunc *call, PyObject *form)
{
    int nin = call->ufunc->nin, nout = call->ufunc->nout;
    PyObject *results[MAX_OPERANDS];
    for (int i = 0; i < nout; i++) {
        PyArrayObject *out = call->out[nin + i];
        results[i] = out != NULL ? Py_NewRef((PyObject *)out)
                                 : PyArray_Scalar((void *)call->items[nin + i].bytes,
                                                  call->descr[nin + i], NULL);
        if (results[i] == NULL) {
            while (i--) {
                Py_DECREF(results[i]);
            }
            return NULL;
        }
    }
    if (form == Py_None) {
        return results[0];
    }
    return gufunc_tuple(form, results, nout);
}

PyObject *
gufunc_tuple(PyObject *form, PyObject *const *results, int n)
{
    PyObject *all = PyTuple_New(n), *made = NULL;
    for (int i = 0; i < n; i++) {
        if (all == NULL) {
            Py_DECREF(results[i]);
        }
        else {
            PyTuple_SET_ITEM(all, i, results[i]);
        }
    }
    PyObject *arguments = all == NULL ? NULL : PyTuple_Pack(1, all);
    Py_XDECREF(all);
    if (arguments != NULL) { /* what the class's own `__new__` does */
        made = PyTuple_Type.tp_new((PyTypeObject *)form, arguments, NULL);
        Py_DECREF(arguments);
    }
    return made;
}

static PyObject *
gufunc_run(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    Gufunc call;
    PyObject *result = NULL, *way = gufunc_way(self->more, args + n, names);
    if (way == NULL || (call.ufunc = gufunc_chosen(way, args, n)) == NULL ||
        !gufunc_measure(&call, args) || !gufunc_find_loop(&call, args)) {
        return NULL;
    }
    memset(call.descr, 0, sizeof(call.descr));
    memset(call.out, 0, sizeof(call.out));
    call.used = 0;
    for (int k = 0; k < n; k++) {
        PyArrayObject *array = (PyArrayObject *)args[k];
        call.data[k] = PyArray_BYTES(array);
        gufunc_add_strides(&call, PyArray_NDIM(array), PyArray_STRIDES(array));
    }
    Py_INCREF(way); /* the site may be emptied while other threads run */
    if (gufunc_make_results(self, &call) &&
        (call.singles ? gufunc_compute_singles(&call, args)
                      : gufunc_compute(&call, call.data, call.strides))) {
        result = gufunc_deliver(&call, PyTuple_GET_ITEM(way, 3));
    }
    Py_DECREF(way);
    for (int k = (int)n; k < call.ufunc->nargs; k++) {
        Py_XDECREF(call.descr[k]);
        Py_XDECREF(call.out[k]);
    }
    return result;
}

const NativeRow gufunc_rows[] = {{"gufunc", gufunc_run}, {NULL, NULL}};
