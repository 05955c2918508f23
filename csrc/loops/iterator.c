#include "loops/iterator.h"

/* As `rangeobject.c` of CPython has it. */
typedef struct {
    PyObject_HEAD
#if PY_VERSION_HEX < 0x030C0000
    long index;
#endif
    long start;
    long step;
    long len;
} RangeIterator;

static int
iterator_read_range(PyObject *iterator, int64_t *frame)
{
    if (!Py_IS_TYPE(iterator, &PyRangeIter_Type)) {
        return 0;
    }
    const RangeIterator *self = (const RangeIterator *)iterator;
#if PY_VERSION_HEX < 0x030C0000
    frame[FRAME_NEXT] = self->start + self->index * self->step;
    frame[FRAME_LEFT] = self->len - self->index;
#else
    frame[FRAME_NEXT] = self->start;
    frame[FRAME_LEFT] = self->len;
#endif
    frame[FRAME_STEP] = self->step;
    return frame[FRAME_LEFT] > 0;
}

static void
iterator_write_range(PyObject *iterator, const int64_t *words)
{
    RangeIterator *self = (RangeIterator *)iterator;
#if PY_VERSION_HEX < 0x030C0000
    self->index = self->len - (long)words[FRAME_LEFT];
#else
    self->start = (long)words[FRAME_NEXT];
    self->len = (long)words[FRAME_LEFT];
#endif
}

/* An iterator by index, as over arrays, as `iterobject.c` of CPython has it. */
typedef struct {
    PyObject_HEAD
    Py_ssize_t index;
    PyObject *sequence; /* NULL at the end */
} IndexIterator;

PyObject *
iterator_subject(PyObject *iterator)
{
    if (Py_IS_TYPE(iterator, &PySeqIter_Type)) {
        PyObject *sequence = ((IndexIterator *)iterator)->sequence;
        return sequence == NULL ? Py_None : sequence;
    }
    return iterator;
}

int
iterator_read(PyObject *iterator, int64_t *frame)
{
    if (Py_IS_TYPE(iterator, &PySeqIter_Type)) {
        frame[FRAME_NEXT] = ((IndexIterator *)iterator)->index;
        return ((IndexIterator *)iterator)->sequence != NULL;
    }
    return iterator == Py_None || iterator_read_range(iterator, frame);
}

void
iterator_write(PyObject *iterator, const int64_t *words)
{
    if (Py_IS_TYPE(iterator, &PySeqIter_Type)) {
        ((IndexIterator *)iterator)->index = (Py_ssize_t)words[FRAME_NEXT];
    }
    else if (iterator != Py_None) {
        iterator_write_range(iterator, words);
    }
}

/* Whether iterators by index are as said above. */
static int
iterator_learn_index(void)
{
    PyObject *pair = Py_BuildValue("(ii)", 5, 6);
    PyObject *iterator = pair == NULL ? NULL : PySeqIter_New(pair);
    PyObject *first = iterator == NULL ? NULL : PyIter_Next(iterator);
    int known = first != NULL && Py_TYPE(iterator)->tp_basicsize == sizeof(IndexIterator) &&
            ((IndexIterator *)iterator)->index == 1 &&
            ((IndexIterator *)iterator)->sequence == pair;
    PyErr_Clear();
    Py_XDECREF(first);
    Py_XDECREF(iterator);
    Py_XDECREF(pair);
    return known;
}

/* Whether iterators of ranges are as said above. */
static int
iterator_learn_range(void)
{
    PyObject *range = PyObject_CallFunction((PyObject *)&PyRange_Type, "iii", 5, 50, 7);
    PyObject *iterator = range == NULL ? NULL : PyObject_GetIter(range);
    PyObject *first = iterator == NULL ? NULL : PyIter_Next(iterator);
    int64_t words[FRAME_HEADER] = {0};
    int known = 0;
    if (first != NULL && Py_TYPE(iterator)->tp_basicsize == sizeof(RangeIterator) &&
        iterator_read_range(iterator, words) && words[FRAME_NEXT] == 12 && words[FRAME_STEP] == 7 &&
        words[FRAME_LEFT] == 6) {
        words[FRAME_NEXT] = 40;
        words[FRAME_LEFT] = 2;
        iterator_write_range(iterator, words);
        PyObject *next = PyIter_Next(iterator);
        known = next != NULL && PyLong_AsLong(next) == 40;
        Py_XDECREF(next);
    }
    PyErr_Clear();
    Py_XDECREF(first);
    Py_XDECREF(iterator);
    Py_XDECREF(range);
    return known;
}

int
iterator_learn(void)
{
    return iterator_learn_range() && iterator_learn_index();
}
