#include "regions/interpret.h"

#include "regions/plan.h"

#include <string.h>

/* Call a step's loop for each row of a block. */
static NOINLINE int
interpret_rows(const PlanStep *step, char **data, npy_intp n, npy_intp rows)
{
    for (npy_intp r = 0; r < rows; r++) {
        if (step->loop(step->context, data, &n, step->strides, step->auxdata) < 0) {
            return -1;
        }
        for (int k = 0; k < step->n_args; k++) {
            data[k] += step->row_strides[k];
        }
    }
    return 0;
}

/* Fetch the part of the next block that falls to one of the steps. */
static void
interpret_fetch(const Plan *plan, const Stage *stage, char *const *at, npy_intp n, npy_intp step)
{
    int axis = stage->rows > 0;
    for (int k = 0; k < stage->n_far; k++) {
        int i = stage->far[k];
        npy_intp bytes = n * plan->operands[i].strides[axis];
        char *p = at[i] + bytes + bytes * step / stage->n_steps;
        char *end = at[i] + bytes + bytes * (step + 1) / stage->n_steps;
        for (; p < end; p += stage->line) {
            FETCH(p);
        }
    }
}

ALWAYS_INLINE int
interpret_range(StageRun *run, char *const *at, npy_intp n, npy_intp rows, int from, int stop)
{
    const Plan *plan = run->plan;
    const Stage *stage = run->stage;
    const PlanStep *first = plan->steps + stage->first_step, *end = first + stop;
    char **data = run->data;
    npy_intp flat = rows ? (rows - 1) * stage->pitch + n : n;
    for (const PlanStep *step = first + from; step < end; step++) {
        const int *args = step->args;
        data[0] = at[args[0]];
        data[1] = at[args[1]];
        for (int k = 2; k < step->n_args; k++) {
            data[k] = at[args[k]];
        }
        if (UNLIKELY(run->raised_by != NULL && step->checks_flags)) {
            status_clear(step->slow_status);
        }
        int failed = UNLIKELY(step->by_row) ? interpret_rows(step, data, n, rows)
                                            : step->loop(step->context, data, &flat,
                                                         step->strides, step->auxdata);
        if (failed < 0) {
            return -1;
        }
        if (stage->n_far) {
            interpret_fetch(plan, stage, at, rows ? rows : n, step - first);
        }
        if (step->checks_flags) {
            int raised = status_raised(step->slow_status);
            run->raised |= raised;
            if (UNLIKELY(run->raised_by != NULL)) {
                Raised *by = &run->raised_by[step->node];
                *(step->operation == OP_CAST ? &by->in_casts : &by->itself) |= raised;
            }
        }
    }
    return 0;
}

int
interpret_block(const Executor *Py_UNUSED(executor), StageRun *run, char *const *at, npy_intp n,
                npy_intp rows)
{
    return interpret_range(run, at, n, rows, 0, run->stage->n_steps);
}

int
interpret_steps(StageRun *run, char *const *at, npy_intp n, npy_intp rows, int first, int stop)
{
    return interpret_range(run, at, n, rows, first, stop);
}

static void
interpret_release(const Executor *Py_UNUSED(executor))
{
}

const Executor interpreter = {"interpreter", interpret_block, interpret_release, 0};
