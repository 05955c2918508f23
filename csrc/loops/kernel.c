#include "loops/kernel.h"

#include <string.h>

/* ------------------------------------------------------------------ making one */

static int
kernel_read_kinds(PyObject *source, int16_t *kinds, int *n)
{
    Py_ssize_t length = PyTuple_Check(source) ? PyTuple_GET_SIZE(source) : -1;
    if (length < 1) {
        PyErr_SetString(PyExc_TypeError, "kernel: a kind is a tuple of numbers");
        return -1;
    }
    for (Py_ssize_t i = 0; i < length; i++) {
        long code = PyLong_AsLong(PyTuple_GET_ITEM(source, i));
        if (code == -1 && PyErr_Occurred()) {
            return -1;
        }
        kinds[(*n)++] = (int16_t)code;
    }
    return 0;
}

static Py_ssize_t
kernel_count_kinds(PyObject *kinds)
{
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(kinds); i++) {
        count += PyTuple_Size(PyTuple_GET_ITEM(kinds, i));
    }
    return count;
}

LoopKernel *
kernel_new(PyObject *source)
{
    unsigned long long address;
    PyObject *inputs, *exits, *guards;
    int ended_at, committed_at, size;
    if (!PyArg_ParseTuple(source, "KO!O!O!iii", &address, &PyTuple_Type, &inputs,
                          &PyTuple_Type, &exits, &PyTuple_Type, &guards, &ended_at, &committed_at,
                          &size)) {
        return NULL;
    }
    Py_ssize_t n_exits = PyTuple_GET_SIZE(exits), n_inputs = PyTuple_GET_SIZE(inputs);
    Py_ssize_t n_guards = PyTuple_GET_SIZE(guards);
    Py_ssize_t n_stored = n_exits ? PyTuple_Size(PyTuple_GET_ITEM(exits, 0)) : 0;
    Py_ssize_t n_kinds = kernel_count_kinds(inputs);
    for (Py_ssize_t i = 0; i < n_exits; i++) {
        n_kinds += kernel_count_kinds(PyTuple_GET_ITEM(exits, i));
    }
    if (PyErr_Occurred()) {
        return NULL;
    }
    size_t bytes = sizeof(LoopKernel) + (size_t)n_guards * sizeof(NameGuard) +
                   (size_t)(n_inputs + n_exits * n_stored) * sizeof(int) +
                   (size_t)n_kinds * sizeof(int16_t);
    LoopKernel *self = PyMem_Calloc(1, bytes);
    if (self == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    self->guards = (NameGuard *)(self + 1);
    self->input_at = (int *)(self->guards + n_guards);
    self->exit_at = self->input_at + n_inputs;
    int16_t *kinds = (int16_t *)(self->exit_at + n_exits * n_stored);
    self->kinds = kinds;
    self->run = (int64_t(*)(int64_t *))(uintptr_t)address;
    self->source = Py_NewRef(source);
    self->references = 1;
    self->n_inputs = (int)n_inputs;
    self->n_exits = (int)n_exits;
    self->n_stored = (int)n_stored;
    self->ended_at = ended_at;
    self->committed_at = committed_at;
    self->size = size;
    int n = 0;
    for (Py_ssize_t i = 0; i < n_inputs; i++) {
        self->input_at[i] = n;
        if (kernel_read_kinds(PyTuple_GET_ITEM(inputs, i), kinds, &n) < 0) {
            goto failed;
        }
    }
    for (Py_ssize_t i = 0; i < n_exits; i++) {
        for (Py_ssize_t k = 0; k < n_stored; k++) {
            self->exit_at[i * n_stored + k] = n;
            if (kernel_read_kinds(PyTuple_GET_ITEM(PyTuple_GET_ITEM(exits, i), k), kinds, &n) < 0) {
                goto failed;
            }
        }
    }
    for (Py_ssize_t i = 0; i < n_guards; i++) {
        PyObject *holder, *name, *value;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(guards, i), "OUO", &holder, &name, &value)) {
            goto failed;
        }
        self->guards[self->n_guards++] = (NameGuard){
            holder == Py_None ? NULL : holder, name, value};
    }
    return self;
failed:
    kernel_release(self);
    return NULL;
}

void
kernel_release(LoopKernel *self)
{
    if (--self->references) {
        return;
    }
    Py_DECREF(self->source);
    PyMem_Free(self);
}

/* ------------------------------------------------------------------ what goes in */

const int KIND_TYPENUMS[KIND_NUMBERS] = {
    -1,        -1,        -1,       NPY_DOUBLE, NPY_FLOAT, NPY_INT64, NPY_INT32,
    NPY_INT16, NPY_INT8, NPY_UINT32, NPY_UINT16, NPY_UINT8, NPY_BOOL,
};

static PyTypeObject *
kernel_kind_type(int kind)
{
    switch (kind) {
    case KIND_INT:
        return &PyLong_Type;
    case KIND_FLOAT:
        return &PyFloat_Type;
    case KIND_BOOL:
        return &PyBool_Type;
    case KIND_F8:
        return &PyFloat64ArrType_Type;
    case KIND_F4:
        return &PyFloat32ArrType_Type;
    case KIND_I8:
        return &PyInt64ArrType_Type;
    case KIND_I4:
        return &PyInt32ArrType_Type;
    case KIND_I2:
        return &PyInt16ArrType_Type;
    case KIND_I1:
        return &PyInt8ArrType_Type;
    case KIND_U4:
        return &PyUInt32ArrType_Type;
    case KIND_U2:
        return &PyUInt16ArrType_Type;
    case KIND_U1:
        return &PyUInt8ArrType_Type;
    default:
        return &PyBoolArrType_Type;
    }
}

static int
kernel_kind_fits_array(const int16_t *kind, PyObject *value)
{
    if (!PyArray_CheckExact(value)) {
        return 0;
    }
    PyArrayObject *array = (PyArrayObject *)value;
    const PyArray_Descr *descr = PyArray_DESCR(array);
    int nd = PyArray_NDIM(array);
    int wanted = KIND_TYPENUMS[kind[1]];
    if (nd != kind[2] || (descr->type_num != wanted &&
                          !PyArray_EquivTypenums(descr->type_num, wanted)) ||
        !PyArray_ISNBO(descr->byteorder) || !PyArray_ISALIGNED(array)) {
        return 0;
    }
    if ((PyArray_ISWRITEABLE(array) != 0) != kind[3] ||
        (PyArray_STRIDE(array, nd - 1) == PyArray_ITEMSIZE(array)) != kind[4]) {
        return 0;
    }
    npy_intp stride = PyArray_ITEMSIZE(array);
    for (int k = nd; kind[5] && k-- > 0; stride *= kind[6 + k]) {
        if (PyArray_DIM(array, k) != kind[6 + k] || PyArray_STRIDE(array, k) != stride) {
            return 0;
        }
    }
    return 1;
}

static int
kernel_kind_fits(const int16_t *kind, PyObject *value)
{
    switch (kind[0]) {
    case KIND_ARRAY:
        return kernel_kind_fits_array(kind, value);
    case KIND_TUPLE:
        if (!PyTuple_CheckExact(value) || PyTuple_GET_SIZE(value) != kind[1]) {
            return 0;
        }
        for (int i = 0; i < kind[1]; i++) {
            if (!kernel_kind_fits(kind + 2 + i, PyTuple_GET_ITEM(value, i))) {
                return 0;
            }
        }
        return 1;
    case KIND_NONE:
        return value == Py_None;
    case KIND_STEPS:
        return Py_IS_TYPE(value, &PyRangeIter_Type);
    case KIND_GIVEN:
        return 1;
    case KIND_INT: {
        int overflow = 0;
        if (!PyLong_CheckExact(value)) {
            return 0;
        }
        (void)PyLong_AsLongLongAndOverflow(value, &overflow);
        return !overflow;
    }
    default:
        return Py_IS_TYPE(value, kernel_kind_type(kind[0]));
    }
}

/* Whether a name has the value that it had: an attribute of a module or of a function, or a global
 * or else a builtin. */
static int
kernel_has_value(const NameGuard *guard, PyObject *globals, PyObject *builtins)
{
    PyObject *names = globals, *found = NULL;
    if (guard->holder != NULL && PyFunction_Check(guard->holder)) {
        return guard->value == (PyCode_Check(guard->value) ? PyFunction_GetCode(guard->holder)
                                                           : PyFunction_GetDefaults(guard->holder));
    }
    int is_module = guard->holder != NULL && PyModule_Check(guard->holder);
    if (guard->holder != NULL) {
        names = is_module ? PyModule_GetDict(guard->holder) : guard->holder;
    }
    found = PyDict_GetItemWithError(names, guard->name);
    if (found == NULL && !is_module && !PyErr_Occurred()) {
        found = PyDict_GetItemWithError(builtins, guard->name);
    }
    if (found == NULL) {
        PyErr_Clear();
    }
    return found == guard->value;
}

int
kernel_fits(const LoopKernel *self, PyObject *const *args, Py_ssize_t n)
{
    if (n != self->n_inputs) {
        return 0;
    }
    for (int i = 0; i < self->n_inputs; i++) {
        if (!kernel_kind_fits(self->kinds + self->input_at[i], args[i])) {
            return 0;
        }
    }
    PyObject *globals = PyEval_GetGlobals(), *builtins = PyEval_GetBuiltins();
    for (int i = 0; i < self->n_guards; i++) {
        if (!kernel_has_value(&self->guards[i], globals, builtins)) {
            return 0;
        }
    }
    return 1;
}

static int64_t
kernel_kind_word(int kind, PyObject *value)
{
    int64_t word = 0;
    switch (kind) {
    case KIND_INT:
        return PyLong_AsLongLong(value);
    case KIND_FLOAT: {
        double real = PyFloat_AS_DOUBLE(value);
        memcpy(&word, &real, sizeof(real));
        return word;
    }
    case KIND_BOOL:
        return value == Py_True;
    case KIND_I4:
        return PyArrayScalar_VAL(value, Int32);
    case KIND_I2:
        return PyArrayScalar_VAL(value, Int16);
    case KIND_I1:
        return PyArrayScalar_VAL(value, Int8);
    case KIND_U4:
        return PyArrayScalar_VAL(value, UInt32);
    case KIND_U2:
        return PyArrayScalar_VAL(value, UInt16);
    case KIND_U1:
        return PyArrayScalar_VAL(value, UInt8);
    case KIND_I8:
        return PyArrayScalar_VAL(value, Int64);
    case KIND_F8:
        memcpy(&word, &PyArrayScalar_VAL(value, Float64), 8);
        return word;
    case KIND_F4:
        memcpy(&word, &PyArrayScalar_VAL(value, Float32), 4);
        return word;
    default:
        return PyArrayScalar_VAL(value, Bool) != 0;
    }
}

void
kernel_fill(const LoopKernel *self, PyObject *const *args, int64_t *frame)
{
    int64_t *at = frame + FRAME_HEADER;
    for (int i = 0; i < self->n_inputs; i++) {
        const int16_t *kind = self->kinds + self->input_at[i];
        if (kind[0] < KIND_NUMBERS) {
            *at++ = kernel_kind_word(kind[0], args[i]);
        }
        else if (kind[0] == KIND_TUPLE) {
            for (int k = 0; k < kind[1]; k++) {
                *at++ = kernel_kind_word(kind[2 + k], PyTuple_GET_ITEM(args[i], k));
            }
        }
        else if (kind[0] == KIND_ARRAY) {
            PyArrayObject *array = (PyArrayObject *)args[i];
            *at++ = i;
            *at++ = (int64_t)(intptr_t)PyArray_DATA(array);
            for (int k = 0; k < kind[2]; k++) {
                *at++ = PyArray_DIM(array, k);
            }
            for (int k = 0; k < kind[2]; k++) {
                *at++ = PyArray_STRIDE(array, k);
            }
        }
    }
}
