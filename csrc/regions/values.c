/* The values of a program's nodes that are there before anything is computed. */
#include "regions/inference.h"

#include <string.h>

/* Keep the value of a node, if there is one. */
static int
values_found(Values *values, int node, PyObject *value)
{
    if (value == NULL) {
        return 0;
    }
    values_keep(values, node, value);
    return 1;
}

/* Attributes of arrays that cost nothing and do nothing. */
static int
values_is_fact(PyObject *name)
{
    static const char *const facts[] = {"shape", "size", "ndim", NULL};
    for (int i = 0; facts[i] != NULL; i++) {
        if (PyUnicode_CompareWithASCIIString(name, facts[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Read an attribute where that runs nobody's code: of a module, a plain object, or an array. */
static int
values_attribute(Values *values, int node, PyObject *object, PyObject *name)
{
    PyTypeObject *type = Py_TYPE(object);
    if (PyModule_CheckExact(object)) {
        PyObject *value = PyDict_GetItemWithError(PyModule_GetDict(object), name);
        return value != NULL && values_found(values, node, Py_NewRef(value));
    }
    if (type == &PyArray_Type) {
        if (PyUnicode_CompareWithASCIIString(name, "T") == 0) {
            values->of[node] = NULL; /* a view */
            return 1;
        }
        return values_is_fact(name) && values_found(values, node, PyObject_GetAttr(object, name));
    }
    if (type->tp_getattro != PyObject_GenericGetAttr) {
        return 0;
    }
    PyObject *found = _PyType_Lookup(type, name);
    if (found != NULL && !Py_IS_TYPE(found, &PyMemberDescr_Type)) {
        return 0; /* a property, a method, or a value of the class */
    }
    return values_found(values, node, PyObject_GenericGetAttr(object, name));
}

/* A global, or builtin, as code with these globals finds it, borrowed; NULL if there is none. */
ALWAYS_INLINE PyObject *
values_global(PyObject *globals, PyObject *name)
{
    PyObject *value = PyDict_GetItemWithError(globals, name);
    if (UNLIKELY(value == NULL) && !PyErr_Occurred()) {
        value = PyDict_GetItemWithError(PyEval_GetBuiltins(), name);
    }
    return value;
}

int
values_look_up(const Program *program, PyObject *const *given, PyObject **leaves, Values *values)
{
    PyObject *globals = program->n_given < program->n_leaves ? PyEval_GetGlobals() : NULL;
    for (int i = 0; i < program->n_leaves; i++) {
        const Lookup *lookup = &program->lookups[i];
        PyObject *value;
        if (lookup->global != NULL) {
            value = globals == NULL ? NULL : values_global(globals, lookup->global);
        }
        else {
            value = *given++;
            if (!lookup->is_cell) {
                leaves[i] = value;
                continue;
            }
            value = PyCell_Check(value) ? PyCell_GET(value) : NULL;
        }
        if (value == NULL) {
            PyErr_Clear();
            return 0;
        }
        leaves[i] = values->owned[values->n_owned++] = Py_NewRef(value);
    }
    return 1;
}

int
values_find(const Program *program, PyObject *const *args, Values *values)
{
    PyObject **of = values->of;
    for (int i = 0; i < program->n_nodes; i++) {
        const Node *node = &program->nodes[i];
        PyObject *base;
        of[i] = NULL;
        if (is_computing(node->kind)) {
            continue; /* most are, so that this is worth a branch of its own */
        }
        switch (node->kind) {
        case NODE_LEAF:
            of[i] = args[node->leaf];
            break;
        case NODE_CONST:
            of[i] = node->detail;
            break;
        case NODE_ATTRIBUTE:
            base = of[node->operands[0]];
            if (base == NULL ? !node->is_transposed
                             : !values_attribute(values, i, base, node->detail)) {
                PyErr_Clear();
                return 0;
            }
            break;
        case NODE_INDEX:
            base = of[node->operands[0]];
            if (base != NULL && PyTuple_CheckExact(base)) {
                PyObject *key = of[node->operands[1]];
                if (key == NULL || !PyLong_CheckExact(key)) {
                    return 0;
                }
                Py_ssize_t at = PyLong_AsSsize_t(key), n = PyTuple_GET_SIZE(base);
                at += at < 0 ? n : 0;
                if (at < 0 || at >= n) {
                    PyErr_Clear();
                    return 0;
                }
                values_keep(values, i, Py_NewRef(PyTuple_GET_ITEM(base, at)));
            }
            break;
        default:
            break;
        }
    }
    return 1;
}

int
scalar_known(const Operator *operator)
{
    return operator->binary == PyNumber_Add || operator->binary == PyNumber_Subtract ||
           operator->binary == PyNumber_Multiply || operator->binary == PyNumber_TrueDivide ||
           operator->unary == PyNumber_Negative;
}

/* An operator on float64 scalars and Python numbers; NULL without an exception where NumPy has
 * something to report. */
static PyObject *
values_scalar(const Operator *operator, PyObject *const *operands)
{
    double x[2] = {0.0, 0.0};
    for (int i = 0; i < 2 && operands[i] != NULL; i++) {
        x[i] = PyFloat_AsDouble(operands[i]);
        if (x[i] == -1.0 && PyErr_Occurred()) {
            PyErr_Clear(); /* an integer that is too large */
            return NULL;
        }
    }
    status_clear(0);
    volatile double a = x[0], b = x[1]; /* computed between the looks at the flags */
    volatile double result = operator->binary == PyNumber_Add        ? a + b
                             : operator->binary == PyNumber_Subtract ? a - b
                             : operator->binary == PyNumber_Multiply ? a * b
                             : operator->unary != NULL               ? -a
                                                                     : a / b;
    if (status_raised(0)) {
        status_clear(0);
        return NULL;
    }
    double item = result;
    PyArray_Descr *descr = PyArray_DescrFromType(NPY_DOUBLE);
    PyObject *value = PyArray_Scalar(&item, descr, NULL);
    Py_DECREF(descr);
    return value;
}

int
values_count(const Program *program, const Typing *typing, Values *values)
{
    for (int k = 0; k < typing->n_numbers; k++) {
        int i = typing->numbers[k];
        const Node *node = &program->nodes[i];
        PyObject *operands[2] = {values->of[node->operands[0]],
                                 node->n > 1 ? values->of[node->operands[1]] : NULL};
        PyObject *value = typing->typed[i].action == ACT_SCALAR
                              ? values_scalar(node->operator, operands)
                              : operate(node->operator, operands);
        if (value == NULL) {
            PyErr_Clear(); /* the original code says what is wrong */
            return 0;
        }
        values_keep(values, i, value);
    }
    return 1;
}
