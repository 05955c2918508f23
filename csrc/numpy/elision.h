/* Which dying operands NumPy writes an operator's result over. */
#ifndef ALLOC_REWRITE_NUMPY_ELISION_H
#define ALLOC_REWRITE_NUMPY_ELISION_H

#include "state.h"

enum elision { NONE, LEFT, EITHER, LEFT_IF_INEXACT };

#define LEAST_ELIDED (256 * 1024) /* bytes from which NumPy does this */

/* Whether NumPy would write the result over this operand (its `can_elide_temp`): the result then
 * has its layout. Asked only about operands whose only holder is the frame's stack; `other` is
 * NULL for unary operators. */
int is_elided(enum elision elision, PyObject *operand, PyObject *other);

#endif
