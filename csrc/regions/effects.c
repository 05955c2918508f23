/* How arrays are changed that others may see: by a step itself, or by a copy of its result. */
#include "regions/planner.h"

/* Lay out what is computed or copied for an effect in memory of its own. */
static void
effects_lay_out(NodeState *state, npy_intp itemsize)
{
    for (int i = state->extent.nd; i--;) {
        state->extent.strides[i] = itemsize;
        itemsize *= state->extent.dims[i];
    }
    state->is_c_order = 1;
    state->is_whole = 1;
}

/* Whether the step that computes what is stored reads items that it would have overwritten by
 * then. */
static int
effects_reads_own(const Planner *planner, const Effect *effect)
{
    const Plan *plan = planner->plan;
    const Typed *typed = &planner->typing->typed[effect->value];
    for (int k = 0; k < typed->n_in; k++) {
        int source = plan->source_of[typed->operands[k]];
        if (source >= 0 && plan_known_overlap(plan, planner->nodes[effect->node].effect, source) ==
                               OVERLAPPING) {
            return 1;
        }
    }
    return 0;
}

Outcome
effects_put_in_place(Planner *planner, Effect *effect)
{
    const Plan *plan = planner->plan;
    int node = effect->node, number = planner->nodes[node].effect;
    NodeState *state = &planner->nodes[node];
    effect->is_direct = !plan->may_raise && !effects_reads_own(planner, effect);
    if (effect->is_direct) {
        int first = stages_after_accesses(planner, effect->target, number, 0);
        TRY(stages_put_step(planner, node, first));
        effect->stage = state->stage;
        return stages_note(planner, node, effect->target, effect->stage, number);
    }
    if (!planner->typing->typed[node].stride_invariant &&
        (!state->is_c_order || effects_reads_own(planner, effect))) {
        return planner_decline(planner, "a loop's bits depend on strides");
    }
    effects_lay_out(state, PyDataType_ELSIZE(planner_result(planner, node)));
    return stages_put_step(planner, node, 0);
}

/* The first stage with these axes, in any order, from one on; opened if there is none: in the order
 * of C, unless axes lie in another order in memory. */
static Outcome
effects_find(Planner *planner, const Extent *extent, npy_intp itemsize, int *stage)
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
effects_put_value(Planner *planner, Effect *effect, int source, int first)
{
    const Source *from = &planner->plan->sources[source];
    NodeState *state = &planner->nodes[effect->node];
    int before = stages_after_accesses(planner, source, -1, 0);
    axes_extent(&from->axes, &state->extent);
    effects_lay_out(state, from->itemsize);
    state->extent.data = (char *)planner;
    state->stage = first > before ? first : before;
    TRY(effects_find(planner, &state->extent, from->itemsize, &state->stage));
    effect->value = effect->node;
    return stages_note(planner, effect->node, source, state->stage, -1);
}

Outcome
effects_put_copy(Planner *planner, Effect *effect, int first)
{
    const Plan *plan = planner->plan;
    int number = planner->nodes[effect->node].effect, source = plan->source_of[effect->value];
    Extent extent;
    const Typed *typed = &planner->typing->typed[effect->value];
    if (planner_is_step(planner, effect->value) && typed->into >= 0 && !typed->stride_invariant &&
        effects_reads_own(planner, effect)) { /* NumPy's loop sees that, and takes another way */
        return planner_decline(planner, "a loop's bits depend on what overlaps");
    }
    int is_moved = effect->index >= 0;
    planner_changed(planner, effect, &extent);
    enum overlap overlap = source < 0 ? APART : plan_known_overlap(plan, number, source);
    if (overlap == OVERLAPPING || (is_moved && overlap != APART)) {
        TRY(effects_put_value(planner, effect, source, first));
        source = -1;
    }
    int least[3] = {
        effect->value == effect->node ? planner->nodes[effect->node].stage + 1
                                      : stages_after_maker(planner, effect->value, &extent),
        source < 0 ? 0 : stages_after_accesses(planner, source, -1, 0),
        stages_after_accesses(planner, effect->target, number, is_moved),
    };
    for (int i = 0; i < 3; i++) {
        first = least[i] > first ? least[i] : first;
    }
    effect->stage = first;
    TRY(effects_find(planner, &extent, plan->sources[effect->target].itemsize, &effect->stage));
    if (source >= 0) {
        TRY(stages_note(planner, effect->node, source, effect->stage, -1));
    }
    plan->stages[effect->stage].is_ordered |= is_moved;
    return stages_note(planner, effect->node, effect->target, effect->stage, number);
}

/* Where a report of an error may raise an exception, nothing may be changed before everything has
 * been computed. */
Outcome
effects_put_last(Planner *planner)
{
    Plan *plan = planner->plan;
    int first = plan->n_stages;
    for (int i = 0; i < planner->n_accesses; i++) {
        const Access *access = &planner->accesses[i];
        for (int e = 0; e < plan->n_effects && plan->effects[e].node < access->node; e++) {
            if (plan_known_overlap(plan, e, access->source) != APART) {
                planner->node = access->node;
                return planner_decline(planner, "what is raised has to come from its own line");
            }
        }
    }
    for (int e = 0; e < plan->n_effects; e++) {
        Effect *effect = &plan->effects[e];
        planner->node = effect->node;
        PyArray_Descr *own = planner->typing->results[effect->value];
        const Node *made = &planner->program->nodes[effect->node];
        PyArray_Descr *descr = planner->typing->results[made->operands[0]];
        if (own != NULL && cast_may_raise(own, descr)) {
            return planner_decline(planner, "what its cast raises has to come from its own line");
        }
        TRY(effects_put_copy(planner, effect, first));
    }
    return PASS_DONE;
}

/* ------------------------------------------------------------------ items of what is changed */

/* Whether a node is an item of an array that is changed after the code took the item, but before a
 * node that uses it: NumPy has copied the item by then, where a view would see the change. */
static int
effects_is_stale(const Planner *planner, int node, int reader)
{
    const Plan *plan = planner->plan;
    int source = plan->source_of[node];
    if (source < 0 || plan->sources[source].is_whole || plan->sources[source].axes.nd) {
        return 0;
    }
    for (int e = 0; e < plan->n_effects; e++) {
        int changed = plan->effects[e].node;
        if (changed > node && changed < reader && plan_known_overlap(plan, e, source) != APART) {
            return 1;
        }
    }
    return 0;
}

Outcome
effects_items(Planner *planner)
{
    const Plan *plan = planner->plan;
    int stale = 0;
    for (int i = 0; i < planner->program->n_nodes && !stale; i++) {
        const Typed *typed = &planner->typing->typed[i];
        planner->node = i;
        for (int k = 0; planner_is_step(planner, i) && k < typed->n_in; k++) {
            stale |= effects_is_stale(planner, typed->operands[k], i);
        }
        int effect = planner->nodes[i].effect;
        stale |= effect >= 0 && effects_is_stale(planner, plan->effects[effect].value, i);
    }
    return stale ? planner_decline(planner, "an item is used after its array was changed")
                 : PASS_DONE;
}

/* ------------------------------------------------------------------ stores by steps */

/* The last node that uses a value. */
static int
effects_last_use(const Planner *planner, int value)
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
effects_stores_directly(const Planner *planner, const Effect *effect)
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
    if (effect->index >= 0 || value == effect->node || planner_maker(planner, value) != value ||
        state->is_whole || state->is_needed || state->is_stored || state->stage != effect->stage ||
        !same_type(planner_result(planner, value), descr) ||
        (!typed->stride_invariant && !extent_is_c(&extent, target->itemsize))) {
        return 0;
    }
    int last = effects_last_use(planner, value);
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
effects_direct(Planner *planner)
{
    Plan *plan = planner->plan;
    for (int e = 0; e < plan->n_effects; e++) {
        Effect *effect = &plan->effects[e];
        if (!effect->is_direct && effects_stores_directly(planner, effect)) {
            effect->is_direct = 1;
            planner->nodes[effect->value].is_stored = 1;
        }
    }
    return PASS_DONE;
}
