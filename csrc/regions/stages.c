/* Which stage each step belongs to, and what has to be kept from one to another. */
#include "regions/planner.h"

#include <string.h>

static int
stages_same_dims(const Extent *one, const Extent *other)
{
    return one->nd == other->nd && PyArray_CompareLists(one->dims, other->dims, one->nd);
}

/* Whether a node's items are gone through in the order of a stage. */
static int
stages_fits(const Planner *planner, int node, const Draft *draft)
{
    const NodeState *state = &planner->nodes[node];
    const Extent *extent = &state->extent;
    if (draft->is_late || !stages_same_dims(extent, &draft->shape)) {
        return 0;
    }
    if (state->is_c_order && draft->is_c_order) {
        return 1;
    }
    npy_intp size = PyDataType_ELSIZE(planner_result(planner, node));
    for (int i = 0; i < extent->nd; i++) {
        if (extent->strides[i] * draft->itemsize != draft->shape.strides[i] * size) {
            return 0;
        }
    }
    return 1;
}

/* The first stage that a step can be in, by what it needs. */
static int
stages_earliest(const Planner *planner, int node)
{
    const Typed *typed = &planner->typing->typed[node];
    int first = 0;
    for (int k = 0; k < typed->n_in; k++) {
        int operand = typed->operands[k], owner = program_owner(planner->program, operand);
        if (!planner_is_step(planner, owner)) {
            continue;
        }
        int same = owner == operand && stages_same_dims(&planner->nodes[owner].extent,
                                                        &planner->nodes[node].extent);
        int least = planner->nodes[owner].stage + !same;
        first = least > first ? least : first;
    }
    return first;
}

/* The axes of a stage from the innermost to the outermost in memory. */
static void
stages_order(Draft *draft)
{
    int nd = draft->shape.nd;
    for (int i = 0; i < nd; i++) {
        int axis = nd - 1 - i, at = i;
        while (!draft->is_c_order && at > 0 &&
               draft->shape.strides[draft->order[at - 1]] > draft->shape.strides[axis]) {
            draft->order[at] = draft->order[at - 1];
            at--;
        }
        draft->order[at] = axis;
    }
}

/* Open a stage of a node's shape, and put the node there. */
static Outcome
stages_open(Planner *planner, int node, int is_late)
{
    Plan *plan = planner->plan;
    const Typed *typed = &planner->typing->typed[node];
    NodeState *state = &planner->nodes[node];
    Stage *stage = APPEND(planner, stages);
    Draft *draft = planner_grow(planner, (void **)&planner->drafts, &planner->capacity_drafts,
                                plan->n_stages, sizeof(Draft));
    if (stage == NULL || draft == NULL) {
        return PASS_FAILED;
    }
    stage->dims = planner_take(planner, (size_t)(state->extent.nd + 1) * sizeof(npy_intp));
    if (stage->dims == NULL) {
        return PASS_FAILED;
    }
    int is_store = typed->action == ACT_STORE;
    draft->shape = state->extent;
    draft->is_late = is_late;
    draft->itemsize = is_store ? 1 : PyDataType_ELSIZE(planner_result(planner, node));
    draft->is_c_order = is_store || state->is_c_order;
    stages_order(draft);
    state->stage = plan->n_stages++;
    return PASS_DONE;
}

/* Put every step but the effect's into a stage. */
Outcome
stages_sort(Planner *planner)
{
    const Plan *plan = planner->plan;
    for (int i = 0; i < planner->program->n_nodes; i++) {
        if (!planner_is_step(planner, i) || i == planner->program->effect) {
            continue;
        }
        int k = stages_earliest(planner, i);
        while (k < plan->n_stages && !stages_fits(planner, i, &planner->drafts[k])) {
            k++;
        }
        planner->nodes[i].stage = k;
        if (k >= plan->n_stages) {
            TRY(stages_open(planner, i, 0));
        }
    }
    return PASS_DONE;
}

/* ------------------------------------------------------------------ what outlives its stage */

/* Note which results of other stages a step reads. */
static void
stages_note_reads(Planner *planner, int node)
{
    const Typed *typed = &planner->typing->typed[node];
    for (int k = 0; k < typed->n_in; k++) {
        int operand = typed->operands[k], owner = program_owner(planner->program, operand);
        if (planner_is_step(planner, owner) &&
            (owner != operand || planner->nodes[owner].stage != planner->nodes[node].stage)) {
            planner->nodes[owner].is_whole = 1;
        }
    }
}

/* Note which results another stage reads, or the code after the region. */
Outcome
stages_needs(Planner *planner)
{
    const Program *program = planner->program;
    for (int i = 0; i < program->n_nodes; i++) {
        if (planner->typing->typed[i].action == ACT_REDUCE) {
            const Node *made = &program->nodes[i];
            int operand = made->operands[made->kind == NODE_CALL];
            planner->nodes[program_owner(program, operand)].is_needed = 1;
        }
        if (planner_is_step(planner, i) && i != program->effect) {
            stages_note_reads(planner, i);
        }
    }
    for (int i = 0; i < program->n_outputs; i++) {
        planner->nodes[program_owner(program, program->outputs[i])].is_needed = 1;
    }
    return PASS_DONE;
}

/* ------------------------------------------------------------------ the effect */

/* Whether a store can be made by the step that computes the value. */
static int
stages_stores_directly(const Planner *planner, int node, int value)
{
    const Plan *plan = planner->plan;
    const Typed *typed = &planner->typing->typed[value];
    const NodeState *state = &planner->nodes[value];
    PyArray_Descr *descr = planner->typing->results[planner->program->nodes[node].operands[0]];
    const Extent *extent = &planner->nodes[node].extent;
    if (!planner_is_step(planner, value) || state->is_whole || state->is_needed ||
        state->stage != plan->n_stages - 1 || !stages_same_dims(&state->extent, extent) ||
        !same_type(planner_result(planner, value), descr) ||
        (!typed->stride_invariant && !extent_is_c(extent, PyDataType_ELSIZE(descr)))) {
        return 0;
    }
    if (plan->overlap == APART) {
        return 1;
    }
    for (int i = value + 1; i < planner->program->n_nodes; i++) {
        if (planner_is_step(planner, i)) {
            return 0; /* it may read what would be overwritten */
        }
    }
    return plan->overlap == SAME_ITEMS && !planner->program->is_merged;
}

/* Whether the step in place can be the last of the last stage. Reductions are done when the stages
 * are, and must find the target as it was. */
static int
stages_changes_directly(const Planner *planner, int node)
{
    const Plan *plan = planner->plan;
    int last = plan->n_stages - 1;
    return planner->typing->n_reductions == 0 && !planner->program->is_merged &&
           plan->overlap != OVERLAPPING && last >= 0 && stages_earliest(planner, node) <= last &&
           stages_fits(planner, node, &planner->drafts[last]);
}

Outcome
stages_effect(Planner *planner)
{
    Plan *plan = planner->plan;
    const Program *program = planner->program;
    int node = program->effect;
    if (node < 0) {
        return PASS_DONE;
    }
    const Node *made = &program->nodes[node];
    int value = made->operands[made->n - 1], owner = program_owner(program, value);
    planner->node = program->effect;
    if (plan->may_raise && made->kind == NODE_STORE &&
        cast_may_raise(planner->typing->results[value],
                       planner->typing->results[made->operands[0]])) {
        return planner_decline(planner, "what its cast raises has to come from its own line");
    }
    if (made->kind == NODE_IN_PLACE) {
        if (plan->may_raise) {
            return planner_decline(planner, "what is raised has to come from its own line");
        }
        if (stages_changes_directly(planner, node)) {
            plan->effect = DIRECT_EFFECT;
            plan->reports_steps = 1;
            planner->nodes[node].stage = plan->n_stages - 1;
            stages_note_reads(planner, node);
            return PASS_DONE;
        }
        if (plan->overlap == OVERLAPPING && !planner_is_step(planner, owner) &&
            planner->typing->results[value] != NULL) {
            return planner_decline(planner, "the operand itself would be overwritten");
        }
    }
    else if (!plan->may_raise && planner->typing->n_reductions == 0 &&
             stages_stores_directly(planner, node, value)) {
        plan->effect = DIRECT_EFFECT;
        plan->reports_steps = plan->overlap == SAME_ITEMS;
        return PASS_DONE;
    }
    plan->effect = LATE_EFFECT;
    planner->nodes[owner].is_whole = 1;
    return stages_open(planner, node, 1);
}

/* Find places for what stays: arrays for what is delivered, buffers for the rest. */
Outcome
stages_results(Planner *planner)
{
    Plan *plan = planner->plan;
    for (int i = 0; i < planner->program->n_nodes; i++) {
        NodeState *state = &planner->nodes[i];
        if (!planner_is_step(planner, i) || i == planner->program->effect) {
            continue;
        }
        PyArray_Descr *descr = planner_result(planner, i);
        npy_intp size = 1;
        for (int k = 0; k < state->extent.nd; k++) {
            size *= state->extent.dims[k];
        }
        plan->size = size > plan->size ? size : plan->size;
        if (state->is_needed) {
            Output *output = APPEND(planner, outputs);
            if (output == NULL || !planner_axes(planner, &output->axes, &state->extent)) {
                return PASS_FAILED;
            }
            output->node = i;
            output->descr = (PyArray_Descr *)Py_NewRef((PyObject *)descr);
            output->c_order = state->is_c_order;
            output->size = size;
            plan->output_of[i] = plan->n_outputs++;
        }
        else if (state->is_whole) {
            state->buffer = plan->buffers;
            plan->buffers += scratch_bytes(size * PyDataType_ELSIZE(descr));
        }
    }
    plan->scratch = plan->buffers;
    return PASS_DONE;
}
