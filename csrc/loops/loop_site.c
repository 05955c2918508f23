/* The sites of loops: at the head of a loop, do iterations as far as a kernel can.
 *
 * The code calls the site without arguments when an iteration begins. Most of the time that says
 * None. When there may be a kernel it gives the site, which the code then calls with the iterator,
 * the locals, the cells, and how many of these there are; that gives the locals as they are some
 * iterations later, or None. The original code goes on from there.
 *
 * A function without loops has one at its beginning. The code calls it with all that at once, and
 * gets what the function returns. */
#include "loops/iterator.h"
#include "loops/log.h"
#include "loops/paying.h"
#include "recent.h"
#include "regions/machine_code.h"
#include <string.h>

#define KERNELS 4             /* of one site, at a time */
#define MOST_KERNELS 16       /* that it ever asks for */
#define MOST_REFUSED 3        /* kernels that there are none of, before the site is switched off */
#define WARM 10000            /* iterations that make a loop hot */
#define WARM_NS 50000000      /* time that makes a loop hot, with some iterations */
#define LEAST_ITERATIONS 16
#define MOST_FAILURES 12      /* in a row; the site stands back ever longer, and is switched off */
#define WARM_CALLS 1000       /* that make a function hot */
#define MOST_ITEMS 1024       /* of an array that a function without loops goes over */

typedef struct {
    Site site;
    vectorcallfunc call;
    unsigned int count;    /* iterations, before there was a kernel */
    unsigned int pause;    /* iterations to stand back */
    unsigned int failures; /* in a row */
    unsigned int asked;    /* for kernels, so far */
    unsigned int refused;  /* of these */
    int waits;             /* whether it has asked for a kernel that isn't there yet */
    int64_t since;         /* when it was first called, in nanoseconds */
    int is_whole;          /* whether it is a function without loops */
    Paying paying;
    int n_kernels;
    LoopKernel *kernels[KERNELS]; /* owned; the one used last comes first */
    PyObject *reason;         /* owned: why there was no kernel the last time; or NULL */
    const char *declined;     /* why a kernel did nothing the last time; or NULL */
} LoopSite;

/* ------------------------------------------------------------------ the site */

/* Ask for a kernel for arguments like these. */
static int
loop_ask(LoopSite *self, PyObject *const *args, Py_ssize_t n)
{
    if (self->waits || self->asked == MOST_KERNELS) {
        return 0;
    }
    self->asked++;
    self->waits = 1;
    PyObject *given = PyTuple_New(n);
    if (given == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyTuple_SET_ITEM(given, i, Py_NewRef(args[i]));
    }
    PyObject *done = PyObject_CallFunctionObjArgs(self->site.state->plan_kernel, (PyObject *)self,
                                                  self->site.spec, given, PyEval_GetGlobals(),
                                                  PyEval_GetBuiltins(), NULL);
    Py_DECREF(given);
    Py_XDECREF(done);
    return done == NULL ? -1 : self->waits ? site_pause(&self->site, 1) : 0;
}

static int
loop_stand_back(LoopSite *self)
{
    if (++self->failures < MOST_FAILURES) {
        self->pause = 1u << self->failures;
        return 0;
    }
    self->failures = 0;
    return site_give_back(&self->site);
}

static int
loop_is_traced(void)
{
    PyThreadState *thread = PyThreadState_Get();
    return thread->c_tracefunc != NULL || thread->c_profilefunc != NULL;
}

/* The kernel for these arguments, with a reference: looking at globals may run any code. */
static LoopKernel *
loop_kernel(LoopSite *self, PyObject **args, Py_ssize_t n)
{
    for (int i = 0; i < self->n_kernels; i++) {
        LoopKernel *kernel = self->kernels[i];
        kernel->references++;
        int fits = kernel_fits(kernel, args, n);
        if (fits && i < self->n_kernels && self->kernels[i] == kernel) {
            recent_touch(self->kernels, i);
            return kernel;
        }
        if (fits) {
            kernel_forget(kernel, args);
        }
        kernel_release(kernel);
    }
    return NULL;
}

/* Whether arrays are so large that a function is better done operation by operation. */
static int
loop_has_large(const LoopKernel *kernel, PyObject *const *args)
{
    for (int i = 0; i < kernel->n_inputs + kernel->n_found; i++) {
        if (PyArray_Check(args[i]) && PyArray_SIZE((PyArrayObject *)args[i]) > MOST_ITEMS) {
            return 1;
        }
    }
    return 0;
}

/* Switch the site off for a reason, if there is one. */
static int
loop_give_back(LoopSite *self, const char *reason)
{
    if (reason == NULL) {
        return 0;
    }
    self->paying = (Paying){.is_whole = self->is_whole};
    self->declined = reason;
    return site_give_back(&self->site) < 0 ? -1 : site_settle(&self->site);
}

static PyObject *
loop_run(LoopSite *self, PyObject **args, Py_ssize_t n)
{
    LoopKernel *kernel = loop_kernel(self, args, n);
    if (kernel != NULL) {
        Done done = {0, 0};
        int is_timed = paying_is_timed(&self->paying, kernel);
        int64_t began = is_timed ? paying_clock(&self->paying) : 0, took = 0;
        PyObject *result = NULL;
        if (self->is_whole && kernel->sweeps && loop_has_large(kernel, args)) {
            self->declined = "its arrays are large";
        }
        else {
            result = attempt(kernel, &self->site, args, &self->declined, &done);
            took = is_timed ? paying_clock(&self->paying) - began : 0;
        }
        if ((result != NULL || (!self->is_whole && !PyErr_Occurred())) &&
            loop_give_back(self, paying_entered(&self->paying, kernel, &done, took)) < 0) {
            Py_CLEAR(result);
        }
        kernel_forget(kernel, args);
        kernel_release(kernel);
        if (result != NULL) {
            self->failures = 0;
            self->site.hits++;
            return result;
        }
        if (PyErr_Occurred()) {
            return NULL;
        }
        self->site.misses++;
    }
    else {
        unsigned int refused = self->refused, asked = self->asked;
        if (loop_ask(self, args, n) < 0) {
            return NULL;
        }
        if (!self->waits && self->asked > asked && self->refused == refused) {
            Py_RETURN_NONE; /* it is there already */
        }
        if (self->waits) {
            self->pause = 64;
            Py_RETURN_NONE;
        }
    }
    if (loop_stand_back(self) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* Whether the loop is hot, counting one more iteration. */
static int
loop_is_hot(LoopSite *self)
{
    if (self->count++ == 0) {
        self->since = log_now();
    }
    if (self->is_whole && self->site.state->compiles != COMPILES_NOW) {
        return self->count >= WARM_CALLS;
    }
    if (self->count >= WARM || self->site.state->compiles == COMPILES_NOW) {
        return 1;
    }
    return self->count >= LEAST_ITERATIONS && (self->count & 7) == 0 &&
           log_now() - self->since > WARM_NS;
}

/* Run with the contents of the cells, which come last, in their places. */
static PyObject *
loop_with_cells(LoopSite *self, PyObject **args, Py_ssize_t n, Py_ssize_t n_cells)
{
    Py_ssize_t first = n - n_cells, i = first;
    while (i < n && (args[i] = PyCell_Get(args[i])) != NULL) {
        i++;
    }
    PyObject *result;
    if (i == n) {
        result = loop_run(self, args, n);
    }
    else { /* one has no content yet, and the code may never read it */
        result = loop_stand_back(self) < 0 ? NULL : Py_NewRef(Py_None);
    }
    while (i-- > first) {
        Py_DECREF(args[i]);
    }
    return result;
}

static PyObject *
loop_call(PyObject *object, PyObject *const *args, size_t nargsf, PyObject *names)
{
    LoopSite *self = (LoopSite *)object;
    Py_ssize_t n = PyVectorcall_NARGS(nargsf);
    if (names != NULL) {
        PyErr_SetString(PyExc_TypeError, "a loop's site takes no keywords");
        return NULL;
    }
    int is_off = self->site.state->compiles == COMPILES_NEVER;
    if (self->is_whole && !is_off && (self->waits || self->asked == 0)) {
        ((State *)self->site.state)->warming++;
        state_unsettle(self->site.state); /* no time to judge by how long calls take */
    }
    if (n == 0 || self->is_whole) {
        if (self->pause) {
            self->pause--;
            Py_RETURN_NONE;
        }
        int is_cold = self->asked == 0 && !(is_off && self->is_whole) && !loop_is_hot(self);
        const char *reason = NULL;
        if (is_cold || loop_is_traced() ||
            (self->site.state->compiles != COMPILES_NOW &&
             paying_is_tried(&self->paying, &reason))) {
            Py_RETURN_NONE;
        }
        if (reason != NULL) {
            return loop_give_back(self, reason) < 0 ? NULL : Py_NewRef(Py_None);
        }
        if (is_off) {
            if (site_give_back(&self->site) < 0) {
                return NULL;
            }
            Py_RETURN_NONE;
        }
    }
    if (n == 0) {
        return Py_NewRef(object);
    }
    Py_ssize_t n_cells = PyLong_AsSsize_t(args[--n]);
    PyObject **given = STACK_ARRAY(PyObject *, n + MOST_FOUND);
    memcpy(given, args, (size_t)n * sizeof(PyObject *));
    return loop_with_cells(self, given, n, n_cells);
}

/* install(source): take a kernel; or the reason why there is none. */
static PyObject *
loop_install(PyObject *object, PyObject *source)
{
    LoopSite *self = (LoopSite *)object;
    if (self->waits && site_pause(&self->site, 0) < 0) {
        return NULL;
    }
    self->waits = 0;
    if (PyUnicode_Check(source)) {
        Py_XSETREF(self->reason, Py_NewRef(source));
        if (++self->refused >= MOST_REFUSED && self->n_kernels == 0 &&
            (site_give_back(&self->site) < 0 || site_settle(&self->site) < 0)) {
            return NULL;
        }
        Py_RETURN_NONE;
    }
    LoopKernel *made = kernel_new(source);
    if (made == NULL) {
        return NULL;
    }
    self->pause = self->failures = 0;
    LoopKernel *last = recent_add(self->kernels, &self->n_kernels, KERNELS, made);
    if (last != NULL) {
        kernel_release(last);
    }
    Py_RETURN_NONE;
}

static PyObject *
loop_rest(PyObject *object, PyObject *none)
{
    LoopSite *self = (LoopSite *)object;
    self->refused = MOST_REFUSED - 1; /* once more will do */
    self->pause = self->failures = 0;
    self->asked = self->n_kernels > 0; /* one that was hot asks at once, and is told soon */
    return site_rest(object, none);
}

/* LoopSite(spec, owner, number, arena, frugal, is_whole) */
static PyObject *
loop_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *spec, *owner, *arena;
    Py_ssize_t number;
    int frugal, is_whole;
    if (!PyArg_ParseTuple(args, "OOnOpp:LoopSite", &spec, &owner, &number, &arena, &frugal,
                          &is_whole)) {
        return NULL;
    }
    if (!iterator_learn()) {
        PyErr_SetString(PyExc_RuntimeError, "the iterators of this interpreter are unknown");
        return NULL;
    }
    LoopSite *self = (LoopSite *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->call = loop_call;
    self->is_whole = self->paying.is_whole = is_whole;
    if (site_init(&self->site, type, spec, owner, number, arena, frugal) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static int
loop_clear(PyObject *object)
{
    LoopSite *self = (LoopSite *)object;
    Py_CLEAR(self->site.owner);
    while (self->n_kernels) {
        kernel_release(self->kernels[--self->n_kernels]);
    }
    return 0;
}

static void
loop_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    loop_clear(object);
    Py_CLEAR(((LoopSite *)object)->reason);
    site_clear(&((LoopSite *)object)->site);
    type->tp_free(object);
    Py_DECREF(type);
}

static int
loop_traverse(PyObject *object, visitproc visit, void *arg)
{
    LoopSite *self = (LoopSite *)object;
    for (int i = 0; i < self->n_kernels; i++) {
        Py_VISIT(self->kernels[i]->source);
    }
    return site_traverse(&self->site, visit, arg);
}

static PyMethodDef loop_methods[] = {
    {"install", loop_install, METH_O,
     "Take the kernel that was asked for, or the reason why there is none."},
    {"rest", loop_rest, METH_NOARGS, "Forget what has been counted against the site."},
    {"__reduce__", site_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef loop_members[] = {
    SITE_MEMBERS,
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(LoopSite, call), READONLY, NULL},
    {"kernels", T_INT, offsetof(LoopSite, n_kernels), READONLY, "How many kernels it has."},
    {"reason", T_OBJECT, offsetof(LoopSite, reason), READONLY,
     "Why no kernel could be made the last time; None if that never happened."},
    {"declined", T_STRING, offsetof(LoopSite, declined), READONLY,
     "Why the original code had to go on the last time it did; None if it never had to."},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot loop_slots[] = {
    {Py_tp_new, loop_new},           {Py_tp_dealloc, loop_dealloc},
    {Py_tp_traverse, loop_traverse}, {Py_tp_clear, loop_clear},
    {Py_tp_call, PyVectorcall_Call}, {Py_tp_methods, loop_methods},
    {Py_tp_members, loop_members},   {Py_tp_doc, "The site at the head of a loop."},
    {0, NULL},
};

PyType_Spec loop_spec = {
    .name = "alloc_rewrite._native.LoopSite",
    .basicsize = sizeof(LoopSite),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_HAVE_VECTORCALL,
    .slots = loop_slots,
};
