/* What the site of a region tells about itself. */
#include "regions/region.h"

#include "regions/describe.h"

/* Append a plan's description to a list; making it may run any Python code. */
static int
shown_append_plan(PyObject *list, Plan *plan, const Program *program, Typing *typing)
{
    plan->references++;
    typing->references++;
    PyObject *described = plan_describe(plan, program, typing);
    int failed = described == NULL || PyList_Append(list, described) < 0;
    Py_XDECREF(described);
    typing_release(typing);
    plan_release(plan);
    return failed;
}

/* describe(): the plans that are kept, as plain data. */
PyObject *
region_describe(PyObject *object, PyObject *Py_UNUSED(none))
{
    RegionSite *self = (RegionSite *)object;
    PyObject *all = PyList_New(0);
    for (int i = 0; all != NULL && i < self->n_typings; i++) {
        for (int k = 0; all != NULL && i < self->n_typings && k < self->typings[i]->n_plans; k++) {
            Typing *typing = self->typings[i];
            if (shown_append_plan(all, typing->plans[k], self->program, typing)) {
                Py_CLEAR(all);
            }
        }
    }
    return all;
}

/* trace(*leaves): make a plan for these, and show it after each pass. */
PyObject *
region_trace(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    RegionSite *self = (RegionSite *)object;
    if (n != self->program->n_leaves) {
        PyErr_SetString(PyExc_TypeError, "trace: wrong number of leaves");
        return NULL;
    }
    Values values = {.of = STACK_ARRAY(PyObject *, self->program->n_nodes),
                     .owned = STACK_ARRAY(PyObject *, self->program->n_nodes)};
    PyObject *trace = PyList_New(0);
    Typing *typing = trace == NULL ? NULL : region_kinds(self, args, &values);
    int may_raise = typing == NULL ? 0 : region_may_raise(self);
    if (typing != NULL && may_raise >= 0) {
        Plan *made = plan_new(self->program, typing, &values, region_mode(self, may_raise), trace);
        if (made != NULL) {
            plan_release(made);
        }
    }
    if (typing != NULL) {
        typing_release(typing);
    }
    values_release(&values);
    if (PyErr_Occurred()) {
        Py_CLEAR(trace);
    }
    return trace;
}

/* Bytes of the site with all that it knows, arrays and dtypes left out. */
PyObject *
region_sizeof(PyObject *object, PyObject *Py_UNUSED(none))
{
    RegionSite *self = (RegionSite *)object;
    size_t bytes = sizeof(RegionSite) + self->program->bytes;
    for (int i = 0; i < self->n_typings; i++) {
        bytes += self->typings[i]->bytes;
        for (int k = 0; k < self->typings[i]->n_plans; k++) {
            bytes += self->typings[i]->plans[k]->bytes;
        }
    }
    return PyLong_FromSize_t(bytes);
}

const char *
region_missing(const Program *program, const Values *values)
{
    enum node_kind kind = program->nodes[values->fault].kind;
    return values->reason != NULL ? values->reason
           : is_computing(kind)   ? "no region computes this with such objects or numbers"
           : kind == NODE_BOUND || kind == NODE_FUNCTION
               ? "a function whose code is inlined is another one now"
           : kind == NODE_PINNED ? "a condition in a helper comes out otherwise"
                                 : "a name, attribute or item in it is not plain";
}

/* The first operand that is no array nor number, or the first of all. */
static int
shown_operand_met(const Program *program, const Values *values)
{
    const Node *node = &program->nodes[values->fault];
    int found = -1;
    for (int i = node->n; i-- > (node->kind == NODE_CALL);) {
        PyObject *value = values->of[node->operands[i]];
        if (value != NULL && !PyArray_CheckExact(value) &&
            (found < 0 || leaf_kind_of(value) == LEAF_NONE ||
             leaf_kind_of(values->of[found]) != LEAF_NONE)) {
            found = node->operands[i];
        }
    }
    return found;
}

PyObject *
region_met(const RegionSite *self, const Values *values)
{
    if (self->fault == values->fault && self->reason != NULL) {
        return Py_NewRef(self->reason);
    }
    if (values->reason != NULL || !is_computing(self->program->nodes[values->fault].kind)) {
        return NULL;
    }
    int operand = shown_operand_met(self->program, values);
    PyObject *said = NULL, *name = NULL;
    if (operand >= 0) {
        said = PyType_GetQualName(Py_TYPE(values->of[operand]));
        name = PyObject_CallMethod(self->program->source, "named", "i", operand);
    }
    if (said != NULL && name != NULL) {
        Py_SETREF(said, PyUnicode_FromFormat("no region computes this, where `%U` is of the type "
                                             "`%U`", name, said));
    }
    else {
        Py_CLEAR(said);
    }
    Py_XDECREF(name);
    PyErr_Clear();
    return said;
}

PyObject *
region_declined(const RegionSite *self)
{
    if (self->reason != NULL) {
        return Py_NewRef(self->reason);
    }
    return self->declined == NULL ? Py_NewRef(Py_None) : PyUnicode_FromString(self->declined);
}

PyObject *
region_get_declined(PyObject *object, void *Py_UNUSED(closure))
{
    return region_declined((RegionSite *)object);
}
