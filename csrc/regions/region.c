/* The sites of regions: each runs a program over the leaves that it is called with. */
#include "regions/region.h"

#include "numpy/fperrors.h"
#include "recent.h"
#include "regions/compiled.h"
#include "regions/helpers.h"

#define MOST_TYPINGS 64   /* ever made by one site */
#define HOPELESS 4        /* calls of which none was handled, before the region is split */

/* ------------------------------------------------------------------ finding a plan */

/* What is found gets a reference at once: looking further may run Python code, in which another
 * thread may have it replaced. */

static NOINLINE Typing *
region_new_typing(RegionSite *self, const Values *values)
{
    if (self->typings_made == MOST_TYPINGS) {
        return NULL;
    }
    self->typings_made++;
    state_unsettle(self->site.state);
    Typing *made = typing_new(self->program, &self->site, values);
    if (made == NULL) {
        return NULL;
    }
    if (made->n_guards == 0) { /* of numbers only, which says nothing about other values */
        self->typings_made--;
        return made;
    }
    made->references++;
    Typing *last = recent_add(self->typings, &self->n_typings, TYPINGS, made);
    if (last != NULL) {
        typing_release(last);
    }
    return made;
}

ALWAYS_INLINE Typing *
region_typing(RegionSite *self, const Values *values)
{
    for (int i = 0; i < self->n_typings; i++) {
        Typing *typing = self->typings[i];
        if (typing_matches(typing, values)) {
            recent_touch(self->typings, i);
            typing->references++;
            return typing;
        }
    }
    return region_new_typing(self, values);
}

ALWAYS_INLINE int
region_is_usable(const RegionSite *self, Plan *plan, const Values *values, int may_raise)
{
    return plan->may_raise == may_raise &&
           (!plan->feeds || plan->feeds == self->site.state->threads) &&
           plan->reads_items == values->reads_items &&
           plan_fits(plan, self->program, values) &&
           plan_lies_alike(plan, values);
}

PlanMode
region_mode(const RegionSite *self, int may_raise)
{
    return (PlanMode){.may_raise = may_raise, .no_pitch = self->no_pitch,
                      .feeds_nothing = may_raise,
                      .threads = self->site.state->threads,
                      .least_elided = self->site.state->least_elided};
}

static NOINLINE Plan *
region_new_plan(RegionSite *self, Typing *typing, const Values *values, int may_raise)
{
    state_unsettle(self->site.state);
    Plan *made = plan_new(self->program, typing, values, region_mode(self, may_raise), NULL);
    if (made == NULL) {
        return NULL;
    }
    made->references++;
    Plan *last = recent_add(typing->plans, &typing->n_plans, MOST_PLANS_KEPT, made);
    if (last != NULL) {
        plan_release(last);
    }
    self->plans_made++;
    if (fleeting_plan(self, made) < 0) {
        plan_release(made);
        return NULL;
    }
    return made;
}

ALWAYS_INLINE Plan *
region_plan(RegionSite *self, Typing *typing, const Values *values, int may_raise)
{
    for (int i = 0; i < typing->n_plans; i++) {
        Plan *plan = typing->plans[i];
        if (region_is_usable(self, plan, values, may_raise)) {
            recent_touch(typing->plans, i);
            plan->references++;
            return plan;
        }
    }
    return region_new_plan(self, typing, values, may_raise);
}

/* Note why the original code has to run, and which node is to blame, if it is one. */
static void
region_decline(RegionSite *self, const char *declined, int fault, PyObject *reason)
{
    self->declined = declined;
    self->fault = fault;
    Py_XSETREF(self->reason, Py_XNewRef(reason));
}

/* Find what the values are and which loops they take; NULL with the reason if that fails. */
ALWAYS_INLINE Typing *
region_known(RegionSite *self, PyObject *const *args, Values *values)
{
    if (!values_find(&self->site, self->program, args, values)) {
        PyObject *met = region_met(self, values);
        region_decline(self, region_missing(self->program, values), values->fault, met);
        Py_XDECREF(met);
        return NULL;
    }
    Typing *typing = region_typing(self, values);
    if (typing == NULL) {
        region_decline(self, "too many kinds of values have come by", -1, NULL);
        return NULL;
    }
    if (typing->declined) {
        region_decline(self, "there is no program for values of these kinds", typing->fault,
                       typing->reason);
        typing_release(typing);
        return NULL;
    }
    return typing;
}

Typing *
region_kinds(RegionSite *self, PyObject *const *args, Values *values)
{
    return region_known(self, args, values);
}

int
region_may_raise(const RegionSite *self)
{
    return self->program->n_effects == 0 ? 0 : fperrors_may_raise(self->site.state);
}

/* Do what the region does; NULL without an exception if it is not handled. */
static PyObject *
region_attempt(RegionSite *self, PyObject *const *args, int given)
{
    Call call;
    PyObject *few[FEW], *result = NULL;
    int may_raise;
    call.site = self;
    call.program = self->program;
    call.typing = NULL;
    call.plan = NULL;
    call.fault = -1;
    call.values.of = STACK_ROOM(PyObject *, few, 2 * self->program->n_nodes);
    call.values.owned = call.values.of + self->program->n_nodes;
    call.values.n_owned = 0;
    if (given && self->program->has_lookups) {
        PyObject **leaves = STACK_ARRAY(PyObject *, self->program->n_leaves);
        if (!values_look_up(self->program, args, leaves, &call.values)) {
            region_decline(self, "a name in it has no value", -1, NULL);
            goto end;
        }
        args = leaves;
    }
    call.typing = region_known(self, args, &call.values);
    if (call.typing == NULL || (may_raise = region_may_raise(self)) < 0) {
        goto end;
    }
    call.plan = region_plan(self, call.typing, &call.values, may_raise);
    if (call.plan == NULL || call.plan->declined != NULL) {
        if (call.plan != NULL) {
            region_decline(self, call.plan->declined, call.plan->fault, NULL);
        }
        goto end;
    }
    if (compiled_heat(self->site.state, call.typing, call.plan, self->program) < 0) {
        goto end;
    }
    result = region_run(&call);
    if (UNLIKELY(result == NULL)) {
        region_decline(self,
                       call.run.raised
                           ? "NumPy has a floating point error to report"
                       : call.fault >= 0
                           ? "NumPy has to do this"
                           : "no memory, a read-only array, or a number out of range",
                       call.fault, NULL);
    }
end:
    if (call.plan != NULL) {
        plan_release(call.plan);
    }
    if (call.typing != NULL) {
        typing_release(call.typing);
    }
    values_release(&call.values);
    return result;
}

/* ------------------------------------------------------------------ the site */

/* Count a call that was not handled; have the region split, or switched off, if that is usual. */
static int
region_missed(RegionSite *self)
{
    int is_idle = site_is_idle(&self->site);
    int is_hopeless = self->fault >= 0 && self->site.hits == 0 && self->site.misses >= HOPELESS;
    if (!is_idle && !is_hopeless) {
        return 0;
    }
    PyObject *reason = region_declined(self);
    int failed = reason == NULL || site_split(&self->site, self->fault, reason) < 0;
    Py_XDECREF(reason);
    return failed ? -1 : 0;
}

/* Do what the region does; None if that is not handled. */
static PyObject *
region_handle(RegionSite *self, PyObject *const *args, Py_ssize_t n, int given)
{
    limbo_empty(self->site.state->limbo);
    if (UNLIKELY(n != (given ? self->program->n_given : self->program->n_leaves))) {
        PyErr_SetString(PyExc_TypeError, "call: wrong number of leaves");
        return NULL;
    }
    if (self->program->n_helpers && UNLIKELY(helpers_are_watched())) {
        Py_RETURN_NONE; /* which says nothing about the next call */
    }
    PyObject *result = region_attempt(self, args, given);
    if (LIKELY(result != NULL)) {
        if (UNLIKELY(++self->site.hits == SETTLED) && site_settle(&self->site) < 0) {
            Py_CLEAR(result);
        }
        return result;
    }
    if (PyErr_Occurred() || region_missed(self) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
region_call(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    return region_handle((RegionSite *)object, args, n, 1);
}

static PyObject *
region_call_with(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    return region_handle((RegionSite *)object, args, n, 0);
}

/* Forget what has been counted against the site, whose place is tried again. */
static PyObject *
region_rest(PyObject *object, PyObject *none)
{
    RegionSite *self = (RegionSite *)object;
    self->typings_made = self->plans_made = 0;
    return site_rest(object, none);
}

/* RegionSite(spec, owner, number, arena, frugal, program) */
static PyObject *
region_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *spec, *owner, *arena, *program;
    Py_ssize_t number;
    int frugal;
    if (!PyArg_ParseTuple(args, "OOnOpO:RegionSite", &spec, &owner, &number, &arena, &frugal,
                          &program)) {
        return NULL;
    }
    RegionSite *self = (RegionSite *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->program = program_new(program);
    if (self->program == NULL ||
        site_init(&self->site, type, spec, owner, number, arena, frugal) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static int
region_clear(PyObject *object)
{
    RegionSite *self = (RegionSite *)object;
    Py_CLEAR(self->site.owner); /* what cycles go through */
    while (self->n_typings) {
        typing_release(self->typings[--self->n_typings]);
    }
    if (self->program != NULL) {
        program_forget_calls(self->program);
    }
    return 0;
}

static void
region_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    RegionSite *self = (RegionSite *)object;
    PyObject_GC_UnTrack(object);
    region_clear(object);
    if (self->program != NULL) {
        program_delete(self->program);
    }
    Py_CLEAR(self->reason);
    site_clear(&self->site);
    type->tp_free(object);
    Py_DECREF(type);
}

static int
region_traverse(PyObject *object, visitproc visit, void *arg)
{
    RegionSite *self = (RegionSite *)object;
    for (int i = 0; i < self->n_typings; i++) {
        for (int k = 0; k < self->typings[i]->n_nodes; k++) {
            Py_VISIT(self->typings[i]->typed[k].native);
            Py_VISIT(self->typings[i]->typed[k].ufunc);
        }
        for (int k = 0; k < self->typings[i]->n_guards; k++) {
            Py_VISIT((PyObject *)self->typings[i]->guards[k].leaf.identity);
        }
    }
    int stopped = self->program == NULL ? 0 : program_traverse(self->program, visit, arg);
    if (stopped) {
        return stopped;
    }
    return site_traverse(&self->site, visit, arg);
}

static PyMethodDef region_methods[] = {
    {"call", (PyCFunction)(void (*)(void))region_call, METH_FASTCALL,
     "Return what the region delivers, or None if its original code has to run. Of globals it is "
     "given nothing, but looks them up where its caller does; of what a cell holds, the cell."},
    {"call_with", (PyCFunction)(void (*)(void))region_call_with, METH_FASTCALL,
     "Do the same with the values of all leaves."},
    {"describe", region_describe, METH_NOARGS,
     "Return the plans that are kept, as dictionaries, lists, numbers, dtypes and ufuncs."},
    {"trace", (PyCFunction)(void (*)(void))region_trace, METH_FASTCALL,
     "Plan for these leaves, and return (pass, stage or None, plan so far) for each pass."},
    {"__sizeof__", region_sizeof, METH_NOARGS, NULL},
    {"rest", region_rest, METH_NOARGS, "Forget what has been counted against the site."},
    {"__reduce__", site_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef region_members[] = {
    SITE_MEMBERS,
    {"fault", T_INT, offsetof(RegionSite, fault), READONLY,
     "The node that was to blame for that; -1 if it was not a single one."},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef region_getset[] = {
    {"declined", region_get_declined, NULL,
     "Why the original code had to run the last time it did; None if it never had to.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot region_slots[] = {
    {Py_tp_new, region_new},         {Py_tp_dealloc, region_dealloc},
    {Py_tp_traverse, region_traverse}, {Py_tp_clear, region_clear},
    {Py_tp_methods, region_methods}, {Py_tp_members, region_members},
    {Py_tp_getset, region_getset},
    {Py_tp_doc, "The site of a region."}, {0, NULL},
};

PyType_Spec region_spec = {
    .name = "alloc_rewrite._native.RegionSite",
    .basicsize = sizeof(RegionSite),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = region_slots,
};
