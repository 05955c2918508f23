/* Items of an array by an array of indices or a mask, which a region reads before it computes. */
#ifndef ALLOC_REWRITE_REGIONS_GATHERS_H
#define ALLOC_REWRITE_REGIONS_GATHERS_H

#include "sites/site.h"

/* `array[index]` in memory of the site's arena; NULL without an exception if NumPy has to do it, or
 * has something to say. */
PyObject *gather(const Site *site, PyArrayObject *array, PyArrayObject *index);

#endif
