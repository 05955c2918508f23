/* Calls of functions with numbers: what they are carried out by, learnt from Python once for each
 * callee and the types that it gets. */
#include "regions/numbers.h"

#include "numpy/record.h"

void
number_call_clear(NumberCall *known)
{
    known->action = CALL_UNKNOWN;
    Py_CLEAR(known->callee);
    Py_CLEAR(known->capsule);
    for (int i = 0; i <= MOST_NUMBERS; i++) {
        Py_CLEAR(known->descrs[i]);
        if (i < MOST_NUMBERS) {
            Py_CLEAR(known->types[i]);
        }
    }
}

int
number_call_traverse(const NumberCall *known, visitproc visit, void *arg)
{
    Py_VISIT(known->callee);
    for (int i = 0; i < MOST_NUMBERS; i++) {
        Py_VISIT((PyObject *)known->types[i]);
    }
    return 0;
}

/* Take over what Python answers: None, True, or a `Loop`; -1 with an exception. */
static int
number_calls_read_answer(NumberCall *made, PyObject *answer)
{
    PyObject *capsule, *dtypes;
    Field fields[] = {{"capsule", &capsule, NULL},
                      {"dtypes", &dtypes, NULL},
                      {"slow_status", NULL, &made->slow_status},
                      {NULL, NULL, NULL}};
    made->action = answer == Py_True ? CALL_MADE : CALL_LEFT;
    if (answer == Py_True || answer == Py_None) {
        return 0;
    }
    int usable;
    if (record_read(answer, fields) < 0 || (usable = loop_read(capsule, &made->call)) < 0) {
        return -1;
    }
    if (!usable || !PyTuple_Check(dtypes) || PyTuple_GET_SIZE(dtypes) != made->n + 1) {
        return 0;
    }
    made->capsule = Py_NewRef(capsule);
    for (int i = 0; i <= made->n; i++) {
        made->descrs[i] = (PyArray_Descr *)Py_NewRef(PyTuple_GET_ITEM(dtypes, i));
    }
    made->action = CALL_LOOP;
    return 0;
}

/* Ask what a call does; 0 with an exception. */
static NOINLINE int
number_calls_learn(const State *state, NumberCall *known, PyObject *callee,
                   PyObject *const *args, int n)
{
    NumberCall made = {.callee = Py_NewRef(callee), .n = n};
    PyObject *kinds = PyTuple_New(n), *answer = NULL;
    for (int i = 0; kinds != NULL && i < n; i++) {
        PyObject *kind = PyArray_CheckExact(args[i]) /* which is no number */
                             ? Py_NewRef((PyObject *)Py_TYPE(args[i]))
                             : leaf_descr(args[i], leaf_kind_of(args[i]));
        made.types[i] = (PyTypeObject *)Py_NewRef(Py_TYPE(args[i]));
        if (kind == NULL) {
            Py_CLEAR(kinds);
            break;
        }
        PyTuple_SET_ITEM(kinds, i, kind);
    }
    if (kinds != NULL) {
        answer = PyObject_CallFunctionObjArgs(state->plan_number, callee, kinds, NULL);
    }
    int failed = answer == NULL || number_calls_read_answer(&made, answer) < 0;
    Py_XDECREF(kinds);
    Py_XDECREF(answer);
    NumberCall before = *known; /* another thread may have put one there */
    *known = failed ? (NumberCall){.action = CALL_UNKNOWN} : made;
    number_call_clear(failed ? &made : &before);
    if (failed) {
        number_call_clear(&before);
    }
    return !failed;
}

static int
number_calls_is_known(const NumberCall *known, PyObject *callee, PyObject *const *args, int n)
{
    if (known->callee != callee || known->n != n || known->action == CALL_UNKNOWN) {
        return 0;
    }
    for (int i = 0; i < n; i++) {
        if (known->types[i] != Py_TYPE(args[i])) {
            return 0;
        }
    }
    return 1;
}

/* Run a loop for one item of each operand, with the strides that NumPy gives it then. */
static PyObject *
number_calls_loop(const NumberCall *known, PyObject *const *args)
{
    ItemRoom room[MOST_NUMBERS + 1];
    char *data[MOST_NUMBERS + 1];
    npy_intp strides[MOST_NUMBERS + 1], one = 1;
    int n = known->n;
    for (int i = 0; i <= n; i++) {
        data[i] = room[i].bytes;
        strides[i] = i < n ? 0 : PyDataType_ELSIZE(known->descrs[i]);
        if (i < n && !leaf_item(args[i], leaf_kind_of(args[i]), known->descrs[i], data[i])) {
            return NULL;
        }
    }
    status_clear(1);
    int failed = known->call.loop(known->call.context, data, &one, strides, known->call.auxdata);
    if (loop_failed(failed, known->slow_status)) {
        PyErr_Clear(); /* the original code meets it again, at its own line */
        return NULL;
    }
    if (status_raised(1)) {
        status_clear(1);
        return NULL;
    }
    return number_item(known->descrs[n], data[n]);
}

PyObject *
number_called(const State *state, NumberCall *known, PyObject *callee, PyObject *const *args, int n)
{
    if (n > MOST_NUMBERS) {
        return NULL;
    }
    if (!number_calls_is_known(known, callee, args, n) &&
        (!number_calls_learn(state, known, callee, args, n) ||
         !number_calls_is_known(known, callee, args, n))) {
        return NULL;
    }
    if (known->action == CALL_LOOP) {
        return number_calls_loop(known, args);
    }
    if (known->action == CALL_LEFT) {
        return NULL;
    }
    return number_quietly(PyObject_Vectorcall(callee, args, (size_t)n, NULL));
}
