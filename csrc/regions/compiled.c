#include "regions/compiled.h"

#include "regions/describe.h"
#include "regions/interpret.h"

/* ------------------------------------------------------------------ the executor */

/* Steps that follow each other in a stage, by their numbers in it. */
typedef struct {
    int first, stop;
    Code code;         /* NULL: they are interpreted */
    int checks_flags;
    int n_operands;
    int *operands;     /* of the plan */
    npy_intp *strides; /* two of each: see `Code` */
} Segment;

/* All of it lies in one piece of memory. */
typedef struct {
    Executor executor;
    int most_operands;
    int n_segments;
    Segment *segments;
} Compiled;

/* Do a block once more, by steps, to find out which flags NumPy's loops raise for it. */
static NOINLINE int
compiled_again(StageRun *run, char *const *at, npy_intp n, npy_intp rows)
{
    status_clear(run->plan->slow_status);
    return interpret_steps(run, at, n, rows, 0, run->stage->n_steps);
}

/* A block is interpreted where flags are told apart by step. Otherwise nothing that it reads is
 * changed, so that it can be done once more. */
static int
compiled_run(const Executor *executor, StageRun *run, char *const *at, npy_intp n, npy_intp rows)
{
    const Compiled *self = (const Compiled *)executor;
    char **data = STACK_ARRAY(char *, self->most_operands);
    if (UNLIKELY(run->raised_by != NULL)) {
        return interpret_steps(run, at, n, rows, 0, run->stage->n_steps);
    }
    for (int s = 0; s < self->n_segments; s++) {
        const Segment *segment = &self->segments[s];
        if (segment->code == NULL) {
            if (interpret_steps(run, at, n, rows, segment->first, segment->stop) < 0) {
                return -1;
            }
            continue;
        }
        for (int i = 0; i < segment->n_operands; i++) {
            data[i] = at[segment->operands[i]];
        }
        segment->code(data, segment->strides, n, rows ? rows : 1);
        if (segment->checks_flags && UNLIKELY(status_raised(0) & ~run->raised)) {
            return compiled_again(run, at, n, rows);
        }
    }
    return 0;
}

static void
compiled_release(const Executor *executor)
{
    PyMem_Free((void *)executor);
}

/* ------------------------------------------------------------------ making one */

/* What Python says of steps that are compiled: (code, first, stop, operands, ...). */
typedef struct {
    const MachineCode *code; /* borrowed */
    int first, stop;
    PyObject *operands;      /* borrowed: a tuple */
} Part;

static Part
compiled_part(PyObject *parts, Py_ssize_t i)
{
    PyObject *part = PyTuple_GET_ITEM(parts, i);
    return (Part){(const MachineCode *)PyTuple_GET_ITEM(part, 0),
                  (int)PyLong_AsLong(PyTuple_GET_ITEM(part, 1)),
                  (int)PyLong_AsLong(PyTuple_GET_ITEM(part, 2)), PyTuple_GET_ITEM(part, 3)};
}

/* How far it is from item to item of an operand, and from row to row. */
static void
compiled_strides(const Operand *operand, const Stage *stage, npy_intp *strides)
{
    if (operand->where == IN_BLOCK) {
        strides[0] = operand->itemsize;
        strides[1] = operand->itemsize * stage->pitch;
    }
    else {
        int moves = operand_moves(operand);
        strides[0] = moves ? operand->strides[0] : 0;
        strides[1] = moves && stage->rows ? operand->strides[1] : 0;
    }
}

/* Add the steps up to a number that have no code. */
static void
compiled_add_steps(Compiled *made, int *done, int stop)
{
    if (*done < stop) {
        made->segments[made->n_segments++] = (Segment){.first = *done, .stop = stop};
        *done = stop;
    }
}

static void
compiled_add_part(Compiled *made, const Plan *plan, const Stage *stage, const Part *part,
                  char **room)
{
    Segment *segment = &made->segments[made->n_segments++];
    int n = (int)PyTuple_GET_SIZE(part->operands);
    *segment = (Segment){part->first, part->stop, part->code->code, 0, n, NULL, NULL};
    segment->strides = (npy_intp *)*room;
    segment->operands = (int *)(segment->strides + 2 * n);
    *room = (char *)(segment->strides + 3 * n);
    for (int i = 0; i < n; i++) {
        int number = (int)PyLong_AsLong(PyTuple_GET_ITEM(part->operands, i));
        segment->operands[i] = stage->first_operand + number;
        compiled_strides(&plan->operands[segment->operands[i]], stage, &segment->strides[2 * i]);
    }
    for (int s = part->first; s < part->stop; s++) {
        segment->checks_flags |= plan->steps[stage->first_step + s].checks_flags;
    }
    made->most_operands = n > made->most_operands ? n : made->most_operands;
}

/* Give a stage its executor, if any of its parts has code and there is memory. */
static void
compiled_install(const Plan *plan, Stage *stage, PyObject *parts)
{
    Py_ssize_t n_parts = PyTuple_GET_SIZE(parts), n_operands = 0, n_codes = 0;
    for (Py_ssize_t i = 0; i < n_parts; i++) {
        Part part = compiled_part(parts, i);
        n_operands += PyTuple_GET_SIZE(part.operands);
        n_codes += part.code->code != NULL;
    }
    size_t segments = 2 * (size_t)n_parts + 1;
    if (n_codes == 0) {
        return;
    }
    Compiled *made = PyMem_Calloc(1, sizeof(Compiled) + segments * sizeof(Segment) +
                                         3 * (size_t)n_operands * sizeof(npy_intp));
    if (made == NULL) {
        return;
    }
    made->executor = (Executor){"machine code", compiled_run, compiled_release};
    made->segments = (Segment *)(made + 1);
    char *room = (char *)(made->segments + segments);
    int done = 0;
    for (Py_ssize_t i = 0; i < n_parts; i++) {
        Part part = compiled_part(parts, i);
        if (part.code->code != NULL) {
            compiled_add_steps(made, &done, part.first);
            compiled_add_part(made, plan, stage, &part, &room);
            done = part.stop;
        }
    }
    compiled_add_steps(made, &done, stage->n_steps);
    stage->executor->release(stage->executor);
    stage->executor = &made->executor;
}

/* ------------------------------------------------------------------ when a stage gets one */

/* Whether an answer for one stage can be followed: a text (why nothing is compiled), or parts. */
static int
compiled_is_sound(const State *state, const Stage *stage, PyObject *parts)
{
    int done = 0;
    for (Py_ssize_t i = 0; PyTuple_Check(parts) && i < PyTuple_GET_SIZE(parts); i++) {
        PyObject *part = PyTuple_GET_ITEM(parts, i);
        if (!PyTuple_Check(part) || PyTuple_GET_SIZE(part) < 4 ||
            !Py_IS_TYPE(PyTuple_GET_ITEM(part, 0), state->code_type) ||
            !PyTuple_Check(PyTuple_GET_ITEM(part, 3))) {
            return 0;
        }
        Part of = compiled_part(parts, i);
        if (of.first < done || of.stop <= of.first || of.stop > stage->n_steps) {
            return 0;
        }
        done = of.stop;
        for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(of.operands); k++) {
            long number = PyLong_AsLong(PyTuple_GET_ITEM(of.operands, k));
            if (number < 0 || number >= stage->n_operands) {
                return 0;
            }
        }
    }
    return PyTuple_Check(parts) || PyUnicode_Check(parts);
}

/* Ask which code there is; -1 with an exception that is not to be passed over. */
static int
compiled_ask(const State *state, const Typing *typing, Plan *plan, const Program *program)
{
    plan->is_asked = 1;
    PyObject *described = plan_describe(plan, program, typing);
    if (described == NULL) {
        PyErr_Clear();
        return 0;
    }
    PyObject *parts = PyObject_CallOneArg(state->compile_plan, described);
    Py_DECREF(described);
    if (parts == NULL) {
        return -1;
    }
    int is_sound = PyTuple_Check(parts) && PyTuple_GET_SIZE(parts) == plan->n_stages;
    for (int i = 0; is_sound && i < plan->n_stages; i++) {
        is_sound = compiled_is_sound(state, &plan->stages[i], PyTuple_GET_ITEM(parts, i));
    }
    if (!is_sound || PyErr_Occurred()) {
        PyErr_Clear();
        Py_DECREF(parts);
        return 0;
    }
    plan->parts = parts;
    return 0;
}

/* Whether all code that a plan waits for is there, or won't be. */
static int
compiled_is_decided(const Plan *plan)
{
    for (int i = 0; i < plan->n_stages; i++) {
        PyObject *parts = PyTuple_GET_ITEM(plan->parts, i);
        for (Py_ssize_t k = 0; PyTuple_Check(parts) && k < PyTuple_GET_SIZE(parts); k++) {
            if (!compiled_part(parts, k).code->is_decided) {
                return 0;
            }
        }
    }
    return 1;
}

/* Whether other calls than the one that asks may run a plan, which is gone from its typing then:
 * the next call makes another one, and sees to its executors before any other call can. */
static int
compiled_runs_elsewhere(Typing *typing, Plan *plan)
{
    int at = 0;
    while (at < typing->n_plans && typing->plans[at] != plan) {
        at++;
    }
    if (at == typing->n_plans) {
        return 1;
    }
    if (plan->references == 2) { /* the typing's, and the call's */
        return 0;
    }
    typing->is_ready = 1;
    typing->n_plans--;
    for (; at < typing->n_plans; at++) {
        typing->plans[at] = typing->plans[at + 1];
    }
    plan_release(plan);
    return 1;
}

int
compiled_settle(const State *state, Typing *typing, Plan *plan, const Program *program)
{
    if (!plan->is_asked) {
        if (state->compiles == COMPILES_NEVER) {
            return 0;
        }
        if (plan->declined == NULL && compiled_ask(state, typing, plan, program) < 0) {
            return -1;
        }
    }
    if (plan->parts == NULL) {
        plan->is_settled = plan->is_asked;
        return 0;
    }
    if (!compiled_is_decided(plan) || compiled_runs_elsewhere(typing, plan)) {
        return 0;
    }
    for (int i = 0; i < plan->n_stages; i++) {
        PyObject *parts = PyTuple_GET_ITEM(plan->parts, i);
        if (PyTuple_Check(parts)) {
            compiled_install(plan, &plan->stages[i], parts);
        }
    }
    plan->is_settled = 1;
    return 0;
}
