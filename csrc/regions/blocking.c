/* How a stage goes over its axes, and the blocks that it goes by. */
#include "regions/stages.h"

#include <string.h>

#define CACHED (48 * 1024) /* bytes that the items of a block shall have together, */
#define FAR (1024 * 1024)  /* and, if all items have more bytes than that, */
#define CACHED_OF_FAR (24 * 1024) /* these: what comes from afar takes room ahead of its turn */
#define LEAST_FETCHED (12 << 20) /* bytes of all items from which on they are fetched ahead, */
#define FEWEST_FAR 4             /* if so many arrays have them: the processor sees to fewer */
#define SHORTEST 256              /* items of a block */
#define LONGEST 4096
#define WIDEST_PITCH 2 /* times the length of a row */

/* ------------------------------------------------------------------ axes */

static int
is_gone_through(const Operand *operand)
{
    return operand->where != IN_BLOCK && operand->where != IN_ITEM && operand->where != IN_SPLAT;
}

/* Join axes that are one in memory for all operands; leave out those of length one. */
static void
join_axes(Layouting *now)
{
    Plan *plan = now->planner->plan;
    Stage *stage = now->stage;
    Operand *operands = plan->operands + stage->first_operand;
    stage->nd = 0;
    for (int i = 0; i < now->shape->extent.nd; i++) {
        npy_intp length = now->shape->extent.dims[now->order[i]];
        int last = stage->nd - 1, joins = last >= 0;
        if (length == 1) {
            continue;
        }
        for (int k = 0; joins && k < stage->n_operands; k++) {
            joins = !is_gone_through(&operands[k]) ||
                    operands[k].strides[i] == operands[k].strides[last] * stage->dims[last];
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
        for (int k = 0; k < stage->n_operands; k++) {
            operands[k].strides[0] = operands[k].itemsize; /* of 0 a loop would make a reduction */
        }
    }
}

/* Whether a loop over a whole block, gaps between rows included, goes through an operand. */
static int
is_flat(const Operand *operand, npy_intp pitch, npy_intp length, int is_written)
{
    if (!is_gone_through(operand)) {
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
find_pitch(const Layouting *now)
{
    const Stage *stage = now->stage;
    const Operand *operands = now->planner->plan->operands + stage->first_operand;
    npy_intp length = stage->dims[0], best = length;
    int most = 0;
    if (now->planner->no_pitch || now->planner->plan->is_reported) {
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
            n += operands[k].where == IN_SOURCE && is_flat(&operands[k], pitch, length, 0);
        }
        if (n > most && pitch >= length && pitch <= WIDEST_PITCH * length + 8) {
            most = n;
            best = pitch;
        }
    }
    return best;
}

/* ------------------------------------------------------------------ blocks */

/* Give each block's operand one of as few pieces of memory as will do; return their number. */
static int
share_blocks(Layouting *now)
{
    Plan *plan = now->planner->plan;
    Stage *stage = now->stage;
    int last_use[MOST_NODES * 4], free_at[MOST_NODES * 4], n = 0;
    PlanStep *steps = plan->steps + stage->first_step;
    if (stage->n_operands > MOST_NODES * 4) {
        return -1;
    }
    memset(last_use, -1, sizeof(last_use));
    for (int s = 0; s < stage->n_steps; s++) {
        for (int k = 0; k < steps[s].n_args; k++) {
            last_use[steps[s].args[k] - stage->first_operand] = s;
        }
    }
    for (int s = 0; s < stage->n_steps; s++) {
        Operand *result = &plan->operands[steps[s].args[steps[s].n_args - 1]];
        if (result->where != IN_BLOCK) {
            continue;
        }
        int chosen = -1;
        for (int b = 0; b < n && chosen < 0; b++) {
            if (free_at[b] < s) {
                chosen = b;
            }
        }
        for (int k = 0; k < steps[s].n_args - 1; k++) { /* in place of an operand that dies */
            const Operand *operand = &plan->operands[steps[s].args[k]];
            if (operand->where == IN_BLOCK && operand->itemsize == result->itemsize &&
                last_use[steps[s].args[k] - stage->first_operand] == s) {
                chosen = operand->number;
            }
        }
        chosen = chosen < 0 ? n++ : chosen;
        result->number = chosen;
        int until = last_use[steps[s].args[steps[s].n_args - 1] - stage->first_operand];
        free_at[chosen] = until;
    }
    return n;
}

/* Bytes of one item of each operand that is gone through. */
static npy_intp
item_bytes(const Layouting *now)
{
    const Stage *stage = now->stage;
    const Operand *operands = now->planner->plan->operands + stage->first_operand;
    npy_intp bytes = 0;
    for (int i = 0; i < stage->n_operands; i++) {
        bytes += is_gone_through(&operands[i]) ? operands[i].itemsize : 0;
    }
    return bytes;
}

/* How many items a block shall have. */
static npy_intp
block_items(const Layouting *now, int n_blocks)
{
    npy_intp bytes = item_bytes(now);
    npy_intp cached = bytes * stage_items(now->stage) > FAR ? CACHED_OF_FAR : CACHED;
    npy_intp items = cached / (bytes + 8 * n_blocks + 1) / 64 * 64;
    return items < SHORTEST ? SHORTEST : items > LONGEST ? LONGEST : items;
}

static void
choose_blocks(Layouting *now, npy_intp items)
{
    Stage *stage = now->stage;
    npy_intp length = stage->dims[0];
    stage->rows = 0;
    stage->pitch = length;
    stage->length = length < items ? length : items;
    if (stage->nd == 1 || 2 * length > items) {
        return;
    }
    stage->pitch = find_pitch(now);
    stage->rows = items / stage->pitch;
    if (stage->rows > stage->dims[1]) {
        stage->rows = stage->dims[1];
    }
    now->planner->plan->has_pitch |= stage->pitch != length;
}

/* Whether two operands are in the same array. */
static int
is_same_array(const Plan *plan, const Operand *one, const Operand *other)
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
is_dense(const Operand *operand, const Stage *stage)
{
    npy_intp row = stage->dims[0] * operand->itemsize;
    return is_gone_through(operand) && operand->strides[0] == operand->itemsize &&
           (!stage->rows ||
            (operand->strides[1] > 0 && operand->strides[1] <= WIDEST_PITCH * row));
}

/* Say which operands are fetched ahead: of each array one, if all are too large for the cache. */
static void
choose_far(Layouting *now)
{
    const Plan *plan = now->planner->plan;
    Stage *stage = now->stage;
    const Operand *operands = plan->operands;
    stage->n_far = 0;
    if (item_bytes(now) * stage_items(stage) < LEAST_FETCHED) {
        return;
    }
    for (int i = stage->first_operand; i < stage->first_operand + stage->n_operands; i++) {
        int is_new = stage->n_far < MOST_FAR && is_dense(&operands[i], stage);
        for (int k = 0; is_new && k < stage->n_far; k++) {
            is_new = !is_same_array(plan, &operands[stage->far[k]], &operands[i]);
        }
        if (is_new) {
            stage->far[stage->n_far++] = i;
        }
    }
    if (stage->n_far < FEWEST_FAR) {
        stage->n_far = 0;
    }
}

/* Work out the strides of every step, and whether it is called row by row. */
static void
finish_steps(Layouting *now)
{
    Plan *plan = now->planner->plan;
    Stage *stage = now->stage;
    for (int s = 0; s < stage->n_steps; s++) {
        PlanStep *step = &plan->steps[stage->first_step + s];
        for (int k = 0; k < step->n_args; k++) {
            const Operand *operand = &plan->operands[step->args[k]];
            int is_block = operand->where == IN_BLOCK;
            int is_scalar = operand->where == IN_ITEM || operand->where == IN_SPLAT;
            int is_row = operand->where == IN_SPLAT && step->wants_items;
            step->strides[k] = is_block || is_row ? operand->itemsize
                               : is_scalar ? 0
                                           : operand->strides[0];
            step->row_strides[k] = is_block    ? operand->itemsize * stage->pitch
                                   : is_scalar ? 0
                                               : operand->strides[1];
            step->by_row |= stage->rows > 0 && !is_flat(operand, stage->pitch, stage->dims[0],
                                                        k == step->n_args - 1);
        }
    }
}

int
stage_lay_out(Layouting *now)
{
    Plan *plan = now->planner->plan;
    Stage *stage = now->stage;
    join_axes(now);
    stage_fuse(now);
    int n_blocks = share_blocks(now);
    if (n_blocks < 0) {
        return 0;
    }
    choose_blocks(now, block_items(now, n_blocks));
    npy_intp items = stage->rows ? stage->rows * stage->pitch : stage->length, size = 0;
    for (int i = 0; i < stage->n_operands; i++) {
        const Operand *operand = &plan->operands[stage->first_operand + i];
        if (operand->where == IN_BLOCK && operand->itemsize > size) {
            size = operand->itemsize;
        }
    }
    size = (size * items + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    npy_intp end = plan->blocks + n_blocks * size;
    for (int i = 0; i < stage->n_operands; i++) {
        Operand *operand = &plan->operands[stage->first_operand + i];
        if (operand->where == IN_BLOCK) {
            operand->offset = plan->blocks + operand->number * size;
        }
        else if (operand->where == IN_SPLAT) {
            if (operand->repeats < FUSED_CHUNK) {
                operand->repeats = items < FUSED_CHUNK ? FUSED_CHUNK : items;
            }
            operand->offset = end;
            end += (operand->repeats * operand->itemsize + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
    }
    stage->work = 0;
    for (int s = 0; s < stage->n_steps; s++) {
        stage->work += plan->steps[stage->first_step + s].slow_status ? SLOW_STEP : 1;
    }
    stage->work *= stage_items(stage);
    plan->work = stage->work > plan->work ? stage->work : plan->work;
    plan->scratch = end > plan->scratch ? end : plan->scratch;
    choose_far(now);
    finish_steps(now);
    return 1;
}
