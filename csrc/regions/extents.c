/* The shapes of arrays that a region will compute, where they follow from what is there before. */
#include "regions/items.h"

#include "regions/plan.h"

#include <string.h>

#define MOST_LOOKED_AT 64 /* nodes: some lead to others in many ways */

static int extents_find(const Program *program, const Values *values, int node, int *left,
                        Extent *made);

/* Broadcast a shape with another one; 0 if they don't fit. */
static int
extents_broadcast(Extent *made, const Extent *other)
{
    int nd = made->nd > other->nd ? made->nd : other->nd;
    npy_intp dims[MAX_AXES];
    for (int i = 1; i <= nd; i++) {
        npy_intp one = i <= made->nd ? made->dims[made->nd - i] : 1;
        npy_intp two = i <= other->nd ? other->dims[other->nd - i] : 1;
        if (one != two && one != 1 && two != 1) {
            return 0;
        }
        dims[nd - i] = one == 1 ? two : one;
    }
    made->nd = nd;
    memcpy(made->dims, dims, (size_t)nd * sizeof(npy_intp));
    return 1;
}

static int
extents_of_all(const Program *program, const Values *values, const int *nodes, int n, int *left,
               Extent *made)
{
    for (int i = 0; i < n; i++) {
        Extent of;
        if (!extents_find(program, values, nodes[i], left, &of) || !extents_broadcast(made, &of)) {
            return 0;
        }
    }
    return n > 0;
}

/* Of a call: that of a ufunc's operands. */
static int
extents_called(const Program *program, const Values *values, const Node *node, int *left,
               Extent *made)
{
    PyObject *callee = values->of[node->operands[0]];
    if (callee == NULL || !PyObject_TypeCheck(callee, &PyUFunc_Type)) {
        return 0;
    }
    const PyUFuncObject *ufunc = (PyUFuncObject *)callee;
    return !ufunc->core_enabled && ufunc->nout == 1 && ufunc->nin < node->n &&
           extents_of_all(program, values, node->operands + 1, ufunc->nin, left, made);
}

static int
extents_find(const Program *program, const Values *values, int node, int *left, Extent *made)
{
    const Node *one = &program->nodes[node];
    PyObject *value = values->of[node];
    Extent of;
    memset(made, 0, sizeof(Extent));
    if (--*left < 0) {
        return 0;
    }
    if (value != NULL) {
        return PyArray_CheckExact(value) ? extent_of((PyArrayObject *)value, made)
                                         : PyFloat_Check(value) || PyLong_Check(value) ||
                                               PyComplex_Check(value) ||
                                               PyArray_IsScalar(value, Number);
    }
    switch (one->kind) {
    case NODE_INDEX:
        return extents_find(program, values, one->operands[0], left, &of) && of.nd > 0 &&
               view_of_node(program, values, node, &of, made);
    case NODE_ATTRIBUTE:
        return (one->is_transposed || one->part) &&
               extents_find(program, values, one->operands[0], left, &of) &&
               (one->part ? (*made = of, 1) : view_of_node(program, values, node, &of, made));
    case NODE_IN_PLACE:
        return extents_find(program, values, one->operands[0], left, made);
    case NODE_OPERATION:
        return one->operator->binary != PyNumber_MatrixMultiply &&
               extents_of_all(program, values, one->operands, one->n, left, made);
    case NODE_CALL:
        return extents_called(program, values, one, left, made);
    default:
        return 0;
    }
}

int
item_shape(const Program *program, const Values *values, int node, Extent *extent)
{
    int left = MOST_LOOKED_AT;
    return extents_find(program, values, node, &left, extent);
}
