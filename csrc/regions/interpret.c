#include "regions/interpret.h"

#include <string.h>

void
blocks_expect(BlockRun *run, int is_reported)
{
    run->raised = 0;
    run->is_reported = is_reported;
    if (is_reported) {
        memset(run->raised_by, 0, sizeof(run->raised_by));
        memset(run->raised_in_cast, 0, sizeof(run->raised_in_cast));
    }
}

/* Call one step's loop over items in a row, or its cast. */
ALWAYS_INLINE int
call(const PlanStep *step, char *const *args, npy_intp n)
{
    if (UNLIKELY(step->cast != NULL)) {
        step->cast(args[0], step->strides[0], args[1], n);
        return 0;
    }
    if (step->fused != NULL) {
        step->fused(args, step->strides, n);
        return 0;
    }
    return step->loop(step->context, args, &n, step->strides, step->auxdata);
}

static NOINLINE int
call_rows(const PlanStep *step, char *const *args, npy_intp n, npy_intp rows)
{
    char *at[MOST_ARGS];
    memcpy(at, args, sizeof(at));
    for (npy_intp r = 0; r < rows; r++) {
        if (call(step, at, n) < 0) {
            return -1;
        }
        for (int k = 0; k < step->n_args; k++) {
            at[k] += step->row_strides[k];
        }
    }
    return 0;
}

/* Have a part of the next block fetched: that of one step out of so many. */
static void
fetch_ahead(const Plan *plan, const Stage *stage, char *const *at, npy_intp n, int step)
{
    int axis = stage->rows > 0;
    for (int k = 0; k < stage->n_far; k++) {
        int i = stage->far[k];
        npy_intp bytes = n * plan->operands[i].strides[axis];
        char *p = at[i] + bytes + bytes * step / stage->n_steps;
        char *end = at[i] + bytes + bytes * (step + 1) / stage->n_steps;
        for (; p < end; p += CACHE_LINE) {
            FETCH(p);
        }
    }
}

/* Do all of a stage's steps for one block: `n` items, or `rows` rows of `n` each. */
ALWAYS_INLINE int
do_block(BlockRun *run, const Stage *stage, char *const *at, npy_intp n, npy_intp rows)
{
    const Plan *plan = run->plan;
    const PlanStep *step = plan->steps + stage->first_step, *end = step + stage->n_steps;
    npy_intp flat = rows ? (rows - 1) * stage->pitch + n : n;
    for (; step < end; step++) {
        char *args[MOST_ARGS] = {at[step->args[0]], at[step->args[1]], at[step->args[2]],
                                 at[step->args[3]], at[step->args[4]]};
        if (UNLIKELY(run->is_reported && step->is_checked)) {
            status_clear(step->slow_status);
        }
        int failed = UNLIKELY(step->by_row) ? call_rows(step, args, n, rows)
                                            : call(step, args, flat);
        if (failed < 0) {
            return -1;
        }
        if (stage->n_far) {
            fetch_ahead(plan, stage, at, rows ? rows : n,
                        (int)(step - plan->steps) - stage->first_step);
        }
        if (step->is_checked) {
            int raised = status_raised(step->slow_status);
            run->raised |= raised;
            if (UNLIKELY(run->is_reported)) {
                (step->cast ? run->raised_in_cast : run->raised_by)[step->node] |= raised;
            }
        }
    }
    return 0;
}

/* Move the operands that are gone through. */
ALWAYS_INLINE void
advance(const Plan *plan, const Stage *stage, char **at, int axis, npy_intp by)
{
    for (int i = stage->first_operand; i < stage->first_operand + stage->n_operands; i++) {
        const Operand *operand = &plan->operands[i];
        if (operand->where != IN_BLOCK && operand->where != IN_ITEM &&
            operand->where != IN_SPLAT) {
            at[i] += by * operand->strides[axis];
        }
    }
}

/* Go through the innermost axes of a stage, from one item or row to another; the operands are where
 * they were in the end. */
static int
do_innermost(BlockRun *run, const Stage *stage, char **at, npy_intp from, npy_intp stop)
{
    const Plan *plan = run->plan;
    int axis = stage->rows > 0;
    npy_intp most = axis ? stage->rows : stage->length;
    advance(plan, stage, at, axis, from);
    for (npy_intp done = from; done < stop; done += most) {
        npy_intp n = stop - done < most ? stop - done : most;
        int failed = axis ? do_block(run, stage, at, stage->dims[0], n)
                          : do_block(run, stage, at, n, 0);
        if (failed < 0) {
            return -1;
        }
        advance(plan, stage, at, axis, n);
    }
    advance(plan, stage, at, axis, -stop);
    return 0;
}

static int
do_axes(BlockRun *run, const Stage *stage, char **at, int axis, npy_intp from, npy_intp stop)
{
    if (axis == (stage->rows > 0)) {
        return do_innermost(run, stage, at, from, stop);
    }
    advance(run->plan, stage, at, axis, from);
    for (npy_intp i = from; i < stop; i++) {
        if (do_axes(run, stage, at, axis - 1, 0, stage->dims[axis - 1]) < 0) {
            return -1;
        }
        advance(run->plan, stage, at, axis, 1);
    }
    advance(run->plan, stage, at, axis, -stop);
    return 0;
}

/* Repeat the scalars that kernels read. */
static void
splat(BlockRun *run, const Stage *stage)
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
    BlockRun *run;
    const Stage *stage;
    int failed;
} Shared;

/* Do one part of a stage, with blocks of its own. */
static void
do_part(void *task, int part, int parts, char *room)
{
    Shared *shared = task;
    const Stage *stage = shared->stage;
    const Plan *plan = shared->run->plan;
    BlockRun run;
    char *at[MOST_ALL_OPERANDS];
    run.plan = plan;
    blocks_expect(&run, shared->run->is_reported);
    for (int i = stage->first_operand; i < stage->first_operand + stage->n_operands; i++) {
        const Operand *operand = &plan->operands[i];
        at[i] = room != NULL && operand->where == IN_BLOCK
                    ? room + operand->offset - plan->blocks
                    : shared->run->at[i];
    }
    /* Shares begin where blocks do. */
    int axis = stage->nd - 1;
    npy_intp unit = axis > (stage->rows > 0) ? 1 : axis ? stage->rows : stage->length;
    npy_intp all = stage->dims[axis], units = (all + unit - 1) / unit;
    npy_intp from = units * part / parts * unit, stop = units * (part + 1) / parts * unit;
    status_clear(plan->slow_status);
    int failed = do_axes(&run, stage, at, axis, from, stop < all ? stop : all);
    if (parts > 1) {
        pool_lock(shared->run->pool);
    }
    shared->failed |= failed;
    shared->run->raised |= run.raised;
    for (int i = 0; run.is_reported && i < MOST_NODES; i++) {
        shared->run->raised_by[i] |= run.raised_by[i];
        shared->run->raised_in_cast[i] |= run.raised_in_cast[i];
    }
    if (parts > 1) {
        pool_unlock(shared->run->pool);
    }
}

static int
do_stage(BlockRun *run, const Stage *stage)
{
    int axis = stage->nd - 1;
    if (run->pool == NULL || stage->work < WORTH_SHARING) {
        return do_axes(run, stage, run->at, axis, 0, stage->dims[axis]);
    }
    Shared shared = {run, stage, 0};
    pool_run(run->pool, do_part, &shared, (size_t)(run->plan->scratch - run->plan->blocks));
    return shared.failed ? -1 : 0;
}

int
blocks_run(BlockRun *run, int first, int stop)
{
    for (int k = first; k < stop; k++) {
        const Stage *stage = &run->plan->stages[k];
        splat(run, stage);
        int failed = stage->nd == 1 && stage->length == stage->dims[0]
                         ? do_block(run, stage, run->at, stage->length, 0)
                         : do_stage(run, stage);
        if (failed < 0) {
            return -1;
        }
    }
    return 0;
}
