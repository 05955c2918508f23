/* What a plan starts from: the arrays and views that are there, and those that are changed. */
#include "regions/planner.h"

#include "numpy/overlap.h"

Outcome
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

/* The bytes that an extent covers, from its first item. */
static void
sources_reach(const Extent *extent, npy_intp itemsize, npy_intp *low, npy_intp *high)
{
    *low = 0;
    *high = itemsize;
    for (int i = 0; i < extent->nd; i++) {
        npy_intp reach = (extent->dims[i] - 1) * extent->strides[i];
        *(reach < 0 ? low : high) += reach;
    }
}

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
    source->itemsize = itemsize;
    sources_reach(extent, itemsize, &source->low, &source->high);
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
    sources_reach(extent, sources_itemsize(planner, node), &root->low, &root->high);
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
    int base = typing_array(planner->typing, planner->program, made->operands[0]);
    const Extent *of = &planner->nodes[base].extent;
    int source = plan->source_of[base], watched = plan->n_watches;
    if (made->kind == NODE_INDEX) {
        TRY(sources_watch(planner, made->operands[1]));
    }
    if (made->part && source >= 0) {
        return planner_decline(planner, "a part is taken of an array that was changed before");
    }
    if (made->part) {
        *extent = *of;
        extent->data += made->part == PART_IMAG ? sources_itemsize(planner, node) : 0;
        return PASS_DONE; /* of what will be computed: of others it is an array of its own */
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
    plan->sources[plan->n_sources - 1].base = base;
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

/* The shape of what an array of indices takes, along the first axis of an array. */
static Outcome
sources_scattered(Planner *planner, int index, const Extent *of, Extent *extent)
{
    const Extent *by = &planner->nodes[index].extent;
    if (by->nd != 1 || of->nd == 0 || by->dims[0] == 0) {
        return planner_decline(planner, "an index array has other axes than one, or no items");
    }
    npy_intp stride = 1;
    *extent = *of;
    extent->dims[0] = by->dims[0];
    for (int i = extent->nd; i--;) {
        extent->strides[i] = stride;
        stride *= extent->dims[i];
    }
    return PASS_DONE;
}

/* The view that a value is stored into; it stands at the store. */
static Outcome
sources_stored(Planner *planner, int node, int base, int value)
{
    Plan *plan = planner->plan;
    const Node *made = &planner->program->nodes[node];
    int source = plan->source_of[base];
    const Extent *of = &planner->nodes[base].extent;
    Extent *extent = &planner->nodes[node].extent;
    PyArray_Descr *own = planner->typing->results[value];
    PyArray_Descr *descr = planner->typing->results[base];
    PyObject *key = planner->values->of[made->operands[1]];
    if (key != NULL && PyArray_CheckExact(key) && PyArray_TYPE((PyArrayObject *)key) == NPY_BOOL) {
        return planner_decline(planner, "an index is a mask"); /* so it is planned as one */
    }
    int by_index = planner_is_index(planner, made->operands[1]);
    if (by_index) {
        TRY(sources_scattered(planner, made->operands[1], of, extent));
    }
    else {
        TRY(sources_watch(planner, made->operands[1]));
        if (!view_of_node(planner->program, planner->values, node, of, extent)) {
            return planner_decline(planner, "an index is not plain, or out of range");
        }
    }
    if (own != NULL && (!sources_goes_into(&planner->nodes[value].extent, extent) ||
                        (!same_type(own, descr) && cast_of_any_kind(own, descr) == NULL))) {
        return planner_decline(planner, "what is stored is no array that fits in as it is");
    }
    if (by_index && own != NULL && !same_type(own, descr) && cast_may_raise(own, descr)) {
        return planner_decline(planner, "what an index array stores is cast to another dtype");
    }
    Extent changed = by_index ? *of : *extent, set = *extent;
    *extent = changed; /* all that an index array may change */
    TRY(sources_add(planner, node, plan->sources[source].root,
                    plan->sources[source].offset + (changed.data - of->data),
                    PyDataType_ELSIZE(descr)));
    *extent = set;
    plan->sources[plan->n_sources - 1].base = base;
    return PASS_DONE;
}

/* Add the change of an array, which has to be writeable, with memory of its own for every item. */
static Outcome
sources_effect(Planner *planner, int node)
{
    const Program *program = planner->program;
    Plan *plan = planner->plan;
    const Node *made = &program->nodes[node];
    int base = typing_array(planner->typing, program, made->operands[0]);
    int is_store = made->kind == NODE_STORE;
    int value = is_store ? typing_array(planner->typing, program, made->operands[2]) : node;
    Effect *effect = APPEND(planner, effects);
    if (effect == NULL) {
        return PASS_FAILED;
    }
    PyArrayObject *changed =
            plan->source_of[base] < 0
                    ? NULL : plan_array(planner->values, &plan->sources[plan->source_of[base]]);
    if (changed == NULL || !is_regular(changed) || !is_writeable(changed)) {
        return planner_decline(planner, "what is changed is no plain array that is writeable");
    }
    if (is_store) {
        TRY(sources_stored(planner, node, base, value));
    }
    else {
        TRY(shapes_step(planner, node));
    }
    *effect = (Effect){node, value, is_store ? plan->n_sources - 1 : plan->source_of[base], -1, 0,
                       is_store && planner_is_index(planner, made->operands[1])
                           ? made->operands[1] : -1};
    planner->nodes[node].effect = plan->n_effects++;
    const Source *target = &plan->sources[effect->target];
    if (!is_store && target->axes.nd == 0) {
        return planner_decline(planner, "what is changed in place has no axes");
    }
    Extent extent;
    npy_intp size = 1;
    axes_extent(&target->axes, &extent);
    for (int i = 0; i < extent.nd; i++) {
        size *= extent.dims[i];
    }
    if (size == 0) {
        return planner_decline(planner, "what is changed has no items");
    }
    if (extent_overlaps_itself(&extent, target->itemsize)) {
        return planner_decline(planner, "items of what is changed share memory");
    }
    return PASS_DONE;
}

/* Whether other nodes use the value of a reduction. */
static int
sources_is_used(const Planner *planner, int node)
{
    for (int i = node + 1; i < planner->program->n_nodes; i++) {
        const Node *other = &planner->program->nodes[i];
        for (int k = 0; k < other->n && other->kind != NODE_AGAIN; k++) {
            if (other->operands[k] == node) {
                return 1;
            }
        }
    }
    return 0;
}

Outcome
sources_find(Planner *planner)
{
    for (int i = 0; i < planner->program->n_nodes; i++) {
        enum action action = planner->typing->typed[i].action;
        planner->node = i;
        if (sources_is_array(planner, i)) {
            if (!PyArray_Check(planner->values->of[i])) {
                return planner_decline(planner, "no region computes this with such objects or "
                                                "numbers");
            }
            planner->node = -1; /* whatever is done with it */
            TRY(sources_root(planner, i, (PyArrayObject *)planner->values->of[i]));
        }
        else if (sources_is_view(planner, i) && planner->typing->results[i] != NULL) {
            TRY(sources_view(planner, i));
        }
        else if (is_effect(planner->program->nodes[i].kind) &&
                 (action == ACT_STORE || action_is_step(action))) {
            TRY(sources_effect(planner, i));
        }
        else if (planner_is_step(planner, i)) {
            TRY(shapes_step(planner, i));
        }
        else if (action_is_native(action) && sources_is_used(planner, i)) {
            TRY(action == ACT_REDUCE ? shapes_reduction(planner, i) : shapes_routine(planner, i));
        }
    }
    return PASS_DONE;
}

/* ------------------------------------------------------------------ what is read */

/* Whether there will be an object for a node that is delivered or reduced. */
static int
sources_has_object(const Planner *planner, int node)
{
    const Plan *plan = planner->plan;
    node = typing_array(planner->typing, planner->program, node);
    if (planner->values->of[node] != NULL || planner_is_step(planner, node) ||
        action_is_native(planner->typing->typed[node].action)) {
        return 1;
    }
    /* Where a view has no axes, NumPy gives a scalar. */
    return plan->source_of[node] >= 0 && plan->sources[plan->source_of[node]].axes.nd > 0;
}

/* How what is changed lies to everything else. */
static Outcome
sources_overlaps(Planner *planner)
{
    Plan *plan = planner->plan;
    int n = plan->n_sources;
    plan->overlaps = planner_take(planner, (size_t)(plan->n_effects * n));
    if (plan->overlaps == NULL) {
        return PASS_FAILED;
    }
    for (int e = 0; e < plan->n_effects; e++) {
        const Source *target = &plan->sources[plan->effects[e].target];
        for (int i = 0; i < n; i++) {
            plan->overlaps[e * n + i] =
                (unsigned char)plan_overlap(planner->values, target, &plan->sources[i]);
        }
    }
    plan->roots_apart = plan_roots_are_apart(plan, planner->values);
    for (int i = 0; i < plan->n_effects; i++) {
        int index = plan->effects[i].index < 0 ? -1 : plan->source_of[plan->effects[i].index];
        for (int e = 0; e < plan->n_effects && index >= 0; e++) {
            if (plan_known_overlap(plan, e, index) != APART) {
                return planner_decline(planner, "an index array is changed in the region");
            }
        }
    }
    return PASS_DONE;
}

Outcome
sources_reads(Planner *planner)
{
    const Program *program = planner->program;
    Plan *plan = planner->plan;
    for (int i = 0; i < program->n_nodes; i++) {
        const Typed *typed = &planner->typing->typed[i];
        planner->node = i;
        for (int k = 0; planner_is_step(planner, i) && k < typed->n_in; k++) {
            int source = plan->source_of[typed->operands[k]];
            if (source >= 0) {
                plan->sources[source].is_read = 1;
            }
        }
        for (int k = 0; k < typed->n_arrays; k++) {
            if (!sources_has_object(planner, typed->arrays[k])) {
                return planner_decline(planner, typed->action == ACT_REDUCE
                                                    ? "what is reduced is a view without axes"
                                                    : "a routine gets a view of what is computed");
            }
        }
    }
    for (int e = 0; e < plan->n_effects; e++) {
        int source = plan->source_of[plan->effects[e].value];
        if (source >= 0) {
            plan->sources[source].is_read = 1;
        }
    }
    for (int i = 0; i < program->n_outputs; i++) {
        planner->node = program->outputs[i];
        if (!sources_has_object(planner, program->outputs[i])) {
            return planner_decline(planner, "what is delivered is a view without axes");
        }
    }
    return plan->n_effects ? sources_overlaps(planner) : PASS_DONE;
}
