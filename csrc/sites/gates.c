/* Gates: the constants by which rewritten code finds its sites (see rewrite/gates.py).
 *
 * Code loads a gate's content as its attribute `content`, which is a slot: the interpreter reads it
 * without a call.
 */
#include "sites/site.h"

typedef struct {
    PyObject_HEAD
    PyObject *content; /* borrowed from the owner; None if it has been emptied, or has no owner */
    PyObject *owner;   /* borrowed: the Gates, which clears this when it goes; or NULL */
    Py_ssize_t number;
} Gate;

typedef struct {
    PyObject_HEAD
    PyObject *contents; /* owned: a list */
    PyObject *gates;    /* owned: a tuple; the last one's content is the Gates itself */
} Gates;

/* ------------------------------------------------------------------ a gate */

static PyObject *
gate_make(PyTypeObject *type, PyObject *content, PyObject *owner, Py_ssize_t number)
{
    Gate *self = (Gate *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->content = content;
        self->owner = owner;
        self->number = number;
    }
    return (PyObject *)self;
}

/* Gate(): an empty one, of no owner */
static PyObject *
gate_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    return PyArg_ParseTuple(args, ":Gate") ? gate_make(type, Py_None, NULL, 0) : NULL;
}

static void
gate_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *
gate_reduce(PyObject *object, PyObject *Py_UNUSED(none))
{
    Gate *self = (Gate *)object;
    if (self->owner == NULL) {
        return Py_BuildValue("O()", Py_TYPE(object));
    }
    PyObject *find = PyObject_GetAttrString((PyObject *)Py_TYPE(self->owner), "gate");
    return find == NULL ? NULL : Py_BuildValue("N(On)", find, self->owner, self->number);
}

static PyObject *
gate_repr(PyObject *object)
{
    return PyUnicode_FromFormat("<gate %zd>", ((Gate *)object)->number);
}

static PyMethodDef gate_methods[] = {
    {"__reduce__", gate_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef gate_members[] = {
    {"content", T_OBJECT_EX, offsetof(Gate, content), READONLY, "What it holds, or None."},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot gate_slots[] = {
    {Py_tp_new, gate_new},         {Py_tp_dealloc, gate_dealloc},
    {Py_tp_repr, gate_repr},
    {Py_tp_methods, gate_methods}, {Py_tp_members, gate_members},
    {Py_tp_doc, "A constant by which rewritten code finds one of its sites."},
    {0, NULL},
};

PyType_Spec gate_spec = {
    .name = "alloc_rewrite._native.Gate",
    .basicsize = sizeof(Gate),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = gate_slots,
};

/* ------------------------------------------------------------------ all gates of a code object */

/* Gates(contents) */
static PyObject *
gates_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *given;
    const State *state = state_of(type);
    if (state == NULL || !PyArg_ParseTuple(args, "O:Gates", &given)) {
        return NULL;
    }
    Gates *self = (Gates *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->contents = PySequence_List(given);
    Py_ssize_t n = self->contents == NULL ? 0 : PyList_GET_SIZE(self->contents);
    self->gates = self->contents == NULL ? NULL : PyTuple_New(n + 1);
    for (Py_ssize_t i = 0; self->gates != NULL && i <= n; i++) {
        PyObject *content = i < n ? PyList_GET_ITEM(self->contents, i) : (PyObject *)self;
        PyObject *gate = gate_make(state->gate_type, content, (PyObject *)self, i);
        if (gate == NULL) {
            Py_CLEAR(self->gates);
            break;
        }
        PyTuple_SET_ITEM(self->gates, i, gate);
    }
    if (self->gates == NULL) {
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static Gate *
gates_numbered(Gates *self, PyObject *number)
{
    Py_ssize_t i = PyLong_AsSsize_t(number);
    if (i == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (self->gates == NULL || i < 0 || i >= PyTuple_GET_SIZE(self->gates)) {
        PyErr_Format(PyExc_IndexError, "there is no gate %zd", i);
        return NULL;
    }
    return (Gate *)PyTuple_GET_ITEM(self->gates, i);
}

static PyObject *
gates_gate(PyObject *object, PyObject *number)
{
    return Py_XNewRef((PyObject *)gates_numbered((Gates *)object, number));
}

static PyObject *
gates_empty(PyObject *object, PyObject *number)
{
    Gates *self = (Gates *)object;
    Gate *gate = gates_numbered(self, number);
    if (gate == NULL) {
        return NULL;
    }
    gate->content = Py_None;
    if (gate->number < PyList_GET_SIZE(self->contents) &&
        PyList_SetItem(self->contents, gate->number, Py_NewRef(Py_None)) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* add(content): make one more gate, before that of the Gates itself */
static PyObject *
gates_add(PyObject *object, PyObject *content)
{
    Gates *self = (Gates *)object;
    if (self->gates == NULL || PyList_Append(self->contents, content) < 0) {
        return NULL;
    }
    Py_ssize_t n = PyTuple_GET_SIZE(self->gates) - 1;
    Gate *last = (Gate *)PyTuple_GET_ITEM(self->gates, n);
    PyObject *gate = gate_make(Py_TYPE(last), content, object, n);
    PyObject *gates = gate == NULL ? NULL : PyTuple_New(n + 2);
    if (gates == NULL) {
        Py_XDECREF(gate);
        return NULL;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyTuple_SET_ITEM(gates, i, Py_NewRef(PyTuple_GET_ITEM(self->gates, i)));
    }
    PyTuple_SET_ITEM(gates, n, gate);
    PyTuple_SET_ITEM(gates, n + 1, Py_NewRef((PyObject *)last));
    last->number = n + 1;
    Py_SETREF(self->gates, gates);
    return Py_NewRef(gate);
}

/* fill(number, content): of a gate that has been emptied. */
static PyObject *
gates_fill(PyObject *object, PyObject *args)
{
    Gates *self = (Gates *)object;
    PyObject *number, *content;
    if (!PyArg_ParseTuple(args, "OO:fill", &number, &content)) {
        return NULL;
    }
    Gate *gate = gates_numbered(self, number);
    if (gate == NULL || PyList_SetItem(self->contents, gate->number, Py_NewRef(content)) < 0) {
        return NULL;
    }
    gate->content = content;
    Py_RETURN_NONE;
}

static PyObject *
gates_reduce(PyObject *object, PyObject *Py_UNUSED(none))
{
    PyObject *contents = ((Gates *)object)->contents;
    PyObject *copy = contents == NULL ? PyList_New(0) : PySequence_List(contents);
    return copy == NULL ? NULL : Py_BuildValue("O(N)", Py_TYPE(object), copy);
}

static int
gates_clear(PyObject *object)
{
    Gates *self = (Gates *)object;
    PyObject *gates = self->gates, *contents = self->contents;
    self->gates = self->contents = NULL;
    for (Py_ssize_t i = 0; gates != NULL && i < PyTuple_GET_SIZE(gates); i++) {
        Gate *gate = (Gate *)PyTuple_GET_ITEM(gates, i);
        if (gate != NULL) {
            gate->content = Py_None;
            gate->owner = NULL;
        }
    }
    Py_XDECREF(gates);
    Py_XDECREF(contents);
    return 0;
}

static void
gates_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    gates_clear(object);
    type->tp_free(object);
    Py_DECREF(type);
}

static int
gates_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((Gates *)object)->contents);
    Py_VISIT(((Gates *)object)->gates);
    return 0;
}

static PyMethodDef gates_methods[] = {
    {"gate", gates_gate, METH_O, "Return the gate of that number."},
    {"add", gates_add, METH_O, "Make one more gate, and return it."},
    {"empty", gates_empty, METH_O, "Empty a gate, so that the original code runs."},
    {"fill", gates_fill, METH_VARARGS, "Fill it again."},
    {"__reduce__", gates_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef gates_members[] = {
    {"gates", T_OBJECT_EX, offsetof(Gates, gates), READONLY,
     "A gate for each of the contents, and one for the Gates."},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot gates_slots[] = {
    {Py_tp_new, gates_new},           {Py_tp_dealloc, gates_dealloc},
    {Py_tp_traverse, gates_traverse}, {Py_tp_clear, gates_clear},
    {Py_tp_methods, gates_methods},   {Py_tp_members, gates_members},
    {Py_tp_doc, "The contents of the gates of one code object."},
    {0, NULL},
};

PyType_Spec gates_spec = {
    .name = "alloc_rewrite._native.Gates",
    .basicsize = sizeof(Gates),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = gates_slots,
};
