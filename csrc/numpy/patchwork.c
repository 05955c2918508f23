#include "numpy/patchwork.h"

#include <string.h>

#define FEW 8 /* items that are copied one by one */

/* Where the loop has come to: along each axis, the item and the patch that it is in. */
typedef struct {
    npy_intp at[MOST_PATCHED_AXES];
    const Patch *in[MOST_PATCHED_AXES];
} Cursor;

static void
patchwork_begin(const Patchwork *made, npy_intp position, Cursor *cursor)
{
    for (int i = made->nd - 1; i >= 0; i--) {
        npy_intp at = position;
        if (i) {
            position = at / made->dims[i];
            at -= position * made->dims[i];
        }
        cursor->at[i] = at;
        cursor->in[i] = made->patches[i];
        while (at >= cursor->in[i]->high) {
            cursor->in[i]++;
        }
    }
}

/* Go on to the next row of the last axis. */
ALWAYS_INLINE void
patchwork_next_row(const Patchwork *made, Cursor *cursor)
{
    int i = made->nd - 1;
    cursor->at[i] = 0;
    cursor->in[i] = made->patches[i];
    while (i-- > 0) {
        if (++cursor->at[i] < cursor->in[i]->high) {
            return;
        }
        if (cursor->at[i] < made->dims[i]) {
            cursor->in[i]++;
            return;
        }
        cursor->at[i] = 0;
        cursor->in[i] = made->patches[i];
    }
}

/* Where the item comes from that the cursor is at, and how far it is to the next one's. */
ALWAYS_INLINE const char *
patchwork_item(const Patchwork *made, char *const *operands, const Cursor *cursor, npy_intp *by)
{
    int from = 0, last = made->nd - 1;
    for (int i = 0; i <= last; i++) {
        from = cursor->in[i]->from > from ? cursor->in[i]->from : from;
    }
    const npy_intp *strides = made->strides[from];
    const char *item = operands[from];
    for (int i = 0; i <= last; i++) {
        const Patch *patch = cursor->in[i];
        item += (patch->start + (cursor->at[i] - patch->low) * patch->step) * strides[i];
    }
    *by = cursor->in[last]->step * strides[last];
    return item;
}

ALWAYS_INLINE void
patchwork_copy(const char *from, npy_intp by, char *to, npy_intp to_next, npy_intp n,
               npy_intp size)
{
    if (n > FEW && by == size && to_next == size) {
        memcpy(to, from, (size_t)(n * size));
        return;
    }
    for (npy_intp i = 0; i < n; i++) {
        memcpy(to + i * to_next, from + i * by, (size_t)size);
    }
}

/* Make items one after the other, from a position on. */
ALWAYS_INLINE void
patchwork_make(const Patchwork *made, char *const *operands, npy_intp position, char *to,
               npy_intp to_next, npy_intp n, npy_intp size)
{
    int last = made->nd - 1;
    Cursor cursor;
    patchwork_begin(made, position, &cursor);
    for (;;) {
        npy_intp by, run = cursor.in[last]->high - cursor.at[last];
        const char *from = patchwork_item(made, operands, &cursor, &by);
        run = run < n ? run : n;
        patchwork_copy(from, by, to, to_next, run, size);
        n -= run;
        if (n == 0) {
            return;
        }
        to += run * to_next;
        cursor.at[last] += run;
        if (cursor.at[last] < made->dims[last]) {
            cursor.in[last]++;
        }
        else {
            patchwork_next_row(made, &cursor);
        }
    }
}

int
patchwork_loop(PyArrayMethod_Context *Py_UNUSED(context), char *const *data, const npy_intp *dims,
               const npy_intp *strides, NpyAuxData *auxdata)
{
    const Patchwork *made = (const Patchwork *)auxdata;
    npy_intp n = dims[0], position = data[0] - PATCHWORK_ORIGIN, by = strides[0];
    npy_intp to_next = strides[made->n_operands + 1];
    char *to = data[made->n_operands + 1];
    if (by != 1) { /* in another order than that of the positions */
        for (npy_intp i = 0; i < n; i++) {
            patchwork_make(made, data + 1, position + i * by, to + i * to_next, to_next, 1,
                           made->itemsize);
        }
    }
    else if (n > 0 && made->itemsize == 8) {
        patchwork_make(made, data + 1, position, to, to_next, n, 8);
    }
    else if (n > 0) {
        patchwork_make(made, data + 1, position, to, to_next, n, made->itemsize);
    }
    return 0;
}
