/* Routines of NumPy's on whole arrays, which their natives carry out: the shapes of the results. */
#include "regions/planner.h"

#include <string.h>

/* The shape of a product: `a @ b` and `np.dot(a, b)` of matrices and vectors. */
static int
routines_product(const Extent *a, const Extent *b, Extent *made)
{
    if (a->nd < 1 || a->nd > 2 || b->nd < 1 || b->nd > 2 || a->dims[a->nd - 1] != b->dims[0]) {
        return 0;
    }
    if (a->nd == 2) {
        made->dims[made->nd++] = a->dims[0];
    }
    if (b->nd == 2) {
        made->dims[made->nd++] = b->dims[1];
    }
    return 1;
}

/* The shape of what is summed up along an axis; all items are one row if none is given. */
static int
routines_running(const Planner *planner, int node, const Extent *of, Extent *made)
{
    const Node *call = &planner->program->nodes[node];
    int at = 1 + (call->kind == NODE_CALL);
    PyObject *axis = call->n > at ? planner->values->of[call->operands[at]] : Py_None;
    if (axis == NULL || of->nd < 1 || (axis == Py_None && of->nd > 1)) {
        return 0;
    }
    *made = *of;
    return 1;
}

static int
routines_shape(const Planner *planner, int node, Extent *made)
{
    const Typed *typed = &planner->typing->typed[node];
    const Extent *first = &planner->nodes[typed->arrays[0]].extent;
    const Extent *last = &planner->nodes[typed->arrays[typed->n_arrays - 1]].extent;
    switch (typed->result) {
    case RESULT_PRODUCT:
        return routines_product(first, last, made);
    case RESULT_OUTER:
        made->nd = 2;
        made->dims[0] = first->dims[0];
        made->dims[1] = last->dims[0];
        return first->nd == 1 && last->nd == 1;
    case RESULT_RUNNING:
        return routines_running(planner, node, first, made);
    default:
        *made = *(typed->result == RESULT_LIKE_FIRST ? first : last);
        return 1;
    }
}

Outcome
shapes_routine(Planner *planner, int node)
{
    const Node *made = &planner->program->nodes[node];
    NodeState *state = &planner->nodes[node];
    Extent *extent = &state->extent;
    npy_intp stride = PyDataType_ELSIZE(planner->typing->results[node]);
    int watched = planner->plan->n_watches;
    for (int i = made->kind == NODE_CALL; i < made->n; i++) {
        if (planner->typing->results[made->operands[i]] == NULL) {
            TRY(sources_watch(planner, made->operands[i]));
        }
    }
    planner->plan->bound_to_numbers |= planner->plan->n_watches > watched;
    if (!routines_shape(planner, node, extent)) {
        return planner_decline(planner, "a routine gets arrays of shapes that no region knows");
    }
    for (int i = extent->nd; i--;) {
        extent->strides[i] = stride;
        stride *= extent->dims[i];
        if (extent->dims[i] == 0) {
            return planner_decline(planner, "a routine's result has no items");
        }
    }
    extent->data = (char *)planner; /* views of it are reckoned from there */
    state->is_c_order = state->is_whole = state->is_reduced = 1;
    return PASS_DONE;
}
