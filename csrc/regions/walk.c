#include "regions/walk.h"

#include "regions/interpret.h"

#include <string.h>

/* Move the operands along an axis. */
ALWAYS_INLINE void
walk_advance(const Plan *plan, const Stage *stage, char **at, int axis, npy_intp by)
{
    for (int i = stage->first_operand; i < stage->first_operand + stage->n_operands; i++) {
        const Operand *operand = &plan->operands[i];
        if (operand_moves(operand)) {
            at[i] += by * operand->strides[axis];
        }
    }
}

/* Have the stage's executor do one block: the usual one is called without a pointer. */
ALWAYS_INLINE int
walk_block(StageRun *run, char *const *at, npy_intp n, npy_intp rows)
{
    const Executor *executor = run->stage->executor;
    return LIKELY(executor == &interpreter) ? interpret_block(executor, run, at, n, rows)
                                            : executor->run(executor, run, at, n, rows);
}

/* Go through the innermost axes of a stage, from one item or row to another; the operands are where
 * they were in the end. */
static int
walk_innermost(StageRun *run, char **at, npy_intp from, npy_intp stop)
{
    const Stage *stage = run->stage;
    int axis = stage->rows > 0;
    npy_intp most = axis ? stage->rows : stage->length;
    if (stage->executor->is_whole && run->raised_by == NULL) {
        most = stop - from;
    }
    walk_advance(run->plan, stage, at, axis, from);
    for (npy_intp done = from; done < stop; done += most) {
        npy_intp n = stop - done < most ? stop - done : most;
        int failed = axis ? walk_block(run, at, stage->dims[0], n) : walk_block(run, at, n, 0);
        if (failed < 0) {
            return -1;
        }
        walk_advance(run->plan, stage, at, axis, n);
    }
    walk_advance(run->plan, stage, at, axis, -stop);
    return 0;
}

static int
walk_axes(StageRun *run, char **at, int axis, npy_intp from, npy_intp stop)
{
    const Stage *stage = run->stage;
    if (axis == (stage->rows > 0)) {
        return walk_innermost(run, at, from, stop);
    }
    walk_advance(run->plan, stage, at, axis, from);
    for (npy_intp i = from; i < stop; i++) {
        if (walk_axes(run, at, axis - 1, 0, stage->dims[axis - 1]) < 0) {
            return -1;
        }
        walk_advance(run->plan, stage, at, axis, 1);
    }
    walk_advance(run->plan, stage, at, axis, -stop);
    return 0;
}

/* Take the items that other stages have computed. */
static void
walk_take_items(const PlanRun *run, const Stage *stage)
{
    const Plan *plan = run->plan;
    for (int i = stage->first_operand; i < stage->first_operand + stage->n_operands; i++) {
        const Operand *operand = &plan->operands[i];
        int is_item = operand->where == IN_ITEM || operand->where == IN_SPLAT;
        int from = is_item ? plan->items[operand->number].from : -1;
        if (from >= 0) {
            memcpy(run->items[operand->number].bytes, run->at[from], (size_t)operand->itemsize);
        }
    }
}

/* Repeat the scalars that kernels read. */
static void
walk_repeat_scalars(const PlanRun *run, const Stage *stage)
{
    const Plan *plan = run->plan;
    for (int i = stage->first_operand; i < stage->first_operand + stage->n_operands; i++) {
        const Operand *operand = &plan->operands[i];
        if (operand->where != IN_SPLAT) {
            continue;
        }
        for (npy_intp k = 0; k < operand->repeats; k++) {
            if (operand->itemsize == sizeof(npy_double)) {
                ((npy_uint64 *)run->at[i])[k] = *(npy_uint64 *)run->items[operand->number].bytes;
            }
            else {
                ((npy_uint32 *)run->at[i])[k] = *(npy_uint32 *)run->items[operand->number].bytes;
            }
        }
    }
}

/* ------------------------------------------------------------------ several threads */

/* A stage whose outermost axis is shared out. */
typedef struct {
    PlanRun *run;
    const Stage *stage;
    int failed;
} Shared;

/* Do one part of a stage, with blocks of its own. */
static void
walk_part(void *task, int part, int parts, char *room)
{
    Shared *shared = task;
    const Stage *stage = shared->stage;
    const Plan *plan = shared->run->plan;
    int n_told = shared->run->raised_by == NULL ? 0 : plan->n_nodes;
    char **at = STACK_ARRAY(char *, plan->n_operands);
    Raised *raised_by = STACK_ARRAY(Raised, n_told);
    StageRun run = {plan, stage, STACK_ARRAY(char *, plan->most_args), 0,
                    n_told ? raised_by : NULL};
    memset(raised_by, 0, (size_t)n_told * sizeof(Raised));
    for (int i = stage->first_operand; i < stage->first_operand + stage->n_operands; i++) {
        const Operand *operand = &plan->operands[i];
        at[i] = room != NULL && operand->where == IN_BLOCK
                    ? room + operand->offset - plan->buffers
                    : shared->run->at[i];
    }
    /* Shares begin where blocks do. */
    int axis = stage->nd - 1;
    npy_intp unit = axis > (stage->rows > 0) ? 1 : axis ? stage->rows : stage->length;
    npy_intp all = stage->dims[axis], units = (all + unit - 1) / unit;
    npy_intp from = units * part / parts * unit, stop = units * (part + 1) / parts * unit;
    status_clear(plan->slow_status);
    int failed = walk_axes(&run, at, axis, from, stop < all ? stop : all);
    if (parts > 1) {
        pool_lock(shared->run->pool);
    }
    shared->failed |= failed;
    shared->run->raised |= run.raised;
    for (int i = 0; i < n_told; i++) {
        shared->run->raised_by[i].itself |= raised_by[i].itself;
        shared->run->raised_by[i].in_casts |= raised_by[i].in_casts;
    }
    if (parts > 1) {
        pool_unlock(shared->run->pool);
    }
}

static int
walk_shared(PlanRun *run, const Stage *stage)
{
    Shared shared = {run, stage, 0};
    pool_run(run->pool, walk_part, &shared, (size_t)(run->plan->scratch - run->plan->buffers));
    return shared.failed ? -1 : 0;
}

/* Whether a stage is one block. */
ALWAYS_INLINE int
walk_is_single(const Stage *stage)
{
    return stage->nd == 1 && stage->length == stage->dims[0];
}

static int
walk_alone(PlanRun *run, const Stage *stage)
{
    StageRun alone = {run->plan, stage, run->data, 0, run->raised_by};
    int axis = stage->nd - 1;
    int failed = walk_is_single(stage)
                     ? walk_block(&alone, run->at, stage->length, 0)
                     : walk_axes(&alone, run->at, axis, 0, stage->dims[axis]);
    run->raised |= alone.raised;
    return failed;
}

int
walk_stages(PlanRun *run, int first, int stop)
{
    for (int k = first; k < stop; k++) {
        const Stage *stage = &run->plan->stages[k];
        if (stage->n_taken) {
            walk_take_items(run, stage);
        }
        if (stage->n_repeated) {
            walk_repeat_scalars(run, stage);
        }
        int is_shared = run->pool != NULL && !stage->is_fed_from && stage->work >= WORTH_SHARING &&
                        !walk_is_single(stage);
        if ((is_shared ? walk_shared(run, stage) : walk_alone(run, stage)) < 0) {
            return -1;
        }
    }
    return 0;
}
