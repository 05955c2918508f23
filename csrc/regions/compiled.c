#include "regions/compiled.h"

#include "regions/describe.h"
#include "regions/interpret.h"
#include "regions/joined_rows.h"

#include <string.h>

/* ------------------------------------------------------------------ the executor */

/* Steps that follow each other in a stage, by their numbers in it. */
typedef struct {
    int first, stop;
    Code code;         /* NULL: they are interpreted */
    int checks_flags;
    int is_repeatable; /* whether its steps can be done again but for what they do to the target */
    int target;        /* the operand that is the region's target; -1 if it writes to none */
    npy_intp row;      /* items of a row, if rows are joined to longer ones; or -1 */
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

/* Copy a block of the target somewhere, or back. */
static void
compiled_copy(const Operand *target, char *at, char *kept, npy_intp n, npy_intp rows, int is_back)
{
    int is_dense = target->strides[0] == target->itemsize;
    npy_intp bytes = is_dense ? n * target->itemsize : target->itemsize, pieces = is_dense ? 1 : n;
    for (npy_intp r = 0; r < rows; r++) {
        char *item = at + (r ? r * target->strides[1] : 0);
        for (npy_intp i = 0; i < pieces; i++) {
            memcpy(is_back ? item : kept, is_back ? kept : item, (size_t)bytes);
            item += target->strides[0];
            kept += bytes;
        }
    }
}

/* Run the code of a segment where flags are told apart by step, which it can't do: if it raises
 * one, put back what it changed, and return 0. */
static NOINLINE int
compiled_attempt(const Segment *segment, const Plan *plan, char *const *data, char *target,
                 npy_intp n, npy_intp rows)
{
    if (!segment->is_repeatable) {
        return 0;
    }
    const Operand *operand = segment->target < 0 ? NULL : &plan->operands[segment->target];
    char *kept = STACK_ARRAY(char, operand == NULL ? 0 : n *rows *operand->itemsize);
    if (operand != NULL) {
        compiled_copy(operand, target, kept, n, rows, 0);
    }
    status_clear(0);
    segment->code(data, segment->strides, n, rows);
    if (LIKELY(!segment->checks_flags || !status_raised(0))) {
        return 1;
    }
    if (operand != NULL) {
        compiled_copy(operand, target, kept, n, rows, 1);
    }
    return 0;
}

/* Run the code of a segment, if there is any; 0 if its steps have to be interpreted. */
ALWAYS_INLINE int
compiled_segment(const Segment *segment, StageRun *run, char *const *at, char **data, npy_intp n,
                 npy_intp rows)
{
    if (segment->code == NULL) {
        return 0;
    }
    for (int i = 0; i < segment->n_operands; i++) {
        data[i] = at[segment->operands[i]];
    }
    if (UNLIKELY(run->raised_by != NULL)) {
        char *target = segment->target < 0 ? NULL : at[segment->target];
        return compiled_attempt(segment, run->plan, data, target, n, rows);
    }
    if (rows > 1 && n == segment->row) {
        joined_run(segment->code, data, segment->strides, segment->n_operands, n, rows);
    }
    else {
        segment->code(data, segment->strides, n, rows);
    }
    if (segment->checks_flags) {
        run->raised |= status_raised(0);
    }
    return 1;
}

static int
compiled_run(const Executor *executor, StageRun *run, char *const *at, npy_intp n, npy_intp rows)
{
    const Compiled *self = (const Compiled *)executor;
    char **data = STACK_ARRAY(char *, self->most_operands);
    for (int s = 0; s < self->n_segments; s++) {
        const Segment *segment = &self->segments[s];
        if (!compiled_segment(segment, run, at, data, n, rows ? rows : 1) &&
            interpret_steps(run, at, n, rows, segment->first, segment->stop) < 0) {
            return -1;
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

/* What Python says of steps that are compiled: a tuple with these, in this order, and more. */
typedef struct {
    const MachineCode *code; /* borrowed */
    int first, stop;
    PyObject *operands;      /* borrowed: a tuple */
    int is_repeatable;
} Part;

static Part
compiled_part(PyObject *parts, Py_ssize_t i)
{
    PyObject *part = PyTuple_GET_ITEM(parts, i);
    return (Part){(const MachineCode *)PyTuple_GET_ITEM(part, 0),
                  (int)PyLong_AsLong(PyTuple_GET_ITEM(part, 1)),
                  (int)PyLong_AsLong(PyTuple_GET_ITEM(part, 2)), PyTuple_GET_ITEM(part, 3),
                  PyTuple_GET_ITEM(part, 4) == Py_True};
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
    *segment = (Segment){.first = part->first,
                         .stop = part->stop,
                         .code = part->code->code,
                         .is_repeatable = part->is_repeatable,
                         .target = -1,
                         .n_operands = n};
    segment->strides = (npy_intp *)*room;
    segment->operands = (int *)(segment->strides + 2 * n);
    *room = (char *)(segment->strides + 3 * n);
    for (int i = 0; i < n; i++) {
        int number = (int)PyLong_AsLong(PyTuple_GET_ITEM(part->operands, i));
        segment->operands[i] = stage->first_operand + number;
        compiled_strides(&plan->operands[segment->operands[i]], stage, &segment->strides[2 * i]);
    }
    segment->row = joined_items(plan, segment->operands, segment->strides, n,
                                stage->rows ? stage->dims[0] : 0);
    for (int s = part->first; s < part->stop; s++) {
        const PlanStep *step = &plan->steps[stage->first_step + s];
        int result = step->args[step->n_args - 1];
        segment->checks_flags |= step->checks_flags;
        if (plan->operands[result].where == IN_SOURCE) {
            segment->target = result;
        }
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
    made->executor = (Executor){"machine code", compiled_run, compiled_release, 0};
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
    made->executor.is_whole = made->n_segments == 1;
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
        if (!PyTuple_Check(part) || PyTuple_GET_SIZE(part) < 5 ||
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
        if (compiled_ask(state, typing, plan, program) < 0) {
            return -1;
        }
        plan->is_settled = plan->parts == NULL;
    }
    /* Without an answer, another thread is asking. */
    if (plan->parts == NULL || !compiled_is_decided(plan) ||
        compiled_runs_elsewhere(typing, plan)) {
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
