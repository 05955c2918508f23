#include "regions/inference.h"

#include "numpy/record.h"
#include "regions/plan.h"

#include <string.h>

static void
inference_clear(Typed *typed)
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
    for (int i = 0; i < typing->n_guards; i++) {
        Py_DECREF((PyObject *)typing->guards[i].leaf.identity);
    }
    for (int i = 0; i < typing->n_nodes; i++) {
        inference_clear(&typing->typed[i]);
        Py_CLEAR(typing->results[i]);
    }
    PyMem_Free(typing);
}

/* Note what a value is, and return what Python is asked about: a new reference, or NULL without an
 * exception if nothing can be computed with it. */
static PyObject *
inference_add_guard(Typing *typing, const Node *node, int number, PyObject *value)
{
    Guard *guard = &typing->guards[typing->n_guards];
    enum leaf_kind kind = leaf_kind_of(value);
    guard->node = number;
    guard->is_object = 0;
    if (node->is_callable || (node->is_guarded && PyType_Check(value))) {
        guard->is_object = 1;
        guard->leaf.identity = Py_NewRef(value);
        typing->n_guards++;
        return Py_NewRef(value);
    }
    if (kind == LEAF_NONE && !PyTuple_CheckExact(value) && !node->is_guarded) {
        return NULL;
    }
    if (node->kind == NODE_CONST) { /* always the same */
        return leaf_descr(value, kind);
    }
    PyObject *descr = kind != LEAF_NONE   ? leaf_descr(value, kind)
                      : node->is_guarded ? Py_NewRef((PyObject *)Py_TYPE(value))
                                         : Py_NewRef(Py_None);
    if (descr == NULL) {
        return NULL;
    }
    guard->leaf.kind = kind;
    guard->leaf.identity = Py_NewRef(kind == LEAF_ARRAY ? descr : (PyObject *)Py_TYPE(value));
    typing->n_guards++;
    return descr;
}

/* ------------------------------------------------------------------ what Python answers */

/* The place of a text in a list of names; the number of names if it isn't there. */
static int
inference_named(const char *const *names, int n, PyObject *text)
{
    int i = 0;
    while (i < n && (!PyUnicode_Check(text) ||
                     PyUnicode_CompareWithASCIIString(text, names[i]) != 0)) {
        i++;
    }
    return i;
}

#define NAME(name, text) text,
static const char *const inference_actions[] = {ACTIONS(NAME)};
static const char *const inference_operations[] = {UFUNC_OPERATIONS(NAME)};
#undef NAME
#define N_ACTIONS ((int)(sizeof(inference_actions) / sizeof(inference_actions[0])))
#define N_OPERATIONS ((int)(sizeof(inference_operations) / sizeof(inference_operations[0])))

/* Take over a loop (`LoopStep`); 0 if it can't be called. */
static int
inference_read_loop(Typed *typed, PyObject *step)
{
    PyObject *loop, *operands, *ufunc, *operation, *capsule, *dtypes;
    Field fields[] = {{"loop", &loop, NULL},
                      {"operands", &operands, NULL},
                      {"ufunc", &ufunc, NULL},
                      {"operation", &operation, NULL},
                      {NULL, NULL, NULL}};
    Field of_loop[] = {{"capsule", &capsule, NULL},
                       {"dtypes", &dtypes, NULL},
                       {"slow_status", NULL, &typed->slow_status},
                       {"stride_invariant", NULL, &typed->stride_invariant},
                       {NULL, NULL, NULL}};
    int usable;
    if (record_read(step, fields) < 0 || record_read(loop, of_loop) < 0 ||
        (usable = loop_read(capsule, &typed->call)) < 0) {
        return 0;
    }
    typed->capsule = Py_NewRef(capsule);
    if (!usable || !PyTuple_Check(operands) || PyTuple_GET_SIZE(operands) > MAX_IN ||
        !PyTuple_Check(dtypes) || PyTuple_GET_SIZE(dtypes) != PyTuple_GET_SIZE(operands) + 1 ||
        !PyObject_TypeCheck(ufunc, &PyUFunc_Type)) {
        return 0;
    }
    typed->ufunc = Py_NewRef(ufunc);
    typed->name = ((PyUFuncObject *)ufunc)->name;
    int number = inference_named(inference_operations, N_OPERATIONS, operation);
    typed->operation = number < N_OPERATIONS ? (enum operation)number : OP_OTHER;
    typed->n_in = (int)PyTuple_GET_SIZE(operands);
    for (int i = 0; i <= typed->n_in; i++) {
        typed->descrs[i] = (PyArray_Descr *)Py_NewRef(PyTuple_GET_ITEM(dtypes, i));
        if (i < typed->n_in) {
            typed->operands[i] = (int)PyLong_AsLong(PyTuple_GET_ITEM(operands, i));
        }
    }
    return 1;
}

/* Take over a choice (`WhereStep`). */
static int
inference_read_where(Typed *typed, const Node *node, PyObject *step)
{
    PyObject *dtype;
    if (record_read(step, (Field[]){{"dtype", &dtype, NULL}, {NULL, NULL, NULL}}) < 0) {
        return 0;
    }
    typed->operation = OP_WHERE;
    typed->call.raises_nothing = 1;
    typed->stride_invariant = 1;
    typed->n_in = 3;
    for (int i = 0; i < 3; i++) {
        typed->operands[i] = node->operands[i + 1];
        typed->descrs[i] = i ? (PyArray_Descr *)Py_NewRef(dtype) : PyArray_DescrFromType(NPY_BOOL);
    }
    typed->descrs[3] = (PyArray_Descr *)Py_NewRef(dtype);
    return 1;
}

/* Take over a reduction (`ReduceStep`). */
static int
inference_read_reduction(Typed *typed, PyObject *step, Site *site)
{
    PyObject *native, *callee, *ufunc;
    Field fields[] = {{"native", &native, NULL},
                      {"callee", &callee, NULL},
                      {"ufunc", &ufunc, NULL},
                      {NULL, NULL, NULL}};
    const char *name = record_read(step, fields) < 0 ? NULL : PyUnicode_AsUTF8(native);
    if (name != NULL) {
        typed->native = native_make(site->state->native_type, site, name, callee, ufunc);
    }
    return typed->native != NULL;
}

/* Whether a loop's operands are float64 scalars and Python numbers, as far as those have come. */
static int
inference_of_scalars(const Typing *typing, const Node *node, const Values *values)
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

/* Take over what is done at one node; 0 if it can't be done, or with an exception. */
static int
inference_read_step(Typing *typing, const Program *program, int i, PyObject *step, Site *site,
                    const Values *values)
{
    Typed *typed = &typing->typed[i];
    const Node *node = &program->nodes[i];
    PyObject *action;
    if (record_read(step, (Field[]){{"action", &action, NULL}, {NULL, NULL, NULL}}) < 0) {
        return 0;
    }
    int number = inference_named(inference_actions, N_ACTIONS, action);
    if (number == N_ACTIONS) {
        PyErr_Format(PyExc_ValueError, "no step is called %R", action);
        return 0;
    }
    typed->action = (enum action)number;
    switch (typed->action) {
    case ACT_LOOP:
        if (!inference_read_loop(typed, step)) {
            return 0;
        }
        if (inference_of_scalars(typing, node, values)) {
            typed->action = ACT_SCALAR;
            typing->numbers[typing->n_numbers++] = i;
        }
        return 1;
    case ACT_WHERE:
        return inference_read_where(typed, node, step);
    case ACT_REDUCE:
        typing->n_reductions++;
        return inference_read_reduction(typed, step, site);
    case ACT_NUMBER:
        typing->numbers[typing->n_numbers++] = i;
        return 1;
    default:
        return 1;
    }
}

/* Note the dtypes of all nodes that are arrays or become some; 0 if there is a view of anything
 * else. */
static int
inference_note_results(Typing *typing, const Program *program, const Values *values)
{
    for (int i = 0; i < program->n_nodes; i++) {
        const Node *node = &program->nodes[i];
        Typed *typed = &typing->typed[i];
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
        else if (action_is_step(typed->action)) {
            descr = typed->descrs[typed->n_in];
            for (int k = 0; k < typed->n_in; k++) {
                typed->operands[k] = typing_array(typing, program, typed->operands[k]);
            }
        }
        else if (typed->action == ACT_STORE) {
            descr = typing->results[node->operands[2]];
        }
        typing->results[i] = (PyArray_Descr *)Py_XNewRef((PyObject *)descr);
    }
    return 1;
}

/* Whether something is asked about a node's value. */
static int
inference_is_guarded(const Node *node, PyObject *value)
{
    return value != NULL && (node->is_operand || node->is_callable || node->is_guarded);
}

/* The kinds of the values that are there, a list; NULL with an exception, or without if a value is
 * of no kind that could be told from others later. */
static PyObject *
inference_kinds(Typing *typing, const Program *program, const Values *values)
{
    PyObject *kinds = PyList_New(program->n_nodes);
    for (int i = 0; kinds != NULL && i < program->n_nodes; i++) {
        PyObject *kind = Py_None;
        if (inference_is_guarded(&program->nodes[i], values->of[i])) {
            kind = inference_add_guard(typing, &program->nodes[i], i, values->of[i]);
            if (kind == NULL) {
                Py_CLEAR(kinds);
                break;
            }
        }
        else {
            Py_INCREF(kind);
        }
        PyList_SET_ITEM(kinds, i, kind);
    }
    return kinds;
}

/* Ask what each node takes, and take it over; -1 with an exception. */
static int
inference_fill(Typing *typing, const Program *program, Site *site, const Values *values,
               PyObject *kinds)
{
    PyObject *steps = PyObject_CallFunctionObjArgs(site->state->plan_program, program->source,
                                                   kinds, NULL);
    if (steps == NULL) {
        return -1;
    }
    typing->declined = !PyList_Check(steps) || PyList_GET_SIZE(steps) != program->n_nodes;
    for (int i = 0; i < program->n_nodes && !typing->declined; i++) {
        PyObject *step = PyList_GET_ITEM(steps, i);
        if (step != Py_None && !inference_read_step(typing, program, i, step, site, values)) {
            typing->declined = 1;
        }
    }
    Py_DECREF(steps);
    if (!typing->declined && !inference_note_results(typing, program, values)) {
        typing->declined = 1;
    }
    return PyErr_Occurred() ? -1 : 0;
}

/* Room for what there is to know of so many nodes, and as many guards. */
static Typing *
inference_room(const Program *program, int guards)
{
    size_t n = (size_t)program->n_nodes;
    size_t at_guards = sizeof(Typing) + n * sizeof(Typed);
    size_t at_results = at_guards + (size_t)guards * sizeof(Guard);
    size_t at_numbers = at_results + n * sizeof(PyArray_Descr *);
    size_t bytes = at_numbers + n * sizeof(int);
    Typing *typing = PyMem_Calloc(1, bytes);
    if (typing == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    typing->references = 1;
    typing->bytes = bytes;
    typing->n_nodes = program->n_nodes;
    typing->guards = (Guard *)((char *)typing + at_guards);
    typing->results = (PyArray_Descr **)((char *)typing + at_results);
    typing->numbers = (int *)((char *)typing + at_numbers);
    return typing;
}

Typing *
typing_new(const Program *program, Site *site, const Values *values)
{
    int guards = 0;
    for (int i = 0; i < program->n_nodes; i++) {
        guards += inference_is_guarded(&program->nodes[i], values->of[i]);
    }
    Typing *typing = inference_room(program, guards);
    PyObject *kinds = typing == NULL ? NULL : inference_kinds(typing, program, values);
    if (kinds == NULL || inference_fill(typing, program, site, values, kinds) < 0) {
        Py_XDECREF(kinds);
        if (typing != NULL) {
            typing_release(typing);
        }
        return NULL;
    }
    Py_DECREF(kinds);
    return typing;
}
