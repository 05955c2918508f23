/* Methods of numpy.random's generators, by the C functions that draw, without the Python objects
 * that NumPy prepares for them.
 *
 * `more` is (address, result, kinds, defaults, owner, sources, names): where the function is; what
 * it draws, as a letter; a letter for each parameter, with `#` for the size; values of the last
 * parameters, which may be missing; the type of the method's object; the types of its bit
 * generator; and the attributes that lead to the bit generator, its functions, and its lock, for
 * which a draw waits as in NumPy. What NumPy would refuse is left to it.
 */
#include "calls/native.h"

#include <math.h>
#include <string.h>

#define MOST_DRAWN 1024 /* numbers for which others wait */
#define MOST_NUMBERS 3
#define MOST_AXES 3
#define MOST_INTEGER 4611686018427387904 /* 2 ** 62 */
#define MOST_EXACT 9007199254740992      /* 2 ** 53 */
#define MODERATE 1e9

enum { ADDRESS, RESULT, KINDS, DEFAULTS, OWNER, SOURCES, NAMES };
enum { SOURCE, FUNCTIONS, LOCK, ACQUIRE, RELEASE };

/* What the native knows: its row, and the bit generator that it drew from last. */
typedef struct {
    void *address;
    char result;
    const char *kinds;  /* borrowed */
    int parameters, takes_size, required;
    PyObject *source;   /* owned, or NULL */
    void *functions;    /* borrowed from it */
    PyObject *acquire;  /* owned: methods of its lock */
    PyObject *release;  /* owned */
} Drawing;

/* What a call draws. */
typedef struct {
    double numbers[MOST_NUMBERS];
    npy_int64 bounds[2];
    npy_intp dims[MOST_AXES], size;
    int n, nd, is_sized;
} Draw;

/* ------------------------------------------------------------------ arguments */

static int
draws_integer(PyObject *value, npy_int64 most, npy_int64 *to)
{
    int overflow = 0;
    *to = PyLong_CheckExact(value) ? PyLong_AsLongLongAndOverflow(value, &overflow) : most;
    return !overflow && *to < most && *to > -most;
}

static int
draws_number(PyObject *value, double *to)
{
    npy_int64 integer;
    if (PyFloat_CheckExact(value)) {
        *to = PyFloat_AS_DOUBLE(value);
    }
    else if (Py_IS_TYPE(value, &PyDoubleArrType_Type)) {
        *to = PyArrayScalar_VAL(value, Double);
    }
    else if (draws_integer(value, MOST_EXACT, &integer)) {
        *to = (double)integer;
    }
    else {
        return 0;
    }
    return isfinite(*to);
}

/* Whether a number is of a kind: finite, not negative, positive, moderate; or, less the one before
 * it, not negative. */
static int
draws_suits(char kind, double *number)
{
    switch (kind) {
    case 'r':
        *number -= number[-1];
        return isfinite(*number) && !signbit(*number);
    case 'n':
        return !signbit(*number);
    case 'p':
        return *number > 0.0;
    case 'm':
        return !signbit(*number) && *number <= MODERATE;
    default:
        return kind == 'f';
    }
}

static int
draws_size(PyObject *value, Draw *draw)
{
    int is_tuple = PyTuple_CheckExact(value);
    Py_ssize_t nd = is_tuple ? PyTuple_GET_SIZE(value) : 1;
    if (nd == 0 || nd > MOST_AXES) {
        return 0;
    }
    draw->is_sized = 1;
    draw->nd = (int)nd;
    for (Py_ssize_t i = 0; i < nd; i++) {
        npy_int64 length;
        if (!draws_integer(is_tuple ? PyTuple_GET_ITEM(value, i) : value, MOST_DRAWN + 1,
                           &length) || length < 1) {
            return 0;
        }
        draw->dims[i] = length;
        draw->size *= length;
    }
    return draw->size <= MOST_DRAWN;
}

/* Two integers, or one that is the upper bound. */
static int
draws_bounds(PyObject *low, PyObject *high, Draw *draw)
{
    npy_int64 *bounds = draw->bounds;
    if (high == NULL || high == Py_None) {
        bounds[0] = 0;
        high = low;
    }
    else if (!draws_integer(low, MOST_INTEGER, &bounds[0])) {
        return 0;
    }
    return draws_integer(high, MOST_INTEGER, &bounds[1]) && bounds[0] < bounds[1];
}

/* Read the arguments after the method's object; 0 if NumPy has to look at them. */
static int
draws_read(const Drawing *own, PyObject *defaults, PyObject *const *args, Py_ssize_t n,
           PyObject *names, Draw *draw)
{
    static const char *const known[] = {"size", NULL};
    PyObject *size[1] = {NULL};
    draw->is_sized = draw->n = 0;
    draw->size = 1;
    if (n > own->parameters + own->takes_size || (names != NULL && !own->takes_size)) {
        return 0;
    }
    if (n > own->parameters) {
        size[0] = args[own->parameters];
    }
    if (!native_keywords(args + n, names, known, size) ||
        (size[0] != NULL && size[0] != Py_None && !draws_size(size[0], draw))) {
        return 0;
    }
    if (*own->kinds == 'b') { /* of two bounds */
        return n > 0 && draws_bounds(args[0], n > 1 ? args[1] : NULL, draw);
    }
    for (; draw->n < own->parameters; draw->n++) {
        int i = draw->n;
        if (i >= n && i < own->required) {
            return 0;
        }
        PyObject *value = i < n ? args[i] : PyTuple_GET_ITEM(defaults, i - own->required);
        if (!draws_number(value, &draw->numbers[i]) ||
            !draws_suits(own->kinds[i], &draw->numbers[i])) {
            return 0;
        }
    }
    return 1;
}

/* ------------------------------------------------------------------ the bit generator */

static void
draws_forget(Drawing *own)
{
    Py_CLEAR(own->source);
    Py_CLEAR(own->acquire);
    Py_CLEAR(own->release);
}

static void
draws_delete(void *own)
{
    draws_forget(own);
    PyMem_Free(own);
}

static Drawing *
draws_own(Native *self)
{
    PyObject *more = self->more;
    if (self->own == NULL) {
        Drawing *own = self->own = PyMem_Calloc(1, sizeof(Drawing));
        if (own == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        self->free_own = draws_delete;
        own->address = PyLong_AsVoidPtr(PyTuple_GET_ITEM(more, ADDRESS));
        own->result = *PyUnicode_AsUTF8(PyTuple_GET_ITEM(more, RESULT));
        own->kinds = PyUnicode_AsUTF8(PyTuple_GET_ITEM(more, KINDS));
        own->parameters = (int)strcspn(own->kinds, "#");
        own->takes_size = own->kinds[own->parameters] == '#';
        own->required = own->parameters - (int)PyTuple_GET_SIZE(PyTuple_GET_ITEM(more, DEFAULTS));
    }
    return self->own;
}

/* Get to know a bit generator; 0 if it is none of NumPy's. */
static int
draws_learn(Drawing *own, PyObject *more, PyObject *source)
{
    PyObject *names = PyTuple_GET_ITEM(more, NAMES), *sources = PyTuple_GET_ITEM(more, SOURCES);
    int is_known = 0;
    for (Py_ssize_t i = 0; !is_known && i < PyTuple_GET_SIZE(sources); i++) {
        is_known = (PyObject *)Py_TYPE(source) == PyTuple_GET_ITEM(sources, i);
    }
    draws_forget(own);
    if (!is_known) {
        return 0;
    }
    PyObject *capsule = PyObject_GetAttr(source, PyTuple_GET_ITEM(names, FUNCTIONS));
    PyObject *lock = PyObject_GetAttr(source, PyTuple_GET_ITEM(names, LOCK));
    if (capsule != NULL && lock != NULL) {
        own->functions = PyCapsule_GetPointer(capsule, "BitGenerator");
        own->acquire = PyObject_GetAttr(lock, PyTuple_GET_ITEM(names, ACQUIRE));
        own->release = PyObject_GetAttr(lock, PyTuple_GET_ITEM(names, RELEASE));
    }
    Py_XDECREF(lock);
    Py_XDECREF(capsule); /* the bit generator has it as well */
    if (own->functions == NULL || own->acquire == NULL || own->release == NULL) {
        PyErr_Clear();
        draws_forget(own);
        return 0;
    }
    own->source = Py_NewRef(source);
    return 1;
}

/* The bit generator of a method's object, with its lock, or NULL: with an exception if waiting for
 * the lock was interrupted, as in NumPy. */
static PyObject *
draws_begin(Drawing *own, PyObject *more, PyObject *object, void **functions, PyObject **release)
{
    PyObject *names = PyTuple_GET_ITEM(more, NAMES), *source, *taken;
    if ((PyObject *)Py_TYPE(object) != PyTuple_GET_ITEM(more, OWNER)) {
        return NULL;
    }
    source = PyObject_GetAttr(object, PyTuple_GET_ITEM(names, SOURCE));
    if (source == NULL || (source != own->source && !draws_learn(own, more, source))) {
        PyErr_Clear();
        Py_XDECREF(source);
        return NULL;
    }
    *functions = own->functions;
    *release = Py_NewRef(own->release);
    PyObject *acquire = Py_NewRef(own->acquire); /* other threads may draw here meanwhile */
    taken = PyObject_CallNoArgs(acquire);
    Py_DECREF(acquire);
    if (taken == NULL) {
        Py_DECREF(*release);
        Py_CLEAR(source);
    }
    Py_XDECREF(taken);
    return source;
}

static int
draws_end(PyObject *source, PyObject *release)
{
    PyObject *done = PyObject_CallNoArgs(release);
    Py_XDECREF(done);
    Py_DECREF(release);
    Py_DECREF(source);
    return done == NULL ? -1 : 0;
}

/* ------------------------------------------------------------------ drawing */

typedef double (*DoubleOf0)(void *);
typedef double (*DoubleOf1)(void *, double);
typedef double (*DoubleOf2)(void *, double, double);
typedef npy_int64 (*IntegerOf1)(void *, double);
typedef void (*Bounded)(void *, npy_uint64, npy_uint64, npy_intp, _Bool, npy_uint64 *);

static void
draws_doubles(const Draw *draw, void *address, void *functions, double *to)
{
    const double *numbers = draw->numbers;
    for (npy_intp i = 0; i < draw->size; i++) {
        to[i] = draw->n == 0   ? ((DoubleOf0)address)(functions)
                : draw->n == 1 ? ((DoubleOf1)address)(functions, numbers[0])
                               : ((DoubleOf2)address)(functions, numbers[0], numbers[1]);
    }
}

static void
draws_integers(const Draw *draw, void *address, char result, void *functions, npy_int64 *to)
{
    if (result == 'i') {
        for (npy_intp i = 0; i < draw->size; i++) {
            to[i] = ((IntegerOf1)address)(functions, draw->numbers[0]);
        }
        return;
    }
    npy_uint64 low = (npy_uint64)draw->bounds[0], high = (npy_uint64)draw->bounds[1] - 1;
    ((Bounded)address)(functions, low, high - low, draw->size, result == 'l', (npy_uint64 *)to);
}

static PyObject *
draws_scalar(char result, PyArray_Descr *descr, const void *item)
{
    return result == 'd'   ? PyFloat_FromDouble(*(const double *)item)
           : result == 'b' ? PyArray_Scalar((void *)item, descr, NULL)
                           : PyLong_FromLongLong(*(const npy_int64 *)item);
}

static PyObject *
draws_run(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyObject *more = self->more, *result = NULL, *source = NULL, *release;
    Drawing *own = draws_own(self);
    Draw draw;
    if (own == NULL || n == 0 ||
        !draws_read(own, PyTuple_GET_ITEM(more, DEFAULTS), args + 1, n - 1, names, &draw)) {
        return NULL;
    }
    PyArray_Descr *descr = PyArray_DescrFromType(own->result == 'd' ? NPY_DOUBLE : NPY_INT64);
    PyArrayObject *array = NULL;
    union {
        double number;
        npy_int64 integer;
    } item;
    void *to = &item, *functions, *address = own->address;
    char kind = own->result;
    if (draw.is_sized) {
        array = slots_array(&self->slots, self->site->state, &self->site->place, self->name, descr,
                            draw.nd, draw.dims, draw.size);
        to = array == NULL ? NULL : PyArray_BYTES(array);
    }
    if (to != NULL) { /* after this the site may be emptied */
        source = draws_begin(own, more, args[0], &functions, &release);
    }
    if (source != NULL) {
        if (kind == 'd') {
            draws_doubles(&draw, address, functions, to);
        }
        else {
            draws_integers(&draw, address, kind, functions, to);
        }
        if (draws_end(source, release) == 0) {
            result = array ? Py_NewRef((PyObject *)array) : draws_scalar(kind, descr, to);
        }
    }
    Py_XDECREF(array);
    Py_DECREF(descr);
    return result;
}

const NativeRow draw_rows[] = {{"draw", draws_run}, {NULL, NULL}};
