/* Doing a stage once more, when flags were raised in it, to see which step raised them.
 *
 * The first time steps were fused, and loops may have gone over what lies between rows. The same
 * stage of a plan without that gives the same results, and raises flags for itself.
 */
#include "regions/region.h"

#include <string.h>

/* The values as they were when the plan was made: without those that came of carrying it out. */
static Values
redo_values(const Call *call, PyObject **of)
{
    const Plan *plan = call->plan;
    for (int i = 0; i < plan->n_nodes; i++) {
        int source = plan->source_of[i];
        int is_made = call->typing->typed[i].action != ACT_NOTHING ||
                      (source >= 0 && !plan->sources[source].is_whole);
        of[i] = is_made ? NULL : call->values.of[i];
    }
    return (Values){.of = of, .fault = -1, .reads_items = plan->reads_items};
}

int
redo_stage(const Call *call, int number)
{
    Values values = redo_values(call, STACK_ARRAY(PyObject *, call->plan->n_nodes));
    PlanMode mode = region_mode(call->site, call->plan->may_raise);
    mode.may_raise = 0;
    mode.no_pitch = mode.tells_steps = mode.feeds_nothing = 1;
    Plan *plan = plan_new(call->program, call->typing, &values, mode, NULL);
    if (plan == NULL) {
        return -1;
    }
    int failed = 0;
    size_t room = (size_t)(plan->scratch - plan->buffers) + ALIGNMENT;
    char *blocks = PyMem_RawMalloc(room);
    if (blocks == NULL) {
        PyErr_NoMemory();
        failed = -1;
    }
    else if (plan->declined == NULL) {
        PlanRun run = call->run;
        run.plan = plan;
        run.at = STACK_ARRAY(char *, plan->n_operands);
        run.data = STACK_ARRAY(char *, plan->most_args);
        char *aligned = (char *)(((uintptr_t)blocks + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        run_point(call, plan, run.at, aligned - plan->buffers);
        status_clear(1);
        failed = walk_stages(&run, number, number + 1);
        status_clear(1);
    }
    PyMem_RawFree(blocks);
    plan_release(plan);
    return failed;
}
