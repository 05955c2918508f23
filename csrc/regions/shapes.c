/* The shapes and layouts of what will be computed, as NumPy would have them. */
#include "regions/planner.h"

#include "numpy/elision.h"

#include <string.h>

#define MOST_BYTES (NPY_MAX_INTP >> 16) /* of an array; sums of these don't overflow */

/* Whether a loop whose bits depend on strides gets those that NumPy would give it: with one axis
 * the operands' own, with several those of items without gaps. In place, NumPy reverses an axis
 * along which all operands go backwards, and makes a reduction of a single item; a single item with
 * strides of its own gets them in some cases only. */
static int
shapes_fit_loop(const Planner *planner, int node, const Layout *layout)
{
    const Typed *typed = &planner->typing->typed[node];
    const Node *made = &planner->program->nodes[node];
    int is_in_place = made->kind == NODE_IN_PLACE ||
                      (made->operator != NULL && made->operator->form == IN_PLACE);
    if (typed->stride_invariant) {
        return 1;
    }
    if (is_in_place && layout->size == 1) {
        return 0; /* NumPy makes a reduction of that */
    }
    for (int i = 0; i < typed->n_in; i++) {
        const Extent *extent = &planner->nodes[typed->operands[i]].extent;
        PyArray_Descr *descr = planner->typing->results[typed->operands[i]];
        if (descr == NULL) {
            continue;
        }
        npy_intp itemsize = PyDataType_ELSIZE(descr);
        if (is_in_place && i == 0 && extent->nd == 1 && extent->strides[0] < 0) {
            return 0;
        }
        if (layout->size == 1 && (extent->nd != layout->nd ||
                                  (extent->nd == 1 && extent->strides[0] != itemsize))) {
            return 0;
        }
        if (layout->nd > 1 && extent->nd &&
            (extent->nd != layout->nd ||
             !PyArray_CompareLists(extent->dims, layout->dims, layout->nd) ||
             !extent_is_c(extent, itemsize))) {
            return 0;
        }
    }
    return layout->nd == 1 || layout->c_order;
}

/* Whether NumPy may write an operator's result over an operand that dies, whose layout is another
 * one, or which is multiplied the other way round then. */
static int
shapes_may_be_elided(const Planner *planner, int node, const Layout *layout)
{
    const Typed *typed = &planner->typing->typed[node];
    const Operator *operator = planner->program->nodes[node].operator;
    npy_intp size = PyDataType_ELSIZE(typed->descrs[typed->n_in]);
    if (operator == NULL || operator->elision == NONE ||
        layout->size * size < planner->mode.least_elided) {
        return 0;
    }
    for (int i = 0; i < typed->n_in && (i == 0 || operator->elision == EITHER); i++) {
        int number = typed->operands[i];
        const Extent *extent = &planner->nodes[number].extent;
        if (extent->nd != layout->nd ||
            !PyArray_CompareLists(extent->dims, layout->dims, layout->nd)) {
            continue; /* NumPy does so for operands of the result's shape only */
        }
        int is_dying = planner_is_step(planner, number) || planner->nodes[number].is_reduced ||
                       ((planner->program->nodes[number].is_temporary ||
                         planner->program->nodes[number].kind == NODE_INDEX) &&
                        planner->values->of[number] != NULL);
        if (is_dying && i == 1 && PyTypeNum_ISCOMPLEX(typed->descrs[2]->type_num) &&
            operator->binary == PyNumber_Multiply) {
            return 1; /* that shows in the last bits */
        }
        if (is_dying && PyDataType_ELSIZE(planner->typing->results[number]) == size &&
            !PyArray_CompareLists(extent->strides, layout->strides, layout->nd)) {
            return 1;
        }
    }
    return 0;
}

/* Whether the code has numbers where a step has operands without axes, and not arrays. */
static int
shapes_of_numbers(const Planner *planner, int node)
{
    const Typed *typed = &planner->typing->typed[node];
    for (int i = 0; i < typed->n_in; i++) {
        const Node *made = &planner->program->nodes[typed->operands[i]];
        const Node *key = &planner->program->nodes[made->operands[1]];
        if (planner->typing->results[typed->operands[i]] == NULL || is_computing(made->kind)) {
            continue;
        }
        if (made->kind != NODE_INDEX || key->kind != NODE_TUPLE) {
            PyObject *value = made->kind == NODE_INDEX ? planner->values->of[made->operands[1]]
                                                       : NULL;
            npy_intp unused;
            if (value == NULL || !number_is_index(value, &unused)) {
                return 0;
            }
            continue;
        }
        for (int k = 0; k < key->n; k++) {
            if (planner->values->of[key->operands[k]] == Py_Ellipsis) {
                return 0;
            }
        }
    }
    return 1;
}

/* Whether a loop gives for arrays without axes what NumPy gives for numbers. */
static int
shapes_is_number(const Planner *planner, int node)
{
    const Typed *typed = &planner->typing->typed[node];
    const Operator *operator = planner->program->nodes[node].operator;
    int is_plain = operator == NULL || typed->operation <= OP_DIVIDE ||
                   typed->operation == OP_NEGATIVE;
    for (int i = 0; i <= typed->n_in; i++) {
        is_plain &= typed->descrs[i]->type_num == NPY_DOUBLE ||
                    typed->descrs[i]->type_num == NPY_FLOAT;
    }
    return is_plain && typed->action == ACT_LOOP && typed->stride_invariant &&
           (operator == NULL || operator->form != IN_PLACE);
}

int
shapes_axis(const Planner *planner, int node, int nd, int *axis, int *keeps)
{
    const Node *made = &planner->program->nodes[node];
    int first = made->kind == NODE_CALL;
    PyObject *names = first ? made->detail : PyTuple_GET_ITEM(made->detail, 1);
    int plain = made->n - (int)PyTuple_GET_SIZE(names);
    int is_norm = strcmp(((Native *)planner->typing->typed[node].native)->name, "norm") == 0;
    PyObject *given = plain - first > 1 ? planner->values->of[made->operands[first + 1]] : Py_None;
    *keeps = 0;
    *axis = -1;
    if (plain - first > 2 || (plain - first > 1 && is_norm)) {
        return 0;
    }
    for (int i = plain; i < made->n; i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i - plain);
        PyObject *value = planner->values->of[made->operands[i]];
        if (PyUnicode_CompareWithASCIIString(name, "axis") == 0) {
            given = value;
        }
        else if (PyUnicode_CompareWithASCIIString(name, "keepdims") == 0) {
            if (value == NULL || !PyBool_Check(value)) {
                return 0;
            }
            *keeps = value == Py_True;
        }
        else if (PyUnicode_CompareWithASCIIString(name, "ddof") != 0) {
            return 0;
        }
    }
    if (given == NULL || (given != Py_None && !PyLong_CheckExact(given))) {
        return 0;
    }
    if (given != Py_None) {
        npy_intp number = PyLong_AsSsize_t(given);
        PyErr_Clear();
        number += number < 0 ? nd : 0;
        *axis = (int)number;
        return number >= 0 && number < nd;
    }
    return 1;
}

Outcome
shapes_reduction(Planner *planner, int node)
{
    const Node *made = &planner->program->nodes[node];
    int first = made->kind == NODE_CALL, axis, keeps;
    int operand = typing_array(planner->typing, planner->program, made->operands[first]);
    const Extent *of = &planner->nodes[operand].extent;
    NodeState *state = &planner->nodes[node];
    PyArray_Descr *descr = planner->typing->results[node];
    int watched = planner->plan->n_watches;
    for (int i = first + 1; i < made->n; i++) {
        TRY(sources_watch(planner, made->operands[i]));
    }
    planner->plan->bound_to_numbers |= planner->plan->n_watches > watched;
    if (descr == NULL || planner->typing->results[operand] == NULL ||
        !shapes_axis(planner, node, of->nd, &axis, &keeps)) {
        return planner_decline(planner, "no region uses the result of such a reduction");
    }
    Extent *extent = &state->extent;
    npy_intp stride = PyDataType_ELSIZE(descr);
    for (int i = 0; i < of->nd; i++) {
        int goes = axis < 0 || i == axis;
        if (!goes || keeps) {
            extent->dims[extent->nd++] = goes ? 1 : of->dims[i];
        }
    }
    for (int i = extent->nd; i--;) {
        extent->strides[i] = stride;
        stride *= extent->dims[i];
    }
    extent->data = (char *)planner;
    state->is_c_order = state->is_whole = state->is_reduced = 1;
    return PASS_DONE;
}

int
shapes_descends(const Extent *extent)
{
    for (int i = 0; i < extent->nd; i++) {
        npy_intp next = i + 1 < extent->nd ? extent->strides[i + 1] : 0;
        if (extent->dims[i] < 2 || extent->strides[i] <= next) {
            return 0;
        }
    }
    return 1;
}

/* Whether a copy has the layout that a ufunc's result has: in C order, or of an operand without
 * gaps. */
static int
shapes_fit_copy(const Planner *planner, const Typed *typed, const Layout *layout)
{
    int operand = typed->operands[0];
    PyArray_Descr *descr = planner->typing->results[operand];
    if (typed->order == 'C') {
        return layout->c_order;
    }
    const Extent *extent = &planner->nodes[operand].extent;
    return descr != NULL && (extent->nd == 1 || extent_is_c(extent, PyDataType_ELSIZE(descr)) ||
                             shapes_descends(extent));
}

/* Whether other nodes than stores read a value. */
static int
shapes_is_read(const Program *program, int value)
{
    for (int i = value + 1; i < program->n_nodes; i++) {
        const Node *node = &program->nodes[i];
        for (int k = 0; k < node->n && node->kind != NODE_STORE; k++) {
            if (node->operands[k] == value) {
                return 1;
            }
        }
    }
    return 0;
}

/* Whether an array has no gaps, whatever the order of its axes, which all are longer than one. */
static int
shapes_is_dense(const Extent *extent, npy_intp itemsize)
{
    for (int i = 0; i < extent->nd; i++) {
        npy_intp below = itemsize;
        for (int k = 0; k < extent->nd; k++) {
            below *= extent->strides[k] < extent->strides[i] ? extent->dims[k] : 1;
        }
        if (extent->dims[i] < 2 || extent->strides[i] != below) {
            return 0;
        }
    }
    return 1;
}

/* Whether a result fits into the array that it is for: it has that shape, and where bits depend on
 * strides, the loop gets those of a result without gaps there. */
static int
shapes_fit_target(const Planner *planner, const Typed *typed, int into, const Layout *layout)
{
    const Extent *extent = &planner->nodes[into].extent;
    PyArray_Descr *descr = planner->typing->results[into];
    for (int i = 0; typed->sets && i < typed->n_in; i++) {
        int operand = typed->operands[i];
        const Extent *of = &planner->nodes[operand].extent;
        int nd = i == 1 && typed->sets == 'n' ? 0 : extent->nd;
        if (planner->typing->results[operand] == NULL ? nd > 0
                                                      : of->nd != nd || !PyArray_CompareLists(
                                                            of->dims, extent->dims, nd)) {
            return 0; /* where NumPy has rules of its own, or an error */
        }
    }
    return descr != NULL && extent->nd == layout->nd && layout->nd > 0 &&
           PyArray_CompareLists(extent->dims, layout->dims, layout->nd) &&
           (typed->stride_invariant ||
            (layout->size != 1 && extent_is_c(extent, PyDataType_ELSIZE(descr))));
}

/* Work out the shape and layout of a step's result, as NumPy would have it. */
Outcome
shapes_step(Planner *planner, int node)
{
    const Typed *typed = &planner->typing->typed[node];
    const Node *made = &planner->program->nodes[node];
    NodeState *state = &planner->nodes[node];
    Iterated operands[STEP_IN];
    int casts = 0;
    if (planner_is_patched(planner, node)) {
        return patching_plan(planner, node);
    }
    for (int i = 0; i < typed->n_in; i++) {
        PyArray_Descr *descr = planner->typing->results[typed->operands[i]];
        operands[i].extent = descr == NULL ? NULL : &planner->nodes[typed->operands[i]].extent;
        operands[i].itemsize = descr == NULL ? 0 : PyDataType_ELSIZE(descr);
        casts |= descr != NULL && operands[i].extent->nd && !same_type(descr, typed->descrs[i]);
    }
    Layout layout;
    npy_intp itemsize = PyDataType_ELSIZE(planner_result(planner, node));
    if (!iteration_plan(typed->n_in, operands, NULL, casts, itemsize, &layout, NULL)) {
        return planner_decline(planner, "shapes don't fit, or are iterated over in special ways");
    }
    if (typed->sets == 'n' && typed->into < 0 && operands[1].extent != NULL &&
        operands[1].extent->nd) {
        return planner_decline(planner, "`gradient` gets the places of items, or uneven spacing");
    }
    planner->plan->is_number[node] = typed->sets == 'e' && layout.nd == 1;
    if (layout.nd == 0) {
        if (typed->order || !shapes_is_number(planner, node)) { /* a copy stays an array */
            return planner_decline(planner, "a result has no axes");
        }
        planner->plan->is_number[node] = made->operator != NULL && shapes_of_numbers(planner, node);
    }
    if (layout.size > MOST_BYTES / itemsize) {
        return planner_decline(planner, "a result is too big");
    }
    if (!shapes_fit_loop(planner, node, &layout)) {
        return planner_decline(planner, "a loop's bits depend on strides");
    }
    if (typed->order && !shapes_fit_copy(planner, typed, &layout)) {
        return planner_decline(planner, "a copy has a layout of its own");
    }
    int into = typed->into < 0 ? -1 : typing_array(planner->typing, planner->program, typed->into);
    if (into >= 0 && !shapes_fit_target(planner, typed, into, &layout)) {
        return planner_decline(planner, "the array for a result has another shape or layout");
    }
    if (shapes_may_be_elided(planner, node, &layout)) {
        return planner_decline(planner, "NumPy may write a result over an operand");
    }
    Extent *extent = &state->extent;
    if (made->operator != NULL && made->operator->form == IN_PLACE) {
        const Extent *target = &planner->nodes[made->operands[0]].extent;
        if (target->nd != layout.nd ||
            !PyArray_CompareLists(target->dims, layout.dims, layout.nd)) {
            return planner_decline(planner, "what is computed in place has another shape");
        }
        *extent = *target;
        state->is_c_order = extent_is_c(target, itemsize);
        return PASS_DONE;
    }
    if (into >= 0 && planner->plan->source_of[into] < 0) {
        *extent = planner->nodes[into].extent; /* it takes the place of what the region has made */
        state->is_c_order = planner->nodes[into].is_c_order;
        return PASS_DONE;
    }
    if (into >= 0 && shapes_is_read(planner->program, node)) { /* in place of the array */
        *extent = planner->nodes[into].extent;
        extent->data = (char *)planner;
        state->is_c_order = extent_is_c(extent, itemsize);
        if (!state->is_c_order && !shapes_is_dense(extent, itemsize)) {
            return planner_decline(planner, "the array for a result has gaps");
        }
        return PASS_DONE;
    }
    extent->data = (char *)planner; /* views of it are reckoned from there */
    extent->nd = layout.nd;
    memcpy(extent->dims, layout.dims, sizeof(extent->dims));
    memcpy(extent->strides, layout.strides, sizeof(extent->strides));
    state->is_c_order = layout.c_order;
    return PASS_DONE;
}
