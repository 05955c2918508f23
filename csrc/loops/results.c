#include "loops/results.h"

#include "loops/scratch.h"

#include <string.h>

/* An array that was made of a block in scratch memory. */
typedef struct {
    int64_t block;
    PyArrayObject *array; /* borrowed: a local, or the base of one, holds it */
} Made;

typedef struct {
    const Site *site;
    const int64_t *frame;
    PyObject *const *args;
    Made *made; /* room for all */
    int n_made;
} Results;

/* A new array with the contents of a block. */
static PyArrayObject *
results_copied(const Results *self, const int64_t *block)
{
    int nd = scratch_axes(block);
    const npy_intp *dims = (const npy_intp *)scratch_dims(block);
    npy_intp size = PyArray_MultiplyList(dims, nd);
    PyArray_Descr *descr = PyArray_DescrFromType(KIND_TYPENUMS[scratch_dtype(block)]);
    PyArrayObject *array = NULL;
    if (descr == NULL) {
        return NULL;
    }
    if (size) {
        array = array_new(self->site->state, &self->site->place, "a loop", descr, nd, dims, NULL);
    }
    if (array == NULL && !PyErr_Occurred()) { /* the heap has to serve */
        Py_INCREF(descr);
        array = (PyArrayObject *)PyArray_Empty(nd, dims, descr, 0);
    }
    if (array != NULL) {
        memcpy(PyArray_BYTES(array), scratch_data(block),
               (size_t)(size * PyDataType_ELSIZE(descr)));
    }
    Py_DECREF(descr);
    return array;
}

/* The array that a block becomes: a new reference. */
static PyArrayObject *
results_of_block(Results *self, int64_t block)
{
    for (int i = 0; i < self->n_made; i++) {
        if (self->made[i].block == block) {
            return (PyArrayObject *)Py_NewRef((PyObject *)self->made[i].array);
        }
    }
    PyArrayObject *array = results_copied(self, (const int64_t *)(intptr_t)block);
    if (array != NULL) {
        self->made[self->n_made++] = (Made){block, array};
    }
    return array;
}

static PyObject *
results_array(Results *self, Kinds kind, const int64_t *words)
{
    int nd = kind[1], is_view = words[0] < 0;
    int64_t owner = is_view ? ~words[0] : words[0];
    int is_given = !scratch_has(self->frame, owner);
    PyArrayObject *base = is_given ? (PyArrayObject *)Py_NewRef((PyObject *)(intptr_t)owner)
                                   : results_of_block(self, owner);
    if (!is_view || base == NULL) {
        return (PyObject *)base;
    }
    char *data = (char *)(intptr_t)words[1];
    npy_intp strides[NPY_MAXDIMS];
    memcpy(strides, words + 2 + nd, (size_t)nd * sizeof(npy_intp));
    if (!is_given) {
        data = PyArray_BYTES(base) + (data - scratch_data((const int64_t *)(intptr_t)owner));
        if (PyArray_SIZE(base) == 0 && PyArray_STRIDE(base, 0) == 0) {
            memset(strides, 0, sizeof(strides)); /* as NumPy has them where there are no items */
        }
    }
    PyArray_Descr *descr = (PyArray_Descr *)Py_NewRef((PyObject *)PyArray_DESCR(base));
    PyArrayObject *view = (PyArrayObject *)PyArray_NewFromDescr(
            &PyArray_Type, descr, nd, (const npy_intp *)words + 2,
            strides, data,
            NPY_ARRAY_ALIGNED | (kind[2] ? NPY_ARRAY_WRITEABLE : 0), NULL);
    if (view == NULL) {
        Py_DECREF(base);
        return NULL;
    }
    if (PyArray_SetBaseObject(view, (PyObject *)base) < 0) { /* which takes the reference */
        Py_DECREF(view);
        return NULL;
    }
    return (PyObject *)view;
}

static PyObject *results_value(Results *, Kinds *, const int64_t **);

/* A tuple or a list. */
static PyObject *
results_items(Results *self, int is_list, Kinds *kind, const int64_t **words)
{
    int n = *(*kind)++;
    PyObject *made = is_list ? PyList_New(n) : PyTuple_New(n);
    for (int i = 0; made != NULL && i < n; i++) {
        PyObject *item = results_value(self, kind, words);
        if (item == NULL) {
            Py_CLEAR(made);
        }
        else if (is_list) {
            PyList_SET_ITEM(made, i, item);
        }
        else {
            PyTuple_SET_ITEM(made, i, item);
        }
    }
    return made;
}

/* What some words stand for; both cursors move behind it. */
static PyObject *
results_value(Results *self, Kinds *kind, const int64_t **words)
{
    int code = *(*kind)++;
    const int64_t *at = *words;
    Kinds array = *kind;
    switch (code) {
    case KIND_NONE:
        return Py_NewRef(Py_None);
    case KIND_UNBOUND:
        return NULL;
    case KIND_GIVEN:
        return Py_NewRef(self->args[*(*kind)++]);
    case KIND_ARRAY:
        *kind += kind_array_length(array);
        *words += 2 + 2 * array[1];
        return results_array(self, array, at);
    case KIND_LIST:
    case KIND_LONG_TUPLE:
        ++*words;
        return Py_NewRef((PyObject *)(intptr_t)at[0]);
    case KIND_TUPLE:
    case KIND_DISPLAY:
        return results_items(self, code == KIND_DISPLAY, kind, words);
    default:
        *words += kind_n_words(code);
        return kind_number(code, at);
    }
}

/* Give attributes their values. */
static int
results_store(const LoopKernel *kernel, PyObject *const *args, PyObject *const *values)
{
    for (int i = 0; i < kernel->n_attributes; i++) {
        const StoredAttribute *one = &kernel->attributes[i];
        if (values[i] != NULL &&
            PyObject_GenericSetAttr(args[one->number], one->name, values[i]) < 0) {
            return -1;
        }
    }
    return 0;
}

PyObject *
results_locals(const LoopKernel *kernel, const Site *site, int64_t exit, const int64_t *frame,
               const int64_t *words, PyObject *const *args)
{
    Results self = {site, frame, args, NULL, 0};
    int n = kernel->n_stored + kernel->n_attributes;
    self.made = STACK_ARRAY(Made, n * kernel->widest);
    PyObject *held[MOST_STORED] = {NULL};
    PyObject *made = PyTuple_New(kernel->n_stored);
    words += kernel->n_state;
    for (int i = 0; made != NULL && i < n; i++, words += kernel->widest) {
        Kinds kind = kernel_exit_kind(kernel, exit, i);
        int is_local = i < kernel->n_stored;
        if (!is_local && kind[0] == KIND_UNBOUND) {
            continue; /* not stored yet */
        }
        const int64_t *at = words;
        PyObject *value = results_value(&self, &kind, &at);
        if (value == NULL) {
            Py_CLEAR(made);
        }
        else if (is_local) {
            PyTuple_SET_ITEM(made, i, value);
        }
        else {
            held[i - kernel->n_stored] = value;
        }
    }
    if (made != NULL && results_store(kernel, args, held) < 0) {
        Py_CLEAR(made);
    }
    for (int i = 0; i < kernel->n_attributes; i++) {
        Py_XDECREF(held[i]);
    }
    return made;
}
