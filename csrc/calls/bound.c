#include "calls/native.h"

#include <string.h>

/* Where the interpreter loads a bound method, its native is bound as well. */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *native; /* owned */
    PyObject *object; /* owned */
} Bound;

/* A method that takes no keywords is called itself when it gets some: how its error names it
 * depends on whether it is bound. */
static PyObject *
bound_refuses(Bound *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    PyObject *function = ((Native *)self->native)->callee;
    PyObject *method = Py_TYPE(function)->tp_descr_get(function, self->object,
                                                       (PyObject *)Py_TYPE(self->object));
    PyObject *result = method == NULL ? NULL : PyObject_Vectorcall(method, args, nargsf, names);
    Py_XDECREF(method);
    return result;
}

static int
bound_takes_no_keywords(PyObject *function)
{
    return Py_IS_TYPE(function, &PyMethodDescr_Type) &&
           !(((PyMethodDescrObject *)function)->d_method->ml_flags & METH_KEYWORDS);
}

/* For a bound method that takes no keywords, the function of its type with the object: what the
 * interpreter calls where it loads a method for a call. NULL without an exception for others. */
PyObject *
bound_without_keywords(PyObject *callee)
{
    PyObject *object = PyCFunction_Check(callee) ? PyCFunction_GET_SELF(callee) : NULL;
    if (object == NULL || Py_TYPE(object)->tp_getattro != PyObject_GenericGetAttr ||
        (PyCFunction_GET_FLAGS(callee) & METH_KEYWORDS)) {
        return NULL;
    }
    PyMethodDef *method = ((PyCFunctionObject *)callee)->m_ml;
    PyObject *result = NULL;
    PyObject *function = PyObject_GetAttrString((PyObject *)Py_TYPE(object), method->ml_name);
    if (function == NULL) {
        PyErr_Clear();
    }
    else if (Py_IS_TYPE(function, &PyMethodDescr_Type) &&
             ((PyMethodDescrObject *)function)->d_method == method) {
        result = PyMethod_New(function, object);
    }
    Py_XDECREF(function);
    return result;
}

/* Up to 3.12, loading `x.copy` as an object and binding its native takes as long as the native
 * saves for small results. */
static PyObject *
bound_reviewed(Native *native, PyObject *result)
{
    if (native->is_cheap && result != NULL && PyArray_Check(result) &&
        site_made(native->site, (size_t)PyArray_NBYTES((PyArrayObject *)result)) < 0) {
        Py_CLEAR(result);
    }
    return result;
}

static PyObject *
bound_call(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Bound *self = (Bound *)callable;
    Py_ssize_t n = PyVectorcall_NARGS(nargsf);
    if (UNLIKELY(names != NULL && bound_takes_no_keywords(((Native *)self->native)->callee))) {
        return bound_refuses(self, args, nargsf, names);
    }
    if (nargsf & PY_VECTORCALL_ARGUMENTS_OFFSET) {
        PyObject **all = (PyObject **)args - 1, *before = all[0];
        all[0] = self->object;
        PyObject *result = native_call(self->native, all, (size_t)n + 1, names);
        all[0] = before;
        return bound_reviewed((Native *)self->native, result);
    }
    Py_ssize_t total = n + (names == NULL ? 0 : PyTuple_GET_SIZE(names));
    PyObject **all = PyMem_Malloc((size_t)(total + 1) * sizeof(PyObject *));
    if (all == NULL) {
        return PyErr_NoMemory();
    }
    all[0] = self->object;
    if (total) {
        memcpy(all + 1, args, (size_t)total * sizeof(PyObject *));
    }
    PyObject *result = native_call(self->native, all, (size_t)n + 1, names);
    PyMem_Free(all);
    return bound_reviewed((Native *)self->native, result);
}

PyObject *
bound_make(PyTypeObject *type, PyObject *native, PyObject *object)
{
    Py_INCREF(native); /* before the collector may run */
    Bound *self = (Bound *)type->tp_alloc(type, 0);
    if (self == NULL) {
        Py_DECREF(native);
        return NULL;
    }
    self->vectorcall = bound_call;
    self->native = native;
    self->object = Py_NewRef(object);
    return (PyObject *)self;
}

static int
bound_clear(PyObject *object)
{
    Py_CLEAR(((Bound *)object)->native);
    Py_CLEAR(((Bound *)object)->object);
    return 0;
}

static void
bound_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    bound_clear(object);
    type->tp_free(object);
    Py_DECREF(type);
}

static int
bound_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((Bound *)object)->native);
    Py_VISIT(((Bound *)object)->object);
    return 0;
}

static PyMemberDef bound_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Bound, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot bound_slots[] = {
    {Py_tp_dealloc, bound_dealloc}, {Py_tp_traverse, bound_traverse},
    {Py_tp_clear, bound_clear},     {Py_tp_members, bound_members},
    {Py_tp_call, PyVectorcall_Call}, {Py_tp_doc, "A native with the object of a method."},
    {0, NULL},
};

PyType_Spec bound_spec = {
    .name = "alloc_rewrite._native.Bound",
    .basicsize = sizeof(Bound),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
             Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = bound_slots,
};
