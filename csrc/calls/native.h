/* Natives: what a callee is replaced by at one place in the code, keeping what it needs there.
 *
 * A native handles the plain cases of its callee. Anything else it passes on to the callee, under
 * the arena's handler. The functions that natives stand for are rows of tables.
 */
#ifndef ALLOC_REWRITE_CALLS_NATIVE_H
#define ALLOC_REWRITE_CALLS_NATIVE_H

#include "calls/behind.h"
#include "sites/site.h"

struct Native;

/* Handles a call or returns NULL without an exception. `args` has the object of a method first. */
typedef PyObject *(*NativeFunction)(struct Native *native, PyObject *const *args, Py_ssize_t n,
                                    PyObject *names);

typedef struct Native {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    Site *site;           /* owned: the place it serves */
    PyObject *callee;     /* owned: what it stands for */
    PyObject *more;       /* owned, or NULL: what the row needs besides */
    NativeFunction run;
    const char *name;     /* borrowed from the row */
    int bypasses_handler; /* set by `run`: call the callee without the handler */
    unsigned int idle;    /* calls in a row in which nothing was gained */
    int is_cheap;         /* whether it saves less than it costs where methods are loaded bound */
    int has_kernel;
    int in_region;        /* whether a region calls it: the original code reports what it raises */
    Kernel kernel;
    Slots slots;
    Slots scratch;        /* what a call only uses itself */
    void *own;            /* owned, or NULL: what only the row knows, from PyMem_Calloc */
    void (*free_own)(void *own);
    PyObject *instance;   /* owned, or NULL: the rewritten form of a function that is entered */
    PyObject *code;       /* owned, or NULL: the code that it was made with */
    Behind behind;        /* the Python function whose work `run` does */
} Native;

typedef struct {
    const char *name;
    NativeFunction run;
} NativeRow;

extern const NativeRow entered_rows[];
extern const NativeRow constructor_rows[];
extern const NativeRow list_rows[];
extern const NativeRow reduction_rows[];
extern const NativeRow product_rows[];
extern const NativeRow join_rows[];
extern const NativeRow gufunc_rows[];
extern const NativeRow unwrapped_rows[];
extern const NativeRow moment_rows[];
extern const NativeRow vector_rows[];
extern const NativeRow move_rows[];
extern const NativeRow order_rows[];
extern const NativeRow qr_rows[];
extern const NativeRow draw_rows[];
extern const NativeRow lstsq_rows[];

/* `behind` is the Python function whose work the native does, or None. */
PyObject *native_make(PyTypeObject *type, Site *site, const char *name, PyObject *callee,
                      PyObject *more, PyObject *behind);
PyObject *native_call(PyObject *native, PyObject *const *args, size_t nargsf, PyObject *names);
PyObject *native_as_function(PyObject *native);
/* A native with the object of a method, for where the interpreter loads bound methods. */
PyObject *bound_make(PyTypeObject *type, PyObject *native, PyObject *object);
PyObject *bound_without_keywords(PyObject *callee);
/* Find keyword arguments by name among `known` (up to 8): each gets its value or stays as it is.
 * 0 if there is one that is not known. */
int native_keywords(PyObject *const *values, PyObject *names, const char *const *known,
                    PyObject **found);
/* A function that runs rewritten code in the place of `function`. */
PyObject *instance_of(PyObject *code, PyObject *function);
/* Whether an instance of a function has the defaults that the function has now. */
int instance_is_current(PyObject *instance, PyObject *function);
/* The code of a Python function that may be rewritten, or NULL: names that are looked up in
 * anything but plain dictionaries may run code, and each lookup counts. */
PyObject *plain_code_of(PyObject *function);

#endif
