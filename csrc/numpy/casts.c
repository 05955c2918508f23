#include "numpy/casts.h"

/* Every pair of a type that loops are asked about and one that they compute in, where NumPy calls
 * the cast safe; its own casts are these conversions too. */

/* A bool is any byte; all but 0 are true. */
#define READ_bool(item) ((item) != 0)
#define READ_byte(item) (item)
#define READ_ubyte(item) (item)
#define READ_short(item) (item)
#define READ_ushort(item) (item)
#define READ_int(item) (item)
#define READ_uint(item) (item)
#define READ_long(item) (item)
#define READ_ulong(item) (item)
#define READ_longlong(item) (item)
#define READ_ulonglong(item) (item)
#define READ_float(item) (item)
#define READ_double(item) (item)

#define EACH(from, assign)                                                  \
    const void *source = data[0];                                           \
    npy_intp n = dims[0], by = strides[0];                                  \
    if (by == (npy_intp)sizeof(npy_##from)) {                               \
        const npy_##from *s = source;                                       \
        for (npy_intp i = 0; i < n; i++) {                                  \
            npy_##from value = READ_##from(s[i]);                           \
            assign;                                                         \
        }                                                                   \
        return 0;                                                           \
    }                                                                       \
    for (npy_intp i = 0; i < n; i++) {                                      \
        npy_##from value =                                                  \
            READ_##from(*(const npy_##from *)((const char *)source + i * by)); \
        assign;                                                             \
    }                                                                       \
    return 0;

#define REAL(from, to)                                                                \
    static int casts_##from##_##to(LOOP_PARAMETERS)     \
    {                                           \
        npy_##to *t = (npy_##to *)data[1];      \
        EACH(from, t[i] = (npy_##to)value)      \
    }

#define COMPLEX(from, to, part)                                                       \
    static int casts_##from##_##to(LOOP_PARAMETERS)                    \
    {                                                          \
        part *t = (part *)data[1];                             \
        EACH(from, (t[2 * i] = (part)value, t[2 * i + 1] = 0)) \
    }

#define TO_INEXACT(from)              \
    REAL(from, float)                 \
    REAL(from, double)                \
    COMPLEX(from, cfloat, npy_float)  \
    COMPLEX(from, cdouble, npy_double)

#define FROM_INTEGER(from) \
    REAL(from, byte)       \
    REAL(from, ubyte)      \
    REAL(from, short)      \
    REAL(from, ushort)     \
    REAL(from, int)        \
    REAL(from, uint)       \
    REAL(from, long)       \
    REAL(from, ulong)      \
    REAL(from, longlong)   \
    REAL(from, ulonglong)  \
    TO_INEXACT(from)

FROM_INTEGER(bool)
FROM_INTEGER(byte)
FROM_INTEGER(ubyte)
FROM_INTEGER(short)
FROM_INTEGER(ushort)
FROM_INTEGER(int)
FROM_INTEGER(uint)
FROM_INTEGER(long)
FROM_INTEGER(ulong)
FROM_INTEGER(longlong)
FROM_INTEGER(ulonglong)
REAL(float, int)
REAL(float, long)
REAL(float, double)
REAL(double, int)
REAL(double, long)
REAL(double, float)
COMPLEX(float, cfloat, npy_float)
COMPLEX(float, cdouble, npy_double)
COMPLEX(double, cdouble, npy_double)

static int
casts_cfloat_cdouble(LOOP_PARAMETERS)
{
    npy_double *t = (npy_double *)data[1];
    for (npy_intp i = 0; i < dims[0]; i++) {
        const npy_float *s = (const npy_float *)(data[0] + i * strides[0]);
        t[2 * i] = s[0];
        t[2 * i + 1] = s[1];
    }
    return 0;
}

#define ROW_INEXACT(from)                                                             \
    [NPY_FLOAT] = casts_##from##_float, [NPY_DOUBLE] = casts_##from##_double,         \
    [NPY_CFLOAT] = casts_##from##_cfloat, [NPY_CDOUBLE] = casts_##from##_cdouble

#define ROW_INTEGER(from)                                                             \
    {[NPY_BYTE] = casts_##from##_byte, [NPY_UBYTE] = casts_##from##_ubyte,            \
     [NPY_SHORT] = casts_##from##_short, [NPY_USHORT] = casts_##from##_ushort,        \
     [NPY_INT] = casts_##from##_int, [NPY_UINT] = casts_##from##_uint,                \
     [NPY_LONG] = casts_##from##_long, [NPY_ULONG] = casts_##from##_ulong,            \
     [NPY_LONGLONG] = casts_##from##_longlong,                                        \
     [NPY_ULONGLONG] = casts_##from##_ulonglong, ROW_INEXACT(from)}

static const Loop CASTS[NPY_CDOUBLE + 1][NPY_CDOUBLE + 1] = {
    [NPY_BOOL] = ROW_INTEGER(bool),
    [NPY_BYTE] = ROW_INTEGER(byte),
    [NPY_UBYTE] = ROW_INTEGER(ubyte),
    [NPY_SHORT] = ROW_INTEGER(short),
    [NPY_USHORT] = ROW_INTEGER(ushort),
    [NPY_INT] = ROW_INTEGER(int),
    [NPY_UINT] = ROW_INTEGER(uint),
    [NPY_LONG] = ROW_INTEGER(long),
    [NPY_ULONG] = ROW_INTEGER(ulong),
    [NPY_LONGLONG] = ROW_INTEGER(longlong),
    [NPY_ULONGLONG] = ROW_INTEGER(ulonglong),
    [NPY_FLOAT] = {[NPY_INT] = casts_float_int,
                   [NPY_LONG] = casts_float_long,
                   [NPY_DOUBLE] = casts_float_double,
                   [NPY_CFLOAT] = casts_float_cfloat,
                   [NPY_CDOUBLE] = casts_float_cdouble},
    [NPY_DOUBLE] = {[NPY_INT] = casts_double_int,
                    [NPY_LONG] = casts_double_long,
                    [NPY_FLOAT] = casts_double_float,
                    [NPY_CDOUBLE] = casts_double_cdouble},
    [NPY_CFLOAT] = {[NPY_CDOUBLE] = casts_cfloat_cdouble},
};

Loop
cast_of_any_kind(const PyArray_Descr *from, const PyArray_Descr *to)
{
    int one = from->type_num, other = to->type_num;
    if (one < 0 || other < 0 || one > NPY_CDOUBLE || other > NPY_CDOUBLE ||
        !PyArray_ISNBO(from->byteorder) || !PyArray_ISNBO(to->byteorder)) {
        return NULL;
    }
    return CASTS[one][other];
}

Loop
cast_between(const PyArray_Descr *from, const PyArray_Descr *to)
{
    return PyArray_CanCastSafely(from->type_num, to->type_num) ? cast_of_any_kind(from, to) : NULL;
}

int
cast_may_raise(const PyArray_Descr *from, const PyArray_Descr *to)
{
    int narrows = from->type_num == NPY_DOUBLE && to->type_num == NPY_FLOAT;
    int to_integer = PyTypeNum_ISFLOAT(from->type_num) && PyTypeNum_ISINTEGER(to->type_num);
    int widens = (from->type_num == NPY_FLOAT || from->type_num == NPY_CFLOAT) &&
                 (to->type_num == NPY_DOUBLE || to->type_num == NPY_CDOUBLE);
    return narrows || to_integer || widens;
}
