#include "threads.h"

#if defined(HAVE_PTHREAD_SIGMASK) && !defined(_WIN32)
#include <signal.h>
#define HAS_SIGNAL_MASK 1
#else
#define HAS_SIGNAL_MASK 0
#endif
#ifdef _WIN32
#define PROCESS 0 /* there is no fork */
#else
#include <unistd.h>
#define PROCESS ((long)getpid())
#endif

typedef struct {
    PyThread_type_lock start; /* held until there is something to do */
    PyThread_type_lock done;  /* held until that is done */
    Pool *pool;               /* borrowed */
    int part;
} Helper;

struct Pool {
    int references;
    long process; /* that made it */
    PyThread_type_lock in_use, common;
    int threads; /* with that of the caller */
    int ending;
    Part function;
    void *task;
    Helper helpers[MOST_THREADS]; /* the first is the caller, and not used */
};

static void
help(void *argument)
{
    Helper *self = argument;
    Pool *pool = self->pool;
#if HAS_SIGNAL_MASK
    sigset_t all; /* signals are for Python's threads */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
#endif
    for (;;) {
        PyThread_acquire_lock(self->start, WAIT_LOCK);
        if (pool->ending) {
            break;
        }
        pool->function(pool->task, self->part, pool->threads);
        PyThread_release_lock(self->done);
    }
    PyThread_release_lock(self->done); /* the pool is not touched from here on */
}

static PyThread_type_lock
held_lock(void)
{
    PyThread_type_lock lock = PyThread_allocate_lock();
    if (lock != NULL) {
        PyThread_acquire_lock(lock, WAIT_LOCK);
    }
    return lock;
}

static void
free_lock(PyThread_type_lock lock, int is_held)
{
    if (lock != NULL) {
        if (is_held) {
            PyThread_release_lock(lock);
        }
        PyThread_free_lock(lock);
    }
}

/* Start one more thread; 0 if that cannot be done. */
static int
add_helper(Pool *pool)
{
    Helper *helper = &pool->helpers[pool->threads];
    helper->pool = pool;
    helper->part = pool->threads;
    helper->start = held_lock();
    helper->done = held_lock();
    if (helper->start == NULL || helper->done == NULL ||
        PyThread_start_new_thread(help, helper) == PYTHREAD_INVALID_THREAD_ID) {
        free_lock(helper->start, 1);
        free_lock(helper->done, 1);
        return 0;
    }
    pool->threads++;
    return 1;
}

Pool *
pool_new(int threads)
{
    Pool *pool = PyMem_RawCalloc(1, sizeof(Pool));
    if (pool == NULL) {
        return NULL;
    }
    pool->references = 1;
    pool->process = PROCESS;
    pool->threads = 1;
    pool->in_use = PyThread_allocate_lock();
    pool->common = PyThread_allocate_lock();
    if (pool->in_use == NULL || pool->common == NULL) {
        free_lock(pool->in_use, 0);
        free_lock(pool->common, 0);
        PyMem_RawFree(pool);
        return NULL;
    }
    while (pool->threads < threads && add_helper(pool)) {
    }
    return pool;
}

int
pool_is_alive(const Pool *pool)
{
    return pool->process == PROCESS;
}

Pool *
pool_hold(Pool *pool)
{
    pool->references++;
    return pool;
}

void
pool_release(Pool *pool)
{
    if (--pool->references) {
        return;
    }
    if (pool_is_alive(pool)) { /* elsewhere, locks may be held by threads that are no more */
        pool->ending = 1;
        for (int i = 1; i < pool->threads; i++) {
            Helper *helper = &pool->helpers[i];
            PyThread_release_lock(helper->start);
            PyThread_acquire_lock(helper->done, WAIT_LOCK);
            free_lock(helper->start, 0);
            free_lock(helper->done, 1);
        }
        free_lock(pool->in_use, 0);
        free_lock(pool->common, 0);
    }
    PyMem_RawFree(pool);
}

int
pool_threads(const Pool *pool)
{
    return pool->threads;
}

void
pool_run(Pool *pool, Part part, void *task)
{
    if (!PyThread_acquire_lock(pool->in_use, NOWAIT_LOCK)) {
        part(task, 0, 1);
        return;
    }
    pool->function = part;
    pool->task = task;
    for (int i = 1; i < pool->threads; i++) {
        PyThread_release_lock(pool->helpers[i].start);
    }
    part(task, 0, pool->threads);
    for (int i = 1; i < pool->threads; i++) {
        PyThread_acquire_lock(pool->helpers[i].done, WAIT_LOCK);
    }
    PyThread_release_lock(pool->in_use);
}

void
pool_lock(Pool *pool)
{
    PyThread_acquire_lock(pool->common, WAIT_LOCK);
}

void
pool_unlock(Pool *pool)
{
    PyThread_release_lock(pool->common);
}
