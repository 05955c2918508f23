#include "arena/waiting.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST_STEP (HUGE_PAGE / GRANULE) /* between sizes: a huge block has whole huge pages */

static int
waiting_bits(size_t n)
{
    int count = 0;
    while (n) {
        count++;
        n >>= 1;
    }
    return count;
}

size_t
class_of(size_t nbytes, int *class)
{
    size_t n = ((nbytes ? nbytes : 1) + GRANULE - 1) / GRANULE;
    if (n <= 16) {
        *class = (int)n - 1;
        return n;
    }
    int shift = waiting_bits(n) - 5;
    size_t step = (size_t)1 << shift;
    step = step < LARGEST_STEP ? step : LARGEST_STEP;
    n = (n + step - 1) / step * step;
    if (n >= HUGE_BLOCK) {
        *class = CLASSES;
        return n;
    }
    shift = waiting_bits(n) - 5; /* rounding up may have reached the next power of two */
    *class = 16 * shift + (int)(n >> shift);
    return n;
}

/* Without memory for the note, a huge block waits for the next time that all are joined. */
static void
waiting_add_huge(Waiting *waiting, Chunk *chunk, size_t at)
{
    if (waiting->n_huge == waiting->room) {
        size_t room = waiting->room ? 2 * waiting->room : 16;
        FreeHuge *more = realloc(waiting->huge, room * sizeof(FreeHuge));
        if (more == NULL) {
            return;
        }
        waiting->huge = more;
        waiting->room = room;
    }
    waiting->huge[waiting->n_huge].chunk = chunk;
    waiting->huge[waiting->n_huge++].at = at;
}

char *
waiting_take_huge(Waiting *waiting, size_t granules, Chunk **chunk)
{
    for (size_t i = waiting->n_huge; i-- > 0;) { /* the latest first */
        FreeHuge *one = &waiting->huge[i];
        if (one->chunk->sizes[one->at] == granules) {
            char *block = one->chunk->memory + one->at * GRANULE;
            *chunk = one->chunk;
            waiting->n_huge--;
            memmove(one, one + 1, (waiting->n_huge - i) * sizeof(FreeHuge));
            return block;
        }
    }
    return NULL;
}

void
waiting_add(Waiting *waiting, Chunk *chunk, size_t at)
{
    int class;
    (void)class_of((size_t)chunk->sizes[at] * GRANULE, &class);
    if (class == CLASSES) {
        waiting_add_huge(waiting, chunk, at);
        return;
    }
    FreeBlock *block = (FreeBlock *)(chunk->memory + at * GRANULE);
    block->chunk = chunk;
    block->next = waiting->blocks[class];
    waiting->blocks[class] = block;
}

void
waiting_forget(Waiting *waiting)
{
    memset(waiting->blocks, 0, sizeof(waiting->blocks));
    waiting->n_huge = 0;
}

void
waiting_delete(Waiting *waiting)
{
    free(waiting->huge);
    memset(waiting, 0, sizeof(*waiting));
}
