#include "regions/inference.h"

#include "numpy/record.h"
#include "regions/needs.h"
#include "regions/plan.h"

#include <string.h>

static void
inference_clear(Typed *typed)
{
    Py_CLEAR(typed->capsule);
    PyMem_Free(typed->feed);
    Py_CLEAR(typed->ufunc);
    Py_CLEAR(typed->native);
    PyMem_Free(typed->masked);
    for (int i = 0; i < STEP_OPERANDS; i++) {
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
    if (need == NEED_VALUE) {
        guard->is_any = 1;
        guard->leaf.identity = Py_NewRef(Py_None);
        typing->n_guards++;
        return Py_NewRef(Py_True); /* as for what is not needed */
    }
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

/* The dtype of a view; NULL if there is none. That of a part is owned by `part`. */
static PyArray_Descr *
inference_viewed(const Node *node, PyArray_Descr *of, PyArray_Descr **part)
{
    if (!node->part || of == NULL) {
        return of;
    }
    *part = of->type_num == NPY_CFLOAT        ? PyArray_DescrFromType(NPY_FLOAT)
            : of->type_num == NPY_CDOUBLE     ? PyArray_DescrFromType(NPY_DOUBLE)
            : of->type_num == NPY_CLONGDOUBLE ? PyArray_DescrFromType(NPY_LONGDOUBLE)
                                              : NULL;
    return *part;
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
        PyArray_Descr *descr = NULL, *part = NULL;
        if (value != NULL && needs[i] == NEED_KIND && PyArray_CheckExact(value)) {
            descr = PyArray_DESCR((PyArrayObject *)value);
        }
        else if (value == NULL && (node->kind == NODE_INDEX || node->kind == NODE_ATTRIBUTE)) {
            descr = inference_viewed(node, typing->results[node->operands[0]], &part);
            if (descr == NULL) {
                typing->fault = i;
                return 0;
            }
        }
        else if (action_is_step(typed->action)) {
            descr = typed->descrs[typed->n_in];
            typed->like = typed->like < 0 ? -1 : typing_array(typing, program, typed->like);
            for (int k = 0; k < typed->n_in; k++) {
                typed->operands[k] = typing_array(typing, program, typed->operands[k]);
            }
        }
        else if (action_is_native(typed->action)) {
            descr = typed->descrs[0];
            for (int k = 0; k < typed->n_arrays; k++) {
                typed->arrays[k] = typing_array(typing, program, typed->arrays[k]);
            }
        }
        else if (typed->action == ACT_STORE) {
            descr = typing->results[node->operands[2]];
        }
        typing->results[i] = (PyArray_Descr *)Py_XNewRef((PyObject *)descr);
        Py_XDECREF((PyObject *)part);
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
        if (step != Py_None && !typed_read(typing, program, i, step, site)) {
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
