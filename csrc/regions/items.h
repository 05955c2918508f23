/* Items of arrays and containers, as values that are there before anything is computed. */
#ifndef ALLOC_REWRITE_REGIONS_ITEMS_H
#define ALLOC_REWRITE_REGIONS_ITEMS_H

#include "numpy/views.h"
#include "regions/inference.h"

/* Find what an index or unpacking takes; 0 if the original code has to do it. Views stay without a
 * value. */
int item_indexed(const Site *site, const Program *program, Values *values, int number);
/* The extent of a view that is made of an array by nodes alone; 0 if it is none. */
int item_extent(const Program *program, const Values *values, int node, Extent *extent);
/* The shape of an array that is there or will be computed, with an extent that is only good for
 * that; 0 if that isn't known yet. */
int item_shape(const Program *program, const Values *values, int node, Extent *extent);
/* A view that is made of an array by nodes alone, as an array; NULL if it is none. */
PyObject *item_view(const Program *program, const Values *values, int node);
/* A fact of a view: its shape and the like. */
PyObject *item_view_fact(const Extent *extent, PyObject *name);

#endif
