/* The operators, and how the interpreter carries them out. */
#ifndef ALLOC_REWRITE_SITES_OPERATORS_H
#define ALLOC_REWRITE_SITES_OPERATORS_H

#include "numpy/elision.h"

enum form { UNARY, BINARY, COMPARE, IN_PLACE, POWER, IN_PLACE_POWER, UNPACK, SUBSCRIPT, SLICE };

/* An operator: its name as in module `operator`, and how the interpreter carries it out. */
typedef struct {
    const char *name;
    const char *ufunc;
    enum form form;
    unaryfunc unary;
    binaryfunc binary;
    int compare;
    enum elision elision;
} Operator;

/* The operator of that name, or NULL. */
const Operator *operation_named(const char *name);
/* The operator `a += b` for `a + b` and the like; NULL for others. */
const Operator *operation_in_place(const Operator *operator);
/* What the instruction would give. */
PyObject *operate(const Operator *operator, PyObject *const *operands);

#endif
