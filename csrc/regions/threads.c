#include "regions/threads.h"

#include "arena/system.h"

#include <fenv.h>

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
    size_t line;  /* bytes of a cache line */
    char *memory; /* owned: its room, and what it takes to begin on a cache line */
    size_t size;
} Helper;

struct Pool {
    int references;
    long process; /* that made it */
    PyThread_type_lock in_use, common;
    int threads; /* with that of the caller */
    int ending;
    Part function;
    void *task;
    fenv_t environment; /* of floating point, as the caller has it */
    Helper helpers[MOST_THREADS]; /* the first is the caller, and not used */
};

static char *
threads_room_of(const Helper *helper)
{
    size_t line = helper->line;
    return helper->memory + (line - (uintptr_t)helper->memory % line) % line;
}

static void
threads_help(void *argument)
{
    Helper *self = argument;
    Pool *pool = self->pool;
#if HAS_SIGNAL_MASK
    sigset_t all; /* signals are for Python's threads */
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
    sigfillset(&all);
    for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++) {
        sigdelset(&all, crashes[i]);
    }
    pthread_sigmask(SIG_SETMASK, &all, NULL);
#endif
    for (;;) {
        PyThread_acquire_lock(self->start, WAIT_LOCK);
        if (pool->ending) {
            break;
        }
        fesetenv(&pool->environment);
        pool->function(pool->task, self->part, pool->threads, threads_room_of(self));
        PyThread_release_lock(self->done);
    }
    PyThread_release_lock(self->done); /* the pool is not touched from here on */
}

static PyThread_type_lock
threads_held_lock(void)
{
    PyThread_type_lock lock = PyThread_allocate_lock();
    if (lock != NULL) {
        PyThread_acquire_lock(lock, WAIT_LOCK);
    }
    return lock;
}

static void
threads_free_lock(PyThread_type_lock lock, int is_held)
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
threads_add_helper(Pool *pool)
{
    Helper *helper = &pool->helpers[pool->threads];
    helper->pool = pool;
    helper->part = pool->threads;
    helper->line = system_cache_line();
    helper->start = threads_held_lock();
    helper->done = threads_held_lock();
    if (helper->start == NULL || helper->done == NULL ||
        PyThread_start_new_thread(threads_help, helper) == PYTHREAD_INVALID_THREAD_ID) {
        threads_free_lock(helper->start, 1);
        threads_free_lock(helper->done, 1);
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
        threads_free_lock(pool->in_use, 0);
        threads_free_lock(pool->common, 0);
        PyMem_RawFree(pool);
        return NULL;
    }
    while (pool->threads < threads && threads_add_helper(pool)) {
    }
    return pool;
}

int
pool_is_alive(const Pool *pool)
{
    return pool->process == PROCESS;
}

int
pool_threads(const Pool *pool)
{
    return pool->threads;
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
    if (pool_is_alive(pool)) { /* a child's locks may be held by threads that it does not have */
        pool->ending = 1;
        for (int i = 1; i < pool->threads; i++) {
            Helper *helper = &pool->helpers[i];
            PyThread_release_lock(helper->start);
            PyThread_acquire_lock(helper->done, WAIT_LOCK);
            threads_free_lock(helper->start, 0);
            threads_free_lock(helper->done, 1);
        }
        threads_free_lock(pool->in_use, 0);
        threads_free_lock(pool->common, 0);
    }
    for (int i = 1; i < pool->threads; i++) {
        PyMem_RawFree(pool->helpers[i].memory);
    }
    PyMem_RawFree(pool);
}

/* Let each helper have room; 0 if there is no memory. */
static int
threads_make_room(Pool *pool, size_t room)
{
    for (int i = 1; i < pool->threads; i++) {
        Helper *helper = &pool->helpers[i];
        size_t need = (room + 2 * helper->line - 1) / helper->line * helper->line;
        if (helper->size < need) { /* whole lines, which no other thread writes to */
            PyMem_RawFree(helper->memory);
            helper->memory = PyMem_RawMalloc(need);
            helper->size = helper->memory == NULL ? 0 : need;
            if (helper->memory == NULL) {
                return 0;
            }
        }
    }
    return 1;
}

void
pool_run(Pool *pool, Part part, void *task, size_t room)
{
    if (!pool_is_alive(pool) || !PyThread_acquire_lock(pool->in_use, NOWAIT_LOCK)) {
        part(task, 0, 1, NULL);
        return;
    }
    if (!threads_make_room(pool, room)) {
        PyThread_release_lock(pool->in_use);
        part(task, 0, 1, NULL);
        return;
    }
    pool->function = part;
    pool->task = task;
    fegetenv(&pool->environment);
    for (int i = 1; i < pool->threads; i++) {
        PyThread_release_lock(pool->helpers[i].start);
    }
    part(task, 0, pool->threads, NULL);
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
