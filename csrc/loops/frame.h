/* What a kernel works with: the words of its frame, and the functions that it calls. */
#ifndef ALLOC_REWRITE_LOOPS_FRAME_H
#define ALLOC_REWRITE_LOOPS_FRAME_H

#include "loops/kernel.h"

/* Put everything that a kernel needs into its frame; 0 if there is no memory. */
int frame_begin(State *state, const LoopKernel *kernel, PyObject *const *args, int64_t *frame);

#endif
