#include "arena/arena.h"

#define LARGEST_STEP (HUGE_PAGE / GRANULE) /* between sizes: a huge block has whole huge pages */

static size_t
classes_granules_of(size_t nbytes)
{
    return (nbytes + GRANULE - 1) / GRANULE;
}

static int
classes_bits(size_t n)
{
    int count = 0;
    while (n) {
        count++;
        n >>= 1;
    }
    return count;
}

size_t
arena_class(size_t nbytes, int *class)
{
    size_t n = classes_granules_of(nbytes ? nbytes : 1);
    if (n <= 16) {
        *class = (int)n - 1;
        return n;
    }
    int shift = classes_bits(n) - 5;
    size_t step = (size_t)1 << shift;
    step = step < LARGEST_STEP ? step : LARGEST_STEP;
    n = (n + step - 1) / step * step;
    if (n >= HUGE_BLOCK) {
        *class = BLOCK_CLASSES;
        return n;
    }
    shift = classes_bits(n) - 5; /* rounding up may have reached the next power of two */
    *class = 16 * shift + (int)(n >> shift);
    return n;
}

size_t
arena_room_for(size_t nbytes)
{
    int class;
    return arena_class(nbytes, &class) * GRANULE;
}
