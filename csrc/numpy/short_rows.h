/* Sums of short rows, for each of which NumPy's loop would be called: that takes longer. */
#ifndef ALLOC_REWRITE_NUMPY_SHORT_ROWS_H
#define ALLOC_REWRITE_NUMPY_SHORT_ROWS_H

#include "numpy/loop.h"

#define SHORT_ROW 8 /* items; from there on NumPy adds them up in another order */

/* Write the sums of rows that follow one another in memory. */
typedef void (*RowSums)(void *sums, const void *items, npy_intp rows, npy_intp length,
                        const void *initial);

/* The function for rows of fewer than SHORT_ROW items of a type, or NULL: also if a trial shows
 * that NumPy's loop gives other bits. */
RowSums row_sums(int type_num, const CallInfo *call, const void *initial);

#endif
