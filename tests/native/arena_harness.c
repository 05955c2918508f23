/* Random requests of an arena against a model, with allocations that fail now and then. */
#define _GNU_SOURCE
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

static unsigned long state = 1;
static int failing;

static unsigned long
draw(unsigned long below)
{
    state = state * 6364136223846793005UL + 1442695040888963407UL;
    return (state >> 33) % below;
}

static int
fails(void)
{
    return failing && draw(4) == 0;
}

static void *
some_malloc(size_t n)
{
    return fails() ? NULL : malloc(n);
}

static void *
some_calloc(size_t n, size_t size)
{
    return fails() ? NULL : calloc(n, size);
}

static void *
some_realloc(void *block, size_t n)
{
    return fails() ? NULL : realloc(block, n);
}

#if defined(__linux__)
static void *
some_mmap(void *at, size_t n, int may, int kind, int file, off_t from)
{
    return fails() ? MAP_FAILED : mmap(at, n, may, kind, file, from);
}

static int
some_madvise(void *at, size_t n, int advice)
{
    return fails() ? -1 : madvise(at, n, advice);
}
#define mmap some_mmap
#define madvise some_madvise
#endif
#define malloc some_malloc
#define calloc some_calloc
#define realloc some_realloc
#include "arena/arena.c"
#include "arena/chunk.c"
#include "arena/pages.c"
#include "arena/system.c"
#include "arena/trimming.c"
#include "arena/waiting.c"
#undef malloc
#undef calloc
#undef realloc
#undef mmap
#undef madvise

#define MOST 300

typedef struct {
    unsigned char *block;
    size_t nbytes;
    unsigned char mark;
} Held;

static Held held[MOST];

static void
check(const Held *one)
{
    for (size_t i = 0; i < one->nbytes; i += 1 + one->nbytes / 7) {
        assert(one->block[i] == one->mark);
    }
    assert(one->nbytes == 0 || one->block[one->nbytes - 1] == one->mark);
}

static size_t most = 400000; /* bytes of a request */

static size_t
some_size(void)
{
    switch (draw(4)) {
    case 0:
        return draw(200);
    case 1:
        return draw(5000);
    case 2:
        return draw(20000);
    default:
        return draw(100) ? draw(3000) : draw(most);
    }
}

/* Memory that no block has been cut from, or that was given back, is zero. */
static void
check_clean(const Chunk *chunk)
{
    for (size_t i = 0; i < chunk->clean.n; i++) {
        const Span *one = &chunk->clean.items[i];
        assert(one->begin < one->end && one->end <= chunk->granules);
        for (size_t j = 0; j < chunk->clean.n; j++) {
            const Span *other = &chunk->clean.items[j];
            assert(i == j || one->end <= other->begin || other->end <= one->begin);
        }
        const char *at = chunk->memory + one->begin * GRANULE;
        size_t nbytes = (one->end - one->begin) * GRANULE;
        for (size_t k = 0; k < nbytes; k += nbytes > 1 << 16 ? 4093 : 7) {
            assert(at[k] == 0);
        }
        assert(at[nbytes - 1] == 0);
    }
}

static size_t trims, came_back;

/* Give memory back now and then: all that can go, or as much as leaves some. */
static void
trim(Arena *arena)
{
    size_t capacity = arena->capacity, keep = draw(2) ? 0 : draw(1 << 18);
    size_t given = arena_trim(arena, keep);
    trims++;
    came_back += given;
    assert(arena->capacity <= capacity);
    for (const Chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        assert(failing || keep || chunk->is_kept || chunk->carved || chunk->retired);
        check_clean(chunk);
    }
    if (!failing && keep == 0) {
        assert(arena_trim(arena, 0) == 0); /* nothing is given back twice */
    }
}

static void
check_sums(const Arena *arena, enum policy policy, size_t limit)
{
    size_t live = 0, carved = 0, capacity = 0, in_use = 0;
    for (const Chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        size_t blocks = 0, own = 0, in_gaps = 0;
        for (size_t at = 0; at < chunk->granules; at++) {
            blocks += chunk->sizes[at] & ~IN_USE;
            own += chunk->sizes[at] & IN_USE ? chunk->sizes[at] & ~IN_USE : 0;
        }
        for (size_t i = 0; i < chunk->gaps.n; i++) {
            in_gaps += chunk->gaps.items[i].end - chunk->gaps.items[i].begin;
        }
        assert(blocks == chunk->carved && blocks + in_gaps <= chunk->granules);
        assert(failing || blocks + in_gaps == chunk->granules);
        if (!chunk->retired) {
            live += chunk->live;
            carved += chunk->carved * GRANULE;
            capacity += chunk->granules * GRANULE;
            in_use += own * GRANULE;
        }
    }
    assert(live == arena->live && carved == arena->carved && capacity == arena->capacity);
    assert(in_use == arena->in_use && in_use <= carved);
    assert(carved <= arena->peak && carved <= capacity);
    assert(!limit || policy != FULL_GROW || capacity <= limit + GRANULE);
}

static void
program(unsigned long seed, enum policy policy, size_t nbytes, size_t limit, int fail)
{
    state = seed;
    failing = fail;
    Arena *arena = arena_new(nbytes, policy, limit, nbytes ? 0 : 1 << 16, (int)draw(2));
    if (arena == NULL) {
        return;
    }
    memset(held, 0, sizeof(held));
    size_t before_reset = 0;
    for (int step = 0; step < 4000; step++) {
        Held *one = &held[draw(MOST)];
        int ours;
        if (one->block == NULL) {
            size_t size = some_size();
            int zeroed = draw(4) == 0;
            unsigned char *block =
                zeroed ? arena_take_zeroed(arena, size) : arena_take(arena, size);
            if (block == NULL) {
                assert(arena->refused == size || size == 0);
                continue;
            }
            assert(((uintptr_t)block & 63) == 0);
            assert(arena_has(arena, block) && arena_size(arena, block) >= size);
            one->block = block;
            one->nbytes = size;
            one->mark = (unsigned char)draw(256);
            for (size_t i = 0; zeroed && i < size; i++) {
                assert(block[i] == 0);
            }
            memset(block, one->mark, size);
        }
        else if (draw(3)) {
            check(one);
            assert(arena_give(arena, one->block));
            one->block = NULL;
        }
        else {
            check(one);
            size_t size = some_size(), kept = size < one->nbytes ? size : one->nbytes;
            unsigned char *block = arena_resized(arena, one->block, size, &ours);
            assert(ours);
            assert(block != NULL || size > kept);
            if (block != NULL) {
                for (size_t i = 0; i < kept; i++) {
                    assert(block[i] == one->mark);
                }
                memset(block, one->mark, size);
                one->block = block;
                one->nbytes = size;
            }
        }
        if (draw(700) == 0) {
            before_reset++;
            (void)arena_reset(arena);
        }
        if (draw(300) == 0) {
            trim(arena);
        }
        if (step % 64 == 0) {
            check_sums(arena, policy, limit);
        }
    }
    failing = 0;
    for (int i = 0; i < MOST; i++) {
        if (held[i].block != NULL) {
            check(&held[i]);
            assert(arena_give(arena, held[i].block));
        }
    }
    assert(!arena_in_use(arena));
    assert(arena_reset(arena) == 0 && arena->carved == 0 && arena->in_use == 0);
    size_t capacity = arena->capacity;
    (void)arena_trim(arena, 0);
    assert(arena->capacity == (nbytes ? nbytes : 0) && arena->capacity <= capacity);
    assert(nbytes == 0 || arena_take(arena, nbytes) != NULL);
    arena_delete(arena);
}

/* One request far above all others, then many: what it took is given back by itself, though a block
 * that stays pins its chunk; requests that come again and again keep what they need. */
static void
giving_back(enum policy policy, size_t nbytes, int pinned)
{
    const size_t large = (size_t)64 << 20, small = 100000;
    failing = 0;
    Arena *arena = arena_new(nbytes, policy, 0, 1 << 20, 1);
    assert(arena != NULL);
    for (int often = 1; often <= 256; often *= 4) { /* large ones that come back: all is kept */
        for (int round = 0; round < 8; round++) {
            void *block = arena_take(arena, large);
            assert(block != NULL);
            memset(block, 1, small);
            assert(arena_give(arena, block));
            size_t capacity = arena->capacity;
            for (int i = 0; i < often; i++) {
                block = arena_take(arena, small);
                memset(block, 1, small);
                assert(arena_give(arena, block));
            }
            assert(arena->capacity == capacity);
            assert(chunk_touched(arena->chunks) >= large || arena->chunks->next != NULL);
            assert(trimming_touched(arena) >= large);
        }
    }
    char *block = arena_take(arena, large), *pin = pinned ? arena_take(arena, 1 << 15) : NULL;
    memset(block, 1, small);
    assert(arena_give(arena, block));
    for (int i = 0; i < 4 * PERIOD; i++) {
        block = arena_take(arena, small);
        memset(block, 1, small);
        assert(arena_give(arena, block));
    }
#if defined(__linux__)
    assert(trimming_touched(arena) < (size_t)2 << 20);
#endif
    assert(pinned || nbytes || arena->capacity < (size_t)2 << 20);
    size_t capacity = arena->capacity, touches = trimming_touched(arena);
    for (int i = 0; i < 8 * PERIOD; i++) { /* and then it stays as it is */
        block = arena_take(arena, small);
        assert(arena_give(arena, block));
        assert(arena->capacity == capacity && trimming_touched(arena) == touches);
    }
    assert(pin == NULL || arena_give(arena, pin));
    arena_delete(arena);
}

/* Resets alone count as well. */
static void
giving_back_by_resets(void)
{
    Arena *arena = arena_new(0, FULL_GROW, 0, 1 << 20, 1);
    assert(arena != NULL);
    void *pin = arena_take(arena, 100);
    void *block = arena_take(arena, (size_t)64 << 20);
    assert(pin != NULL && block != NULL);
    memset(block, 1, (size_t)64 << 20);
    assert(arena_give(arena, block));
    for (int i = 0; i < 6 * PERIOD / RESET; i++) {
        assert(arena_reset(arena) == 0);
    }
    assert(arena->capacity <= (size_t)2 << 20);
    assert(arena_give(arena, pin));
    arena_delete(arena);
}

int
main(void)
{
    for (unsigned long seed = 1; seed <= 40; seed++) {
        for (int fail = 0; fail < 2; fail++) {
            program(seed, FULL_RAISE, 1 << 18, 0, fail);
            program(seed, FULL_HEAP, 1 << 17, 0, fail);
            program(seed, FULL_GROW, 0, 0, fail);
            program(seed, FULL_GROW, 1 << 16, 1 << 19, fail);
        }
    }
    most = 48 << 20; /* large enough for huge pages, and to be given back instead of cleared */
    for (unsigned long seed = 1; seed <= 4; seed++) {
        program(seed, FULL_RAISE, 64 << 20, 0, 0);
        program(seed, FULL_GROW, 0, 0, 0);
        program(seed, FULL_GROW, 0, 0, 1);
    }
    for (int pinned = 0; pinned < 2; pinned++) {
        giving_back(FULL_GROW, 0, pinned);
        giving_back(FULL_GROW, 1 << 20, pinned);
        giving_back(FULL_RAISE, 100 << 20, pinned);
        giving_back(FULL_HEAP, 100 << 20, pinned);
    }
    giving_back_by_resets();
    assert(trims > 1000 && came_back > 1 << 20);
    puts("ok");
    return 0;
}
