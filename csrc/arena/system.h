/* What the system says of the machine's memory: sizes that differ between processors. */
#ifndef ALLOC_REWRITE_ARENA_SYSTEM_H
#define ALLOC_REWRITE_ARENA_SYSTEM_H

#include <stddef.h>

/* The bytes of a page. */
size_t system_page(void);
/* The bytes of a line of the cache. */
size_t system_cache_line(void);

#endif
