#include "arena/memory.h"

#include <stdlib.h>
#include <string.h>

#define NAME "alloc_rewrite"
#define TINY 64 /* bytes: scratch memory of C code, which would only split chunks; results move */

/* Some versions of NumPy (2.0 among them) drop an array's reference to its handler twice when
 * `__array_finalize__` raises (the `fail` label of PyArray_NewFromDescr_int). The capsule is given
 * so many references more, so that it outlives that; they are taken back in the end, unless some
 * are missing. */
#define SPARE ((Py_ssize_t)1 << 28)

/* What a capsule holds. */
typedef struct {
    PyDataMem_Handler handler;
    Arena *arena;      /* owned */
    PyObject *capsule; /* borrowed: this one */
    int is_owned;      /* whether the Python object lives */
} Memory;

/* Let go of the memory when neither the Python object nor any array is left. After this the
 * handler still works, on the heap; the last reference to the capsule removes what remains.
 * `expected` is the number of references that the caller knows of. */
static void
memory_close(Memory *memory, Py_ssize_t expected)
{
    if (memory->is_owned || arena_in_use(memory->arena)) {
        return;
    }
    arena_close(memory->arena);
    if (Py_REFCNT(memory->capsule) >= SPARE + expected) {
        Py_SET_REFCNT(memory->capsule, Py_REFCNT(memory->capsule) - SPARE);
    }
}

/* ------------------------------------------------------------------ the handler's functions */
/* NumPy may call them without the GIL. The arena is not touched then: memory comes from the
 * system, and is known as such by not lying in any chunk. */

static void *
memory_from_heap(size_t nbytes, int zeroed)
{
    return zeroed ? calloc(nbytes ? nbytes : 1, 1) : malloc(nbytes);
}

static void *
memory_serve(Arena *arena, size_t nbytes, int zeroed)
{
    if (!PyGILState_Check() || (arena->heap_allowed && nbytes <= TINY)) {
        return memory_from_heap(nbytes, zeroed);
    }
    void *block = zeroed ? arena_take_zeroed(arena, nbytes) : arena_take(arena, nbytes);
    if (block == NULL) {
        int may = arena->heap_allowed || arena->policy == FULL_HEAP;
        return may ? memory_from_heap(nbytes, zeroed) : NULL;
    }
    arena->served += nbytes;
    return block;
}

static void *
memory_take(void *context, size_t nbytes)
{
    return memory_serve(((Memory *)context)->arena, nbytes, 0);
}

static void *
memory_take_zeroed(void *context, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size) {
        return NULL;
    }
    return memory_serve(((Memory *)context)->arena, n * size, 1);
}

static void
memory_give(void *context, void *block, size_t Py_UNUSED(a_guess))
{
    if (block == NULL) {
        return;
    }
    int has_gil = PyGILState_Check();
    PyGILState_STATE gil = PyGILState_UNLOCKED;
    if (!has_gil) {
        gil = PyGILState_Ensure();
    }
    Memory *memory = context;
    int ours = arena_give(memory->arena, block);
    if (ours && !memory->is_owned) {
        memory_close(memory, 1);
    }
    if (!has_gil) {
        PyGILState_Release(gil);
    }
    if (!ours) {
        free(block);
    }
}

static void *
memory_take_resized(void *context, void *block, size_t nbytes)
{
    if (block == NULL) {
        return memory_take(context, nbytes);
    }
    Arena *arena = ((Memory *)context)->arena;
    int has_gil = PyGILState_Check();
    PyGILState_STATE gil = PyGILState_UNLOCKED;
    if (!has_gil) {
        gil = PyGILState_Ensure();
    }
    int ours;
    void *new = arena_resized(arena, block, nbytes, &ours);
    if (ours && new == NULL && (arena->heap_allowed || arena->policy == FULL_HEAP)) {
        new = malloc(nbytes);
        if (new != NULL) { /* the block is too small, so all of it is kept */
            memcpy(new, block, arena_size(arena, block));
            arena_give(arena, block);
        }
    }
    if (!has_gil) {
        PyGILState_Release(gil);
    }
    return ours ? new : realloc(block, nbytes);
}

static void
memory_delete(PyObject *capsule)
{
    Memory *memory = PyCapsule_GetPointer(capsule, "mem_handler");
    if (memory != NULL) {
        arena_delete(memory->arena);
        free(memory);
    }
}

PyObject *
memory_new(Arena *arena)
{
    Memory *memory = calloc(1, sizeof(Memory));
    if (memory == NULL) {
        return PyErr_NoMemory();
    }
    memcpy(memory->handler.name, NAME, sizeof(NAME));
    memory->handler.version = 1;
    memory->handler.allocator.ctx = memory;
    memory->handler.allocator.malloc = memory_take;
    memory->handler.allocator.calloc = memory_take_zeroed;
    memory->handler.allocator.realloc = memory_take_resized;
    memory->handler.allocator.free = memory_give;
    memory->arena = arena;
    PyObject *capsule = PyCapsule_New(memory, "mem_handler", memory_delete);
    if (capsule == NULL) {
        free(memory);
        return NULL;
    }
    memory->capsule = capsule;
    memory->is_owned = 1;
    Py_SET_REFCNT(capsule, Py_REFCNT(capsule) + SPARE);
    return capsule;
}

/* ------------------------------------------------------------------ arrays */

int
array_is_ours(PyArrayObject *array)
{
    PyObject *capsule = fields(array)->mem_handler;
    if (capsule == NULL || !PyCapsule_IsValid(capsule, "mem_handler")) {
        return 0;
    }
    PyDataMem_Handler *handler = PyCapsule_GetPointer(capsule, "mem_handler");
    /* what the arena had no room for is the heap's, though the handler got it there */
    return handler->allocator.malloc == memory_take &&
           arena_has(((Memory *)handler->allocator.ctx)->arena, PyArray_BYTES(array));
}

static NOINLINE void
memory_raise_full(const State *state, const Place *place, const char *what, PyArray_Descr *descr,
                  int nd, const npy_intp *dims, size_t nbytes)
{
    PyObject *shape = PyArray_IntTupleFromIntp(nd, dims);
    if (shape != NULL) {
        Py_XDECREF(PyObject_CallFunction(state->raise_full, "OOsNOn", place->arena, place->where,
                                         what, shape, descr, (Py_ssize_t)nbytes));
    }
}

static inline PyArrayObject *
memory_new_array(const State *state, const Place *place, const char *what, PyArray_Descr *descr,
                 int nd, const npy_intp *dims, const npy_intp *strides,
                 void *(*taken)(Arena *, size_t))
{
    Arena *arena = place->arena->arena;
    npy_intp nbytes = PyDataType_ELSIZE(descr);
    for (int i = 0; i < nd; i++) {
        nbytes = dims[i] && nbytes > NPY_MAX_INTP / dims[i] ? NPY_MAX_INTP : nbytes * dims[i];
    }
    void *data = taken(arena, (size_t)nbytes);
    if (data == NULL) {
        if (arena->policy != FULL_HEAP && !arena->busy) {
            arena->refused = 0;
            memory_raise_full(state, place, what, descr, nd, dims, (size_t)nbytes);
        }
        return NULL;
    }
    Py_INCREF(descr);
    PyArrayObject *array = (PyArrayObject *)PyArray_NewFromDescr(
        &PyArray_Type, descr, nd, dims, strides, data,
        strides == NULL ? NPY_ARRAY_CARRAY : NPY_ARRAY_BEHAVED, NULL);
    if (array == NULL) {
        arena_give(arena, data);
        return NULL;
    }
    Py_INCREF(place->arena->capsule);
    fields(array)->mem_handler = place->arena->capsule;
    PyArray_ENABLEFLAGS(array, NPY_ARRAY_OWNDATA);
    return array;
}

PyArrayObject *
array_new(const State *state, const Place *place, const char *what, PyArray_Descr *descr, int nd,
          const npy_intp *dims, const npy_intp *strides)
{
    return memory_new_array(state, place, what, descr, nd, dims, strides, arena_take);
}

PyArrayObject *
array_zeros(const State *state, const Place *place, const char *what, PyArray_Descr *descr, int nd,
            const npy_intp *dims)
{
    return memory_new_array(state, place, what, descr, nd, dims, NULL, arena_take_zeroed);
}

/* The Python object is gone; the memory goes with the last array. */
void
memory_disown(PyObject *capsule)
{
    Memory *memory = PyCapsule_GetPointer(capsule, "mem_handler");
    memory->is_owned = 0;
    memory_close(memory, 1);
    Py_DECREF(capsule);
}
