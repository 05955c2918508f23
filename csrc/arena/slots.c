#include "arena/slots.h"

#define HEADER (NPY_ARRAY_CARRAY | NPY_ARRAY_OWNDATA) /* flags of an array as it is handed out */

static int
slots_is_free(const Slots *slots, int i)
{
    PyArrayObject *array = slots->array[i];
    return array != NULL && Py_REFCNT(array) == 1;
}

/* Whether an array that only its slot holds is as it was when it was made for these dimensions. */
ALWAYS_INLINE int
slots_is_as_made(PyArrayObject *array, const char *data, PyArray_Descr *descr, int nd,
                 const npy_intp *dims)
{
    PyArrayObject_fields *header = fields(array);
    if (header->descr != descr || header->nd != nd || header->data != data ||
        header->base != NULL ||
        (header->flags & HEADER) != HEADER) {
        return 0;
    }
    npy_intp stride = PyDataType_ELSIZE(descr);
    for (int i = nd - 1; i >= 0; i--) {
        if (header->dimensions[i] != dims[i] || header->strides[i] != stride) {
            return 0;
        }
        stride *= dims[i];
    }
    return 1;
}

/* Let go of a slot's array without running callbacks of weak references. */
static void
slots_drop(Slots *slots, PyArrayObject *array)
{
    if (array != NULL && Py_REFCNT(array) == 1 && fields(array)->weakreflist != NULL &&
        PyList_Append(slots->limbo, (PyObject *)array) < 0) {
        PyErr_Clear(); /* then it has to die here */
    }
    Py_XDECREF(array);
}

void
limbo_empty_now(PyObject *limbo)
{
    PyObject *all = PyList_GetSlice(limbo, 0, PyList_GET_SIZE(limbo));
    if (all == NULL || PyList_SetSlice(limbo, 0, PyList_GET_SIZE(limbo), NULL) < 0) {
        PyErr_Clear(); /* at the next opportunity */
    }
    Py_XDECREF(all);
}

static void
slots_let_go(Holder *holder, int all)
{
    Slots *slots = (Slots *)holder;
    for (int i = 0; i < SLOTS; i++) {
        PyArrayObject *array = slots->array[i];
        if (array != NULL && (all || slots_is_free(slots, i))) {
            slots->array[i] = NULL;
            slots_drop(slots, array);
        }
    }
}

static size_t
slots_idle(Holder *holder)
{
    size_t n = 0;
    for (int i = 0; i < SLOTS; i++) {
        n += (size_t)slots_is_free((Slots *)holder, i);
    }
    return n;
}

static NOINLINE PyArrayObject *
slots_new_in_slot(Slots *slots, const State *state, const Place *place, const char *what,
                  PyArray_Descr *descr, int nd, const npy_intp *dims, npy_intp size)
{
    PyArrayObject *array = array_new(state, place, what, descr, nd, dims, NULL);
    if (array == NULL || size * PyDataType_ELSIZE(descr) > LARGEST_SLOT) {
        return array;
    }
    if (!slots->held) {
        slots->holder.let_go = slots_let_go;
        slots->holder.idle = slots_idle;
        slots->limbo = state->limbo;
        arena_hold(place->arena->arena, &slots->holder);
        slots->held = 1;
    }
    int at = slots->next;
    for (int i = 0; i < SLOTS; i++) {
        if (slots->array[i] == NULL) {
            at = i;
            break;
        }
    }
    slots->next = (at + 1) % SLOTS;
    PyArrayObject *old = slots->array[at];
    slots->array[at] = (PyArrayObject *)Py_NewRef((PyObject *)array);
    slots->data[at] = PyArray_BYTES(array);
    slots_drop(slots, old);
    return array;
}

PyArrayObject *
slots_array(Slots *slots, const State *state, const Place *place, const char *what,
            PyArray_Descr *descr, int nd, const npy_intp *dims, npy_intp size)
{
    arena_count(place->arena->arena); /* what the slots serve counts as well */
    for (int i = 0; i < SLOTS; i++) {
        PyArrayObject *array = slots->array[i];
        if (array == NULL || Py_REFCNT(array) != 1) {
            continue;
        }
        if (UNLIKELY(fields(array)->weakreflist != NULL)) {
            slots->array[i] = NULL; /* a weak reference has to see it die */
            slots_drop(slots, array);
            continue;
        }
        if (slots_is_as_made(array, slots->data[i], descr, nd, dims)) {
            return (PyArrayObject *)Py_NewRef((PyObject *)array);
        }
    }
    return slots_new_in_slot(slots, state, place, what, descr, nd, dims, size);
}

void
slots_clear(Slots *slots)
{
    if (slots->held) {
        arena_unhold(&slots->holder);
        slots->held = 0;
    }
    for (int i = 0; i < SLOTS; i++) {
        PyArrayObject *array = slots->array[i];
        slots->array[i] = NULL;
        slots_drop(slots, array);
    }
}
