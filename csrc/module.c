/* The extension module: its state and its types. */
#define ALLOC_REWRITE_IMPORTS_NUMPY
#include "regions/threads.h"
#include "sites/site.h"

State *
state_of(PyTypeObject *type)
{
    PyObject *module = PyType_GetModuleByDef(type, &alloc_rewrite_module);
    return module == NULL ? NULL : PyModule_GetState(module);
}

/* configure(*, plan_loop, plan_reduction, ...): see the names. */
static PyObject *
configure(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"plan_loop",   "plan_reduction", "plan_product", "plan_callee",
                            "power_ufunc", "raise_full",     "remake",       "plan_program",
                            "error_modes", "error_state",    "warnings",     NULL};
    State *state = PyModule_GetState(module);
    PyObject *given[11];
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "$OOOOOOOOOOO:configure", names, &given[0],
                                     &given[1], &given[2], &given[3], &given[4], &given[5],
                                     &given[6], &given[7], &given[8], &given[9], &given[10])) {
        return NULL;
    }
    PyObject **places[] = {&state->plan_loop,   &state->plan_reduction, &state->plan_product,
                           &state->plan_callee, &state->power_ufunc,    &state->raise_full,
                           &state->remake,    &state->plan_program,   &state->error_modes,
                           &state->error_state, &state->warnings};
    for (int i = 0; i < 11; i++) {
        Py_XSETREF(*places[i], Py_NewRef(given[i]));
    }
    Py_RETURN_NONE;
}

static PyObject *
owns(PyObject *Py_UNUSED(module), PyObject *array)
{
    return PyBool_FromLong(PyArray_Check(array) && array_is_ours((PyArrayObject *)array));
}

/* learn_handler(arena or None): see `handler_learn`. */
static PyObject *
learn_handler(PyObject *module, PyObject *arena)
{
    State *state = PyModule_GetState(module);
    if (arena != Py_None && !Py_IS_TYPE(arena, state->arena_type)) {
        PyErr_SetString(PyExc_TypeError, "learn_handler: an Arena or None is wanted");
        return NULL;
    }
    int works = handler_learn(state, arena == Py_None ? NULL : ((ArenaObject *)arena)->capsule);
    return works < 0 ? NULL : PyBool_FromLong(works);
}

/* Let regions use so many threads; the former ones end when nobody uses them any more. */
static PyObject *
set_num_threads(PyObject *module, PyObject *number)
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

static PyMethodDef methods[] = {
    {"configure", (PyCFunction)(void (*)(void))configure, METH_VARARGS | METH_KEYWORDS,
     "Say what the sites ask when they meet something new."},
    {"learn_handler", learn_handler, METH_O,
     "Try, by means of an arena, whether its handler can be put in force at next to no cost."},
    {"owns", owns, METH_O, "Whether an array's memory is an arena's."},
    {"set_num_threads", set_num_threads, METH_O, "Let regions use so many threads."},
    {NULL, NULL, 0, NULL},
};

static int
execute(PyObject *module)
{
    import_array1(-1);
    import_umath1(-1);
    State *state = PyModule_GetState(module);
    state->threads = 1;
    state->limbo = PyList_New(0);
    state->filters_name = PyUnicode_InternFromString("filters");
    state->shown_name = PyUnicode_InternFromString("showwarning");
    state->original_name = PyUnicode_InternFromString("_showwarning_orig");
    if (state->limbo == NULL || state->filters_name == NULL || state->shown_name == NULL ||
        state->original_name == NULL) {
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
    return 0;
}

static int
traverse(PyObject *module, visitproc visit, void *arg)
{
    State *state = PyModule_GetState(module);
    Py_VISIT(state->arena_type);
    Py_VISIT(state->operator_type);
    Py_VISIT(state->resolve_type);
    Py_VISIT(state->native_type);
    Py_VISIT(state->bound_type);
    Py_VISIT(state->plan_loop);
    Py_VISIT(state->plan_reduction);
    Py_VISIT(state->plan_product);
    Py_VISIT(state->plan_callee);
    Py_VISIT(state->power_ufunc);
    Py_VISIT(state->raise_full);
    Py_VISIT(state->remake);
    Py_VISIT(state->limbo);
    Py_VISIT(state->region_type);
    Py_VISIT(state->gate_type);
    Py_VISIT(state->gates_type);
    Py_VISIT(state->plan_program);
    Py_VISIT(state->error_modes);
    Py_VISIT(state->error_state);
    Py_VISIT(state->warnings);
    Py_VISIT(state->filters_name);
    Py_VISIT(state->shown_name);
    Py_VISIT(state->original_name);
    Py_VISIT(state->modes_of);
    Py_VISIT((PyObject *)state->handler_variable);
    return 0;
}

static int
clear(PyObject *module)
{
    State *state = PyModule_GetState(module);
    Py_CLEAR(state->arena_type);
    Py_CLEAR(state->operator_type);
    Py_CLEAR(state->resolve_type);
    Py_CLEAR(state->native_type);
    Py_CLEAR(state->bound_type);
    Py_CLEAR(state->plan_loop);
    Py_CLEAR(state->plan_reduction);
    Py_CLEAR(state->plan_product);
    Py_CLEAR(state->plan_callee);
    Py_CLEAR(state->power_ufunc);
    Py_CLEAR(state->raise_full);
    Py_CLEAR(state->remake);
    Py_CLEAR(state->limbo);
    Py_CLEAR(state->region_type);
    Py_CLEAR(state->gate_type);
    Py_CLEAR(state->gates_type);
    Py_CLEAR(state->plan_program);
    Py_CLEAR(state->error_modes);
    Py_CLEAR(state->error_state);
    Py_CLEAR(state->warnings);
    Py_CLEAR(state->filters_name);
    Py_CLEAR(state->shown_name);
    Py_CLEAR(state->original_name);
    Py_CLEAR(state->modes_of);
    Py_CLEAR(state->handler_variable);
    return 0;
}

static void
delete(void *module)
{
    State *state = PyModule_GetState(module);
    clear(module);
    if (state->pool != NULL) {
        pool_release(state->pool);
        state->pool = NULL;
    }
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, execute}, {0, NULL}};

struct PyModuleDef alloc_rewrite_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "alloc_rewrite._native",
    .m_doc = "The native core.",
    .m_size = sizeof(State),
    .m_methods = methods,
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
    .m_free = delete,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    return PyModuleDef_Init(&alloc_rewrite_module);
}
