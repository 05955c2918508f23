/* Short lists of pointers in which the one used last comes first: what inline caches keep. */
#ifndef ALLOC_REWRITE_RECENT_H
#define ALLOC_REWRITE_RECENT_H

#include "compat.h"

#include <string.h>

/* Put the entry at some place first. */
ALWAYS_INLINE void
recent_touch(void *list, int at)
{
    void **entries = list, *entry = entries[at];
    if (at) {
        memmove(entries + 1, entries, (size_t)at * sizeof(void *));
        entries[0] = entry;
    }
}

/* Add an entry in front; return the entry that this pushes out, or NULL. */
ALWAYS_INLINE void *
recent_add(void *list, int *n, int most, void *entry)
{
    void **entries = list, *last = *n == most ? entries[--*n] : NULL;
    memmove(entries + 1, entries, (size_t)*n * sizeof(void *));
    entries[0] = entry;
    ++*n;
    return last;
}

#endif
