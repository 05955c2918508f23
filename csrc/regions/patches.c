/* Which patches arrays are put together from: rolled, joined, stacked, padded. */
#include "regions/patching.h"

#include <string.h>

/* ------------------------------------------------------------------ what is given */

/* Read whole numbers, one or a tuple of them; how many there are, 0 for None, or -1. */
static int
patches_numbers(PyObject *given, npy_intp *numbers, int most)
{
    if (given == Py_None) {
        return 0;
    }
    if (given != NULL && PyLong_CheckExact(given)) {
        return number_is_index(given, numbers) ? 1 : -1;
    }
    if (given == NULL || !PyTuple_CheckExact(given) || PyTuple_GET_SIZE(given) > most ||
        PyTuple_GET_SIZE(given) == 0) {
        return -1;
    }
    for (int i = 0; i < (int)PyTuple_GET_SIZE(given); i++) {
        PyObject *number = PyTuple_GET_ITEM(given, i);
        if (!PyLong_CheckExact(number) || !number_is_index(number, &numbers[i])) {
            return -1;
        }
    }
    return (int)PyTuple_GET_SIZE(given);
}

/* What says where patches go; None if the code doesn't. */
static PyObject *
patches_given(const Planner *planner, const Typed *typed, int i)
{
    return typed->numbers[i] < 0 ? Py_None : planner->values->of[typed->numbers[i]];
}

/* The axis that is given, among so many; `otherwise` if none is, -1 if it isn't one. */
static int
patches_axis(const Planner *planner, const Typed *typed, int i, int nd, int otherwise)
{
    npy_intp axis = otherwise;
    PyObject *given = patches_given(planner, typed, i);
    if (typed->numbers[i] >= 0 &&
        (given == Py_None || patches_numbers(given, &axis, 1) != 1)) {
        return -1;
    }
    axis += axis < 0 ? nd : 0;
    return axis >= 0 && axis < nd ? (int)axis : -1;
}

/* ------------------------------------------------------------------ patches */

static void
patches_add(Patching *made, int axis, npy_intp length, int from, npy_intp start, int step)
{
    if (length > 0) {
        npy_intp low = made->dims[axis];
        made->patches[axis][made->n_patches[axis]++] =
            (Patch){low, low + length, from, start, step};
        made->dims[axis] += length;
    }
}

/* An axis along which the items come as they are. */
static void
patches_add_whole(Patching *made, int axis, npy_intp length)
{
    patches_add(made, axis, length, 0, 0, 1);
}

/* `np.roll`. */
static const char *
patches_roll(const Planner *planner, const Typed *typed, Patching *made)
{
    static const char *const no_numbers = "`roll` is by other than whole numbers and axes";
    const Extent *of = patching_extent(planner, typed, 0);
    npy_intp shifts[MAX_AXES], axes[MAX_AXES], by[MAX_AXES] = {0};
    int n_shifts = patches_numbers(patches_given(planner, typed, 0), shifts, MAX_AXES);
    int n_axes = patches_numbers(patches_given(planner, typed, 1), axes, MAX_AXES);
    npy_intp itemsize = PyDataType_ELSIZE(typed->descrs[0]);
    made->nd = of->nd;
    memcpy(made->strides[0], of->strides, sizeof(of->strides));
    npy_intp dims[MAX_AXES];
    memcpy(dims, of->dims, sizeof(dims));
    if (of->nd == 0 || n_shifts < 1 || n_axes < 0 ||
        (n_shifts != n_axes && n_shifts != 1 && n_axes != 1)) {
        return no_numbers;
    }
    if (n_axes == 0) { /* all items as one row */
        if (n_shifts != 1 || (of->nd > 1 && !extent_is_c(of, itemsize))) {
            return no_numbers;
        }
        made->nd = n_axes = 1;
        axes[0] = 0;
        made->strides[0][0] = of->nd > 1 ? itemsize : of->strides[0];
        for (int i = 1; i < of->nd; i++) {
            dims[0] *= dims[i];
        }
    }
    for (int i = 0; i < n_shifts || i < n_axes; i++) {
        npy_intp axis = axes[n_axes > 1 ? i : 0], shift = shifts[n_shifts > 1 ? i : 0];
        axis += axis < 0 ? made->nd : 0;
        if (axis < 0 || axis >= made->nd) {
            return no_numbers;
        }
        by[axis] = (by[axis] + shift % dims[axis] + dims[axis]) % dims[axis];
    }
    for (int i = 0; i < made->nd; i++) {
        patches_add(made, i, by[i], 0, dims[i] - by[i], 1);
        patches_add(made, i, dims[i] - by[i], 0, 0, 1);
    }
    return NULL;
}

/* Arrays one after the other along an axis that they have. */
static const char *
patches_join(const Planner *planner, const Typed *typed, int axis, Patching *made)
{
    const Extent *first = patching_extent(planner, typed, 0);
    if (axis < 0 || axis >= first->nd) {
        return "arrays are joined along an axis that they haven't";
    }
    made->nd = first->nd;
    for (int k = 0; k < typed->n_in; k++) {
        const Extent *of = patching_extent(planner, typed, k);
        for (int i = 0; i < first->nd; i++) {
            if (of->nd != first->nd || (i != axis && of->dims[i] != first->dims[i])) {
                return "arrays that are joined have shapes that don't fit";
            }
        }
        memcpy(made->strides[k], of->strides, sizeof(of->strides));
        patches_add(made, axis, of->dims[axis], k, 0, 1);
    }
    for (int i = 0; i < first->nd; i++) {
        if (i != axis) {
            patches_add_whole(made, i, first->dims[i]);
        }
    }
    return NULL;
}

/* `np.gradient`: its ends and middle, along an axis of an array that may have to have so many. */
static const char *
patches_gradient(const Planner *planner, const Typed *typed, Patching *made)
{
    npy_intp told[2];
    int nd = planner->nodes[typed->like].extent.nd;
    if (patches_numbers(patches_given(planner, typed, 0), told, 2) != 2 ||
        (told[1] && told[1] != nd)) {
        return "`gradient` is of an array with other axes than the code takes it to have";
    }
    return patches_join(planner, typed, (int)(told[0] < 0 ? told[0] + nd : told[0]), made);
}

/* Arrays or numbers one after the other along a new axis. */
static const char *
patches_stack(const Planner *planner, const Typed *typed, int axis, Patching *made)
{
    const Extent *first = patching_extent(planner, typed, 0);
    made->nd = first->nd + 1;
    if (axis < 0 || made->nd > MAX_AXES) {
        return "arrays are stacked along an axis that there isn't";
    }
    for (int k = 0; k < typed->n_in; k++) {
        const Extent *of = patching_extent(planner, typed, k);
        if (!stages_same_dims(of, first)) {
            return "arrays that are stacked have different shapes";
        }
        for (int i = 0; i < made->nd; i++) {
            made->strides[k][i] = i == axis ? 0 : of->strides[i - (i > axis)];
        }
        patches_add(made, axis, 1, k, 0, 0);
    }
    for (int i = 0; i < made->nd; i++) {
        if (i != axis) {
            patches_add_whole(made, i, first->dims[i - (i > axis)]);
        }
    }
    return NULL;
}

/* How much `np.pad` adds along an axis, before and after. */
static int
patches_widths(PyObject *given, int axis, int nd, npy_intp *widths)
{
    int of_axes = given != NULL && PyTuple_CheckExact(given) && PyTuple_GET_SIZE(given) > 0 &&
                  PyTuple_CheckExact(PyTuple_GET_ITEM(given, 0));
    if (of_axes) {
        Py_ssize_t n = PyTuple_GET_SIZE(given);
        if (n != 1 && n != nd) {
            return 0;
        }
        given = PyTuple_GET_ITEM(given, n > 1 ? axis : 0);
        of_axes = PyTuple_CheckExact(given);
        if (!of_axes) {
            return 0;
        }
    }
    int n = patches_numbers(given, widths, 2);
    if (n == 1) {
        widths[1] = widths[0];
    }
    return n > 0 && widths[0] >= 0 && widths[1] >= 0 && widths[0] < PATCHED_BYTES &&
           widths[1] < PATCHED_BYTES;
}

/* `np.pad`. */
static const char *
patches_pad(const Planner *planner, const Typed *typed, Patching *made)
{
    const Extent *of = patching_extent(planner, typed, 0);
    enum patching how = typed->patching;
    made->nd = of->nd;
    memcpy(made->strides[0], of->strides, sizeof(of->strides));
    for (int i = 0; i < of->nd; i++) {
        npy_intp widths[2], n = of->dims[i];
        npy_intp most = how == PATCH_PAD_REFLECT ? n - 1 : n;
        if (!patches_widths(patches_given(planner, typed, 0), i, of->nd, widths)) {
            return "`pad` is by other than whole numbers in tuples";
        }
        npy_intp before = widths[0], after = widths[1];
        int is_mirrored = how == PATCH_PAD_REFLECT || how == PATCH_PAD_SYMMETRIC;
        if ((how == PATCH_PAD_WRAP || is_mirrored) && (before > most || after > most)) {
            return "`pad` is by more than there is";
        }
        npy_intp last = n - 1 - (how == PATCH_PAD_REFLECT);
        npy_intp first = how == PATCH_PAD_REFLECT ? before : before - 1;
        switch (how) {
        case PATCH_PAD_WRAP:
            patches_add(made, i, before, 0, n - before, 1);
            patches_add_whole(made, i, n);
            patches_add(made, i, after, 0, 0, 1);
            break;
        case PATCH_PAD_REFLECT:
        case PATCH_PAD_SYMMETRIC:
            patches_add(made, i, before, 0, first, -1);
            patches_add_whole(made, i, n);
            patches_add(made, i, after, 0, last, -1);
            break;
        default: { /* the outermost item again, or the number that is the other operand */
            int from = how == PATCH_PAD_CONSTANT;
            patches_add(made, i, before, from, 0, 0);
            patches_add_whole(made, i, n);
            patches_add(made, i, after, from, from ? 0 : n - 1, 0);
        }
        }
    }
    return NULL;
}

const char *
patches_find(const Planner *planner, const Typed *typed, Patching *made)
{
    int nd = patching_extent(planner, typed, 0)->nd;
    switch (typed->patching) {
    case PATCH_ROLLED:
        return patches_roll(planner, typed, made);
    case PATCH_JOINED:
        return patches_join(planner, typed, patches_axis(planner, typed, 0, nd, 0), made);
    case PATCH_GRADIENT:
        return patches_gradient(planner, typed, made);
    case PATCH_BESIDE:
        return patches_join(planner, typed, nd > 1, made);
    case PATCH_BELOW:
        return nd > 1 ? patches_join(planner, typed, 0, made)
                      : patches_stack(planner, typed, nd - 1, made);
    case PATCH_STACKED:
        return patches_stack(planner, typed, patches_axis(planner, typed, 0, nd + 1, 0), made);
    default:
        return patches_pad(planner, typed, made);
    }
}
