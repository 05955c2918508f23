/* What a kernel leaves: locals, as Python's objects. */
#ifndef ALLOC_REWRITE_LOOPS_RESULTS_H
#define ALLOC_REWRITE_LOOPS_RESULTS_H

#include "loops/kernel.h"

/* The locals after one of the exits, in a tuple; NULL without an exception if one can't be made.
 * Arrays that the kernel made become arrays of the site's arena. */
PyObject *results_locals(const LoopKernel *kernel, const Site *site, int64_t exit,
                         const int64_t *frame, const int64_t *words, PyObject *const *args);

#endif
