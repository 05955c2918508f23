/* Chunks: pieces of memory that blocks are cut from, and the gaps between these.
 *
 * Knows nothing of who asks, nor of arrays. All functions want the GIL.
 */
#ifndef ALLOC_REWRITE_ARENA_CHUNK_H
#define ALLOC_REWRITE_ARENA_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#define GRANULE 64       /* bytes: one cache line; every block starts on such a boundary */
#define IN_USE 0x80000000u
#define LARGEST ((size_t)0x7fffffff) /* granules of a block or a chunk */
#define NOWHERE SIZE_MAX

/* A stretch of a chunk that belongs to no block, in granules. */
typedef struct {
    size_t begin;
    size_t end;
} Gap;

/* A piece of memory that blocks are carved from. */
typedef struct Chunk {
    struct Chunk *next;  /* borrowed: the next in the list of the arena */
    void *allocated;     /* owned: what the system gave */
    char *memory;        /* its first boundary */
    size_t granules;     /* room */
    size_t carved;       /* granules in blocks, live or waiting */
    size_t live;         /* blocks in use */
    uint32_t *sizes;     /* owned: at a block's first granule its size, and whether it is in use */
    Gap *gaps;           /* owned */
    size_t n_gaps;
    size_t max_gaps;
    int retired;         /* left the buffer by a reset while arrays lived in it */
} Chunk;

/* A chunk of at least so many bytes with every page touched, or NULL. */
Chunk *chunk_new(size_t nbytes);
void chunk_delete(Chunk *chunk);
void chunk_clear(Chunk *chunk);
/* The granule at which a new block of that size begins, or NOWHERE. */
size_t chunk_cut(Chunk *chunk, size_t granules);
size_t chunk_join(Chunk *chunk);

#endif
