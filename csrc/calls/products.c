/* np.matmul as a callee. */
#include "calls/native.h"
#include "ufuncs/product.h"

static void
products_own_product_delete(void *own)
{
    product_clear(own);
    PyMem_Free(own);
}

static PyObject *
products_run_matmul(Native *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    if (n != 2 || names != NULL) {
        return NULL;
    }
    if (self->own == NULL) {
        self->own = PyMem_Calloc(1, sizeof(Product));
        self->free_own = products_own_product_delete;
        if (self->own == NULL) {
            return PyErr_NoMemory();
        }
    }
    return product_run(self->own, self->site->state, &self->site->place, args[0], args[1],
                       !self->in_region);
}

const NativeRow product_rows[] = {{"matmul", products_run_matmul}, {NULL, NULL}};
