/* The values of a program's nodes that are there before anything is computed. */
#include "regions/gathers.h"
#include "regions/plan.h"

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

/* Read an attribute where that runs no Python code: of a module, a plain object, or an array. */
static int
values_attribute(Values *values, int node, PyObject *object, PyObject *name)
{
    PyTypeObject *type = Py_TYPE(object);
    if (PyModule_CheckExact(object)) {
        PyObject *value = PyDict_GetItemWithError(PyModule_GetDict(object), name);
        return values_found(values, node, Py_XNewRef(value));
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

/* ------------------------------------------------------------------ arrays, and items of them */

/* The extent of a view that is made of an array by nodes alone; 0 if it is none. */
static int
values_extent(const Program *program, const Values *values, int node, Extent *extent)
{
    const Node *made = &program->nodes[node];
    PyObject *value = values->of[node];
    Extent of;
    if (value != NULL) {
        return PyArray_CheckExact(value) && extent_of((PyArrayObject *)value, extent);
    }
    return (made->kind == NODE_INDEX || made->is_transposed) &&
           values_extent(program, values, made->operands[0], &of) &&
           view_of_node(program, values, node, &of, extent);
}

/* The dtype of what a view belongs to. */
static PyArray_Descr *
values_descr(const Program *program, const Values *values, int node)
{
    while (values->of[node] == NULL) {
        node = program->nodes[node].operands[0];
    }
    return PyArray_DESCR((PyArrayObject *)values->of[node]);
}

/* A fact of a view: its shape and the like. */
static PyObject *
values_view_fact(const Extent *extent, PyObject *name)
{
    npy_intp size = 1;
    if (PyUnicode_CompareWithASCIIString(name, "ndim") == 0) {
        return PyLong_FromLong(extent->nd);
    }
    for (int i = 0; i < extent->nd; i++) {
        size *= extent->dims[i];
    }
    if (PyUnicode_CompareWithASCIIString(name, "size") == 0) {
        return PyLong_FromSsize_t(size);
    }
    return PyArray_IntTupleFromIntp(extent->nd, extent->dims);
}

/* How many whole numbers an index is; 0 if it is anything else. */
static int
values_is_item(const Program *program, const Values *values, int number)
{
    const Node *key = &program->nodes[number];
    npy_intp unused;
    if (key->kind != NODE_TUPLE) {
        return values->of[number] != NULL && number_is_index(values->of[number], &unused);
    }
    for (int i = 0; i < key->n; i++) {
        PyObject *part = values->of[key->operands[i]];
        if (part == NULL || !number_is_index(part, &unused)) {
            return 0;
        }
    }
    return key->n;
}

/* Read an item of an array, or of a view of one, if that is what a node is. What other code may see
 * changes at the program's end only, so the time doesn't matter. */
static int
values_item(const Program *program, Values *values, int number)
{
    const Node *node = &program->nodes[number];
    PyObject *base = values->of[node->operands[0]];
    int n = values_is_item(program, values, node->operands[1]);
    Extent of, item;
    if (n == 0 || (base != NULL && PyArray_NDIM((PyArrayObject *)base) != n) ||
        !values_extent(program, values, node->operands[0], &of) || of.nd != n) {
        return 1; /* a view, whose plan says what is wrong with it if anything is */
    }
    if (!view_of_node(program, values, number, &of, &item)) {
        return 0;
    }
    return values_found(values, number,
                        number_item(values_descr(program, values, number), item.data));
}

/* An item of a tuple, list or dictionary; borrowed, or NULL. */
static PyObject *
values_contained(PyObject *base, PyObject *key)
{
    npy_intp at;
    if (PyDict_CheckExact(base)) {
        int is_plain = PyUnicode_CheckExact(key) || PyLong_CheckExact(key);
        return is_plain ? PyDict_GetItemWithError(base, key) : NULL;
    }
    if (!number_is_index(key, &at)) {
        return NULL;
    }
    Py_ssize_t n = PyTuple_CheckExact(base) ? PyTuple_GET_SIZE(base) : PyList_GET_SIZE(base);
    at += at < 0 ? n : 0;
    if (at < 0 || at >= n) {
        return NULL;
    }
    return PyTuple_CheckExact(base) ? PyTuple_GET_ITEM(base, at) : PyList_GET_ITEM(base, at);
}

/* Whether a value has as many items as it is unpacked into. */
static int
values_has_length(PyObject *base, int length)
{
    if (PyArray_CheckExact(base)) {
        PyArrayObject *array = (PyArrayObject *)base;
        return PyArray_NDIM(array) > 0 && PyArray_DIM(array, 0) == length;
    }
    return (PyTuple_CheckExact(base) && PyTuple_GET_SIZE(base) == length) ||
           (PyList_CheckExact(base) && PyList_GET_SIZE(base) == length);
}

static int
values_indexed(const Site *site, const Program *program, Values *values, int number)
{
    const Node *node = &program->nodes[number];
    PyObject *base = values->of[node->operands[0]], *key = values->of[node->operands[1]];
    if (node->length && base != NULL && !values_has_length(base, node->length)) {
        return 0;
    }
    if (base != NULL && key != NULL && PyArray_CheckExact(base) && PyArray_CheckExact(key)) {
        return values_found(values, number,
                            gather(site, (PyArrayObject *)base, (PyArrayObject *)key));
    }
    if (base == NULL || PyArray_CheckExact(base)) {
        return values_item(program, values, number);
    }
    if (key == NULL ||
        !(PyTuple_CheckExact(base) || PyList_CheckExact(base) || PyDict_CheckExact(base))) {
        return 0;
    }
    return values_found(values, number, Py_XNewRef(values_contained(base, key)));
}

/* ------------------------------------------------------------------ numbers */

enum seen { SEEN_NUMBERS, SEEN_ARRAYS, SEEN_NEITHER };

/* Read operands as numbers, which are owned, if all are. */
static enum seen
values_numbers(const Values *values, const int *nodes, int n, PyObject **numbers)
{
    for (int i = 0; i < n; i++) {
        PyObject *value = values->of[nodes[i]];
        if (value == NULL || (Py_IS_TYPE(value, &PyArray_Type) &&
                              PyArray_NDIM((PyArrayObject *)value))) {
            return SEEN_ARRAYS;
        }
    }
    for (int i = 0; i < n; i++) {
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

/* An operator: at once if it is on numbers. */
static int
values_operation(const Program *program, Values *values, int number)
{
    const Node *node = &program->nodes[number];
    PyObject *numbers[2];
    enum seen seen = values_numbers(values, node->operands, node->n, numbers);
    if (seen != SEEN_NUMBERS) {
        return seen == SEEN_ARRAYS;
    }
    PyObject *value = number_operate(node->operator, numbers, node->n);
    values_drop(numbers, node->n);
    return values_found(values, number, value);
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
        if (given == NULL) {
            return 1;
        }
        value = number_called(site->state, node->call, callee, &given, 1);
        if (value == NULL && PyArray_CheckExact(given) && !PyErr_Occurred()) {
            return PyArray_NDIM((PyArrayObject *)given) > 0;
        }
        return values_found(values, number, value);
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
    return values_found(values, number, value);
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
    return is_true >= 0 && values_found(values, number, Py_XNewRef(value));
}

/* ------------------------------------------------------------------ all of them */

static int
values_attribute_of(const Program *program, Values *values, int number)
{
    const Node *node = &program->nodes[number];
    PyObject *base = values->of[node->operands[0]];
    Extent extent;
    if (base != NULL) {
        return values_attribute(values, number, base, node->detail);
    }
    if (node->is_transposed) {
        return 1;
    }
    return values_is_fact(node->detail) &&
           values_extent(program, values, node->operands[0], &extent) &&
           values_found(values, number, values_view_fact(&extent, node->detail));
}

/* Find the value of one node, if there is one before anything is computed; 0 if that fails. */
ALWAYS_INLINE int
values_find_one(const Site *site, const Program *program, PyObject *const *args, Values *values,
                int number)
{
    const Node *node = &program->nodes[number];
    values->of[number] = NULL;
    switch (node->kind) {
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
        return values_indexed(site, program, values, number);
    case NODE_CHOICE:
        return values_choice(program, values, number);
    default:
        return 1;
    }
}

int
values_find(const Site *site, const Program *program, PyObject *const *args, Values *values)
{
    for (int i = 0; i < program->n_nodes; i++) {
        if (UNLIKELY(!values_find_one(site, program, args, values, i))) {
            values->fault = i;
            if (program->nodes[i].kind == NODE_ATTRIBUTE || program->nodes[i].kind == NODE_INDEX) {
                PyErr_Clear(); /* the original code says what is wrong */
            }
            return 0;
        }
    }
    return 1;
}
