/* The steps of one stage, with the casts that they need, and their operands. */
#include "regions/operands.h"

#include "numpy/select.h"

#include <string.h>

/* ------------------------------------------------------------------ operands */

/* An extent's strides over the stage's axes. */
void
operands_lie(const Draft *draft, const Extent *extent, Operand *operand)
{
    int nd = draft->shape.nd;
    for (int i = 0; i < nd; i++) {
        int own = draft->order[i] - nd + extent->nd;
        operand->strides[i] = own < 0 || extent->dims[own] == 1 ? 0 : extent->strides[own];
    }
}

Outcome
operands_add(Planner *planner, int stage, enum where where, int node, PyArray_Descr *descr, int *at)
{
    Plan *plan = planner->plan;
    Operand *operand = APPEND(planner, operands);
    size_t axes = (size_t)planner->drafts[stage].shape.nd + 1;
    if (operand == NULL ||
        (operand->strides = planner_take(planner, axes * sizeof(npy_intp))) == NULL) {
        return PASS_FAILED;
    }
    operand->where = where;
    operand->node = node;
    operand->type_num = descr->type_num;
    operand->itemsize = PyDataType_ELSIZE(descr);
    plan->stages[stage].n_operands++;
    *at = plan->n_operands++;
    return PASS_DONE;
}

/* The operand that stands for a node, as items of a type; or -1. Casts of items that may have been
 * changed since don't. */
static int
operands_known(const Planner *planner, int stage, int node, int type_num)
{
    const Plan *plan = planner->plan;
    int first = plan->stages[stage].first_operand;
    for (int i = first; i < plan->n_operands; i++) {
        const Operand *operand = &plan->operands[i];
        int is_old = operand->where == IN_BLOCK && plan->source_of[node] >= 0 &&
                     i < planner->drafts[stage].changed_at;
        if (operand->node == node && operand->type_num == type_num && !is_old &&
            !operand->is_taken) {
            return i;
        }
    }
    return -1;
}

/* An operand for a number, which is there before, or is found in another operand. */
static Outcome
operands_add_item(Planner *planner, int stage, int node, PyArray_Descr *descr, int from, int *at)
{
    Plan *plan = planner->plan;
    TRY(operands_add(planner, stage, IN_ITEM, node, descr, at));
    Item *item = APPEND(planner, items);
    if (item == NULL) {
        return PASS_FAILED;
    }
    item->node = node;
    item->from = from;
    plan->stages[stage].n_taken += from >= 0;
    item->descr = (PyArray_Descr *)Py_NewRef((PyObject *)descr);
    plan->operands[*at].number = plan->n_items++;
    return PASS_DONE;
}

/* The operand of an array that is not computed in this stage. */
Outcome
operands_add_array(Planner *planner, int stage, int node, PyArray_Descr *descr, int *at)
{
    Plan *plan = planner->plan;
    int owner = program_owner(planner->program, node);
    enum where where = plan->source_of[node] >= 0    ? IN_SOURCE
                       : plan->output_of[owner] >= 0 ? IN_OUTPUT
                                                     : IN_BUFFER;
    TRY(operands_add(planner, stage, where, node, descr, at));
    Operand *operand = &plan->operands[*at];
    operands_lie(&planner->drafts[stage], &planner->nodes[node].extent, operand);
    if (where == IN_SOURCE) {
        operand->number = plan->source_of[node];
        return PASS_DONE;
    }
    operand->number = plan->output_of[owner];
    operand->offset = planner->nodes[node].extent.data - planner->nodes[owner].extent.data;
    if (where == IN_BUFFER) {
        operand->offset += planner->nodes[owner].buffer;
    }
    return PASS_DONE;
}

/* ------------------------------------------------------------------ steps */

/* Add a step with its arguments, the result last; NULL with an exception. */
PlanStep *
operands_add_step(Planner *planner, int stage, int node, Loop loop, const int *args, int n)
{
    Plan *plan = planner->plan;
    PlanStep *step = APPEND(planner, steps);
    if (step == NULL ||
        (step->args = planner_take(planner, (size_t)n * sizeof(int))) == NULL ||
        (step->strides = planner_take(planner, 2 * (size_t)n * sizeof(npy_intp))) == NULL) {
        return NULL;
    }
    step->row_strides = step->strides + n;
    step->loop = loop;
    step->node = step->parts[0] = node;
    step->n_parts = 1;
    step->n_args = n;
    memcpy(step->args, args, (size_t)n * sizeof(int));
    plan->most_args = n > plan->most_args ? n : plan->most_args;
    plan->n_steps++;
    plan->stages[stage].n_steps++;
    return step;
}

/* The operand for what a step reads, as items of a dtype: added if it is new, with a cast for that
 * step. */
Outcome
operands_read(Planner *planner, int stage, int reader, int node, PyArray_Descr *descr, int *at)
{
    PyArray_Descr *own = planner->typing->results[node];
    *at = operands_known(planner, stage, node, descr->type_num);
    if (*at >= 0) {
        return PASS_DONE;
    }
    if (own == NULL) {
        return operands_add_item(planner, stage, node, descr, -1, at);
    }
    if (planner_maker(planner, node) == node && planner->nodes[node].extent.nd == 0 &&
        planner->nodes[node].stage != stage && same_type(own, descr)) {
        int from;
        TRY(operands_add_array(planner, stage, node, own, &from));
        planner->plan->operands[from].is_taken = 1;
        return operands_add_item(planner, stage, node, own, from, at);
    }
    *at = operands_known(planner, stage, node, own->type_num);
    if (*at < 0) {
        TRY(operands_add_array(planner, stage, node, own, at));
    }
    if (same_type(own, descr)) {
        return PASS_DONE;
    }
    if (planner->program->nodes[reader].kind == NODE_STORE && planner->nodes[node].extent.nd == 0 &&
        PyTypeNum_ISINTEGER(descr->type_num) &&
        !PyArray_CanCastSafely(own->type_num, descr->type_num)) {
        return planner_decline(planner, "a number that may not fit is stored as an integer");
    }
    Loop cast = cast_of_any_kind(own, descr);
    if (cast == NULL) {
        return planner_decline(planner, "there is no code for a cast");
    }
    int args[2] = {*at};
    TRY(operands_add(planner, stage, IN_BLOCK, node, descr, at));
    args[1] = *at;
    PlanStep *step = operands_add_step(planner, stage, node, cast, args, 2);
    if (step == NULL) {
        return PASS_FAILED;
    }
    step->operation = OP_CAST;
    step->node = reader;
    step->checks_flags = cast_may_raise(own, descr) != 0;
    return PASS_DONE;
}

/* The target of an effect. */
Outcome
operands_change(Planner *planner, int stage, int node, int target, PyArray_Descr *descr, int *at)
{
    Plan *plan = planner->plan;
    Extent extent;
    TRY(operands_add(planner, stage, IN_SOURCE, node, descr, at));
    axes_extent(&plan->sources[target].axes, &extent);
    plan->operands[*at].number = target;
    operands_lie(&planner->drafts[stage], &extent, &plan->operands[*at]);
    planner->drafts[stage].changed_at = plan->n_operands;
    return PASS_DONE;
}

/* The effect that a step carries out itself; NULL if there is none. */
static const Effect *
operands_effect(const Planner *planner, int node)
{
    const Plan *plan = planner->plan;
    for (int e = 0; e < plan->n_effects; e++) {
        if (plan->effects[e].is_direct && plan->effects[e].value == node) {
            return &plan->effects[e];
        }
    }
    return NULL;
}

/* The operand that a step writes to. */
Outcome
operands_write(Planner *planner, int stage, int node, PyArray_Descr *descr, int *at)
{
    const Plan *plan = planner->plan;
    const Effect *effect = operands_effect(planner, node);
    if (effect != NULL) {
        return operands_change(planner, stage, node, effect->target, descr, at);
    }
    if (plan->output_of[node] >= 0 || planner->nodes[node].buffer >= 0) {
        return operands_add_array(planner, stage, node, descr, at);
    }
    return operands_add(planner, stage, IN_BLOCK, node, descr, at);
}

/* What an operation does. */
static Outcome
operands_add_operation(Planner *planner, int stage, int node)
{
    const Typed *typed = &planner->typing->typed[node];
    int args[STEP_OPERANDS];
    for (int i = 0; i < typed->n_in; i++) {
        TRY(operands_read(planner, stage, node, typed->operands[i], typed->descrs[i], &args[i]));
    }
    TRY(operands_write(planner, stage, node, typed->descrs[typed->n_in], &args[typed->n_in]));
    Loop loop = typed->action == ACT_WHERE ? where_loop(PyDataType_ELSIZE(typed->descrs[3]))
                                           : typed->call.loop;
    if (loop == NULL) {
        return planner_decline(planner, "there is no code for a choice between such items");
    }
    PlanStep *step = operands_add_step(planner, stage, node, loop, args, typed->n_in + 1);
    if (step == NULL) {
        return PASS_FAILED;
    }
    step->context = typed->call.context;
    step->auxdata = typed->call.auxdata;
    step->operation = typed->operation;
    step->checks_flags = !typed->call.raises_nothing;
    step->slow_status = (unsigned char)typed->slow_status;
    planner->plan->slow_status |= typed->slow_status;
    return PASS_DONE;
}

/* A copy from one operand to another. */
static Outcome
operands_add_copy(Planner *planner, int stage, int node, int from, int to)
{
    Loop loop = copy_loop(planner->plan->operands[to].itemsize);
    if (loop == NULL) {
        return planner_decline(planner, "there is no code for a store of such items");
    }
    PlanStep *step = operands_add_step(planner, stage, node, loop, (int[2]){from, to}, 2);
    if (step == NULL) {
        return PASS_FAILED;
    }
    step->operation = OP_COPY;
    return PASS_DONE;
}

/* What a store would overwrite while it reads it: into the buffer. */
static Outcome
operands_add_value(Planner *planner, int stage, int node)
{
    int from, to;
    int value = typing_array(planner->typing, planner->program,
                             planner->program->nodes[node].operands[2]);
    PyArray_Descr *descr = planner->typing->results[value];
    TRY(operands_read(planner, stage, node, value, descr, &from));
    TRY(operands_add_array(planner, stage, node, descr, &to));
    return operands_add_copy(planner, stage, node, from, to);
}

/* What an effect copies into its target, from where its value is. */
static Outcome
operands_add_effect(Planner *planner, int stage, const Effect *effect)
{
    const Node *made = &planner->program->nodes[effect->node];
    PyArray_Descr *descr = planner->typing->results[made->operands[0]];
    int from, to;
    TRY(operands_read(planner, stage, effect->node, effect->value, descr, &from));
    if (effect->index >= 0) {
        return moving_add_scatter(planner, stage, effect, from);
    }
    TRY(operands_change(planner, stage, effect->node, effect->target, descr, &to));
    return operands_add_copy(planner, stage, effect->node, from, to);
}

/* What feeds a reduction. */
static Outcome
operands_add_feed(Planner *planner, int stage, int node)
{
    Plan *plan = planner->plan;
    const Typed *typed = &planner->typing->typed[node];
    int feeder = planner->nodes[node].fed_by, to;
    int from = operands_known(planner, stage, feeder, typed->descrs[0]->type_num);
    if (from < 0) {
        return planner_decline(planner, "what a reduction is fed with is not there");
    }
    TRY(operands_add(planner, stage, IN_FEED, node, typed->descrs[0], &to));
    plan->operands[to].offset = plan->stages[planner->nodes[node].stage].fed;
    PlanStep *step =
        operands_add_step(planner, stage, node, feeding_loop(), (int[2]){from, to}, 2);
    if (step == NULL) {
        return PASS_FAILED;
    }
    step->operation = OP_FEED;
    step->checks_flags = !typed->call.raises_nothing;
    step->slow_status = (unsigned char)typed->slow_status;
    plan->slow_status |= typed->slow_status;
    plan->stages[stage].fed_rows = plan->stages[planner->nodes[node].stage].fed_length;
    plan->stages[stage].fed_shares = plan->stages[planner->nodes[node].stage].fed_shares;
    return PASS_DONE;
}

/* Patches come first, as nothing of their stage is in them: kernels can do more of the rest. Those
 * that change an array stay where they are in the code. */
static int
operands_come_first(const Planner *planner, int node)
{
    return planner_is_patched(planner, node) && !planner->nodes[node].is_stored;
}

Outcome
operands_fill(Planner *planner, int stage)
{
    Plan *plan = planner->plan;
    plan->stages[stage].first_operand = plan->n_operands;
    plan->stages[stage].first_step = plan->n_steps;
    for (int i = 0; i < planner->program->n_nodes; i++) {
        planner->node = i;
        if (planner->nodes[i].stage == stage && operands_come_first(planner, i)) {
            TRY(moving_add_patchwork(planner, stage, i));
        }
    }
    for (int i = 0; i < planner->program->n_nodes; i++) {
        planner->node = i;
        const NodeState *state = &planner->nodes[i];
        const Effect *effect = state->effect < 0 ? NULL : &plan->effects[state->effect];
        if (state->stage == stage && !operands_come_first(planner, i)) {
            TRY(planner_is_patched(planner, i) ? moving_add_patchwork(planner, stage, i)
                : planner_is_step(planner, i)  ? operands_add_operation(planner, stage, i)
                                               : operands_add_value(planner, stage, i));
        }
        if (effect != NULL && !effect->is_direct && effect->stage == stage) {
            TRY(operands_add_effect(planner, stage, effect));
        }
    }
    for (int i = 0; i < planner->program->n_nodes; i++) {
        int feeder = planner->nodes[i].fed_by;
        if (feeder >= 0 && planner->nodes[feeder].stage == stage) {
            TRY(operands_add_feed(planner, stage, i));
        }
    }
    return PASS_DONE;
}
