#include "regions/needs.h"

#include "regions/gathers.h"

#include <string.h>

double
exponent_special(PyObject *exponent)
{
    double value = PyFloat_CheckExact(exponent) ? PyFloat_AS_DOUBLE(exponent)
                                                : PyLong_AsDouble(exponent);
    if (value == -1.0 && PyErr_Occurred()) {
        PyErr_Clear();
        return NAN;
    }
    return value == -1.0 || value == 0.0 || value == 0.5 || value == 1.0 || value == 2.0 ? value
                                                                                          : NAN;
}

/* Whether a node is the exponent of a power, as a Python number that the code doesn't have. */
static int
needs_is_exponent(const Program *program, const Values *values, const Node *power, int k)
{
    int operand = power->operands[k];
    return k == 1 && power->operator != NULL && power->operator->form == POWER &&
           program->nodes[operand].kind != NODE_CONST && values->of[operand] != NULL &&
           (PyFloat_CheckExact(values->of[operand]) || PyLong_CheckExact(values->of[operand]));
}

void
needs_find(const Program *program, const Values *values, enum need *needs)
{
    int any = 0;
    memset(needs, 0, (size_t)program->n_nodes * sizeof(enum need));
    for (int i = 0; i < program->n_nodes; i++) {
        const Node *node = &program->nodes[i];
        int is_view = node->kind == NODE_INDEX || node->is_transposed || node->part;
        if (node->kind != NODE_GUARD &&
            (values->of[i] != NULL || !(is_computing(node->kind) || is_view))) {
            continue;
        }
        for (int k = 0; k < node->n; k++) {
            int operand = node->operands[k];
            int is_called = k == 0 && (node->kind == NODE_CALL || node->is_called);
            int is_class = (node->kind == NODE_GUARD || (node->kind == NODE_METHOD && k)) &&
                           values->of[operand] != NULL && PyType_Check(values->of[operand]);
            if (is_called || is_class) {
                needs[operand] = NEED_OBJECT;
            }
            else if (needs_is_exponent(program, values, node, k)) {
                needs[operand] = NEED_EXPONENT;
            }
            else if (needs[operand] == NEED_NOTHING &&
                     !(k == 1 && (node->kind == NODE_INDEX ||
                                  (node->kind == NODE_STORE &&
                                   !index_is_array(values->of[operand]))))) {
                needs[operand] = NEED_KIND;
            }
        }
    }
    for (int i = 0; i < program->n_nodes; i++) {
        any |= needs[i] != NEED_NOTHING && values->of[i] != NULL;
    }
    for (int i = 0; any && i < program->n_nodes; i++) { /* of an array it would be a step */
        if (is_computing(program->nodes[i].kind) && values->of[i] != NULL &&
            needs[i] == NEED_NOTHING) {
            needs[i] = NEED_VALUE;
        }
    }
}
