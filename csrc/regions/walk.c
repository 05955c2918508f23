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

/* Items of a stage for each of its outermost axis. */
static npy_intp
walk_inner_items(const Stage *stage)
{
    npy_intp items = 1;
    for (int i = 0; i < stage->nd - 1; i++) {
        items *= stage->dims[i];
    }
    return items;
}

/* Where the results of shares begin, from the feed of the first thread. */
static char *
walk_share(const Plan *plan, const Operand *operand, char *first, int share)
{
    return first + plan->feeds * FEED_BYTES + ALIGNMENT + share * operand->itemsize;
}

/* Let a part's reductions begin with the part's first row, or with a share of a single one. */
static void
walk_feed(const Shared *shared, char **at, npy_intp from, npy_intp stop, int share)
{
    const Stage *stage = shared->stage;
    const Plan *plan = shared->run->plan;
    for (int i = stage->first_operand; i < stage->first_operand + stage->n_operands; i++) {
        if (plan->operands[i].where != IN_FEED) {
            continue;
        }
        if (share < 0) {
            feed_skip((Feed *)at[i], from * walk_inner_items(stage) / stage->fed_rows);
        }
        else {
            feed_begin_share((Feed *)at[i], stop - from,
                             walk_share(plan, &plan->operands[i], shared->run->at[i], share));
        }
    }
}

/* Do the shares of a part: its own results, which are joined when all are there. */
static int
walk_shares(const Shared *shared, StageRun *run, char **at, int part, int parts)
{
    int n = shared->stage->fed_shares, failed = 0;
    for (int k = n * part / parts; k < n * (part + 1) / parts && !failed; k++) {
        npy_intp all = shared->stage->dims[0];
        npy_intp from = pairwise_share(all, k, n), stop = pairwise_share(all, k + 1, n);
        walk_feed(shared, at, from, stop, k);
        failed = walk_axes(run, at, 0, from, stop);
    }
    return failed;
}

/* Join the results of shares. */
static void
walk_join(const Shared *shared)
{
    const Stage *stage = shared->stage;
    const Plan *plan = shared->run->plan;
    status_clear(plan->slow_status);
    for (int i = stage->first_operand; i < stage->first_operand + stage->n_operands; i++) {
        if (plan->operands[i].where == IN_FEED) {
            char *first = shared->run->at[i];
            feed_join((const Feed *)first, walk_share(plan, &plan->operands[i], first, 0),
                      stage->fed_shares, first + plan->feeds * FEED_BYTES);
        }
    }
    shared->run->raised |= status_raised(plan->slow_status);
}

/* Whether a stage can be shared out although reductions are fed by it. */
static int
walk_feeds_parts(const PlanRun *run, const Stage *stage)
{
    return pool_threads(run->pool) <= run->plan->feeds &&
           (stage->nd == 1 ||
            (!stage->fed_shares && walk_inner_items(stage) % stage->fed_rows == 0));
}

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
                    : shared->run->at[i] + (operand->where == IN_FEED ? part * FEED_BYTES : 0);
    }
    /* Shares begin where blocks do. */
    int axis = stage->nd - 1;
    npy_intp unit = axis > (stage->rows > 0) ? 1 : axis ? stage->rows : stage->length;
    unit = axis == 0 && stage->fed_rows ? stage->fed_rows : unit;
    npy_intp all = stage->dims[axis], units = (all + unit - 1) / unit;
    npy_intp from = units * part / parts * unit, stop = units * (part + 1) / parts * unit;
    if (stage->fed_rows && !stage->fed_shares) {
        walk_feed(shared, at, from, stop, -1);
    }
    status_clear(plan->slow_status);
    int failed = stage->fed_shares ? walk_shares(shared, &run, at, part, parts)
                                   : walk_axes(&run, at, axis, from, stop < all ? stop : all);
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
    if (stage->fed_shares) {
        walk_join(&shared);
    }
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
        int is_shared = run->pool != NULL && stage->work >= WORTH_SHARING &&
                        !stage->is_ordered &&
                        !walk_is_single(stage) &&
                        (!stage->fed_rows || walk_feeds_parts(run, stage));
        if ((is_shared ? walk_shared(run, stage) : walk_alone(run, stage)) < 0) {
            return -1;
        }
    }
    return 0;
}
