/* What is called in the place of a function that is being judged, or that is left as it is. */
#include "calls/judge.h"
#include "calls/lending.h"

#define LENDS 16 /* calls without a function of the user's, until a judge takes that for usual */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    Site *site;          /* owned */
    Judge *judge;        /* owned */
    PyObject *original;  /* owned */
    PyObject *rewritten; /* owned, or NULL while it waits */
} Judged;

/* Call other code as it is; what it gets of the user's functions runs rewritten. */
static PyObject *
judged_lend(Judged *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Extent outer;
    Py_ssize_t n = PyVectorcall_NARGS(nargsf) + (names == NULL ? 0 : PyTuple_GET_SIZE(names));
    int found = lending_begin(&outer, self->site, args, n);
    if (found < 0) {
        return NULL;
    }
    PyObject *result = PyObject_Vectorcall(self->original, args, nargsf, names);
    unsigned int *lends = &self->judge->lends;
    *lends = lending_end(&outer) || found ? LENDS : *lends - (*lends > 0);
    return result;
}

/* Call the original of a function of NumPy's, with its arrays from the arena. */
static PyObject *
judged_wait(Judged *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Turn turn = {.is_timed = 0};
    return judge_route(self->judge, &turn, self->site, self->original, args, nargsf, names);
}

static PyObject *
judged_call(PyObject *object, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Judged *self = (Judged *)Py_NewRef(object);
    Turn turn;
    PyObject *result = NULL;
    if (self->rewritten == NULL) {
        result = self->judge->is_other ? judged_lend(self, args, nargsf, names)
                                       : judged_wait(self, args, nargsf, names);
    }
    else if (judge_begin(self->judge, &turn) == 0) {
        if (turn.is_rewritten) {
            result = PyObject_Vectorcall(self->rewritten, args, nargsf, names);
        }
        else if (self->judge->is_other) {
            result = judged_lend(self, args, nargsf, names);
        }
        else {
            result = judge_route(self->judge, &turn, self->site, self->original, args, nargsf,
                                 names);
            if (result != NULL && self->judge->phase == LEFT && site_reviewed(self->site) < 0) {
                Py_CLEAR(result);
            }
        }
        if (judge_end(self->judge, &turn, result != NULL) < 0) {
            Py_CLEAR(result);
        }
    }
    Py_DECREF(self);
    return result;
}

PyObject *
judged_make(Site *site, Judge *judge, PyObject *original, PyObject *rewritten)
{
    PyTypeObject *type = site->state->judged_type;
    Judged *self = (Judged *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->vectorcall = judged_call;
        self->site = (Site *)Py_NewRef((PyObject *)site);
        self->judge = (Judge *)Py_NewRef((PyObject *)judge);
        self->original = Py_NewRef(original);
        self->rewritten = Py_XNewRef(rewritten);
    }
    return (PyObject *)self;
}

static int
judged_clear(PyObject *object)
{
    Judged *self = (Judged *)object;
    Py_CLEAR(self->site);
    Py_CLEAR(self->judge);
    Py_CLEAR(self->original);
    Py_CLEAR(self->rewritten);
    return 0;
}

static void
judged_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    judged_clear(object);
    type->tp_free(object);
    Py_DECREF(type);
}

static int
judged_traverse(PyObject *object, visitproc visit, void *arg)
{
    Judged *self = (Judged *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT((PyObject *)self->site);
    Py_VISIT((PyObject *)self->judge);
    Py_VISIT(self->original);
    Py_VISIT(self->rewritten);
    return 0;
}

static PyMemberDef judged_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Judged, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot judged_slots[] = {
    {Py_tp_dealloc, judged_dealloc}, {Py_tp_traverse, judged_traverse},
    {Py_tp_clear, judged_clear},     {Py_tp_members, judged_members},
    {Py_tp_call, PyVectorcall_Call}, {Py_tp_doc, "A function on trial, for one call."},
    {0, NULL},
};

PyType_Spec judged_spec = {
    .name = "alloc_rewrite._native.Judged",
    .basicsize = sizeof(Judged),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
             Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = judged_slots,
};
