/* Lending: functions of the user's that other code gets as arguments, and calls.
 *
 * Other code sees the function itself. For as long as the call lasts in this thread, the function
 * runs its rewritten code, whoever calls it; at any other time it runs its own. Once it is called
 * often, the same is done to the functions of other code that call it.
 */
#ifndef ALLOC_REWRITE_CALLS_LENDING_H
#define ALLOC_REWRITE_CALLS_LENDING_H

#include "sites/site.h"

/* For whom functions are lent in this thread. */
typedef struct {
    Site *site;        /* owned, as calls may end in another order; NULL outside such calls */
    const void *sites; /* borrowed: who rewrites for it; to be compared only */
    unsigned int used; /* calls of lent functions */
} Extent;

/* Begin a call of other code with these arguments: lend the functions among them. Returns how many
 * there are, or -1. `outer` is for `lending_end`. */
int lending_begin(Extent *outer, Site *site, PyObject *const *args, Py_ssize_t n);
/* End it; whether a lent function was called. */
int lending_end(const Extent *outer);
/* Begin a stretch in which lent functions run as they are. */
void lending_pause(Extent *outer);
void lease_clear(Lease *lease);

#endif
