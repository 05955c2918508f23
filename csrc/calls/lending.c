#include "calls/lending.h"

#include "calls/judge.h"
#include "calls/native.h"

#include <string.h>

#define MOST_LOOKED_INTO 16 /* items of a tuple, list or dictionary, and how deep these may lie */
#define DEEPEST 2
#define NEAR 4    /* places that the lease of a code may have */
#define OFTEN 500 /* calls after which callers are looked at, and then after twice as many */

static THREAD_LOCAL Extent extent;
static vectorcallfunc plainly; /* how every Python function is called */

/* Whether a lease is for these sites, and its code lives. */
static int
lending_is_live(const Lease *lease, const void *sites)
{
    return lease->code != NULL && lease->sites == sites &&
           ((PyWeakReference *)lease->code)->wr_object != Py_None;
}

/* Whether a lease is for this code, and for these sites. */
static int
lending_is_for(const Lease *lease, PyObject *code, const void *sites)
{
    return code != NULL && lease->code != NULL && lease->sites == sites &&
           ((PyWeakReference *)lease->code)->wr_object == code;
}

/* The place for the lease of a function's code: the one that it has, or else one that may be taken
 * from another. */
static Lease *
lending_place(const State *state, PyObject *code, const void *sites)
{
    Lease *places = ((State *)state)->leases, *found = NULL;
    size_t first = (size_t)code / 64;
    for (size_t i = 0; i < NEAR; i++) {
        Lease *place = &places[(first + i) % LEASES];
        if (lending_is_for(place, code, sites)) {
            return place;
        }
        if (found == NULL && !lending_is_live(place, sites)) {
            found = place;
        }
    }
    return found != NULL ? found : &places[first % LEASES];
}

/* The rewritten code of a lease; NULL while there is nothing to gain by it. */
static PyObject *
lending_code(const Lease *lease)
{
    PyObject *now = PyCell_GET(lease->current);
    const Judge *judge = lease->judge;
    int is_left = judge != NULL && judge->phase == LEFT && (judge->is_small || judge->is_other);
    return now == Py_None || is_left ? NULL : now;
}

void
lease_clear(Lease *lease)
{
    Lease old = *lease;
    memset(lease, 0, sizeof(*lease));
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
        if (turn.is_rewritten || judge->is_other) {
            result = plainly(turn.is_rewritten ? instance : function, args, nargsf, names);
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

static int lending_callers(Lease *);

/* What a function that has been lent is called by. */
static PyObject *
lending_call(PyObject *function, PyObject *const *args, size_t nargsf, PyObject *names)
{
    if (extent.site == NULL) {
        return plainly(function, args, nargsf, names);
    }
    PyObject *code = plain_code_of(function);
    Lease *lease = lending_place(extent.site->state, code, extent.sites);
    if (!lending_is_for(lease, code, extent.sites)) {
        return plainly(function, args, nargsf, names);
    }
    if (lease->due && ++lease->calls >= lease->due) {
        if (lending_callers(lease) < 0) {
            return NULL;
        }
        if (!lending_is_for(lease, code, extent.sites)) {
            return plainly(function, args, nargsf, names);
        }
    }
    PyObject *now = lending_code(lease);
    if (now == NULL) {
        ((PyFunctionObject *)function)->vectorcall = plainly;
        return plainly(function, args, nargsf, names);
    }
    Judge *judge = lease->judge;
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

/* Have a function called by `lending_call`. */
static void
lending_mark(PyFunctionObject *function)
{
    if (function->vectorcall != lending_call) {
        plainly = function->vectorcall;
#if PY_VERSION_HEX >= 0x030C0000
        PyFunction_SetVectorcall(function, lending_call);
#else
        function->vectorcall = lending_call;
        function->func_version = 0;
#endif
    }
}

/* Lend one function: 1, or 0 if it is not the user's or gains nothing, or -1. */
static int
lending_lend(Site *site, const void *sites, PyObject *function)
{
    const State *state = site->state;
    PyObject *code = ((PyFunctionObject *)function)->func_code;
    Lease *lease = lending_place(state, code, sites);
    if (!lending_is_for(lease, code, sites)) {
        PyObject *reference = PyWeakref_NewRef(code, NULL);
        PyObject *plan = reference == NULL ? NULL
                                           : PyObject_CallFunctionObjArgs(
                                                 state->plan_callback, site->spec, function, NULL);
        PyObject *current, *judge;
        int found = plan == NULL ? -1 : 0;
        if (plan != NULL && plan != Py_None) {
            found = PyArg_ParseTuple(plan, "O!O", &PyCell_Type, &current, &judge) ? 1 : -1;
        }
        if (found == 1) {
            lease_clear(lease);
            *lease = (Lease){.code = Py_NewRef(reference), .current = Py_NewRef(current)};
            lease->judge = judge == Py_None ? NULL : (Judge *)Py_NewRef(judge);
            lease->sites = sites;
            lease->due = OFTEN;
        }
        Py_XDECREF(plan);
        Py_XDECREF(reference);
        if (found <= 0) {
            return found;
        }
    }
    if (lending_code(lease) == NULL) {
        return 0;
    }
    lending_mark((PyFunctionObject *)function);
    return 1;
}

/* Lend a function of other code, unless its place is another's who lends to the same code. */
static int
lending_lend_other(PyObject *function, PyObject *current, PyObject *judge)
{
    PyObject *code = ((PyFunctionObject *)function)->func_code;
    Lease *lease = lending_place(extent.site->state, code, extent.sites);
    if (!lending_is_for(lease, code, extent.sites)) {
        if (lending_is_live(lease, extent.sites)) {
            return 0;
        }
        PyObject *reference = PyWeakref_NewRef(code, NULL);
        if (reference == NULL) {
            return -1;
        }
        lease_clear(lease);
        *lease = (Lease){.code = reference, .current = Py_NewRef(current), .sites = extent.sites};
        lease->judge = judge == Py_None ? NULL : (Judge *)Py_NewRef(judge);
    }
    if (lending_code(lease) != NULL) {
        lending_mark((PyFunctionObject *)function);
    }
    return 0;
}

/* Lend the functions of other code that call a function which was lent to it. */
static int
lending_callers(Lease *lease)
{
    lease->calls = 0;
    lease->due = lease->due < 1u << 20 ? 2 * lease->due : 0;
    PyObject *found = PyObject_CallOneArg(extent.site->state->plan_callers, extent.site->spec);
    int failed = found == NULL;
    for (Py_ssize_t i = 0; !failed && i < PyTuple_GET_SIZE(found); i++) {
        PyObject *function, *current, *judge;
        failed = !PyArg_ParseTuple(PyTuple_GET_ITEM(found, i), "O!O!O", &PyFunction_Type, &function,
                                   &PyCell_Type, &current, &judge) ||
                 lending_lend_other(function, current, judge) < 0;
    }
    Py_XDECREF(found);
    return failed ? -1 : 0;
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
