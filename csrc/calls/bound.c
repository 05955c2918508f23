#include "calls/native.h"

#include <string.h>

/* Where the interpreter loads a bound method, its native is bound as well. */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *native; /* owned */
    PyObject *object; /* owned */
} Bound;

static PyObject *
bound_call(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Bound *self = (Bound *)callable;
    Py_ssize_t n = PyVectorcall_NARGS(nargsf);
    if (nargsf & PY_VECTORCALL_ARGUMENTS_OFFSET) {
        PyObject **all = (PyObject **)args - 1, *before = all[0];
        all[0] = self->object;
        PyObject *result = native_call(self->native, all, (size_t)n + 1, names);
        all[0] = before;
        return result;
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
    return result;
}

PyObject *
bound_make(PyTypeObject *type, PyObject *native, PyObject *object)
{
    Bound *self = (Bound *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->vectorcall = bound_call;
        self->native = Py_NewRef(native);
        self->object = Py_NewRef(object);
    }
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
