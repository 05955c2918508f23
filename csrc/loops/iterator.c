#include "loops/iterator.h"

#define MOST_ITERATORS 8 /* below a `zip` or `enumerate` */

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

/* An iterator by index, as `iterobject.c`, `listobject.c` and others have it. */
typedef struct {
    PyObject_HEAD
    Py_ssize_t index;
    PyObject *sequence; /* NULL at the end */
} IndexIterator;

/* As `enumobject.c` has it, in part. */
typedef struct {
    PyObject_HEAD
    Py_ssize_t index;
    PyObject *below;
} Enumerate;

/* As `bltinmodule.c` has it, in part. */
typedef struct {
    PyObject_HEAD
    Py_ssize_t size;
    PyObject *iterators; /* a tuple */
} Zip;

/* Whether an iterator goes by an index and has the type of this number, as `kinds.py` has them. */
static int
iterator_has_type(PyObject *iterator, int type)
{
    PyTypeObject *types[] = { /* not constant where the interpreter is a library */
        &PySeqIter_Type, &PyListIter_Type, &PyTupleIter_Type, &PyReversed_Type, &PyListRevIter_Type,
    };
    return Py_IS_TYPE(iterator, types[type]);
}

static void
iterator_range_words(const RangeIterator *self, int64_t *words)
{
#if PY_VERSION_HEX < 0x030C0000
    words[0] = self->start + self->index * self->step;
    words[2] = self->len - self->index;
#else
    words[0] = self->start;
    words[2] = self->len;
#endif
    words[1] = self->step;
}

static void
iterator_write_range(RangeIterator *self, int64_t next, int64_t left)
{
#if PY_VERSION_HEX < 0x030C0000
    (void)next;
    self->index = self->len - (long)left;
#else
    self->start = (long)next;
    self->len = (long)left;
#endif
}

/* ------------------------------------------------------------------ in and out */

static int
iterator_fits_below(Kinds *kind, PyObject *iterator, PyObject **seen, int *n)
{
    for (int i = 0; i < *n; i++) {
        if (seen[i] == iterator) { /* twice in one `zip` */
            return 0;
        }
    }
    if (*n == MOST_ITERATORS) {
        return 0;
    }
    seen[(*n)++] = iterator;
    switch (*(*kind)++) {
    case KIND_STEPS: {
        int64_t words[3];
        if (!Py_IS_TYPE(iterator, &PyRangeIter_Type)) {
            return 0;
        }
        iterator_range_words((RangeIterator *)iterator, words);
        return words[2] > 0;
    }
    case KIND_ITEMS: {
        int type = *(*kind)++;
        if (!iterator_has_type(iterator, type)) {
            return 0;
        }
        PyObject *sequence = ((IndexIterator *)iterator)->sequence;
        return sequence != NULL && kind_fits(kind, sequence);
    }
    case KIND_ENUMERATE:
        return Py_IS_TYPE(iterator, &PyEnum_Type) &&
               ((Enumerate *)iterator)->index < INT64_MAX / 2 &&
               iterator_fits_below(kind, ((Enumerate *)iterator)->below, seen, n);
    case KIND_ZIP: {
        int size = *(*kind)++;
        if (!Py_IS_TYPE(iterator, &PyZip_Type) || ((Zip *)iterator)->size != size) {
            return 0;
        }
        for (int i = 0; i < size; i++) {
            PyObject *one = PyTuple_GET_ITEM(((Zip *)iterator)->iterators, i);
            if (!iterator_fits_below(kind, one, seen, n)) {
                return 0;
            }
        }
        return 1;
    }
    default:
        return 0;
    }
}

int
iterator_fits(Kinds *kind, PyObject *iterator)
{
    PyObject *seen[MOST_ITERATORS];
    int n = 0;
    return iterator_fits_below(kind, iterator, seen, &n);
}

void
iterator_fill(Kinds *kind, PyObject *iterator, int64_t **at)
{
    switch (*(*kind)++) {
    case KIND_STEPS:
        iterator_range_words((RangeIterator *)iterator, *at);
        *at += 3;
        return;
    case KIND_ITEMS:
        (*kind)++;
        *(*at)++ = ((IndexIterator *)iterator)->index;
        kind_fill(kind, ((IndexIterator *)iterator)->sequence, at);
        return;
    case KIND_ENUMERATE:
        *(*at)++ = ((Enumerate *)iterator)->index;
        iterator_fill(kind, ((Enumerate *)iterator)->below, at);
        return;
    default: {
        int size = *(*kind)++;
        for (int i = 0; i < size; i++) {
            iterator_fill(kind, PyTuple_GET_ITEM(((Zip *)iterator)->iterators, i), at);
        }
    }
    }
}

/* Move a cursor behind the kind of a sequence. */
static void
iterator_skip_sequence(Kinds *kind)
{
    *kind += 1 + (**kind == KIND_ARRAY ? kind_array_length(*kind + 1) : 0);
}

void
iterator_write(Kinds *kind, PyObject *iterator, const int64_t **words)
{
    switch (*(*kind)++) {
    case KIND_STEPS:
        iterator_write_range((RangeIterator *)iterator, (*words)[0], (*words)[1]);
        *words += 2;
        return;
    case KIND_ITEMS:
        (*kind)++;
        iterator_skip_sequence(kind);
        ((IndexIterator *)iterator)->index = (Py_ssize_t)*(*words)++;
        return;
    case KIND_ENUMERATE:
        ((Enumerate *)iterator)->index = (Py_ssize_t)*(*words)++;
        iterator_write(kind, ((Enumerate *)iterator)->below, words);
        return;
    case KIND_ZIP: {
        int size = *(*kind)++;
        for (int i = 0; i < size; i++) {
            iterator_write(kind, PyTuple_GET_ITEM(((Zip *)iterator)->iterators, i), words);
        }
        return;
    }
    default: /* a `while` */
        return;
    }
}

/* ------------------------------------------------------------------ learning */

/* Whether an iterator over the sequence, by index, is as said above after one step. */
static int
iterator_is_by_index(PyObject *iterator, PyObject *sequence, PyTypeObject *type, Py_ssize_t index)
{
    PyObject *first = iterator == NULL ? NULL : PyIter_Next(iterator);
    int known = first != NULL && Py_IS_TYPE(iterator, type) &&
                ((IndexIterator *)iterator)->index == index &&
                ((IndexIterator *)iterator)->sequence == sequence;
    Py_XDECREF(first);
    Py_XDECREF(iterator);
    return known;
}

static int
iterator_learn_index(void)
{
    PyObject *pair = Py_BuildValue("(ii)", 5, 6), *list = Py_BuildValue("[ii]", 5, 6);
    PyObject *reversed = (PyObject *)&PyReversed_Type;
    int known = pair != NULL && list != NULL &&
                iterator_is_by_index(PySeqIter_New(pair), pair, &PySeqIter_Type, 1) &&
                iterator_is_by_index(PyObject_GetIter(list), list, &PyListIter_Type, 1) &&
                iterator_is_by_index(PyObject_GetIter(pair), pair, &PyTupleIter_Type, 1) &&
                iterator_is_by_index(PyObject_CallOneArg(reversed, pair), pair, &PyReversed_Type,
                                     0) &&
                iterator_is_by_index(PyObject_CallOneArg(reversed, list), list,
                                     &PyListRevIter_Type, 0);
    Py_XDECREF(pair);
    Py_XDECREF(list);
    return known;
}

static int
iterator_learn_pairs(void)
{
    PyObject *pair = Py_BuildValue("(ii)", 5, 6);
    PyObject *below = pair == NULL ? NULL : PyObject_GetIter(pair);
    PyObject *counted = below == NULL ? NULL : PyObject_CallOneArg((PyObject *)&PyEnum_Type, below);
    PyObject *zipped = counted == NULL ? NULL : PyObject_CallOneArg((PyObject *)&PyZip_Type, below);
    PyObject *first = zipped == NULL ? NULL : PyIter_Next(counted);
    int known = first != NULL && ((Enumerate *)counted)->index == 1 &&
                ((Enumerate *)counted)->below == below && ((Zip *)zipped)->size == 1 &&
                PyTuple_CheckExact(((Zip *)zipped)->iterators) &&
                PyTuple_GET_ITEM(((Zip *)zipped)->iterators, 0) == below;
    Py_XDECREF(first);
    Py_XDECREF(zipped);
    Py_XDECREF(counted);
    Py_XDECREF(below);
    Py_XDECREF(pair);
    return known;
}

static int
iterator_learn_range(void)
{
    PyObject *range = PyObject_CallFunction((PyObject *)&PyRange_Type, "iii", 5, 50, 7);
    PyObject *iterator = range == NULL ? NULL : PyObject_GetIter(range);
    PyObject *first = iterator == NULL ? NULL : PyIter_Next(iterator);
    int64_t words[3] = {0};
    int known = 0;
    if (first != NULL && Py_TYPE(iterator)->tp_basicsize == sizeof(RangeIterator)) {
        iterator_range_words((RangeIterator *)iterator, words);
        if (words[0] == 12 && words[1] == 7 && words[2] == 6) {
            iterator_write_range((RangeIterator *)iterator, 40, 2);
            PyObject *next = PyIter_Next(iterator);
            known = next != NULL && PyLong_AsLong(next) == 40;
            Py_XDECREF(next);
        }
    }
    Py_XDECREF(first);
    Py_XDECREF(iterator);
    Py_XDECREF(range);
    return known;
}

int
iterator_learn(void)
{
    static int known = -1;
    if (known < 0) {
        known = iterator_learn_range() && iterator_learn_index() && iterator_learn_pairs();
        PyErr_Clear();
    }
    return known;
}
