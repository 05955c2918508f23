#include "regions/machine_code.h"

/* decide(address or None): the code is there, or there won't be any. */
static PyObject *
machine_code_decide(PyObject *object, PyObject *address)
{
    MachineCode *self = (MachineCode *)object;
    void *code = NULL;
    if (address != Py_None) {
        code = PyLong_AsVoidPtr(address);
        if (code == NULL && PyErr_Occurred()) {
            return NULL;
        }
    }
    self->code = (Code)code;
    self->is_decided = 1;
    Py_RETURN_NONE;
}

static void
machine_code_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyMethodDef machine_code_methods[] = {
    {"decide", machine_code_decide, METH_O,
     "Say where the code is, or by None that there won't be any."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot machine_code_slots[] = {
    {Py_tp_dealloc, machine_code_dealloc},
    {Py_tp_methods, machine_code_methods},
    {Py_tp_doc, "The machine code of a kernel, once it is there."},
    {0, NULL},
};

PyType_Spec machine_code_spec = {
    .name = "alloc_rewrite._native.MachineCode",
    .basicsize = sizeof(MachineCode),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = machine_code_slots,
};
