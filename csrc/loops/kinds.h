/* Kinds of values in a loop, as `alloc_rewrite/loops/kinds.py` encodes them: what goes into a
 * kernel, and what comes out. */
#ifndef ALLOC_REWRITE_LOOPS_KINDS_H
#define ALLOC_REWRITE_LOOPS_KINDS_H

#include "sites/site.h"

/* Up to KIND_NUMBERS the kinds of numbers. Others are followed by more:
 *   KIND_ARRAY      kind of its items, number of axes, writeable, dense, whether its shape is
 *                   known, which then follows
 *   KIND_TUPLE      how many items, their kinds
 *   KIND_DISPLAY    likewise
 *   KIND_GIVEN      an argument's number
 *   KIND_ITEMS      the type of iterator, the kind of the sequence
 *   KIND_ENUMERATE  the kind of the iterator below
 *   KIND_ZIP        how many iterators, their kinds */
enum kind {
    KIND_INT,
    KIND_FLOAT,
    KIND_BOOL,
    KIND_F8,
    KIND_F4,
    KIND_I8,
    KIND_I4,
    KIND_I2,
    KIND_I1,
    KIND_U8,
    KIND_U4,
    KIND_U2,
    KIND_U1,
    KIND_B1,
    KIND_C16,
    KIND_C8,
    KIND_COMPLEX,
    KIND_NUMBERS,
    KIND_ARRAY = 20,
    KIND_TUPLE,
    KIND_NONE,
    KIND_UNBOUND,
    KIND_GIVEN,
    KIND_STEPS, /* an iterator over a range */
    KIND_LIST,
    KIND_LONG_TUPLE,
    KIND_ITEMS,
    KIND_ENUMERATE,
    KIND_ZIP,
    KIND_DISPLAY, /* a new list */
};

/* A cursor goes over the numbers that encode a kind; each of these moves it behind one. */
typedef const int16_t *Kinds;

extern const int KIND_TYPENUMS[KIND_NUMBERS]; /* NumPy's number of each dtype */

/* How many numbers follow KIND_ARRAY. */
static inline int
kind_array_length(Kinds array)
{
    return 5 + (array[4] ? array[1] : 0);
}

/* Whether a value is of a kind. */
int kind_fits(Kinds *kind, PyObject *value);
/* Put a value's words into the frame. */
void kind_fill(Kinds *kind, PyObject *value, int64_t **at);
/* How many words a number has. */
static inline int
kind_n_words(int kind)
{
    return kind >= KIND_C16 ? 2 : 1;
}
/* A number, made of its words. */
PyObject *kind_number(int kind, const int64_t *words);

/* A kernel appends a number to a list: 0, or 1 if that failed. `second` is its second word, if it
 * has one. */
int64_t kind_append(PyObject *list, int64_t kind, int64_t word, int64_t second);
/* A kernel stores a number into a list, at an index that it has: what was there before, owned; or
 * NULL if that failed, or if it was no number. */
PyObject *kind_put(PyObject *list, int64_t index, int64_t kind, int64_t word, int64_t second);

#endif
