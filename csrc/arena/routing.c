#include "arena/memory.h"

#include <stdlib.h>
#include <string.h>

int
routing_begin(Stretch *stretch, const State *state, const Place *place)
{
    Arena *arena = place->arena->arena;
    if (handler_begin(stretch, (State *)state, place->arena->capsule) < 0) {
        return -1;
    }
    arena->heap_allowed++; /* a count, as threads take turns in any order */
    arena->refused = 0;
    return 0;
}

/* Move a new array from the heap into the arena, now that scratch memory is free again. */
static int
routing_moved(Arena *arena, PyArrayObject *array)
{
    if (Py_REFCNT(array) != 1 || PyDataType_REFCHK(PyArray_DESCR(array))) {
        return 0;
    }
    size_t nbytes = (size_t)PyArray_NBYTES(array);
    void *block = arena_take(arena, nbytes);
    if (block == NULL) {
        return 0;
    }
    memcpy(block, PyArray_DATA(array), nbytes);
    free(PyArray_DATA(array));
    fields(array)->data = block;
    return 1;
}

/* Whether an array, or one of a tuple of arrays, owns memory of the heap for want of room. */
static int
routing_is_on_heap(const Place *place, PyObject *result)
{
    if (PyTuple_CheckExact(result)) {
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(result); i++) {
            if (routing_is_on_heap(place, PyTuple_GET_ITEM(result, i))) {
                return 1;
            }
        }
        return 0;
    }
    PyArrayObject *array = (PyArrayObject *)result;
    Arena *arena = place->arena->arena;
    if (!PyArray_CheckExact(result) || PyArray_NBYTES(array) == 0 ||
        !PyArray_CHKFLAGS(array, NPY_ARRAY_OWNDATA) ||
        fields(array)->mem_handler != place->arena->capsule ||
        arena_has(arena, PyArray_BYTES(array))) {
        return 0;
    }
    return !routing_moved(arena, array);
}

PyObject *
routing_end(Stretch *stretch, const State *state, const Place *place, PyObject *what,
            PyObject *result)
{
    Arena *arena = place->arena->arena;
    arena->heap_allowed--;
    if (UNLIKELY(result == NULL)) {
        PyObject *type, *value, *trace;
        PyErr_Fetch(&type, &value, &trace);
        handler_end(stretch, (State *)state);
        PyErr_Restore(type, value, trace);
        arena->refused = 0;
        return NULL;
    }
    handler_end(stretch, (State *)state);
    size_t refused = arena->refused;
    arena->refused = 0;
    int on_heap = routing_is_on_heap(place, result);
    arena->refused = 0;
    if (on_heap && refused && arena->policy != FULL_HEAP) {
        PyObject *shape = Py_NewRef(Py_None), *descr = Py_NewRef(Py_None);
        if (PyArray_CheckExact(result)) {
            PyArrayObject *array = (PyArrayObject *)result;
            Py_SETREF(shape, PyArray_IntTupleFromIntp(PyArray_NDIM(array), PyArray_DIMS(array)));
            Py_SETREF(descr, Py_NewRef((PyObject *)PyArray_DESCR(array)));
        }
        Py_CLEAR(result);
        if (shape != NULL) {
            Py_XDECREF(PyObject_CallFunction(state->raise_full, "OOOOOn", place->arena,
                                             place->where, what, shape, descr,
                                             (Py_ssize_t)refused));
        }
        Py_XDECREF(shape);
        Py_DECREF(descr);
        return NULL;
    }
    return result;
}
