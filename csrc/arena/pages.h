/* Memory from the system, in whole pages that are zero until they are written to.
 *
 * Knows nothing of what it is for. Nothing here touches a page: memory that is asked for and never
 * written to costs nothing.
 */
#ifndef ALLOC_REWRITE_PAGES_H
#define ALLOC_REWRITE_PAGES_H

#include <stddef.h>

#define HUGE_PAGE ((size_t)2 << 20)  /* bytes */
#define LARGE_MEMORY (2 * HUGE_PAGE) /* bytes from which NumPy asks for huge pages as well */
#define MAPPED_EACH_TIME ((size_t)32 << 20) /* bytes from which glibc maps every block afresh */

/* A piece of memory. */
typedef struct {
    char *memory;    /* owned: begins with a page, large memory with a huge page */
    void *allocated; /* owned: what the C library gave; NULL where the system gave whole pages */
    size_t nbytes;
    size_t page;     /* bytes of a page */
    int may_return;  /* whether its pages can be given back, and are zero afterwards */
} Pages;

/* Memory of that size, all zero; `huge` allows huge pages for large memory. -1 if there is none. */
int pages_new(Pages *pages, size_t nbytes, int huge);
void pages_delete(Pages *pages);
/* Give the whole pages between two addresses of the memory back to the system; they are zero then.
 * Return whether that was done. */
int pages_give_back(const Pages *pages, char *begin, char *end);
/* Make memory that was written to zero: cleared, or given back if it is large and most of it is not
 * resident. */
void pages_clear(const Pages *pages, char *begin, size_t nbytes);

#endif
