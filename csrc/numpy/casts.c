#include "numpy/casts.h"

/* Every pair of a type that loops are asked about and one that they compute in, where NumPy calls
 * the cast safe; its own casts are these conversions too. Integers are told apart by their bits
 * alone: one that doesn't get wider keeps its low bytes, whatever its sign. */
enum kind {
    KIND_BOOL,
    KIND_INT8,
    KIND_INT16,
    KIND_INT32,
    KIND_INT64,
    KIND_UINT8,
    KIND_UINT16,
    KIND_UINT32,
    KIND_UINT64,
    KIND_FLOAT,
    KIND_DOUBLE,
    KIND_CFLOAT,
    KIND_CDOUBLE,
    KINDS
};

#define EACH(from, assign, by_item)                               \
    const char *source = data[0];                                 \
    npy_intp n = dims[0], by = strides[0];                        \
    if (by == (npy_intp)sizeof(npy_##from)) {                     \
        const npy_##from *s = (const npy_##from *)source;         \
        for (npy_intp i = 0; i < n; i++) {                        \
            npy_##from item = s[i];                               \
            assign;                                               \
            by_item;                                              \
        }                                                         \
        return 0;                                                 \
    }                                                             \
    for (npy_intp i = 0; i < n; i++) {                            \
        npy_##from item = *(const npy_##from *)(source + i * by); \
        assign;                                                   \
        ITEM_BY_ITEM;                                             \
    }                                                             \
    return 0;

#define REAL(from, to, value)                       \
    static int casts_##from##_##to(LOOP_PARAMETERS) \
    {                                               \
        npy_##to *t = (npy_##to *)data[1];          \
        EACH(from, t[i] = (npy_##to)(value), )      \
    }

#define COMPLEX(from, to, part, value, by_item)                           \
    static int casts_##from##_##to(LOOP_PARAMETERS)              \
    {                                                            \
        part *t = (part *)data[1];                               \
        EACH(from, (t[2 * i] = (part)(value), t[2 * i + 1] = 0), by_item) \
    }

#define TO_INTEGERS(from, value) \
    REAL(from, uint8, value)     \
    REAL(from, uint16, value)    \
    REAL(from, uint32, value)    \
    REAL(from, uint64, value)

#define TO_INEXACT(from, value)              \
    REAL(from, float, value)                 \
    REAL(from, double, value)                \
    COMPLEX(from, cfloat, npy_float, value, ITEM_BY_ITEM) \
    COMPLEX(from, cdouble, npy_double, value, ITEM_BY_ITEM)

/* A bool is any byte; all but 0 are true. */
TO_INTEGERS(bool, item != 0)
TO_INTEGERS(uint8, item)
TO_INTEGERS(uint16, item)
TO_INTEGERS(uint32, item)
TO_INTEGERS(uint64, item)
REAL(int8, uint16, item)
REAL(int8, uint32, item)
REAL(int8, uint64, item)
REAL(int16, uint32, item)
REAL(int16, uint64, item)
REAL(int32, uint64, item)
TO_INEXACT(bool, item != 0)
TO_INEXACT(int8, item)
TO_INEXACT(int16, item)
TO_INEXACT(int32, item)
TO_INEXACT(int64, item)
TO_INEXACT(uint8, item)
TO_INEXACT(uint16, item)
TO_INEXACT(uint32, item)
TO_INEXACT(uint64, item)
REAL(float, int32, item)
REAL(float, int64, item)
REAL(float, double, item)
REAL(double, int32, item)
REAL(double, int64, item)
REAL(double, float, item)
COMPLEX(float, cfloat, npy_float, item, )
COMPLEX(float, cdouble, npy_double, item, )
COMPLEX(double, cdouble, npy_double, item, )

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

/* A row of the table: a type, and as which types it becomes an integer of 1, 2, 4 and 8 bytes. */
#define ROW(from, one, two, four, eight)          \
    {[KIND_INT8] = casts_##one##_uint8,           \
     [KIND_UINT8] = casts_##one##_uint8,          \
     [KIND_INT16] = casts_##two##_uint16,         \
     [KIND_UINT16] = casts_##two##_uint16,        \
     [KIND_INT32] = casts_##four##_uint32,        \
     [KIND_UINT32] = casts_##four##_uint32,       \
     [KIND_INT64] = casts_##eight##_uint64,       \
     [KIND_UINT64] = casts_##eight##_uint64,      \
     [KIND_FLOAT] = casts_##from##_float,         \
     [KIND_DOUBLE] = casts_##from##_double,       \
     [KIND_CFLOAT] = casts_##from##_cfloat,       \
     [KIND_CDOUBLE] = casts_##from##_cdouble}

static const Loop CASTS[KINDS][KINDS] = {
    [KIND_BOOL] = ROW(bool, bool, bool, bool, bool),
    [KIND_INT8] = ROW(int8, uint8, int8, int8, int8),
    [KIND_INT16] = ROW(int16, uint16, uint16, int16, int16),
    [KIND_INT32] = ROW(int32, uint32, uint32, uint32, int32),
    [KIND_INT64] = ROW(int64, uint64, uint64, uint64, uint64),
    [KIND_UINT8] = ROW(uint8, uint8, uint8, uint8, uint8),
    [KIND_UINT16] = ROW(uint16, uint16, uint16, uint16, uint16),
    [KIND_UINT32] = ROW(uint32, uint32, uint32, uint32, uint32),
    [KIND_UINT64] = ROW(uint64, uint64, uint64, uint64, uint64),
    [KIND_FLOAT] = {[KIND_INT32] = casts_float_int32,
                    [KIND_INT64] = casts_float_int64,
                    [KIND_DOUBLE] = casts_float_double,
                    [KIND_CFLOAT] = casts_float_cfloat,
                    [KIND_CDOUBLE] = casts_float_cdouble},
    [KIND_DOUBLE] = {[KIND_INT32] = casts_double_int32,
                     [KIND_INT64] = casts_double_int64,
                     [KIND_FLOAT] = casts_double_float,
                     [KIND_CDOUBLE] = casts_double_cdouble},
    [KIND_CFLOAT] = {[KIND_CDOUBLE] = casts_cfloat_cdouble},
};

/* KINDS if the table has no row for a dtype. */
static enum kind
casts_kind(const PyArray_Descr *descr)
{
    int type = descr->type_num, is_signed = PyTypeNum_ISSIGNED(type);
    if (!PyArray_ISNBO(descr->byteorder)) {
        return KINDS;
    }
    if (is_signed || PyTypeNum_ISUNSIGNED(type)) {
        npy_intp size = PyDataType_ELSIZE(descr);
        return (is_signed ? KIND_INT8 : KIND_UINT8) + (size > 1) + (size > 2) + (size > 4);
    }
    switch (type) {
    case NPY_BOOL:
        return KIND_BOOL;
    case NPY_FLOAT:
        return KIND_FLOAT;
    case NPY_DOUBLE:
        return KIND_DOUBLE;
    case NPY_CFLOAT:
        return KIND_CFLOAT;
    case NPY_CDOUBLE:
        return KIND_CDOUBLE;
    default:
        return KINDS;
    }
}

Loop
cast_of_any_kind(const PyArray_Descr *from, const PyArray_Descr *to)
{
    enum kind one = casts_kind(from), other = casts_kind(to);
    return one == KINDS || other == KINDS ? NULL : CASTS[one][other];
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
