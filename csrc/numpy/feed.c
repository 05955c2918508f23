#include "numpy/feed.h"

#include <math.h>
#include <string.h>

/* Reduce items into results `by` bytes apart, which begin here if they have not yet. */
static void
feed_reduce(const Feed *self, char *to, const char *from, npy_intp n, npy_intp by, int has_begun)
{
    npy_intp size = self->kind.itemsize, first = 0;
    npy_intp results = by ? n : 1;
    for (npy_intp i = 0; !has_begun && i < results; i++) {
        memcpy(to + i * by, self->kind.has_initial ? self->kind.initial.bytes : from + i * by,
               (size_t)size);
    }
    if (!has_begun && !self->kind.has_initial) {
        first = results;
    }
    n -= first;
    char *data[3] = {to, (char *)from + first * size, to};
    npy_intp strides[3] = {by, size, by};
    if (n) {
        self->call.loop(self->call.context, data, &n, strides, self->call.auxdata);
    }
}

/* Take items of rows, one result after the other. */
static void
feed_add_rows(Feed *self, const char *from, npy_intp n)
{
    while (n) {
        npy_intp left = self->length - self->at, taken = left < n ? left : n;
        feed_reduce(self, self->to, from, taken, 0, self->at > 0);
        self->at += taken;
        if (self->at == self->length) {
            self->at = 0;
            self->to += self->kind.itemsize;
        }
        from += taken * self->kind.itemsize;
        n -= taken;
    }
}

/* Take items for all results by turns. */
static void
feed_add_columns(Feed *self, const char *from, npy_intp n)
{
    while (n) {
        npy_intp left = self->inner - self->at, taken = left < n ? left : n;
        npy_intp size = self->kind.itemsize;
        feed_reduce(self, self->to + self->at * size, from, taken, size, self->has_begun);
        self->at += taken;
        if (self->at == self->inner) {
            self->at = 0;
            self->has_begun = 1;
        }
        from += taken * self->kind.itemsize;
        n -= taken;
    }
}

void
feed_begin(Feed *self, const FeedKind *kind, const CallInfo *call, npy_intp length, npy_intp inner,
           char *to)
{
    self->kind = *kind;
    self->call = *call;
    self->length = length;
    self->inner = inner;
    self->at = 0;
    self->has_begun = 0;
    self->to = to;
    pairwise_begin(&self->sum, call, kind->type_num, kind->initial.bytes, length, to);
}

void
feed_begin_share(Feed *self, npy_intp length, char *to)
{
    self->length = length;
    self->at = 0;
    self->to = to;
    pairwise_begin_share(&self->sum, length, to);
}

void
feed_join(const Feed *self, char *results, int n, char *to)
{
    if (self->kind.kind == FEED_SUM) {
        pairwise_join(&self->sum, self->kind.initial.bytes, results, n, to);
    }
    else {
        feed_reduce(self, to, results, n, 0, 0);
    }
}

void
feed_skip(Feed *self, npy_intp rows)
{
    self->to += rows * self->kind.itemsize;
    self->sum.to += rows * self->kind.itemsize;
}

void
feed_add(Feed *self, const char *from, npy_intp n)
{
    if (self->inner > 1) {
        feed_add_columns(self, from, n);
    }
    else if (self->kind.kind == FEED_SUM) {
        pairwise_add(&self->sum, from, n);
    }
    else {
        feed_add_rows(self, from, n);
    }
}

int
feed_is_unsure(const Feed *self, const char *results, npy_intp n)
{
    int is_unsure = 0;
    for (npy_intp i = 0; self->kind.kind == FEED_EXTREME && i < n; i++) {
        double value = self->kind.type_num == NPY_DOUBLE ? ((const double *)results)[i]
                                                         : (double)((const float *)results)[i];
        is_unsure |= value == 0.0 || isnan(value);
    }
    return is_unsure;
}
