/* What a plan starts from: the arrays and views that are there, and the shapes of what will be. */
#include "numpy/elision.h"
#include "numpy/overlap.h"
#include "regions/plan.h"

#include <string.h>

/* Note what a view's place depends on; -1 with an exception. */
static int
watch(Planner *planner, int number)
{
    const Node *node = &planner->program->nodes[number];
    PyObject *value = planner->values->of[number];
    if (node->kind == NODE_SLICE || node->kind == NODE_TUPLE) {
        for (int i = 0; i < node->n; i++) {
            if (watch(planner, node->operands[i]) < 0) {
                return -1;
            }
        }
        return 0;
    }
    if (node->kind == NODE_CONST || value == NULL) {
        return 0;
    }
    Watch *made = APPEND(planner, watches);
    if (made == NULL) {
        return -1;
    }
    made->node = number;
    if (PyLong_CheckExact(value)) {
        made->number = PyLong_AsSsize_t(value);
        PyErr_Clear(); /* too large for any array: no view is made of it */
    }
    else {
        made->object = Py_NewRef(value);
    }
    planner->plan->n_watches++;
    return 0;
}

/* ------------------------------------------------------------------ what is there */


static void
span(Source *source, npy_intp itemsize)
{
    source->low = 0;
    source->high = itemsize;
    for (int i = 0; i < source->extent.nd; i++) {
        npy_intp reach = (source->extent.dims[i] - 1) * source->extent.strides[i];
        *(reach < 0 ? &source->low : &source->high) += reach;
    }
}

static int
add_source(Planner *planner, int node, int root, int is_whole, npy_intp offset)
{
    Source *source = APPEND(planner, sources);
    if (source == NULL) {
        return -1;
    }
    source->node = node;
    source->root = root;
    source->is_whole = is_whole;
    source->offset = offset;
    source->extent = planner->extents[node];
    span(source, PyDataType_ELSIZE(planner->typing->results[node]));
    planner->plan->source_of[node] = (signed char)planner->plan->n_sources++;
    return 0;
}

/* A root: an array among the values. -1 with an exception, 0 if it can't be taken. */
static int
add_root(Planner *planner, int node, PyArrayObject *array)
{
    Extent *extent = &planner->extents[node];
    if (!is_regular(array) || !extent_of(array, extent) ||
        planner->plan->n_sources == 127) {
        return 0;
    }
    Root *root = APPEND(planner, roots);
    if (root == NULL) {
        return -1;
    }
    root->node = node;
    root->nd = extent->nd;
    memcpy(root->dims, extent->dims, sizeof(root->dims));
    memcpy(root->strides, extent->strides, sizeof(root->strides));
    planner->plan->n_roots++;
    return add_source(planner, node, planner->plan->n_roots - 1, 1, 0) < 0 ? -1 : 1;
}

/* A view, of a root or of something that will be computed. -1 with an exception, or 0. */
static int
add_view(Planner *planner, int node)
{
    const Node *made = &planner->program->nodes[node];
    Plan *plan = planner->plan;
    const Extent *of = &planner->extents[made->operands[0]];
    int source = plan->source_of[made->operands[0]], watched = plan->n_watches;
    if (made->kind == NODE_INDEX && watch(planner, made->operands[1]) < 0) {
        return -1;
    }
    if (!plan_view(planner->program, planner->values, node, of, &planner->extents[node]) ||
        plan->n_sources == 127) {
        return 0;
    }
    if (source < 0) {
        plan->is_fixed |= plan->n_watches > watched;
        return 1;
    }
    npy_intp moved = planner->extents[node].data - of->data;
    return add_source(planner, node, plan->sources[source].root, 0,
                      plan->sources[source].offset + moved) < 0
               ? -1
               : 1;
}

/* Whether a value is an array to compute with. */
static int
is_array(const Planner *planner, int node)
{
    PyObject *value = planner->values->of[node];
    return value != NULL && planner->program->nodes[node].is_operand && PyArray_CheckExact(value);
}

static int
is_view(const Planner *planner, int node)
{
    enum node_kind kind = planner->program->nodes[node].kind;
    return (kind == NODE_INDEX || kind == NODE_ATTRIBUTE) && planner->values->of[node] == NULL;
}

/* ------------------------------------------------------------------ what will be */

int
plan_is_step(const Planner *planner, int node)
{
    enum action action = planner->typing->typed[node].action;
    return action == ACT_LOOP || action == ACT_WHERE;
}

/* Whether a loop that is not even may be given these: as NumPy would, all without gaps, or all
 * in one axis. */
static int
is_safe(const Planner *planner, const Typed *typed, const Layout *layout)
{
    if (typed->is_even || layout->nd == 1) {
        return 1;
    }
    for (int i = 0; i < typed->n_in; i++) {
        int node = typed->operands[i];
        const Extent *extent = &planner->extents[node];
        PyArray_Descr *descr = planner->typing->results[node];
        if (descr != NULL && extent->nd &&
            (extent->nd != layout->nd ||
             !PyArray_CompareLists(extent->dims, layout->dims, layout->nd) ||
             !extent_is_c(extent, PyDataType_ELSIZE(descr)))) {
            return 0;
        }
    }
    return layout->c_order;
}

/* Whether NumPy may write an operator's result over an operand that dies, whose layout is another
 * one, or which is multiplied the other way round then. */
static int
may_be_elided(const Planner *planner, int node, const Layout *layout)
{
    const Typed *typed = &planner->typing->typed[node];
    const Operator *operator = planner->program->nodes[node].operator;
    npy_intp size = PyDataType_ELSIZE(typed->descrs[typed->n_in]);
    if (operator == NULL || operator->elision == NONE || layout->size * size < LEAST_ELIDED) {
        return 0;
    }
    for (int i = 0; i < typed->n_in && (i == 0 || operator->elision == EITHER); i++) {
        int number = typed->operands[i];
        const Extent *extent = &planner->extents[number];
        int is_dying = plan_is_step(planner, number) ||
                       (planner->program->nodes[number].is_temporary &&
                        planner->plan->source_of[number] >= 0);
        if (is_dying && i == 1 && PyTypeNum_ISCOMPLEX(typed->descrs[2]->type_num) &&
            operator->binary == PyNumber_Multiply) {
            return 1; /* that shows in the last bits */
        }
        if (is_dying && extent->nd == layout->nd &&
            PyDataType_ELSIZE(planner->typing->results[number]) == size &&
            !PyArray_CompareLists(extent->strides, layout->strides, layout->nd)) {
            return 1;
        }
    }
    return 0;
}

/* Work out the shape and layout of a step's result, as NumPy would have it; 0 if in vain. */
static int
add_step(Planner *planner, int node)
{
    const Typed *typed = &planner->typing->typed[node];
    const Node *made = &planner->program->nodes[node];
    Iterated operands[MAX_IN];
    int casts = 0;
    for (int i = 0; i < typed->n_in; i++) {
        PyArray_Descr *descr = planner->typing->results[typed->operands[i]];
        operands[i].extent = descr == NULL ? NULL : &planner->extents[typed->operands[i]];
        operands[i].itemsize = descr == NULL ? 0 : PyDataType_ELSIZE(descr);
        casts |= descr != NULL && operands[i].extent->nd &&
                 !plan_same_type(descr, typed->descrs[i]);
    }
    Layout layout;
    PyArray_Descr *descr = typed->descrs[typed->n_in];
    if (!iteration_plan(typed->n_in, operands, NULL, casts, PyDataType_ELSIZE(descr), &layout,
                        NULL) ||
        layout.nd == 0 || layout.size > MOST_BYTES / PyDataType_ELSIZE(descr) ||
        !is_safe(planner, typed, &layout) ||
        may_be_elided(planner, node, &layout)) {
        return 0;
    }
    Extent *extent = &planner->extents[node];
    if (made->operator != NULL && made->operator->form == IN_PLACE) {
        const Extent *target = &planner->extents[made->operands[0]];
        if (target->nd != layout.nd ||
            !PyArray_CompareLists(target->dims, layout.dims, layout.nd)) {
            return 0;
        }
        *extent = *target;
        planner->is_c_order[node] = extent_is_c(target, PyDataType_ELSIZE(descr));
        return 1;
    }
    extent->data = (char *)planner; /* views of it are reckoned from there */
    extent->nd = layout.nd;
    memcpy(extent->dims, layout.dims, sizeof(extent->dims));
    memcpy(extent->strides, layout.strides, sizeof(extent->strides));
    planner->is_c_order[node] = layout.c_order;
    return 1;
}

/* Whether a value can be stored, repeated along axes where it has length one. */
static int
goes_into(const Extent *value, const Extent *target)
{
    for (int i = 1; i <= value->nd; i++) {
        if (i > target->nd || (value->dims[value->nd - i] != 1 &&
                               value->dims[value->nd - i] != target->dims[target->nd - i])) {
            return 0;
        }
    }
    return 1;
}

/* The view that a value is stored into; it stands at the store. -1 with an exception, or 0. */
static int
add_stored(Planner *planner, int node)
{
    Plan *plan = planner->plan;
    const Node *made = &planner->program->nodes[node];
    int base = made->operands[0];
    Extent *of = &planner->extents[base];
    if (watch(planner, made->operands[1]) < 0) {
        return -1;
    }
    if (!plan_view(planner->program, planner->values, node, of, &planner->extents[node]) ||
        planner->extents[node].nd == 0 || plan->n_sources == 127) {
        return 0;
    }
    int source = plan->source_of[base];
    npy_intp moved = planner->extents[node].data - of->data;
    PyArray_Descr *value = planner->typing->results[made->operands[2]];
    PyArray_Descr *descr = planner->typing->results[base];
    if (source < 0 || value == NULL ||
        !goes_into(&planner->extents[made->operands[2]], &planner->extents[node]) ||
        (!plan_same_type(value, descr) &&
         cast_between(value, descr) == NULL)) {
        return 0;
    }
    Source *added = APPEND(planner, sources);
    if (added == NULL) {
        return -1;
    }
    added->node = node;
    added->root = plan->sources[source].root;
    added->offset = plan->sources[source].offset + moved;
    added->extent = planner->extents[node];
    span(added, PyDataType_ELSIZE(descr));
    plan->target = plan->n_sources++;
    return 1;
}

/* The array that is changed: writeable, and with memory of its own for every item. */
static int
find_target(Planner *planner)
{
    const Program *program = planner->program;
    Plan *plan = planner->plan;
    int node = program->effect;
    if (node < 0) {
        return 1;
    }
    const Node *made = &program->nodes[node];
    int base = made->operands[0], owner = plan_owner(program, base);
    PyObject *array = planner->values->of[owner];
    if (array == NULL || !PyArray_CheckExact(array) ||
        !PyArray_CHKFLAGS((PyArrayObject *)array, NPY_ARRAY_BEHAVED)) {
        return 0;
    }
    if (made->kind == NODE_STORE) {
        int done = add_stored(planner, node);
        if (done <= 0) {
            return done;
        }
    }
    else {
        plan->target = plan->source_of[base];
    }
    if (plan->target < 0 || plan->sources[plan->target].extent.nd == 0) {
        return 0;
    }
    const Extent *extent = &plan->sources[plan->target].extent;
    npy_intp size = 1;
    for (int i = 0; i < extent->nd; i++) {
        size *= extent->dims[i];
    }
    PyArray_Descr *descr = planner->typing->results[base];
    if (size == 0 || (made->kind == NODE_IN_PLACE && size == 1 &&
                      PyTypeNum_ISCOMPLEX(descr->type_num))) {
        return 0; /* of one complex item in place NumPy makes a reduction */
    }
    return !extent_overlaps_itself(extent, PyDataType_ELSIZE(descr));
}

int
plan_find(Planner *planner)
{
    const Program *program = planner->program;
    for (int i = 0; i < program->n_nodes; i++) {
        int done = 1;
        if (is_array(planner, i)) {
            done = add_root(planner, i, (PyArrayObject *)planner->values->of[i]);
        }
        else if (is_view(planner, i) && planner->typing->results[i] != NULL) {
            done = add_view(planner, i);
        }
        else if (plan_is_step(planner, i)) {
            done = add_step(planner, i);
        }
        if (done <= 0) {
            return done;
        }
    }
    return find_target(planner);
}
