/* Reading what Python returns: records, which are named tuples there. */
#ifndef ALLOC_REWRITE_NUMPY_RECORD_H
#define ALLOC_REWRITE_NUMPY_RECORD_H

#include "state.h"

/* One field: where to put it, as an object that the record holds, or as a truth. */
typedef struct {
    const char *name;
    PyObject **object; /* gets a borrowed reference */
    int *truth;
} Field;

/* Read fields, the last of which has no name; -1 with an exception. */
int record_read(PyObject *record, const Field *fields);

#endif
