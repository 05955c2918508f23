#include "arena/chunk.h"

#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

/* Larger chunks begin with a page: then large arrays, whose blocks are whole pages, do. Those of
 * the heap begin 16 bytes behind, and a loop that reads there and writes a few more bytes further
 * on in a page waits for its own writes, which the processor takes for what is read. */
#define PAGED ((size_t)64 << 10)
#define PAGE ((size_t)4096)
#define SMALL ((size_t)256)          /* granules: the largest blocks cut from a gap's end */
#define HUGE_PAGES ((size_t)4 << 20) /* bytes from which on NumPy asks for huge pages as well */

void
chunk_clear(Chunk *chunk)
{
    memset(chunk->sizes, 0, chunk->granules * sizeof(uint32_t));
    chunk->gaps[0].begin = 0;
    chunk->gaps[0].end = chunk->granules;
    chunk->n_gaps = 1;
    chunk->carved = chunk->live = 0;
}

void
chunk_delete(Chunk *chunk)
{
    free(chunk->allocated);
    free(chunk->sizes);
    free(chunk->gaps);
    free(chunk);
}

/* Make a chunk and touch each of its pages, or return NULL. */
Chunk *
chunk_new(size_t nbytes)
{
    Chunk *chunk = calloc(1, sizeof(Chunk));
    if (chunk == NULL) {
        return NULL;
    }
    chunk->granules = (nbytes + GRANULE - 1) / GRANULE;
    chunk->max_gaps = 16;
    size_t boundary = nbytes >= HUGE_PAGES ? (size_t)1 << 21 : nbytes >= PAGED ? PAGE : GRANULE;
    size_t room = chunk->granules * GRANULE;
    if (nbytes > LARGEST * GRANULE) {
        free(chunk);
        return NULL;
    }
    chunk->allocated = malloc(room + boundary);
    chunk->sizes = malloc(chunk->granules * sizeof(uint32_t));
    chunk->gaps = malloc(chunk->max_gaps * sizeof(Gap));
    if (chunk->allocated == NULL || chunk->sizes == NULL || chunk->gaps == NULL) {
        chunk_delete(chunk);
        return NULL;
    }
    uintptr_t start = ((uintptr_t)chunk->allocated + boundary - 1) / boundary * boundary;
    chunk->memory = (char *)start;
#if defined(MADV_HUGEPAGE)
    if (nbytes >= HUGE_PAGES) {
        (void)madvise(chunk->memory, room, MADV_HUGEPAGE); /* advice: it may be declined */
    }
#endif
    memset(chunk->memory, 0, room);
    chunk_clear(chunk);
    return chunk;
}

static int
gap_add(Chunk *chunk, size_t begin, size_t end)
{
    if (chunk->n_gaps == chunk->max_gaps) {
        size_t room = 2 * chunk->max_gaps;
        Gap *more = realloc(chunk->gaps, room * sizeof(Gap));
        if (more == NULL) {
            return -1; /* the stretch is lost until the next look */
        }
        chunk->gaps = more;
        chunk->max_gaps = room;
    }
    chunk->gaps[chunk->n_gaps].begin = begin;
    chunk->gaps[chunk->n_gaps++].end = end;
    return 0;
}

/* Cut a block out of a gap: a large one from the start of the first with room for it, a small one
 * from the end of the last, so that small arrays which stay do not split what large ones need. */
size_t
chunk_cut(Chunk *chunk, size_t granules)
{
    int small = granules <= SMALL;
    for (size_t k = 0; k < chunk->n_gaps; k++) {
        size_t i = small ? chunk->n_gaps - 1 - k : k;
        Gap *gap = &chunk->gaps[i];
        if (gap->end - gap->begin < granules) {
            continue;
        }
        size_t at = small ? (gap->end -= granules) : gap->begin;
        gap->begin += small ? 0 : granules;
        if (gap->begin == gap->end) {
            chunk->n_gaps--;
            memmove(gap, gap + 1, (chunk->n_gaps - i) * sizeof(Gap));
        }
        return at;
    }
    return NOWHERE;
}

/* Join everything that is not in use into gaps; return the granules that stay in blocks, or
 * NOWHERE if there is no memory to do it with. */
size_t
chunk_join(Chunk *chunk)
{
    size_t free_from = 0, at = 0, used = 0, old = 0, n_old = chunk->n_gaps;
    Gap *before = malloc((n_old ? n_old : 1) * sizeof(Gap));
    if (before == NULL) {
        return NOWHERE;
    }
    memcpy(before, chunk->gaps, n_old * sizeof(Gap));
    chunk->n_gaps = 0;
    while (at < chunk->granules) {
        if (old < n_old && before[old].begin == at) {
            at = before[old++].end;
            continue;
        }
        size_t size = chunk->sizes[at] & ~IN_USE;
        if (size == 0) { /* lost for want of memory: belongs to no block and no gap */
            at++;
            continue;
        }
        if (chunk->sizes[at] & IN_USE) {
            if (at > free_from) {
                (void)gap_add(chunk, free_from, at);
            }
            free_from = at + size;
            used += size;
        }
        else {
            chunk->sizes[at] = 0;
        }
        at += size;
    }
    if (chunk->granules > free_from) {
        (void)gap_add(chunk, free_from, chunk->granules);
    }
    free(before);
    return used;
}
