/* Ufuncs of our own, for functions of NumPy that take several operations for what one loop does. */
#ifndef ALLOC_REWRITE_UFUNCS_OWN_H
#define ALLOC_REWRITE_UFUNCS_OWN_H

#include "state.h"

/* Add them to the module, as a dictionary by their names; -1 with an exception. */
int own_add(PyObject *module);

#endif
