#include "regions/report.h"

#include "numpy/fperrors.h"

#include <string.h>

/* Whether NumPy casts the operands of a node before all else, and reports what that raises under
 * the name of casts: in a store, in a copy, and for short vectors. */
static int
report_casts_first(const Call *call, int node)
{
    const Typed *typed = &call->typing->typed[node];
    int is_short = 1;
    for (int i = 0; i < typed->n_in; i++) {
        PyArray_Descr *descr = call->typing->results[typed->operands[i]];
        if (descr == NULL || same_type(descr, typed->descrs[i])) {
            continue;
        }
        int source = call->plan->source_of[typed->operands[i]];
        const Axes *axes = source < 0 ? NULL : &call->plan->sources[source].axes;
        is_short &= axes == NULL ? call->plan->size <= NPY_BUFSIZE
                                 : axes->nd == 0 ||
                                       (axes->nd == 1 && axes->dims[0] <= NPY_BUFSIZE);
    }
    return typed->action == ACT_STORE || typed->order || is_short;
}

/* Report what a step raised, at a node that computes the same; -1 with an exception. */
static int
report_step(const Call *call, int node, int at)
{
    const State *state = call->site->site.state;
    const Typed *typed = &call->typing->typed[node];
    int line = call->program->nodes[at].line, helper = call->program->nodes[at].helper;
    PyObject *function = helper < 0 ? NULL : call->values.of[helper];
    int raised = call->run.raised_by[node].itself, in_casts = call->run.raised_by[node].in_casts;
    if (in_casts && report_casts_first(call, node)) {
        if (fperrors_raised(state, "cast", in_casts, function, line) < 0) {
            return -1;
        }
    }
    else if (in_casts && !typed->call.raises_nothing) {
        raised |= in_casts;
    }
    char name[64];
    if (raised == 0) {
        return 0;
    }
    if (call->plan->is_number[node]) {
        snprintf(name, sizeof(name), "scalar %s", typed->name);
    }
    return fperrors_raised(state, call->plan->is_number[node] ? name : typed->name, raised,
                           function, line);
}

int
report_steps(const Call *call, int stop)
{
    for (int i = 0; i < stop; i++) {
        const Node *node = &call->program->nodes[i];
        if (report_step(call, node->kind == NODE_AGAIN ? node->operands[0] : i, i) < 0) {
            return -1;
        }
    }
    memset(call->run.raised_by, 0, (size_t)stop * sizeof(Raised));
    return 0;
}

int
report_is_quiet(Call *call)
{
    if (LIKELY(!call->run.raised)) {
        return 1;
    }
    status_clear(1);
    if (call->plan->has_pitch) {
        call->site->no_pitch = 1; /* it may come from between the rows */
        call->plan->may_raise = -1;
    }
    return fperrors_is_idle(call->site->site.state, call->run.raised);
}
