/* The values of a program's nodes that are there before anything is computed. */
#include "regions/gathers.h"
#include "regions/helpers.h"
#include "regions/items.h"

#include <string.h>

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

/* A part of an array's numbers. That of real ones is the array itself, or nothing. */
static int
values_part(Values *values, int node, PyObject *array, enum part part)
{
    int is_complex = PyTypeNum_ISCOMPLEX(PyArray_TYPE((PyArrayObject *)array));
    return (is_complex || part == PART_REAL) &&
           PyTypeNum_ISNUMBER(PyArray_TYPE((PyArrayObject *)array)) &&
           value_found(values, node,
                       PyObject_GetAttrString(array, part == PART_REAL ? "real" : "imag"));
}

/* Read an attribute where that runs no Python code: of a module, a plain object, or an array. */
static int
values_attribute(const Program *program, Values *values, int node, PyObject *object)
{
    PyObject *name = program->nodes[node].detail;
    PyTypeObject *type = Py_TYPE(object);
    if (PyModule_CheckExact(object)) {
        PyObject *value = PyDict_GetItemWithError(PyModule_GetDict(object), name);
        return value_found(values, node, Py_XNewRef(value));
    }
    if (type == &PyArray_Type) {
        if (PyUnicode_CompareWithASCIIString(name, "T") == 0) {
            values->of[node] = NULL; /* a view */
            return 1;
        }
        if (program->nodes[node].part) {
            return values_part(values, node, object, program->nodes[node].part);
        }
        return values_is_fact(name) && value_found(values, node, PyObject_GetAttr(object, name));
    }
    if (type->tp_getattro != PyObject_GenericGetAttr) {
        return 0;
    }
    PyObject *found = _PyType_Lookup(type, name);
    if (found != NULL && !Py_IS_TYPE(found, &PyMemberDescr_Type)) {
        return 0; /* a property, a method, or a value of the class */
    }
    return value_found(values, node, PyObject_GenericGetAttr(object, name));
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

/* ------------------------------------------------------------------ numbers */

enum seen { SEEN_NUMBERS, SEEN_ARRAYS, SEEN_NEITHER };

/* Whether a value is an array, but for one without axes that is still what it was. */
static int
values_is_array(const Values *values, PyObject *value)
{
    return Py_IS_TYPE(value, &PyArray_Type) &&
           (values->is_changed || PyArray_NDIM((PyArrayObject *)value));
}

/* Read operands as numbers, which are owned, if all are. */
static enum seen
values_numbers(Values *values, const int *nodes, int n, PyObject **numbers)
{
    for (int i = 0; i < n; i++) {
        PyObject *value = values->of[nodes[i]];
        if (value == NULL || values_is_array(values, value)) {
            return SEEN_ARRAYS;
        }
    }
    for (int i = 0; i < n; i++) {
        values->reads_items |= Py_IS_TYPE(values->of[nodes[i]], &PyArray_Type);
        numbers[i] = number_of(values->of[nodes[i]]);
        if (numbers[i] == NULL) {
            while (i) {
                Py_DECREF(numbers[--i]);
            }
            return SEEN_NEITHER;
        }
    }
    return SEEN_NUMBERS;
}

static void
values_drop(PyObject **numbers, int n)
{
    while (n) {
        Py_DECREF(numbers[--n]);
    }
}

/* Whether a tuple has whole numbers only. */
static int
values_are_numbers(PyObject *tuple)
{
    int are = 1;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++) {
        are &= PyLong_CheckExact(PyTuple_GET_ITEM(tuple, i));
    }
    return are;
}

/* An operator: at once if it is on numbers. */
static int
values_operation(const Program *program, Values *values, int number)
{
    const Node *node = &program->nodes[number];
    PyObject *numbers[2], *one = values->of[node->operands[0]];
    PyObject *other = node->n == 2 ? values->of[node->operands[1]] : NULL;
    if (node->operator->form == COMPARE && other != NULL && PyTuple_CheckExact(one) &&
        PyTuple_CheckExact(other)) { /* shapes */
        return values_are_numbers(one) && values_are_numbers(other) &&
               value_found(values, number,
                           PyObject_RichCompare(one, other, node->operator->compare));
    }
    enum seen seen = values_numbers(values, node->operands, node->n, numbers);
    if (seen != SEEN_NUMBERS) {
        return seen == SEEN_ARRAYS;
    }
    PyObject *value = number_operate(node->operator, numbers, node->n);
    values_drop(numbers, node->n);
    return value_found(values, number, value);
}

static int
values_is_len(PyObject *callee)
{
    return PyCFunction_CheckExact(callee) &&
           strcmp(((PyCFunctionObject *)callee)->m_ml->ml_name, "len") == 0 &&
           PyDict_GetItemString(PyEval_GetBuiltins(), "len") == callee;
}

/* A call: likewise, or if it asks for a length. */
static int
values_call(const Site *site, const Program *program, Values *values, int number)
{
    const Node *node = &program->nodes[number];
    PyObject *callee = values->of[node->operands[0]], *numbers[MOST_OPERANDS], *value;
    int n = node->n - 1, is_ufunc = callee != NULL && PyObject_TypeCheck(callee, &PyUFunc_Type);
    if (callee == NULL || n == 0 || n > MOST_NUMBERS || PyTuple_GET_SIZE(node->detail)) {
        return 1;
    }
    if (!is_ufunc && !PyCFunction_CheckExact(callee) && !PyType_Check(callee)) {
        return 1;
    }
    if (n == 1 && !is_ufunc) { /* what it is given may also be a container */
        PyObject *given = values->of[node->operands[1]];
        Extent extent;
        if (given == NULL && values_is_len(callee) &&
            item_shape(program, values, node->operands[1], &extent) && extent.nd > 0) {
            return value_found(values, number, PyLong_FromSsize_t(extent.dims[0]));
        }
        if (given == NULL || (values->is_changed && Py_IS_TYPE(given, &PyArray_Type) &&
                              PyArray_NDIM((PyArrayObject *)given) == 0)) {
            return 1;
        }
        values->reads_items |= Py_IS_TYPE(given, &PyArray_Type);
        value = number_called(site->state, node->call, callee, &given, 1);
        if (value == NULL && PyArray_CheckExact(given) && !PyErr_Occurred()) {
            return PyArray_NDIM((PyArrayObject *)given) > 0;
        }
        return value_found(values, number, value);
    }
    enum seen seen = values_numbers(values, node->operands + 1, n, numbers);
    if (seen != SEEN_NUMBERS) {
        return seen == SEEN_ARRAYS;
    }
    int is_itself = 1; /* what is given may come out as it is */
    for (int i = 0; i < n; i++) {
        is_itself &= numbers[i] == values->of[node->operands[1 + i]];
    }
    value = NULL;
    if (is_itself || is_ufunc) {
        value = number_called(site->state, node->call, callee, numbers, n);
    }
    values_drop(numbers, n);
    return value_found(values, number, value);
}

/* A number, or what the code has in its place where it is zero. */
static int
values_choice(const Program *program, Values *values, int number)
{
    const Node *node = &program->nodes[number];
    PyObject *given[1], *value;
    if (values_numbers(values, node->operands, 1, given) != SEEN_NUMBERS) {
        return 0;
    }
    int is_true = PyObject_IsTrue(given[0]);
    values_drop(given, 1);
    value = values->of[node->operands[is_true ? 0 : 1]];
    return is_true >= 0 && value_found(values, number, Py_XNewRef(value));
}

/* ------------------------------------------------------------------ all of them */

static int
values_attribute_of(const Program *program, Values *values, int number)
{
    const Node *node = &program->nodes[number];
    PyObject *base = values->of[node->operands[0]];
    Extent extent;
    if (base != NULL) {
        return values_attribute(program, values, number, base);
    }
    if (node->is_transposed) {
        return 1;
    }
    if (node->part) {
        PyObject *view = item_view(program, values, node->operands[0]);
        int done = view == NULL ? !PyErr_Occurred()
                                : values_part(values, number, view, node->part);
        Py_XDECREF(view);
        return done;
    }
    return values_is_fact(node->detail) &&
           item_shape(program, values, node->operands[0], &extent) &&
           value_found(values, number, item_view_fact(&extent, node->detail));
}

/* An operator in place: at once if it is on a number that isn't an array's item, since an item is
 * put back. So is what index arrays have taken out, which is left to the original code. */
static int
values_in_place(const Program *program, Values *values, int number)
{
    const Node *node = &program->nodes[number];
    const Node *target = &program->nodes[node->operands[0]];
    PyObject *base = values->of[node->operands[0]];
    int is_item = target->kind == NODE_INDEX;
    if (base != NULL && !Py_IS_TYPE(base, &PyArray_Type) && !is_item) {
        return values_operation(program, values, number);
    }
    values->is_changed = 1;
    return base == NULL || !is_item || values->of[target->operands[0]] == NULL ||
           !Py_IS_TYPE(values->of[target->operands[0]], &PyArray_Type);
}

/* A tuple of whole numbers, and of such tuples, that is an argument. */
static int
values_tuple(const Program *program, Values *values, int number)
{
    const Node *node = &program->nodes[number];
    PyObject *made = PyTuple_New(node->n);
    for (int i = 0; made != NULL && i < node->n; i++) {
        PyObject *value = values->of[node->operands[i]];
        if (value == NULL || !(PyLong_CheckExact(value) || PyTuple_CheckExact(value))) {
            Py_CLEAR(made);
            break;
        }
        PyTuple_SET_ITEM(made, i, Py_NewRef(value));
    }
    return value_found(values, number, made);
}

/* A store: where an array of indices says which items it sets, these have to be there. */
static int
values_store(const Site *site, const Program *program, Values *values, const Node *node)
{
    PyObject *key = values->of[node->operands[1]];
    int base = node->operands[0];
    Extent extent;
    values->is_changed = 1;
    if (key != NULL && PyList_CheckExact(key) && program->nodes[node->operands[1]].is_index) {
        key = index_of_list(site, key);
        if (!value_found(values, node->operands[1], key)) {
            return 0;
        }
    }
    if (!index_is_array(key)) {
        return 1;
    }
    while (program->nodes[base].kind == NODE_IN_PLACE && values->of[base] == NULL) {
        base = program->nodes[base].operands[0];
    }
    return item_extent(program, values, base, &extent) && extent.nd > 0 &&
           index_is_in_range((PyArrayObject *)key, extent.dims[0]);
}

/* Find the value of one node, if there is one before anything is computed; 0 if that fails. */
ALWAYS_INLINE int
values_find_one(const Site *site, const Program *program, PyObject *const *args, Values *values,
                int number)
{
    const Node *node = &program->nodes[number];
    values->of[number] = NULL;
    switch (node->kind) {
    case NODE_STORE:
        return values_store(site, program, values, node);
    case NODE_IN_PLACE:
        return values_in_place(program, values, number);
    case NODE_OPERATION:
        return values->of[node->operands[0]] == NULL || values_operation(program, values, number);
    case NODE_CALL:
        return values_call(site, program, values, number);
    case NODE_LEAF:
        values->of[number] = args[node->leaf];
        return 1;
    case NODE_CONST:
        values->of[number] = node->detail;
        return 1;
    case NODE_ATTRIBUTE:
        return values_attribute_of(program, values, number);
    case NODE_INDEX:
        return item_indexed(site, program, values, number);
    case NODE_TUPLE:
        return !node->is_argument || values_tuple(program, values, number);
    case NODE_CHOICE:
        return values_choice(program, values, number);
    case NODE_BOUND:
    case NODE_FUNCTION:
    case NODE_NAMED:
    case NODE_HELD:
    case NODE_DEFAULT:
    case NODE_PINNED:
    case NODE_SOMETHING:
        return helper_value(program, values, number);
    default:
        return 1;
    }
}

int
values_find(const Site *site, const Program *program, PyObject *const *args, Values *values)
{
    values->is_changed = values->reads_items = 0;
    values->reason = NULL;
    for (int i = 0; i < program->n_nodes; i++) {
        if (UNLIKELY(!values_find_one(site, program, args, values, i))) {
            values->fault = i;
            if (!is_computing(program->nodes[i].kind)) {
                PyErr_Clear(); /* the original code says what is wrong */
            }
            return 0;
        }
    }
    return 1;
}
