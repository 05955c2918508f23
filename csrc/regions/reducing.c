/* The reductions and routines of a plan, in a call. */
#include "regions/report.h"

#include <fenv.h>
#include <string.h>

/* Run a reduction or routine, whose operands have been computed; NULL without an exception if its
 * native does not handle it, or NumPy would report something. If that is too late for the original
 * code, the callee of a reduction does it, once all before it has been reported. */
static PyObject *
reducing_run(Call *call, int node, int is_repeatable)
{
    const Node *made = &call->program->nodes[node];
    int first = made->kind == NODE_CALL, n = made->n - first, n_args = 0;
    PyObject *names = made->kind == NODE_CALL     ? made->detail
                      : made->kind == NODE_METHOD ? PyTuple_GET_ITEM(made->detail, 1)
                                                  : NULL; /* of an operator */
    PyObject *args[MOST_OPERANDS], *result = NULL;
    Native *native = (Native *)call->typing->typed[node].native;
    while (n_args < n &&
           (args[n_args] = run_object(call, made->operands[first + n_args])) != NULL) {
        n_args++;
    }
    Py_ssize_t named = names == NULL ? 0 : PyTuple_GET_SIZE(names);
    if (n_args == n) {
        result = native->run(native, args, n - named, named ? names : NULL);
    }
    if (result == NULL && n_args == n && !is_repeatable && !PyErr_Occurred() &&
        report_steps(call, node) == 0) {
        names = named ? names : NULL;
        result = made->kind == NODE_CALL /* a scalar's method is another one than an array's */
                     ? PyObject_Vectorcall(native->callee, args, (size_t)(n - named), names)
                     : PyObject_VectorcallMethod(PyTuple_GET_ITEM(made->detail, 0), args,
                                                 (size_t)(n - named), names);
    }
    while (n_args) {
        Py_DECREF(args[--n_args]);
    }
    return result;
}

int
reducing_take(const Call *call, const Stage *stage, PyObject *result)
{
    char *to = call->scratch + stage->result;
    PyArray_Descr *descr;
    if (PyArray_CheckExact(result)) {
        PyArrayObject *array = (PyArrayObject *)result;
        if (PyArray_TYPE(array) != stage->result_type || !PyArray_IS_C_CONTIGUOUS(array) ||
            PyArray_NBYTES(array) != stage->result_bytes) {
            return 0;
        }
        memcpy(to, PyArray_BYTES(array), (size_t)stage->result_bytes);
        return 1;
    }
    if (leaf_kind_of(result) != LEAF_SCALAR || (descr = PyArray_DescrFromScalar(result)) == NULL) {
        return 0;
    }
    int fits = descr->type_num == stage->result_type &&
               PyDataType_ELSIZE(descr) == stage->result_bytes;
    Py_DECREF(descr);
    if (fits) {
        PyArray_ScalarAsCtype(result, to);
    }
    return fits;
}

int
reducing_begin(Call *call)
{
    const Plan *plan = call->plan;
    if (fegetround() != FE_TONEAREST) { /* where zeros of both signs have another sum */
        return 0;
    }
    for (int k = 0; k < plan->n_stages; k++) {
        const Stage *stage = &plan->stages[k];
        if (stage->reduction >= 0 && stage->fed >= 0) {
            feeding_begin(plan, stage, &call->typing->typed[stage->reduction], call->scratch);
        }
    }
    return 1;
}

PyObject *
reducing_result(Call *call, int number)
{
    const Stage *stage = &call->plan->stages[number];
    if (stage->fed < 0) {
        return reducing_run(call, stage->reduction, number < call->plan->n_repeatable);
    }
    PyObject *result = feeding_result(call->plan, stage, call->typing, call->scratch);
    if (result == NULL && call->typing->is_unsure) {
        call->plan->may_raise = -1;
    }
    return result;
}
