#include "calls/lending.h"

#include "calls/judge.h"
#include "calls/native.h"

#include <string.h>

#define MOST_LOOKED_INTO 16 /* items of a tuple, list or dictionary, and how deep these may lie */
#define DEEPEST 2

static THREAD_LOCAL Extent extent;
static vectorcallfunc plainly; /* how every Python function is called */

/* The place for a function's lease. Another function's may push it out. */
static Lease *
lending_place(const State *state, PyObject *function)
{
    return &((State *)state)->leases[((size_t)function / 64) % LEASES];
}

static PyObject *
lending_referent(PyObject *reference)
{
    return reference == NULL ? NULL : ((PyWeakReference *)reference)->wr_object;
}

void
lease_clear(Lease *lease)
{
    Lease old = *lease;
    memset(lease, 0, sizeof(*lease));
    Py_XDECREF(old.function);
    Py_XDECREF(old.code);
    Py_XDECREF(old.current);
    Py_XDECREF(old.judge);
}

/* Call a lent function's rewritten form, or in its turn the original under the handler. */
static PyObject *
lending_call_judged(Judge *judge, PyObject *function, PyObject *instance, PyObject *const *args,
                    size_t nargsf, PyObject *names)
{
    if (judge == NULL || judge->phase == KEPT) {
        return plainly(instance, args, nargsf, names);
    }
    Turn turn;
    PyObject *result = NULL;
    Site *site = (Site *)Py_NewRef((PyObject *)extent.site);
    Py_INCREF(judge);
    if (judge_begin(judge, &turn) == 0) {
        if (turn.is_rewritten) {
            result = plainly(instance, args, nargsf, names);
        }
        else {
            result = judge_route(judge, &turn, site, function, args, nargsf, names);
        }
        if (judge_end(judge, &turn, result != NULL) < 0) {
            Py_CLEAR(result);
        }
    }
    Py_DECREF(judge);
    Py_DECREF(site);
    return result;
}

/* What a function that has been lent is called by. */
static PyObject *
lending_call(PyObject *function, PyObject *const *args, size_t nargsf, PyObject *names)
{
    if (extent.site == NULL) {
        return plainly(function, args, nargsf, names);
    }
    Lease *lease = lending_place(extent.site->state, function);
    PyObject *code = plain_code_of(function);
    if (lending_referent(lease->function) != function || lease->sites != extent.sites ||
        code == NULL || lending_referent(lease->code) != code) {
        return plainly(function, args, nargsf, names);
    }
    Judge *judge = lease->judge;
    PyObject *now = PyCell_GET(lease->current);
    int is_left = judge != NULL && judge->phase == LEFT && judge->is_small;
    if (now == NULL || now == Py_None || is_left) {
        ((PyFunctionObject *)function)->vectorcall = plainly; /* nothing to gain */
        lease_clear(lease);
        return plainly(function, args, nargsf, names);
    }
    extent.used++;
    Py_INCREF(function);
    Py_INCREF(now);
    Py_XINCREF(judge);
    PyObject *instance = instance_of(now, function);
    PyObject *result =
        instance == NULL ? NULL
                         : lending_call_judged(judge, function, instance, args, nargsf, names);
    Py_XDECREF(instance);
    Py_XDECREF(judge);
    Py_DECREF(now);
    Py_DECREF(function);
    return result;
}

/* Lend one function: 1, or 0 if it is not the user's, or -1. */
static int
lending_lend(Site *site, const void *sites, PyObject *function)
{
    const State *state = site->state;
    Lease *lease = lending_place(state, function);
    PyFunctionObject *fields = (PyFunctionObject *)function;
    if (fields->vectorcall == lending_call && lending_referent(lease->function) == function &&
        lease->sites == sites && lending_referent(lease->code) == fields->func_code) {
        return 1;
    }
    PyObject *plan =
        PyObject_CallFunctionObjArgs(state->plan_callback, site->spec, function, NULL);
    if (plan == NULL || plan == Py_None) {
        Py_XDECREF(plan);
        return plan == NULL ? -1 : 0;
    }
    PyObject *current, *judge;
    Lease made = {.sites = sites};
    if (PyArg_ParseTuple(plan, "O!O", &PyCell_Type, &current, &judge)) {
        made.current = Py_NewRef(current);
        made.judge = judge == Py_None ? NULL : (Judge *)Py_NewRef(judge);
        made.function = PyWeakref_NewRef(function, NULL);
        made.code = PyWeakref_NewRef(fields->func_code, NULL);
    }
    Py_DECREF(plan);
    if (made.function == NULL || made.code == NULL) {
        lease_clear(&made);
        return -1;
    }
    lease_clear(lease);
    *lease = made;
    if (fields->vectorcall != lending_call) {
        plainly = fields->vectorcall;
#if PY_VERSION_HEX >= 0x030C0000
        PyFunction_SetVectorcall(fields, lending_call);
#else
        fields->vectorcall = lending_call;
        fields->func_version = 0;
#endif
    }
    return 1;
}

/* Lend the functions in a value; how many, or -1. */
static int
lending_look(Site *site, const void *sites, PyObject *value, int depth)
{
    if (PyMethod_Check(value)) {
        value = PyMethod_GET_FUNCTION(value);
    }
    if (PyFunction_Check(value)) {
        return lending_lend(site, sites, value);
    }
    int found = 0, more;
    if (depth && (PyTuple_CheckExact(value) || PyList_CheckExact(value))) {
        for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(value) && i < MOST_LOOKED_INTO; i++) {
            PyObject *item = Py_NewRef(PySequence_Fast_GET_ITEM(value, i));
            more = lending_look(site, sites, item, depth - 1);
            Py_DECREF(item);
            if (more < 0) {
                return -1;
            }
            found += more;
        }
    }
    else if (depth && PyDict_CheckExact(value) && PyDict_GET_SIZE(value) <= MOST_LOOKED_INTO) {
        PyObject *values = PyDict_Values(value);
        found = values == NULL ? -1 : lending_look(site, sites, values, depth);
        Py_XDECREF(values);
    }
    return found;
}

int
lending_begin(Extent *outer, Site *site, PyObject *const *args, Py_ssize_t n)
{
    const void *sites = PyTuple_GET_ITEM(site->spec, 0);
    int found = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        int more = lending_look(site, sites, args[i], DEEPEST);
        if (more < 0) {
            return -1;
        }
        found += more;
    }
    *outer = extent;
    extent = (Extent){.site = (Site *)Py_NewRef((PyObject *)site), .sites = sites};
    return found;
}

void
lending_pause(Extent *outer)
{
    *outer = extent;
    extent = (Extent){NULL, NULL, 0};
}

int
lending_end(const Extent *outer)
{
    Extent ended = extent;
    extent = *outer;
    Py_XDECREF((PyObject *)ended.site);
    return ended.used != 0;
}
