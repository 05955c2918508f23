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

/* What that costs, in nanoseconds: at all, more in the middle of a function, and for each value
 * that goes in, is given to the original code, or is looked at. */
#define PRICE 120
#define PRICE_LOOP 30
#define PRICE_LOCAL 12
#define PRICE_INPUT 8
#define PRICE_NAME 12

static inline int64_t
attempt_price(const LoopKernel *kernel, int is_whole)
{
    int64_t price = PRICE + kernel->n_inputs * PRICE_INPUT +
                    (kernel->n_guards + kernel->n_found) * PRICE_NAME;
    return is_whole ? price : price + PRICE_LOOP + kernel->n_stored * PRICE_LOCAL;
}

#endif
