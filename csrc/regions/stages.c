/* Which stage each step belongs to, and what has to be kept from one to another. */
#include "regions/planner.h"

#include <limits.h>

int
stages_same_dims(const Extent *one, const Extent *other)
{
    return one->nd == other->nd && PyArray_CompareLists(one->dims, other->dims, one->nd);
}

int
stages_fits(const Planner *planner, int node, int stage)
{
    const NodeState *state = &planner->nodes[node];
    const Draft *draft = &planner->drafts[stage];
    const Extent *extent = &state->extent;
    if (planner->plan->stages[stage].reduction >= 0 || !stages_same_dims(extent, &draft->shape)) {
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

Outcome
stages_open(Planner *planner, const Extent *shape, int is_c_order, npy_intp itemsize)
{
    Plan *plan = planner->plan;
    Stage *stage = APPEND(planner, stages);
    Draft *draft = planner_grow(planner, (void **)&planner->drafts, &planner->capacity_drafts,
                                plan->n_stages, sizeof(Draft));
    if (stage == NULL || draft == NULL) {
        return PASS_FAILED;
    }
    stage->reduction = -1;
    stage->result = stage->fed = -1;
    stage->dims = planner_take(planner, (size_t)(shape->nd + 1) * sizeof(npy_intp));
    if (stage->dims == NULL) {
        return PASS_FAILED;
    }
    draft->shape = *shape;
    draft->itemsize = itemsize;
    draft->is_c_order = is_c_order;
    stages_order(draft);
    plan->n_stages++;
    return PASS_DONE;
}

/* ------------------------------------------------------------------ what comes after what */

int
stages_after_maker(const Planner *planner, int node, const Extent *shape)
{
    int maker = planner_maker(planner, node);
    if (maker < 0) {
        return 0;
    }
    int same = maker == node && shape != NULL &&
               stages_same_dims(&planner->nodes[maker].extent, shape);
    return planner->nodes[maker].stage + !same;
}

int
stages_after_accesses(const Planner *planner, int source, int effect, int is_moved)
{
    const Plan *plan = planner->plan;
    int first = 0;
    for (int i = 0; i < planner->n_accesses; i++) {
        const Access *access = &planner->accesses[i];
        if (effect < 0 && access->effect < 0) {
            continue;
        }
        enum overlap overlap = effect < 0 ? plan_known_overlap(plan, access->effect, source)
                                          : plan_known_overlap(plan, effect, access->source);
        int least = access->stage + (overlap == OVERLAPPING || is_moved || access->is_moved);
        if (overlap != APART && least > first) {
            first = least;
        }
    }
    return first;
}

/* Note that a source is read, or changed by an effect. What has been read before it was changed
 * can't be read again. */
Outcome
stages_note(Planner *planner, int node, int source, int stage, int effect)
{
    Plan *plan = planner->plan;
    int was_read = plan->may_raise || plan->reads_items;
    for (int i = 0; effect >= 0 && i < planner->n_accesses; i++) {
        const Access *access = &planner->accesses[i];
        int overlaps = access->effect < 0 &&
                       plan_known_overlap(plan, effect, access->source) != APART;
        was_read |= overlaps;
        plan->stages[stage].reports_steps |= overlaps && access->stage == stage;
    }
    if (effect >= 0 && was_read && stage < plan->n_repeatable) {
        plan->n_repeatable = stage;
    }
    Access *access =
        planner_grow(planner, (void **)&planner->accesses, &planner->capacity_accesses,
                     planner->n_accesses, sizeof(Access));
    if (access == NULL) {
        return PASS_FAILED;
    }
    int is_moved = effect < 0 ? planner_is_patched(planner, node)
                              : plan->effects[effect].index >= 0;
    *access = (Access){node, source, stage, effect, is_moved};
    planner->n_accesses++;
    return PASS_DONE;
}

/* ------------------------------------------------------------------ steps and reductions */

Outcome
stages_put_step(Planner *planner, int node, int first)
{
    const Plan *plan = planner->plan;
    const Typed *typed = &planner->typing->typed[node];
    NodeState *state = &planner->nodes[node];
    for (int k = 0; k < typed->n_in; k++) {
        int operand = typed->operands[k], source = plan->source_of[operand];
        int is_moved = planner_is_patched(planner, node);
        int least = source < 0 ? stages_after_maker(planner, operand,
                                                    is_moved ? NULL : &state->extent)
                               : stages_after_accesses(planner, source, -1, is_moved);
        first = least > first ? least : first;
    }
    while (first < plan->n_stages && !stages_fits(planner, node, first)) {
        first++;
    }
    if (first >= plan->n_stages) {
        first = plan->n_stages;
        TRY(stages_open(planner, &state->extent, state->is_c_order,
                        PyDataType_ELSIZE(planner_result(planner, node))));
    }
    state->stage = first;
    for (int k = 0; k < typed->n_in; k++) {
        if (plan->source_of[typed->operands[k]] >= 0) {
            TRY(stages_note(planner, node, plan->source_of[typed->operands[k]], first, -1));
        }
    }
    return PASS_DONE;
}

/* Give a reduction or routine a stage of its own, the last so far: all that the code does before it
 * is done before. */
static Outcome
stages_put_native(Planner *planner, int node)
{
    Plan *plan = planner->plan;
    const Typed *typed = &planner->typing->typed[node];
    Extent nothing = {NULL, 0, {0}, {0}};
    TRY(stages_open(planner, &nothing, 1, 1));
    planner->nodes[node].stage = plan->n_stages - 1;
    plan->stages[plan->n_stages - 1].reduction = node;
    for (int k = 0; k < typed->n_arrays; k++) {
        int source = plan->source_of[typed->arrays[k]];
        if (source >= 0) {
            TRY(stages_note(planner, node, source, plan->n_stages - 1, -1));
        }
    }
    return PASS_DONE;
}

/* Put everything into stages, in the order of the code. */
Outcome
stages_sort(Planner *planner)
{
    Plan *plan = planner->plan;
    plan->n_repeatable = INT_MAX;
    for (int i = 0; i < planner->program->n_nodes; i++) {
        Effect *effect = planner->nodes[i].effect < 0 ? NULL
                                                      : &plan->effects[planner->nodes[i].effect];
        planner->node = i;
        if (effect != NULL && planner_is_step(planner, i)) {
            TRY(effects_put_in_place(planner, effect));
        }
        else if (planner_is_step(planner, i)) {
            TRY(stages_put_step(planner, i, 0));
        }
        else if (action_is_native(planner->typing->typed[i].action)) {
            TRY(stages_put_native(planner, i));
        }
        if (effect != NULL && !effect->is_direct && !plan->may_raise) {
            TRY(effects_put_copy(planner, effect, 0));
        }
    }
    if (plan->may_raise) {
        TRY(effects_put_last(planner));
    }
    if (plan->n_repeatable > plan->n_stages) {
        plan->n_repeatable = plan->n_stages;
    }
    for (int k = plan->n_repeatable; k < plan->n_stages; k++) {
        planner->node = plan->stages[k].reduction;
        if (planner->node >= 0 && planner->program->nodes[planner->node].helper >= 0) {
            return planner_decline(planner, "a helper reduces an array after one was changed");
        }
        if (planner->node >= 0 && planner->typing->typed[planner->node].action == ACT_ROUTINE) {
            return planner_decline(planner, "a routine of NumPy's follows the change of an array");
        }
    }
    return PASS_DONE;
}

/* ------------------------------------------------------------------ what outlives its stage */

/* Note that a value is read in a stage: of another stage's, or of a view of one, all is needed. */
static void
stages_note_read(Planner *planner, int node, int stage)
{
    int maker = planner_maker(planner, node);
    if (maker >= 0 && (maker != node || planner->nodes[maker].stage != stage)) {
        planner->nodes[maker].is_whole = 1;
    }
}

/* Note that a value is delivered or reduced: as an array, if it is computed. */
static void
stages_note_need(Planner *planner, int node)
{
    int maker = planner_maker(planner, node);
    if (maker >= 0) {
        planner->nodes[maker].is_needed = 1;
    }
}

/* Note which results another stage reads, or the code after the region. */
Outcome
stages_needs(Planner *planner)
{
    const Program *program = planner->program;
    const Plan *plan = planner->plan;
    for (int i = 0; i < program->n_nodes; i++) {
        const Typed *typed = &planner->typing->typed[i];
        for (int k = 0; planner->nodes[i].fed_by < 0 && k < typed->n_arrays; k++) {
            stages_note_need(planner, typed->arrays[k]);
        }
        for (int k = 0; planner_is_step(planner, i) && k < typed->n_in; k++) {
            stages_note_read(planner, typed->operands[k], planner->nodes[i].stage);
        }
    }
    for (int e = 0; e < plan->n_effects; e++) {
        if (plan->effects[e].value != plan->effects[e].node) {
            stages_note_read(planner, plan->effects[e].value, plan->effects[e].stage);
        }
    }
    for (int i = 0; i < program->n_outputs; i++) {
        stages_note_need(planner, program->outputs[i]);
    }
    return PASS_DONE;
}

/* Find places for what stays: arrays for what is delivered, buffers for the rest. */
Outcome
stages_results(Planner *planner)
{
    Plan *plan = planner->plan;
    for (int i = 0; i < planner->program->n_nodes; i++) {
        NodeState *state = &planner->nodes[i];
        int is_reduction = action_is_native(planner->typing->typed[i].action);
        if (state->fed_by >= 0) {
            feeding_place(planner, i);
        }
        if (state->stage < 0 || (is_reduction && !state->is_reduced)) {
            continue;
        }
        PyArray_Descr *descr = planner->typing->results[i];
        npy_intp size = 1;
        for (int k = 0; k < state->extent.nd; k++) {
            size *= state->extent.dims[k];
        }
        plan->size = size > plan->size ? size : plan->size;
        if (state->is_needed && !is_reduction) {
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
        if (is_reduction) {
            Stage *stage = &plan->stages[state->stage];
            stage->result = state->buffer;
            stage->result_bytes = size * PyDataType_ELSIZE(descr);
            stage->result_type = descr->type_num;
        }
    }
    for (int e = 0; e < plan->n_effects; e++) {
        npy_intp size = 1;
        Extent extent;
        planner_changed(planner, &plan->effects[e], &extent);
        for (int i = 0; i < extent.nd; i++) {
            size *= extent.dims[i];
        }
        plan->size = size > plan->size ? size : plan->size;
    }
    plan->scratch = plan->buffers;
    return PASS_DONE;
}
