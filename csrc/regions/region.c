/* The sites of regions: a program over whatever its leaves are this time. */
#include "regions/region.h"
#include "numpy/fperrors.h"

#include <string.h>

#define MOST_TYPINGS 64   /* ever made by one site */
#define FLEETING 64       /* plans after which a site has to use most of them more than once, */
#define WORTH_A_PLAN 4096 /* unless they are for that many items */

/* ------------------------------------------------------------------ finding a plan */

static Typing *
find_typing(RegionSite *self, const Values *values)
{
    for (int i = 0; i < self->n_typings; i++) {
        Typing *typing = self->typings[i];
        if (typing_matches(typing, values)) {
            memmove(self->typings + 1, self->typings, (size_t)i * sizeof(Typing *));
            return self->typings[0] = typing;
        }
    }
    if (self->typings_made == MOST_TYPINGS) {
        return NULL;
    }
    self->typings_made++;
    Typing *made = typing_new(self->program, &self->site, values);
    if (made == NULL) {
        return NULL;
    }
    if (self->n_typings == TYPINGS) {
        typing_release(self->typings[--self->n_typings]);
    }
    memmove(self->typings + 1, self->typings, (size_t)self->n_typings * sizeof(Typing *));
    self->n_typings++;
    return self->typings[0] = made;
}

ALWAYS_INLINE int
is_usable(Plan *plan, const Program *program, const Values *values, int careful)
{
    return plan->is_careful == careful && plan_fits(plan, program, values) &&
           (plan->target < 0 || plan->declined || plan_overlap(plan, values) == plan->overlap);
}

static NOINLINE Plan *
make_plan(RegionSite *self, Typing *typing, const Values *values, int careful)
{
    PlanMode mode = {.is_careful = careful, .no_pitch = self->no_pitch};
    Plan *made = plan_new(self->program, typing, values, mode);
    if (made == NULL) {
        return NULL;
    }
    if (typing->n_plans == MOST_PLANS_KEPT) {
        plan_release(typing->plans[--typing->n_plans]);
    }
    memmove(typing->plans + 1, typing->plans, (size_t)typing->n_plans * sizeof(Plan *));
    typing->n_plans++;
    typing->plans[0] = made;
    if (++self->plans_made > FLEETING && self->plans_made > self->site.hits / 2 &&
        made->size < WORTH_A_PLAN && site_give_back(&self->site) < 0) {
        return NULL;
    }
    return made;
}

static Plan *
find_plan(RegionSite *self, Typing *typing, const Values *values, int careful)
{
    for (int i = 0; i < typing->n_plans; i++) {
        Plan *plan = typing->plans[i];
        if (is_usable(plan, self->program, values, careful)) {
            memmove(typing->plans + 1, typing->plans, (size_t)i * sizeof(Plan *));
            return typing->plans[0] = plan;
        }
    }
    return make_plan(self, typing, values, careful);
}

/* Do what the region does; NULL without an exception if it is not handled. */
static PyObject *
attempt(RegionSite *self, PyObject *const *args)
{
    Call call;
    call.site = self;
    call.program = self->program;
    PyObject *result = NULL;
    if (!values_find(self->program, args, &call.values)) {
        self->declined = "a name or attribute in it is not plain";
        goto end;
    }
    call.typing = find_typing(self, &call.values);
    if (call.typing == NULL) {
        self->declined = "too many kinds of values have come by";
        goto end;
    }
    if (call.typing->declined || !values_count(self->program, call.typing, &call.values)) {
        self->declined = "there is no program for values of these kinds";
        goto end;
    }
    int careful = self->program->effect < 0 ? 0 : report_may_raise(self->site.state);
    if (careful < 0) {
        goto end;
    }
    call.plan = find_plan(self, call.typing, &call.values, careful);
    if (call.plan == NULL || call.plan->declined) {
        self->declined = "there is no plan for these shapes, memory layouts or indices";
        goto end;
    }
    call.typing->references++;
    call.plan->references++;
    call.run.raised = 0;
    result = region_run(&call);
    if (UNLIKELY(result == NULL)) {
        self->declined = call.run.raised ? "NumPy has a floating point error to report"
                                         : "no memory, a read-only array, or a number out of range";
    }
    plan_release(call.plan);
    typing_release(call.typing);
end:
    values_release(&call.values);
    return result;
}

/* ------------------------------------------------------------------ the site */

static PyObject *
region_call(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    RegionSite *self = (RegionSite *)object;
    limbo_empty(self->site.state->limbo);
    if (UNLIKELY(n != self->program->n_leaves)) {
        PyErr_SetString(PyExc_TypeError, "call: wrong number of leaves");
        return NULL;
    }
    PyObject *result = attempt(self, args);
    if (LIKELY(result != NULL)) {
        if (UNLIKELY(++self->site.hits == SETTLED) && site_settle(&self->site) < 0) {
            Py_CLEAR(result);
        }
        return result;
    }
    if (PyErr_Occurred() || site_missed(&self->site) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
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
    State *state = (State *)self->site.state;
    site_clear(&self->site);
    if (state != NULL) {
        limbo_empty(state->limbo);
    }
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
        for (int k = 0; k < self->typings[i]->n_keys; k++) {
            const Key *key = &self->typings[i]->keys[k];
            if (key->is_object) {
                Py_VISIT((PyObject *)key->leaf.identity);
            }
        }
    }
    if (self->program != NULL) {
        Py_VISIT(self->program->source);
    }
    return site_traverse(&self->site, visit, arg);
}

static PyMethodDef region_methods[] = {
    {"call", (PyCFunction)(void (*)(void))region_call, METH_FASTCALL,
     "Return what the region delivers, or None if its original code has to run."},
    {"__reduce__", site_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef region_members[] = {
    SITE_MEMBERS,
    {"declined", T_STRING, offsetof(RegionSite, declined), READONLY,
     "Why the original code had to run the last time it did; None if it never had to."},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot region_slots[] = {
    {Py_tp_new, region_new},         {Py_tp_dealloc, region_dealloc},
    {Py_tp_traverse, region_traverse}, {Py_tp_clear, region_clear},
    {Py_tp_methods, region_methods}, {Py_tp_members, region_members},
    {Py_tp_doc, "The site of a region."}, {0, NULL},
};

PyType_Spec region_spec = {
    .name = "alloc_rewrite._native.RegionSite",
    .basicsize = sizeof(RegionSite),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = region_slots,
};
