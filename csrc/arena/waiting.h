/* Free blocks that wait to be used again, sorted by size.
 *
 * Knows nothing of who asks. All functions want the GIL.
 */
#ifndef ALLOC_REWRITE_ARENA_WAITING_H
#define ALLOC_REWRITE_ARENA_WAITING_H

#include "arena/chunk.h"

#define CLASSES 256 /* sizes of blocks, below those of huge blocks */
#define HUGE_BLOCK (MAPPED_EACH_TIME / GRANULE) /* granules from which a block is huge */

/* A block that waits; written into the block itself. */
typedef struct FreeBlock {
    struct FreeBlock *next;
    Chunk *chunk;
} FreeBlock;

/* A huge block that waits. A note in the block would make pages resident that are hardly ever
 * written to, so these stand in a list. */
typedef struct {
    Chunk *chunk; /* borrowed */
    size_t at;    /* granule */
} FreeHuge;

typedef struct {
    FreeBlock *blocks[CLASSES];
    FreeHuge *huge; /* owned */
    size_t n_huge;
    size_t room; /* for huge ones */
} Waiting;

/* The granules of the block that serves a request, and its class: sixteen sizes to each power
 * of two, so that arrays of nearly the same size use each other's blocks while they are cached.
 * Huge blocks all have the class CLASSES and any number of huge pages. */
size_t class_of(size_t nbytes, int *class);
/* Let a block wait that begins there. */
void waiting_add(Waiting *waiting, Chunk *chunk, size_t at);
/* Take a huge block of that size, or return NULL. */
char *waiting_take_huge(Waiting *waiting, size_t granules, Chunk **chunk);
/* Let no block wait any more. */
void waiting_forget(Waiting *waiting);
void waiting_delete(Waiting *waiting);

/* Take a block of that size and class, or return NULL. */
static inline char *
waiting_take(Waiting *waiting, size_t granules, int class, Chunk **chunk)
{
    if (class == CLASSES) {
        return waiting_take_huge(waiting, granules, chunk);
    }
    FreeBlock *block = waiting->blocks[class];
    if (block != NULL) {
        *chunk = block->chunk;
        waiting->blocks[class] = block->next;
    }
    return (char *)block;
}

#endif
