/* The sites of operators: `a + b`, `-a`, `a < b`, `a += b`, `a ** b`, `a @ b`, `a[i]`.
 *
 * A site takes the operator's place in the code: what it does not handle it leaves to the
 * operator itself, which it calls as the instruction would.
 */
#include "sites/operators.h"
#include "ufuncs/product.h"
#include "sites/site.h"
#include "numpy/views.h"

#include <string.h>

#define POWERS 6        /* ufuncs that a power may take */
#define MOST_UNPACKED 32 /* items of a vector that are unpacked here */

/* A power's kernel for a dtype and an exponent. */
typedef struct {
    PyObject *descr;    /* owned */
    PyObject *exponent; /* owned */
    Kernel *kernel;     /* borrowed from the site */
} Power;

typedef struct {
    Site site;
    const Operator *operator;
    const Operator *in_place; /* NULL if there is none */
    PyObject *shown;          /* owned: text, what an error calls the operation */
    Py_ssize_t n_operands;
    Py_ssize_t length; /* how many items a vector is unpacked into */
    int n_kernels;
    Kernel kernels[POWERS]; /* all but powers have one or none */
    Power last;
    Product product; /* of `@` */
} OperatorSite;

/* Whether an operand is an array whose memory matters, and whose operators run no Python code. */
static int
operator_is_plain(PyObject *operand)
{
    return PyArray_CheckExact(operand) &&
           !PyDataType_REFCHK(PyArray_DESCR((PyArrayObject *)operand));
}

/* Which dying operand NumPy would write the result over; -1 for none. */
static int
operator_elided_operand(const OperatorSite *self, PyObject *const *args)
{
    enum elision elision = self->operator->elision;
    if (elision == NONE) {
        return -1;
    }
    const State *state = self->site.state;
    PyObject *other = self->n_operands == 2 ? args[1] : NULL;
    if (is_elided(state, elision, args[0], other)) {
        return 0;
    }
    if (!state->elides_for_scalars && leaf_kind_of(args[0]) == LEAF_SCALAR) {
        return -1; /* it is asked first, and calls the ufunc itself */
    }
    return elision == EITHER && is_elided(state, elision, other, args[0]) ? 1 : -1;
}

/* The operator itself; where NumPy would write over a dying operand, which it sees only when the
 * interpreter calls it, the operator in place. */
static PyObject *
operator_operate_plainly(const OperatorSite *self, PyObject *const *operands)
{
    int over = self->n_operands == 2 ? operator_elided_operand(self, operands) : -1;
    if (over < 0) {
        return operate(self->operator, operands);
    }
    PyObject *turned[2] = {operands[over], operands[!over]};
    return operate(self->in_place, turned);
}

/* What is not handled natively: under the handler if it makes arrays of plain memory. */
static NOINLINE PyObject *
operator_unhandled(OperatorSite *self, PyObject *const *operands, int n)
{
    Site *site = &self->site;
    int plain = 0, strange = 0;
    for (int i = 0; i < n; i++) {
        int is_array = operator_is_plain(operands[i]);
        plain += is_array;
        strange += !is_array && leaf_kind_of(operands[i]) == LEAF_NONE &&
                   self->operator->binary != PyObject_GetItem;
    }
    if (self->operator->binary == PyObject_GetItem) {
        plain = operator_is_plain(operands[0]) && operator_is_plain(operands[1]);
    }
    if (!plain || strange || self->operator->form == UNPACK || self->operator->form == SLICE ||
        (self->operator->form == IN_PLACE && operator_is_plain(operands[0]) && self->n_kernels)) {
        if (site_missed(site) < 0) {
            return NULL;
        }
        return operator_operate_plainly(self, operands);
    }
    Stretch stretch;
    if (routing_begin(&stretch, site->state, &site->place) < 0) {
        return NULL;
    }
    PyObject *result = operator_operate_plainly(self, operands);
    result = routing_end(&stretch, site->state, &site->place, self->shown, result);
    if (result == NULL) {
        return NULL;
    }
    site->misses = 0;
    if (site_reviewed(site) < 0) {
        Py_CLEAR(result);
    }
    return result;
}

/* ------------------------------------------------------------------ powers */

static int
operator_kernel_init(const OperatorSite *self, Kernel *kernel, PyObject *ufunc)
{
    const char *shown = PyUnicode_AsUTF8(self->shown); /* lives as long as the site */
    return shown == NULL ? -1
                         : kernel_init(kernel, self->site.state, &self->site.place, ufunc, shown);
}

static Kernel *
operator_kernel_for(OperatorSite *self, PyObject *ufunc)
{
    for (int i = 0; i < self->n_kernels; i++) {
        if (self->kernels[i].ufunc == ufunc) {
            return &self->kernels[i];
        }
    }
    if (self->n_kernels == POWERS) {
        return NULL;
    }
    Kernel *kernel = &self->kernels[self->n_kernels];
    if (operator_kernel_init(self, kernel, ufunc) < 0) {
        return NULL;
    }
    self->n_kernels++;
    return kernel;
}

/* The kernel of the ufunc that NumPy takes for this power; NULL without an exception for others. */
static Kernel *
operator_power_kernel(OperatorSite *self, PyObject *base, PyObject *exponent)
{
    if (PyArray_CheckExact(exponent)) {
        return PyArray_NDIM((PyArrayObject *)exponent) ? &self->kernels[0] : NULL;
    }
    if (!PyArray_CheckExact(base)) {
        return NULL;
    }
    PyObject *descr = (PyObject *)PyArray_DESCR((PyArrayObject *)base);
    if (self->last.exponent == exponent && self->last.descr == descr) {
        return self->last.kernel;
    }
    PyObject *ufunc =
        PyObject_CallFunctionObjArgs(self->site.state->power_ufunc, descr, exponent, NULL);
    if (ufunc == NULL) {
        return NULL;
    }
    Kernel *kernel = ufunc == Py_None ? NULL : operator_kernel_for(self, ufunc);
    Py_DECREF(ufunc);
    if (kernel == NULL && PyErr_Occurred()) {
        return NULL;
    }
    if (PyFloat_CheckExact(exponent) || PyLong_CheckExact(exponent)) {
        Py_XSETREF(self->last.exponent, Py_NewRef(exponent));
        Py_XSETREF(self->last.descr, Py_NewRef(descr));
        self->last.kernel = kernel;
    }
    return kernel;
}

/* ------------------------------------------------------------------ unpacking */

/* The `n` items of a short vector, as NumPy's iteration gives them. */
static PyObject *
operator_unpacked(PyArrayObject *array, Py_ssize_t n)
{
    PyArray_Descr *descr = PyArray_DESCR(array);
    if (PyArray_NDIM(array) != 1 || PyArray_DIM(array, 0) != n || n > MOST_UNPACKED ||
        descr->type_num > NPY_CLONGDOUBLE) {
        return NULL;
    }
    PyObject *items = PyTuple_New(n);
    for (Py_ssize_t i = 0; items != NULL && i < n; i++) {
        char *data = PyArray_BYTES(array) + i * PyArray_STRIDE(array, 0);
        PyObject *item = PyArray_Scalar(data, descr, (PyObject *)array);
        if (item == NULL) {
            Py_CLEAR(items);
            break;
        }
        PyTuple_SET_ITEM(items, i, item);
    }
    return items;
}

/* ------------------------------------------------------------------ the site */

/* A unary or binary operator on arrays: over a dying operand where NumPy does that. */
static PyObject *
operator_computed(OperatorSite *self, PyObject *const *args)
{
    Kernel *kernel = &self->kernels[0];
    int over = operator_elided_operand(self, args);
    if (over >= 0) {
        PyObject *turned[2] = {args[over], self->n_operands == 2 ? args[!over] : NULL};
        return kernel_run(kernel, turned, (PyArrayObject *)args[over], 0);
    }
    return kernel_run(kernel, args, NULL, 1);
}

ALWAYS_INLINE PyObject *
operator_attempt(OperatorSite *self, PyObject *const *args)
{
    Kernel *kernel = &self->kernels[0];
    switch (self->operator->form) {
    case UNPACK:
        return operator_unpacked((PyArrayObject *)args[0], self->length);
    case SLICE:
        return view_of_slice((PyArrayObject *)args[0], args[1], args[2]);
    case SUBSCRIPT:
        return PyArray_CheckExact(args[0]) ? view_of_index((PyArrayObject *)args[0], args[1])
                                           : NULL;
    case IN_PLACE:
        if (!self->n_kernels) {
            return NULL;
        }
        if (PyArray_CheckExact(args[0])) {
            return kernel_run(kernel, args, (PyArrayObject *)args[0], 0);
        }
        return kernel_run(kernel, args, NULL, 1);
    case COMPARE:
        if (!PyArray_CheckExact(args[0])) {
            return NULL; /* Python turns it round, and warnings name the other ufunc */
        }
        return kernel_run(kernel, args, NULL, 0);
    case POWER:
        kernel = self->n_kernels ? operator_power_kernel(self, args[0], args[1]) : NULL;
        if (kernel == NULL) {
            return NULL;
        }
        if (kernel->n_in == 1 &&
            is_elided(self->site.state, self->operator->elision, args[0], NULL)) {
            return kernel_run(kernel, args, (PyArrayObject *)args[0], 0);
        }
        return kernel_run(kernel, args, NULL, 0);
    default:
        if (self->operator->binary == PyNumber_MatrixMultiply) {
            return product_run(&self->product, self->site.state, &self->site.place, args[0],
                               args[1], 1);
        }
        return self->n_kernels ? operator_computed(self, args) : NULL;
    }
}

static PyObject *
operator_call(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    OperatorSite *self = (OperatorSite *)object;
    limbo_empty(self->site.state->limbo);
    if (UNLIKELY(n != self->n_operands)) {
        PyErr_SetString(PyExc_TypeError, "call: wrong number of operands");
        return NULL;
    }
    if (PyArray_CheckExact(args[0]) || (n == 2 && PyArray_CheckExact(args[1]))) {
        PyObject *result = operator_attempt(self, args);
        if (LIKELY(result != NULL)) {
            if (UNLIKELY(++self->site.hits == SETTLED) && site_settle(&self->site) < 0) {
                Py_CLEAR(result);
            }
            return result;
        }
        if (PyErr_Occurred()) {
            return NULL;
        }
        if (self->site.place.arena->arena->refused) { /* the heap's turn */
            self->site.place.arena->arena->refused = 0;
            return operator_operate_plainly(self, args);
        }
    }
    return operator_unhandled(self, args, (int)n);
}

/* operator_site(spec, owner, number, arena, frugal, name, shown, ufunc, length) */
static PyObject *
operator_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *spec, *owner, *arena, *shown, *ufunc;
    Py_ssize_t number, length;
    int frugal;
    const char *name;
    if (!PyArg_ParseTuple(args, "OOnOpsUOn:OperatorSite", &spec, &owner, &number, &arena, &frugal,
                          &name, &shown, &ufunc, &length)) {
        return NULL;
    }
    const Operator *found = operation_named(name);
    if (found == NULL) {
        return PyErr_Format(PyExc_ValueError, "OperatorSite: no operator is called %s", name);
    }
    OperatorSite *self = (OperatorSite *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->operator = found;
    self->length = length;
    self->shown = Py_NewRef(shown);
    self->in_place = operation_in_place(found);
    self->n_operands = found->form == UNARY || found->form == UNPACK ? 1
                       : found->form == SLICE                      ? 3
                                                                   : 2;
    if (site_init(&self->site, type, spec, owner, number, arena, frugal) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    if (ufunc != Py_None && found->ufunc != NULL) {
        if (operator_kernel_init(self, &self->kernels[0], ufunc) < 0) {
            Py_DECREF(self);
            return NULL;
        }
        self->n_kernels = 1;
    }
    return (PyObject *)self;
}

static int
operator_clear(PyObject *object)
{
    Py_CLEAR(((Site *)object)->owner); /* what cycles go through */
    return 0;
}

static void
operator_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    OperatorSite *self = (OperatorSite *)object;
    PyObject_GC_UnTrack(object);
    while (self->n_kernels) {
        kernel_clear(&self->kernels[--self->n_kernels]);
    }
    Py_CLEAR(self->shown);
    Py_CLEAR(self->last.descr);
    Py_CLEAR(self->last.exponent);
    product_clear(&self->product);
    site_clear(&self->site);
    type->tp_free(object);
    Py_DECREF(type);
}

static int
operator_traverse(PyObject *object, visitproc visit, void *arg)
{
    OperatorSite *self = (OperatorSite *)object;
    for (int i = 0; i < self->n_kernels; i++) {
        int stop = kernel_traverse(&self->kernels[i], visit, arg);
        if (stop) {
            return stop;
        }
    }
    return site_traverse(&self->site, visit, arg);
}

static PyMethodDef operator_methods[] = {
    {"call", (PyCFunction)(void (*)(void))operator_call, METH_FASTCALL,
     "Return what the operator gives."},
    {"rest", site_rest, METH_NOARGS, "Forget what has been counted against the site."},
    {"__reduce__", site_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef operator_members[] = {
    SITE_MEMBERS,
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot operator_slots[] = {
    {Py_tp_new, operator_new},
    {Py_tp_dealloc, operator_dealloc},
    {Py_tp_traverse, operator_traverse},
    {Py_tp_clear, operator_clear},
    {Py_tp_methods, operator_methods},
    {Py_tp_members, operator_members},
    {Py_tp_doc, "The site of an operator."},
    {0, NULL},
};

PyType_Spec operator_spec = {
    .name = "alloc_rewrite._native.OperatorSite",
    .basicsize = sizeof(OperatorSite),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = operator_slots,
};
