/* Which stage each step belongs to, and what has to be kept from one to another. */
#include "regions/stages.h"

#include <string.h>

static int
same_dims(const Extent *one, const Extent *other)
{
    return one->nd == other->nd && PyArray_CompareLists(one->dims, other->dims, one->nd);
}

/* Whether a node's items are gone through in the order of a shape. */
static int
fits(const Planner *planner, int node, const Shape *shape)
{
    const Extent *extent = &planner->extents[node];
    if (shape->is_late || !same_dims(extent, &shape->extent)) {
        return 0;
    }
    if (planner->is_c_order[node] && shape->is_c_order) {
        return 1;
    }
    npy_intp size = PyDataType_ELSIZE(planner->typing->typed[node].descrs[
        planner->typing->typed[node].n_in]);
    for (int i = 0; i < extent->nd; i++) {
        if (extent->strides[i] * shape->itemsize != shape->extent.strides[i] * size) {
            return 0;
        }
    }
    return 1;
}

/* The first stage that a step can be in, by what it needs. */
static int
earliest(const Planner *planner, int node)
{
    const Typed *typed = &planner->typing->typed[node];
    int first = 0;
    for (int k = 0; k < typed->n_in; k++) {
        int operand = typed->operands[k], owner = plan_owner(planner->program, operand);
        if (!plan_is_step(planner, owner)) {
            continue;
        }
        int same = owner == operand &&
                   same_dims(&planner->extents[owner], &planner->extents[node]);
        int least = planner->stage_of[owner] + !same;
        first = least > first ? least : first;
    }
    return first;
}

/* Open a stage of a node's shape; -1 if there are too many. */
static int
open_stage(Planner *planner, Shape *shapes, int node, int is_late)
{
    Plan *plan = planner->plan;
    const Typed *typed = &planner->typing->typed[node];
    if (plan->n_stages == MOST_STAGES) {
        return -1;
    }
    Shape *shape = &shapes[plan->n_stages];
    shape->extent = planner->extents[node];
    shape->is_late = is_late;
    int is_store = typed->action == ACT_STORE;
    shape->itemsize = is_store ? 1 : PyDataType_ELSIZE(typed->descrs[typed->n_in]);
    shape->is_c_order = is_store || planner->is_c_order[node];
    return plan->n_stages++;
}

/* Put every step but the effect's into a stage. */
static int
sort_steps(Planner *planner, Shape *shapes)
{
    Plan *plan = planner->plan;
    for (int i = 0; i < planner->program->n_nodes; i++) {
        planner->stage_of[i] = -1;
        if (!plan_is_step(planner, i) || i == planner->program->effect) {
            continue;
        }
        int k = earliest(planner, i);
        while (k < plan->n_stages && !fits(planner, i, &shapes[k])) {
            k++;
        }
        if (k >= plan->n_stages && (k = open_stage(planner, shapes, i, 0)) < 0) {
            return 0;
        }
        planner->stage_of[i] = k;
    }
    return 1;
}

/* Whether a store can be made by the step that computes the value. */
static int
is_direct_store(const Planner *planner, int node, int value)
{
    const Plan *plan = planner->plan;
    const Typed *typed = &planner->typing->typed[value];
    PyArray_Descr *descr = planner->typing->results[planner->program->nodes[node].operands[0]];
    const Extent *extent = &planner->extents[node];
    if (!plan_is_step(planner, value) || planner->is_whole[value] || planner->is_needed[value] ||
        planner->stage_of[value] != plan->n_stages - 1 ||
        !same_dims(&planner->extents[value], extent) ||
        !plan_same_type(typed->descrs[typed->n_in], descr) ||
        (!typed->is_even && !extent_is_c(extent, PyDataType_ELSIZE(descr)))) {
        return 0;
    }
    if (plan->overlap == 0) {
        return 1;
    }
    for (int i = value + 1; i < planner->program->n_nodes; i++) {
        if (plan_is_step(planner, i)) {
            return 0; /* it may read what would be overwritten */
        }
    }
    return plan->overlap == 1 && !planner->program->is_merged;
}

/* Note which results of other stages a step reads. */
static void
note_reads(Planner *planner, int node)
{
    const Typed *typed = &planner->typing->typed[node];
    for (int k = 0; k < typed->n_in; k++) {
        int operand = typed->operands[k], owner = plan_owner(planner->program, operand);
        if (plan_is_step(planner, owner) &&
            (owner != operand || planner->stage_of[owner] != planner->stage_of[node])) {
            planner->is_whole[owner] = 1;
        }
    }
}

/* Reductions are done when the stages are, and must find the target as it was. */
static int
has_reductions(const Planner *planner)
{
    for (int i = 0; i < planner->program->n_nodes; i++) {
        if (planner->typing->typed[i].action == ACT_REDUCE) {
            return 1;
        }
    }
    return 0;
}

/* Decide how the effect comes about; 0 if it can't. */
static int
place_effect(Planner *planner, Shape *shapes)
{
    Plan *plan = planner->plan;
    const Program *program = planner->program;
    int node = program->effect;
    if (node < 0) {
        return 1;
    }
    const Node *made = &program->nodes[node];
    int value = made->operands[made->n - 1], owner = plan_owner(program, value);
    plan->effect = LATE_EFFECT;
    if (plan->is_careful && made->kind == NODE_STORE &&
        cast_may_raise(planner->typing->results[value],
                       planner->typing->results[made->operands[0]])) {
        return 0; /* likewise what its cast raises */
    }
    if (made->kind == NODE_IN_PLACE) {
        int last = plan->n_stages - 1;
        if (plan->is_careful) {
            return 0; /* what it raises has to come from its own line */
        }
        if (!has_reductions(planner) && !program->is_merged && plan->overlap < 2 && last >= 0 &&
            earliest(planner, node) <= last && fits(planner, node, &shapes[last])) {
            plan->effect = DIRECT_EFFECT;
            plan->is_reported = 1;
            planner->stage_of[node] = last;
            note_reads(planner, node);
            return 1;
        }
        if (plan->overlap == 2 && !plan_is_step(planner, owner) &&
            planner->typing->results[value] != NULL) {
            return 0; /* the operand itself would be overwritten */
        }
    }
    else if (!plan->is_careful && !has_reductions(planner) &&
             is_direct_store(planner, node, value)) {
        plan->effect = DIRECT_EFFECT;
        plan->is_reported = plan->overlap == 1;
        return 1;
    }
    planner->is_whole[owner] = 1;
    planner->stage_of[node] = open_stage(planner, shapes, node, 1);
    return planner->stage_of[node] >= 0;
}

/* Note which results another stage reads, or somebody outside. */
static void
note_needs(Planner *planner)
{
    const Program *program = planner->program;
    for (int i = 0; i < program->n_nodes; i++) {
        const Typed *typed = &planner->typing->typed[i];
        if (typed->action == ACT_REDUCE) {
            const Node *made = &program->nodes[i];
            int operand = made->operands[made->kind == NODE_CALL];
            planner->is_needed[plan_owner(program, operand)] = 1;
        }
        if (plan_is_step(planner, i) && i != program->effect) {
            note_reads(planner, i);
        }
    }
    for (int i = 0; i < program->n_outputs; i++) {
        planner->is_needed[plan_owner(program, program->outputs[i])] = 1;
    }
}

/* Find places for what stays: arrays for what is delivered, buffers for the rest. */
static int
place_results(Planner *planner)
{
    Plan *plan = planner->plan;
    for (int i = 0; i < planner->program->n_nodes; i++) {
        planner->buffer_of[i] = -1;
        if (!plan_is_step(planner, i) || i == planner->program->effect) {
            continue;
        }
        const Typed *typed = &planner->typing->typed[i];
        const Extent *extent = &planner->extents[i];
        npy_intp size = 1;
        for (int k = 0; k < extent->nd; k++) {
            size *= extent->dims[k];
        }
        plan->size = size > plan->size ? size : plan->size;
        if (planner->is_needed[i]) {
            Output *output = APPEND(planner, outputs);
            if (output == NULL) {
                return -1;
            }
            output->node = i;
            output->descr = (PyArray_Descr *)Py_NewRef((PyObject *)typed->descrs[typed->n_in]);
            output->c_order = planner->is_c_order[i];
            output->size = size;
            output->extent = *extent;
            plan->output_of[i] = (signed char)plan->n_outputs++;
        }
        else if (planner->is_whole[i]) {
            planner->buffer_of[i] = plan->scratch;
            size *= PyDataType_ELSIZE(typed->descrs[typed->n_in]);
            plan->scratch += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
    }
    plan->blocks = plan->scratch;
    return 1;
}

/* The axes of a stage from the innermost to the outermost in memory. */
static void
find_order(Layouting *now)
{
    const Shape *shape = now->shape;
    int nd = shape->extent.nd;
    for (int i = 0; i < nd; i++) {
        int axis = nd - 1 - i, at = i;
        while (!shape->is_c_order && at > 0 &&
               shape->extent.strides[now->order[at - 1]] > shape->extent.strides[axis]) {
            now->order[at] = now->order[at - 1];
            at--;
        }
        now->order[at] = axis;
    }
}

int
plan_stages(Planner *planner)
{
    Plan *plan = planner->plan;
    Shape shapes[MOST_STAGES];
    if (!sort_steps(planner, shapes)) {
        return 0;
    }
    note_needs(planner);
    if (!place_effect(planner, shapes)) {
        return 0;
    }
    int done = place_results(planner);
    for (int k = 0; k < plan->n_stages && done > 0; k++) {
        Layouting now = {.planner = planner, .stage = &plan->stages[k], .shape = &shapes[k]};
        int nodes[MOST_NODES], n = 0;
        for (int i = 0; i < planner->program->n_nodes; i++) {
            if (planner->stage_of[i] == k) {
                nodes[n++] = i;
            }
        }
        find_order(&now);
        done = stage_fill(&now, nodes, n);
        if (done > 0) {
            done = stage_lay_out(&now);
        }
    }
    return done;
}
