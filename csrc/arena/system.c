#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* for the names of what sysconf says, which C11 alone hides */
#endif
#include "arena/system.h"

#ifndef _WIN32
#include <unistd.h>
#endif
#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

#define USUAL_PAGE 4096 /* bytes */
#define USUAL_CACHE_LINE 64

size_t
system_page(void)
{
#ifdef _SC_PAGESIZE
    long found = sysconf(_SC_PAGESIZE);
    if (found > 0) {
        return (size_t)found;
    }
#endif
    return USUAL_PAGE;
}

size_t
system_cache_line(void)
{
#if defined(__APPLE__)
    size_t found = 0, size = sizeof(found);
    if (sysctlbyname("hw.cachelinesize", &found, &size, NULL, 0) == 0 && found > 0) {
        return found;
    }
#elif defined(_SC_LEVEL1_DCACHE_LINESIZE)
    long found = sysconf(_SC_LEVEL1_DCACHE_LINESIZE);
    if (found > 0) { /* some kernels and libraries don't know */
        return (size_t)found;
    }
#endif
    return USUAL_CACHE_LINE;
}
