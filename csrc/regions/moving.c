/* Steps that only move items: from patches, and to where an array of indices says. */
#include "regions/operands.h"

#include "numpy/scatter.h"
#include "numpy/select.h"

#include <string.h>

/* Give a step's loop, one of our own, its data. */
static void
moving_give(PlanStep *step, void *own, size_t bytes)
{
    step->own = own;
    step->own_bytes = bytes;
    step->auxdata = own;
}

Outcome
moving_add_patchwork(Planner *planner, int stage, int node)
{
    const Typed *typed = &planner->typing->typed[node];
    const NodeState *state = &planner->nodes[node];
    Extent positions = state->extent;
    int args[STEP_IN + 2], n = typed->n_in;
    npy_intp items = 1;
    for (int i = positions.nd; i--;) {
        positions.strides[i] = items;
        items *= positions.dims[i];
    }
    PyArray_Descr *bytes = PyArray_DescrFromType(NPY_BYTE);
    Outcome outcome = operands_add(planner, stage, IN_POSITION, node, bytes, &args[0]);
    Py_DECREF((PyObject *)bytes);
    TRY(outcome);
    operands_lie(&planner->drafts[stage], &positions, &planner->plan->operands[args[0]]);
    planner->plan->operands[args[0]].is_taken = 1;
    for (int i = 0; i < n; i++) {
        int operand = typed->operands[i];
        if (planner->typing->results[operand] == NULL || planner->nodes[operand].extent.nd == 0) {
            TRY(operands_read(planner, stage, node, operand, typed->descrs[i], &args[i + 1]));
            continue;
        }
        TRY(operands_add_array(planner, stage, operand, typed->descrs[i], &args[i + 1]));
        Operand *taken = &planner->plan->operands[args[i + 1]];
        taken->is_taken = 1;
        memset(taken->strides, 0, (size_t)planner->drafts[stage].shape.nd * sizeof(npy_intp));
    }
    TRY(operands_write(planner, stage, node, typed->descrs[n], &args[n + 1]));
    PlanStep *step = operands_add_step(planner, stage, node, patchwork_loop, args, n + 2);
    if (step == NULL) {
        return PASS_FAILED;
    }
    step->operation = OP_PATCHWORK;
    moving_give(step, state->patchwork, sizeof(Patchwork));
    return PASS_DONE;
}

Outcome
moving_add_scatter(Planner *planner, int stage, const Effect *effect, int from)
{
    const Axes *axes = &planner->plan->sources[effect->target].axes;
    PyArray_Descr *descr =
        planner->typing->results[planner->program->nodes[effect->node].operands[0]];
    int args[3] = {from};
    Extent rest;
    TRY(operands_add_array(planner, stage, effect->index,
                           planner->typing->results[effect->index], &args[1]));
    planner_changed(planner, effect, &rest);
    Extent along = {NULL, rest.nd, {0}, {0}};
    along.dims[0] = rest.dims[0];
    along.strides[0] = planner->nodes[effect->index].extent.strides[0];
    for (int i = 1; i < rest.nd; i++) {
        along.dims[i] = rest.dims[i];
        rest.strides[i] = axes->strides[i];
    }
    rest.strides[0] = 0; /* that is up to the index */
    operands_lie(&planner->drafts[stage], &along, &planner->plan->operands[args[1]]);
    TRY(operands_change(planner, stage, effect->node, effect->target, descr, &args[2]));
    operands_lie(&planner->drafts[stage], &rest, &planner->plan->operands[args[2]]);
    Scatter *scatter = planner_take(planner, sizeof(Scatter));
    if (scatter == NULL) {
        return PASS_FAILED;
    }
    *scatter = (Scatter){.length = axes->dims[0], .stride = axes->strides[0],
                         .itemsize = PyDataType_ELSIZE(descr),
                         .copy = copy_loop(PyDataType_ELSIZE(descr))};
    if (scatter->copy == NULL) {
        return planner_decline(planner, "there is no code for a store of such items");
    }
    PlanStep *step = operands_add_step(planner, stage, effect->node, scatter_loop, args, 3);
    if (step == NULL) {
        return PASS_FAILED;
    }
    step->operation = OP_SCATTER;
    moving_give(step, scatter, sizeof(Scatter));
    return PASS_DONE;
}
