#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* for madvise, mincore and what they take, which C11 alone hides */
#endif
#include "arena/pages.h"

#include "arena/system.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#if !defined(MADV_HUGEPAGE) || !defined(MADV_DONTNEED) || !defined(MAP_ANONYMOUS)
#error "the headers hide MADV_HUGEPAGE, MADV_DONTNEED or MAP_ANONYMOUS: define _GNU_SOURCE first"
#endif
#endif

#define BOUNDARY ((size_t)64) /* that memory begins on: the widest vector register */
#define SAMPLES ((size_t)4) /* pages that tell how much of such memory is resident */

static char *
pages_up(char *address, size_t boundary)
{
    return (char *)(((uintptr_t)address + boundary - 1) / boundary * boundary);
}

/* Memory of the C library. */
static int
pages_from_library(Pages *pages, size_t nbytes)
{
    size_t boundary = nbytes < pages->page ? BOUNDARY : pages->page;
    if (nbytes > SIZE_MAX - boundary) {
        return -1;
    }
    pages->allocated = calloc(nbytes + boundary, 1);
    if (pages->allocated == NULL) {
        return -1;
    }
    pages->memory = pages_up(pages->allocated, boundary);
    pages->nbytes = nbytes;
    return 0;
}

#if defined(__linux__)

#define MAPPED ((size_t)64 << 10) /* bytes from which memory is asked of the system itself */

int
pages_new(Pages *pages, size_t nbytes, int huge)
{
    memset(pages, 0, sizeof(*pages));
    size_t page = pages->page = system_page();
    if (nbytes < MAPPED) {
        return pages_from_library(pages, nbytes);
    }
    if (nbytes > SIZE_MAX - HUGE_PAGE - page) {
        return -1;
    }
    int large = nbytes >= LARGE_MEMORY;
    size_t size = (nbytes + page - 1) / page * page, all = large ? size + HUGE_PAGE : size;
    char *start = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) {
        return -1;
    }
    char *memory = large ? pages_up(start, HUGE_PAGE) : start;
    if (memory > start) {
        (void)munmap(start, (size_t)(memory - start));
    }
    if (start + all > memory + size) {
        (void)munmap(memory + size, (size_t)(start + all - memory - size));
    }
    if (large && huge) {
        (void)madvise(memory, size, MADV_HUGEPAGE); /* advice: it may be declined */
    }
    pages->memory = memory;
    pages->nbytes = size;
    pages->may_return = 1;
    return 0;
}

void
pages_delete(Pages *pages)
{
    if (pages->may_return) {
        (void)munmap(pages->memory, pages->nbytes);
    }
    else {
        free(pages->allocated);
    }
}

static char *
pages_down(char *address, size_t boundary)
{
    return (char *)((uintptr_t)address / boundary * boundary);
}

int
pages_give_back(const Pages *pages, char *begin, char *end)
{
    begin = pages_up(begin, pages->page);
    end = pages_down(end, pages->page);
    return pages->may_return && begin < end &&
           madvise(begin, (size_t)(end - begin), MADV_DONTNEED) == 0;
}

/* Whether most of some pages that lie evenly in large memory are resident. */
static int
pages_is_mostly_resident(const Pages *pages, char *begin, size_t nbytes)
{
    size_t resident = 0, step = nbytes / SAMPLES;
    for (size_t i = 0; i < SAMPLES; i++) {
        unsigned char state = 1;
        (void)mincore(pages_down(begin + i * step + step / 2, pages->page), pages->page, &state);
        resident += state & 1;
    }
    return 2 * resident > SAMPLES;
}

void
pages_clear(const Pages *pages, char *begin, size_t nbytes)
{
    char *end = begin + nbytes;
    if (nbytes >= MAPPED_EACH_TIME && !pages_is_mostly_resident(pages, begin, nbytes) &&
        pages_give_back(pages, begin, end)) {
        char *first = pages_up(begin, pages->page), *last = pages_down(end, pages->page);
        memset(begin, 0, (size_t)(first - begin));
        memset(last, 0, (size_t)(end - last));
    }
    else {
        memset(begin, 0, nbytes);
    }
}

#else

int
pages_new(Pages *pages, size_t nbytes, int huge)
{
    (void)huge;
    memset(pages, 0, sizeof(*pages));
    pages->page = system_page();
    return pages_from_library(pages, nbytes);
}

void
pages_delete(Pages *pages)
{
    free(pages->allocated);
}

int
pages_give_back(const Pages *pages, char *begin, char *end)
{
    (void)pages;
    (void)begin;
    (void)end;
    return 0;
}

void
pages_clear(const Pages *pages, char *begin, size_t nbytes)
{
    (void)pages;
    memset(begin, 0, nbytes);
}

#endif
