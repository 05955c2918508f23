#include "regions/inference.h"

#include "regions/plan.h"

#include <string.h>

static void
typed_clear(Typed *typed)
{
    Py_CLEAR(typed->capsule);
    Py_CLEAR(typed->ufunc);
    Py_CLEAR(typed->native);
    for (int i = 0; i < MAX_OPERANDS; i++) {
        Py_CLEAR(typed->descrs[i]);
    }
}

void
typing_release(Typing *typing)
{
    if (--typing->references) {
        return;
    }
    while (typing->n_plans) {
        plan_release(typing->plans[--typing->n_plans]);
    }
    for (int i = 0; i < typing->n_keys; i++) {
        if (typing->keys[i].is_object || typing->keys[i].leaf.kind == LEAF_ARRAY) {
            Py_DECREF((PyObject *)typing->keys[i].leaf.identity);
        }
    }
    for (int i = 0; i < typing->n_nodes; i++) {
        typed_clear(&typing->typed[i]);
        Py_CLEAR(typing->results[i]);
    }
    PyMem_Free(typing);
}

/* Note what a value is, and return what is asked about it: a new reference, or NULL without an
 * exception if it is nothing that can be computed with. */
static PyObject *
add_key(Typing *typing, const Node *node, int number, PyObject *value)
{
    Key *key = &typing->keys[typing->n_keys];
    enum leaf_kind kind = leaf_kind_of(value);
    key->node = number;
    key->is_object = 0;
    if (node->is_callable) {
        key->is_object = 1;
        key->leaf.identity = Py_NewRef(value);
        typing->n_keys++;
        return Py_NewRef(value);
    }
    if (kind == LEAF_NONE && !PyTuple_CheckExact(value)) {
        return NULL;
    }
    if (node->kind == NODE_CONST) { /* always the same */
        return leaf_descr(value, kind);
    }
    PyObject *descr = kind == LEAF_NONE ? Py_NewRef(Py_None) : leaf_descr(value, kind);
    if (descr == NULL) {
        return NULL;
    }
    key->leaf.kind = kind;
    key->leaf.identity = kind == LEAF_ARRAY ? (void *)Py_NewRef(descr) : (void *)Py_TYPE(value);
    typing->n_keys++;
    return descr;
}

/* Take over a loop: (capsule, dtypes, operands, slow status, even, ufunc, which one it is). */
static int
read_loop(Typed *typed, PyObject *step)
{
    PyObject *kind, *capsule, *dtypes, *operands, *ufunc;
    const char *known;
    if (!PyArg_ParseTuple(step, "OOO!O!ppOz", &kind, &capsule, &PyTuple_Type, &dtypes,
                          &PyTuple_Type, &operands, &typed->slow_status, &typed->is_even, &ufunc,
                          &known)) {
        return 0;
    }
    int usable = loop_read(capsule, &typed->call);
    if (usable < 0) {
        return 0;
    }
    typed->action = ACT_LOOP;
    typed->capsule = Py_NewRef(capsule);
    typed->ufunc = Py_NewRef(ufunc);
    typed->name = ((PyUFuncObject *)ufunc)->name;
    typed->known = known_called(known);
    typed->n_in = (int)PyTuple_GET_SIZE(operands);
    if (!usable || typed->n_in > MAX_IN ||
        PyTuple_GET_SIZE(dtypes) != typed->n_in + 1) {
        return 0;
    }
    for (int i = 0; i <= typed->n_in; i++) {
        typed->descrs[i] = (PyArray_Descr *)Py_NewRef(PyTuple_GET_ITEM(dtypes, i));
        if (i < typed->n_in) {
            typed->operands[i] = (int)PyLong_AsLong(PyTuple_GET_ITEM(operands, i));
        }
    }
    return 1;
}

static int
read_where(Typed *typed, const Node *node, PyObject *step)
{
    PyArray_Descr *descr = (PyArray_Descr *)PyTuple_GET_ITEM(step, 1);
    typed->action = ACT_WHERE;
    typed->known = KNOWN_NOTHING;
    typed->call.raises_nothing = 1;
    typed->is_even = 1;
    typed->n_in = 3;
    for (int i = 0; i < 3; i++) {
        typed->operands[i] = node->operands[i + 1];
        typed->descrs[i] = i ? (PyArray_Descr *)Py_NewRef((PyObject *)descr)
                             : PyArray_DescrFromType(NPY_BOOL);
    }
    typed->descrs[3] = (PyArray_Descr *)Py_NewRef((PyObject *)descr);
    return 1;
}

/* Whether a loop's operands are float64 scalars and Python numbers, as far as those have come. */
static int
is_of_scalars(const Typing *typing, const Node *node, const Values *values)
{
    if (node->operator == NULL || !scalar_known(node->operator)) {
        return 0;
    }
    for (int i = 0; i < node->n; i++) {
        PyObject *value = values->of[node->operands[i]];
        enum action action = typing->typed[node->operands[i]].action;
        if (value != NULL ? !PyFloat_CheckExact(value) && !PyLong_CheckExact(value) &&
                                !PyArray_IsScalar(value, Double)
                          : action != ACT_SCALAR && action != ACT_NUMBER) {
            return 0;
        }
    }
    return 1;
}

/* Take over what is done at one node. */
static int
read_step(Typing *typing, const Program *program, int i, PyObject *step, Site *site,
          const Values *values)
{
    Typed *typed = &typing->typed[i];
    const char *what = PyUnicode_AsUTF8(PyTuple_GET_ITEM(step, 0));
    if (what == NULL) {
        return 0;
    }
    if (strcmp(what, "loop") == 0) {
        if (!read_loop(typed, step)) {
            return 0;
        }
        if (is_of_scalars(typing, &program->nodes[i], values)) {
            typed->action = ACT_SCALAR;
            typing->numbers[typing->n_numbers++] = i;
        }
        return 1;
    }
    if (strcmp(what, "where") == 0) {
        return read_where(typed, &program->nodes[i], step);
    }
    if (strcmp(what, "number") == 0) {
        typed->action = ACT_NUMBER;
        typing->numbers[typing->n_numbers++] = i;
        return 1;
    }
    if (strcmp(what, "store") == 0) {
        typed->action = ACT_STORE;
        return 1;
    }
    const char *name = PyUnicode_AsUTF8(PyTuple_GET_ITEM(step, 1));
    typed->action = ACT_REDUCE;
    typed->native = name == NULL ? NULL
                                 : native_make(site->state->native_type, site, name,
                                               PyTuple_GET_ITEM(step, 2),
                                               PyTuple_GET_ITEM(step, 3));
    return typed->native != NULL;
}

/* Note the dtypes of all nodes that are arrays or become some; 0 if there is a view of anything
 * else. */
static int
note_results(Typing *typing, const Program *program, const Values *values)
{
    for (int i = 0; i < program->n_nodes; i++) {
        const Node *node = &program->nodes[i];
        const Typed *typed = &typing->typed[i];
        PyObject *value = values->of[i];
        PyArray_Descr *descr = NULL;
        if (value != NULL && PyArray_CheckExact(value)) {
            descr = PyArray_DESCR((PyArrayObject *)value);
        }
        else if (value == NULL && (node->kind == NODE_INDEX || node->kind == NODE_ATTRIBUTE)) {
            descr = typing->results[node->operands[0]];
            if (descr == NULL) {
                return 0;
            }
        }
        else if (typed->action == ACT_LOOP || typed->action == ACT_WHERE) {
            descr = typed->descrs[typed->n_in];
        }
        typing->results[i] = (PyArray_Descr *)Py_XNewRef((PyObject *)descr);
    }
    return 1;
}

/* Ask for a plan of kinds, and take it over; -1 with an exception, or without if a value is of
 * no kind that could be told from others later. */
static int
typing_fill(Typing *typing, const Program *program, Site *site, const Values *values)
{
    PyObject *kinds = PyList_New(program->n_nodes), *plan = NULL;
    int failed = -1;
    if (kinds == NULL) {
        return -1;
    }
    for (int i = 0; i < program->n_nodes; i++) {
        const Node *node = &program->nodes[i];
        PyObject *value = values->of[i], *kind = NULL;
        if (value != NULL && (node->is_operand || node->is_callable)) {
            kind = add_key(typing, node, i, value);
            if (kind == NULL) {
                goto end;
            }
        }
        PyList_SET_ITEM(kinds, i, kind == NULL ? Py_NewRef(Py_None) : kind);
    }
    plan = PyObject_CallFunctionObjArgs(site->state->plan_program, program->source, kinds, NULL);
    if (plan == NULL) {
        goto end;
    }
    typing->declined = plan == Py_None;
    for (int i = 0; i < program->n_nodes && !typing->declined; i++) {
        PyObject *step = PyList_GET_ITEM(plan, i);
        if (step != Py_None && !read_step(typing, program, i, step, site, values)) {
            if (PyErr_Occurred()) {
                goto end;
            }
            typing->declined = 1;
        }
    }
    if (!typing->declined && !note_results(typing, program, values)) {
        typing->declined = 1;
    }
    failed = 0;
end:
    Py_XDECREF(plan);
    Py_DECREF(kinds);
    return failed;
}

Typing *
typing_new(const Program *program, Site *site, const Values *values)
{
    Typing *typing = PyMem_Calloc(1, sizeof(Typing));
    if (typing == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    typing->references = 1;
    typing->n_nodes = program->n_nodes;
    if (typing_fill(typing, program, site, values) < 0) {
        typing_release(typing);
        return NULL;
    }
    return typing;
}
