#include "regions/planner.h"

#include "regions/describe.h"
#include "regions/gathers.h"
#include "regions/interpret.h"

#include <string.h>

#define MEMORY_STEP 8192 /* bytes asked for at once */

/* ------------------------------------------------------------------ the order of the passes */

static const struct {
    const char *name;
    Outcome (*run)(Planner *planner);
} PASSES[] = {
    {"sources", sources_find},   {"reads", sources_reads},     {"items", effects_items},
    {"stages", stages_sort},   {"delay", delaying_delay},   {"feeds", feeding_choose},
    {"needs", stages_needs},      {"effects", effects_direct},
    {"results", stages_results},
};

static const struct {
    const char *name;
    Outcome (*run)(Planner *planner, int stage);
} STAGE_PASSES[] = {
    {"operands", operands_fill},  {"axes", blocking_axes},      {"fuse", fusing_fuse},
    {"share", blocking_share},    {"blocks", blocking_choose},  {"place", blocking_place},
    {"fetch", blocking_fetch},    {"strides", blocking_strides},
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Put what a pass has left into the trace, if there is one. */
static Outcome
planner_traced(const Planner *planner, PyObject *trace, const char *name, int stage)
{
    if (trace == NULL) {
        return PASS_DONE;
    }
    PyObject *number = stage < 0 ? Py_NewRef(Py_None) : PyLong_FromLong(stage);
    PyObject *entry = Py_BuildValue("(sNN)", name, number,
                                    plan_describe(planner->plan, planner->program,
                                                  planner->typing));
    int failed = entry == NULL || PyList_Append(trace, entry) < 0;
    Py_XDECREF(entry);
    return failed ? PASS_FAILED : PASS_DONE;
}

static Outcome
planner_run(Planner *planner, PyObject *trace)
{
    Plan *plan = planner->plan;
    for (size_t i = 0; i < COUNT(PASSES); i++) {
        planner->node = -1;
        TRY(PASSES[i].run(planner));
        TRY(planner_traced(planner, trace, PASSES[i].name, -1));
    }
    for (int k = 0; k < plan->n_stages; k++) {
        if (plan->stages[k].reduction >= 0) {
            continue;
        }
        for (size_t i = 0; i < COUNT(STAGE_PASSES); i++) {
            planner->node = -1;
            TRY(STAGE_PASSES[i].run(planner, k));
            TRY(planner_traced(planner, trace, STAGE_PASSES[i].name, k));
        }
    }
    const char *fault = plan_check(plan, planner->program);
#ifdef ALLOC_REWRITE_CHECKS
    if (fault != NULL) {
        Py_FatalError(fault);
    }
#endif
    return fault == NULL ? PASS_DONE : planner_decline(planner, fault);
}

/* ------------------------------------------------------------------ memory */

struct Memory {
    Memory *before;
    size_t used, size;
    char *data;
};

void *
planner_take(Planner *planner, size_t size)
{
    Memory *memory = planner->memory;
    size = (size + sizeof(npy_cdouble) - 1) / sizeof(npy_cdouble) * sizeof(npy_cdouble);
    if (memory == NULL || memory->size - memory->used < size) {
        size_t all = size > MEMORY_STEP ? size : MEMORY_STEP;
        size_t head = (sizeof(Memory) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        memory = PyMem_Malloc(head + all);
        if (memory == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        *memory = (Memory){planner->memory, 0, all, (char *)memory + head};
        planner->memory = memory;
    }
    void *taken = memory->data + memory->used;
    memory->used += size;
    return memset(taken, 0, size);
}

static void
planner_release(Planner *planner)
{
    while (planner->memory != NULL) {
        Memory *memory = planner->memory;
        planner->memory = memory->before;
        PyMem_Free(memory);
    }
}

void *
planner_grow(Planner *planner, void **elements, int *capacity, int n, size_t size)
{
    if (n == *capacity) {
        int more = n ? 2 * n : 8;
        void *grown = planner_take(planner, (size_t)more * size);
        if (grown == NULL) {
            return NULL;
        }
        if (n) {
            memcpy(grown, *elements, (size_t)n * size);
        }
        *elements = grown;
        *capacity = more;
    }
    return memset((char *)*elements + (size_t)n * size, 0, size); /* fusing takes elements away */
}

int
planner_axes(Planner *planner, Axes *axes, const Extent *extent)
{
    size_t size = (size_t)extent->nd * sizeof(npy_intp);
    axes->nd = extent->nd;
    axes->dims = planner_take(planner, 2 * size);
    if (axes->dims == NULL) {
        return 0;
    }
    axes->strides = axes->dims + extent->nd;
    if (size) {
        memcpy(axes->dims, extent->dims, size);
        memcpy(axes->strides, extent->strides, size);
    }
    return 1;
}

/* ------------------------------------------------------------------ what the passes share */

Outcome
planner_decline(Planner *planner, const char *reason)
{
    planner->declined = reason;
    return PASS_DECLINED;
}

int
planner_maker(const Planner *planner, int node)
{
    node = typing_array(planner->typing, planner->program, node);
    if (planner->plan->source_of[node] >= 0) {
        return -1;
    }
    node = program_owner(planner->program, node);
    return planner_is_step(planner, node) || planner->nodes[node].is_reduced ? node : -1;
}

int
planner_is_step(const Planner *planner, int node)
{
    return action_is_step(planner->typing->typed[node].action);
}

int
planner_is_patched(const Planner *planner, int node)
{
    return planner->typing->typed[node].action == ACT_PATCH;
}

int
planner_is_index(const Planner *planner, int node)
{
    return planner->typing->results[node] != NULL && index_is_array(planner->values->of[node]);
}

void
planner_changed(const Planner *planner, const Effect *effect, Extent *extent)
{
    if (effect->index >= 0) {
        *extent = planner->nodes[effect->node].extent;
    }
    else {
        axes_extent(&planner->plan->sources[effect->target].axes, extent);
    }
}

PyArray_Descr *
planner_result(const Planner *planner, int node)
{
    const Typed *typed = &planner->typing->typed[node];
    return typed->descrs[typed->n_in];
}

/* Begin with nothing known; 0 with an exception. */
static int
planner_begin(Planner *planner)
{
    Plan *plan = planner->plan;
    int n = planner->program->n_nodes;
    planner->nodes = planner_take(planner, (size_t)n * sizeof(NodeState));
    plan->source_of = planner_take(planner, (size_t)n * sizeof(int));
    plan->output_of = planner_take(planner, (size_t)n * sizeof(int));
    plan->is_number = planner_take(planner, (size_t)n);
    if (planner->nodes == NULL || plan->source_of == NULL || plan->output_of == NULL ||
        plan->is_number == NULL) {
        return 0;
    }
    for (int i = 0; i < n; i++) {
        plan->source_of[i] = plan->output_of[i] = planner->nodes[i].stage = -1;
        planner->nodes[i].buffer = planner->nodes[i].effect = planner->nodes[i].fed_by = -1;
    }
    return 1;
}

Plan *
plan_new(const Program *program, const Typing *typing, const Values *values, PlanMode mode,
         PyObject *trace)
{
    Plan draft = {.references = 1,
                  .patched = -1,
                  .may_raise = mode.may_raise,
                  .reads_items = values->reads_items,
                  .n_nodes = program->n_nodes},
         *made = NULL;
    Planner planner = {
        .program = program, .typing = typing, .values = values, .mode = mode, .plan = &draft};
    Outcome outcome = planner_begin(&planner) ? planner_run(&planner, trace) : PASS_FAILED;
    if (outcome == PASS_DECLINED) {
        draft.declined = planner.declined;
        draft.fault = planner.node;
        plan_strip(&draft);
    }
    if (outcome != PASS_FAILED) {
        made = plan_packed(&draft);
    }
    if (made == NULL) {
        plan_clear(&draft);
    }
    planner_release(&planner);
    return made;
}
