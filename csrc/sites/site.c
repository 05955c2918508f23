#include "sites/site.h"

#define WORTH_ROUTING 131072 /* bytes a call: below, the heap has them at hand, and routing costs */
#define WORTH_MAKING 4096    /* bytes of a result: below, a native that is loaded bound costs */

static void
site_enlist(Site *site, State *state)
{
    site->next = state->sites;
    if (site->next != NULL) {
        site->next->previous = site;
    }
    state->sites = site;
}

/* Take a site off the list of those alive; what it has counted stays. */
static void
site_strike(Site *site)
{
    State *state = PyModule_GetState(site->module);
    if (site->previous != NULL) {
        site->previous->next = site->next;
    }
    else if (state->sites == site) {
        state->sites = site->next;
    }
    else {
        return; /* it never was on the list */
    }
    if (site->next != NULL) {
        site->next->previous = site->previous;
    }
    site->next = site->previous = NULL;
    state->gone_hits += site->hits;
    state->gone_misses += site->misses;
}

int
site_init(Site *site, PyTypeObject *type, PyObject *spec, PyObject *owner, Py_ssize_t number,
          PyObject *arena, int frugal)
{
    PyObject *module = PyType_GetModuleByDef(type, &alloc_rewrite_module);
    if (module == NULL) {
        return -1;
    }
    site->module = Py_NewRef(module);
    site->state = PyModule_GetState(module);
    if (!PyTuple_Check(spec) || PyTuple_GET_SIZE(spec) < 2 ||
        !Py_IS_TYPE(arena, site->state->arena_type)) {
        PyErr_SetString(PyExc_TypeError, "a site is made from (sites, where, ...) and an Arena");
        return -1;
    }
    site->place.arena = (ArenaObject *)Py_NewRef(arena);
    site->place.where = Py_NewRef(PyTuple_GET_ITEM(spec, 1));
    site->spec = Py_NewRef(spec);
    site->owner = Py_NewRef(owner);
    site->number = number;
    site->frugal = frugal;
    site->credit = MISSES;
    site_enlist(site, PyModule_GetState(module));
    return 0;
}

void
site_clear(Site *site)
{
    Py_CLEAR(site->owner);
    Py_CLEAR(site->spec);
    Py_CLEAR(site->place.where);
    Py_CLEAR(site->place.arena);
    if (site->module != NULL) {
        site_strike(site);
        limbo_empty(site->state->limbo);
    }
    Py_CLEAR(site->module);
}

int
site_traverse(Site *site, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(site));
    Py_VISIT(site->module);
    Py_VISIT(site->owner);
    Py_VISIT(site->spec);
    Py_VISIT(site->place.where);
    return 0;
}

PyObject *
site_reduce(PyObject *self, PyObject *Py_UNUSED(none))
{
    Site *site = (Site *)self;
    return PyTuple_Pack(2, site->state->remake, site->spec);
}

PyObject *
site_figures(const State *state)
{
    size_t hits = state->gone_hits, misses = state->gone_misses;
    for (const Site *site = state->sites; site != NULL; site = site->next) {
        hits += site->hits;
        misses += site->misses;
    }
    return Py_BuildValue("nn", (Py_ssize_t)hits, (Py_ssize_t)misses);
}

int
site_give_back(Site *site)
{
    if (site->owner == NULL || !site->frugal) {
        return 0; /* collected, or never to be switched off */
    }
    PyObject *done = PyObject_CallMethod(site->owner, "give_back", "n", site->number);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

int
site_split(Site *site, int node, PyObject *reason)
{
    if (node < 0 || site->owner == NULL) {
        return site_give_back(site);
    }
    PyObject *done =
        PyObject_CallMethod(site->owner, "split", "niO", site->number, node, reason);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

int
site_pause(Site *site, int waits)
{
    if (site->owner == NULL) {
        return 0;
    }
    PyObject *done = PyObject_CallMethod(site->owner, "pause", "nN", site->number,
                                         PyBool_FromLong(waits));
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

int
site_inline(Site *site, PyObject *callee)
{
    if (site->owner == NULL) {
        return 0;
    }
    state_unsettle(site->state);
    PyObject *done = PyObject_CallMethod(site->owner, "inline", "nO", site->number, callee);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

int
site_settle(Site *site)
{
    if (site->owner == NULL) {
        return 0;
    }
    PyObject *done = PyObject_CallMethod(site->owner, "settle", NULL);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

int
site_is_idle(Site *site)
{
    unsigned int earned = site->hits - site->seen;
    site->seen = site->hits;
    site->misses++;
    site->credit += (int)(earned < CREDIT ? earned : CREDIT) * PER_HIT;
    if (site->credit > CREDIT) {
        site->credit = CREDIT;
    }
    return --site->credit <= 0;
}

PyObject *
site_rest(PyObject *self, PyObject *Py_UNUSED(none))
{
    Site *site = (Site *)self;
    site->routed = 0;
    site->credit = MISSES;
    site->served = site->place.arena->arena->served;
    Py_RETURN_NONE;
}

int
site_missed(Site *site)
{
    return site_is_idle(site) ? site_give_back(site) : 0;
}

int
site_reviewed(Site *site)
{
    if (++site->routed < REVIEW) {
        return 0;
    }
    size_t served = site->place.arena->arena->served;
    size_t each = (served - site->served) / site->routed;
    site->routed = 0;
    site->served = served;
    return site->frugal && each < WORTH_ROUTING ? site_give_back(site) : 0;
}

int
site_made(Site *site, size_t nbytes)
{
    if (!site->frugal || nbytes >= WORTH_MAKING) {
        site->routed = 0;
        return 0;
    }
    return ++site->routed == REVIEW ? site_give_back(site) : 0;
}

PyObject *
site_routed(Site *site, PyObject *callee, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Stretch stretch;
    if (routing_begin(&stretch, site->state, &site->place) < 0) {
        return NULL;
    }
    PyObject *result = PyObject_Vectorcall(callee, args, nargsf, names);
    return routing_end(&stretch, site->state, &site->place, callee, result);
}
