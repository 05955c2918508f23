#include "calls/entry.h"

#include <string.h>

#define LOOKED_AT 16 /* first calls of other code in which it may be lent functions, */
#define SELDOM 64    /* and one in so many after that */

void
entry_clear(Entry *entry)
{
    Entry old = *entry;
    memset(entry, 0, sizeof(*entry));
    PyObject *owned[] = {old.callee,  old.instead, (PyObject *)old.kind, old.native,   old.code,
                         old.current, old.function, old.instance,        old.now,
                         (PyObject *)old.judge};
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
        Py_XDECREF(owned[i]);
    }
}

/* Return the counterpart of a Python function whose code the entry knows. */
static PyObject *
entry_instance(Entry *entry, PyObject *callee, PyObject *now)
{
    if (entry_refers_to(entry->function, callee) && entry->now == now &&
        instance_is_current(entry->instance, callee)) {
        return Py_NewRef(entry->instance);
    }
    /* A collection in the middle may run code that replaces the entry. */
    PyObject *current = Py_NewRef(entry->current);
    Py_INCREF(now);
    PyObject *instance = instance_of(now, callee);
    if (instance != NULL && entry->current == current && entry->keeps_instances &&
        ((PyFunctionObject *)callee)->func_closure == NULL) {
        PyObject *reference = PyWeakref_NewRef(callee, NULL);
        if (reference == NULL) {
            Py_CLEAR(instance);
        }
        else {
            Py_XSETREF(entry->function, reference);
            Py_XSETREF(entry->instance, Py_NewRef(instance));
            Py_XSETREF(entry->now, Py_NewRef(now));
        }
    }
    Py_DECREF(current);
    Py_DECREF(now);
    return instance;
}

/* Return the counterpart of a function or of its method. */
static PyObject *
entry_counterpart(Entry *entry, PyObject *callee, PyObject *now)
{
    if (!PyMethod_Check(callee)) {
        return entry_instance(entry, callee, now);
    }
    PyObject *instance = entry_instance(entry, PyMethod_GET_FUNCTION(callee), now);
    PyObject *method =
        instance == NULL ? NULL : PyMethod_New(instance, PyMethod_GET_SELF(callee));
    Py_XDECREF(instance);
    return method;
}

/* The rewritten code of an entry's function, as long as it has sites; or NULL. */
ALWAYS_INLINE PyObject *
entry_code_now(const Entry *entry)
{
    PyObject *now = entry->current == NULL ? NULL : PyCell_GET(entry->current);
    return now == Py_None ? NULL : now;
}

/* What is called for a function whose original runs: that, or what lends functions to it. */
static PyObject *
entry_original(Entry *entry, Site *site, Judge *judge, PyObject *callee, Outcome *outcome)
{
    unsigned int calls = entry->looked++;
    *outcome = NEITHER;
    if (judge->lends || calls < LOOKED_AT || calls % SELDOM == 0) {
        return judged_make(site, judge, callee, NULL);
    }
    *outcome = judge->phase == WAITING ? NEITHER : MISS;
    return Py_NewRef(callee);
}

static PyObject *
entry_judged(Entry *entry, Site *site, Judge *judge, PyObject *callee, Outcome *outcome)
{
    int is_left = judge->phase == LEFT;
    if (judge->phase == WAITING && !judge->is_other) {
        int waits = judge_waits(judge);
        if (waits != 0) {
            return waits < 0 ? NULL : judged_make(site, judge, callee, NULL);
        }
        is_left = judge->phase == LEFT;
    }
    if (judge->is_other && (judge->phase == WAITING || is_left)) {
        if (judge->phase == WAITING && judge_waited(judge)) {
            entry_clear(entry);
            return NULL;
        }
        return entry_original(entry, site, judge, callee, outcome);
    }
    if (entry->current == NULL) { /* it has been rewritten since, at another site */
        entry_clear(entry);
        return NULL;
    }
    PyObject *now = entry_code_now(entry);
    if (now == NULL || (is_left && judge->is_small)) {
        *outcome = MISS;
        return Py_NewRef(callee);
    }
    PyObject *rewritten = entry_counterpart(entry, callee, now);
    if (rewritten == NULL || (judge->is_busy && !is_left)) {
        return rewritten;
    }
    PyObject *result = judged_make(site, judge, callee, rewritten);
    Py_DECREF(rewritten);
    return result;
}

PyObject *
entry_called(Entry *entry, Site *site, PyObject *callee, Outcome *outcome)
{
    Judge *judge = entry->judge;
    *outcome = HIT;
    if (LIKELY(judge == NULL)) {
        PyObject *now = entry_code_now(entry);
        if (now != NULL) {
            return entry_counterpart(entry, callee, now);
        }
        *outcome = MISS;
        return Py_NewRef(callee);
    }
    if (judge->phase == KEPT) {
        entry->judge = NULL;
        Py_DECREF(judge);
        return entry_called(entry, site, callee, outcome);
    }
    Py_INCREF(judge); /* a collection may run code that replaces the entry */
    PyObject *result = entry_judged(entry, site, judge, callee, outcome);
    Py_DECREF(judge);
    return result;
}
