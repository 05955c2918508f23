/* Chunks: pieces of memory that blocks are cut from, and the gaps between these.
 *
 * Knows nothing of who asks, nor of arrays. All functions want the GIL.
 */
#ifndef ALLOC_REWRITE_ARENA_CHUNK_H
#define ALLOC_REWRITE_ARENA_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#include "arena/pages.h"

#define GRANULE 64 /* bytes: the widest vector register; blocks start on such boundaries */
#define IN_USE 0x80000000u
#define LARGEST ((size_t)0x7fffffff) /* granules of a block or a chunk */
#define NOWHERE SIZE_MAX

/* A part of a chunk, in granules. */
typedef struct {
    size_t begin;
    size_t end;
} Span;

typedef struct {
    Span *items; /* owned */
    size_t n;
    size_t room;
} Spans;

/* A piece of memory that blocks are carved from. */
typedef struct Chunk {
    struct Chunk *next; /* borrowed: the next in the list of the arena */
    char *memory;       /* borrowed from the pages */
    size_t granules;    /* room */
    size_t carved;      /* granules in blocks, live or waiting */
    size_t live;        /* blocks in use */
    uint32_t *sizes;    /* borrowed from its pages: at a block's first granule its size, and whether
                           it is in use; 0 elsewhere */
    Spans gaps;     /* what belongs to no block */
    Spans clean;    /* what is zero: never in a block yet, or given back since; lies in gaps */
    Pages pages;        /* owned */
    Pages table;        /* owned */
    int retired;        /* left the buffer by a reset while arrays lived in it */
    int is_kept;        /* the user asked for it, so it stays when it is empty */
} Chunk;

/* A chunk of at least so many bytes, all zero and not touched yet, or NULL. */
Chunk *chunk_new(size_t nbytes, int huge);
void chunk_delete(Chunk *chunk);
/* Forget all blocks. */
void chunk_clear(Chunk *chunk);
/* Where a new block of that size begins, its first `zeroed` bytes zero; NOWHERE without room. */
size_t chunk_cut(Chunk *chunk, size_t granules, size_t zeroed);
/* Whether so many granules from there on were in a gap; then they belong to the block before. */
int chunk_extend(Chunk *chunk, size_t at, size_t granules);
size_t chunk_join(Chunk *chunk);
/* The bytes that blocks may have written to since the system gave them. */
size_t chunk_touched(const Chunk *chunk);
/* Give the pages in gaps back to the system; return the bytes of those that blocks had. */
size_t chunk_trim(Chunk *chunk);

#endif
