#include "regions/numbers.h"

#include <math.h>

#define MOST_BITS 1024 /* of a whole number, more or less: longer ones take their time */
#define LOW NPY_MIN_LONG
#define HIGH NPY_MAX_LONG

/* ------------------------------------------------------------------ which number it is */

/* As flags: those of all operands together tell whose rules hold. */
enum sort {
    SORT_OTHER = 1,
    SORT_BOOL = 2,
    SORT_INT = 4,
    SORT_FLOAT = 8,
    SORT_COMPLEX = 16,
    SORT_LONG = 32,    /* np.long: int64, but for Windows before NumPy 2 */
    SORT_DOUBLE = 64,  /* np.float64 */
    SORT_SINGLE = 128, /* np.float32 */
};
#define SORTS_OF_PYTHON (SORT_BOOL | SORT_INT | SORT_FLOAT | SORT_COMPLEX)
#define SORTS_OF_WHOLES (SORT_BOOL | SORT_INT | SORT_LONG)

ALWAYS_INLINE enum sort
numbers_sort(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    return type == &PyFloat_Type             ? SORT_FLOAT
           : type == &PyLong_Type            ? SORT_INT
           : type == &PyDoubleArrType_Type   ? SORT_DOUBLE
           : type == &PyLongArrType_Type     ? SORT_LONG
           : type == &PyFloatArrType_Type    ? SORT_SINGLE
           : type == &PyBool_Type            ? SORT_BOOL
           : type == &PyComplex_Type         ? SORT_COMPLEX
                                             : SORT_OTHER;
}

PyObject *
number_item(PyArray_Descr *descr, void *item)
{
    if (!PyTypeNum_ISNUMBER(descr->type_num) && descr->type_num != NPY_BOOL) {
        return NULL;
    }
    return PyArray_Scalar(item, descr, NULL);
}

PyObject *
number_of(PyObject *object)
{
    if (Py_IS_TYPE(object, &PyArray_Type)) {
        PyArrayObject *array = (PyArrayObject *)object;
        return PyArray_NDIM(array) ? NULL
                                   : number_item(PyArray_DESCR(array), PyArray_DATA(array));
    }
    return leaf_kind_of(object) == LEAF_NONE ? NULL : Py_NewRef(object);
}

int
number_is_index(PyObject *object, npy_intp *index)
{
    if (PyLong_CheckExact(object)) {
        *index = PyLong_AsSsize_t(object);
        if (UNLIKELY(*index == -1 && PyErr_Occurred())) {
            PyErr_Clear();
            return 0;
        }
        return 1;
    }
    if (Py_IS_TYPE(object, &PyLongArrType_Type)) {
        *index = (npy_intp)PyArrayScalar_VAL(object, Long);
        return 1;
    }
    return 0;
}

/* ------------------------------------------------------------------ operators */

PyObject *
number_quietly(PyObject *result)
{
    if (result == NULL && (PyErr_ExceptionMatches(PyExc_ArithmeticError) ||
                           PyErr_ExceptionMatches(PyExc_ValueError) ||
                           PyErr_ExceptionMatches(PyExc_TypeError))) {
        PyErr_Clear();
    }
    return result;
}

/* Do what the instruction does. */
static PyObject *
numbers_as_written(const Operator *operator, PyObject *const *operands)
{
    return number_quietly(operate(operator, operands));
}

/* A whole number that fits into 64 bits. */
ALWAYS_INLINE int
numbers_whole(PyObject *object, long long *value)
{
    int overflow = 0;
    if (Py_IS_TYPE(object, &PyLongArrType_Type)) {
        *value = PyArrayScalar_VAL(object, Long);
    }
    else {
        *value = PyLong_AsLongLongAndOverflow(object, &overflow);
    }
    return !overflow;
}

static int
numbers_is_power(const Operator *operator)
{
    return operator->form == POWER || operator->form == IN_PLACE_POWER;
}

/* Operators that C has to know apart; `a += b` is `a + b`, as numbers never change. */
enum arithmetic {
    PLUS, MINUS, TIMES, OVER, OVER_WHOLE, MODULO, NEGATED, KEPT, SHIFTED, RAISED, ANY
};

static enum arithmetic
numbers_arithmetic(const Operator *operator)
{
    static const struct {
        binaryfunc binary, in_place;
        enum arithmetic known;
    } all[] = {
        {PyNumber_Add, PyNumber_InPlaceAdd, PLUS},
        {PyNumber_Subtract, PyNumber_InPlaceSubtract, MINUS},
        {PyNumber_Multiply, PyNumber_InPlaceMultiply, TIMES},
        {PyNumber_TrueDivide, PyNumber_InPlaceTrueDivide, OVER},
        {PyNumber_FloorDivide, PyNumber_InPlaceFloorDivide, OVER_WHOLE},
        {PyNumber_Remainder, PyNumber_InPlaceRemainder, MODULO},
        {PyNumber_Lshift, PyNumber_InPlaceLshift, SHIFTED},
    };
    for (size_t i = 0; operator->binary != NULL && i < sizeof(all) / sizeof(all[0]); i++) {
        if (operator->binary == all[i].binary || operator->binary == all[i].in_place) {
            return all[i].known;
        }
    }
    return numbers_is_power(operator)                ? RAISED
           : operator->unary == PyNumber_Negative ? NEGATED
           : operator->unary == PyNumber_Positive ? KEPT
                                                  : ANY;
}

/* Python's own numbers. */
static PyObject *
numbers_of_python(const Operator *operator, PyObject *const *operands, int n, int sorts)
{
    if (sorts & SORT_BOOL && operator->unary == PyNumber_Invert) {
        return NULL; /* deprecated, of which Python warns */
    }
    long long whole[2] = {0, 0};
    for (int i = 0; sorts & SORT_INT && i < n; i++) {
        if (numbers_sort(operands[i]) == SORT_INT && !numbers_whole(operands[i], &whole[i])) {
            return NULL;
        }
    }
    enum arithmetic known = sorts & SORT_INT ? numbers_arithmetic(operator) : ANY;
    if ((known == RAISED || known == SHIFTED) && whole[1] > MOST_BITS) {
        return NULL;
    }
    return numbers_as_written(operator, operands);
}

static int
numbers_product_fits(long long a, long long b)
{
    if (a == 0 || b == 0) {
        return 1;
    }
    if (a == -1 || b == -1) {
        return a != LOW && b != LOW;
    }
    if (a > 0) {
        return b > 0 ? a <= HIGH / b : b >= LOW / a;
    }
    return b > 0 ? a >= LOW / b : a >= HIGH / b;
}

static int
numbers_power_fits(long long a, long long exponent)
{
    int fits = exponent >= 0 && exponent <= MOST_BITS;
    for (long long power = 1; fits && exponent > 0; exponent--) {
        fits = numbers_product_fits(power, a);
        power = fits ? power * a : power;
    }
    return fits;
}

/* NumPy's whole numbers, of which it says when they overflow. */
static PyObject *
numbers_of_wholes(const Operator *operator, PyObject *const *operands, int n)
{
    long long a, b = 1;
    if (!numbers_whole(operands[0], &a) || (n > 1 && !numbers_whole(operands[1], &b)) ||
        a < LOW || a > HIGH || b < LOW || b > HIGH) {
        return NULL;
    }
    int fits = 1;
    switch (numbers_arithmetic(operator)) {
    case PLUS:
        fits = b > 0 ? a <= HIGH - b : a >= LOW - b;
        break;
    case MINUS:
        fits = b < 0 ? a <= HIGH + b : a >= LOW + b;
        break;
    case TIMES:
        fits = numbers_product_fits(a, b);
        break;
    case OVER:
        fits = b != 0;
        break;
    case OVER_WHOLE:
    case MODULO:
        fits = b != 0 && !(a == LOW && b == -1);
        break;
    case NEGATED:
        fits = a != LOW;
        break;
    case RAISED:
        fits = numbers_power_fits(a, b);
        break;
    default:
        break;
    }
    return fits ? numbers_as_written(operator, operands) : NULL;
}

/* Read numbers as what NumPy computes with: 0 where one does not fit quietly. */
static int
numbers_read(PyObject *const *operands, int n, int is_single, double *x)
{
    for (int i = 0; i < n; i++) {
        PyObject *given = operands[i];
        switch (numbers_sort(given)) {
        case SORT_LONG:
            x[i] = (double)PyArrayScalar_VAL(given, Long);
            break;
        case SORT_SINGLE:
            x[i] = (double)PyArrayScalar_VAL(given, Float);
            break;
        case SORT_DOUBLE:
        case SORT_FLOAT:
            x[i] = PyFloat_AS_DOUBLE(given);
            break;
        default:
            x[i] = PyLong_AsDouble(given);
            if (x[i] == -1.0 && PyErr_Occurred()) {
                PyErr_Clear(); /* too large */
                return 0;
            }
        }
        if (is_single && isfinite(x[i]) && fabs(x[i]) > 3.0e38) {
            return 0;
        }
    }
    return 1;
}

/* The result in C's arithmetic, or at least one that raises the same flags: computed between the
 * looks at them. */
#define TRIED(name, type, power)                                  \
    static double name(enum arithmetic known, double x, double y) \
    {                                                             \
        volatile type a = (type)x, b = (type)y;                   \
        switch (known) {                                          \
        case PLUS:                                                \
            return a + b;                                         \
        case MINUS:                                               \
            return a - b;                                         \
        case TIMES:                                               \
            return a * b;                                         \
        case NEGATED:                                             \
            return -a;                                            \
        case KEPT:                                                \
            return a;                                             \
        case RAISED:                                              \
            return power(a, b);                                   \
        default:                                                  \
            return a / b;                                         \
        }                                                         \
    }

TRIED(numbers_tried, double, pow)
TRIED(numbers_tried_single, float, powf)

/* NumPy's floating point numbers, of which it says when one raises a flag. */
static PyObject *
numbers_of_floats(const Operator *operator, PyObject *const *operands, int n, int sorts)
{
    enum arithmetic known = numbers_arithmetic(operator);
    int is_single = !(sorts & (SORT_DOUBLE | SORT_LONG));
    double x[2] = {0.0, 0.0};
    if (known == ANY || known == SHIFTED) {
        return NULL;
    }
    status_clear(1);
    int usable = numbers_read(operands, n, is_single, x);
    if (known == OVER_WHOLE || known == MODULO) {
        usable &= isfinite(x[0]) && isfinite(x[1]);
    }
    volatile double tried =
        is_single ? numbers_tried_single(known, x[0], x[1]) : numbers_tried(known, x[0], x[1]);
    if (status_raised(1) || !usable) {
        status_clear(1);
        return NULL;
    }
    if (is_single || known == OVER_WHOLE || known == MODULO || known == RAISED) {
        return numbers_as_written(operator, operands);
    }
    double item = tried;
    PyArray_Descr *descr = PyArray_DescrFromType(NPY_DOUBLE);
    PyObject *value = PyArray_Scalar(&item, descr, NULL);
    Py_DECREF(descr);
    return value;
}

PyObject *
number_operate(const Operator *operator, PyObject *const *operands, int n)
{
    int sorts = 0;
    if (operator->binary == PyNumber_MatrixMultiply) {
        return NULL;
    }
    for (int i = 0; i < n; i++) {
        sorts |= numbers_sort(operands[i]);
    }
    if (!(sorts & ~SORTS_OF_PYTHON)) {
        return numbers_of_python(operator, operands, n, sorts);
    }
    if (sorts & (SORT_OTHER | SORT_COMPLEX)) {
        return NULL;
    }
    if (operator->form == COMPARE) {
        return numbers_as_written(operator, operands);
    }
    if (!(sorts & ~SORTS_OF_WHOLES)) {
        return numbers_of_wholes(operator, operands, n);
    }
    return numbers_of_floats(operator, operands, n, sorts);
}
