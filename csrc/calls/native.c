#include "calls/native.h"

#include <string.h>

/* ------------------------------------------------------------------ rows of general use */

/* A ufunc called with its operands and nothing else. */
static PyObject *
native_run_ufunc(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    if (names != NULL || n != self->kernel.n_in) {
        return NULL;
    }
    int any = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        any |= PyArray_CheckExact(args[i]);
    }
    self->bypasses_handler = !any;
    /* In place is not safe: a count of one does not say that an operand dies, as the items of a
     * tuple have one reference as well. */
    return any ? kernel_run(&self->kernel, args, NULL, 0) : NULL;
}

/* clip(array, low, high); another first argument becomes an array of its own dtype. */
static PyObject *
native_run_clip(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return n == 3 && PyArray_CheckExact(args[0]) ? native_run_ufunc(self, args, n, names) : NULL;
}

static PyObject *
native_run_nothing(Native *Py_UNUSED(self), PyObject *const *Py_UNUSED(args),
                   Py_ssize_t Py_UNUSED(n), PyObject *Py_UNUSED(names))
{
    return NULL;
}

/* An equivalent from the registry, run by Python code that returns the result or None. */
static PyObject *
native_run_row(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyObject *result = PyObject_Vectorcall(self->more, args, (size_t)n, names);
    if (result == Py_None) {
        Py_CLEAR(result);
    }
    return result;
}

static const NativeRow general_rows[] = {
    {"ufunc", native_run_ufunc}, {"clip", native_run_clip},
    {"row", native_run_row},     {"routed", native_run_nothing},
    {NULL, NULL},
};

static const NativeRow *const tables[] = {
    general_rows, entered_rows, constructor_rows, list_rows,      reduction_rows, product_rows,
    join_rows,    gufunc_rows,      unwrapped_rows, moment_rows,    vector_rows,
    move_rows,    order_rows,       qr_rows,       draw_rows,      lstsq_rows,
};

PyObject *
instance_of(PyObject *code, PyObject *function)
{
    PyFunctionObject *original = (PyFunctionObject *)function;
    PyObject *new = PyFunction_New(code, original->func_globals);
    if (new != NULL &&
        ((original->func_closure != NULL &&
          PyFunction_SetClosure(new, original->func_closure) < 0) ||
         (original->func_defaults != NULL &&
          PyFunction_SetDefaults(new, original->func_defaults) < 0) ||
         (original->func_kwdefaults != NULL &&
          PyFunction_SetKwDefaults(new, original->func_kwdefaults) < 0))) {
        Py_CLEAR(new);
    }
    if (new != NULL) { /* errors, generators and coroutines say it */
        PyFunctionObject *made = (PyFunctionObject *)new;
        Py_SETREF(made->func_name, Py_NewRef(original->func_name));
        Py_SETREF(made->func_qualname, Py_NewRef(original->func_qualname));
    }
    return new;
}

int
instance_is_current(PyObject *instance, PyObject *function)
{
    const PyFunctionObject *known = (PyFunctionObject *)instance;
    const PyFunctionObject *now = (PyFunctionObject *)function;
    return known->func_defaults == now->func_defaults &&
           known->func_kwdefaults == now->func_kwdefaults;
}

PyObject *
plain_code_of(PyObject *function)
{
    const PyFunctionObject *now = (PyFunctionObject *)function;
    return PyDict_CheckExact(now->func_globals) && PyDict_CheckExact(now->func_builtins)
               ? now->func_code
               : NULL;
}

/* ------------------------------------------------------------------ the object */

/* Count calls in a row in which nothing was gained; leave them to the callee. */
static NOINLINE PyObject *
native_nothing_gained(Native *self, PyObject *result)
{
    if (result != NULL && ++self->idle >= MISSES && site_give_back(self->site) < 0) {
        Py_CLEAR(result);
    }
    return result;
}

PyObject *
native_call(PyObject *object, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Native *self = (Native *)object;
    Site *site = self->site;
    Arena *arena = site->place.arena->arena;
    limbo_empty(site->state->limbo);
    PyObject *result = NULL;
    if (LIKELY(behind_is_current(&self->behind))) {
        result = self->run(self, args, PyVectorcall_NARGS(nargsf), names);
    }
    if (LIKELY(result != NULL)) {
        if (UNLIKELY(++site->hits == SETTLED) && site_settle(site) < 0) {
            Py_CLEAR(result);
            return NULL;
        }
        if (UNLIKELY(PyVectorcall_NARGS(nargsf) && result == args[0])) {
            return native_nothing_gained(self, result); /* such as asarray(x) */
        }
        self->idle = 0;
        return result;
    }
    if (PyErr_Occurred()) {
        return NULL;
    }
    if (arena->refused) {
        arena->refused = 0; /* the heap's turn */
        return PyObject_Vectorcall(self->callee, args, nargsf, names);
    }
    if (self->bypasses_handler) {
        self->bypasses_handler = 0;
        return native_nothing_gained(self, PyObject_Vectorcall(self->callee, args, nargsf, names));
    }
    Py_INCREF(self); /* a review may empty the site */
    result = site_routed(site, self->callee, args, nargsf, names);
    if (result != NULL && site_reviewed(site) < 0) {
        Py_CLEAR(result);
    }
    Py_DECREF(self);
    return result;
}

int
native_keywords(PyObject *const *values, PyObject *names, const char *const *known,
                PyObject **found)
{
    Py_ssize_t n = names == NULL ? 0 : PyTuple_GET_SIZE(names);
    for (Py_ssize_t i = 0; i < n; i++) {
        int k = 0;
        while (known[k] != NULL &&
               PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, i), known[k]) != 0) {
            k++;
        }
        if (known[k] == NULL || found[k] != NULL) {
            return 0;
        }
        found[k] = values[i];
    }
    return 1;
}

static PyObject *
native_function_call(PyObject *native, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return native_call(native, args, (size_t)n, names);
}

static PyMethodDef native_function = {
    "call", (PyCFunction)(void (*)(void))native_function_call, METH_FASTCALL | METH_KEYWORDS, NULL,
};

/* A built-in function, which the interpreter calls faster than any other object. */
PyObject *
native_as_function(PyObject *native)
{
    return PyCFunction_NewEx(&native_function, native, NULL);
}

PyObject *
native_make(PyTypeObject *type, Site *site, const char *name, PyObject *callee, PyObject *more,
            PyObject *behind)
{
    const NativeRow *row = NULL;
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]) && row == NULL; t++) {
        for (const NativeRow *r = tables[t]; r->name != NULL; r++) {
            if (strcmp(r->name, name) == 0) {
                row = r;
                break;
            }
        }
    }
    if (row == NULL) {
        return PyErr_Format(PyExc_ValueError, "no native is called %s", name);
    }
    Native *self = (Native *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->vectorcall = native_call;
    self->site = (Site *)Py_NewRef((PyObject *)site);
    self->callee = Py_NewRef(callee);
    self->more = more == Py_None ? NULL : Py_NewRef(more);
    self->run = row->run;
    self->name = row->name;
    self->is_cheap = strcmp(name, "copy") == 0 || strcmp(name, "astype") == 0 ||
                     strcmp(name, "dot") == 0;
    if (behind != Py_None) {
        behind_take(&self->behind, behind);
    }
    PyObject *ufunc = PyObject_TypeCheck(callee, &PyUFunc_Type) ? callee : self->more;
    if (ufunc != NULL && PyObject_TypeCheck(ufunc, &PyUFunc_Type)) {
        if (kernel_init(&self->kernel, site->state, &site->place, ufunc, NULL) < 0) {
            Py_DECREF(self);
            return NULL;
        }
        self->has_kernel = 1;
    }
    return (PyObject *)self;
}

static int
native_clear(PyObject *object)
{
    Native *self = (Native *)object;
    self->run = native_run_nothing;
    if (self->has_kernel) {
        self->has_kernel = 0;
        kernel_clear(&self->kernel);
    }
    slots_clear(&self->slots);
    slots_clear(&self->scratch);
    if (self->own != NULL) {
        self->free_own(self->own);
        self->own = NULL;
    }
    Py_CLEAR(self->more);
    Py_CLEAR(self->instance);
    Py_CLEAR(self->code);
    behind_clear(&self->behind);
    return 0;
}

static void
native_dealloc(PyObject *object)
{
    Native *self = (Native *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    native_clear(object);
    Py_CLEAR(self->callee);
    Py_CLEAR(self->site); /* last: slots are in its arena */
    type->tp_free(object);
    Py_DECREF(type);
}

static int
native_traverse(PyObject *object, visitproc visit, void *arg)
{
    Native *self = (Native *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT((PyObject *)self->site);
    Py_VISIT(self->callee);
    Py_VISIT(self->more);
    Py_VISIT(self->instance);
    Py_VISIT(self->code);
    return behind_traverse(&self->behind, visit, arg);
}

static PyMemberDef native_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Native, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot native_slots[] = {
    {Py_tp_dealloc, native_dealloc}, {Py_tp_traverse, native_traverse},
    {Py_tp_clear, native_clear},     {Py_tp_members, native_members},
    {Py_tp_call, PyVectorcall_Call}, {Py_tp_doc, "What a callee is replaced by at one place."},
    {0, NULL},
};

PyType_Spec native_spec = {
    .name = "alloc_rewrite._native.Native",
    .basicsize = sizeof(Native),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
             Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = native_slots,
};
