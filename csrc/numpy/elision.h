/* Which dying operands NumPy writes an operator's result over. */
#ifndef ALLOC_REWRITE_NUMPY_ELISION_H
#define ALLOC_REWRITE_NUMPY_ELISION_H

#include "state.h"

enum elision { NONE, LEFT, EITHER, LEFT_IF_INEXACT };

/* Bytes from which on NumPy does this here. It goes by who calls its operators, and may never do
 * so: in some builds of the interpreter, and where the C library can't tell. */
extern npy_intp least_elided;

/* Learn whether NumPy does this in this process. */
void elision_learn(int happens);

/* Whether NumPy would write the result over this operand (its `can_elide_temp`): the result then
 * has its layout. Asked only about operands that nobody but the frame's stack holds; `other` is
 * NULL for unary operators. */
int is_elided(enum elision elision, PyObject *operand, PyObject *other);

#endif
