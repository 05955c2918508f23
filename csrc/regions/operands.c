/* The operands and steps of one stage. */
#include "regions/stages.h"

#include "numpy/select.h"

#include <string.h>

/* ------------------------------------------------------------------ operands */

/* An extent's strides over the stage's axes. */
static void
strides_over(const Layouting *now, const Extent *extent, Operand *operand)
{
    int nd = now->shape->extent.nd;
    for (int i = 0; i < nd; i++) {
        int own = now->order[i] - nd + extent->nd;
        operand->strides[i] = own < 0 || extent->dims[own] == 1 ? 0 : extent->strides[own];
    }
}

/* Return a new operand's number, or -1 with an exception. */
static int
add_operand(Layouting *now, enum where where, int node, PyArray_Descr *descr)
{
    Operand *operand = APPEND(now->planner, operands);
    if (operand == NULL) {
        return -1;
    }
    operand->where = where;
    operand->node = node;
    operand->type_num = descr->type_num;
    operand->itemsize = PyDataType_ELSIZE(descr);
    now->stage->n_operands++;
    return now->planner->plan->n_operands++;
}

static int
known(const Layouting *now, int node, int type_num)
{
    const Plan *plan = now->planner->plan;
    for (int i = 0; i < now->stage->n_operands; i++) {
        const Operand *operand = &plan->operands[now->stage->first_operand + i];
        if (operand->node == node && operand->type_num == type_num) {
            return now->stage->first_operand + i;
        }
    }
    return -1;
}

static int
add_item(Layouting *now, int node, PyArray_Descr *descr)
{
    Plan *plan = now->planner->plan;
    int at = add_operand(now, IN_ITEM, node, descr);
    Item *item = at < 0 ? NULL : APPEND(now->planner, items);
    if (item == NULL) {
        return -1;
    }
    item->node = node;
    item->descr = (PyArray_Descr *)Py_NewRef((PyObject *)descr);
    plan->operands[at].number = plan->n_items++;
    return at;
}

/* The operand of an array that is not computed in this stage. */
static int
add_array(Layouting *now, int node, PyArray_Descr *descr)
{
    Planner *planner = now->planner;
    Plan *plan = planner->plan;
    int owner = plan_owner(planner->program, node);
    enum where where = plan->source_of[node] >= 0   ? IN_SOURCE
                       : plan->output_of[owner] >= 0 ? IN_OUTPUT
                                                     : IN_BUFFER;
    int at = add_operand(now, where, node, descr);
    if (at < 0) {
        return -1;
    }
    Operand *operand = &plan->operands[at];
    strides_over(now, &planner->extents[node], operand);
    if (where == IN_SOURCE) {
        operand->number = plan->source_of[node];
        return at;
    }
    operand->number = plan->output_of[owner];
    operand->offset = planner->extents[node].data - planner->extents[owner].data;
    if (where == IN_BUFFER) {
        operand->offset += planner->buffer_of[owner];
    }
    return at;
}

/* The operand for what a step reads, as items of a dtype: added, with a cast, if it is new. */
static int
operand_for(Layouting *now, int node, PyArray_Descr *descr)
{
    Planner *planner = now->planner;
    Plan *plan = planner->plan;
    PyArray_Descr *own = planner->typing->results[node];
    int at = known(now, node, descr->type_num);
    if (at >= 0) {
        return at;
    }
    if (own == NULL) {
        return add_item(now, node, descr);
    }
    int from = known(now, node, own->type_num);
    if (from < 0) {
        from = add_array(now, node, own);
    }
    if (from < 0 || plan_same_type(own, descr)) {
        return from;
    }
    Cast cast = cast_between(own, descr);
    if (cast == NULL) {
        return -2;
    }
    at = add_operand(now, IN_BLOCK, node, descr);
    PlanStep *step = at < 0 ? NULL : APPEND(planner, steps);
    if (step == NULL) {
        return -1;
    }
    now->n_blocks++;
    step->cast = cast;
    step->node = node;
    step->n_args = 2;
    step->args[0] = from;
    step->args[1] = at;
    plan->n_steps++;
    now->stage->n_steps++;
    return at;
}

/* The operand that a step writes to. */
static int
result_for(Layouting *now, int node, PyArray_Descr *descr)
{
    Planner *planner = now->planner;
    Plan *plan = planner->plan;
    const Program *program = planner->program;
    int effect = program->effect;
    int is_target = plan->effect == DIRECT_EFFECT &&
                    (program->nodes[effect].kind == NODE_STORE
                         ? program->nodes[effect].operands[2] == node
                         : effect == node);
    if (is_target || node == effect) {
        int at = add_operand(now, IN_SOURCE, node, descr);
        if (at >= 0) {
            plan->operands[at].number = plan->target;
            strides_over(now, &plan->sources[plan->target].extent, &plan->operands[at]);
        }
        return at;
    }
    if (plan->output_of[node] >= 0 || planner->buffer_of[node] >= 0) {
        return add_array(now, node, descr);
    }
    now->n_blocks++;
    return add_operand(now, IN_BLOCK, node, descr);
}

/* ------------------------------------------------------------------ steps */

static int
add_loop(Layouting *now, int node)
{
    Planner *planner = now->planner;
    const Typed *typed = &planner->typing->typed[node];
    int args[MAX_OPERANDS] = {0};
    for (int i = 0; i < typed->n_in; i++) {
        args[i] = operand_for(now, typed->operands[i], typed->descrs[i]);
        if (args[i] < 0) {
            return args[i] == -1 ? -1 : 0;
        }
    }
    args[typed->n_in] = result_for(now, node, typed->descrs[typed->n_in]);
    PlanStep *step = args[typed->n_in] < 0 ? NULL : APPEND(planner, steps);
    if (step == NULL) {
        return -1;
    }
    step->loop = typed->call.loop;
    step->context = typed->call.context;
    step->auxdata = typed->call.auxdata;
    step->is_checked = !typed->call.raises_nothing;
    step->slow_status = (unsigned char)typed->slow_status;
    planner->plan->slow_status |= typed->slow_status;
    if (typed->action == ACT_WHERE) {
        step->loop = where_loop(PyDataType_ELSIZE(typed->descrs[3]));
        if (step->loop == NULL) {
            return 0;
        }
    }
    step->node = node;
    step->n_args = typed->n_in + 1;
    memcpy(step->args, args, sizeof(args));
    planner->plan->n_steps++;
    now->stage->n_steps++;
    return 1;
}

/* The last step of a late store: from the buffer, or what is in it, into the target. */
static int
add_copy(Layouting *now, int node)
{
    Planner *planner = now->planner;
    int value = planner->program->nodes[node].operands[2];
    PyArray_Descr *descr = planner->typing->results[planner->program->nodes[node].operands[0]];
    int from = operand_for(now, value, descr);
    int to = from < 0 ? from : result_for(now, node, descr);
    if (to < 0) {
        return to == -1 ? -1 : 0;
    }
    PlanStep *step = APPEND(planner, steps);
    if (step == NULL) {
        return -1;
    }
    step->loop = copy_loop(PyDataType_ELSIZE(descr));
    step->node = node;
    step->n_args = 2;
    step->args[0] = from;
    step->args[1] = to;
    planner->plan->n_steps++;
    now->stage->n_steps++;
    return step->loop != NULL;
}

int
stage_fill(Layouting *now, const int *nodes, int n)
{
    Plan *plan = now->planner->plan;
    now->stage->first_operand = plan->n_operands;
    now->stage->first_step = plan->n_steps;
    for (int i = 0; i < n; i++) {
        int is_store = now->planner->typing->typed[nodes[i]].action == ACT_STORE;
        int done = is_store ? add_copy(now, nodes[i]) : add_loop(now, nodes[i]);
        if (done <= 0) {
            return done;
        }
    }
    return 1;
}
