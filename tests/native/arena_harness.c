/* Random requests of an arena against a model, with allocations that fail now and then. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

#define malloc some_malloc
#define calloc some_calloc
#define realloc some_realloc
#include "arena/arena.c"
#include "arena/chunk.c"
#include "arena/classes.c"
#undef malloc
#undef calloc
#undef realloc

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
        return draw(100) ? draw(3000) : draw(400000);
    }
}

static void
program(unsigned long seed, enum policy policy, size_t nbytes, size_t limit, int fail)
{
    state = seed;
    failing = fail;
    Arena *arena = arena_new(nbytes, policy, limit, nbytes ? 0 : 1 << 16);
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
            unsigned char *block = arena_take(arena, size);
            if (block == NULL) {
                assert(arena->refused == size || size == 0);
                continue;
            }
            assert(((uintptr_t)block & 63) == 0);
            assert(arena_has(arena, block) && arena_size(arena, block) >= size);
            one->block = block;
            one->nbytes = size;
            one->mark = (unsigned char)draw(256);
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
        size_t live = 0, carved = 0, capacity = 0;
        for (Chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
            if (!chunk->retired) {
                live += chunk->live;
                carved += chunk->carved * GRANULE;
                capacity += chunk->granules * GRANULE;
            }
        }
        assert(live == arena->live && carved == arena->carved && capacity == arena->capacity);
        assert(carved <= arena->peak && carved <= capacity);
        assert(!limit || policy != FULL_GROW || capacity <= limit + GRANULE);
    }
    failing = 0;
    for (int i = 0; i < MOST; i++) {
        if (held[i].block != NULL) {
            check(&held[i]);
            assert(arena_give(arena, held[i].block));
        }
    }
    assert(!arena_in_use(arena));
    assert(arena_reset(arena) == 0 && arena->carved == 0);
    assert(nbytes == 0 || arena_take(arena, nbytes) != NULL);
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
    puts("ok");
    return 0;
}
