/* The sites of loops: at the head of a loop, do iterations as far as a kernel can.
 *
 * The code calls the site without arguments when an iteration begins. Most of the time that says
 * None. When there may be a kernel it gives the site, which the code then calls with the iterator
 * and the locals; that gives the locals as they are some iterations later, or None. The original
 * code goes on from there. */
#include "loops/kernel.h"

#include "numpy/fperrors.h"
#include "recent.h"
#include "regions/machine_code.h"

#include <string.h>
#include <time.h>

#define KERNELS 4             /* of one site, at a time */
#define MOST_KERNELS 16       /* that it ever asks for */
#define MOST_REFUSED 3        /* kernels that there are none of, before the site is switched off */
#define WARM 10000            /* iterations that make a loop hot */
#define WARM_NS 50000000      /* time that makes a loop hot, with some iterations */
#define LEAST_ITERATIONS 16
#define LONGEST_PAUSE 4096    /* iterations that a site stands back after failures */
#define SLICE_NS 4000000      /* after which a kernel lets others run */
#define BUDGET 20000          /* ticks between two looks at the clock */
#define LOG_ENTRIES 16384     /* at first */
#define MOST_LOG_ENTRIES (1 << 22)
#define ENTRY 3               /* words */

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
    int n_kernels;
    LoopKernel *kernels[KERNELS]; /* owned; the one used last comes first */
    PyObject *reason;         /* owned: why there was no kernel the last time; or NULL */
    const char *declined;     /* why a kernel did nothing the last time; or NULL */
} LoopSite;

/* A log that all sites share: a kernel runs under the GIL, and lets go of it nowhere. */
static int64_t *the_log;
static size_t log_entries = LOG_ENTRIES;
static int64_t slice_end;

static int64_t
loop_now(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ------------------------------------------------------------------ a range's iterator */

/* As `rangeobject.c` of CPython has it. */
typedef struct {
    PyObject_HEAD
#if PY_VERSION_HEX < 0x030C0000
    long index;
#endif
    long start;
    long step;
    long len;
} RangeIterator;

static int
range_read(PyObject *iterator, int64_t *frame)
{
    if (!Py_IS_TYPE(iterator, &PyRangeIter_Type)) {
        return 0;
    }
    const RangeIterator *self = (const RangeIterator *)iterator;
#if PY_VERSION_HEX < 0x030C0000
    frame[FRAME_NEXT] = self->start + self->index * self->step;
    frame[FRAME_LEFT] = self->len - self->index;
#else
    frame[FRAME_NEXT] = self->start;
    frame[FRAME_LEFT] = self->len;
#endif
    frame[FRAME_STEP] = self->step;
    return frame[FRAME_LEFT] > 0;
}

static void
range_write(PyObject *iterator, const int64_t *words)
{
    RangeIterator *self = (RangeIterator *)iterator;
#if PY_VERSION_HEX < 0x030C0000
    self->index = self->len - (long)words[FRAME_LEFT];
#else
    self->start = (long)words[FRAME_NEXT];
    self->len = (long)words[FRAME_LEFT];
#endif
}

/* An iterator by index, as over arrays, as `iterobject.c` of CPython has it. */
typedef struct {
    PyObject_HEAD
    Py_ssize_t index;
    PyObject *sequence; /* NULL at the end */
} IndexIterator;

/* What a loop goes over: the sequence of an iterator by index, or the iterator itself. */
static PyObject *
iterator_subject(PyObject *iterator)
{
    if (Py_IS_TYPE(iterator, &PySeqIter_Type)) {
        PyObject *sequence = ((IndexIterator *)iterator)->sequence;
        return sequence == NULL ? Py_None : sequence;
    }
    return iterator;
}

/* Put an iterator's state into the frame; 0 if it is at its end. */
static int
iterator_read(PyObject *iterator, int64_t *frame)
{
    if (Py_IS_TYPE(iterator, &PySeqIter_Type)) {
        frame[FRAME_NEXT] = ((IndexIterator *)iterator)->index;
        return ((IndexIterator *)iterator)->sequence != NULL;
    }
    return iterator == Py_None || range_read(iterator, frame);
}

static void
iterator_write(PyObject *iterator, const int64_t *words)
{
    if (Py_IS_TYPE(iterator, &PySeqIter_Type)) {
        ((IndexIterator *)iterator)->index = (Py_ssize_t)words[FRAME_NEXT];
    }
    else if (iterator != Py_None) {
        range_write(iterator, words);
    }
}

/* Whether iterators by index are as said above. */
static int
index_learn(void)
{
    static int known = -1;
    if (known >= 0) {
        return known;
    }
    PyObject *pair = Py_BuildValue("(ii)", 5, 6);
    PyObject *iterator = pair == NULL ? NULL : PySeqIter_New(pair);
    PyObject *first = iterator == NULL ? NULL : PyIter_Next(iterator);
    known = first != NULL && Py_TYPE(iterator)->tp_basicsize == sizeof(IndexIterator) &&
            ((IndexIterator *)iterator)->index == 1 &&
            ((IndexIterator *)iterator)->sequence == pair;
    PyErr_Clear();
    Py_XDECREF(first);
    Py_XDECREF(iterator);
    Py_XDECREF(pair);
    return known;
}

/* Whether iterators of ranges are as said above. */
static int
range_learn(void)
{
    static int known = -1;
    if (known >= 0) {
        return known;
    }
    PyObject *range = PyObject_CallFunction((PyObject *)&PyRange_Type, "iii", 5, 50, 7);
    PyObject *iterator = range == NULL ? NULL : PyObject_GetIter(range);
    PyObject *first = iterator == NULL ? NULL : PyIter_Next(iterator);
    int64_t words[FRAME_HEADER] = {0};
    known = 0;
    if (first != NULL && Py_TYPE(iterator)->tp_basicsize == sizeof(RangeIterator) &&
        range_read(iterator, words) && words[FRAME_NEXT] == 12 && words[FRAME_STEP] == 7 &&
        words[FRAME_LEFT] == 6) {
        words[FRAME_NEXT] = 40;
        words[FRAME_LEFT] = 2;
        range_write(iterator, words);
        PyObject *next = PyIter_Next(iterator);
        known = next != NULL && PyLong_AsLong(next) == 40;
        Py_XDECREF(next);
    }
    PyErr_Clear();
    Py_XDECREF(first);
    Py_XDECREF(iterator);
    Py_XDECREF(range);
    return known;
}

/* ------------------------------------------------------------------ running a kernel */

/* A kernel asks whether to go on: 0, or 1 if its time is up or a flag is up. */
static int64_t
loop_commit(int64_t *Py_UNUSED(frame))
{
    return status_raised(1) & (FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW | FE_INVALID)
               ? 1
               : loop_now() > slice_end;
}

/* Take back what was stored, down to a place in the log. */
static void
log_undo(const int64_t *begin, const int64_t *end)
{
    while (end > begin) {
        end -= ENTRY;
        int64_t address = end[0];
        size_t size = (size_t)end[2];
        const int64_t *before = &end[1];
        if (size > sizeof(int64_t)) {
            end -= (size + 7) / 8;
            before = end;
        }
        memcpy((void *)(intptr_t)address, before, size);
    }
}

static int
log_is_ready(void)
{
    if (the_log == NULL) {
        the_log = PyMem_RawMalloc(log_entries * ENTRY * sizeof(int64_t));
    }
    return the_log != NULL;
}

/* Have a log of so many words the next time. */
static void
log_grow(size_t words)
{
    if (words / ENTRY < MOST_LOG_ENTRIES) {
        PyMem_RawFree(the_log);
        the_log = NULL;
        log_entries = 2 * (words / ENTRY + log_entries);
    }
}

/* What a kernel gives; NULL without an exception if the original code has to go on. */
static PyObject *
loop_attempt(LoopSite *self, const LoopKernel *kernel, PyObject *iterator, PyObject *const *args)
{
    int is_idle = fperrors_is_idle(self->site.state, FE_UNDERFLOW);
    if (is_idle <= 0) {
        self->declined = "NumPy is to report underflow";
        return NULL;
    }
    int64_t *frame = STACK_ARRAY(int64_t, kernel->size);
    if (!iterator_read(iterator, frame)) {
        return NULL;
    }
    if (!log_is_ready()) {
        self->declined = "no memory";
        return NULL;
    }
    int64_t *log = the_log;
    frame[FRAME_LOG] = (int64_t)(intptr_t)log;
    frame[FRAME_LOG_SOFT] = (int64_t)(intptr_t)(log + log_entries / 2 * ENTRY);
    frame[FRAME_LOG_END] = (int64_t)(intptr_t)(log + log_entries * ENTRY);
    frame[FRAME_WANTED] = 0;
    frame[FRAME_BUDGET] = BUDGET;
    frame[FRAME_COMMIT] = (int64_t)(intptr_t)loop_commit;
    frame[FRAME_COMMITTED] = -1;
    kernel_fill(kernel, args, frame);
    slice_end = loop_now() + SLICE_NS;
    status_clear(1);
    int64_t exit = kernel->run(frame);
    int raised = status_raised(1);
    status_clear(1);
    const int64_t *end = (const int64_t *)(intptr_t)frame[FRAME_POSITION];
    const int64_t *mark = (const int64_t *)(intptr_t)frame[FRAME_MARK];
    const int64_t *words = frame + kernel->ended_at;
    is_idle = raised == 0 ? 1 : fperrors_is_idle(self->site.state, raised);
    PyObject *result = NULL;
    log_undo(mark, end);
    if (is_idle > 0 && frame[FRAME_ITERATIONS] > 1) {
        result = kernel_locals(kernel, (int)exit, words, args);
    }
    if (result == NULL) {
        log_undo(log, mark);
        words = frame + kernel->committed_at;
        if (frame[FRAME_COMMITTED] >= 0 && is_idle >= 0 && !PyErr_Occurred()) {
            result = kernel_locals(kernel, (int)frame[FRAME_COMMITTED], words, args);
        }
        self->declined = raised ? "NumPy has a floating point error to report"
                                : "an iteration has something that only the original code does";
    }
    if (frame[FRAME_WANTED]) {
        log_grow((size_t)((const int64_t *)(intptr_t)frame[FRAME_WANTED] - log));
    }
    if (result != NULL) {
        iterator_write(iterator, words);
    }
    return result;
}

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
    return done == NULL ? -1 : 0;
}

static void
loop_stand_back(LoopSite *self)
{
    self->failures += self->failures < 12;
    self->pause = 1u << self->failures;
    if (self->pause > LONGEST_PAUSE) {
        self->pause = LONGEST_PAUSE;
    }
}

static int
loop_is_traced(void)
{
    PyThreadState *thread = PyThreadState_Get();
    return thread->c_tracefunc != NULL || thread->c_profilefunc != NULL;
}

/* The kernel for these arguments, with a reference: looking at globals may run any code. */
static LoopKernel *
loop_kernel(LoopSite *self, PyObject *const *args, Py_ssize_t n)
{
    for (int i = 0; i < self->n_kernels; i++) {
        LoopKernel *kernel = self->kernels[i];
        kernel->references++;
        int fits = kernel_fits(kernel, args, n);
        if (fits && i < self->n_kernels && self->kernels[i] == kernel) {
            recent_touch(self->kernels, i);
            return kernel;
        }
        kernel_release(kernel);
    }
    return NULL;
}

static PyObject *
loop_run(LoopSite *self, PyObject *iterator, PyObject *const *args, Py_ssize_t n)
{
    LoopKernel *kernel = loop_kernel(self, args, n);
    if (kernel != NULL) {
        PyObject *result = loop_attempt(self, kernel, iterator, args);
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
        loop_stand_back(self);
        Py_RETURN_NONE;
    }
    if (loop_ask(self, args, n) < 0) {
        return NULL;
    }
    if (self->waits) {
        self->pause = 64;
    }
    else {
        loop_stand_back(self);
    }
    Py_RETURN_NONE;
}

/* Whether the loop is hot, counting one more iteration. */
static int
loop_is_hot(LoopSite *self)
{
    if (self->count++ == 0) {
        self->since = loop_now();
    }
    if (self->count >= WARM || self->site.state->compiles == COMPILES_NOW) {
        return 1;
    }
    return self->count >= LEAST_ITERATIONS && (self->count & 7) == 0 &&
           loop_now() - self->since > WARM_NS;
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
    if (n == 0) {
        if (self->pause) {
            self->pause--;
            Py_RETURN_NONE;
        }
        if ((self->asked == 0 && !loop_is_hot(self)) ||
            self->site.state->compiles == COMPILES_NEVER || loop_is_traced()) {
            Py_RETURN_NONE;
        }
        return Py_NewRef(object);
    }
    PyObject **given = STACK_ARRAY(PyObject *, n);
    memcpy(given, args, (size_t)n * sizeof(PyObject *));
    given[0] = iterator_subject(args[0]);
    return loop_run(self, args[0], given, n);
}

/* install(source): take a kernel; or the reason why there is none. */
static PyObject *
loop_install(PyObject *object, PyObject *source)
{
    LoopSite *self = (LoopSite *)object;
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
    self->refused = self->pause = self->failures = 0;
    self->asked = self->n_kernels > 0; /* it has to become hot again */
    self->count = 0;
    return site_rest(object, none);
}

/* LoopSite(spec, owner, number, arena, frugal) */
static PyObject *
loop_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *spec, *owner, *arena;
    Py_ssize_t number;
    int frugal;
    if (!PyArg_ParseTuple(args, "OOnOp:LoopSite", &spec, &owner, &number, &arena, &frugal)) {
        return NULL;
    }
    if (!range_learn() || !index_learn()) {
        PyErr_SetString(PyExc_RuntimeError, "the iterators of this interpreter are unknown");
        return NULL;
    }
    LoopSite *self = (LoopSite *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->call = loop_call;
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
    {"install", loop_install, METH_O, "Take the kernel that was asked for, or the reason why there is none."},
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
