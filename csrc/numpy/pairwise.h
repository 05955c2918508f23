/* Sums of floats that come piece by piece, added up in the order in which NumPy's loop adds.
 *
 * NumPy halves a row until at most 128 items are left, adds these up in a way of its own, and adds
 * the sums of the halves (Higham, The accuracy of floating point summation, 1993). So its loop is
 * called for the largest part of that tree that has come as a whole, or for a part of 128 items or
 * less once it is complete, and the rest of the tree is gone through here.
 */
#ifndef ALLOC_REWRITE_NUMPY_PAIRWISE_H
#define ALLOC_REWRITE_NUMPY_PAIRWISE_H

#include "numpy/loop.h"

#define PAIRWISE_LEAF 128
#define PAIRWISE_DEPTH 64

/* A part of the tree whose sum isn't known yet. */
typedef struct {
    npy_intp size;
    int has_left; /* whether the sum of its first half is known, */
    double left;  /* which is this */
} PairwisePart;

/* Rows of one length that follow each other, and where their sums go. */
typedef struct {
    Loop loop;                      /* NumPy's own for sums of such items */
    PyArrayMethod_Context *context; /* borrowed, */
    NpyAuxData *auxdata;            /* like this */
    int is_double;
    npy_intp length;
    double initial;
    char *to; /* borrowed: the place of the next sum */
    int depth;
    PairwisePart parts[PAIRWISE_DEPTH];
    npy_intp carried; /* items of an incomplete leaf, */
    double carry[PAIRWISE_LEAF]; /* which are these */
} Pairwise;

void pairwise_begin(Pairwise *self, const CallInfo *call, int type_num, const void *initial,
                    npy_intp length, char *to);
/* Add items that follow each other. */
void pairwise_add(Pairwise *self, const char *from, npy_intp n);
/* Begin with a part of the tree, as one without an initial value. */
void pairwise_begin_share(Pairwise *self, npy_intp length, char *to);
/* The sum of sums of parts of the tree, as many as a power of two: see `pairwise_share`. */
void pairwise_join(const Pairwise *self, const void *initial, char *sums, int n, char *to);
/* Where the first of some of n parts of a row begins, a power of two: the sum of each is a part of
 * the tree, if the row has PAIRWISE_LEAF items and more for each. */
npy_intp pairwise_share(npy_intp length, int first, int n);
/* Whether that gives the bits that NumPy's loop gives for whole rows. */
int pairwise_agrees(const CallInfo *call, int type_num, const void *initial);

#endif
