/* Running a kernel, and taking back what it should not have done. */
#ifndef ALLOC_REWRITE_LOOPS_ATTEMPT_H
#define ALLOC_REWRITE_LOOPS_ATTEMPT_H

#include "loops/kernel.h"

/* What a kernel has done. */
typedef struct {
    int64_t worth;      /* nanoseconds that the original code would have taken, as estimated */
    int64_t iterations; /* with the visit of the loop's head that ended it */
} Done;

/* The locals after a kernel, whose iterator is then where it would be, in a tuple; NULL without an
 * exception if the original code has to go on, and `declined` says why. */
PyObject *attempt(const LoopKernel *kernel, const Site *site, PyObject *const *args,
                  const char **declined, Done *done);

/* What that costs, in nanoseconds: at all, and for each value that goes in, or is looked at. */
#define PRICE 120
#define PRICE_INPUT 8
#define PRICE_NAME 12

#endif
