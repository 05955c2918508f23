#include "numpy/record.h"

int
record_read(PyObject *record, const Field *fields)
{
    if (!PyTuple_Check(record)) { /* which can't let go of its items */
        PyErr_Format(PyExc_TypeError, "a named tuple is wanted, not %R", record);
        return -1;
    }
    for (const Field *field = fields; field->name != NULL; field++) {
        PyObject *value = PyObject_GetAttrString(record, field->name);
        if (value == NULL) {
            return -1;
        }
        if (field->object != NULL) {
            *field->object = value;
        }
        if (field->truth != NULL) {
            *field->truth = PyObject_IsTrue(value);
        }
        Py_DECREF(value);
        if (field->truth != NULL && *field->truth < 0) {
            return -1;
        }
    }
    return 0;
}
