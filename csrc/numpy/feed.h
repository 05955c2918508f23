/* Reductions of items that come piece by piece, with NumPy's own loops and results. */
#ifndef ALLOC_REWRITE_NUMPY_FEED_H
#define ALLOC_REWRITE_NUMPY_FEED_H

#include "numpy/operand.h"
#include "numpy/pairwise.h"

/* What makes sure that the bits are those of NumPy's loop for whole rows. */
enum feed_kind {
    FEED_SUM,     /* of floats: see `pairwise.h` */
    FEED_EXACT,   /* of integers or bools: any order gives the same */
    FEED_EXTREME, /* of floats: so it does, unless the result is a zero or a NaN */
};

/* What is known of a reduction beforehand. */
typedef struct {
    enum feed_kind kind;
    int type_num;
    npy_intp itemsize;
    int has_initial; /* whether a result begins with that, or with the first item */
    ItemRoom initial;
} FeedKind;

typedef struct {
    FeedKind kind;
    CallInfo call;
    npy_intp length; /* items of each result */
    npy_intp inner;  /* results that come by turns: 1 along rows */
    npy_intp at;     /* items of the row that have come, or results that had their turn */
    int has_begun;   /* whether all results have had one */
    char *to;        /* borrowed: the results */
    Pairwise sum;
} Feed;

/* What one takes, so that those of several threads share no line of the cache. */
#define FEED_BYTES (((npy_intp)sizeof(Feed) + 63) / 64 * 64)

void feed_begin(Feed *self, const FeedKind *kind, const CallInfo *call, npy_intp length,
                npy_intp inner, char *to);
/* Begin with a share of a single row, whose result goes elsewhere. */
void feed_begin_share(Feed *self, npy_intp length, char *to);
/* Make one result of those of all shares, a power of two. */
void feed_join(const Feed *self, char *results, int n, char *to);
/* Leave rows out that others take. */
void feed_skip(Feed *self, npy_intp rows);
/* Take items that follow each other. */
void feed_add(Feed *self, const char *from, npy_intp n);
/* Whether results may be others than NumPy's. */
int feed_is_unsure(const Feed *self, const char *results, npy_intp n);

#endif
