#include "arena/chunk.h"

#include <stdlib.h>
#include <string.h>

#define SMALL ((size_t)256) /* granules: the largest blocks cut from a gap's end */

/* ------------------------------------------------------------------ spans */

static int
chunk_spans_add(Spans *all, size_t begin, size_t end)
{
    if (all->n == all->room) {
        size_t room = all->room ? 2 * all->room : 16;
        Span *more = realloc(all->items, room * sizeof(Span));
        if (more == NULL) {
            return -1;
        }
        all->items = more;
        all->room = room;
    }
    all->items[all->n].begin = begin;
    all->items[all->n++].end = end;
    return 0;
}

static void
chunk_spans_drop(Spans *all, size_t i)
{
    all->n--;
    memmove(&all->items[i], &all->items[i + 1], (all->n - i) * sizeof(Span));
}

/* Take a part out of every span that it meets. Without memory to split a span, its first end is
 * lost. */
static void
chunk_spans_remove(Spans *all, size_t begin, size_t end)
{
    for (size_t i = all->n; i-- > 0;) {
        Span *one = &all->items[i];
        size_t from = one->begin, to = one->end;
        if (to <= begin || end <= from) {
            continue;
        }
        if (from < begin && end < to) {
            one->begin = end;
            (void)chunk_spans_add(all, from, begin);
        }
        else if (from < begin) {
            one->end = begin;
        }
        else if (end < to) {
            one->begin = end;
        }
        else {
            chunk_spans_drop(all, i);
        }
    }
}

/* The granules that a part has in common with all spans. */
static size_t
chunk_spans_within(const Spans *all, size_t begin, size_t end)
{
    size_t sum = 0;
    for (size_t i = 0; i < all->n; i++) {
        size_t from = all->items[i].begin > begin ? all->items[i].begin : begin;
        size_t to = all->items[i].end < end ? all->items[i].end : end;
        sum += from < to ? to - from : 0;
    }
    return sum;
}

/* ------------------------------------------------------------------ chunks */

void
chunk_clear(Chunk *chunk)
{
    size_t at = 0, gap = 0;
    while (at < chunk->granules) { /* by blocks, as the table is large and mostly not resident */
        if (gap < chunk->gaps.n && chunk->gaps.items[gap].begin == at) {
            at = chunk->gaps.items[gap++].end;
            continue;
        }
        size_t size = chunk->sizes[at] & ~IN_USE;
        if (size) {
            chunk->sizes[at] = 0;
        }
        at += size ? size : 1;
    }
    chunk->gaps.items[0].begin = 0;
    chunk->gaps.items[0].end = chunk->granules;
    chunk->gaps.n = 1;
    chunk->carved = chunk->live = 0;
}

void
chunk_delete(Chunk *chunk)
{
    pages_delete(&chunk->pages);
    pages_delete(&chunk->table);
    free(chunk->gaps.items);
    free(chunk->clean.items);
    free(chunk);
}

Chunk *
chunk_new(size_t nbytes, int huge)
{
    size_t granules = nbytes / GRANULE + (nbytes % GRANULE != 0);
    Chunk *chunk = granules > LARGEST ? NULL : calloc(1, sizeof(Chunk));
    if (chunk == NULL) {
        return NULL;
    }
    chunk->granules = granules;
    if (pages_new(&chunk->pages, granules * GRANULE, huge) < 0 ||
        pages_new(&chunk->table, granules * sizeof(uint32_t), 0) < 0 ||
        chunk_spans_add(&chunk->gaps, 0, granules) < 0 ||
        chunk_spans_add(&chunk->clean, 0, granules) < 0) {
        chunk_delete(chunk);
        return NULL;
    }
    chunk->memory = chunk->pages.memory;
    chunk->sizes = (uint32_t *)chunk->table.memory;
    return chunk;
}

/* Clear what isn't clean of the block that is cut next. */
static void
chunk_clear_span(Chunk *chunk, size_t begin, size_t nbytes)
{
    size_t end = begin + (nbytes + GRANULE - 1) / GRANULE;
    while (begin < end) { /* from one clean span to the next */
        const Span *next = NULL;
        for (size_t i = 0; i < chunk->clean.n; i++) {
            const Span *one = &chunk->clean.items[i];
            if (one->end > begin && (next == NULL || one->begin < next->begin)) {
                next = one;
            }
        }
        size_t to = next == NULL || next->begin > end ? end : next->begin;
        if (to > begin) {
            pages_clear(&chunk->pages, chunk->memory + begin * GRANULE, (to - begin) * GRANULE);
        }
        begin = next == NULL ? end : next->end;
    }
}

/* A large block is cut from the start of the first gap with room for it, a small one from the end
 * of the last, so that small arrays which stay do not split what large ones need. */
size_t
chunk_cut(Chunk *chunk, size_t granules, size_t zeroed)
{
    int small = granules <= SMALL;
    for (size_t k = 0; k < chunk->gaps.n; k++) {
        size_t i = small ? chunk->gaps.n - 1 - k : k;
        Span *gap = &chunk->gaps.items[i];
        if (gap->end - gap->begin < granules) {
            continue;
        }
        size_t at = small ? (gap->end -= granules) : gap->begin;
        gap->begin += small ? 0 : granules;
        if (gap->begin == gap->end) {
            chunk_spans_drop(&chunk->gaps, i);
        }
        chunk_clear_span(chunk, at, zeroed);
        chunk_spans_remove(&chunk->clean, at, at + granules);
        return at;
    }
    return NOWHERE;
}

int
chunk_extend(Chunk *chunk, size_t at, size_t granules)
{
    for (size_t i = 0; i < chunk->gaps.n; i++) {
        Span *gap = &chunk->gaps.items[i];
        if (gap->begin == at && gap->end - gap->begin >= granules) {
            gap->begin += granules;
            if (gap->begin == gap->end) {
                chunk_spans_drop(&chunk->gaps, i);
            }
            chunk_spans_remove(&chunk->clean, at, at + granules);
            return 1;
        }
    }
    return 0;
}

/* Join everything that is not in use into gaps; return the granules that stay in blocks, or
 * NOWHERE if there is no memory to do it with. */
size_t
chunk_join(Chunk *chunk)
{
    size_t free_from = 0, at = 0, used = 0, old = 0, n_old = chunk->gaps.n;
    Span *before = malloc((n_old ? n_old : 1) * sizeof(Span));
    if (before == NULL) {
        return NOWHERE;
    }
    memcpy(before, chunk->gaps.items, n_old * sizeof(Span));
    chunk->gaps.n = 0;
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
            if (at > free_from) { /* without memory for it, lost until the next time */
                (void)chunk_spans_add(&chunk->gaps, free_from, at);
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
        (void)chunk_spans_add(&chunk->gaps, free_from, chunk->granules);
    }
    free(before);
    return used;
}

size_t
chunk_touched(const Chunk *chunk)
{
    return (chunk->granules - chunk_spans_within(&chunk->clean, 0, chunk->granules)) * GRANULE;
}

size_t
chunk_trim(Chunk *chunk)
{
    const size_t page = chunk->pages.page / GRANULE;
    size_t given = 0;
    for (size_t i = 0; i < chunk->gaps.n; i++) {
        size_t begin = (chunk->gaps.items[i].begin + page - 1) / page * page;
        size_t end = chunk->gaps.items[i].end / page * page;
        size_t clean = begin < end ? chunk_spans_within(&chunk->clean, begin, end) : 0;
        if (begin >= end || clean == end - begin ||
            !pages_give_back(&chunk->pages, chunk->memory + begin * GRANULE,
                             chunk->memory + end * GRANULE)) {
            continue;
        }
        given += (end - begin - clean) * GRANULE;
        chunk_spans_remove(&chunk->clean, begin, end);
        /* without memory for this note, a later request clears it once more */
        (void)chunk_spans_add(&chunk->clean, begin, end);
    }
    return given;
}
