#include "regions/plan.h"

#include <string.h>

void *
plan_grow(void **elements, int *capacity, int n, size_t size)
{
    if (n == *capacity) {
        int more = n ? 2 * n : 8;
        void *grown = PyMem_Realloc(*elements, (size_t)more * size);
        if (grown == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        *elements = grown;
        *capacity = more;
    }
    void *element = (char *)*elements + (size_t)n * size;
    memset(element, 0, size);
    return element;
}

void
plan_release(Plan *plan)
{
    if (--plan->references) {
        return;
    }
    for (int i = 0; i < plan->n_watches; i++) {
        Py_XDECREF(plan->watches[i].object);
    }
    for (int i = 0; i < plan->n_items; i++) {
        Py_DECREF(plan->items[i].descr);
    }
    for (int i = 0; i < plan->n_outputs; i++) {
        slots_clear(&plan->outputs[i].slots);
        Py_DECREF(plan->outputs[i].descr);
    }
    PyMem_Free(plan->roots);
    PyMem_Free(plan->watches);
    PyMem_Free(plan->sources);
    PyMem_Free(plan->items);
    PyMem_Free(plan->outputs);
    PyMem_Free(plan->operands);
    PyMem_Free(plan->steps);
    PyMem_Free(plan);
}

int
plan_same_type(PyArray_Descr *one, PyArray_Descr *other)
{
    return one == other || PyArray_EquivTypes(one, other);
}

int
plan_owner(const Program *program, int node)
{
    const Node *made = &program->nodes[node];
    while (made->kind == NODE_INDEX || made->kind == NODE_ATTRIBUTE) {
        node = made->operands[0];
        made = &program->nodes[node];
    }
    return node;
}

/* Note which sources are read, and not only changed. */
static void
note_reads(Planner *planner)
{
    for (int i = 0; i < planner->program->n_nodes; i++) {
        for (int k = 0; plan_is_step(planner, i) && k < planner->typing->typed[i].n_in; k++) {
            int source = planner->plan->source_of[planner->typing->typed[i].operands[k]];
            if (source >= 0) {
                planner->plan->sources[source].is_read = 1;
            }
        }
    }
}

/* Whether there will be an object for a node that is delivered or reduced. */
static int
has_object(const Planner *planner, int node)
{
    const Program *program = planner->program;
    const Plan *plan = planner->plan;
    while (program->nodes[node].kind == NODE_IN_PLACE) {
        node = program->nodes[node].operands[0];
    }
    if (planner->values->of[node] != NULL || plan_is_step(planner, node) ||
        planner->typing->typed[node].action == ACT_REDUCE) {
        return 1;
    }
    /* NumPy gives a scalar for a view without axes. */
    return plan->source_of[node] >= 0 && plan->sources[plan->source_of[node]].extent.nd > 0;
}

static int
can_deliver(const Planner *planner)
{
    const Program *program = planner->program;
    for (int i = 0; i < program->n_outputs; i++) {
        if (!has_object(planner, program->outputs[i])) {
            return 0;
        }
    }
    for (int i = 0; i < program->n_nodes; i++) {
        const Node *node = &program->nodes[i];
        if (planner->typing->typed[i].action == ACT_REDUCE &&
            !has_object(planner, node->operands[node->kind == NODE_CALL])) {
            return 0;
        }
    }
    return 1;
}

Plan *
plan_new(const Program *program, const Typing *typing, const Values *values, PlanMode mode)
{
    Planner planner = {.program = program, .typing = typing, .values = values};
    Plan *plan = PyMem_Calloc(1, sizeof(Plan));
    planner.plan = plan;
    planner.extents = PyMem_Malloc((size_t)program->n_nodes * sizeof(Extent));
    if (plan == NULL || planner.extents == NULL) {
        PyMem_Free(plan);
        PyMem_Free(planner.extents);
        PyErr_NoMemory();
        return NULL;
    }
    plan->references = 1;
    plan->is_careful = mode.is_careful;
    plan->overlap = mode.overlap;
    plan->target = -1;
    planner.no_pitch = mode.no_pitch;
    memset(plan->source_of, -1, sizeof(plan->source_of));
    memset(plan->output_of, -1, sizeof(plan->output_of));
    int done = plan_find(&planner);
    if (done > 0) {
        note_reads(&planner);
        if (plan->target >= 0) {
            plan->overlap = plan_overlap(plan, values);
        }
        done = can_deliver(&planner) ? plan_stages(&planner) : 0;
        if (done > 0 && (plan->n_items > MOST_ITEMS || plan->n_operands > MOST_ALL_OPERANDS)) {
            done = 0;
        }
    }
    PyMem_Free(planner.extents);
    if (done < 0) {
        plan_release(plan);
        return NULL;
    }
    plan->declined = !done;
    return plan;
}

/* ------------------------------------------------------------------ using it again */

ALWAYS_INLINE int
is_root(const Root *root, PyObject *value)
{
    PyArrayObject *array = (PyArrayObject *)value;
    if (PyArray_NDIM(array) != root->nd || !is_regular(array)) {
        return 0;
    }
    const npy_intp *dims = PyArray_DIMS(array), *strides = PyArray_STRIDES(array);
    for (int i = 0; i < root->nd; i++) {
        if (dims[i] != root->dims[i] || strides[i] != root->strides[i]) {
            return 0;
        }
    }
    return 1;
}

/* Whether something that indices depend on is as it was: 1, 0 if it is another number, or -1. */
ALWAYS_INLINE int
is_watched(const Watch *watched, PyObject *value)
{
    if (watched->object != NULL) {
        return watched->object == value ? 1 : -1;
    }
    if (!PyLong_CheckExact(value)) {
        return -1;
    }
    npy_intp number = PyLong_AsSsize_t(value);
    if (UNLIKELY(number == -1 && PyErr_Occurred())) {
        PyErr_Clear();
        return -1;
    }
    return number == watched->number;
}

/* Work the views out anew; if their shapes are the same, take over where they lie. */
static NOINLINE int
move(Plan *plan, const Program *program, const Values *values)
{
    npy_intp offsets[128];
    for (int i = 0; i < plan->n_sources; i++) {
        Source *source = &plan->sources[i];
        offsets[i] = source->offset;
        if (source->is_whole) {
            continue;
        }
        int base = plan->source_of[program->nodes[source->node].operands[0]];
        PyObject *root = values->of[plan->roots[source->root].node];
        Extent of = plan->sources[base].extent, made;
        of.data = PyArray_BYTES((PyArrayObject *)root) + offsets[base];
        if (!plan_view(program, values, source->node, &of, &made) ||
            made.nd != source->extent.nd ||
            !PyArray_CompareLists(made.dims, source->extent.dims, made.nd) ||
            !PyArray_CompareLists(made.strides, source->extent.strides, made.nd)) {
            return 0;
        }
        offsets[i] = offsets[base] + (made.data - of.data);
    }
    for (int i = 0; i < plan->n_sources; i++) {
        plan->sources[i].offset = offsets[i];
    }
    for (int i = 0; i < plan->n_watches; i++) {
        Watch *watched = &plan->watches[i];
        if (watched->object == NULL) {
            watched->number = PyLong_AsSsize_t(values->of[watched->node]);
        }
    }
    return 1;
}

int
plan_fits(Plan *plan, const Program *program, const Values *values)
{
    for (int i = 0; i < plan->n_roots; i++) {
        if (!is_root(&plan->roots[i], values->of[plan->roots[i].node])) {
            return 0;
        }
    }
    int same = 1;
    for (int i = 0; i < plan->n_watches; i++) {
        int found = is_watched(&plan->watches[i], values->of[plan->watches[i].node]);
        if (found < 0) {
            return 0;
        }
        same &= found;
    }
    if (LIKELY(same)) {
        return 1;
    }
    /* A plan that is being carried out, by another thread, must stay where it is. */
    return !plan->declined && !plan->is_fixed && plan->references == 1 &&
           move(plan, program, values);
}

int
plan_overlap(const Plan *plan, const Values *values)
{
    const Source *target = &plan->sources[plan->target];
    const Root *root = &plan->roots[target->root];
    char *data = PyArray_BYTES((PyArrayObject *)values->of[root->node]) + target->offset;
    int found = 0;
    for (int i = 0; i < plan->n_sources; i++) {
        const Source *source = &plan->sources[i];
        if (i == plan->target || !source->is_read) {
            continue;
        }
        root = &plan->roots[source->root];
        char *other = PyArray_BYTES((PyArrayObject *)values->of[root->node]) + source->offset;
        if (other + source->low >= data + target->high ||
            data + target->low >= other + source->high) {
            continue;
        }
        if (other != data || source->extent.nd != target->extent.nd ||
            !PyArray_CompareLists(source->extent.dims, target->extent.dims, target->extent.nd) ||
            !PyArray_CompareLists(source->extent.strides, target->extent.strides,
                                  target->extent.nd)) {
            return 2;
        }
        found = 1;
    }
    return found;
}
