/* The extension module: its state and its types. */
#define ALLOC_REWRITE_IMPORTS_NUMPY
#include "calls/lending.h"
#include "loops/inner.h"
#include "loops/original.h"
#include "numpy/elision.h"
#include "regions/machine_code.h"
#include "regions/operations.h"
#include "regions/threads.h"
#include "sites/site.h"
#include "ufuncs/own.h"

State *
state_of(PyTypeObject *type)
{
    PyObject *module = PyType_GetModuleByDef(type, &alloc_rewrite_module);
    return module == NULL ? NULL : PyModule_GetState(module);
}

/* configure(*, ...): an answer to each of the questions, by its name. */
static PyObject *
module_configure(PyObject *module, PyObject *args, PyObject *kwargs)
{
    State *state = PyModule_GetState(module);
    if (PyTuple_GET_SIZE(args)) {
        PyErr_SetString(PyExc_TypeError, "configure: all arguments are given by name");
        return NULL;
    }
#define TAKE(name)                                                                       \
    {                                                                                    \
        PyObject *given = kwargs == NULL ? NULL : PyDict_GetItemString(kwargs, #name);   \
        if (given == NULL) {                                                             \
            return PyErr_Format(PyExc_TypeError, "configure: '%s' is missing", #name);   \
        }                                                                                \
        Py_XSETREF(state->name, Py_NewRef(given));                                       \
    }
    QUESTIONS(TAKE)
#undef TAKE
    Py_RETURN_NONE;
}

static PyObject *
module_owns(PyObject *Py_UNUSED(module), PyObject *array)
{
    return PyBool_FromLong(PyArray_Check(array) && array_is_ours((PyArrayObject *)array));
}

/* learn_handler(arena or None): see `handler_learn`. */
static PyObject *
module_learn_handler(PyObject *module, PyObject *arena)
{
    State *state = PyModule_GetState(module);
    if (arena != Py_None && !Py_IS_TYPE(arena, state->arena_type)) {
        PyErr_SetString(PyExc_TypeError, "learn_handler: an Arena or None is wanted");
        return NULL;
    }
    int works = handler_learn(state, arena == Py_None ? NULL : ((ArenaObject *)arena)->capsule);
    return works < 0 ? NULL : PyBool_FromLong(works);
}

/* learn_elision(happens, for_scalars): whether NumPy writes results over dying operands here, and
 * over those on the right of a NumPy scalar. */
static PyObject *
module_learn_elision(PyObject *module, PyObject *args)
{
    State *state = PyModule_GetState(module);
    int happens;
    if (!PyArg_ParseTuple(args, "pp:learn_elision", &happens, &state->elides_for_scalars)) {
        return NULL;
    }
    state->least_elided = happens ? LEAST_ELIDED : NPY_MAX_INTP;
    Py_RETURN_NONE;
}

/* Let this callable tell the time by which functions are judged; None for the clock again. */
static PyObject *
module_set_clock(PyObject *module, PyObject *clock)
{
    State *state = PyModule_GetState(module);
    Py_XSETREF(state->clock, clock == Py_None ? NULL : Py_NewRef(clock));
    Py_RETURN_NONE;
}

/* Let regions use so many threads; those there are end after the last region that uses them. */
static PyObject *
module_set_num_threads(PyObject *module, PyObject *number)
{
    State *state = PyModule_GetState(module);
    long threads = PyLong_AsLong(number);
    if (threads == -1 && PyErr_Occurred()) {
        return NULL;
    }
    state->threads = threads < MOST_THREADS ? (int)threads : MOST_THREADS;
    if (state->pool != NULL) {
        pool_release(state->pool);
        state->pool = NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
module_site_figures(PyObject *module, PyObject *Py_UNUSED(none))
{
    return site_figures(PyModule_GetState(module));
}

/* dot_of(dtype): the address of NumPy's function for the product of two vectors. */
static PyObject *
module_dot_of(PyObject *Py_UNUSED(module), PyObject *dtype)
{
    if (!PyArray_DescrCheck(dtype)) {
        PyErr_SetString(PyExc_TypeError, "dot_of: a dtype is wanted");
        return NULL;
    }
    PyArray_ArrFuncs *functions = PyDataType_GetArrFuncs((PyArray_Descr *)dtype);
    return PyLong_FromVoidPtr((void *)(uintptr_t)functions->dotfunc);
}

/* set_compiles(number): say when regions are compiled. */
static PyObject *
module_set_compiles(PyObject *module, PyObject *number)
{
    State *state = PyModule_GetState(module);
    long compiles = PyLong_AsLong(number);
    if (compiles < COMPILES_NEVER || compiles > COMPILES_NOW) {
        return PyErr_Occurred() ? NULL
                                : PyErr_Format(PyExc_ValueError, "set_compiles: %ld", compiles);
    }
    state->compiles = (int)compiles;
    Py_RETURN_NONE;
}

static PyMethodDef module_methods[] = {
    {"configure", (PyCFunction)(void (*)(void))module_configure, METH_VARARGS | METH_KEYWORDS,
     "Say what the sites ask when they meet something new."},
    {"dot_of", module_dot_of, METH_O,
     "Return the address of NumPy's function for the product of two vectors of a dtype."},
    {"inner_loop", inner_loop, METH_O,
     "Return the address of one of NumPy's loops, as kernels call it; None if they must not."},
    {"learn_elision", module_learn_elision, METH_VARARGS,
     "Learn whether NumPy writes results over dying operands here."},
    {"learn_handler", module_learn_handler, METH_O,
     "Try, by means of an arena, whether its handler can be put in force at next to no cost."},
    {"owns", module_owns, METH_O, "Whether an array's memory is an arena's."},
    {"site_figures", module_site_figures, METH_NOARGS,
     "Return hits and misses of all sites that the process has and had."},
    {"set_compiles", module_set_compiles, METH_O, "Say when regions are compiled."},
    {"set_clock", module_set_clock, METH_O, "Let a callable tell the time, for tests."},
    {"set_num_threads", module_set_num_threads, METH_O, "Let regions use so many threads."},
    {NULL, NULL, 0, NULL},
};

/* Give Python the sizes and names that C defines. */
static int
module_add_facts(PyObject *module)
{
#define TEXT(name, text) text,
    static const char *const names[] = {UFUNC_OPERATIONS(TEXT)};
#undef TEXT
    Py_ssize_t n = (Py_ssize_t)(sizeof(names) / sizeof(names[0]));
    PyObject *operations = PyTuple_New(n);
    for (Py_ssize_t i = 0; operations != NULL && i < n; i++) {
        PyObject *name = PyUnicode_InternFromString(names[i]);
        if (name == NULL) {
            Py_CLEAR(operations);
            break;
        }
        PyTuple_SET_ITEM(operations, i, name);
    }
    PyObject *caller = inner_caller(0), *flagged = inner_caller(1), *original = original_caller();
    int failed = operations == NULL || caller == NULL || flagged == NULL || original == NULL ||
                 PyModule_AddObjectRef(module, "ORIGINAL_CALL", original) < 0 ||
                 PyModule_AddObjectRef(module, "INNER_CALL", caller) < 0 ||
                 PyModule_AddObjectRef(module, "INNER_CALL_FLAGGED", flagged) < 0 ||
                 PyModule_AddObjectRef(module, "OPERATIONS", operations) < 0 ||
                 PyModule_AddIntConstant(module, "LIST_ITEMS",
                                         offsetof(PyListObject, ob_item)) < 0 ||
                 PyModule_AddIntConstant(module, "TUPLE_ITEMS", offsetof(PyTupleObject, ob_item)) <
                     0 ||
                 PyModule_AddIntMacro(module, SLOTS) < 0 ||
                 PyModule_AddIntMacro(module, LARGEST_SLOT) < 0;
    Py_XDECREF(caller);
    Py_XDECREF(flagged);
    Py_XDECREF(original);
    Py_XDECREF(operations);
    return failed ? -1 : 0;
}

static int
module_execute(PyObject *module)
{
    import_array1(-1);
    import_umath1(-1);
    State *state = PyModule_GetState(module);
    state->threads = 1;
    state->least_elided = LEAST_ELIDED;
    state->limbo = PyList_New(0);
    state->filters_name = PyUnicode_InternFromString("filters");
    state->shown_name = PyUnicode_InternFromString("showwarning");
    state->original_name = PyUnicode_InternFromString("_showwarning_orig");
    state->init_name = PyUnicode_InternFromString("__init__");
    if (state->limbo == NULL || state->filters_name == NULL || state->shown_name == NULL ||
        state->original_name == NULL || state->init_name == NULL) {
        return -1;
    }
    struct {
        PyType_Spec *spec;
        PyTypeObject **place;
        int is_public;
    } types[] = {
        {&arena_spec, &state->arena_type, 1},     {&operator_spec, &state->operator_type, 1},
        {&resolve_spec, &state->resolve_type, 1}, {&native_spec, &state->native_type, 0},
        {&bound_spec, &state->bound_type, 0},     {&region_spec, &state->region_type, 1},
        {&gate_spec, &state->gate_type, 1},       {&gates_spec, &state->gates_type, 1},
        {&loop_spec, &state->loop_type, 1},
        {&machine_code_spec, &state->code_type, 1},
        {&judge_spec, &state->judge_type, 1},     {&judged_spec, &state->judged_type, 0},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        PyObject *type = PyType_FromModuleAndSpec(module, types[i].spec, NULL);
        if (type == NULL) {
            return -1;
        }
        *types[i].place = (PyTypeObject *)type;
        if (types[i].is_public && PyModule_AddType(module, (PyTypeObject *)type) < 0) {
            return -1;
        }
    }
    return module_add_facts(module) < 0 ? -1 : own_add(module);
}

/* What else the state owns. */
#define OWNED(X)       \
    X(arena_type)     \
    X(operator_type)  \
    X(resolve_type)   \
    X(native_type)    \
    X(bound_type)     \
    X(judge_type)     \
    X(judged_type)    \
    X(clock)          \
    X(region_type)    \
    X(loop_type)      \
    X(code_type)      \
    X(filters_name)   \
    X(shown_name)     \
    X(init_name)      \
    X(original_name)  \
    X(modes_of)       \
    X(handler_variable)

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    State *state = PyModule_GetState(module);
#define VISIT(name) Py_VISIT((PyObject *)state->name);
    QUESTIONS(VISIT)
    OWNED(VISIT)
#undef VISIT
    return 0;
}

static int
module_clear(PyObject *module)
{
    State *state = PyModule_GetState(module);
#define CLEAR(name) Py_CLEAR(state->name);
    QUESTIONS(CLEAR)
    OWNED(CLEAR)
#undef CLEAR
    for (int i = 0; i < LEASES; i++) {
        lease_clear(&state->leases[i]);
    }
    return 0;
}

static void
module_delete(void *module)
{
    State *state = PyModule_GetState(module);
    module_clear(module);
    PyMem_RawFree(state->loop_log);
    state->loop_log = NULL;
    PyMem_RawFree(state->loop_scratch);
    state->loop_scratch = NULL;
    Py_CLEAR(state->limbo); /* not before: sites that are let go later add to it */
    if (state->pool != NULL) {
        pool_release(state->pool);
        state->pool = NULL;
    }
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, module_execute}, {0, NULL}};

struct PyModuleDef alloc_rewrite_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "alloc_rewrite._native",
    .m_doc = "The native core.",
    .m_size = sizeof(State),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_delete,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    return PyModuleDef_Init(&alloc_rewrite_module);
}
