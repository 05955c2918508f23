/* Ufuncs as another library would make them: loops in the old style, under any name. */
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define NPY_TARGET_VERSION NPY_2_0_API_VERSION
#include <Python.h>
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

#include <string.h>

static npy_intp calls;      /* of any loop */
static npy_intp seen[2][4]; /* items and strides, of the first call and the last */

static void
note(const npy_intp *dims, const npy_intp *steps, int n)
{
    for (int k = calls != 0; k < 2; k++) {
        seen[k][0] = dims[0];
        for (int i = 0; i < n && i < 3; i++) {
            seen[k][i + 1] = steps[i];
        }
    }
    calls++;
}

/* Something else than any ufunc of NumPy gives. */
#define SHIFTED(type, name)                                                              \
    static void name##_1(char **args, const npy_intp *dims, const npy_intp *steps, void *data) \
    {                                                                                    \
        note(dims, steps, 2);                                                            \
        for (npy_intp i = 0; i < dims[0]; i++) {                                         \
            *(type *)(args[1] + i * steps[1]) = *(type *)(args[0] + i * steps[0]) + 100; \
        }                                                                                \
    }                                                                                    \
    static void name##_2(char **args, const npy_intp *dims, const npy_intp *steps, void *data) \
    {                                                                                    \
        note(dims, steps, 3);                                                            \
        for (npy_intp i = 0; i < dims[0]; i++) {                                         \
            *(type *)(args[2] + i * steps[2]) = *(type *)(args[0] + i * steps[0]) +      \
                                                *(type *)(args[1] + i * steps[1]) + 100; \
        }                                                                                \
    }

SHIFTED(float, shifted_float)
SHIFTED(double, shifted_double)

/* Whether the first item is even, which no comparison says. */
static void
even(char **args, const npy_intp *dims, const npy_intp *steps, void *data)
{
    note(dims, steps, 3);
    for (npy_intp i = 0; i < dims[0]; i++) {
        *(npy_bool *)(args[2] + i * steps[2]) =
            (long)*(double *)(args[0] + i * steps[0]) % 2 == 0;
    }
}

/* Does to negative items what `data` says: raises an exception, or warns. */
static void
report(char **args, const npy_intp *dims, const npy_intp *steps, void *data)
{
    note(dims, steps, 2);
    for (npy_intp i = 0; i < dims[0]; i++) {
        double x = *(double *)(args[0] + i * steps[0]);
        if (x < 0) {
            PyGILState_STATE held = PyGILState_Ensure();
            if (PyErr_Occurred()) {
                /* one is enough */
            }
            else if (strcmp(data, "warns") == 0) {
                PyErr_WarnEx(PyExc_UserWarning, "a negative item", 1);
            }
            else {
                PyErr_Format(PyExc_ValueError, "item %d is negative", (int)i);
            }
            PyGILState_Release(held);
        }
        *(double *)(args[1] + i * steps[1]) = x + 1;
    }
}

/* The first operand, for any type. */
#define FIRST(type)                                                                        \
    static void first_##type(char **args, const npy_intp *dims, const npy_intp *steps, void *data) \
    {                                                                                      \
        note(dims, steps, 3);                                                              \
        for (npy_intp i = 0; i < dims[0]; i++) {                                           \
            *(npy_##type *)(args[2] + i * steps[2]) = *(npy_##type *)(args[0] + i * steps[0]); \
        }                                                                                  \
    }

FIRST(float)
FIRST(double)
FIRST(cfloat)
FIRST(cdouble)

static PyUFuncGenericFunction shifted_1[] = {shifted_float_1, shifted_double_1};
static PyUFuncGenericFunction shifted_2[] = {shifted_float_2, shifted_double_2};
static PyUFuncGenericFunction evens[] = {even};
static PyUFuncGenericFunction reports[] = {report};
static PyUFuncGenericFunction firsts[] = {first_float, first_double, first_cfloat,
                                          first_cdouble};
static void *const nothing[] = {NULL, NULL, NULL, NULL};
static void *const raises[] = {"raises"}, *const warns[] = {"warns"};
static const char real[] = {NPY_FLOAT,  NPY_FLOAT,  NPY_FLOAT,
                            NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE};
static const char real_1[] = {NPY_FLOAT, NPY_FLOAT, NPY_DOUBLE, NPY_DOUBLE};
static const char truth[] = {NPY_DOUBLE, NPY_DOUBLE, NPY_BOOL};
static const char doubles[] = {NPY_DOUBLE, NPY_DOUBLE};
static const char any[] = {NPY_FLOAT,  NPY_FLOAT,  NPY_FLOAT,  NPY_DOUBLE,  NPY_DOUBLE,
                           NPY_DOUBLE, NPY_CFLOAT, NPY_CFLOAT, NPY_CFLOAT,  NPY_CDOUBLE,
                           NPY_CDOUBLE, NPY_CDOUBLE};

/* ufunc(name, what): one that does what "shifted 1", "shifted 2", "even", "raises", "warns" or
 * "first" says. */
static PyObject *
ufunc(PyObject *self, PyObject *args)
{
    const char *name, *what;
    if (!PyArg_ParseTuple(args, "ss", &name, &what)) {
        return NULL;
    }
    char *kept = strdup(name); /* for good, as ufuncs are */
    if (strcmp(what, "shifted 1") == 0) {
        return PyUFunc_FromFuncAndData(shifted_1, nothing, real_1, 2, 1, 1, PyUFunc_None, kept,
                                       NULL, 0);
    }
    if (strcmp(what, "shifted 2") == 0) {
        return PyUFunc_FromFuncAndData(shifted_2, nothing, real, 2, 2, 1, PyUFunc_None, kept,
                                       NULL, 0);
    }
    if (strcmp(what, "even") == 0) {
        return PyUFunc_FromFuncAndData(evens, nothing, truth, 1, 2, 1, PyUFunc_None, kept, NULL,
                                       0);
    }
    if (strcmp(what, "first") == 0) {
        return PyUFunc_FromFuncAndData(firsts, nothing, any, 4, 2, 1, PyUFunc_None, kept, NULL,
                                       0);
    }
    return PyUFunc_FromFuncAndData(reports, strcmp(what, "warns") == 0 ? warns : raises, doubles,
                                   1, 1, 1, PyUFunc_None, kept, NULL, 0);
}

/* seen(): how often loops were called, and with what items and strides first and last. */
static PyObject *
what_was_seen(PyObject *self, PyObject *unused)
{
    PyObject *all = Py_BuildValue("n(nnnn)(nnnn)", calls, seen[0][0], seen[0][1], seen[0][2],
                                  seen[0][3], seen[1][0], seen[1][1], seen[1][2], seen[1][3]);
    calls = 0;
    return all;
}

static PyMethodDef methods[] = {
    {"ufunc", ufunc, METH_VARARGS, NULL},
    {"seen", what_was_seen, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "foreign", NULL, -1, methods,
                                        NULL, NULL, NULL, NULL};

PyMODINIT_FUNC
PyInit_foreign(void)
{
    import_array();
    import_umath();
    return PyModule_Create(&definition);
}
