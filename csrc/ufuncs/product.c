#include "ufuncs/product.h"

#include "numpy/fperrors.h"
#include "ufuncs/execute.h"

#define MOST_ITEMS 1e17 /* of a result; NumPy says that more are too many */
#define WORTH_SHARING 100000.0 /* products of items from which other threads may run meanwhile */

void
product_clear(Product *product)
{
    slots_clear(&product->slots);
    for (int i = 0; i < MOST_PRODUCTS; i++) {
        Py_CLEAR(product->plans[i].descr);
        Py_CLEAR(product->plans[i].capsule);
    }
}

/* The plan for a dtype; NULL with an exception. */
static ProductPlan *
product_plan_for(Product *product, const State *state, PyArray_Descr *descr)
{
    for (int i = 0; i < MOST_PRODUCTS; i++) {
        if (product->plans[i].descr == descr) {
            return &product->plans[i];
        }
    }
    PyObject *capsule = PyObject_CallOneArg(state->plan_product, (PyObject *)descr);
    if (capsule == NULL) {
        return NULL;
    }
    CallInfo call;
    int usable = capsule == Py_None ? 0 : loop_read(capsule, &call);
    if (usable < 0) {
        Py_DECREF(capsule);
        return NULL;
    }
    ProductPlan *plan = &product->plans[product->next];
    product->next = (product->next + 1) % MOST_PRODUCTS;
    Py_XSETREF(plan->descr, (PyArray_Descr *)Py_NewRef((PyObject *)descr));
    Py_CLEAR(plan->capsule);
    if (usable) {
        plan->call = call;
        plan->capsule = Py_NewRef(capsule);
    }
    Py_DECREF(capsule);
    return plan;
}

/* The stride of an axis as NumPy gives it to the loop: 0 for an axis of length one. */
static npy_intp
product_stride_of(PyArrayObject *array, int axis)
{
    return PyArray_DIM(array, axis) == 1 ? 0 : PyArray_STRIDE(array, axis);
}

/* Call the loop as NumPy's `matmul` does; -1 with an exception. `raised` gets the flags. */
ALWAYS_INLINE int
product_compute(const CallInfo *call, PyArrayObject *a, PyArrayObject *b, PyArrayObject *out,
                npy_intp m, npy_intp k, npy_intp p, int *raised)
{
    int na = PyArray_NDIM(a), nb = PyArray_NDIM(b);
    char *data[3] = {PyArray_BYTES(a), PyArray_BYTES(b), PyArray_BYTES(out)};
    npy_intp lengths[4] = {1, m, k, p};
    npy_intp strides[9] = {
        0, 0, 0,
        na == 2 ? product_stride_of(a, 0) : 0, product_stride_of(a, na - 1),
        product_stride_of(b, 0), nb == 2 ? product_stride_of(b, 1) : 0,
        na == 2 && m != 1 ? PyArray_STRIDE(out, 0) : 0,
        nb == 2 && p != 1 ? PyArray_ITEMSIZE(out) : 0,
    };
    int shared = (double)m * (double)k * (double)p > WORTH_SHARING;
    PyThreadState *others = shared ? PyEval_SaveThread() : NULL;
    status_clear(1); /* linear algebra libraries compute in either unit */
    int failed = call->loop(call->context, data, lengths, strides, call->auxdata);
    *raised = call->raises_nothing ? 0 : status_raised(1);
    if (*raised) {
        status_clear(1);
    }
    if (others != NULL) {
        PyEval_RestoreThread(others);
    }
    return loop_failed(failed, 1) ? -1 : 0;
}

PyObject *
product_run(Product *product, const State *state, const Place *place, PyObject *first,
            PyObject *second, int reports)
{
    if (!PyArray_CheckExact(first) || !PyArray_CheckExact(second)) {
        return NULL;
    }
    PyArrayObject *a = (PyArrayObject *)first, *b = (PyArrayObject *)second;
    int na = PyArray_NDIM(a), nb = PyArray_NDIM(b);
    PyArray_Descr *descr = PyArray_DESCR(a);
    if (na < 1 || na > 2 || nb < 1 || nb > 2 || na + nb < 3 || PyArray_DESCR(b) != descr ||
        !PyArray_CHKFLAGS(a, NPY_ARRAY_ALIGNED) || !PyArray_CHKFLAGS(b, NPY_ARRAY_ALIGNED)) {
        return NULL;
    }
    npy_intp m = na == 2 ? PyArray_DIM(a, 0) : 1, k = PyArray_DIM(a, na - 1);
    npy_intp p = nb == 2 ? PyArray_DIM(b, 1) : 1;
    if (PyArray_DIM(b, 0) != k || m == 0 || k == 0 || p == 0) {
        return NULL;
    }
    ProductPlan *plan = product_plan_for(product, state, descr);
    if (plan == NULL || plan->capsule == NULL || (double)m * (double)p > MOST_ITEMS) {
        return NULL;
    }
    CallInfo call = plan->call;
    PyObject *capsule = Py_NewRef(plan->capsule); /* another thread may replace the plan */
    npy_intp dims[2];
    int nd = 0;
    if (na == 2) {
        dims[nd++] = m;
    }
    if (nb == 2) {
        dims[nd++] = p;
    }
    PyArrayObject *out = slots_array(&product->slots, state, place, "@", descr, nd, dims, m * p);
    int raised = 0;
    if (out != NULL &&
        (product_compute(&call, a, b, out, m, k, p, &raised) < 0 ||
         (raised && (reports ? execute_report_as("matmul", raised) < 0
                             : fperrors_is_idle(state, raised) != 1)))) {
        Py_CLEAR(out);
    }
    Py_DECREF(capsule);
    return (PyObject *)out;
}
