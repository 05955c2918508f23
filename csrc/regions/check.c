/* What must be true of every plan, looked at before it serves: as `verify` does for bytecode.
 *
 * If a plan breaks a rule, the planner is at fault; the original code runs instead of the plan.
 */
#include "regions/planner.h"

typedef struct {
    const Plan *plan;
    const Program *program;
    int *writer;  /* by node: the stage that made its array or buffer; -1 */
    int *holder;  /* by piece of scratch memory: the operand in it now; -1 */
    int *written; /* by effect: the step that changes the target; -1 */
} Check;

#define HOLDS(condition, text) \
    do {                       \
        if (!(condition)) {    \
            return text;       \
        }                      \
    } while (0)

/* The bytes that an operand's items reach over, from its first item. */
static void
check_reach(const Stage *stage, const Operand *operand, npy_intp *low, npy_intp *high)
{
    *low = 0;
    *high = stage_items(stage) ? operand->itemsize : 0;
    for (int i = 0; i < stage->nd && *high; i++) {
        npy_intp reach = (stage->dims[i] - 1) * operand->strides[i];
        *(reach < 0 ? low : high) += reach;
    }
}

static npy_intp
check_block_items(const Stage *stage)
{
    return stage->rows ? (stage->rows - 1) * stage->pitch + stage->dims[0] : stage->length;
}

/* Patches cover each axis, one after the other. */
static const char *
check_patches(const Patchwork *made)
{
    HOLDS(made != NULL && made->nd >= 1 && made->nd <= MOST_PATCHED_AXES,
          "an array in patches has no axes, or too many");
    for (int i = 0; i < made->nd; i++) {
        npy_intp done = 0;
        HOLDS(made->n_patches[i] <= MOST_PATCHES, "an axis has too many patches");
        for (int p = 0; p < made->n_patches[i]; p++) {
            const Patch *patch = &made->patches[i][p];
            HOLDS(patch->low == done && patch->high > done && patch->from >= 0 &&
                      patch->from < made->n_operands,
                  "patches don't come one after the other");
            done = patch->high;
        }
        HOLDS(done == made->dims[i], "patches don't cover an axis");
    }
    return NULL;
}

/* The bytes that patches take of an operand, from its first item. */
static void
check_patches_reach(const Patchwork *made, int operand, npy_intp *low, npy_intp *high)
{
    *low = 0;
    *high = made->itemsize;
    for (int i = 0; i < made->nd; i++) {
        npy_intp first = NPY_MAX_INTP, last = -1;
        int from = 0;
        for (int p = 0; p < made->n_patches[i]; p++) {
            from = made->patches[i][p].from == operand ? operand : from;
        }
        for (int p = 0; p < made->n_patches[i]; p++) {
            const Patch *patch = &made->patches[i][p];
            npy_intp start = patch->start;
            npy_intp end = start + (patch->high - patch->low - 1) * patch->step;
            if (patch->from == from) {
                first = start < first ? start : first;
                first = end < first ? end : first;
                last = start > last ? start : last;
                last = end > last ? end : last;
            }
        }
        npy_intp stride = made->strides[operand][i];
        *low += stride < 0 ? last * stride : first * stride;
        *high += stride < 0 ? first * stride : last * stride;
    }
}

/* What patches are of lies within its memory. */
static const char *
check_patchwork(const Check *check, const PlanStep *step)
{
    const Plan *plan = check->plan;
    const Patchwork *made = step->own;
    const char *fault = check_patches(made);
    if (fault != NULL) {
        return fault;
    }
    HOLDS(step->n_args == made->n_operands + 2 &&
              plan->operands[step->args[0]].where == IN_POSITION &&
              step->auxdata == &made->base,
          "a step that puts patches together has other arguments");
    for (int k = 0; k < made->n_operands; k++) {
        const Operand *operand = &plan->operands[step->args[k + 1]];
        npy_intp low, high;
        check_patches_reach(made, k, &low, &high);
        if (operand->where == IN_SOURCE) {
            const Source *source = &plan->sources[operand->number];
            HOLDS(low >= source->low && high <= source->high, "a patch is out of its source");
        }
        else if (operand->where == IN_OUTPUT) {
            const Output *output = &plan->outputs[operand->number];
            npy_intp bytes = output->size * PyDataType_ELSIZE(output->descr);
            HOLDS(operand->offset + low >= 0 && operand->offset + high <= bytes,
                  "a patch is out of its output");
        }
        else if (operand->where == IN_BUFFER) {
            HOLDS(operand->offset + low >= 0 && operand->offset + high <= plan->buffers,
                  "a patch is out of the buffers");
        }
        else {
            HOLDS(low == 0 && high == operand->itemsize, "a patch is of a scalar's neighbour");
        }
    }
    return NULL;
}

static const char *
check_operand(const Check *check, const Stage *stage, const Operand *operand)
{
    const Plan *plan = check->plan;
    npy_intp low, high;
    HOLDS(operand->node >= 0 && operand->node < plan->n_nodes, "an operand is of no node");
    HOLDS(operand->itemsize > 0, "an operand's items have no size");
    check_reach(stage, operand, &low, &high);
    switch (operand->where) {
    case IN_SOURCE: {
        HOLDS(operand->number >= 0 && operand->number < plan->n_sources,
              "an operand is in no source");
        const Source *source = &plan->sources[operand->number];
        HOLDS(low >= source->low && high <= source->high, "an operand reaches out of its source");
        return NULL;
    }
    case IN_ITEM:
        if (operand->number < plan->n_items && plan->items[operand->number].from >= 0) {
            int from = plan->items[operand->number].from - stage->first_operand;
            HOLDS(from >= 0 && from < stage->n_operands, "a number is taken from no operand");
        }
        HOLDS(operand->number >= 0 && operand->number < plan->n_items, "an operand is no scalar");
        return NULL;
    case IN_SPLAT:
        HOLDS(operand->number >= 0 && operand->number < plan->n_items, "an operand is no scalar");
        HOLDS(operand->offset >= plan->buffers && operand->offset % ALIGNMENT == 0 &&
                  operand->offset + operand->repeats * operand->itemsize <= plan->scratch,
              "a repeated scalar is out of the scratch memory");
        return NULL;
    case IN_OUTPUT: {
        HOLDS(operand->number >= 0 && operand->number < plan->n_outputs,
              "an operand is in no output");
        const Output *output = &plan->outputs[operand->number];
        npy_intp bytes = output->size * PyDataType_ELSIZE(output->descr);
        HOLDS(operand->offset + low >= 0 && operand->offset + high <= bytes,
              "an operand reaches out of its output");
        return NULL;
    }
    case IN_BUFFER:
        HOLDS(operand->offset + low >= 0 && operand->offset + high <= plan->buffers,
              "an operand reaches out of the buffers");
        return NULL;
    case IN_POSITION:
        HOLDS(low == 0 && high == (stage_items(stage) > 0 ? stage_items(stage) : 0),
              "positions aren't those of an array");
        return NULL;
    case IN_FEED:
        HOLDS(operand->offset >= 0 && operand->offset % ALIGNMENT == 0 &&
                  operand->offset < plan->buffers,
              "a reduction is out of the buffers");
        return NULL;
    default:
        HOLDS(operand->offset >= plan->buffers && operand->offset % ALIGNMENT == 0 &&
                  operand->offset + check_block_items(stage) * operand->itemsize <= plan->scratch,
              "a block is out of the scratch memory");
        HOLDS(operand->number >= 0 && operand->number < stage->n_operands,
              "a block has no piece of scratch memory");
        return NULL;
    }
}

/* A source is read after what is changed before in the code, and before what is changed later. */
static const char *
check_order(const Check *check, int stage, int step, int source)
{
    const Plan *plan = check->plan;
    int node = plan->steps[step].node;
    for (int e = 0; e < plan->n_effects; e++) {
        const Effect *effect = &plan->effects[e];
        enum overlap overlap = plan_known_overlap(plan, e, source);
        if (overlap == APART || node == effect->node || plan->steps[step].n_parts > 1) {
            continue;
        }
        int is_done = check->written[e] >= 0;
        HOLDS(is_done == (effect->node < node), "an array is read too early, or too late");
        int is_moved = plan->steps[step].operation == OP_PATCHWORK;
        HOLDS((overlap == SAME_ITEMS && !is_moved && effect->index < 0) || stage != effect->stage,
              "an array is read while it is changed");
    }
    return NULL;
}

/* What a step reads has been made by then, and is still there. */
static const char *
check_read(const Check *check, int stage, int step, int number)
{
    const Operand *operand = &check->plan->operands[number];
    if (operand->where == IN_SOURCE) {
        return check_order(check, stage, step, operand->number);
    }
    if (operand->where == IN_BLOCK) {
        HOLDS(check->holder[operand->number] == number, "a block is read that isn't there");
    }
    if (operand->where == IN_OUTPUT || operand->where == IN_BUFFER) {
        int owner = program_owner(check->program, operand->node);
        int maker = check->writer[owner];
        HOLDS(maker >= 0 && (maker < stage || owner == operand->node),
              "an array is read before it is made");
    }
    return NULL;
}

/* The effect that a step carries out, by what it writes. */
static int
check_effect(const Check *check, int step)
{
    const Plan *plan = check->plan;
    int e = 0;
    while (e < plan->n_effects && (plan->effects[e].is_direct ? plan->effects[e].value
                                                              : plan->effects[e].node) !=
                                      plan->steps[step].node) {
        e++;
    }
    return e;
}

/* What a step writes is its own: a block, a new array, or what an effect changes, once. */
static const char *
check_write(Check *check, int stage, int step, int number)
{
    const Plan *plan = check->plan;
    const Operand *operand = &plan->operands[number];
    switch (operand->where) {
    case IN_BLOCK:
        check->holder[operand->number] = number;
        return NULL;
    case IN_FEED:
        HOLDS(check->plan->steps[step].operation == OP_FEED, "a step writes to a reduction");
        return NULL;
    case IN_OUTPUT:
    case IN_BUFFER:
        HOLDS(check->writer[operand->node] < 0, "an array is made twice");
        check->writer[operand->node] = stage;
        return NULL;
    case IN_SOURCE: {
        int e = check_effect(check, step);
        HOLDS(e < plan->n_effects && operand->number == plan->effects[e].target &&
                  check->written[e] < 0,
              "an array is changed that isn't an effect's target");
        HOLDS(stage == plan->effects[e].stage, "an array is changed in another stage");
        check->written[e] = step;
        for (int other = 0; other < plan->n_effects; other++) {
            enum overlap overlap = plan_known_overlap(plan, e, plan->effects[other].target);
            HOLDS(other == e || overlap == APART || (check->written[other] >= 0) == (other < e),
                  "arrays are changed in another order");
            HOLDS(other == e || overlap != OVERLAPPING || plan->effects[other].stage != stage,
                  "an array is changed while another is");
        }
        return NULL;
    }
    default:
        return "a step writes to a scalar";
    }
}

static const char *
check_step(Check *check, int number, int at)
{
    const Stage *stage = &check->plan->stages[number];
    const PlanStep *step = &check->plan->steps[at];
    HOLDS(step->loop != NULL, "a step has no loop");
    HOLDS(step->n_args >= 2 && step->n_args <= check->plan->most_args,
          "a step has no arguments, or too many");
    HOLDS(step->node >= 0 && step->node < check->plan->n_nodes, "a step is of no node");
    HOLDS((step->fusion == FUSE_NOT) == (step->operation != OP_FUSED) && step->n_parts > 0 &&
              step->n_parts <= MOST_PARTS && (step->n_parts == 1) == (step->fusion == FUSE_NOT),
          "a step is not what it was put together from");
    if (step->operation == OP_PATCHWORK) {
        const char *fault = check_patchwork(check, step);
        if (fault != NULL) {
            return fault;
        }
    }
    for (int k = 0; k < step->n_args; k++) {
        int operand = step->args[k] - stage->first_operand;
        HOLDS(operand >= 0 && operand < stage->n_operands, "an argument is no operand");
        const char *fault = check_operand(check, stage, &check->plan->operands[step->args[k]]);
        if (fault == NULL) {
            fault = k < step->n_args - 1 ? check_read(check, number, at, step->args[k])
                                         : check_write(check, number, at, step->args[k]);
        }
        if (fault != NULL) {
            return fault;
        }
    }
    return NULL;
}

static const char *
check_stage(Check *check, int number)
{
    const Plan *plan = check->plan;
    const Stage *stage = &plan->stages[number];
    if (stage->reduction >= 0) {
        HOLDS(stage->reduction < plan->n_nodes && stage->n_steps == 0,
              "a reduction is of no node, or has steps");
        HOLDS(stage->result < 0 || (stage->result_bytes > 0 &&
                                    stage->result + stage->result_bytes <= plan->buffers),
              "a reduction's result is out of the buffers");
        check->writer[stage->reduction] = number;
        return NULL;
    }
    HOLDS(stage->executor != NULL, "a stage has no executor");
    HOLDS(stage->nd >= 1 && stage->nd <= MAX_AXES, "a stage has no axes, or too many");
    HOLDS(stage->first_operand + stage->n_operands <= plan->n_operands &&
              stage->first_step + stage->n_steps <= plan->n_steps && stage->n_steps > 0,
          "a stage has no steps, or operands of another");
    HOLDS(stage_items(stage) == 0 ||
              (stage->length >= 1 && stage->length <= stage->dims[0] && stage->rows >= 0 &&
               (stage->rows == 0 || (stage->nd > 1 && stage->rows <= stage->dims[1] &&
                                     stage->pitch >= stage->dims[0]))),
          "a block is larger than its stage");
    for (int i = 0; i < stage->n_operands; i++) {
        check->holder[i] = -1;
    }
    for (int s = 0; s < stage->n_steps; s++) {
        const char *fault = check_step(check, number, stage->first_step + s);
        if (fault != NULL) {
            return fault;
        }
    }
    return NULL;
}

const char *
plan_check(const Plan *plan, const Program *program)
{
    Check check = {.plan = plan,
                   .program = program,
                   .writer = STACK_ARRAY(int, plan->n_nodes),
                   .holder = STACK_ARRAY(int, plan->n_operands),
                   .written = STACK_ARRAY(int, plan->n_effects)};
    for (int i = 0; i < plan->n_nodes; i++) {
        check.writer[i] = -1;
    }
    for (int e = 0; e < plan->n_effects; e++) {
        check.written[e] = -1;
    }
    for (int i = 0; i < plan->n_sources; i++) {
        HOLDS(plan->sources[i].root >= 0 && plan->sources[i].root < plan->n_roots,
              "a source has no root");
        HOLDS(plan->sources[i].owner == plan->roots[plan->sources[i].root].node,
              "a source is another node's than its root");
    }
    for (int k = 0; k < plan->n_stages; k++) {
        const char *fault = check_stage(&check, k);
        if (fault != NULL) {
            return fault;
        }
    }
    for (int i = 0; i < plan->n_outputs; i++) {
        HOLDS(check.writer[plan->outputs[i].node] >= 0, "an output is not made");
    }
    for (int e = 0; e < plan->n_effects; e++) {
        HOLDS(check.written[e] >= 0, "an array is not changed");
        HOLDS(!plan->may_raise || plan->effects[e].stage >= plan->n_repeatable,
              "an array is changed before everything has been computed");
    }
    return NULL;
}
