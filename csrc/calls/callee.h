/* What tells the callables apart that come to a site. */
#ifndef ALLOC_REWRITE_CALLS_CALLEE_H
#define ALLOC_REWRITE_CALLS_CALLEE_H

#include "compat.h"

/* The object of a bound method, or NULL. */
ALWAYS_INLINE PyObject *
callee_object(PyObject *callee)
{
    if (PyCFunction_Check(callee)) {
        PyObject *object = PyCFunction_GET_SELF(callee);
        return object == NULL || PyModule_Check(object) ? NULL : object;
    }
    return PyMethod_Check(callee) ? PyMethod_GET_SELF(callee) : NULL;
}

/* Which method of its object a bound method is. */
ALWAYS_INLINE const void *
callee_method(PyObject *callee)
{
    return PyCFunction_Check(callee) ? (void *)((PyCFunctionObject *)callee)->m_ml
                                     : (void *)PyMethod_GET_FUNCTION(callee);
}

/* Which compiled function or class it is, for which an answer stays; NULL for others. It is nothing
 * to go by but as a hint: what is gone may have had the same address. */
ALWAYS_INLINE const void *
callee_lasting(PyObject *callee)
{
    if (PyCFunction_Check(callee)) {
        return ((PyCFunctionObject *)callee)->m_ml;
    }
    return Py_IS_TYPE(callee, &PyMethodDescr_Type) || PyType_Check(callee) ? callee : NULL;
}

#endif
