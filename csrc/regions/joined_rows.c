#include "regions/joined_rows.h"

#include <string.h>

#define SHORT_ROW 48        /* items: of longer rows vectors leave little over */
#define MOST_REPEATED 4     /* operands that are the same for all rows */
#define REPEATED_BYTES 4096 /* of each of them, at a time */
#define LARGEST_ITEM 16     /* bytes of an item in machine code, at most */

npy_intp
joined_items(const Plan *plan, const int *operands, const npy_intp *strides, int n, npy_intp items)
{
    int n_repeated = 0;
    for (int i = 0; i < n; i++) {
        npy_intp size = plan->operands[operands[i]].itemsize, by = strides[2 * i],
                 by_row = strides[2 * i + 1];
        if (by == 0 && by_row == 0) {
            continue;
        }
        if (by != size || (by_row && by_row != items * size) || size > LARGEST_ITEM) {
            return -1;
        }
        n_repeated += by_row == 0;
    }
    return 0 < items && items <= SHORT_ROW && n_repeated <= MOST_REPEATED ? items : -1;
}

/* Repeat a row. */
static void
joined_repeat(char *to, const char *row, npy_intp bytes, npy_intp times)
{
    for (npy_intp r = 0; r < times; r++) {
        memcpy(to + r * bytes, row, (size_t)bytes);
    }
}

void
joined_run(Code code, char **data, const npy_intp *strides, int n, npy_intp items, npy_intp rows)
{
    char repeated[MOST_REPEATED][REPEATED_BYTES], *given[MOST_REPEATED] = {NULL};
    npy_intp most = REPEATED_BYTES / (items * LARGEST_ITEM);
    most = most < rows ? most : rows;
    for (int i = 0, k = 0; i < n; i++) {
        if (strides[2 * i] != 0 && strides[2 * i + 1] == 0) {
            joined_repeat(repeated[k], data[i], items * strides[2 * i], most);
            given[k] = data[i];
            data[i] = repeated[k++];
        }
    }
    while (rows > 0) {
        npy_intp some = most < rows ? most : rows;
        code(data, strides, items * some, 1);
        for (int i = 0; i < n; i++) {
            data[i] += some * strides[2 * i + 1];
        }
        rows -= some;
    }
    for (int i = 0, k = 0; i < n; i++) {
        if (strides[2 * i] != 0 && strides[2 * i + 1] == 0) {
            data[i] = given[k++];
        }
    }
}
