/* Functions of Python's own modules that kernels call as they are. */
#ifndef ALLOC_REWRITE_LOOPS_ORIGINAL_H
#define ALLOC_REWRITE_LOOPS_ORIGINAL_H

#include "loops/kinds.h"

/* The address of what kernels call: (function, words). Zero, or one if the original code has to do
 * it. The words are the kind of the result, its two words, how many arguments there are, and the
 * kind and two words of each. */
PyObject *original_caller(void);

#endif
