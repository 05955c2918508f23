#include "regions/plan.h"

#include <string.h>

/* ------------------------------------------------------------------ memory */

void
plan_clear(Plan *plan)
{
    for (int i = 0; i < plan->n_watches; i++) {
        Py_CLEAR(plan->watches[i].object);
    }
    plan->n_watches = 0;
    Py_CLEAR(plan->parts);
    plan_strip(plan);
}

void
plan_strip(Plan *plan)
{
    for (int i = 0; i < plan->n_items; i++) {
        Py_CLEAR(plan->items[i].descr);
    }
    for (int i = 0; i < plan->n_outputs; i++) {
        slots_clear(&plan->outputs[i].slots);
        Py_CLEAR(plan->outputs[i].descr);
    }
    for (int i = 0; i < plan->n_stages; i++) {
        const Executor *executor = plan->stages[i].executor;
        if (executor != NULL) {
            executor->release(executor);
        }
    }
    plan->n_sources = plan->n_effects = plan->n_items = plan->n_outputs = plan->n_operands =
        plan->n_steps = plan->n_stages = 0;
}

void
plan_release(Plan *plan)
{
    if (--plan->references == 0) {
        plan_clear(plan);
        PyMem_Free(plan);
    }
}

/* Where a plan's parts are copied to; without a base they stay where they are, and are counted. */
typedef struct {
    char *base;
    size_t used;
} Packing;

static void *
plan_pack(Packing *to, void *from, size_t size)
{
    char *place = to->base == NULL ? from : to->base + to->used;
    to->used += (size + sizeof(npy_intp) - 1) / sizeof(npy_intp) * sizeof(npy_intp);
    if (to->base != NULL && size) {
        memcpy(place, from, size);
    }
    return place;
}

#define PACK(to, pointer, n) \
    ((pointer) = plan_pack((to), (pointer), (size_t)(n) * sizeof(*(pointer))))

static void
plan_pack_axes(Packing *to, Axes *axes)
{
    PACK(to, axes->dims, axes->nd);
    PACK(to, axes->strides, axes->nd);
}

static void
plan_pack_all(Packing *to, Plan *plan)
{
    PACK(to, plan->roots, plan->n_roots);
    PACK(to, plan->watches, plan->n_watches);
    PACK(to, plan->sources, plan->n_sources);
    PACK(to, plan->effects, plan->n_effects);
    PACK(to, plan->overlaps, plan->n_effects * plan->n_sources);
    PACK(to, plan->items, plan->n_items);
    PACK(to, plan->outputs, plan->n_outputs);
    PACK(to, plan->operands, plan->n_operands);
    PACK(to, plan->steps, plan->n_steps);
    PACK(to, plan->stages, plan->n_stages);
    PACK(to, plan->source_of, plan->n_nodes);
    PACK(to, plan->output_of, plan->n_nodes);
    PACK(to, plan->is_number, plan->n_nodes);
    for (int i = 0; i < plan->n_roots; i++) {
        plan_pack_axes(to, &plan->roots[i].axes);
    }
    for (int i = 0; i < plan->n_sources; i++) {
        plan_pack_axes(to, &plan->sources[i].axes);
    }
    for (int i = 0; i < plan->n_outputs; i++) {
        plan_pack_axes(to, &plan->outputs[i].axes);
    }
    for (int i = 0; i < plan->n_steps; i++) {
        PlanStep *step = &plan->steps[i];
        PACK(to, step->args, step->n_args);
        PACK(to, step->strides, step->n_args);
        PACK(to, step->row_strides, step->n_args);
        if (step->own != NULL) {
            step->own = plan_pack(to, step->own, step->own_bytes);
            step->auxdata = step->own;
        }
    }
    for (int i = 0; i < plan->n_stages; i++) {
        Stage *stage = &plan->stages[i];
        PACK(to, stage->dims, stage->nd);
        PACK(to, stage->far, stage->n_far);
        for (int k = 0; k < stage->n_operands; k++) {
            PACK(to, plan->operands[stage->first_operand + k].strides, stage->nd);
        }
    }
}

Plan *
plan_packed(const Plan *plan)
{
    Plan measured = *plan;
    Packing to = {NULL, 0};
    plan_pack_all(&to, &measured);
    Plan *made = PyMem_Malloc(sizeof(Plan) + to.used);
    if (made == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    *made = *plan;
    made->bytes = sizeof(Plan) + to.used;
    to = (Packing){(char *)(made + 1), 0};
    plan_pack_all(&to, made);
    return made;
}

/* ------------------------------------------------------------------ axes */

void
axes_extent(const Axes *axes, Extent *extent)
{
    extent->nd = axes->nd;
    for (int i = 0; i < axes->nd; i++) {
        extent->dims[i] = axes->dims[i];
        extent->strides[i] = axes->strides[i];
    }
}

int
axes_equal(const Axes *one, const Axes *other)
{
    return one->nd == other->nd && PyArray_CompareLists(one->dims, other->dims, one->nd) &&
           PyArray_CompareLists(one->strides, other->strides, one->nd);
}

/* ------------------------------------------------------------------ what shares memory */

/* Whether items at strides that all are multiples of one step fall into different parts of it, as
 * columns of one table do. */
static int
plan_interleaves(const Source *one, const Source *other, npy_intp distance)
{
    npy_intp step = 0;
    for (int k = 0; k < 2; k++) {
        const Axes *axes = k ? &other->axes : &one->axes;
        for (int i = 0; i < axes->nd; i++) {
            npy_intp a = step, b = axes->dims[i] > 1 ? axes->strides[i] : 0;
            while (b) {
                npy_intp rest = a % b;
                a = b;
                b = rest;
            }
            step = a < 0 ? -a : a;
        }
    }
    if (step == 0) {
        return 0;
    }
    distance = (distance % step + step) % step;
    return distance >= one->itemsize && step - distance >= other->itemsize;
}

enum overlap
plan_overlap(const Values *values, const Source *one, const Source *other)
{
    char *a = PyArray_BYTES(plan_array(values, one)) + one->offset;
    char *b = PyArray_BYTES(plan_array(values, other)) + other->offset;
    if (b + other->low >= a + one->high || a + one->low >= b + other->high) {
        return APART;
    }
    if (a == b && one->itemsize == other->itemsize && axes_equal(&one->axes, &other->axes)) {
        return SAME_ITEMS;
    }
    return plan_interleaves(one, other, b - a) ? APART : OVERLAPPING;
}

int
plan_roots_are_apart(const Plan *plan, const Values *values)
{
    for (int e = 0; e < plan->n_effects; e++) {
        const Root *own = &plan->roots[plan->sources[plan->effects[e].target].root];
        const char *data = PyArray_BYTES((PyArrayObject *)values->of[own->node]);
        for (int i = 0; i < plan->n_roots; i++) {
            const Root *root = &plan->roots[i];
            const char *other = PyArray_BYTES((PyArrayObject *)values->of[root->node]);
            if (root != own && other + root->low < data + own->high &&
                data + own->low < other + root->high) {
                return 0;
            }
        }
    }
    return 1;
}

/* The same, for every effect and source. */
static int
plan_lies_as_before(const Plan *plan, const Values *values)
{
    for (int e = 0; e < plan->n_effects; e++) {
        const Source *target = &plan->sources[plan->effects[e].target];
        for (int i = 0; i < plan->n_sources; i++) {
            if (plan_overlap(values, target, &plan->sources[i]) !=
                plan_known_overlap(plan, e, i)) {
                return 0;
            }
        }
    }
    return 1;
}

int
plan_lies_alike(const Plan *plan, const Values *values)
{
    return plan->n_effects == 0 || (plan->roots_apart && plan_roots_are_apart(plan, values)) ||
           plan_lies_as_before(plan, values);
}

/* ------------------------------------------------------------------ using it again */

ALWAYS_INLINE int
plan_is_root(const Root *root, PyObject *value)
{
    PyArrayObject *array = (PyArrayObject *)value;
    const Axes *axes = &root->axes;
    if (PyArray_NDIM(array) != axes->nd || !is_regular(array)) {
        return 0;
    }
    const npy_intp *dims = PyArray_DIMS(array), *strides = PyArray_STRIDES(array);
    for (int i = 0; i < axes->nd; i++) {
        if (dims[i] != axes->dims[i] || strides[i] != axes->strides[i]) {
            return 0;
        }
    }
    return 1;
}

/* Whether two objects mean the same as an index, or as what says where patches go: slices of equal
 * whole numbers, tuples of these, and such tuples in one, as code makes anew at each call. */
static int
plan_is_same_index(PyObject *one, PyObject *other, int depth)
{
    if (one == other || !Py_IS_TYPE(other, Py_TYPE(one))) {
        return one == other;
    }
    if (PyLong_CheckExact(one)) {
        return PyObject_RichCompareBool(one, other, Py_EQ);
    }
    if (PySlice_Check(one)) {
        const PySliceObject *a = (PySliceObject *)one, *b = (PySliceObject *)other;
        PyObject *pairs[3][2] = {{a->start, b->start}, {a->stop, b->stop}, {a->step, b->step}};
        for (int i = 0; i < 3; i++) {
            if (pairs[i][0] != pairs[i][1] && !(PyLong_CheckExact(pairs[i][0]) &&
                                                plan_is_same_index(pairs[i][0], pairs[i][1], 0))) {
                return 0;
            }
        }
        return 1;
    }
    if (depth == 0 || !PyTuple_CheckExact(one) ||
        PyTuple_GET_SIZE(one) != PyTuple_GET_SIZE(other)) {
        return 0;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(one); i++) {
        if (!plan_is_same_index(PyTuple_GET_ITEM(one, i), PyTuple_GET_ITEM(other, i), depth - 1)) {
            return 0;
        }
    }
    return 1;
}

/* Whether something that indices depend on is as it was: 1, 0 if it is another number, or -1. */
ALWAYS_INLINE int
plan_is_watched(const Watch *watched, PyObject *value)
{
    if (watched->object != NULL) {
        int is_same = value != NULL && plan_is_same_index(watched->object, value, 2);
        return is_same ? 1 : -1;
    }
    npy_intp number;
    return number_is_index(value, &number) ? number == watched->number : -1;
}

/* Work the views out once more, and note where they are now; 0 if a shape is another one, or they
 * overlap in another way: then all stays as it was. */
static NOINLINE int
plan_move(Plan *plan, const Program *program, const Values *values)
{
    npy_intp *before = STACK_ARRAY(npy_intp, plan->n_sources);
    int same = 1, n = 0;
    for (; n < plan->n_sources && same; n++) {
        Source *source = &plan->sources[n];
        before[n] = source->offset;
        if (source->is_whole) {
            continue;
        }
        const Source *base = &plan->sources[plan->source_of[source->base]];
        Extent of, made;
        axes_extent(&base->axes, &of);
        of.data = PyArray_BYTES(plan_array(values, source)) + base->offset;
        Axes axes = {0, made.dims, made.strides};
        same = view_of_node(program, values, source->node, &of, &made);
        axes.nd = same ? made.nd : 0;
        same = same && axes_equal(&axes, &source->axes);
        if (same) {
            source->offset = base->offset + (made.data - of.data);
        }
    }
    if (!same || !plan_lies_as_before(plan, values)) {
        while (n--) {
            plan->sources[n].offset = before[n];
        }
        return 0;
    }
    for (int i = 0; i < plan->n_watches; i++) {
        Watch *watched = &plan->watches[i];
        if (watched->object == NULL) {
            number_is_index(values->of[watched->node], &watched->number);
        }
    }
    return 1;
}

int
plan_fits(Plan *plan, const Program *program, const Values *values)
{
    for (int i = 0; i < plan->n_roots; i++) {
        if (!plan_is_root(&plan->roots[i], values->of[plan->roots[i].node])) {
            return 0;
        }
    }
    int same = 1;
    for (int i = 0; i < plan->n_watches; i++) {
        int found = plan_is_watched(&plan->watches[i], values->of[plan->watches[i].node]);
        if (found < 0) {
            return 0;
        }
        same &= found;
    }
    if (LIKELY(same)) {
        return 1;
    }
    /* A plan that is being carried out, by another thread, must stay where it is. */
    return !plan->declined && !plan->bound_to_numbers && plan->references == 1 &&
           plan_move(plan, program, values);
}
