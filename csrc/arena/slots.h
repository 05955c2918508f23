/* Slots: arrays that were handed out, kept so that they serve again once only the slot holds them.
 *
 * A slot's array is only used again if the slot has its one reference, no weak reference points to
 * it, and its header is as it was. Slots keep small arrays, whose headers cost more than their
 * data; larger memory goes back to the arena, where it is shared by all.
 */
#ifndef ALLOC_REWRITE_ARENA_SLOTS_H
#define ALLOC_REWRITE_ARENA_SLOTS_H

#include "arena/memory.h"

#define SLOTS 3
#define LARGEST_SLOT 16384 /* bytes of an array's data */

typedef struct {
    Holder holder;
    PyArrayObject *array[SLOTS]; /* owned */
    char *data[SLOTS];           /* borrowed: where each array's data was */
    int next;                    /* the one to be replaced next */
    int held;                    /* whether the arena knows of them */
    PyObject *limbo;             /* borrowed from the module's state: see `limbo_empty` */
} Slots;

/* Return an array in C order: one of the slots, or a new one. Errors are those of `array_new`. */
PyArrayObject *slots_array(Slots *slots, const State *state, const Place *place, const char *what,
                           PyArray_Descr *descr, int nd, const npy_intp *dims, npy_intp size);
void slots_clear(Slots *slots);

/* Let go of arrays that slots kept and weak references point to. Their death runs callbacks, so it
 * waits until no site is at work: each site empties the limbo before it looks at anything. */
void limbo_empty_now(PyObject *limbo);

ALWAYS_INLINE void
limbo_empty(PyObject *limbo)
{
    if (UNLIKELY(PyList_GET_SIZE(limbo) != 0)) {
        limbo_empty_now(limbo);
    }
}

#endif
