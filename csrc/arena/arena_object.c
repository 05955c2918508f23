/* The Python object that owns an arena: the arena goes with it, or with the last array. */
#include "arena/slots.h"

static PyObject *
arena_new_object(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"nbytes", "policy", "limit", "first", "huge", NULL};
    Py_ssize_t nbytes, limit, first;
    int policy, huge = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "ninn|p:Arena", names, &nbytes, &policy, &limit,
                                     &first, &huge)) {
        return NULL;
    }
    if (nbytes < 0 || limit < 0 || first < 0 || policy < FULL_RAISE || policy > FULL_HEAP) {
        PyErr_SetString(PyExc_ValueError, "Arena: negative size or unknown policy");
        return NULL;
    }
    Arena *arena = arena_new((size_t)nbytes, (enum policy)policy, (size_t)limit, (size_t)first,
                             huge);
    if (arena == NULL) {
        return PyErr_NoMemory();
    }
    PyObject *capsule = memory_new(arena);
    if (capsule == NULL) {
        arena_delete(arena);
        return NULL;
    }
    ArenaObject *self = (ArenaObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        memory_disown(capsule); /* takes the arena along */
        return NULL;
    }
    self->capsule = capsule;
    self->arena = arena;
    return (PyObject *)self;
}

static void
arena_dealloc(PyObject *object)
{
    ArenaObject *self = (ArenaObject *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs(object);
    }
    memory_disown(self->capsule);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *
arena_empty(PyObject *object, PyObject *args)
{
    ArenaObject *self = (ArenaObject *)object;
    PyObject *shape, *strides = Py_None;
    PyArray_Descr *descr;
    if (!PyArg_ParseTuple(args, "O!O!|O:empty", &PyTuple_Type, &shape, &PyArrayDescr_Type, &descr,
                          &strides)) {
        return NULL;
    }
    npy_intp dims[NPY_MAXDIMS], steps[NPY_MAXDIMS];
    int nd = (int)PyTuple_GET_SIZE(shape);
    if (nd > NPY_MAXDIMS || PyDataType_REFCHK(descr) || PyDataType_ELSIZE(descr) == 0) {
        Py_RETURN_NONE;
    }
    npy_intp size = 1;
    for (int i = 0; i < nd; i++) {
        dims[i] = PyLong_AsSsize_t(PyTuple_GET_ITEM(shape, i));
        if (dims[i] < 0) {
            if (!PyErr_Occurred()) {
                PyErr_SetString(PyExc_ValueError, "negative dimensions are not allowed");
            }
            return NULL;
        }
        size = dims[i] && size > NPY_MAX_INTP / dims[i] ? NPY_MAX_INTP : size * dims[i];
    }
    if (size == 0) {
        Py_RETURN_NONE;
    }
    if (strides != Py_None) {
        if (!PyTuple_Check(strides) || PyTuple_GET_SIZE(strides) != nd) {
            PyErr_SetString(PyExc_TypeError, "empty: strides must be a tuple, one for each axis");
            return NULL;
        }
        for (int i = 0; i < nd; i++) {
            steps[i] = PyLong_AsSsize_t(PyTuple_GET_ITEM(strides, i));
            if (steps[i] == -1 && PyErr_Occurred()) {
                return NULL;
            }
        }
    }
    State *state = state_of(Py_TYPE(object));
    if (state == NULL) {
        return NULL;
    }
    Place place = {self, Py_None};
    PyArrayObject *array = array_new(state, &place, "", descr, nd, dims,
                                     strides == Py_None ? NULL : steps);
    if (array == NULL && !PyErr_Occurred()) {
        Py_RETURN_NONE;
    }
    return (PyObject *)array;
}

/* Whether the buffer is at work, with an exception. */
static int
arena_is_interrupted(const Arena *arena, const char *what)
{
    if (arena->busy) {
        PyErr_Format(PyExc_RuntimeError, "%s() from code that interrupted the buffer at work",
                     what);
    }
    return arena->busy;
}

static PyObject *
arena_trim_object(PyObject *object, PyObject *Py_UNUSED(none))
{
    Arena *arena = ((ArenaObject *)object)->arena;
    State *state = state_of(Py_TYPE(object));
    if (state == NULL || arena_is_interrupted(arena, "trim")) {
        return NULL;
    }
    arena_let_go(arena, 0);
    limbo_empty(state->limbo); /* before what is still alive is looked at */
    return PyLong_FromSize_t(arena_trim(arena, 0));
}

static PyObject *
arena_reset_object(PyObject *object, PyObject *Py_UNUSED(none))
{
    Arena *arena = ((ArenaObject *)object)->arena;
    State *state = state_of(Py_TYPE(object));
    if (state == NULL || arena_is_interrupted(arena, "reset")) {
        return NULL;
    }
    arena_let_go(arena, 1);
    limbo_empty(state->limbo); /* before what is still alive is looked at */
    if (arena_reset(arena) < 0) {
        return PyErr_NoMemory();
    }
    limbo_empty(state->limbo);
    Py_RETURN_NONE;
}

static PyObject *
arena_enter(PyObject *object, PyObject *Py_UNUSED(none))
{
    return handler_set(((ArenaObject *)object)->capsule);
}

static PyObject *
arena_leave(PyObject *Py_UNUSED(object), PyObject *former)
{
    PyObject *ours = handler_set(former);
    if (ours == NULL) {
        return NULL;
    }
    Py_DECREF(ours);
    Py_RETURN_NONE;
}

static PyObject *
arena_get_size(PyObject *object, void *which)
{
    Arena *arena = ((ArenaObject *)object)->arena;
    State *state;
    switch ((intptr_t)which) {
    case 0:
        return PyLong_FromSize_t(arena->capacity);
    case 1:
        return PyLong_FromSize_t(arena->carved);
    case 2:
        return PyLong_FromSize_t(arena->peak);
    case 3:
        state = state_of(Py_TYPE(object));
        if (state == NULL) {
            return NULL;
        }
        limbo_empty(state->limbo); /* only the limbo still holds these */
        return PyLong_FromSize_t(arena->live - arena_idle(arena));
    case 4:
        return PyLong_FromSize_t(arena_chunks(arena));
    case 6:
        return PyLong_FromSize_t(arena->policy == FULL_GROW ? arena->limit : 0);
    default:
        return PyLong_FromSize_t(arena->heap_fallbacks);
    }
}

static PyGetSetDef arena_getset[] = {
    {"capacity", arena_get_size, NULL, "Bytes of memory.", (void *)0},
    {"used", arena_get_size, NULL, "Bytes in blocks, live or waiting.", (void *)1},
    {"peak", arena_get_size, NULL, "High-water mark of `used`.", (void *)2},
    {"live", arena_get_size, NULL, "Arrays that something outside the buffer holds.", (void *)3},
    {"chunks", arena_get_size, NULL, "Pieces of memory.", (void *)4},
    {"limit", arena_get_size, NULL, "Largest capacity, 0 for none.", (void *)6},
    {"heap_fallbacks", arena_get_size, NULL, "Requests left to the heap.", (void *)5},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef arena_methods[] = {
    {"empty", arena_empty, METH_VARARGS, "Return an array, or None to leave it to the heap."},
    {"trim", arena_trim_object, METH_NOARGS,
     "Give back to the system what no array needs; return the bytes that went."},
    {"reset", arena_reset_object, METH_NOARGS, "Empty it; live arrays keep their memory."},
    {"enter", arena_enter, METH_NOARGS, "Put the handler in force; return the former one."},
    {"leave", arena_leave, METH_O, "Put a former handler in force again."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef arena_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(ArenaObject, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot arena_slots[] = {
    {Py_tp_new, arena_new_object},
    {Py_tp_dealloc, arena_dealloc},
    {Py_tp_methods, arena_methods},
    {Py_tp_getset, arena_getset},
    {Py_tp_members, arena_members},
    {Py_tp_doc, "The memory of a buffer, and NumPy's handler for it."},
    {0, NULL},
};

PyType_Spec arena_spec = {
    .name = "alloc_rewrite._native.Arena",
    .basicsize = sizeof(ArenaObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = arena_slots,
};
