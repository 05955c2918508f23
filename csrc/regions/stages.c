/* Which stage each step belongs to, and what has to be kept from one to another. */
#include "regions/planner.h"

#include <limits.h>
#include <string.h>

static int
stages_same_dims(const Extent *one, const Extent *other)
{
    return one->nd == other->nd && PyArray_CompareLists(one->dims, other->dims, one->nd);
}

/* Whether a node's items are gone through in the order of a stage. */
static int
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

/* Open a stage of a shape, which it goes through in the order of C, or as it lies in memory. */
static Outcome
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

/* The first stage in which a node's value is there; another one than where it is computed if that
 * has another shape. */
static int
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

/* The first stage in which a source can be read, or changed by an effect. What the code does before
 * to the same items has to come before: in the same block, if they lie at the same places. */
static int
stages_after_accesses(const Planner *planner, int source, int effect)
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
        int least = access->stage + (overlap == OVERLAPPING);
        if (overlap != APART && least > first) {
            first = least;
        }
    }
    return first;
}

/* Note that a source is read, or changed by an effect. What has been read before it was changed
 * can't be read again. */
static Outcome
stages_note(Planner *planner, int node, int source, int stage, int effect)
{
    Plan *plan = planner->plan;
    int was_read = plan->may_raise;
    for (int i = 0; effect >= 0 && i < planner->n_accesses; i++) {
        const Access *access = &planner->accesses[i];
        was_read |= access->effect < 0 &&
                    plan_known_overlap(plan, effect, access->source) != APART;
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
    *access = (Access){node, source, stage, effect};
    planner->n_accesses++;
    return PASS_DONE;
}

/* ------------------------------------------------------------------ steps and reductions */

/* Put a step into the first stage that it fits in, and note what it reads. */
static Outcome
stages_put_step(Planner *planner, int node, int first)
{
    const Plan *plan = planner->plan;
    const Typed *typed = &planner->typing->typed[node];
    NodeState *state = &planner->nodes[node];
    for (int k = 0; k < typed->n_in; k++) {
        int operand = typed->operands[k], source = plan->source_of[operand];
        int least = source < 0 ? stages_after_maker(planner, operand, &state->extent)
                               : stages_after_accesses(planner, source, -1);
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

/* Give a reduction a stage of its own, the last so far: all that the code does before it is done
 * before. */
static Outcome
stages_put_reduction(Planner *planner, int node)
{
    Plan *plan = planner->plan;
    const Node *made = &planner->program->nodes[node];
    int operand = typing_array(planner->typing, planner->program,
                               made->operands[made->kind == NODE_CALL]);
    Extent nothing = {NULL, 0, {0}, {0}};
    TRY(stages_open(planner, &nothing, 1, 1));
    planner->nodes[node].stage = plan->n_stages - 1;
    plan->stages[plan->n_stages - 1].reduction = node;
    if (plan->source_of[operand] < 0) {
        return PASS_DONE;
    }
    return stages_note(planner, node, plan->source_of[operand], plan->n_stages - 1, -1);
}

/* ------------------------------------------------------------------ effects */

/* Lay out what is computed or copied for an effect in memory of its own. */
static void
stages_lay_out(NodeState *state, npy_intp itemsize)
{
    for (int i = state->extent.nd; i--;) {
        state->extent.strides[i] = itemsize;
        itemsize *= state->extent.dims[i];
    }
    state->is_c_order = 1;
    state->is_whole = 1;
}

/* Whether an operator in place reads items that it would have overwritten by then. */
static int
stages_reads_own(const Planner *planner, const Effect *effect)
{
    const Plan *plan = planner->plan;
    const Typed *typed = &planner->typing->typed[effect->node];
    for (int k = 0; k < typed->n_in; k++) {
        int source = plan->source_of[typed->operands[k]];
        if (source >= 0 && plan_known_overlap(plan, planner->nodes[effect->node].effect, source) ==
                               OVERLAPPING) {
            return 1;
        }
    }
    return 0;
}

/* Put an operator in place where it can write into its target; or if it can't, have it compute into
 * memory of its own, from where its result is copied. */
static Outcome
stages_put_in_place(Planner *planner, Effect *effect)
{
    const Plan *plan = planner->plan;
    int node = effect->node, number = planner->nodes[node].effect;
    NodeState *state = &planner->nodes[node];
    effect->is_direct = !plan->may_raise && !stages_reads_own(planner, effect);
    if (effect->is_direct) {
        TRY(stages_put_step(planner, node, stages_after_accesses(planner, effect->target, number)));
        effect->stage = state->stage;
        return stages_note(planner, node, effect->target, effect->stage, number);
    }
    if (!planner->typing->typed[node].stride_invariant && !state->is_c_order) {
        return planner_decline(planner, "a loop's bits depend on strides");
    }
    stages_lay_out(state, PyDataType_ELSIZE(planner_result(planner, node)));
    return stages_put_step(planner, node, 0);
}

/* The first stage with these axes, in any order, from one on; opened if there is none: in the order
 * of C, unless axes lie in another order in memory. */
static Outcome
stages_find(Planner *planner, const Extent *extent, npy_intp itemsize, int *stage)
{
    const Plan *plan = planner->plan;
    Extent shape = *extent;
    int is_c_order = 1;
    while (*stage < plan->n_stages &&
           (plan->stages[*stage].reduction >= 0 ||
            !stages_same_dims(extent, &planner->drafts[*stage].shape))) {
        ++*stage;
    }
    if (*stage < plan->n_stages) {
        return PASS_DONE;
    }
    for (int i = 0; i < shape.nd; i++) {
        shape.strides[i] = shape.strides[i] < 0 ? -shape.strides[i] : shape.strides[i];
        is_c_order &= i == 0 || shape.strides[i] <= shape.strides[i - 1];
    }
    *stage = plan->n_stages;
    return stages_open(planner, &shape, is_c_order, itemsize);
}

/* Put what a store would overwrite while it is read into memory of its own. */
static Outcome
stages_put_value(Planner *planner, Effect *effect, int source, int first)
{
    const Source *from = &planner->plan->sources[source];
    NodeState *state = &planner->nodes[effect->node];
    int before = stages_after_accesses(planner, source, -1);
    axes_extent(&from->axes, &state->extent);
    stages_lay_out(state, from->itemsize);
    state->extent.data = (char *)planner;
    state->stage = first > before ? first : before;
    TRY(stages_find(planner, &state->extent, from->itemsize, &state->stage));
    effect->value = effect->node;
    return stages_note(planner, effect->node, source, state->stage, -1);
}

/* Put the copy that an effect makes, in a stage from `first` on. */
static Outcome
stages_put_copy(Planner *planner, Effect *effect, int first)
{
    const Plan *plan = planner->plan;
    int number = planner->nodes[effect->node].effect, source = plan->source_of[effect->value];
    Extent extent;
    axes_extent(&plan->sources[effect->target].axes, &extent);
    if (source >= 0 && plan_known_overlap(plan, number, source) == OVERLAPPING) {
        TRY(stages_put_value(planner, effect, source, first));
        source = -1;
    }
    int least[3] = {
        effect->value == effect->node ? planner->nodes[effect->node].stage + 1
                                      : stages_after_maker(planner, effect->value, &extent),
        source < 0 ? 0 : stages_after_accesses(planner, source, -1),
        stages_after_accesses(planner, effect->target, number),
    };
    for (int i = 0; i < 3; i++) {
        first = least[i] > first ? least[i] : first;
    }
    effect->stage = first;
    TRY(stages_find(planner, &extent, plan->sources[effect->target].itemsize, &effect->stage));
    if (source >= 0) {
        TRY(stages_note(planner, effect->node, source, effect->stage, -1));
    }
    return stages_note(planner, effect->node, effect->target, effect->stage, number);
}

/* Where a report of an error may raise an exception, nothing may be changed before everything has
 * been computed. */
static Outcome
stages_put_last(Planner *planner)
{
    Plan *plan = planner->plan;
    int first = plan->n_stages;
    for (int i = 0; i < planner->n_accesses; i++) {
        const Access *access = &planner->accesses[i];
        for (int e = 0; e < plan->n_effects && plan->effects[e].node < access->node; e++) {
            if (plan_known_overlap(plan, e, access->source) != APART) {
                return planner_decline(planner, "what is raised has to come from its own line");
            }
        }
    }
    for (int e = 0; e < plan->n_effects; e++) {
        Effect *effect = &plan->effects[e];
        PyArray_Descr *own = planner->typing->results[effect->value];
        const Node *made = &planner->program->nodes[effect->node];
        PyArray_Descr *descr = planner->typing->results[made->operands[0]];
        if (own != NULL && cast_may_raise(own, descr)) {
            return planner_decline(planner, "what its cast raises has to come from its own line");
        }
        TRY(stages_put_copy(planner, effect, first));
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
        if (effect != NULL && planner_is_step(planner, i)) {
            TRY(stages_put_in_place(planner, effect));
        }
        else if (planner_is_step(planner, i)) {
            TRY(stages_put_step(planner, i, 0));
        }
        else if (planner->typing->typed[i].action == ACT_REDUCE) {
            TRY(stages_put_reduction(planner, i));
        }
        if (effect != NULL && !effect->is_direct && !plan->may_raise) {
            TRY(stages_put_copy(planner, effect, 0));
        }
    }
    if (plan->may_raise) {
        TRY(stages_put_last(planner));
    }
    if (plan->n_repeatable > plan->n_stages) {
        plan->n_repeatable = plan->n_stages;
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
        if (typed->action == ACT_REDUCE) {
            const Node *made = &program->nodes[i];
            stages_note_need(planner, made->operands[made->kind == NODE_CALL]);
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

/* ------------------------------------------------------------------ stores by the steps themselves */

/* The last node that uses a value. */
static int
stages_last_use(const Planner *planner, int value)
{
    const Plan *plan = planner->plan;
    int last = value;
    for (int i = 0; i < planner->program->n_nodes; i++) {
        const Typed *typed = &planner->typing->typed[i];
        for (int k = 0; planner_is_step(planner, i) && k < typed->n_in; k++) {
            last = typed->operands[k] == value ? i : last;
        }
    }
    for (int e = 0; e < plan->n_effects; e++) {
        if (plan->effects[e].value == value && plan->effects[e].node > last) {
            last = plan->effects[e].node;
        }
    }
    return last;
}

/* Whether a store can be made by the step that computes the value: as early as that, and what is
 * stored is read from there by others. */
static int
stages_stores_directly(const Planner *planner, const Effect *effect)
{
    const Plan *plan = planner->plan;
    int value = effect->value, number = planner->nodes[effect->node].effect;
    const Typed *typed = &planner->typing->typed[value];
    const NodeState *state = &planner->nodes[value];
    const Source *target = &plan->sources[effect->target];
    PyArray_Descr *descr =
        planner->typing->results[planner->program->nodes[effect->node].operands[0]];
    Extent extent;
    axes_extent(&target->axes, &extent);
    if (value == effect->node || planner_maker(planner, value) != value || state->is_whole ||
        state->is_needed || state->is_stored || state->stage != effect->stage ||
        !same_type(planner_result(planner, value), descr) ||
        (!typed->stride_invariant && !extent_is_c(&extent, target->itemsize))) {
        return 0;
    }
    int last = stages_last_use(planner, value);
    for (int i = 0; i < planner->n_accesses; i++) {
        const Access *access = &planner->accesses[i];
        int is_between = access->node > value && access->node < effect->node;
        int is_after = access->effect >= 0 && access->node > effect->node && access->node < last;
        if ((is_between || is_after) && access->stage == effect->stage &&
            plan_known_overlap(plan, number, access->source) != APART) {
            return 0;
        }
    }
    return 1;
}

Outcome
stages_effects(Planner *planner)
{
    Plan *plan = planner->plan;
    for (int e = 0; e < plan->n_effects; e++) {
        Effect *effect = &plan->effects[e];
        if (!effect->is_direct && stages_stores_directly(planner, effect)) {
            effect->is_direct = 1;
            planner->nodes[effect->value].is_stored = 1;
        }
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
        if (state->stage < 0 || planner->typing->typed[i].action == ACT_REDUCE) {
            continue;
        }
        PyArray_Descr *descr = planner->typing->results[i];
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
    for (int e = 0; e < plan->n_effects; e++) {
        const Axes *axes = &plan->sources[plan->effects[e].target].axes;
        npy_intp size = 1;
        for (int i = 0; i < axes->nd; i++) {
            size *= axes->dims[i];
        }
        plan->size = size > plan->size ? size : plan->size;
    }
    plan->scratch = plan->buffers;
    return PASS_DONE;
}
