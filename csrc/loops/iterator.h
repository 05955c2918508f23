/* The iterators that loops go over, as far as a kernel can do it for them. */
#ifndef ALLOC_REWRITE_LOOPS_ITERATOR_H
#define ALLOC_REWRITE_LOOPS_ITERATOR_H

#include "loops/kernel.h"

/* What a loop goes over: the sequence of an iterator by index, or the iterator itself. Borrowed. */
PyObject *iterator_subject(PyObject *iterator);
/* Put an iterator's state into the frame; 0 if it is at its end, or of another kind. */
int iterator_read(PyObject *iterator, int64_t *frame);
/* Set it to where a kernel has left it. */
void iterator_write(PyObject *iterator, const int64_t *words);
/* Whether this interpreter's iterators are as this file takes them to be. */
int iterator_learn(void);

#endif
