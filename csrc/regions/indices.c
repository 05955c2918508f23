/* Views as a program asks for them: by indices made of nodes. */
#include "regions/plan.h"

/* Let a view go on over one item of an index. */
static int
indices_view_add_node(View *view, const Program *program, const Values *values, int number,
                      int following)
{
    const Node *node = &program->nodes[number];
    if (node->kind == NODE_SLICE) {
        PyObject *bounds[3] = {Py_None, Py_None, Py_None};
        for (int i = 0; i < node->n; i++) {
            bounds[i] = values->of[node->operands[i]];
            if (bounds[i] == NULL) {
                return 0;
            }
        }
        return view_add_slice(view, bounds[0], bounds[1], bounds[2]);
    }
    PyObject *value = values->of[number];
    if (value == NULL) {
        return 0;
    }
    if (value == Py_Ellipsis) {
        while (view->axis < view->of->nd - following) {
            if (!view_add_slice(view, Py_None, Py_None, Py_None)) {
                return 0;
            }
        }
        return 1;
    }
    return view_add(view, value);
}

/* How many axes an item of an index uses up. */
static int
indices_takes_axis(const Values *values, int number)
{
    PyObject *value = values->of[number];
    return value != Py_None && value != Py_Ellipsis;
}

int
view_of_node(const Program *program, const Values *values, int number, const Extent *of,
             Extent *made)
{
    const Node *node = &program->nodes[number];
    View view;
    if (node->kind == NODE_ATTRIBUTE) { /* the transposed array */
        made->data = of->data;
        made->nd = of->nd;
        for (int i = 0; i < of->nd; i++) {
            made->dims[i] = of->dims[of->nd - 1 - i];
            made->strides[i] = of->strides[of->nd - 1 - i];
        }
        return 1;
    }
    if (of->nd == 0) {
        return 0;
    }
    view_begin(&view, of, made);
    int number_of_key = node->operands[1];
    const Node *key = &program->nodes[number_of_key];
    PyObject *value = values->of[number_of_key];
    if (key->kind == NODE_TUPLE) {
        int axes = 0;
        for (int i = 0; i < key->n; i++) {
            axes += indices_takes_axis(values, key->operands[i]);
        }
        for (int i = 0; i < key->n; i++) {
            axes -= indices_takes_axis(values, key->operands[i]);
            if (!indices_view_add_node(&view, program, values, key->operands[i], axes)) {
                return 0;
            }
        }
    }
    else if (value != NULL && PyTuple_CheckExact(value)) {
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(value); i++) {
            if (!view_add(&view, PyTuple_GET_ITEM(value, i))) {
                return 0;
            }
        }
    }
    else if (!indices_view_add_node(&view, program, values, number_of_key, 0)) {
        return 0;
    }
    return view_end(&view);
}
