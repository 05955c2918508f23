/* Giving memory back: all that is free, what hasn't been needed for long, and all at a reset. */
#include "arena/arena.h"

#define MUCH 4                         /* times what is needed is kept, */
#define SPARE_BYTES ((size_t)16 << 20) /* and so many bytes more */
#define MOST_IN_VAIN 10 /* doublings of the period, after reviews that give back next to nothing */
#define RESET 64        /* requests that a reset counts as */

/* The bytes that blocks may have written to, in chunks that are not retired. */
static size_t
trimming_touched(const Arena *arena)
{
    size_t sum = 0;
    for (const Chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        sum += chunk->retired ? 0 : chunk_touched(chunk);
    }
    return sum;
}

/* The largest chunk that can go. */
static Chunk *
trimming_expendable(const Arena *arena, size_t keep)
{
    Chunk *largest = NULL;
    for (Chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        size_t nbytes = chunk->granules * GRANULE;
        if (!chunk->is_kept && !chunk->retired && chunk->carved == 0 &&
            (nbytes > keep || arena->capacity - nbytes >= keep) &&
            (largest == NULL || chunk->granules > largest->granules)) {
            largest = chunk;
        }
    }
    return largest;
}

size_t
arena_trim(Arena *arena, size_t keep)
{
    arena_let_go(arena, 0);
    arena_join(arena);
    size_t given = 0;
    Chunk *gone;
    while ((gone = trimming_expendable(arena, keep)) != NULL) {
        given += chunk_touched(gone);
        arena->capacity -= gone->granules * GRANULE;
        arena_forget(arena, gone);
    }
    for (Chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        if (chunk->retired || trimming_touched(arena) > keep) {
            given += chunk_trim(chunk);
        }
    }
    return given;
}

void
arena_review(Arena *arena)
{
    size_t before = arena->most_before, needed = arena->most_in_use;
    needed = needed > before ? needed : before;
    size_t kept = trimming_touched(arena);
    if (!arena->busy && kept > MUCH * needed + SPARE_BYTES) {
        size_t given = arena_trim(arena, 2 * needed);
        if (given > kept / 2) {
            arena->in_vain = 0;
        }
        else if (arena->in_vain < MOST_IN_VAIN) {
            arena->in_vain++;
        }
    }
    arena->requests = PERIOD << arena->in_vain;
    arena->most_before = arena->most_in_use;
    arena->most_in_use = arena->in_use;
}

int
arena_reset(Arena *arena)
{
    arena->requests -= arena->requests > RESET ? RESET : arena->requests - 1;
    arena_count(arena);
    arena_let_go(arena, 1);
    Chunk *fresh = NULL;
    for (Chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        if (!chunk->retired && chunk->live) {
            Chunk *new = chunk_new(chunk->granules * GRANULE, arena->huge);
            if (new == NULL) {
                while (fresh != NULL) {
                    Chunk *next = fresh->next;
                    chunk_delete(fresh);
                    fresh = next;
                }
                return -1;
            }
            new->is_kept = chunk->is_kept;
            new->next = fresh;
            fresh = new;
        }
    }
    arena_join(arena);
    Chunk **end = &arena->chunks;
    for (Chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        if (chunk->live) {
            chunk->retired = 1;
            (void)chunk_trim(chunk); /* nothing will be cut from it any more */
        }
        else {
            chunk_clear(chunk);
        }
        end = &chunk->next;
    }
    *end = fresh;
    arena->carved = arena->live = arena->in_use = 0;
    return 0;
}

