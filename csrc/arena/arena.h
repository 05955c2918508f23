/* The memory of a buffer: chunks, the blocks carved from them, and who asks for what.
 *
 * Knows nothing of arrays. All functions want the GIL.
 */
#ifndef ALLOC_REWRITE_ARENA_ARENA_H
#define ALLOC_REWRITE_ARENA_ARENA_H

#include "arena/chunk.h"

#define BLOCK_CLASSES 640 /* sizes that freed blocks are sorted by */

enum policy { FULL_RAISE, FULL_GROW, FULL_HEAP };

/* A block that waits to be used again; written into the block itself. */
typedef struct FreeBlock {
    struct FreeBlock *next;
    Chunk *chunk;
} FreeBlock;

/* Something that holds blocks it can do without; see `arena_on_pressure`. */
typedef struct Holder {
    struct Holder *next;
    struct Holder *previous;
    void (*let_go)(struct Holder *, int all); /* give back what is free, or all */
    size_t (*idle)(struct Holder *);          /* blocks held for nobody but itself */
} Holder;

typedef struct {
    Chunk *chunks; /* owned, those retired included */
    FreeBlock *waiting[BLOCK_CLASSES];
    Holder holders; /* head of a ring */
    enum policy policy;
    size_t limit;          /* bytes, 0 for none */
    size_t first;          /* bytes of the first chunk that growing makes */
    size_t capacity;       /* bytes, without retired chunks */
    size_t carved;         /* bytes in blocks, likewise */
    size_t peak;           /* high-water mark of that */
    size_t live;           /* blocks in use, likewise */
    size_t heap_fallbacks; /* requests left to the heap */
    size_t patience;       /* requests left to the heap before the next look for room */
    size_t refused;        /* bytes that the last request which failed asked for; 0 for none */
    size_t served;         /* bytes given out by the handler, ever */
    int busy;              /* in the middle of letting blocks go */
    int heap_allowed;           /* calls of C code whose scratch memory may come from the heap */
} Arena;

Arena *arena_new(size_t nbytes, enum policy policy, size_t limit, size_t first);
void arena_delete(Arena *arena);
int arena_in_use(const Arena *arena);
void arena_close(Arena *arena);
void *arena_take(Arena *arena, size_t nbytes);
int arena_give(Arena *arena, void *block);
int arena_has(const Arena *arena, const void *memory);
size_t arena_size(const Arena *arena, const void *block);
void *arena_resized(Arena *arena, void *block, size_t nbytes, int *ours);
void arena_let_go(Arena *arena, int all);
int arena_reset(Arena *arena);
size_t arena_chunks(const Arena *arena);
size_t arena_idle(const Arena *arena);
/* The granules of the block that serves a request, and its class: sixteen sizes to each power
 * of two, so that arrays of nearly the same size use each other's blocks while they are cached. */
size_t arena_class(size_t nbytes, int *class);
size_t arena_room_for(size_t nbytes);
void arena_hold(Arena *arena, Holder *holder);
void arena_unhold(Holder *holder);

#endif
