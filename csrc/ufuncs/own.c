#include "ufuncs/own.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef void *Data; /* of a loop, which only reads it */

/* The parameters of a ufunc's loop in the old style: `args`, `dims` (the number of items), `steps`.
 */
#define OWN_PARAMETERS char **args, const npy_intp *dims, const npy_intp *steps, void *data

/* ------------------------------------------------------------------ constant arrays */

/* Items of one value, whatever the first operand has: `data` is the value's item, or the second
 * operand has it. */
#define FILLED(type)                                                                            \
    static void own_filled_##type(OWN_PARAMETERS)                                               \
    {                                                                                           \
        const char *from = data == NULL ? args[1] : data;                                       \
        npy_intp by = data == NULL ? steps[1] : 0, step = data == NULL ? steps[2] : steps[1];   \
        char *to = data == NULL ? args[2] : args[1];                                            \
        for (npy_intp i = 0; i < dims[0]; i++) {                                                \
            *(npy_##type *)(to + i * step) = *(const npy_##type *)(from + i * by);              \
        }                                                                                       \
    }

/* Every type, with NumPy's number of it. */
#define EACH_TYPE(X)         \
    X(bool, NPY_BOOL)        \
    X(byte, NPY_BYTE)        \
    X(ubyte, NPY_UBYTE)      \
    X(short, NPY_SHORT)      \
    X(ushort, NPY_USHORT)    \
    X(int, NPY_INT)          \
    X(uint, NPY_UINT)        \
    X(long, NPY_LONG)        \
    X(ulong, NPY_ULONG)      \
    X(longlong, NPY_LONGLONG) \
    X(ulonglong, NPY_ULONGLONG) \
    X(float, NPY_FLOAT)      \
    X(double, NPY_DOUBLE)    \
    X(cfloat, NPY_CFLOAT)    \
    X(cdouble, NPY_CDOUBLE)

#define FILLED_OF(type, number) FILLED(type)
EACH_TYPE(FILLED_OF)

#define ZERO(type, number) static const npy_##type own_zero_##type = {0};
EACH_TYPE(ZERO)

#define LOOP_OF(type, number) own_filled_##type,
#define ZERO_OF(type, number) (Data)&own_zero_##type,
#define NONE_OF(type, number) NULL,
#define TYPES_OF_2(type, number) number, number,
#define TYPES_OF_3(type, number) number, number, number,
static const PyUFuncGenericFunction own_filled_loops[] = {EACH_TYPE(LOOP_OF)};
static const Data own_filled_zeros[] = {EACH_TYPE(ZERO_OF)};
static const Data own_filled_given[] = {EACH_TYPE(NONE_OF)};
static const char own_zeros_types[] = {EACH_TYPE(TYPES_OF_2)};
static const char own_filled_types[] = {EACH_TYPE(TYPES_OF_3)};

/* ------------------------------------------------------------------ no NaN, no infinity */

/* `nan_to_num` with the operands after the first, as many as there are: what NaN, the positive and
 * the negative infinity become; otherwise these become 0 and the largest numbers. */
#define REPLACED(type, most)                                                                \
    static void own_replaced_##type(OWN_PARAMETERS)                                         \
    {                                                                                       \
        int n = *(const int *)data;                                                         \
        npy_##type by_default[3] = {0, most, -most};                                        \
        const char *instead[3];                                                             \
        npy_intp by[3], step = steps[n + 1];                                                \
        for (int k = 0; k < 3; k++) {                                                       \
            instead[k] = k < n ? args[k + 1] : (const char *)&by_default[k];                \
            by[k] = k < n ? steps[k + 1] : 0;                                               \
        }                                                                                   \
        for (npy_intp i = 0; i < dims[0]; i++) {                                            \
            npy_##type x = *(const npy_##type *)(args[0] + i * steps[0]);                   \
            npy_##type nan = *(const npy_##type *)(instead[0] + i * by[0]);                 \
            npy_##type largest = *(const npy_##type *)(instead[1] + i * by[1]);             \
            npy_##type least = *(const npy_##type *)(instead[2] + i * by[2]);               \
            *(npy_##type *)(args[n + 1] + i * step) = isnan(x)   ? nan                      \
                                                      : !isinf(x) ? x                       \
                                                      : x > 0     ? largest                 \
                                                                  : least;                  \
        }                                                                                   \
    }

REPLACED(float, FLT_MAX)
REPLACED(double, DBL_MAX)

static const PyUFuncGenericFunction own_replaced_loops[] = {own_replaced_float,
                                                            own_replaced_double};
static const int own_counts[] = {0, 1, 3};
static const Data own_replaced_none[] = {(Data)&own_counts[0], (Data)&own_counts[0]};
static const Data own_replaced_nan[] = {(Data)&own_counts[1], (Data)&own_counts[1]};
static const Data own_replaced_all[] = {(Data)&own_counts[2], (Data)&own_counts[2]};
static const char own_floats[] = {NPY_FLOAT,  NPY_FLOAT,  NPY_FLOAT,  NPY_FLOAT,  NPY_FLOAT,
                                  NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE};
static const char own_floats_2[] = {NPY_FLOAT, NPY_FLOAT, NPY_DOUBLE, NPY_DOUBLE};
static const char own_floats_3[] = {NPY_FLOAT,  NPY_FLOAT,  NPY_FLOAT,
                                    NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE};

/* ------------------------------------------------------------------ rounding to decimals */

static const double own_powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};

/* Multiply by a power of ten, round, and divide by it, as `ndarray.round` does. The second operand
 * says how many decimals, 1 to 8. */
#define ROUNDED(type, rounded)                                                        \
    static void own_rounded_##type(OWN_PARAMETERS)                                    \
    {                                                                                 \
        (void)data;                                                                   \
        for (npy_intp i = 0; i < dims[0]; i++) {                                      \
            int decimals = (int)*(const npy_##type *)(args[1] + i * steps[1]);        \
            npy_##type power = (npy_##type)own_powers[decimals];                      \
            npy_##type x = *(const npy_##type *)(args[0] + i * steps[0]) * power;     \
            *(npy_##type *)(args[2] + i * steps[2]) = rounded(x) / power;             \
        }                                                                             \
    }

ROUNDED(float, rintf)
ROUNDED(double, rint)

static const PyUFuncGenericFunction own_rounded_loops[] = {own_rounded_float, own_rounded_double};
static const Data own_nothing[] = {NULL, NULL};

/* ------------------------------------------------------------------ all of them */

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

static const struct {
    const char *key;
    const char *name; /* as warnings have it */
    const PyUFuncGenericFunction *loops;
    const Data *data;
    const char *types;
    int n_types, n_in;
} OWN[] = {
    {"zeros", "zeros_like", own_filled_loops, own_filled_zeros, own_zeros_types,
     COUNT(own_filled_loops), 1},
    {"filled", "full_like", own_filled_loops, own_filled_given, own_filled_types,
     COUNT(own_filled_loops), 2},
    {"replaced", "nan_to_num", own_replaced_loops, own_replaced_none, own_floats_2, 2, 1},
    {"replaced_nan", "nan_to_num", own_replaced_loops, own_replaced_nan, own_floats_3, 2, 2},
    {"replaced_all", "nan_to_num", own_replaced_loops, own_replaced_all, own_floats, 2, 4},
    {"rounded", "multiply", own_rounded_loops, own_nothing, own_floats_3, 2, 2},
};

int
own_add(PyObject *module)
{
    PyObject *all = PyDict_New();
    for (size_t i = 0; all != NULL && i < sizeof(OWN) / sizeof(OWN[0]); i++) {
        PyObject *ufunc =
            PyUFunc_FromFuncAndData((PyUFuncGenericFunction *)OWN[i].loops,
                                    (void **)OWN[i].data, (char *)OWN[i].types, OWN[i].n_types,
                                    OWN[i].n_in, 1, PyUFunc_None, OWN[i].name, NULL, 0);
        if (ufunc == NULL || PyDict_SetItemString(all, OWN[i].key, ufunc) < 0) {
            Py_CLEAR(all);
        }
        Py_XDECREF(ufunc);
    }
    int failed = all == NULL || PyModule_AddObjectRef(module, "OWN_UFUNCS", all) < 0;
    Py_XDECREF(all);
    return failed ? -1 : 0;
}
