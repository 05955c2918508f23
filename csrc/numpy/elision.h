/* Which dying operands NumPy writes an operator's result over. */
#ifndef ALLOC_REWRITE_NUMPY_ELISION_H
#define ALLOC_REWRITE_NUMPY_ELISION_H

#include "state.h"

#define LEAST_ELIDED (256 * 1024) /* bytes from which on NumPy does this: its NPY_MIN_ELIDE_BYTES */

enum elision { NONE, LEFT, EITHER, LEFT_IF_INEXACT };

/* Whether NumPy would write the result over this operand if it was dying; see `is_elided`. */
int elision_suits(const State *state, enum elision elision, PyObject *operand, PyObject *other);

/* Whether NumPy writes the result over this operand (its `can_elide_temp`): the result then has its
 * layout. `other` is NULL for unary operators. The count of references comes first, which says no
 * most often; what is on the stack comes last, which only some versions of Python have to ask. */
ALWAYS_INLINE int
is_elided(const State *state, enum elision elision, PyObject *operand, PyObject *other)
{
    return UNLIKELY(Py_REFCNT(operand) == 1) && elision_suits(state, elision, operand, other) &&
           is_temporary(operand);
}

#endif
