#include "regions/items.h"

#include "regions/gathers.h"
#include "regions/plan.h"

/* The extent of a view that is made of an array by nodes alone; 0 if it is none. */
int
item_extent(const Program *program, const Values *values, int node, Extent *extent)
{
    const Node *made = &program->nodes[node];
    PyObject *value = values->of[node];
    Extent of;
    if (value != NULL) {
        return PyArray_CheckExact(value) && extent_of((PyArrayObject *)value, extent);
    }
    return (made->kind == NODE_INDEX || made->is_transposed) &&
           item_extent(program, values, made->operands[0], &of) &&
           view_of_node(program, values, node, &of, extent);
}

/* The dtype of what a view belongs to. */
static PyArray_Descr *
items_descr(const Program *program, const Values *values, int node)
{
    while (values->of[node] == NULL) {
        node = program->nodes[node].operands[0];
    }
    return PyArray_DESCR((PyArrayObject *)values->of[node]);
}


PyObject *
item_view(const Program *program, const Values *values, int node)
{
    Extent extent;
    if (!item_extent(program, values, node, &extent)) {
        return NULL;
    }
    while (values->of[node] == NULL) {
        node = program->nodes[node].operands[0];
    }
    return view_made((PyArrayObject *)values->of[node], &extent);
}

/* A fact of a view: its shape and the like. */
PyObject *
item_view_fact(const Extent *extent, PyObject *name)
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
items_is_item(const Program *program, const Values *values, int number)
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

/* Read an item of an array, or of a view of one, if that is what a node is, and no array has been
 * changed by then. */
static int
items_item(const Program *program, Values *values, int number)
{
    const Node *node = &program->nodes[number];
    PyObject *base = values->of[node->operands[0]];
    int n = items_is_item(program, values, node->operands[1]);
    Extent of, item;
    if (values->is_changed || n == 0 ||
        (base != NULL && PyArray_NDIM((PyArrayObject *)base) != n) ||
        !item_extent(program, values, node->operands[0], &of) || of.nd != n) {
        return 1; /* a view, whose plan says what is wrong with it if anything is */
    }
    if (!view_of_node(program, values, number, &of, &item)) {
        return 0;
    }
    values->reads_items = 1;
    return value_found(values, number,
                        number_item(items_descr(program, values, number), item.data));
}

/* An item of a tuple, list or dictionary; borrowed, or NULL. */
static PyObject *
items_contained(PyObject *base, PyObject *key)
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
items_has_length(PyObject *base, int length)
{
    if (PyArray_CheckExact(base)) {
        PyArrayObject *array = (PyArrayObject *)base;
        return PyArray_NDIM(array) > 0 && PyArray_DIM(array, 0) == length;
    }
    return (PyTuple_CheckExact(base) && PyTuple_GET_SIZE(base) == length) ||
           (PyList_CheckExact(base) && PyList_GET_SIZE(base) == length);
}

/* Take items by an index array or list; an array that may have been changed by then, or that gets
 * them back, is left to a region that is planned for that. */
static int
items_gathered(const Site *site, Values *values, int number, const Node *node,
               PyArrayObject *base, PyObject *key)
{
    values->reads_items = 1;
    if (values->is_changed || node->is_put_back) {
        int is_mask = PyArray_CheckExact(key) && PyArray_TYPE((PyArrayObject *)key) == NPY_BOOL;
        values->reason = is_mask ? "an index is a mask" : "an index is an array";
        return 0;
    }
    PyObject *index = PyArray_CheckExact(key) ? Py_NewRef(key) : index_of_list(site, key);
    PyObject *taken = index == NULL ? NULL : gather(site, base, (PyArrayObject *)index);
    Py_XDECREF(index);
    return value_found(values, number, taken);
}

int
item_indexed(const Site *site, const Program *program, Values *values, int number)
{
    const Node *node = &program->nodes[number];
    PyObject *base = values->of[node->operands[0]], *key = values->of[node->operands[1]];
    if (node->length && base != NULL && !items_has_length(base, node->length)) {
        return 0;
    }
    if (base != NULL && key != NULL && PyArray_CheckExact(base) &&
        (PyArray_CheckExact(key) || PyList_CheckExact(key))) {
        return items_gathered(site, values, number, node, (PyArrayObject *)base, key);
    }
    if (base == NULL || PyArray_CheckExact(base)) {
        return items_item(program, values, number);
    }
    if (key == NULL ||
        !(PyTuple_CheckExact(base) || PyList_CheckExact(base) || PyDict_CheckExact(base))) {
        return 0;
    }
    return value_found(values, number, Py_XNewRef(items_contained(base, key)));
}
