#include "numpy/pairwise.h"

#include <string.h>

ALWAYS_INLINE npy_intp
pairwise_itemsize(const Pairwise *self)
{
    return self->is_double ? (npy_intp)sizeof(double) : (npy_intp)sizeof(float);
}

static double
pairwise_read(int is_double, const void *from)
{
    return is_double ? *(const double *)from : (double)*(const float *)from;
}

static void
pairwise_write(const Pairwise *self, char *to, double sum)
{
    if (self->is_double) {
        *(double *)to = sum;
    }
    else {
        *(float *)to = (float)sum;
    }
}

ALWAYS_INLINE npy_intp
pairwise_half(npy_intp size)
{
    npy_intp half = size / 2;
    return half - half % 8;
}

/* One addition in the items' own precision. */
ALWAYS_INLINE double
pairwise_plus(const Pairwise *self, double one, double other)
{
    return self->is_double ? one + other : (double)((float)one + (float)other);
}

/* What NumPy's loop makes of items that follow each other. */
static double
pairwise_loop(const Pairwise *self, const char *from, npy_intp n)
{
    double sum;
    char *data[3] = {(char *)&sum, (char *)from, (char *)&sum};
    npy_intp strides[3] = {0, pairwise_itemsize(self), 0};
    if (self->is_double) {
        sum = -0.0; /* which changes no sum */
    }
    else {
        *(float *)&sum = -0.0f;
    }
    self->loop(self->context, data, &n, strides, self->auxdata);
    return pairwise_read(self->is_double, &sum);
}

/* The part at hand is added up: go on with the next one. */
static void
pairwise_finish(Pairwise *self, const char *from, npy_intp n)
{
    double sum = pairwise_loop(self, from, n);
    for (; self->depth; self->depth--) {
        PairwisePart *parent = &self->parts[self->depth - 1];
        if (!parent->has_left) {
            parent->left = sum;
            parent->has_left = 1;
            self->parts[self->depth] =
                (PairwisePart){.size = parent->size - pairwise_half(parent->size)};
            return;
        }
        sum = pairwise_plus(self, parent->left, sum);
    }
    pairwise_write(self, self->to, pairwise_plus(self, self->initial, sum));
    self->to += pairwise_itemsize(self);
    self->parts[0] = (PairwisePart){.size = self->length};
}

/* Keep items of a leaf that isn't complete. */
static void
pairwise_carry(Pairwise *self, const char *from, npy_intp n)
{
    npy_intp size = pairwise_itemsize(self);
    memcpy((char *)self->carry + self->carried * size, from, (size_t)(n * size));
    self->carried += n;
}

void
pairwise_begin_share(Pairwise *self, npy_intp length, char *to)
{
    self->initial = -0.0;
    self->length = length;
    self->to = to;
    self->depth = 0;
    self->carried = 0;
    self->parts[0] = (PairwisePart){.size = length};
}

void
pairwise_begin(Pairwise *self, const CallInfo *call, int type_num, const void *initial,
               npy_intp length, char *to)
{
    self->loop = call->loop;
    self->context = call->context;
    self->auxdata = call->auxdata;
    self->is_double = type_num == NPY_DOUBLE;
    pairwise_begin_share(self, length, to);
    self->initial = pairwise_read(self->is_double, initial);
}

void
pairwise_add(Pairwise *self, const char *from, npy_intp n)
{
    npy_intp itemsize = pairwise_itemsize(self);
    while (n) {
        npy_intp size = self->parts[self->depth].size, taken;
        if (self->carried) {
            taken = size - self->carried < n ? size - self->carried : n;
            pairwise_carry(self, from, taken);
            if (self->carried == size) {
                self->carried = 0;
                pairwise_finish(self, (const char *)self->carry, size);
            }
        }
        else if (size <= n) {
            taken = size;
            pairwise_finish(self, from, size);
        }
        else if (size > PAIRWISE_LEAF) {
            taken = 0;
            self->parts[++self->depth] = (PairwisePart){.size = pairwise_half(size)};
        }
        else {
            taken = n;
            pairwise_carry(self, from, n);
        }
        from += taken * itemsize;
        n -= taken;
    }
}

/* ------------------------------------------------------------------ shares */

npy_intp
pairwise_share(npy_intp length, int first, int n)
{
    npy_intp from = 0;
    if (first == n) {
        return length;
    }
    for (int bit = n / 2; bit; bit /= 2) {
        npy_intp half = pairwise_half(length);
        from += first & bit ? half : 0;
        length = first & bit ? length - half : half;
    }
    return from;
}

void
pairwise_join(const Pairwise *self, const void *initial, char *sums, int n, char *to)
{
    npy_intp size = pairwise_itemsize(self);
    for (; n > 1; n /= 2) {
        for (int i = 0; i < n / 2; i++) {
            double one = pairwise_read(self->is_double, sums + 2 * i * size);
            double other = pairwise_read(self->is_double, sums + (2 * i + 1) * size);
            pairwise_write(self, sums + i * size, pairwise_plus(self, one, other));
        }
    }
    double sum = pairwise_read(self->is_double, sums);
    double first = pairwise_read(self->is_double, initial);
    pairwise_write(self, to, pairwise_plus(self, first, sum));
}

/* ------------------------------------------------------------------ the trial */

#define TRIED 3001
#define SHARES 16

/* Items whose sum depends on the order of additions. */
static double
pairwise_tricky(int i)
{
    static const double some[] = {1.0, 1e-8, -3.3, 1e8, 0.1, -1e8, 7e-4, 2.5, -1e4};
    return some[(i * 7 + i / 9) % 9] * (1.0 + i % 13);
}

int
pairwise_agrees(const CallInfo *call, int type_num, const void *initial)
{
    static const npy_intp lengths[] = {1, 5, 8, 127, 128, 129, 136, 1001, TRIED};
    static const npy_intp steps[] = {17, 100, 128, 1300, TRIED};
    double items[TRIED], shares[SHARES], whole, pieces;
    Pairwise self;
    int is_double = type_num == NPY_DOUBLE, same = is_double || type_num == NPY_FLOAT;
    npy_intp size = is_double ? (npy_intp)sizeof(double) : (npy_intp)sizeof(float);
    for (int i = 0; i < TRIED && same; i++) {
        if (is_double) {
            items[i] = pairwise_tricky(i);
        }
        else {
            ((float *)items)[i] = (float)pairwise_tricky(i);
        }
    }
    for (size_t k = 0; same && k < sizeof(lengths) / sizeof(lengths[0]); k++) {
        npy_intp n = lengths[k], strides[3] = {0, size, 0};
        char *data[3] = {(char *)&whole, (char *)items, (char *)&whole};
        memcpy(&whole, initial, (size_t)size);
        call->loop(call->context, data, &n, strides, call->auxdata);
        for (size_t s = 0; same && s < sizeof(steps) / sizeof(steps[0]); s++) {
            npy_intp step = steps[s];
            pairwise_begin(&self, call, type_num, initial, n, (char *)&pieces);
            for (npy_intp at = 0; at < n; at += step) {
                pairwise_add(&self, (char *)items + at * size, n - at < step ? n - at : step);
            }
            same = memcmp(&whole, &pieces, (size_t)size) == 0;
        }
        if (same && n >= SHARES * PAIRWISE_LEAF) {
            pairwise_begin(&self, call, type_num, initial, n, NULL);
            for (int i = 0; i < SHARES; i++) {
                npy_intp from = pairwise_share(n, i, SHARES);
                double sum = pairwise_loop(&self, (char *)items + from * size,
                                           pairwise_share(n, i + 1, SHARES) - from);
                pairwise_write(&self, (char *)shares + i * size, sum);
            }
            pairwise_join(&self, initial, (char *)shares, SHARES, (char *)&pieces);
            same = memcmp(&whole, &pieces, (size_t)size) == 0;
        }
    }
    status_clear(1);
    return same;
}
