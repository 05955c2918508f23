/* The sites of calls: they swap the callable that is about to be called for another one.
 *
 * What a callable is swapped for is decided by `plan_callee` the first time it comes; the site
 * remembers the last few. The call itself stays an instruction.
 */
#include "calls/callee.h"
#include "calls/entry.h"
#include "numpy/record.h"

#include <string.h>

#define ENTRIES 6       /* callables that a site remembers */
#define MOST_PASSING 64 /* callables in a row that are planned for one call each */
#define INLINED 8       /* calls after which a function may be inlined into a region */
#define REFUSALS 4      /* calls in a row of what nothing takes the place of, for good */

typedef struct {
    Site site;
    int n;
    int next;    /* the entry to be replaced next */
    int planned; /* entries that were replaced */
    int passing; /* callables planned for one call each, in a row */
    unsigned int calls; /* of Python functions */
    const void *refused; /* which compiled function nothing takes the place of, asked last */
    Entry entries[ENTRIES];
} ResolveSite;

/* ------------------------------------------------------------------ planning */

static PyObject *
resolve_missed(ResolveSite *self, PyObject *callee)
{
    Site *site = &self->site;
    if (++site->misses >= MISSES && site_give_back(site) < 0) {
        return NULL;
    }
    return Py_NewRef(callee);
}

/* A miss for good: a few of them are enough. */
static PyObject *
resolve_refused(ResolveSite *self, PyObject *callee)
{
    self->site.misses += MISSES / REFUSALS - 1;
    return resolve_missed(self, callee);
}

/* Pass on what is called, and count it if there was nothing to swap. */
static PyObject *
resolve_unless_missed(ResolveSite *self, PyObject *called, Outcome outcome)
{
    if (outcome != MISS || called == NULL) {
        return called;
    }
    PyObject *result = resolve_missed(self, called);
    Py_DECREF(called);
    return result;
}

/* A place for one more entry. A site that meets ever new callables gains nothing, and goes. */
static Entry *
resolve_new_entry(ResolveSite *self)
{
    for (int i = 0; i < self->n; i++) {
        const Entry *entry = &self->entries[i];
        if (entry->callee == NULL && entry->kind == NULL && entry->code == NULL) {
            return &self->entries[i]; /* of a function that waited */
        }
    }
    int at = self->next;
    self->next = (at + 1) % ENTRIES;
    if (self->n < ENTRIES) {
        self->n++;
    }
    else if (++self->planned == MOST_PASSING && site_give_back(&self->site) < 0) {
        return NULL;
    }
    entry_clear(&self->entries[at]);
    return &self->entries[at];
}

static PyObject *resolve_planned(ResolveSite *self, PyObject *callee);

static PyObject *
resolve_enter(ResolveSite *self, PyObject *callee, PyObject *plan)
{
    PyObject *cell, *code, *judge;
    int keeps_instances;
    const Field fields[] = {{"current", &cell, NULL},
                            {"code", &code, NULL},
                            {"judge", &judge, NULL},
                            {"keeps_instances", NULL, &keeps_instances},
                            {NULL, NULL, NULL}};
    if (record_read(plan, fields) < 0) {
        return NULL;
    }
    PyObject *reference = PyWeakref_NewRef(code, NULL);
    Entry *entry = reference == NULL ? NULL : resolve_new_entry(self);
    if (entry == NULL) {
        Py_XDECREF(reference);
        return NULL;
    }
    entry->code = reference;
    entry->current = cell == Py_None ? NULL : Py_NewRef(cell);
    entry->keeps_instances = keeps_instances;
    entry->judge = judge == Py_None ? NULL : (Judge *)Py_NewRef(judge);
    PyObject *function = PyMethod_Check(callee) ? PyMethod_GET_FUNCTION(callee) : callee;
    if (plain_code_of(function) != code) {
        return resolve_missed(self, callee);
    }
    Outcome outcome;
    PyObject *result = entry_called(entry, &self->site, callee, &outcome);
    if (result == NULL && !PyErr_Occurred()) { /* this call was the last that it waited for */
        return resolve_planned(self, callee);
    }
    return resolve_unless_missed(self, result, outcome);
}

static PyObject *
resolve_swap(ResolveSite *self, PyObject *callee, PyObject *plan)
{
    const State *state = self->site.state;
    PyObject *name, *what, *more, *behind;
    const Field fields[] = {{"native", &name, NULL},
                            {"callee", &what, NULL},
                            {"more", &more, NULL},
                            {"behind", &behind, NULL},
                            {NULL, NULL, NULL}};
    const char *named = record_read(plan, fields) < 0 ? NULL : PyUnicode_AsUTF8(name);
    if (named == NULL) {
        return NULL;
    }
    PyObject *native = native_make(state->native_type, &self->site, named, what, more, behind);
    if (native == NULL) {
        return NULL;
    }
    PyObject *object = what != callee ? callee_object(callee) : NULL, *result;
    if (object == NULL) {
        Py_SETREF(native, native_as_function(native));
    }
    Entry *entry = native == NULL ? NULL : resolve_new_entry(self);
    if (entry == NULL) {
        Py_XDECREF(native);
        return NULL;
    }
    if (object != NULL) { /* `what` is the method's function */
        entry->kind = (PyTypeObject *)Py_NewRef((PyObject *)Py_TYPE(object));
        entry->method = callee_method(callee);
        entry->native = native;
        result = bound_make(state->bound_type, native, object);
    }
    else {
        entry->callee = Py_NewRef(callee);
        entry->instead = native;
        result = Py_NewRef(native);
    }
    return result;
}

/* Replace a callable for this call. */
static PyObject *
resolve_replace(ResolveSite *self, PyObject *plan)
{
    PyObject *callable;
    int is_passing;
    const Field fields[] = {
        {"callable", &callable, NULL}, {"is_passing", NULL, &is_passing}, {NULL, NULL, NULL}};
    if (record_read(plan, fields) < 0) {
        return NULL;
    }
    self->passing += is_passing;
    if (self->passing == MOST_PASSING && site_give_back(&self->site) < 0) {
        return NULL;
    }
    return Py_NewRef(callable);
}

/* Ask `plan_callee`, which returns None or a record. */
static NOINLINE PyObject *
resolve_planned(ResolveSite *self, PyObject *callee)
{
    const void *lasting = callee_lasting(callee);
    if (lasting != NULL && lasting == self->refused) {
        return resolve_refused(self, callee);
    }
    state_unsettle(self->site.state);
    PyObject *plan = PyObject_CallFunctionObjArgs(self->site.state->plan_callee, self->site.spec,
                                                  callee, NULL);
    if (plan == NULL) {
        return NULL;
    }
    if (plan == Py_None) {
        Py_DECREF(plan);
        self->refused = lasting;
        return lasting ? resolve_refused(self, callee) : resolve_missed(self, callee);
    }
    self->site.misses = 0;
    PyObject *action, *result = NULL;
    if (record_read(plan, (Field[]){{"action", &action, NULL}, {NULL, NULL, NULL}}) == 0) {
        result = PyUnicode_CompareWithASCIIString(action, "enter") == 0
                     ? resolve_enter(self, callee, plan)
                 : PyUnicode_CompareWithASCIIString(action, "replace") == 0
                     ? resolve_replace(self, plan)
                     : resolve_swap(self, callee, plan);
    }
    Py_DECREF(plan);
    return result;
}

/* Look through the entries; NULL without an exception if none is for this callable. */
static PyObject *
resolve_known(ResolveSite *self, PyObject *callee, Outcome *outcome)
{
    PyObject *function = PyMethod_Check(callee) ? PyMethod_GET_FUNCTION(callee) : callee;
    PyObject *code = PyFunction_Check(function) ? plain_code_of(function) : NULL;
    PyObject *object = callee_object(callee);
    for (int i = 0; i < self->n; i++) {
        Entry *entry = &self->entries[i];
        if (entry->callee == callee) {
            return Py_NewRef(entry->instead);
        }
        if (code != NULL && entry_refers_to(entry->code, code)) {
            return entry_called(entry, &self->site, callee, outcome);
        }
        if (object != NULL && entry->kind == Py_TYPE(object) &&
            entry->method == callee_method(callee)) {
            return bound_make(self->site.state->bound_type, entry->native, object);
        }
    }
    return NULL;
}

/* Have a Python function that is called often inlined: told at one call, done at the next, when the
 * other sites around have told theirs. */
static int
resolve_inline(ResolveSite *self, PyObject *callee)
{
    if (++self->calls < INLINED || self->calls > INLINED + 1) {
        return 0;
    }
    return site_inline(&self->site, callee);
}

static PyObject *
resolve_call(PyObject *object, PyObject *callee)
{
    ResolveSite *self = (ResolveSite *)object;
    PyObject *result;
    if (LIKELY(callee == self->entries[0].callee)) {
        result = Py_NewRef(self->entries[0].instead);
    }
    else {
        Outcome outcome = HIT;
        int is_function = PyFunction_Check(callee) || PyMethod_Check(callee);
        if (is_function && resolve_inline(self, callee) < 0) {
            return NULL;
        }
        result = resolve_known(self, callee, &outcome);
        if (result == NULL && !PyErr_Occurred()) {
            return resolve_planned(self, callee);
        }
        if (outcome != HIT) {
            return resolve_unless_missed(self, result, outcome);
        }
    }
    self->site.misses = 0;
    if (UNLIKELY(++self->site.hits == SETTLED) && site_settle(&self->site) < 0) {
        Py_CLEAR(result);
    }
    return result;
}

/* Of a call with keywords, of a method that is loaded bound for the site's sake. */
static PyObject *
resolve_method(PyObject *object, PyObject *callee)
{
    PyObject *instead = bound_without_keywords(callee);
    return instead != NULL || PyErr_Occurred() ? instead : resolve_call(object, callee);
}

/* Of a call with `*args`. Where the interpreter doesn't take them, its error names the callable. */
static PyObject *
resolve_spread(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    int good = n > 1 && (Py_TYPE(args[1])->tp_iter != NULL || PySequence_Check(args[1]));
    PyObject *key, *value; /* of the keywords, if there are any */
    for (Py_ssize_t at = 0; good && n > 2 && PyDict_Next(args[2], &at, &key, &value);) {
        good = PyUnicode_CheckExact(key);
    }
    return good ? resolve_call(object, args[0]) : Py_NewRef(args[0]);
}

/* ------------------------------------------------------------------ the object */

static PyObject *
resolve_rest(PyObject *object, PyObject *none)
{
    ResolveSite *self = (ResolveSite *)object;
    self->planned = self->passing = 0;
    self->calls = 0;
    self->refused = NULL;
    self->site.misses = 0; /* of calls in a row */
    return site_rest(object, none);
}

/* ResolveSite(spec, owner, number, arena, frugal) */
static PyObject *
resolve_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *spec, *owner, *arena;
    Py_ssize_t number;
    int frugal;
    if (!PyArg_ParseTuple(args, "OOnOp:ResolveSite", &spec, &owner, &number, &arena, &frugal)) {
        return NULL;
    }
    ResolveSite *self = (ResolveSite *)type->tp_alloc(type, 0);
    if (self != NULL && site_init(&self->site, type, spec, owner, number, arena, frugal) < 0) {
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static int
resolve_clear(PyObject *object)
{
    ResolveSite *self = (ResolveSite *)object;
    self->n = 0;
    for (int i = 0; i < ENTRIES; i++) {
        entry_clear(&self->entries[i]);
    }
    Py_CLEAR(self->site.owner);
    return 0;
}

static void
resolve_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    resolve_clear(object);
    site_clear((Site *)object);
    type->tp_free(object);
    Py_DECREF(type);
}

static int
resolve_traverse(PyObject *object, visitproc visit, void *arg)
{
    ResolveSite *self = (ResolveSite *)object;
    for (int i = 0; i < ENTRIES; i++) {
        Entry *entry = &self->entries[i];
        Py_VISIT(entry->callee);
        Py_VISIT(entry->instead);
        Py_VISIT((PyObject *)entry->kind);
        Py_VISIT(entry->native);
        Py_VISIT(entry->code);
        Py_VISIT(entry->current);
        Py_VISIT(entry->function);
        Py_VISIT(entry->instance);
        Py_VISIT(entry->now);
        Py_VISIT((PyObject *)entry->judge);
    }
    return site_traverse(&self->site, visit, arg);
}

static PyMethodDef resolve_methods[] = {
    {"call", resolve_call, METH_O, "Return what to call in the place of a callable."},
    {"method", resolve_method, METH_O, "Return what to call in the place of a method."},
    {"spread", (PyCFunction)(void (*)(void))resolve_spread, METH_FASTCALL, NULL},
    {"rest", resolve_rest, METH_NOARGS, "Forget what has been counted against the site."},
    {"__reduce__", site_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef resolve_members[] = {
    SITE_MEMBERS,
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot resolve_slots[] = {
    {Py_tp_new, resolve_new},           {Py_tp_dealloc, resolve_dealloc},
    {Py_tp_traverse, resolve_traverse}, {Py_tp_clear, resolve_clear},
    {Py_tp_methods, resolve_methods},   {Py_tp_members, resolve_members},
    {Py_tp_doc, "The site of a call."}, {0, NULL},
};

PyType_Spec resolve_spec = {
    .name = "alloc_rewrite._native.ResolveSite",
    .basicsize = sizeof(ResolveSite),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = resolve_slots,
};
