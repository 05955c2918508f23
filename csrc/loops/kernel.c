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
    PyObject *inputs, *exits, *guards, *found, *attributes;
    int n_state, ended_at, committed_at, found_at, size, sweeps, widest;
    if (!PyArg_ParseTuple(source, "KO!O!O!O!iiiiipiO!", &address, &PyTuple_Type, &inputs,
                          &PyTuple_Type, &exits, &PyTuple_Type, &guards, &PyTuple_Type, &found,
                          &n_state, &ended_at, &committed_at, &found_at, &size, &sweeps,
                          &widest, &PyTuple_Type, &attributes)) {
        return NULL;
    }
    Py_ssize_t n_exits = PyTuple_GET_SIZE(exits), n_inputs = PyTuple_GET_SIZE(inputs);
    Py_ssize_t n_guards = PyTuple_GET_SIZE(guards);
    Py_ssize_t n_kept = n_exits ? PyTuple_Size(PyTuple_GET_ITEM(exits, 0)) : 0;
    Py_ssize_t n_attributes = PyTuple_GET_SIZE(attributes);
    Py_ssize_t n_kinds = kernel_count_kinds(inputs);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(found); i++) {
        n_kinds += PyTuple_Size(PyTuple_GetItem(PyTuple_GET_ITEM(found, i), 2));
    }
    for (Py_ssize_t i = 0; i < n_exits; i++) {
        n_kinds += kernel_count_kinds(PyTuple_GET_ITEM(exits, i));
    }
    if (PyErr_Occurred()) {
        return NULL;
    }
    size_t bytes = sizeof(LoopKernel) + (size_t)n_guards * sizeof(NameGuard) +
                   (size_t)(n_exits * n_kept) * sizeof(int) +
                   (size_t)n_kinds * sizeof(int16_t);
    LoopKernel *self = PyMem_Calloc(1, bytes);
    if (self == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    self->guards = (NameGuard *)(self + 1);
    self->exit_at = (int *)(self->guards + n_guards);
    int16_t *kinds = (int16_t *)(self->exit_at + n_exits * n_kept);
    self->kinds = kinds;
    self->run = (int64_t(*)(int64_t *))(uintptr_t)address;
    self->source = Py_NewRef(source);
    self->references = 1;
    self->n_inputs = (int)n_inputs;
    self->n_exits = (int)n_exits;
    self->n_stored = (int)(n_kept - n_attributes);
    self->widest = widest;
    self->n_state = n_state;
    self->found_at = found_at;
    self->ended_at = ended_at;
    self->committed_at = committed_at;
    self->size = size;
    self->sweeps = sweeps;
    int n = 0;
    for (Py_ssize_t i = 0; i < n_inputs; i++) {
        if (kernel_read_kinds(PyTuple_GET_ITEM(inputs, i), kinds, &n) < 0) {
            goto failed;
        }
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(found); i++) {
        PyObject *holder, *name, *kind, *method;
        if (i == MOST_FOUND ||
            !PyArg_ParseTuple(PyTuple_GET_ITEM(found, i), "OUO!O", &holder, &name, &PyTuple_Type,
                              &kind, &method) ||
            kernel_read_kinds(kind, kinds, &n) < 0) {
            goto failed;
        }
        long number = PyLong_Check(holder) ? PyLong_AsLong(holder) : -1;
        self->found[self->n_found++] = (Found){
            number >= 0 || holder == Py_None ? NULL : holder, name,
            method == Py_None ? NULL : method, (int)number};
    }
    for (Py_ssize_t i = 0; i < n_exits; i++) {
        for (Py_ssize_t k = 0; k < n_kept; k++) {
            self->exit_at[i * n_kept + k] = n;
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
    for (Py_ssize_t i = 0; i < n_attributes; i++) {
        StoredAttribute *one = &self->attributes[self->n_attributes];
        if (i == MOST_STORED || !PyArg_ParseTuple(PyTuple_GET_ITEM(attributes, i), "iU",
                                                  &one->number, &one->name)) {
            goto failed;
        }
        self->n_attributes++;
    }
    return self;
failed:
    if (!PyErr_Occurred()) {
        PyErr_SetString(PyExc_ValueError, "kernel: too much is looked up");
    }
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

/* ------------------------------------------------------------------ in and out */

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

/* The content of a cell of a function, or its code, globals or defaults. */
static PyObject *
kernel_look_into(PyObject *function, PyObject *name)
{
    if (PyUnicode_CompareWithASCIIString(name, "__code__") == 0) {
        return PyFunction_GetCode(function);
    }
    if (PyUnicode_CompareWithASCIIString(name, "__globals__") == 0) {
        return PyFunction_GetGlobals(function);
    }
    if (PyUnicode_CompareWithASCIIString(name, "__defaults__") == 0) {
        return PyFunction_GetDefaults(function);
    }
    PyObject *closure = PyFunction_GetClosure(function);
    Py_ssize_t at = 0;
    int is_default = PyUnicode_READ_CHAR(name, 0) == '@'; /* counted from the last one */
    for (Py_ssize_t i = is_default; i < PyUnicode_GET_LENGTH(name); i++) {
        Py_UCS4 digit = PyUnicode_READ_CHAR(name, i) - '0';
        if (digit > 9) {
            return NULL; /* the attribute of an object that was no function */
        }
        at = 10 * at + (Py_ssize_t)digit;
    }
    if (is_default) {
        PyObject *defaults = PyFunction_GetDefaults(function);
        Py_ssize_t n = defaults == NULL ? 0 : PyTuple_GET_SIZE(defaults);
        return at < n ? PyTuple_GET_ITEM(defaults, n - 1 - at) : NULL;
    }
    return closure == NULL || at >= PyTuple_GET_SIZE(closure)
               ? NULL
               : PyCell_GET(PyTuple_GET_ITEM(closure, at));
}

/* Whether a value in a class stands for nothing but itself: an object's own value comes first, and
 * no code runs. */
static int
kernel_is_plain(PyObject *in_class)
{
    return Py_TYPE(in_class)->tp_descr_get == NULL && Py_TYPE(in_class)->tp_descr_set == NULL;
}

/* What is looked up, with a reference; NULL without an exception if it isn't there, or if Python
 * code might run. */
static PyObject *
kernel_look_up(const Found *found, PyObject *const *args)
{
    PyObject *owner = found->number >= 0 ? args[found->number] : found->holder;
    if (owner != NULL && (PyUnicode_GET_LENGTH(found->name) == 0 || PyFunction_Check(owner))) {
        PyObject *value = PyUnicode_GET_LENGTH(found->name) == 0
                              ? owner
                              : kernel_look_into(owner, found->name);
        return found->method != NULL && value != found->method ? NULL : Py_XNewRef(value);
    }
    if (found->number >= 0) {
        PyTypeObject *type = Py_TYPE(owner);
        PyObject *in_class = _PyType_Lookup(type, found->name);
        int is_value = found->method == NULL && in_class != NULL &&
                       (Py_IS_TYPE(in_class, &PyMemberDescr_Type) || kernel_is_plain(in_class));
        if (type->tp_getattro != PyObject_GenericGetAttr ||
            (in_class != found->method && !is_value)) {
            return NULL;
        }
        PyObject *value = PyObject_GenericGetAttr(owner, found->name);
        if (value == NULL) {
            PyErr_Clear();
        }
        else if (found->method != NULL &&
                 (!PyMethod_Check(value) || PyMethod_GET_FUNCTION(value) != found->method ||
                  PyMethod_GET_SELF(value) != owner)) {
            Py_CLEAR(value);
        }
        return value;
    }
    PyObject *names = found->holder == NULL ? PyEval_GetGlobals() : found->holder;
    names = PyModule_Check(names) ? PyModule_GetDict(names) : names;
    PyObject *value = PyDict_GetItemWithError(names, found->name);
    if (value == NULL) {
        PyErr_Clear();
    }
    return Py_XNewRef(value);
}

void
kernel_forget(const LoopKernel *self, PyObject **args)
{
    for (int i = 0; i < self->n_found; i++) {
        Py_CLEAR(args[self->n_inputs + i]);
    }
}

/* Whether objects share their attributes. */
static int
kernel_is_same(PyObject *a, PyObject *b)
{
    if (a == b) {
        return 1;
    }
    PyObject *names = PyObject_GenericGetDict(a, NULL);
    PyErr_Clear(); /* those with slots have none */
    PyObject *others = PyObject_GenericGetDict(b, NULL);
    PyErr_Clear();
    int shared = names != NULL && names == others;
    Py_XDECREF(names);
    Py_XDECREF(others);
    return shared;
}

/* Whether a value of any type can be stored without Python code: into the dictionary, or a slot. */
static int
kernel_may_store_one(PyTypeObject *type, PyObject *name)
{
    PyObject *in_class = _PyType_Lookup(type, name);
    if (type->tp_setattro != PyObject_GenericSetAttr) {
        return 0;
    }
    if (in_class == NULL || kernel_is_plain(in_class)) {
        return type->tp_dictoffset != 0;
    }
    const PyMemberDef *member = Py_IS_TYPE(in_class, &PyMemberDescr_Type)
                                    ? ((PyMemberDescrObject *)in_class)->d_member
                                    : NULL;
    return member != NULL && member->type == T_OBJECT_EX && !(member->flags & READONLY);
}

/* Whether the attributes that it stores can be stored without Python code, and are not read by way
 * of other arguments. */
static int
kernel_may_store(const LoopKernel *self, PyObject *const *args)
{
    for (int i = 0; i < self->n_attributes; i++) {
        const StoredAttribute *one = &self->attributes[i];
        PyObject *owner = args[one->number];
        if (!kernel_may_store_one(Py_TYPE(owner), one->name)) {
            return 0;
        }
        for (int k = 0; k < self->n_found; k++) {
            int other = self->found[k].number;
            if (other >= 0 && other != one->number && self->found[k].method == NULL &&
                PyUnicode_Compare(self->found[k].name, one->name) == 0 &&
                kernel_is_same(args[other], owner)) {
                return 0;
            }
        }
    }
    return 1;
}

int
kernel_fits(const LoopKernel *self, PyObject **args, Py_ssize_t n)
{
    if (n != self->n_inputs) {
        return 0;
    }
    Kinds kind = self->kinds;
    for (int i = 0; i < self->n_inputs; i++) {
        if (!kind_fits(&kind, args[i])) {
            return 0;
        }
    }
    PyObject *globals = PyEval_GetGlobals(), *builtins = PyEval_GetBuiltins();
    for (int i = 0; i < self->n_guards; i++) {
        if (!kernel_has_value(&self->guards[i], globals, builtins)) {
            return 0;
        }
    }
    memset(args + n, 0, (size_t)self->n_found * sizeof(PyObject *));
    for (int i = 0; i < self->n_found; i++) {
        args[n + i] = kernel_look_up(&self->found[i], args);
        if (args[n + i] == NULL || !kind_fits(&kind, args[n + i])) {
            kernel_forget(self, args);
            return 0;
        }
    }
    if (self->n_attributes && !kernel_may_store(self, args)) {
        kernel_forget(self, args);
        return 0;
    }
    return 1;
}

void
kernel_fill(const LoopKernel *self, PyObject *const *args, int64_t *frame)
{
    int64_t *at = frame + FRAME_HEADER;
    Kinds kind = self->kinds;
    for (int i = 0; i < self->n_inputs; i++) {
        kind_fill(&kind, args[i], &at);
    }
    at = frame + self->found_at;
    for (int i = self->n_inputs; i < self->n_inputs + self->n_found; i++) {
        kind_fill(&kind, args[i], &at);
    }
}
