/* Machine code over short rows that follow each other without gaps, as over one long row: vectors
 * would not fit them. What is the same for all rows is repeated.
 */
#ifndef ALLOC_REWRITE_REGIONS_JOINED_ROWS_H
#define ALLOC_REWRITE_REGIONS_JOINED_ROWS_H

#include "regions/machine_code.h"
#include "regions/plan.h"

/* The items of a row, if rows of so many are short and can be joined; -1 otherwise. `strides` has
 * two for each of the operands: see `Code`. */
npy_intp joined_items(const Plan *plan, const int *operands, const npy_intp *strides, int n,
                      npy_intp items);

/* Run code for rows that can be joined; what `data` points to changes. */
void joined_run(Code code, char **data, const npy_intp *strides, int n, npy_intp items,
                npy_intp rows);

#endif
