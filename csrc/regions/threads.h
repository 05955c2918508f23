/* Threads that share a task: those that `set_num_threads` counts. */
#ifndef ALLOC_REWRITE_REGIONS_THREADS_H
#define ALLOC_REWRITE_REGIONS_THREADS_H

#include <Python.h>

#define MOST_THREADS 256

typedef struct Pool Pool;
/* One part of a task, out of `parts`; it runs without the GIL, and cannot fail. `room` is memory of
 * its own, on a cache line; NULL for the first part, which is the caller's. */
typedef void (*Part)(void *task, int part, int parts, char *room);

/* A pool of that many threads, the caller's own among them, or as many as can be started. NULL
 * without an exception if there is no memory. */
Pool *pool_new(int threads);
/* Whether the pool was made by this process, and not by one that it was forked from, where its
 * threads have stayed. */
int pool_is_alive(const Pool *pool);
/* How many threads it has, with that of the caller. */
int pool_threads(const Pool *pool);
/* Called with the GIL held; with the last holder, the threads end. */
Pool *pool_hold(Pool *pool);
void pool_release(Pool *pool);
/* Do all parts of a task, one of them in this thread; each of the others has so many bytes of
 * room. If the other threads are busy with another task, have stayed in another process, or there
 * is no memory, this thread does it alone, as one part. */
void pool_run(Pool *pool, Part part, void *task, size_t room);
/* For what several parts have in common. */
void pool_lock(Pool *pool);
void pool_unlock(Pool *pool);

#endif
