#if defined(__unix__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* for clock_gettime, which C11 alone hides */
#endif

#include "calls/judge.h"

#include "calls/lending.h"

#include <time.h>

#define EXPLORED 4          /* calls of the rewritten form before the two are compared; */
#define PATIENCE 200        /* after that many calls, */
#define MORE_PATIENCE 20000 /* or that many, where machine code is on its way, */
#define MOST_EXPLORED 2.0   /* or seconds, what goes on below is taken as it is */
#define COST 0.02           /* of the time of other code's calls, which its trial may cost */
#define ENOUGH 4            /* times of each form before the first verdict, and between two */
#define LONGEST_WAIT 65536
#define LONG 5e-5           /* seconds of a call in which sites cost too little to matter */
#define SMALL 65536         /* bytes of arrays in a call, below which the heap does as well */

/* Seconds since any fixed moment. */
static int
judge_clock(const State *state, double *now)
{
    if (UNLIKELY(state->clock != NULL)) {
        PyObject *told = PyObject_CallNoArgs(state->clock);
        *now = told == NULL ? -1.0 : PyFloat_AsDouble(told);
        Py_XDECREF(told);
        return PyErr_Occurred() ? -1 : 0;
    }
    struct timespec time;
#ifdef _WIN32
    timespec_get(&time, TIME_UTC);
#else
    clock_gettime(CLOCK_MONOTONIC, &time);
#endif
    *now = (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
    return 0;
}

static void
judge_enters(Judge *judge, Phase phase)
{
    judge->phase = phase;
    judge->calls = judge->tried = 0;
    judge->n[0] = judge->n[1] = judge->asked = 0;
}

int
judge_waited(Judge *judge)
{
    state_unsettle(judge->state);
    if (++judge->calls < judge->due) {
        return 0;
    }
    judge->calls = 0;
    judge->is_due = 1;
    if (judge->due < LONGEST_WAIT) {
        judge->due *= 2;
    }
    return 1;
}

int
judge_waits(Judge *judge)
{
    if (judge_waited(judge)) {
        PyObject *done = PyObject_CallMethod(judge->about, "catch_up", NULL);
        if (done == NULL) {
            return -1;
        }
        Py_DECREF(done);
    }
    return judge->phase == WAITING; /* as it does while another thread rewrites it */
}

/* Choose the form for a call: of other code the rewritten one as long as its trial has not cost too
 * much by now, but for calls within another trial; else as in 0 1 1 0. */
static int
judge_turn(const Judge *judge, unsigned int call)
{
    if (judge->is_other && judge->state->trials == 0) {
        const double *spent = judge->spent;
        const unsigned int *counts = judge->counts;
        return counts[0] && spent[1] - counts[1] * (spent[0] / counts[0]) <=
                                COST * (spent[0] + spent[1]) &&
               (judge->phase == EXPLORING || judge->n[1] <= judge->n[0]);
    }
    return judge->phase == EXPLORING || ((call ^ (call >> 1)) & 1) != 0;
}

int
judge_begin(Judge *judge, Turn *turn)
{
    turn->is_timed = turn->is_void = 0;
    turn->is_rewritten = judge->phase != LEFT;
    if (judge->phase != EXPLORING && judge->phase != COMPARING) {
        return 0;
    }
    state_unsettle(judge->state); /* for what is judged around it */
    if (judge->is_busy) {
        return 0;
    }
    turn->is_rewritten = judge_turn(judge, judge->calls++);
    turn->is_timed = 1;
    turn->unsettled = judge->state->unsettled;
    turn->warming = judge->state->warming;
    if (judge_clock(judge->state, &turn->start) < 0) {
        return -1;
    }
    turn->stop = turn->start;
    judge->is_busy = 1;
    ((State *)judge->state)->trials += turn->is_rewritten;
    return 0;
}

/* Ask for the verdict: None to go on, or whether the rewritten form is kept. */
static int
judge_ask(Judge *judge)
{
    judge->asked = judge->n[0] < judge->n[1] ? judge->n[0] : judge->n[1];
    PyObject *said = PyObject_CallOneArg(judge->state->verdict, (PyObject *)judge);
    if (said == NULL) {
        return -1;
    }
    if (said != Py_None) {
        judge_enters(judge, said == Py_True ? KEPT : LEFT);
    }
    Py_DECREF(said);
    return 0;
}

/* What goes on below is settled, or has been waited for long enough. */
static int
judge_is_quiet(Judge *judge, const Turn *turn)
{
    int waits = judge->state->warming != turn->warming;
    if (judge->tried >= (waits ? MORE_PATIENCE : PATIENCE) || judge->spent[1] > MOST_EXPLORED) {
        judge->is_hasty = 1;
    }
    return judge->is_hasty || judge->state->unsettled == turn->unsettled;
}

int
judge_end(Judge *judge, Turn *turn, int succeeded)
{
    if (!turn->is_timed) {
        return 0;
    }
    judge->is_busy = 0;
    ((State *)judge->state)->trials -= turn->is_rewritten;
    if (!succeeded || turn->is_void) {
        return 0;
    }
    if (turn->stop == turn->start && judge_clock(judge->state, &turn->stop) < 0) {
        return -1;
    }
    double seconds = turn->stop - turn->start;
    judge->counts[turn->is_rewritten]++;
    judge->spent[turn->is_rewritten] += seconds;
    if (turn->is_rewritten) {
        judge->tried++;
        if (!judge_is_quiet(judge, turn)) {
            return 0;
        }
    }
    if (judge->phase == EXPLORING) {
        if (judge->tried >= EXPLORED && turn->is_rewritten) {
            int is_kept = !judge->is_other && !judge->routes && seconds > LONG;
            judge_enters(judge, is_kept ? KEPT : COMPARING);
        }
        return 0;
    }
    int *n = &judge->n[turn->is_rewritten];
    if (judge->phase != COMPARING || *n == SAMPLES) {
        return 0;
    }
    judge->times[turn->is_rewritten][(*n)++] = seconds;
    int due = judge->asked + ENOUGH;
    return judge->n[0] >= due && judge->n[1] >= due ? judge_ask(judge) : 0;
}

PyObject *
judge_route(Judge *judge, Turn *turn, Site *site, PyObject *original, PyObject *const *args,
            size_t nargsf, PyObject *names)
{
    Extent outer;
    Stretch stretch;
    if (judge->is_small) {
        lending_pause(&outer);
        PyObject *plain = PyObject_Vectorcall(original, args, nargsf, names);
        lending_end(&outer);
        return plain;
    }
    size_t served = site->place.arena->arena->served;
    if (routing_begin(&stretch, site->state, &site->place) < 0) {
        return NULL;
    }
    lending_pause(&outer);
    PyObject *result = NULL;
    if (!turn->is_timed || judge_clock(judge->state, &turn->start) == 0) {
        result = PyObject_Vectorcall(original, args, nargsf, names);
        if (result != NULL && turn->is_timed && judge_clock(judge->state, &turn->stop) < 0) {
            Py_CLEAR(result);
        }
    }
    lending_end(&outer);
    if (turn->is_timed && site->place.arena->arena->served - served < SMALL) {
        judge->is_small = turn->is_void = 1; /* to be timed without the handler */
    }
    return routing_end(&stretch, site->state, &site->place, original, result);
}

/* ------------------------------------------------------------------ the object */

/* Judge(about, due, is_other, routes): of a function that waits for so many calls first, if any. */
static PyObject *
judge_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *about, *module = PyType_GetModuleByDef(type, &alloc_rewrite_module);
    unsigned int due;
    int is_other, routes;
    if (module == NULL ||
        !PyArg_ParseTuple(args, "OIpp:Judge", &about, &due, &is_other, &routes)) {
        return NULL;
    }
    Judge *self = (Judge *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->module = Py_NewRef(module);
        self->state = PyModule_GetState(module);
        self->about = Py_NewRef(about);
        self->due = due;
        self->is_other = is_other;
        self->routes = routes;
        self->is_small = !routes;
        self->phase = due ? WAITING : EXPLORING;
    }
    return (PyObject *)self;
}

/* begin(seconds): the function has been rewritten in that time, or is looked at again. */
static PyObject *
judge_begins(PyObject *object, PyObject *seconds)
{
    Judge *self = (Judge *)object;
    double spent = PyFloat_AsDouble(seconds);
    if (spent == -1.0 && PyErr_Occurred()) {
        return NULL;
    }
    judge_enters(self, EXPLORING);
    self->counts[0] = self->counts[1] = 0;
    self->spent[0] = 0.0;
    self->spent[1] = spent;
    self->is_hasty = 0;
    self->is_small = !self->routes;
    Py_RETURN_NONE;
}

/* take_due(): whether the function has waited for long enough since this was asked last. */
static PyObject *
judge_take_due(PyObject *object, PyObject *Py_UNUSED(none))
{
    Judge *self = (Judge *)object;
    int is_due = self->is_due;
    self->is_due = 0;
    return PyBool_FromLong(is_due);
}

/* leave(): the original is called from now on. */
static PyObject *
judge_leaves(PyObject *object, PyObject *Py_UNUSED(none))
{
    judge_enters((Judge *)object, LEFT);
    Py_RETURN_NONE;
}

static PyObject *
judge_phase(PyObject *object, void *Py_UNUSED(none))
{
    static const char *const names[] = {"waiting", "exploring", "comparing", "kept", "left"};
    return PyUnicode_FromString(names[((Judge *)object)->phase]);
}

/* The times of the original, and of the rewritten form. */
static PyObject *
judge_times(PyObject *object, void *Py_UNUSED(none))
{
    const Judge *self = (Judge *)object;
    PyObject *both = PyTuple_New(2);
    for (int form = 0; both != NULL && form < 2; form++) {
        PyObject *times = PyList_New(0);
        PyTuple_SET_ITEM(both, form, times);
        for (int i = 0; times != NULL && i < self->n[form]; i++) {
            PyObject *time = PyFloat_FromDouble(self->times[form][i]);
            if (time == NULL || PyList_Append(times, time) < 0) {
                times = NULL;
            }
            Py_XDECREF(time);
        }
        if (times == NULL) {
            Py_CLEAR(both);
        }
    }
    return both;
}

static int
judge_clear(PyObject *object)
{
    Py_CLEAR(((Judge *)object)->about);
    return 0;
}

static void
judge_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    judge_clear(object);
    Py_CLEAR(((Judge *)object)->module);
    type->tp_free(object);
    Py_DECREF(type);
}

static int
judge_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((Judge *)object)->module);
    Py_VISIT(((Judge *)object)->about);
    return 0;
}

static PyMethodDef judge_methods[] = {
    {"take_due", judge_take_due, METH_NOARGS, "Whether the function has been called often."},
    {"begin", judge_begins, METH_O, "Judge the function, which has been rewritten."},
    {"leave", judge_leaves, METH_NOARGS, "Have the original called from now on."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef judge_getset[] = {
    {"phase", judge_phase, NULL, "How far it is, as a word.", NULL},
    {"times", judge_times, NULL, "Seconds of the original's calls, and the rewritten form's.",
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef judge_members[] = {
    {"about", T_OBJECT_EX, offsetof(Judge, about), READONLY, "What it was made with."},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot judge_slots[] = {
    {Py_tp_new, judge_new},           {Py_tp_dealloc, judge_dealloc},
    {Py_tp_traverse, judge_traverse}, {Py_tp_clear, judge_clear},
    {Py_tp_methods, judge_methods},   {Py_tp_getset, judge_getset},
    {Py_tp_members, judge_members},   {Py_tp_doc, "Whether a function that is entered pays."},
    {0, NULL},
};

PyType_Spec judge_spec = {
    .name = "alloc_rewrite._native.Judge",
    .basicsize = sizeof(Judge),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = judge_slots,
};
