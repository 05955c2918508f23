/* How a stage goes over its axes, and the blocks that it goes by. */
#include "regions/planner.h"

#include "arena/system.h"
#include "regions/fused_kernels.h"
#include "regions/interpret.h"

#include <string.h>

#define CACHED (48 * 1024) /* bytes of all items of a block, */
#define FAR (1024 * 1024)  /* or, if all items together have more bytes than this, */
#define CACHED_OF_FAR (24 * 1024) /* fewer: what is fetched ahead takes room as well */
#define LEAST_FETCHED (12 << 20) /* bytes of all items from which they are fetched ahead, */
#define FEWEST_FAR 4             /* if so many arrays have them: the processor sees to fewer */
#define SHORTEST 256              /* items of a block */
#define LONGEST 4096
#define WIDEST_PITCH 2 /* times the length of a row */
#define MOST_FAR 12    /* arrays that are fetched ahead */
#define EFFORT_OF_STEP 16 /* as many items as would take the time that calling a loop takes */
#define SLOW_STEP 32   /* work for an item, where a step of plain arithmetic is one */

static Operand *
blocking_operands(const Plan *plan, int stage)
{
    return plan->operands + plan->stages[stage].first_operand;
}

static PlanStep *
blocking_steps(const Plan *plan, int stage)
{
    return plan->steps + plan->stages[stage].first_step;
}

/* ------------------------------------------------------------------ axes */

/* Join axes that are one in memory for all operands; leave out those of length one. */
Outcome
blocking_axes(Planner *planner, int number)
{
    const Draft *draft = &planner->drafts[number];
    Stage *stage = &planner->plan->stages[number];
    Operand *operands = blocking_operands(planner->plan, number);
    stage->nd = 0;
    for (int i = 0; i < draft->shape.nd; i++) {
        npy_intp length = draft->shape.dims[draft->order[i]];
        int last = stage->nd - 1, joins = last >= 0;
        if (length == 1) {
            continue;
        }
        for (int k = 0; joins && k < stage->n_operands; k++) {
            joins = operands[k].strides[i] == operands[k].strides[last] * stage->dims[last];
        }
        if (joins) {
            stage->dims[last] *= length;
            continue;
        }
        for (int k = 0; k < stage->n_operands; k++) {
            operands[k].strides[stage->nd] = operands[k].strides[i];
        }
        stage->dims[stage->nd++] = length;
    }
    if (stage->nd == 0) {
        stage->nd = 1;
        stage->dims[0] = 1;
        for (int k = 0; k < stage->n_operands; k++) { /* of 0 a loop would make a reduction */
            operands[k].strides[0] = operand_moves(&operands[k]) ? operands[k].itemsize : 0;
        }
    }
    return PASS_DONE;
}

/* Whether a loop over a whole block, gaps between rows included, goes through an operand. */
static int
blocking_is_flat(const Operand *operand, npy_intp pitch, npy_intp length, int is_written)
{
    if (!operand_moves(operand)) {
        return 1;
    }
    if (!is_written && operand->strides[0] == 0 && operand->strides[1] == 0) {
        return 1;
    }
    return operand->strides[0] == operand->itemsize &&
           operand->strides[1] == pitch * operand->itemsize && (!is_written || pitch == length);
}

/* The distance of rows, in items, that most sources have; or the length of a row. */
static npy_intp
blocking_pitch(const Planner *planner, const Stage *stage)
{
    const Operand *operands = planner->plan->operands + stage->first_operand;
    npy_intp length = stage->dims[0], best = length;
    int most = 0;
    if (planner->mode.no_pitch || stage->reports_steps) {
        return length;
    }
    for (int i = 0; i < stage->n_operands; i++) {
        if (operands[i].where != IN_SOURCE || operands[i].strides[0] != operands[i].itemsize ||
            operands[i].strides[1] <= 0 || operands[i].strides[1] % operands[i].itemsize) {
            continue;
        }
        npy_intp pitch = operands[i].strides[1] / operands[i].itemsize;
        int n = 0;
        for (int k = 0; k < stage->n_operands; k++) {
            n += operands[k].where == IN_SOURCE && blocking_is_flat(&operands[k], pitch, length, 0);
        }
        if (n > most && pitch >= length && pitch <= WIDEST_PITCH * length + 8) {
            most = n;
            best = pitch;
        }
    }
    return best;
}

/* ------------------------------------------------------------------ blocks */

/* The number of the piece of memory that an operand shares with one that dies in this step; -1. */
static int
blocking_dying(const Plan *plan, const PlanStep *step, const Operand *result, const int *last_use,
               int s, int first)
{
    int found = -1;
    for (int k = 0; k < step->n_args - 1; k++) {
        const Operand *operand = &plan->operands[step->args[k]];
        if (operand->where == IN_BLOCK && operand->itemsize == result->itemsize &&
            last_use[step->args[k] - first] == s) {
            found = operand->number;
        }
    }
    return found;
}

/* Give what is in blocks as few pieces of memory as will do. */
Outcome
blocking_share(Planner *planner, int number)
{
    Plan *plan = planner->plan;
    const Stage *stage = &plan->stages[number];
    const PlanStep *steps = blocking_steps(plan, number);
    int n = 0, first = stage->first_operand;
    int *last_use = planner_take(planner, 2 * (size_t)(stage->n_operands + 1) * sizeof(int));
    if (last_use == NULL) {
        return PASS_FAILED;
    }
    int *free_at = last_use + stage->n_operands; /* by piece: its last use so far */
    for (int s = 0; s < stage->n_steps; s++) {
        for (int k = 0; k < steps[s].n_args; k++) {
            last_use[steps[s].args[k] - first] = s;
        }
    }
    for (int s = 0; s < stage->n_steps; s++) {
        int made = steps[s].args[steps[s].n_args - 1];
        Operand *result = &plan->operands[made];
        if (result->where != IN_BLOCK) {
            continue;
        }
        int chosen = blocking_dying(plan, &steps[s], result, last_use, s, first);
        for (int b = 0; b < n && chosen < 0; b++) {
            if (free_at[b] < s) {
                chosen = b;
            }
        }
        result->number = chosen < 0 ? n++ : chosen;
        free_at[result->number] = last_use[made - first];
    }
    planner->drafts[number].n_pieces = n;
    return PASS_DONE;
}

/* Whether two operands are the same items: what is changed is often read as well. */
static int
blocking_same_items(const Plan *plan, const Operand *one, const Operand *other)
{
    if (one->where != IN_SOURCE || other->where != IN_SOURCE) {
        return 0;
    }
    const Source *a = &plan->sources[one->number], *b = &plan->sources[other->number];
    return one->number == other->number ||
           (a->root == b->root && a->offset == b->offset && a->itemsize == b->itemsize &&
            axes_equal(&a->axes, &b->axes));
}

/* Bytes of one item of each operand that is gone through; of the same items once. */
static npy_intp
blocking_item_bytes(const Plan *plan, int number)
{
    const Operand *operands = blocking_operands(plan, number);
    npy_intp bytes = 0;
    for (int i = 0; i < plan->stages[number].n_operands; i++) {
        int is_new = operand_moves(&operands[i]) && !operands[i].is_taken;
        for (int k = 0; k < i && is_new; k++) {
            is_new = !blocking_same_items(plan, &operands[i], &operands[k]);
        }
        bytes += is_new ? operands[i].itemsize : 0;
    }
    return bytes;
}

/* The number of items of a block. */
static npy_intp
blocking_items(const Planner *planner, int number)
{
    npy_intp bytes = blocking_item_bytes(planner->plan, number);
    npy_intp all = bytes * stage_items(&planner->plan->stages[number]);
    npy_intp cached = all > FAR ? CACHED_OF_FAR : CACHED;
    npy_intp items = cached / (bytes + 8 * planner->drafts[number].n_pieces + 1) / 64 * 64;
    return items < SHORTEST ? SHORTEST : items > LONGEST ? LONGEST : items;
}

Outcome
blocking_choose(Planner *planner, int number)
{
    Stage *stage = &planner->plan->stages[number];
    npy_intp length = stage->dims[0], items = blocking_items(planner, number);
    stage->rows = 0;
    stage->pitch = length;
    stage->length = length < items ? length : items;
    if (stage->nd == 1 || 2 * length > items) {
        return PASS_DONE;
    }
    stage->pitch = blocking_pitch(planner, stage);
    stage->rows = items / stage->pitch;
    if (stage->rows > stage->dims[1]) {
        stage->rows = stage->dims[1];
    }
    planner->plan->has_pitch |= stage->pitch != length;
    return PASS_DONE;
}

/* Put blocks and repeated scalars after the buffers; all pieces are as large as the largest. */
Outcome
blocking_place(Planner *planner, int number)
{
    Plan *plan = planner->plan;
    Stage *stage = &plan->stages[number];
    Operand *operands = blocking_operands(plan, number);
    npy_intp items = stage->rows ? stage->rows * stage->pitch : stage->length, size = 0;
    for (int i = 0; i < stage->n_operands; i++) {
        if (operands[i].where == IN_BLOCK && operands[i].itemsize > size) {
            size = operands[i].itemsize;
        }
    }
    size = scratch_bytes(size * items);
    npy_intp end = plan->buffers + planner->drafts[number].n_pieces * size;
    for (int i = 0; i < stage->n_operands; i++) {
        Operand *operand = &operands[i];
        if (operand->where == IN_BLOCK) {
            operand->offset = plan->buffers + operand->number * size;
        }
        else if (operand->where == IN_SPLAT) {
            if (operand->repeats < FUSED_CHUNK) {
                operand->repeats = items < FUSED_CHUNK ? FUSED_CHUNK : items;
            }
            stage->n_repeated++;
            operand->offset = end;
            end += scratch_bytes(operand->repeats * operand->itemsize);
        }
    }
    plan->scratch = end > plan->scratch ? end : plan->scratch;
    return PASS_DONE;
}

/* ------------------------------------------------------------------ fetching ahead */

/* Whether two operands are in the same array. */
static int
blocking_same_array(const Plan *plan, const Operand *one, const Operand *other)
{
    if (one->where != other->where) {
        return 0;
    }
    if (one->where == IN_SOURCE) {
        return plan->sources[one->number].root == plan->sources[other->number].root;
    }
    return one->where == IN_OUTPUT ? one->number == other->number : one->node == other->node;
}

/* Whether an operand's items lie close together, in the order in which they are gone through. */
static int
blocking_is_dense(const Operand *operand, const Stage *stage)
{
    npy_intp row = stage->dims[0] * operand->itemsize;
    return operand_moves(operand) && operand->where != IN_POSITION &&
           operand->strides[0] == operand->itemsize &&
           (!stage->rows ||
            (operand->strides[1] > 0 && operand->strides[1] <= WIDEST_PITCH * row));
}

/* Say which operands are fetched ahead: of each array one, if all are too large for the cache. */
Outcome
blocking_fetch(Planner *planner, int number)
{
    const Plan *plan = planner->plan;
    Stage *stage = &plan->stages[number];
    const Operand *operands = plan->operands;
    if (blocking_item_bytes(plan, number) * stage_items(stage) < LEAST_FETCHED) {
        return PASS_DONE;
    }
    stage->line = (npy_intp)system_cache_line();
    stage->far = planner_take(planner, MOST_FAR * sizeof(int));
    if (stage->far == NULL) {
        return PASS_FAILED;
    }
    for (int i = stage->first_operand; i < stage->first_operand + stage->n_operands; i++) {
        int is_new = stage->n_far < MOST_FAR && blocking_is_dense(&operands[i], stage);
        for (int k = 0; is_new && k < stage->n_far; k++) {
            is_new = !blocking_same_array(plan, &operands[stage->far[k]], &operands[i]);
        }
        if (is_new) {
            stage->far[stage->n_far++] = i;
        }
    }
    if (stage->n_far < FEWEST_FAR) {
        stage->n_far = 0;
    }
    return PASS_DONE;
}

/* ------------------------------------------------------------------ steps */

/* Work out the strides of an argument, and whether its loop can go over a whole block at once. */
static int
blocking_argument(const Stage *stage, const Operand *operand, PlanStep *step, int k)
{
    switch (operand->where) {
    case IN_BLOCK:
        step->strides[k] = operand->itemsize;
        step->row_strides[k] = operand->itemsize * stage->pitch;
        return 1;
    case IN_ITEM:
    case IN_FEED:
        return 1;
    case IN_SPLAT:
        step->strides[k] = step->repeats_items ? operand->itemsize : 0;
        return 1;
    default:
        step->strides[k] = operand->strides[0];
        if (stage->rows == 0) {
            return 1;
        }
        step->row_strides[k] = operand->strides[1];
        return blocking_is_flat(operand, stage->pitch, stage->dims[0], k == step->n_args - 1);
    }
}

Outcome
blocking_strides(Planner *planner, int number)
{
    Plan *plan = planner->plan;
    Stage *stage = &plan->stages[number];
    PlanStep *steps = blocking_steps(plan, number);
    stage->executor = &interpreter;
    for (int s = 0; s < stage->n_steps; s++) {
        stage->work += (steps[s].slow_status ? SLOW_STEP : 1) * stage_items(stage);
        steps[s].by_row = steps[s].operation == OP_FEED && stage->rows &&
                          stage->pitch != stage->dims[0];
        for (int k = 0; k < steps[s].n_args; k++) {
            steps[s].by_row |=
                !blocking_argument(stage, &plan->operands[steps[s].args[k]], &steps[s], k);
        }
    }
    plan->work = stage->work > plan->work ? stage->work : plan->work;
    plan->effort += stage->work + EFFORT_OF_STEP * stage->n_steps;
    return PASS_DONE;
}
