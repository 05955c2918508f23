/* Items of an array by an array of indices or a mask, which a region reads before it computes. */
#ifndef ALLOC_REWRITE_REGIONS_GATHERS_H
#define ALLOC_REWRITE_REGIONS_GATHERS_H

#include "sites/site.h"

/* `array[index]` in memory of the site's arena; NULL without an exception if NumPy has to do it, or
 * has something to say. */
PyObject *gather(const Site *site, PyArrayObject *array, PyArrayObject *index);

/* An index array of the whole numbers in a list, in such memory; NULL likewise. */
PyObject *index_of_list(const Site *site, PyObject *list);
/* Whether a value, or NULL, is an array of whole numbers that stores may take for indices. */
int index_is_array(PyObject *value);
/* Whether all indices are of items that there are, of so many. */
int index_is_in_range(PyArrayObject *index, npy_intp length);

#endif
