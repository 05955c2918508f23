/* One call of a region's site: memory, computation, reports, and what is delivered. */
#include "regions/report.h"

#include <string.h>

#define ROOM (16 * 1024) /* bytes of scratch memory that come from the stack */
#define FEW_ITEMS 4      /* scalars that a call has room for anyway */

PyObject *
run_object(Call *call, int node)
{
    const Plan *plan = call->plan;
    node = typing_array(call->typing, call->program, node);
    if (call->values.of[node] != NULL) {
        return Py_NewRef(call->values.of[node]);
    }
    if (plan->output_of[node] >= 0) {
        const Output *output = &plan->outputs[plan->output_of[node]];
        PyObject *array = call->arrays[plan->output_of[node]];
        if (output->axes.nd) {
            return Py_NewRef(array);
        }
        PyObject *number = PyArray_Scalar(PyArray_BYTES((PyArrayObject *)array), output->descr,
                                          NULL);
        if (number != NULL) { /* asked again, it is the same object */
            values_keep(&call->values, node, Py_NewRef(number));
        }
        return number;
    }
    if (plan->source_of[node] >= 0) {
        const Source *source = &plan->sources[plan->source_of[node]];
        PyArrayObject *array = plan_array(&call->values, source);
        Extent extent;
        axes_extent(&source->axes, &extent);
        extent.data = PyArray_BYTES(array) + source->offset;
        PyObject *view = view_made(array, &extent);
        if (view != NULL) { /* asked again, it is the same object */
            values_keep(&call->values, node, Py_NewRef(view));
        }
        return view;
    }
    return NULL;
}

/* Turn the scalars into items; 0 if one does not fit. */
static int
run_fill_items(Call *call)
{
    const Plan *plan = call->plan;
    for (int i = 0; i < plan->n_items; i++) {
        if (plan->items[i].from >= 0) {
            continue;
        }
        PyObject *value = call->values.of[plan->items[i].node];
        if (value == NULL) {
            return 0;
        }
        enum leaf_kind kind = leaf_kind_of(value);
        if (!leaf_item(value, kind, plan->items[i].descr, call->run.items[i].bytes)) {
            return 0;
        }
    }
    return 1;
}

/* Let go of the first outputs' arrays. */
static void
run_drop_outputs(Call *call, int n)
{
    while (n) {
        Py_DECREF(call->arrays[--n]);
    }
}

/* Take the outputs' arrays; 0 if there is no room. */
static int
run_take_outputs(Call *call)
{
    RegionSite *self = call->site;
    for (int i = 0; i < call->plan->n_outputs; i++) {
        Output *output = &call->plan->outputs[i];
        const Axes *axes = &output->axes;
        PyArrayObject *array =
            output->c_order
                ? slots_array(&output->slots, self->site.state, &self->site.place, "a region",
                              output->descr, axes->nd, axes->dims, output->size)
                : array_new(self->site.state, &self->site.place, "a region", output->descr,
                            axes->nd, axes->dims, axes->strides);
        call->arrays[i] = (PyObject *)array;
        if (array == NULL) {
            PyErr_Clear(); /* the original code needs more, and says for what */
            self->site.place.arena->arena->refused = 0;
            run_drop_outputs(call, i);
            return 0;
        }
    }
    return 1;
}

/* The threads that the stages are shared out to, if that is worth it; NULL for this one alone. */
static Pool *
run_pool(State *state, const Plan *plan)
{
    if (state->threads < 2 || plan->size <= LARGE || plan->work < WORTH_SHARING) {
        return NULL;
    }
    if (state->pool != NULL && !pool_is_alive(state->pool)) {
        pool_release(state->pool);
        state->pool = NULL;
    }
    state->pool = state->pool == NULL ? pool_new(state->threads) : state->pool;
    return state->pool == NULL ? NULL : pool_hold(state->pool);
}

static int
run_take_scratch(Call *call, char *room)
{
    size_t nbytes = (size_t)call->plan->scratch;
    Arena *arena = call->site->site.place.arena->arena;
    call->scratch = room;
    call->origin = FROM_STACK;
    if (nbytes <= ROOM) {
        return 1;
    }
    call->origin = FROM_ARENA;
    call->scratch = arena_take(arena, nbytes);
    if (call->scratch == NULL) {
        arena->refused = 0;
        call->origin = FROM_HEAP;
        call->scratch = PyMem_RawMalloc(nbytes);
    }
    return call->scratch != NULL;
}

static void
run_give_scratch(Call *call)
{
    if (call->origin == FROM_ARENA) {
        arena_give(call->site->site.place.arena->arena, call->scratch);
    }
    else if (call->origin == FROM_HEAP) {
        PyMem_RawFree(call->scratch);
    }
}

void
run_point(const Call *call, const Plan *plan, char **at, char *blocks)
{
    ItemRoom *items = call->run.items;
    PyObject *const *arrays = call->arrays, *const *values = call->values.of;
    for (int i = 0; i < plan->n_operands; i++) {
        const Operand *operand = &plan->operands[i];
        const Source *source;
        switch (operand->where) {
        case IN_SOURCE:
            source = &plan->sources[operand->number];
            at[i] = PyArray_BYTES((PyArrayObject *)values[source->owner]) + source->offset;
            break;
        case IN_ITEM:
            at[i] = items[operand->number].bytes;
            break;
        case IN_OUTPUT:
            at[i] = PyArray_BYTES((PyArrayObject *)arrays[operand->number]) + operand->offset;
            break;
        case IN_POSITION:
            at[i] = PATCHWORK_ORIGIN;
            break;
        case IN_BUFFER:
        case IN_FEED:
            at[i] = call->scratch + operand->offset;
            break;
        default:
            at[i] = blocks + operand->offset;
        }
    }
}

/* Run stages, if they are large without holding the other threads up. */
static int
run_stages(Call *call, int first, int stop)
{
    PyThreadState *others = call->plan->size > LARGE ? PyEval_SaveThread() : NULL;
    int failed = walk_stages(&call->run, first, stop);
    if (others != NULL) {
        PyEval_RestoreThread(others);
    }
    return loop_failed(failed, call->plan->slow_status) ? -1 : 0;
}

static PyObject *
run_delivered(Call *call)
{
    const Program *program = call->program;
    if (!program->is_packed) {
        return run_object(call, program->outputs[0]);
    }
    PyObject *all = PyTuple_New(program->n_outputs);
    for (int i = 0; all != NULL && i < program->n_outputs; i++) {
        PyObject *object = run_object(call, program->outputs[i]);
        if (object == NULL) {
            Py_CLEAR(all);
            break;
        }
        PyTuple_SET_ITEM(all, i, object);
    }
    return all;
}

/* Run stages, and the reductions among them, whose values join the others; -1 if something fails,
 * with an exception or without. */
static int
run_until(Call *call, int first, int stop)
{
    const Stage *stages = call->plan->stages;
    while (first < stop) {
        int next = first;
        while (next < stop && stages[next].reduction < 0) {
            next++;
        }
        status_clear(call->plan->slow_status);
        if (next > first && run_stages(call, first, next) < 0) {
            return -1;
        }
        if (next < stop) {
            int node = stages[next].reduction;
            PyObject *result = reducing_result(call, next);
            if (result == NULL) {
                call->fault = node;
                return -1;
            }
            values_keep(&call->values, node, result);
            if (stages[next].result >= 0 && !reducing_take(call, &stages[next], result)) {
                return -1;
            }
        }
        first = next + 1;
    }
    return 0;
}

/* A stage that the original code can't follow: -1 with an exception. */
static int
run_for_good(Call *call, int number, Raised *raised)
{
    const Stage *stage = &call->plan->stages[number];
    int is_told = stage->reports_steps || stage->reduction >= 0;
    call->run.raised = 0;
    call->run.raised_by = is_told ? raised : NULL;
    int failed = run_until(call, number, number + 1);
    call->run.raised_by = raised;
    if (failed < 0 || is_told || LIKELY(!call->run.raised)) {
        return failed;
    }
    int is_quiet = report_is_quiet(call);
    return is_quiet ? is_quiet < 0 ? -1 : 0 : redo_stage(call, number);
}

/* What the original code can't follow: flags are reported by step; -1 with an exception. */
static int
run_rest(Call *call)
{
    const Plan *plan = call->plan;
    Raised *raised = STACK_ARRAY(Raised, plan->n_nodes);
    memset(raised, 0, (size_t)plan->n_nodes * sizeof(Raised));
    call->run.raised_by = raised;
    int any = 0;
    for (int k = plan->n_repeatable; k < plan->n_stages; k++) {
        if (run_for_good(call, k, raised) < 0) {
            if (!PyErr_Occurred()) { /* it is too late for the original code */
                PyErr_SetString(PyExc_SystemError, "a reduction gave no such result before");
            }
            return -1;
        }
        any |= call->run.raised;
    }
    if (!any) {
        return 0;
    }
    status_clear(1);
    return report_steps(call, plan->n_nodes);
}

/* With all memory at hand: compute, and deliver. */
static PyObject *
run_computed(Call *call)
{
    const Plan *plan = call->plan;
    call->run.raised = 0;
    call->run.raised_by = NULL;
    run_point(call, plan, call->run.at, call->scratch);
    if (plan->feeds && !reducing_begin(call)) {
        return NULL;
    }
    if (run_until(call, 0, plan->n_repeatable) < 0) {
        PyErr_Clear(); /* the original code meets it again, at its own line */
        return NULL;
    }
    if (report_is_quiet(call) <= 0 ||
        (plan->n_repeatable < plan->n_stages && run_rest(call) < 0)) {
        return NULL;
    }
    return run_delivered(call);
}

/* Whether the arrays that are to be changed may be. */
static int
run_is_writeable(const Call *call)
{
    const Plan *plan = call->plan;
    for (int e = 0; e < plan->n_effects; e++) {
        const Source *target = &plan->sources[plan->effects[e].target];
        if (!is_writeable(plan_array(&call->values, target))) {
            return 0;
        }
    }
    return 1;
}

PyObject *
region_run(Call *call)
{
    const Plan *plan = call->plan;
    char room[ROOM + ALIGNMENT], *few[FEW];
    ItemRoom few_items[FEW_ITEMS];
    PyObject *result = NULL;
    int n_pointers = plan->n_outputs + plan->n_operands + plan->most_args;
    char **pointers = STACK_ROOM(char *, few, n_pointers);
    call->arrays = (PyObject **)pointers;
    call->run.plan = plan;
    call->run.at = pointers + plan->n_outputs;
    call->run.data = call->run.at + plan->n_operands;
    call->run.items = STACK_ROOM(ItemRoom, few_items, plan->n_items);
    call->run.raised = 0;
    if (!run_is_writeable(call) || !run_fill_items(call) || !run_take_outputs(call)) {
        return NULL;
    }
    call->run.pool = run_pool((State *)call->site->site.state, plan);
    if (run_take_scratch(call, (char *)scratch_bytes((npy_intp)room))) {
        result = run_computed(call);
        run_give_scratch(call);
    } /* else the original code says what there is no memory for */
    if (call->run.pool != NULL) {
        pool_release(call->run.pool);
    }
    run_drop_outputs(call, call->plan->n_outputs);
    return result;
}
