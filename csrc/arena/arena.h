/* The memory of a buffer: chunks, the blocks carved from them, and who asks for what.
 *
 * Knows nothing of arrays. All functions want the GIL.
 */
#ifndef ALLOC_REWRITE_ARENA_ARENA_H
#define ALLOC_REWRITE_ARENA_ARENA_H

#include "arena/chunk.h"
#include "arena/waiting.h"

#define PERIOD 512        /* requests between two reviews of what is kept */

enum policy { FULL_RAISE, FULL_GROW, FULL_HEAP };

/* Something that holds blocks it can do without; see `arena_on_pressure`. */
typedef struct Holder {
    struct Holder *next;
    struct Holder *previous;
    void (*let_go)(struct Holder *, int all); /* give back what is free, or all */
    size_t (*idle)(struct Holder *);          /* blocks that only it holds */
} Holder;

typedef struct {
    Chunk *chunks; /* owned, those retired included */
    Waiting waiting;
    Holder holders; /* head of a ring */
    enum policy policy;
    size_t limit;          /* bytes, 0 for none */
    size_t first;          /* bytes of the first chunk that growing makes */
    size_t capacity;       /* bytes, without retired chunks */
    size_t carved;         /* bytes in blocks, likewise */
    size_t peak;           /* high-water mark of that */
    size_t live;           /* blocks in use, likewise */
    size_t in_use;         /* bytes of these */
    size_t most_in_use;    /* high-water mark of that in this period: see `arena_review` */
    size_t most_before;    /* and in the period before */
    unsigned int requests; /* left before the next review */
    unsigned int in_vain;  /* reviews in a row that gave back next to nothing */
    size_t heap_fallbacks; /* requests left to the heap */
    size_t patience;       /* requests left to the heap before the next look for room */
    size_t refused;        /* bytes that the last request which failed asked for; 0 for none */
    size_t served;         /* bytes given out by the handler, ever */
    int busy;              /* in the middle of letting blocks go */
    int heap_allowed;      /* calls of C code whose scratch memory may come from the heap */
    int huge;              /* whether large chunks may have huge pages */
} Arena;

Arena *arena_new(size_t nbytes, enum policy policy, size_t limit, size_t first, int huge);
void arena_delete(Arena *arena);
int arena_in_use(const Arena *arena);
void arena_close(Arena *arena);
void *arena_take(Arena *arena, size_t nbytes);
void *arena_take_zeroed(Arena *arena, size_t nbytes);
int arena_give(Arena *arena, void *block);
int arena_has(const Arena *arena, const void *memory);
size_t arena_size(const Arena *arena, const void *block);
void *arena_resized(Arena *arena, void *block, size_t nbytes, int *ours);
void arena_let_go(Arena *arena, int all);
void arena_join(Arena *arena);
void arena_forget(Arena *arena, Chunk *gone);
size_t arena_chunks(const Arena *arena);
size_t arena_idle(const Arena *arena);
/* Give back to the system what no block in use needs, but leave about `keep` bytes. Return the
 * bytes that blocks had and that went. */
size_t arena_trim(Arena *arena, size_t keep);
/* Give back what has long not been needed. Every so many requests make a period, and so does a
 * reset; what was never in use in this period and the one before is not needed. */
void arena_review(Arena *arena);
/* Empty the arena: chunks with blocks in use are retired, and new ones take their place. Return
 * -1, with nothing changed, if there is no memory for these. */
int arena_reset(Arena *arena);
void arena_hold(Arena *arena, Holder *holder);
void arena_unhold(Holder *holder);

/* Count a request. */
static inline void
arena_count(Arena *arena)
{
    if (--arena->requests == 0) {
        arena_review(arena);
    }
}

#endif
