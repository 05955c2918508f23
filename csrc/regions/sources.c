/* What a plan starts from: the arrays and views that are there, and the one that is changed. */
#include "regions/planner.h"

#include "numpy/overlap.h"

/* Note what a view's place depends on. */
static Outcome
sources_watch(Planner *planner, int number)
{
    const Node *node = &planner->program->nodes[number];
    PyObject *value = planner->values->of[number];
    if (node->kind == NODE_SLICE || node->kind == NODE_TUPLE) {
        for (int i = 0; i < node->n; i++) {
            TRY(sources_watch(planner, node->operands[i]));
        }
        return PASS_DONE;
    }
    if (node->kind == NODE_CONST || value == NULL) {
        return PASS_DONE;
    }
    Watch *made = APPEND(planner, watches);
    if (made == NULL) {
        return PASS_FAILED;
    }
    made->node = number;
    if (!number_is_index(value, &made->number)) {
        made->object = Py_NewRef(value);
    }
    planner->plan->n_watches++;
    return PASS_DONE;
}

/* ------------------------------------------------------------------ what is there */

/* Add an array or view, as the state of its node has it; its dtype has items of that size. */
static Outcome
sources_add(Planner *planner, int node, int root, npy_intp offset, npy_intp itemsize)
{
    Source *source = APPEND(planner, sources);
    const Extent *extent = &planner->nodes[node].extent;
    if (source == NULL || !planner_axes(planner, &source->axes, extent)) {
        return PASS_FAILED;
    }
    source->node = node;
    source->root = root;
    source->owner = planner->plan->roots[root].node;
    source->offset = offset;
    source->high = itemsize;
    for (int i = 0; i < extent->nd; i++) {
        npy_intp reach = (extent->dims[i] - 1) * extent->strides[i];
        *(reach < 0 ? &source->low : &source->high) += reach;
    }
    planner->plan->n_sources++;
    return PASS_DONE;
}

/* The size of a node's items, of one that is an array. */
static npy_intp
sources_itemsize(const Planner *planner, int node)
{
    return PyDataType_ELSIZE(planner->typing->results[node]);
}

/* A root: an array among the values. */
static Outcome
sources_root(Planner *planner, int node, PyArrayObject *array)
{
    Plan *plan = planner->plan;
    Extent *extent = &planner->nodes[node].extent;
    if (!is_regular(array)) {
        return planner_decline(planner, "an array is not aligned, or is written back");
    }
    if (!extent_of(array, extent)) {
        return planner_decline(planner, "an array has too many axes");
    }
    Root *root = APPEND(planner, roots);
    if (root == NULL || !planner_axes(planner, &root->axes, extent)) {
        return PASS_FAILED;
    }
    root->node = node;
    TRY(sources_add(planner, node, plan->n_roots++, 0, sources_itemsize(planner, node)));
    plan->source_of[node] = plan->n_sources - 1;
    plan->sources[plan->n_sources - 1].is_whole = 1;
    return PASS_DONE;
}

/* A view, of a root or of something that will be computed. */
static Outcome
sources_view(Planner *planner, int node)
{
    const Node *made = &planner->program->nodes[node];
    Plan *plan = planner->plan;
    Extent *extent = &planner->nodes[node].extent;
    const Extent *of = &planner->nodes[made->operands[0]].extent;
    int source = plan->source_of[made->operands[0]], watched = plan->n_watches;
    if (made->kind == NODE_INDEX) {
        TRY(sources_watch(planner, made->operands[1]));
    }
    if (!view_of_node(planner->program, planner->values, node, of, extent)) {
        return planner_decline(planner, "an index is not plain, or out of range");
    }
    if (made->length && (of->nd == 0 || of->dims[0] != made->length)) {
        return planner_decline(planner, "what is unpacked has another length");
    }
    if (source < 0) {
        plan->bound_to_numbers |= plan->n_watches > watched;
        return PASS_DONE;
    }
    TRY(sources_add(planner, node, plan->sources[source].root,
                    plan->sources[source].offset + (extent->data - of->data),
                    sources_itemsize(planner, node)));
    plan->source_of[node] = plan->n_sources - 1;
    return PASS_DONE;
}

/* Whether a value is an array to compute with. */
static int
sources_is_array(const Planner *planner, int node)
{
    PyObject *value = planner->values->of[node];
    return value != NULL && planner->typing->results[node] != NULL;
}

static int
sources_is_view(const Planner *planner, int node)
{
    enum node_kind kind = planner->program->nodes[node].kind;
    return (kind == NODE_INDEX || kind == NODE_ATTRIBUTE) && planner->values->of[node] == NULL;
}

Outcome
sources_find(Planner *planner)
{
    for (int i = 0; i < planner->program->n_nodes; i++) {
        planner->node = i;
        if (sources_is_array(planner, i)) {
            planner->node = -1; /* whatever is done with it */
            TRY(sources_root(planner, i, (PyArrayObject *)planner->values->of[i]));
        }
        else if (sources_is_view(planner, i) && planner->typing->results[i] != NULL) {
            TRY(sources_view(planner, i));
        }
        else if (planner_is_step(planner, i)) {
            TRY(shapes_step(planner, i));
        }
    }
    return PASS_DONE;
}

/* ------------------------------------------------------------------ what is changed */

/* Whether a value can be stored, repeated along axes where it has length one. */
static int
sources_goes_into(const Extent *value, const Extent *target)
{
    for (int i = 1; i <= value->nd; i++) {
        if (i > target->nd || (value->dims[value->nd - i] != 1 &&
                               value->dims[value->nd - i] != target->dims[target->nd - i])) {
            return 0;
        }
    }
    return 1;
}

/* The view that a value is stored into; it stands at the store. */
static Outcome
sources_stored(Planner *planner, int node)
{
    Plan *plan = planner->plan;
    const Node *made = &planner->program->nodes[node];
    int base = made->operands[0], source = plan->source_of[base];
    const Extent *of = &planner->nodes[base].extent;
    Extent *extent = &planner->nodes[node].extent;
    PyArray_Descr *value = planner->typing->results[made->operands[2]];
    PyArray_Descr *descr = planner->typing->results[base];
    TRY(sources_watch(planner, made->operands[1]));
    if (!view_of_node(planner->program, planner->values, node, of, extent) || extent->nd == 0) {
        return planner_decline(planner, "an index is not plain, or out of range");
    }
    if (source < 0 || value == NULL ||
        !sources_goes_into(&planner->nodes[made->operands[2]].extent, extent) ||
        (!same_type(value, descr) && cast_between(value, descr) == NULL)) {
        return planner_decline(planner, "what is stored is no array that fits in as it is");
    }
    TRY(sources_add(planner, node, plan->sources[source].root,
                    plan->sources[source].offset + (extent->data - of->data),
                    PyDataType_ELSIZE(descr)));
    plan->target = plan->n_sources - 1;
    return PASS_DONE;
}

/* The array that is changed: writeable, and with memory of its own for every item. */
Outcome
sources_target(Planner *planner)
{
    const Program *program = planner->program;
    Plan *plan = planner->plan;
    int node = program->effect;
    if (node < 0) {
        return PASS_DONE;
    }
    const Node *made = &program->nodes[node];
    int base = made->operands[0], root = plan->source_of[base];
    planner->node = node;
    PyObject *array =
        root < 0 ? NULL : planner->values->of[plan->roots[plan->sources[root].root].node];
    if (array == NULL || !PyArray_CheckExact(array) ||
        !PyArray_CHKFLAGS((PyArrayObject *)array, NPY_ARRAY_BEHAVED)) {
        return planner_decline(planner, "what is changed is no plain array that is writeable");
    }
    if (made->kind == NODE_STORE) {
        TRY(sources_stored(planner, node));
    }
    else {
        plan->target = plan->source_of[base];
    }
    if (plan->target < 0 || plan->sources[plan->target].axes.nd == 0) {
        return planner_decline(planner, "what is changed is no array with axes");
    }
    const Extent *extent = &planner->nodes[plan->sources[plan->target].node].extent;
    npy_intp size = 1;
    for (int i = 0; i < extent->nd; i++) {
        size *= extent->dims[i];
    }
    PyArray_Descr *descr = planner->typing->results[base];
    if (size == 0) {
        return planner_decline(planner, "what is changed has no items");
    }
    if (extent_overlaps_itself(extent, PyDataType_ELSIZE(descr))) {
        return planner_decline(planner, "items of what is changed share memory");
    }
    return PASS_DONE;
}

/* ------------------------------------------------------------------ what is read */

/* Whether there will be an object for a node that is delivered or reduced. */
static int
sources_has_object(const Planner *planner, int node)
{
    const Program *program = planner->program;
    const Plan *plan = planner->plan;
    while (program->nodes[node].kind == NODE_IN_PLACE) {
        node = program->nodes[node].operands[0];
    }
    if (planner->values->of[node] != NULL || planner_is_step(planner, node) ||
        planner->typing->typed[node].action == ACT_REDUCE) {
        return 1;
    }
    /* Where a view has no axes, NumPy gives a scalar. */
    return plan->source_of[node] >= 0 && plan->sources[plan->source_of[node]].axes.nd > 0;
}

Outcome
sources_reads(Planner *planner)
{
    const Program *program = planner->program;
    Plan *plan = planner->plan;
    for (int i = 0; i < program->n_nodes; i++) {
        const Typed *typed = &planner->typing->typed[i];
        const Node *node = &program->nodes[i];
        planner->node = i;
        for (int k = 0; planner_is_step(planner, i) && k < typed->n_in; k++) {
            int source = plan->source_of[typed->operands[k]];
            if (source >= 0) {
                plan->sources[source].is_read = 1;
            }
        }
        if (typed->action == ACT_REDUCE &&
            !sources_has_object(planner, node->operands[node->kind == NODE_CALL])) {
            return planner_decline(planner, "what is reduced is a view without axes");
        }
    }
    for (int i = 0; i < program->n_outputs; i++) {
        planner->node = program->outputs[i];
        if (!sources_has_object(planner, program->outputs[i])) {
            return planner_decline(planner, "what is delivered is a view without axes");
        }
    }
    if (plan->target >= 0) {
        plan->overlap = plan_overlap(plan, planner->values);
    }
    return PASS_DONE;
}
