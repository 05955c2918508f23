#include "regions/describe.h"

#define NAME(name, text) #name,
static const char *const describe_operations[] = {UFUNC_OPERATIONS(NAME) OTHER_OPERATIONS(NAME)};
#undef NAME
static const char *const describe_where[] = {
    [IN_SOURCE] = "source", [IN_ITEM] = "scalar",   [IN_SPLAT] = "repeated scalar",
    [IN_OUTPUT] = "output", [IN_BUFFER] = "buffer", [IN_BLOCK] = "block",
    [IN_FEED] = "reduction", [IN_POSITION] = "position",
};
static const char *const describe_fusions[] = {
    [FUSE_NOT] = NULL,      [FUSE_LEFT] = "left",     [FUSE_RIGHT] = "right",
    [FUSE_BOTH] = "both",   [FUSE_CHOICE] = "choice",
};
static const char *const describe_overlaps[] = {
    [APART] = "apart", [SAME_ITEMS] = "same items", [OVERLAPPING] = "overlapping",
};

/* ------------------------------------------------------------------ lists */

static PyObject *
describe_numbers(const npy_intp *numbers, int n)
{
    PyObject *list = PyList_New(n);
    for (int i = 0; list != NULL && i < n; i++) {
        PyObject *number = PyLong_FromSsize_t(numbers[i]);
        if (number == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, number);
    }
    return list;
}

/* What is described, for functions that make one entry of a list. */
typedef struct {
    const Plan *plan;
    const Program *program;
    const Typing *typing;
    const Stage *stage;
} Described;

typedef PyObject *(*Entry)(const Described *of, int i);

static PyObject *
describe_list(const Described *of, int first, int n, Entry entry)
{
    PyObject *list = PyList_New(n);
    for (int i = 0; list != NULL && i < n; i++) {
        PyObject *made = entry(of, first + i);
        if (made == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, made);
    }
    return list;
}

/* ------------------------------------------------------------------ entries */

static PyObject *
describe_root(const Described *of, int i)
{
    const Root *root = &of->plan->roots[i];
    return Py_BuildValue("{si sN sN}", "node", root->node, "shape",
                         describe_numbers(root->axes.dims, root->axes.nd), "strides",
                         describe_numbers(root->axes.strides, root->axes.nd));
}

static PyObject *
describe_watch(const Described *of, int i)
{
    const Watch *watch = &of->plan->watches[i];
    PyObject *value = watch->object == NULL ? PyLong_FromSsize_t(watch->number)
                                            : Py_NewRef(watch->object);
    return Py_BuildValue("{si sN}", "node", watch->node, "value", value);
}

static PyObject *
describe_source(const Described *of, int i)
{
    const Source *source = &of->plan->sources[i];
    return Py_BuildValue("{si si sn sN sN sO}", "node", source->node, "root", source->root,
                         "offset", (Py_ssize_t)source->offset, "shape",
                         describe_numbers(source->axes.dims, source->axes.nd), "strides",
                         describe_numbers(source->axes.strides, source->axes.nd), "read",
                         source->is_read ? Py_True : Py_False);
}

/* An effect, and how its target lies to each source. */
static PyObject *
describe_effect(const Described *of, int i)
{
    const Plan *plan = of->plan;
    const Effect *effect = &plan->effects[i];
    PyObject *overlaps = PyList_New(plan->overlaps == NULL ? 0 : plan->n_sources);
    for (int k = 0; overlaps != NULL && k < PyList_GET_SIZE(overlaps); k++) {
        PyObject *text = PyUnicode_FromString(describe_overlaps[plan_known_overlap(plan, i, k)]);
        if (text == NULL) {
            Py_CLEAR(overlaps);
            break;
        }
        PyList_SET_ITEM(overlaps, k, text);
    }
    return Py_BuildValue("{si si si si si sO sN}", "index", effect->index, "node",
                         effect->node, "value", effect->value,
                         "target", effect->target, "stage", effect->stage, "direct",
                         effect->is_direct ? Py_True : Py_False, "overlaps", overlaps);
}

static PyObject *
describe_item(const Described *of, int i)
{
    const Item *item = &of->plan->items[i];
    return Py_BuildValue("{si sO}", "node", item->node, "dtype", (PyObject *)item->descr);
}

static PyObject *
describe_output(const Described *of, int i)
{
    const Output *output = &of->plan->outputs[i];
    return Py_BuildValue("{si sO sN sN}", "node", output->node, "dtype",
                         (PyObject *)output->descr, "shape",
                         describe_numbers(output->axes.dims, output->axes.nd), "strides",
                         describe_numbers(output->axes.strides, output->axes.nd));
}

/* How an operand is read or written along the innermost axis. */
static const char *
describe_access(const Operand *operand, const Stage *stage)
{
    if (operand->where == IN_ITEM || operand->where == IN_SPLAT) {
        return "scalar";
    }
    if (operand->where >= IN_BLOCK || operand->strides[0] == operand->itemsize) {
        return "contiguous";
    }
    return operand->strides[0] == 0 && stage->nd ? "repeated" : "strided";
}

static PyObject *
describe_operand(const Described *of, int i)
{
    const Operand *operand = &of->plan->operands[i];
    return Py_BuildValue("{ss si si sN ss sN sn}", "where", describe_where[operand->where],
                         "number", operand->number, "node", operand->node, "dtype",
                         PyArray_DescrFromType(operand->type_num), "access",
                         describe_access(operand, of->stage), "strides",
                         describe_numbers(operand->strides, of->stage->nd), "offset",
                         (Py_ssize_t)operand->offset);
}

/* One operation that a step does. */
static PyObject *
describe_part(const Described *of, const PlanStep *step, int node)
{
    const Typed *typed = &of->typing->typed[node];
    int is_own = step->fusion == FUSE_NOT;
    PyObject *ufunc = step->operation == OP_CAST || typed->ufunc == NULL ? Py_None : typed->ufunc;
    return Py_BuildValue("{ss si sO}", "operation",
                         describe_operations[is_own ? step->operation : typed->operation], "node",
                         node, "ufunc", ufunc);
}

static PyObject *
describe_step(const Described *of, int i)
{
    const PlanStep *step = &of->plan->steps[i];
    PyObject *arguments = PyList_New(step->n_args), *parts = PyList_New(step->n_parts);
    for (int k = 0; arguments != NULL && k < step->n_args; k++) {
        PyObject *number = PyLong_FromLong(step->args[k] - of->stage->first_operand);
        if (number == NULL) {
            Py_CLEAR(arguments);
            break;
        }
        PyList_SET_ITEM(arguments, k, number);
    }
    for (int k = 0; parts != NULL && k < step->n_parts; k++) {
        PyObject *part = describe_part(of, step, step->parts[k]);
        if (part == NULL) {
            Py_CLEAR(parts);
            break;
        }
        PyList_SET_ITEM(parts, k, part);
    }
    return Py_BuildValue("{ss sz sN sN sO sO}", "operation", describe_operations[step->operation],
                         "fusion", describe_fusions[step->fusion], "parts", parts, "arguments",
                         arguments, "by row", step->by_row ? Py_True : Py_False, "checks flags",
                         step->checks_flags ? Py_True : Py_False);
}

static PyObject *
describe_stage(const Described *all, int i)
{
    const Stage *stage = &all->plan->stages[i];
    Described of = {all->plan, all->program, all->typing, stage};
    PyObject *axes = describe_numbers(stage->dims, stage->nd), *fetched = PyList_New(0);
    PyObject *compiled = all->plan->parts == NULL ? Py_None
                                                  : PyTuple_GET_ITEM(all->plan->parts, i);
    for (int k = 0; fetched != NULL && k < stage->n_far; k++) {
        PyObject *number = PyLong_FromLong(stage->far[k] - stage->first_operand);
        if (number == NULL || PyList_Append(fetched, number) < 0) {
            Py_CLEAR(fetched);
        }
        Py_XDECREF(number);
    }
    return Py_BuildValue(
        "{sN sN s{sn sn sn} sN sN sn sN sz sO}", "reduction",
        stage->reduction < 0 ? Py_NewRef(Py_None) : PyLong_FromLong(stage->reduction), "axes",
        axes, "block", "items",
        (Py_ssize_t)(stage->rows && stage->nd ? stage->dims[0] : stage->length), "rows",
        (Py_ssize_t)stage->rows, "pitch", (Py_ssize_t)stage->pitch, "operands",
        describe_list(&of, stage->first_operand, stage->n_operands, describe_operand), "steps",
        describe_list(&of, stage->first_step, stage->n_steps, describe_step), "work",
        (Py_ssize_t)stage->work, "fetched ahead", fetched, "executor",
        stage->executor == NULL ? NULL : stage->executor->name, "compiled", compiled);
}

PyObject *
plan_describe(const Plan *plan, const Program *program, const Typing *typing)
{
    Described of = {plan, program, typing, NULL};
    return Py_BuildValue(
        "{sz sN sN sN sN sN sN si sn s{sn sn} sN}", "declined", plan->declined, "roots",
        describe_list(&of, 0, plan->n_roots, describe_root), "indices",
        describe_list(&of, 0, plan->n_watches, describe_watch), "sources",
        describe_list(&of, 0, plan->n_sources, describe_source), "scalars",
        describe_list(&of, 0, plan->n_items, describe_item), "outputs",
        describe_list(&of, 0, plan->n_outputs, describe_output), "effects",
        describe_list(&of, 0, plan->n_effects, describe_effect), "repeatable stages",
        plan->n_repeatable, "items",
        (Py_ssize_t)plan->size, "scratch", "bytes", (Py_ssize_t)plan->scratch, "buffers",
        (Py_ssize_t)plan->buffers, "stages",
        describe_list(&of, 0, plan->n_stages, describe_stage));
}
