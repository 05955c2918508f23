/* The steps of one stage, with the casts that they need, and their operands. */
#include "regions/planner.h"

#include "numpy/select.h"

#include <string.h>

/* ------------------------------------------------------------------ operands */

/* An extent's strides over the stage's axes. */
static void
operands_lie(const Draft *draft, const Extent *extent, Operand *operand)
{
    int nd = draft->shape.nd;
    for (int i = 0; i < nd; i++) {
        int own = draft->order[i] - nd + extent->nd;
        operand->strides[i] = own < 0 || extent->dims[own] == 1 ? 0 : extent->strides[own];
    }
}

static Outcome
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

/* The operand that stands for a node, as items of a type; or -1. */
static int
operands_known(const Plan *plan, int stage, int node, int type_num)
{
    int first = plan->stages[stage].first_operand;
    for (int i = first; i < plan->n_operands; i++) {
        if (plan->operands[i].node == node && plan->operands[i].type_num == type_num) {
            return i;
        }
    }
    return -1;
}

static Outcome
operands_add_item(Planner *planner, int stage, int node, PyArray_Descr *descr, int *at)
{
    Plan *plan = planner->plan;
    TRY(operands_add(planner, stage, IN_ITEM, node, descr, at));
    Item *item = APPEND(planner, items);
    if (item == NULL) {
        return PASS_FAILED;
    }
    item->node = node;
    item->descr = (PyArray_Descr *)Py_NewRef((PyObject *)descr);
    plan->operands[*at].number = plan->n_items++;
    return PASS_DONE;
}

/* The operand of an array that is not computed in this stage. */
static Outcome
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
static PlanStep *
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
static Outcome
operands_read(Planner *planner, int stage, int reader, int node, PyArray_Descr *descr, int *at)
{
    Plan *plan = planner->plan;
    PyArray_Descr *own = planner->typing->results[node];
    *at = operands_known(plan, stage, node, descr->type_num);
    if (*at >= 0) {
        return PASS_DONE;
    }
    if (own == NULL) {
        return operands_add_item(planner, stage, node, descr, at);
    }
    *at = operands_known(plan, stage, node, own->type_num);
    if (*at < 0) {
        TRY(operands_add_array(planner, stage, node, own, at));
    }
    if (same_type(own, descr)) {
        return PASS_DONE;
    }
    Loop cast = cast_between(own, descr);
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

/* The operand that a step writes to. */
static Outcome
operands_write(Planner *planner, int stage, int node, PyArray_Descr *descr, int *at)
{
    Plan *plan = planner->plan;
    const Program *program = planner->program;
    int effect = program->effect;
    int is_target = plan->effect == DIRECT_EFFECT &&
                    (program->nodes[effect].kind == NODE_STORE
                         ? program->nodes[effect].operands[2] == node
                         : effect == node);
    if (is_target || node == effect) {
        TRY(operands_add(planner, stage, IN_SOURCE, node, descr, at));
        int target = plan->sources[plan->target].node;
        plan->operands[*at].number = plan->target;
        operands_lie(&planner->drafts[stage], &planner->nodes[target].extent,
                     &plan->operands[*at]);
        return PASS_DONE;
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
    int args[MAX_OPERANDS];
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

/* The last step of a late store: from the buffer, or what is in it, into the target. */
static Outcome
operands_add_store(Planner *planner, int stage, int node)
{
    const Node *made = &planner->program->nodes[node];
    PyArray_Descr *descr = planner->typing->results[made->operands[0]];
    Loop loop = copy_loop(PyDataType_ELSIZE(descr));
    int args[2];
    TRY(operands_read(planner, stage, node, made->operands[2], descr, &args[0]));
    TRY(operands_write(planner, stage, node, descr, &args[1]));
    if (loop == NULL) {
        return planner_decline(planner, "there is no code for a store of such items");
    }
    PlanStep *step = operands_add_step(planner, stage, node, loop, args, 2);
    if (step == NULL) {
        return PASS_FAILED;
    }
    step->operation = OP_COPY;
    return PASS_DONE;
}

Outcome
operands_fill(Planner *planner, int stage)
{
    Plan *plan = planner->plan;
    plan->stages[stage].first_operand = plan->n_operands;
    plan->stages[stage].first_step = plan->n_steps;
    for (int i = 0; i < planner->program->n_nodes; i++) {
        if (planner->nodes[i].stage == stage) {
            planner->node = i;
            TRY(planner->typing->typed[i].action == ACT_STORE
                    ? operands_add_store(planner, stage, i)
                    : operands_add_operation(planner, stage, i));
        }
    }
    return PASS_DONE;
}
