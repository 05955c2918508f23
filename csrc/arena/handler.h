/* Which memory handler of NumPy is in force, and putting another one in its place for a while.
 *
 * NumPy keeps its handler in a context variable. Setting one makes a new mapping for the context
 * and a token, twice for a call: more than many calls take. But NumPy looks the variable up through
 * a cache that the interpreter keeps in it: the value found last, in which thread, and in which
 * state of its context. A handler is put into this cache. The context never holds it, so that
 * nothing can take it along: no generator, no task and no copy of the context.
 *
 * A look from another thread, or a change of contexts, invalidates the cache in between: memory
 * then comes from the handler that the context has. After that, stretches set the handler in the
 * context for a while.
 */
#ifndef ALLOC_REWRITE_ARENA_HANDLER_H
#define ALLOC_REWRITE_ARENA_HANDLER_H

#include "state.h"

#define DISTRUSTED 1000 /* stretches that set the handler after one was cut short */

/* A stretch of C code with a handler in the place of the context's. */
typedef struct {
    HandlerVariable *variable; /* borrowed, or NULL if its cache can't be used */
    PyObject *former;          /* owned: the context's */
    PyObject *ours;            /* owned, as the cache only borrows it */
    PyObject *outer;           /* borrowed, or NULL: what a stretch around this one put there */
} Stretch;

/* Set a handler in the context; return the former one. */
PyObject *handler_set(PyObject *handler);
/* Put a handler in force, -1 with an exception; at the end, put back what was in force before, even
 * if the code in between has set another. In one thread, stretches end in the reverse order. */
int handler_begin(Stretch *stretch, State *state, PyObject *handler);
void handler_end(Stretch *stretch, State *state);
/* Find NumPy's variable and try its cache, by means of a handler. Return whether it works; if not,
 * or without a handler, stretches set the variable. -1 with an exception. */
int handler_learn(State *state, PyObject *handler);

#endif
