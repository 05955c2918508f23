/* Running a kernel, and taking back what it should not have done. */
#ifndef ALLOC_REWRITE_LOOPS_ATTEMPT_H
#define ALLOC_REWRITE_LOOPS_ATTEMPT_H

#include "loops/kernel.h"

/* The locals after a kernel, whose iterator is then where it would be, in a tuple; NULL without an
 * exception if the original code has to go on, and `declined` says why. `worth` is what the
 * original code of a whole function would have taken. */
PyObject *attempt(const LoopKernel *kernel, const Site *site, PyObject *const *args,
                  const char **declined, int64_t *worth);

/* What that costs, in nanoseconds: at all, and for each value that goes in, or is looked at. */
#define PRICE 120
#define PRICE_INPUT 8
#define PRICE_NAME 12

#endif
