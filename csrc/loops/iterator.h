/* The iterators that loops go over, as far as a kernel can do it for them. */
#ifndef ALLOC_REWRITE_LOOPS_ITERATOR_H
#define ALLOC_REWRITE_LOOPS_ITERATOR_H

#include "loops/kinds.h"

/* Whether an iterator is of a kind, and not at its end. */
int iterator_fits(Kinds *kind, PyObject *iterator);
/* Put its state into the frame. */
void iterator_fill(Kinds *kind, PyObject *iterator, int64_t **at);
/* Set it to where a kernel has left it. */
void iterator_write(Kinds *kind, PyObject *iterator, const int64_t **words);
/* Whether this interpreter's iterators are as this file takes them to be. */
int iterator_learn(void);

#endif
