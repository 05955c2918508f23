#include "arena/arena.h"

#include <stdlib.h>
#include <string.h>


static Chunk *
arena_chunk_of(const Arena *arena, const void *block)
{
    for (Chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        uintptr_t offset = (uintptr_t)block - (uintptr_t)chunk->memory;
        if (offset < chunk->granules * GRANULE) {
            return chunk;
        }
    }
    return NULL;
}

/* Take an empty chunk out of the list. */
void
arena_forget(Arena *arena, Chunk *gone)
{
    Chunk **link = &arena->chunks;
    while (*link != gone) {
        link = &(*link)->next;
    }
    *link = gone->next;
    chunk_delete(gone);
}

/* ------------------------------------------------------------------ blocks */

static void
arena_used(Arena *arena, size_t nbytes)
{
    arena->in_use += nbytes;
    if (arena->in_use > arena->most_in_use) {
        arena->most_in_use = arena->in_use;
    }
}

/* Cut a new block out of a chunk, its first `zeroed` bytes zero. */
static void *
arena_carve(Arena *arena, size_t granules, size_t zeroed)
{
    for (Chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        if (chunk->retired || chunk->granules - chunk->carved < granules) {
            continue;
        }
        size_t at = chunk_cut(chunk, granules, zeroed);
        if (at == NOWHERE) {
            continue;
        }
        chunk->sizes[at] = (uint32_t)granules | IN_USE;
        chunk->carved += granules;
        chunk->live++;
        arena->live++;
        arena_used(arena, granules * GRANULE);
        arena->carved += granules * GRANULE;
        if (arena->carved > arena->peak) {
            arena->peak = arena->carved;
        }
        return chunk->memory + at * GRANULE;
    }
    return NULL;
}

/* Join what is not in use, in all chunks. */
void
arena_join(Arena *arena)
{
    waiting_forget(&arena->waiting);
    for (Chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        size_t stay = chunk_join(chunk);
        if (stay != NOWHERE) {
            arena->carved -= chunk->retired ? 0 : (chunk->carved - stay) * GRANULE;
            chunk->carved = stay;
        }
    }
}

/* Let holders give back the blocks that only they hold, or all. */
void
arena_let_go(Arena *arena, int all)
{
    arena->busy = 1;
    Holder *holder = arena->holders.next;
    while (holder != &arena->holders) {
        Holder *next = holder->next;
        holder->let_go(holder, all);
        holder = next;
    }
    arena->busy = 0;
}

static int
arena_grow(Arena *arena, size_t need)
{
    size_t size = arena->capacity > arena->first ? arena->capacity : arena->first;
    if (arena->limit) {
        size_t room = arena->limit > arena->capacity ? arena->limit - arena->capacity : 0;
        if (need > room) {
            return -1;
        }
        size = size < room ? size : room;
    }
    size = size > need ? size : need;
    Chunk *chunk = chunk_new(size, arena->huge);
    if (chunk == NULL) {
        chunk = chunk_new(need, arena->huge);
    }
    if (chunk == NULL) {
        return -1;
    }
    Chunk **link = &arena->chunks;
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = chunk;
    arena->capacity += chunk->granules * GRANULE;
    return 0;
}

/* Look for room where there is none at once: what holders can do without, joined, or more. */
static void *
arena_make_room(Arena *arena, size_t granules, size_t zeroed)
{
    if (arena->busy) {
        return NULL;
    }
    if (arena->patience) {
        arena->patience--;
        return NULL;
    }
    size_t before = arena->carved;
    arena_let_go(arena, 0);
    arena_join(arena);
    /* Growing although half of a large buffer has just come free would be waste; growing although
     * little came free would mean a look for every few arrays. */
    if (arena->policy != FULL_GROW || arena->carved <= before / 2) {
        void *block = arena_carve(arena, granules, zeroed);
        if (block != NULL) {
            return block;
        }
    }
    if (arena->policy == FULL_HEAP) {
        arena->patience = arena->live / 8;
        return NULL;
    }
    if (arena->policy == FULL_GROW) {
        (void)arena_grow(arena, granules * GRANULE);
        return arena_carve(arena, granules, zeroed);
    }
    return NULL;
}

static inline void *
arena_find_room(Arena *arena, size_t nbytes, size_t zeroed)
{
    arena_count(arena);
    if (nbytes > LARGEST * GRANULE) {
        arena->refused = nbytes;
        return NULL;
    }
    int class;
    size_t granules = class_of(nbytes, &class);
    Chunk *chunk;
    char *block = waiting_take(&arena->waiting, granules, class, &chunk);
    if (block != NULL) {
        chunk->sizes[(size_t)(block - chunk->memory) / GRANULE] |= IN_USE;
        chunk->live++;
        arena->live++;
        arena_used(arena, granules * GRANULE);
        if (zeroed) {
            pages_clear(&chunk->pages, block, zeroed);
        }
        return block;
    }
    void *new = arena_carve(arena, granules, zeroed);
    if (new == NULL) {
        new = arena_make_room(arena, granules, zeroed);
    }
    if (new == NULL) {
        arena->refused = nbytes;
        if (arena->policy == FULL_HEAP) {
            arena->heap_fallbacks++;
        }
    }
    return new;
}

/* Return memory for a request; NULL if there is none, having counted that. */
void *
arena_take(Arena *arena, size_t nbytes)
{
    return arena_find_room(arena, nbytes, 0);
}

/* The same with all of it zero. */
void *
arena_take_zeroed(Arena *arena, size_t nbytes)
{
    return arena_find_room(arena, nbytes, nbytes);
}

int
arena_has(const Arena *arena, const void *memory)
{
    return arena_chunk_of(arena, memory) != NULL;
}

/* The bytes of a block in use. */
size_t
arena_size(const Arena *arena, const void *block)
{
    const Chunk *chunk = arena_chunk_of(arena, block);
    size_t at = (size_t)((const char *)block - chunk->memory) / GRANULE;
    return (chunk->sizes[at] & ~IN_USE) * (size_t)GRANULE;
}

/* Take a block back; return 0 if it belongs to another arena or the heap. */
int
arena_give(Arena *arena, void *memory)
{
    Chunk *chunk = arena_chunk_of(arena, memory);
    if (chunk == NULL) {
        return 0;
    }
    size_t at = (size_t)((char *)memory - chunk->memory) / GRANULE;
    uint32_t granules = chunk->sizes[at] & ~IN_USE;
    chunk->sizes[at] = granules;
    chunk->live--;
    if (chunk->retired) {
        if (chunk->live == 0) {
            arena_forget(arena, chunk);
        }
        return 1;
    }
    arena->live--;
    arena->in_use -= (size_t)granules * GRANULE;
    waiting_add(&arena->waiting, chunk, at);
    return 1;
}

/* Return memory of another size with the same content: in place if the block has the right room, if
 * a gap that is large enough follows it, or if there is no room for a smaller one. `ours` tells
 * whether the block was this arena's. NULL, for a larger size only, leaves the block as it was. */
void *
arena_resized(Arena *arena, void *memory, size_t nbytes, int *ours)
{
    Chunk *chunk = arena_chunk_of(arena, memory);
    *ours = chunk != NULL;
    if (chunk == NULL || nbytes > LARGEST * GRANULE) {
        return NULL;
    }
    int class;
    size_t at = (size_t)((char *)memory - chunk->memory) / GRANULE;
    size_t have = chunk->sizes[at] & ~IN_USE, want = class_of(nbytes, &class);
    if (want <= have && 2 * want > have) {
        return memory;
    }
    if (want > have && !chunk->retired) {
        if (chunk_extend(chunk, at + have, want - have)) {
            chunk->sizes[at] = (uint32_t)want | IN_USE;
            chunk->carved += want - have;
            arena_used(arena, (want - have) * GRANULE);
            arena->carved += (want - have) * GRANULE;
            if (arena->carved > arena->peak) {
                arena->peak = arena->carved;
            }
            return memory;
        }
    }
    size_t refused = arena->refused;
    void *new = arena_take(arena, nbytes);
    if (new == NULL && want <= have) {
        arena->refused = refused; /* nothing was lacking */
        return memory;
    }
    if (new != NULL) {
        size_t kept = have * GRANULE;
        memcpy(new, memory, kept < nbytes ? kept : nbytes);
        arena_give(arena, memory);
    }
    return new;
}

/* ------------------------------------------------------------------ arenas */

Arena *
arena_new(size_t nbytes, enum policy policy, size_t limit, size_t first, int huge)
{
    Arena *arena = calloc(1, sizeof(Arena));
    if (arena == NULL) {
        return NULL;
    }
    arena->holders.next = arena->holders.previous = &arena->holders;
    arena->policy = policy;
    arena->limit = limit;
    arena->first = first;
    arena->huge = huge;
    arena->requests = PERIOD;
    if (nbytes) {
        arena->chunks = chunk_new(nbytes, huge);
        if (arena->chunks == NULL) {
            free(arena);
            return NULL;
        }
        arena->chunks->is_kept = 1;
        arena->capacity = arena->chunks->granules * GRANULE;
    }
    return arena;
}

/* Whether any block is in use, in retired chunks as well. */
int
arena_in_use(const Arena *arena)
{
    for (Chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        if (chunk->live) {
            return 1;
        }
    }
    return 0;
}

/* Give all memory back to the system; what is asked for from now on is left to the heap. */
void
arena_close(Arena *arena)
{
    while (arena->chunks != NULL) {
        Chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        chunk_delete(chunk);
    }
    waiting_delete(&arena->waiting);
    arena->capacity = arena->carved = arena->live = arena->in_use = 0;
    arena->policy = FULL_HEAP;
}

void
arena_delete(Arena *arena)
{
    arena_close(arena);
    free(arena);
}

size_t
arena_chunks(const Arena *arena)
{
    size_t n = 0;
    for (Chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        n += !chunk->retired;
    }
    return n;
}

/* Blocks in use that only a holder needs. */
size_t
arena_idle(const Arena *arena)
{
    size_t n = 0;
    for (Holder *h = arena->holders.next; h != &arena->holders; h = h->next) {
        n += h->idle(h);
    }
    return n;
}

void
arena_hold(Arena *arena, Holder *holder)
{
    holder->next = arena->holders.next;
    holder->previous = &arena->holders;
    holder->next->previous = holder;
    arena->holders.next = holder;
}

void
arena_unhold(Holder *holder)
{
    holder->next->previous = holder->previous;
    holder->previous->next = holder->next;
}
