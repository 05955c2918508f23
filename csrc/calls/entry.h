/* Entries: what the site of a call remembers of a callable. */
#ifndef ALLOC_REWRITE_CALLS_ENTRY_H
#define ALLOC_REWRITE_CALLS_ENTRY_H

#include "calls/judge.h"
#include "calls/native.h"

/* One callable, of one of three kinds: an object (`callee`), a bound method (`kind`), or a Python
 * function or its method (`code`). */
typedef struct {
    PyObject *callee;    /* owned */
    PyObject *instead;   /* owned: what it is swapped for */
    PyTypeObject *kind;  /* owned: the type of the method's object */
    const void *method;  /* borrowed: the method's definition, or its function */
    PyObject *native;    /* owned: what it is swapped for, to be bound */
    PyObject *code;      /* owned: weak reference to the code of the function */
    PyObject *current;   /* owned, or NULL while it waits: the cell of its rewritten code */
    PyObject *function;  /* owned, or NULL: weak reference to the function */
    PyObject *instance;  /* owned, or NULL: its instance */
    PyObject *now;       /* owned, or NULL: the code of the instance */
    int keeps_instances; /* not where these would keep more alive */
    Judge *judge;        /* owned, or NULL once the function is kept, or isn't judged */
    unsigned int looked; /* calls of other code as it is */
} Entry;

/* What a call was for the site: something to swap, nothing to swap yet, or nothing at all. */
typedef enum { HIT, NEITHER, MISS } Outcome;

void entry_clear(Entry *entry);
/* Return what is called for the function of an entry, whether it is judged, kept or left as it is;
 * NULL without an exception if it has to be planned again, for which the entry is cleared. */
PyObject *entry_called(Entry *entry, Site *site, PyObject *callee, Outcome *outcome);

ALWAYS_INLINE int
entry_refers_to(PyObject *reference, PyObject *object)
{
    return reference != NULL && ((PyWeakReference *)reference)->wr_object == object;
}

#endif
