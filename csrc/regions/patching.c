/* Arrays that are put together from patches of others: their shapes, and the patches as data. */
#include "regions/patching.h"

#include <string.h>

const Extent *
patching_extent(const Planner *planner, const Typed *typed, int i)
{
    static const Extent number;
    int node = typed->operands[i];
    return planner->typing->results[node] == NULL ? &number : &planner->nodes[node].extent;
}

/* ------------------------------------------------------------------ fewer axes */

/* Whether an axis has all items as they are. */
static int
patching_is_whole(const Patching *made, int axis)
{
    const Patch *only = &made->patches[axis][0];
    return made->n_patches[axis] == 1 && only->from == 0 && only->start == 0 && only->step == 1;
}

/* Whether an axis, and the next one that is whole, are one in memory for all operands. */
static int
patching_joins(const Patching *made, int n_operands, int axis)
{
    for (int i = 0; i < made->n_patches[axis]; i++) {
        const Patch *patch = &made->patches[axis][i];
        int is_number = made->strides[patch->from][axis + 1] == 0;
        if (patch->step != 1 && !is_number) {
            return 0;
        }
    }
    for (int k = 0; k < n_operands; k++) {
        if (made->strides[k][axis] != made->strides[k][axis + 1] * made->dims[axis + 1]) {
            return 0;
        }
    }
    return 1;
}

static void
patching_drop(Patching *made, int n_operands, int axis)
{
    made->nd--;
    for (int i = axis; i < made->nd; i++) {
        made->dims[i] = made->dims[i + 1];
        made->n_patches[i] = made->n_patches[i + 1];
        memcpy(made->patches[i], made->patches[i + 1], sizeof(made->patches[i]));
        for (int k = 0; k < n_operands; k++) {
            made->strides[k][i] = made->strides[k][i + 1];
        }
    }
}

/* Join axes that are one in memory, and leave out whole ones of length one. */
static void
patching_join_axes(Patching *made, int n_operands)
{
    for (int i = made->nd - 1; i >= 0 && made->nd > 1; i--) {
        if (patching_is_whole(made, i) && made->dims[i] == 1) {
            patching_drop(made, n_operands, i);
        }
    }
    for (int i = made->nd - 1; i > 0; i--) {
        npy_intp length = made->dims[i];
        if (!patching_is_whole(made, i) || !patching_joins(made, n_operands, i - 1)) {
            continue;
        }
        for (int p = 0; p < made->n_patches[i - 1]; p++) {
            Patch *patch = &made->patches[i - 1][p];
            patch->low *= length;
            patch->high *= length;
            patch->start *= length;
        }
        for (int k = 0; k < n_operands; k++) {
            made->strides[k][i - 1] = made->strides[k][i];
        }
        made->dims[i - 1] *= length;
        patching_drop(made, n_operands, i);
    }
}

/* ------------------------------------------------------------------ the pass */

/* Whether NumPy gives the result the order of C, as for such operands, or for the array that it is
 * like. */
static int
patching_is_c(const Planner *planner, const Typed *typed)
{
    npy_intp itemsize = PyDataType_ELSIZE(typed->descrs[0]);
    int is_like = typed->patching == PATCH_GRADIENT;
    for (int k = 0; k < (is_like ? 1 : typed->n_in); k++) {
        const Extent *of = is_like ? &planner->nodes[typed->like].extent
                                   : patching_extent(planner, typed, k);
        if (of->nd > 1 && !extent_is_c(of, itemsize) && !shapes_descends(of)) {
            return 0;
        }
    }
    return 1;
}

Outcome
patching_plan(Planner *planner, int node)
{
    const Typed *typed = &planner->typing->typed[node];
    NodeState *state = &planner->nodes[node];
    Extent *extent = &state->extent;
    Patching made = {0};
    int watched = planner->plan->n_watches;
    for (int i = 0; i < 2; i++) {
        if (typed->numbers[i] >= 0) {
            TRY(sources_watch(planner, typed->numbers[i]));
        }
    }
    if (planner->plan->n_watches > watched) {
        planner->plan->bound_to_numbers = 1;
        planner->plan->patched = node;
    }
    for (int k = 0; k < typed->n_in; k++) {
        const Extent *of = patching_extent(planner, typed, k);
        for (int i = 0; i < of->nd; i++) {
            if (of->dims[i] == 0) {
                return planner_decline(planner, "what is put together has parts without items");
            }
        }
    }
    const char *reason = patches_find(planner, typed, &made);
    if (reason != NULL) {
        return planner_decline(planner, reason);
    }
    if (!patching_is_c(planner, typed)) {
        return planner_decline(planner, "arrays are put together that aren't in the order of C");
    }
    npy_intp itemsize = PyDataType_ELSIZE(typed->descrs[0]), bytes = itemsize;
    int nd = typed->patching == PATCH_ROLLED ? patching_extent(planner, typed, 0)->nd : made.nd;
    if (nd == 0) {
        return planner_decline(planner, "a result has no axes");
    }
    extent->nd = nd;
    for (int i = nd; i--;) {
        extent->dims[i] = typed->patching == PATCH_ROLLED
                              ? patching_extent(planner, typed, 0)->dims[i]
                              : made.dims[i];
        extent->strides[i] = bytes;
        if (extent->dims[i] > PATCHED_BYTES / bytes) {
            return planner_decline(planner, "a result is too big");
        }
        bytes *= extent->dims[i];
    }
    extent->data = (char *)planner; /* views of it are reckoned from there */
    state->is_c_order = 1;
    patching_join_axes(&made, typed->n_in);
    Patchwork *work = state->patchwork = planner_take(planner, sizeof(Patchwork));
    if (work == NULL) {
        return PASS_FAILED;
    }
    if (made.nd > MOST_PATCHED_AXES) {
        return planner_decline(planner, "there is no code for patches along so many axes");
    }
    work->nd = made.nd;
    work->n_operands = typed->n_in;
    work->itemsize = itemsize;
    for (int i = 0; i < made.nd; i++) {
        work->dims[i] = made.dims[i];
        work->n_patches[i] = made.n_patches[i];
        memcpy(work->patches[i], made.patches[i], sizeof(made.patches[i]));
        for (int k = 0; k < typed->n_in; k++) {
            work->strides[k][i] = made.strides[k][i];
        }
    }
    return PASS_DONE;
}
