#include "numpy/iteration.h"

#include <stdlib.h>

typedef npy_intp Strides[MAX_AXES];

/* Broadcast the shapes; 0 if they do not fit, or the result would have more bytes than there are
 * numbers for: NumPy says so. */
static int
iteration_broadcast(int n, const Iterated *operands, npy_intp itemsize, Layout *layout)
{
    layout->nd = 0;
    for (int i = 0; i < n; i++) {
        const Extent *extent = operands[i].extent;
        if (extent != NULL && extent->nd > layout->nd) {
            layout->nd = extent->nd;
        }
    }
    layout->size = 1;
    npy_intp most = NPY_MAX_INTP / (itemsize ? itemsize : 1);
    for (int axis = 0; axis < layout->nd; axis++) {
        npy_intp length = 1;
        for (int i = 0; i < n; i++) {
            const Extent *extent = operands[i].extent;
            int own = extent == NULL ? -1 : axis - layout->nd + extent->nd;
            npy_intp here = own < 0 ? 1 : extent->dims[own];
            if (here != 1) {
                if (length != 1 && length != here) {
                    return 0;
                }
                length = here;
            }
        }
        layout->dims[axis] = length;
        if (length == 0 || layout->size > most / length) {
            return 0;
        }
        layout->size *= length;
    }
    return 1;
}

/* An operand's strides over the broadcast axes: 0 where an axis is new or of length one. */
static int
iteration_strides_over(const Extent *extent, const Layout *layout, Strides strides)
{
    int new = layout->nd - (extent == NULL ? 0 : extent->nd), negative = 0;
    for (int axis = 0; axis < layout->nd; axis++) {
        strides[axis] = 0;
        if (axis >= new && extent->dims[axis - new] != 1) {
            strides[axis] = extent->strides[axis - new];
            negative |= strides[axis] < 0;
        }
    }
    return negative;
}

/* Whether an operand agrees with C order: strides shrink inwards, axes of length one left out. */
static int
iteration_descends(const Strides strides, const Layout *layout)
{
    npy_intp outer = 0;
    for (int axis = 0; axis < layout->nd; axis++) {
        npy_intp stride = Py_ABS(strides[axis]);
        if (stride && layout->dims[axis] != 1) {
            if (outer && stride > outer) {
                return 0;
            }
            outer = stride;
        }
    }
    return 1;
}

/* Whether an axis goes inside another: 1, 0, or -1 if no operand tells; in a conflict, 0. */
static int
iteration_is_inside(int axis, int other, const Layout *layout, int n, Strides *strides)
{
    if (layout->dims[axis] == 1 || layout->dims[other] == 1) {
        return -1;
    }
    int verdict = -1;
    for (int i = 0; i < n; i++) {
        npy_intp here = Py_ABS(strides[i][axis]), there = Py_ABS(strides[i][other]);
        if (here && there) {
            if (there <= here) {
                return 0;
            }
            verdict = 1;
        }
    }
    return verdict;
}

/* The axes from the innermost to the outermost, as NumPy's iterator goes through them: an
 * insertion sort with a comparison that may be undecided. */
static void
iteration_axis_order(const Layout *layout, int n, Strides *strides, int *order)
{
    for (int i = 0; i < layout->nd; i++) {
        order[i] = layout->nd - 1 - i;
    }
    for (int start = 1; start < layout->nd; start++) {
        int axis = order[start], place = start;
        for (int position = start - 1; position >= 0; position--) {
            int verdict = iteration_is_inside(axis, order[position], layout, n, strides);
            if (verdict == 0) {
                break;
            }
            if (verdict == 1) {
                place = position;
            }
        }
        for (int i = start; i > place; i--) {
            order[i] = order[i - 1];
        }
        order[place] = axis;
    }
}

/* Whether NumPy makes one inner call over operands that are in Fortran order only; this shows in
 * nothing but the strides of axes of length one. */
static int
iteration_is_fortran_call(int n, const Iterated *operands, const Layout *layout)
{
    int any = 0;
    for (int i = 0; i < n; i++) {
        const Extent *extent = operands[i].extent;
        npy_intp itemsize = operands[i].itemsize;
        if (extent == NULL || extent->nd == 0) {
            continue;
        }
        if (!extent_is_fortran(extent, itemsize) || extent_is_c(extent, itemsize) ||
            extent->nd != layout->nd ||
            !PyArray_CompareLists(extent->dims, layout->dims, layout->nd)) {
            return 0;
        }
        any = 1;
    }
    return any;
}

static int
iteration_is_trivial(int n, const Iterated *operands, const Layout *layout)
{
    for (int i = 0; i < n; i++) {
        const Extent *extent = operands[i].extent;
        if (extent != NULL && extent->nd != 0 &&
            (extent->nd != 1 || extent->dims[0] != layout->dims[0])) {
            return 0;
        }
    }
    return layout->nd == 1;
}

static void
iteration_nest_from(const Layout *layout, const int *order, int n, Strides *strides,
                    npy_intp itemsize, Nest *nest)
{
    nest->nd = 0;
    for (int i = 0; i < layout->nd; i++) {
        int axis = order[i], last = nest->nd - 1;
        npy_intp length = layout->dims[axis];
        if (length == 1) {
            continue;
        }
        int joins = last >= 0;
        for (int k = 0; joins && k < n; k++) {
            joins = strides[k][axis] == nest->strides[last][k] * nest->dims[last];
        }
        if (joins) {
            nest->dims[last] *= length;
            continue;
        }
        for (int k = 0; k < n; k++) {
            nest->strides[nest->nd][k] = strides[k][axis];
        }
        nest->dims[nest->nd++] = length;
    }
    if (nest->nd == 0) {
        nest->nd = 1;
        nest->dims[0] = 1;
        for (int k = 0; k < n; k++) {
            nest->strides[0][k] = itemsize; /* a loop would take strides of 0 for a reduction */
        }
    }
}

int
iteration_plan(int n, const Iterated *operands, const Extent *target, int casts,
               npy_intp itemsize, Layout *layout, Nest *nest)
{
    Strides strides[STEP_OPERANDS];
    int order[MAX_AXES];
    if (!iteration_broadcast(n, operands, itemsize, layout)) {
        return 0;
    }
    int negative = 0, plain = 1;
    for (int i = 0; i < n; i++) {
        negative |= iteration_strides_over(operands[i].extent, layout, strides[i]);
        plain = plain && iteration_descends(strides[i], layout);
    }
    if (negative && target != NULL && !iteration_is_trivial(n, operands, layout)) {
        return 0; /* NumPy reverses axes, unless it has to make the output */
    }
    if (target != NULL) {
        if (target->nd != layout->nd ||
            !PyArray_CompareLists(target->dims, layout->dims, layout->nd)) {
            return 0;
        }
        if (iteration_strides_over(target, layout, strides[n])) {
            return 0;
        }
        plain = plain && iteration_descends(strides[n], layout);
    }
    int fortran = layout->nd > 1 && !casts && iteration_is_fortran_call(n, operands, layout);
    layout->c_order = layout->nd < 2 || (plain && !fortran);
    if (layout->c_order) {
        for (int i = 0; i < layout->nd; i++) {
            order[i] = layout->nd - 1 - i;
        }
    }
    else if (fortran) {
        for (int i = 0; i < layout->nd; i++) {
            order[i] = i;
        }
    }
    else {
        iteration_axis_order(layout, n + (target != NULL), strides, order);
    }
    npy_intp stride = itemsize;
    for (int i = 0; i < layout->nd; i++) {
        layout->strides[order[i]] = stride;
        stride *= layout->dims[order[i]];
    }
    if (target == NULL) {
        for (int axis = 0; axis < layout->nd; axis++) {
            strides[n][axis] = layout->strides[axis];
        }
    }
    if (nest != NULL) {
        iteration_nest_from(layout, order, n + 1, strides, itemsize, nest);
    }
    return 1;
}
