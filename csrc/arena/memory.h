/* The arena as a NumPy memory handler (NEP 49), and the Python object that owns it.
 *
 * Every array over the arena's memory owns its data and holds the capsule, so that the memory
 * lives as long as any array over it, even if the buffer goes first.
 */
#ifndef ALLOC_REWRITE_ARENA_MEMORY_H
#define ALLOC_REWRITE_ARENA_MEMORY_H

#include "arena/arena.h"
#include "arena/handler.h"

typedef struct {
    PyObject_HEAD
    PyObject *capsule; /* owned: what arrays hold */
    Arena *arena;      /* borrowed from the capsule */
    PyObject *weakrefs;
} ArenaObject;

extern PyType_Spec arena_spec;

/* A capsule with a handler for an arena, which it owns; `memory_disown` steals it. */
PyObject *memory_new(Arena *arena);
void memory_disown(PyObject *capsule);

/* Where an operation stands in the source, for the error of a full buffer. */
typedef struct {
    ArenaObject *arena; /* owned */
    PyObject *where;    /* owned: a `Where` */
} Place;

/* Return an uninitialised array, in C order unless strides are given. NULL without an exception
 * where the heap has to serve; BufferFullError where the policy says so. */
PyArrayObject *array_new(const State *state, const Place *place, const char *what,
                         PyArray_Descr *descr, int nd, const npy_intp *dims,
                         const npy_intp *strides);
/* The same in C order, all bytes zero; large ones without a write to any page that is zero. */
PyArrayObject *array_zeros(const State *state, const Place *place, const char *what,
                           PyArray_Descr *descr, int nd, const npy_intp *dims);
int array_is_ours(PyArrayObject *array);

/* Put the arena's handler in force; -1 with an exception. Then end that: `result` is what came of
 * the code in between (stolen, and returned), or NULL with its exception. Scratch memory may come
 * from the heap where the arena is full; a result may not: BufferFullError. */
int routing_begin(Stretch *stretch, const State *state, const Place *place);
PyObject *routing_end(Stretch *stretch, const State *state, const Place *place, PyObject *what,
                      PyObject *result);

ALWAYS_INLINE PyArrayObject_fields *
fields(PyArrayObject *array)
{
    return (PyArrayObject_fields *)array;
}

#endif
