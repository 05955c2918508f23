/* What Python answers about a step of a region's program, taken over. */
#include "regions/inference.h"

#include "numpy/record.h"
#include "numpy/select.h"

/* The place of a text in a list of names; the number of names if it isn't there. */
static int
answers_named(const char *const *names, int n, PyObject *text)
{
    int i = 0;
    while (i < n && (!PyUnicode_Check(text) ||
                     PyUnicode_CompareWithASCIIString(text, names[i]) != 0)) {
        i++;
    }
    return i;
}

#define NAME(name, text) text,
static const char *const answers_actions[] = {ACTIONS(NAME)};
static const char *const answers_patchings[] = {PATCHINGS(NAME)};
static const char *const answers_results[] = {RESULTS(NAME)};
static const char *const answers_operations[] = {UFUNC_OPERATIONS(NAME)};
#undef NAME
#define N_ACTIONS ((int)(sizeof(answers_actions) / sizeof(answers_actions[0])))
#define N_PATCHINGS ((int)(sizeof(answers_patchings) / sizeof(answers_patchings[0])))
#define N_RESULTS ((int)(sizeof(answers_results) / sizeof(answers_results[0])))
#define N_OPERATIONS ((int)(sizeof(answers_operations) / sizeof(answers_operations[0])))

/* The first letter of a text; 0 if it has none. */
static char
answers_letter(PyObject *text)
{
    return PyUnicode_Check(text) && PyUnicode_GetLength(text) ? (char)PyUnicode_ReadChar(text, 0)
                                                              : 0;
}

/* Put a loop under a mask, with what the result is elsewhere; 0 if there is no code for that. */
static int
answers_mask(Typed *typed, int n_in)
{
    PyArray_Descr *descr = typed->descrs[n_in];
    typed->masked = PyMem_Calloc(1, sizeof(Masked));
    if (typed->masked == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    *typed->masked = (Masked){.call = typed->call, .n_in = n_in,
                              .copy = copy_loop(PyDataType_ELSIZE(descr))};
    typed->call.loop = masked_loop;
    typed->call.auxdata = &typed->masked->base;
    typed->descrs[n_in + 1] = PyArray_DescrFromType(NPY_BOOL);
    typed->descrs[n_in + 2] = (PyArray_Descr *)Py_NewRef((PyObject *)descr);
    return typed->masked->copy != NULL;
}

/* Take over a loop (`LoopStep`); 0 if it can't be called. */
static int
answers_read_loop(Typed *typed, PyObject *step)
{
    PyObject *loop, *operands, *ufunc, *operation, *order, *into, *sets, *capsule, *dtypes;
    int is_masked;
    Field fields[] = {{"loop", &loop, NULL},
                      {"operands", &operands, NULL},
                      {"ufunc", &ufunc, NULL},
                      {"operation", &operation, NULL},
                      {"order", &order, NULL},
                      {"into", &into, NULL},
                      {"sets", &sets, NULL},
                      {"is_masked", NULL, &is_masked},
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
    if (!usable || !PyTuple_Check(operands) || PyTuple_GET_SIZE(operands) > STEP_IN ||
        !PyTuple_Check(dtypes) || !PyObject_TypeCheck(ufunc, &PyUFunc_Type) ||
        PyTuple_GET_SIZE(dtypes) + 2 * is_masked != PyTuple_GET_SIZE(operands) + 1) {
        return 0;
    }
    typed->ufunc = Py_NewRef(ufunc);
    typed->name = ((PyUFuncObject *)ufunc)->name;
    int number = answers_named(answers_operations, N_OPERATIONS, operation);
    typed->operation = number < N_OPERATIONS ? (enum operation)number : OP_OTHER;
    typed->order = answers_letter(order);
    typed->sets = answers_letter(sets);
    typed->into = (int)PyLong_AsLong(into);
    typed->n_in = (int)PyTuple_GET_SIZE(operands);
    int n_in = typed->n_in - 2 * is_masked; /* of the loop itself */
    for (int i = 0; i < typed->n_in; i++) {
        typed->operands[i] = (int)PyLong_AsLong(PyTuple_GET_ITEM(operands, i));
    }
    for (int i = 0; i <= n_in; i++) {
        typed->descrs[i] = (PyArray_Descr *)Py_NewRef(PyTuple_GET_ITEM(dtypes, i));
    }
    return !is_masked || answers_mask(typed, n_in);
}

/* Take over a choice (`WhereStep`). */
static int
answers_read_where(Typed *typed, const Node *node, PyObject *step)
{
    PyObject *dtype, *into, *sets, *order;
    Field fields[] = {{"dtype", &dtype, NULL},
                      {"into", &into, NULL},
                      {"sets", &sets, NULL},
                      {"order", &order, NULL},
                      {NULL, NULL, NULL}};
    if (record_read(step, fields) < 0) {
        return 0;
    }
    typed->order = answers_letter(order);
    typed->into = (int)PyLong_AsLong(into);
    typed->sets = answers_letter(sets);
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

/* Take over nodes, at most so many; -1 if they aren't. */
static int
answers_nodes(PyObject *tuple, int most, int *nodes)
{
    if (!PyTuple_Check(tuple) || PyTuple_GET_SIZE(tuple) > most) {
        return -1;
    }
    for (int i = 0; i < (int)PyTuple_GET_SIZE(tuple); i++) {
        nodes[i] = (int)PyLong_AsLong(PyTuple_GET_ITEM(tuple, i));
    }
    return (int)PyTuple_GET_SIZE(tuple);
}

/* Take over what is put together from patches (`PatchStep`). */
static int
answers_read_patches(Typed *typed, PyObject *step)
{
    PyObject *dtype, *operands, *numbers, *how, *like;
    Field fields[] = {{"dtype", &dtype, NULL},
                      {"operands", &operands, NULL},
                      {"numbers", &numbers, NULL},
                      {"how", &how, NULL},
                      {"like", &like, NULL},
                      {NULL, NULL, NULL}};
    if (record_read(step, fields) < 0) {
        return 0;
    }
    int number = answers_named(answers_patchings, N_PATCHINGS, how);
    typed->n_in = answers_nodes(operands, STEP_IN, typed->operands);
    if (number == N_PATCHINGS || typed->n_in < 1 ||
        answers_nodes(numbers, 2, typed->numbers) != 2) {
        typed->n_in = 0;
        return 0;
    }
    typed->patching = (enum patching)number;
    typed->like = (int)PyLong_AsLong(like);
    typed->operation = OP_PATCHWORK;
    typed->call.raises_nothing = 1;
    typed->stride_invariant = 1;
    for (int i = 0; i <= typed->n_in; i++) {
        typed->descrs[i] = (PyArray_Descr *)Py_NewRef(dtype);
    }
    return 1;
}

/* Make the native of a reduction or routine. */
static int
answers_make_native(Typed *typed, Site *site, const char *name, PyObject *callee, PyObject *more)
{
    typed->native = native_make(site->state->native_type, site, name, callee, more, Py_None);
    if (typed->native != NULL) {
        ((Native *)typed->native)->in_region = 1;
    }
    return typed->native != NULL;
}

/* Take over one of NumPy's routines (`RoutineStep`). */
static int
answers_read_routine(Typed *typed, PyObject *step, Site *site)
{
    PyObject *native, *callee, *more, *dtype, *arrays, *result;
    Field fields[] = {{"native", &native, NULL},
                      {"callee", &callee, NULL},
                      {"more", &more, NULL},
                      {"dtype", &dtype, NULL},
                      {"arrays", &arrays, NULL},
                      {"result", &result, NULL},
                      {NULL, NULL, NULL}};
    const char *name = record_read(step, fields) < 0 ? NULL : PyUnicode_AsUTF8(native);
    if (name == NULL || !PyArray_DescrCheck(dtype)) {
        return 0;
    }
    int number = answers_named(answers_results, N_RESULTS, result);
    typed->n_arrays = answers_nodes(arrays, MOST_ARRAYS, typed->arrays);
    if (number == N_RESULTS || typed->n_arrays < 1) {
        typed->n_arrays = 0;
        return 0;
    }
    typed->result = (enum result)number;
    typed->descrs[0] = (PyArray_Descr *)Py_NewRef(dtype);
    return answers_make_native(typed, site, name, callee, more);
}

/* Take over a reduction (`ReduceStep`). */
static int
answers_read_reduction(Typed *typed, const Node *node, PyObject *step, Site *site)
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
    typed->n_arrays = 1;
    typed->arrays[0] = node->operands[node->kind == NODE_CALL];
    return name != NULL && answers_make_native(typed, site, name, callee, ufunc);
}

/* Take over what is done at one node; 0 if it can't be done, or with an exception. */
int
typed_read(Typing *typing, const Program *program, int i, PyObject *step, Site *site)
{
    Typed *typed = &typing->typed[i];
    const Node *node = &program->nodes[i];
    PyObject *action;
    typed->into = typed->like = -1;
    if (record_read(step, (Field[]){{"action", &action, NULL}, {NULL, NULL, NULL}}) < 0) {
        return 0;
    }
    int number = answers_named(answers_actions, N_ACTIONS, action);
    if (number == N_ACTIONS) {
        PyErr_Format(PyExc_ValueError, "no step is called %R", action);
        return 0;
    }
    typed->action = (enum action)number;
    switch (typed->action) {
    case ACT_LOOP:
        return answers_read_loop(typed, step);
    case ACT_WHERE:
        return answers_read_where(typed, node, step);
    case ACT_PATCH:
        return answers_read_patches(typed, step);
    case ACT_REDUCE:
        typing->n_reductions++;
        return answers_read_reduction(typed, node, step, site);
    case ACT_ROUTINE:
        return answers_read_routine(typed, step, site);
    default:
        return 1;
    }
}
