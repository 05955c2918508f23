#include "regions/inference.h"

#include "numpy/record.h"
#include "regions/needs.h"
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
    Py_CLEAR(typing->reason);
    PyMem_Free(typing);
}

/* Note what a value is, and return what Python is asked about: a new reference. */
static PyObject *
inference_add_guard(Typing *typing, const Node *node, int number, PyObject *value, enum need need)
{
    Guard *guard = &typing->guards[typing->n_guards];
    enum leaf_kind kind = leaf_kind_of(value);
    guard->node = number;
    if (need == NEED_OBJECT) {
        guard->is_object = 1;
        guard->leaf.identity = Py_NewRef(value);
        typing->n_guards++;
        return Py_NewRef(value);
    }
    PyObject *descr = leaf_descr(value, kind);
    if (descr == NULL || node->kind == NODE_CONST) { /* always the same */
        return descr;
    }
    guard->leaf.kind = kind;
    guard->leaf.identity = Py_NewRef(kind == LEAF_ARRAY ? descr : (PyObject *)Py_TYPE(value));
    guard->has_axes = kind == LEAF_ARRAY && PyArray_NDIM((PyArrayObject *)value) > 0;
    typing->n_guards++;
    if (need == NEED_EXPONENT) {
        guard->is_exponent = 1;
        guard->special = exponent_special(value);
        if (!isnan(guard->special)) {
            Py_DECREF(descr);
            return Py_NewRef(value);
        }
    }
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
    PyObject *loop, *operands, *ufunc, *operation, *order, *capsule, *dtypes;
    Field fields[] = {{"loop", &loop, NULL},
                      {"operands", &operands, NULL},
                      {"ufunc", &ufunc, NULL},
                      {"operation", &operation, NULL},
                      {"order", &order, NULL},
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
    typed->order = PyUnicode_Check(order) && PyUnicode_GetLength(order)
                       ? (char)PyUnicode_ReadChar(order, 0)
                       : 0;
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
    PyObject *native, *callee, *ufunc, *dtype, *loop, *order;
    Field fields[] = {{"native", &native, NULL},
                      {"callee", &callee, NULL},
                      {"ufunc", &ufunc, NULL},
                      {"dtype", &dtype, NULL},
                      {"loop", &loop, NULL},
                      {"feeds", &order, NULL},
                      {NULL, NULL, NULL}};
    const char *name = record_read(step, fields) < 0 ? NULL : PyUnicode_AsUTF8(native);
    if (name != NULL && PyArray_DescrCheck(dtype)) {
        typed->descrs[0] = (PyArray_Descr *)Py_NewRef(dtype);
    }
    if (name != NULL && PyUnicode_Check(order) && typed->descrs[0] != NULL &&
        feeding_read(typed, loop, order) < 0) {
        return 0;
    }
    if (name != NULL) {
        typed->native = native_make(site->state->native_type, site, name, callee, ufunc,
                                    Py_None);
    }
    return typed->native != NULL;
}

/* Take over what is done at one node; 0 if it can't be done, or with an exception. */
static int
inference_read_step(Typing *typing, const Program *program, int i, PyObject *step, Site *site)
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
        return inference_read_loop(typed, step);
    case ACT_WHERE:
        return inference_read_where(typed, node, step);
    case ACT_REDUCE:
        typing->n_reductions++;
        return inference_read_reduction(typed, step, site);
    default:
        return 1;
    }
}

/* Note the dtypes of all nodes that are arrays and needed, or become some; 0 if there is a view of
 * anything else. */
static int
inference_note_results(Typing *typing, const Program *program, const Values *values,
                       const enum need *needs)
{
    for (int i = 0; i < program->n_nodes; i++) {
        const Node *node = &program->nodes[i];
        Typed *typed = &typing->typed[i];
        PyObject *value = values->of[i];
        PyArray_Descr *descr = NULL;
        if (value != NULL && needs[i] == NEED_KIND && PyArray_CheckExact(value)) {
            descr = PyArray_DESCR((PyArrayObject *)value);
        }
        else if (value == NULL && (node->kind == NODE_INDEX || node->kind == NODE_ATTRIBUTE)) {
            descr = typing->results[node->operands[0]];
            if (descr == NULL) {
                typing->fault = i;
                return 0;
            }
        }
        else if (action_is_step(typed->action)) {
            descr = typed->descrs[typed->n_in];
            for (int k = 0; k < typed->n_in; k++) {
                typed->operands[k] = typing_array(typing, program, typed->operands[k]);
            }
        }
        else if (typed->action == ACT_REDUCE) {
            descr = typed->descrs[0];
        }
        else if (typed->action == ACT_STORE) {
            descr = typing->results[node->operands[2]];
        }
        typing->results[i] = (PyArray_Descr *)Py_XNewRef((PyObject *)descr);
    }
    return 1;
}

/* The kinds of the values that are there, a list, with True for those that are not needed; NULL
 * with an exception. */
static PyObject *
inference_kinds(Typing *typing, const Program *program, const Values *values,
                const enum need *needs)
{
    PyObject *kinds = PyList_New(program->n_nodes);
    for (int i = 0; kinds != NULL && i < program->n_nodes; i++) {
        PyObject *value = values->of[i];
        PyObject *kind;
        if (value != NULL && needs[i] != NEED_NOTHING) {
            kind = inference_add_guard(typing, &program->nodes[i], i, value, needs[i]);
        }
        else {
            kind = Py_NewRef(value == NULL ? Py_None : Py_True);
        }
        if (kind == NULL) {
            Py_CLEAR(kinds);
            break;
        }
        PyList_SET_ITEM(kinds, i, kind);
    }
    return kinds;
}

/* Take over why nothing can be done (`Refusal`); 0 with an exception. */
static int
inference_read_refusal(Typing *typing, PyObject *refusal)
{
    PyObject *node, *reason;
    Field fields[] = {{"node", &node, NULL}, {"reason", &reason, NULL}, {NULL, NULL, NULL}};
    if (record_read(refusal, fields) < 0) {
        return 0;
    }
    typing->fault = (int)PyLong_AsLong(node);
    typing->reason = PyUnicode_Check(reason) ? Py_NewRef(reason) : NULL;
    return !PyErr_Occurred();
}

/* Ask what each node takes, and take it over; -1 with an exception. */
static int
inference_fill(Typing *typing, const Program *program, Site *site, const Values *values,
               PyObject *kinds, const enum need *needs)
{
    PyObject *steps = PyObject_CallFunctionObjArgs(site->state->plan_program, program->source,
                                                   kinds, NULL);
    if (steps == NULL) {
        return -1;
    }
    typing->fault = -1;
    typing->declined = !PyList_Check(steps) || PyList_GET_SIZE(steps) != program->n_nodes;
    if (typing->declined && !inference_read_refusal(typing, steps)) {
        Py_DECREF(steps);
        return -1;
    }
    for (int i = 0; i < program->n_nodes && !typing->declined; i++) {
        PyObject *step = PyList_GET_ITEM(steps, i);
        if (step != Py_None && !inference_read_step(typing, program, i, step, site)) {
            typing->declined = 1;
            typing->fault = i;
        }
    }
    Py_DECREF(steps);
    if (!typing->declined && !inference_note_results(typing, program, values, needs)) {
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
    size_t bytes = at_results + n * sizeof(PyArray_Descr *);
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
    return typing;
}

Typing *
typing_new(const Program *program, Site *site, const Values *values)
{
    enum need *needs = STACK_ARRAY(enum need, program->n_nodes);
    int guards = 0;
    needs_find(program, values, needs);
    for (int i = 0; i < program->n_nodes; i++) {
        guards += needs[i] != NEED_NOTHING && values->of[i] != NULL;
    }
    Typing *typing = inference_room(program, guards);
    PyObject *kinds =
        typing == NULL ? NULL : inference_kinds(typing, program, values, needs);
    if (kinds == NULL || inference_fill(typing, program, site, values, kinds, needs) < 0) {
        Py_XDECREF(kinds);
        if (typing != NULL) {
            typing_release(typing);
        }
        return NULL;
    }
    Py_DECREF(kinds);
    return typing;
}
