/* Kernels: loops as machine code, and what goes into them and comes out.
 *
 * `alloc_rewrite/loops/` makes them; its `states.py` says the same as the list here. */
#ifndef ALLOC_REWRITE_LOOPS_KERNEL_H
#define ALLOC_REWRITE_LOOPS_KERNEL_H

#include "loops/kinds.h"

/* The first words of a kernel's frame. */
enum frame_word {
    FRAME_LOG, /* where the log begins, from where on it is to be emptied, where it ends */
    FRAME_LOG_SOFT,
    FRAME_LOG_END,
    FRAME_POSITION, /* where it ended when the kernel did, and when the last iteration began */
    FRAME_MARK,
    FRAME_WANTED, /* how far the log would have had to reach, if it was too short; or 0 */
    FRAME_BUDGET, /* ticks between two commits */
    FRAME_ITERATIONS,
    FRAME_COMMIT,
    FRAME_APPEND,
    FRAME_PUT,
    FRAME_IS_PUT, /* whether something was stored into lists */
    FRAME_SLICE_END, /* when others are to run, in nanoseconds */
    FRAME_COMMITTED, /* the exit whose state was committed, or -1 */
    FRAME_SCRATCH,   /* where the next new array goes, from where on room is to be made, the end */
    FRAME_SCRATCH_SOFT,
    FRAME_SCRATCH_END,
    FRAME_SCRATCH_WANTED, /* bytes that there should have been, or 0 */
    FRAME_SCRATCH_BEGIN,  /* of both halves, and the bytes of each */
    FRAME_SCRATCH_SIZE,
    FRAME_SETTLE, /* the function that makes what was committed final, and room */
    FRAME_KERNEL,
    FRAME_WORTH, /* what the original code of a whole function would have taken, in nanoseconds */
    FRAME_HEADER,
};

/* What a name has to be, as it was when the loop was compiled; all borrowed from the source. */
typedef struct {
    PyObject *holder; /* a module, a function, or globals; NULL: those of the code that runs */
    PyObject *name;
    PyObject *value;
} NameGuard;

#define MOST_FOUND 32 /* attributes, cells and global arrays that a kernel looks up */

/* What a kernel looks up when it begins: an attribute of an argument, of that number, or of what
 * has been looked up before, which is numbered after the arguments; or else a value of a module, of
 * a dictionary or (NULL) of the globals of the code that runs. Of a function it is the content of a
 * cell, by its place, a default (`@` and its place, from the last one on), or its code, globals or
 * defaults. Without a name it is the argument. */
typedef struct {
    PyObject *holder; /* borrowed from the source */
    PyObject *name;   /* likewise */
    PyObject *method; /* likewise: what it has to be, or be a method of; NULL for any value */
    int number;       /* -1 if it is no argument's */
} Found;

/* An attribute that a kernel stores: the number of the object, and the name, borrowed. */
typedef struct {
    int number;
    PyObject *name;
} StoredAttribute;

#define MOST_STORED 8

typedef struct {
    int64_t (*run)(int64_t *frame);
    PyObject *source; /* owned: the tuple that it was made from */
    int references;
    int n_inputs;
    int n_exits;
    int n_stored;     /* locals that it gives */
    int n_attributes; /* that it stores: their values follow those of the locals */
    int n_guards;
    int n_found;
    int found_at; /* where the words of what is looked up begin */
    int n_state; /* words of the iterator's state */
    int ended_at;
    int committed_at;
    int size;             /* of the frame, in words */
    int widest;           /* words of each local in the states that it leaves */
    int sweeps;           /* whether it goes over all items of arrays */
    const int16_t *kinds; /* in the same memory: of the inputs, of what is looked up, of the locals
                             at each exit */
    int *exit_at;         /* n_stored + n_attributes for each exit */
    NameGuard *guards;
    Found found[MOST_FOUND];
    StoredAttribute attributes[MOST_STORED];
} LoopKernel;

/* Read (address, inputs, exits, guards, found, n_state, ended_at, committed_at,
 * found_at, size, sweeps, widest, attributes); NULL with an exception. */
LoopKernel *kernel_new(PyObject *source);
void kernel_release(LoopKernel *kernel); /* one reference */

/* The arguments are the loop's iterator, or None, and the locals; after them is room for
 * MOST_FOUND more. */

/* Whether they are of a kernel's kinds, and its globals what they were. Then what it looks up
 * stands after them, owned. */
int kernel_fits(const LoopKernel *kernel, PyObject **args, Py_ssize_t n);
/* Let go of what it has looked up. */
void kernel_forget(const LoopKernel *kernel, PyObject **args);
/* Put the arguments into the frame. */
void kernel_fill(const LoopKernel *kernel, PyObject *const *args, int64_t *frame);
/* The kinds of the locals, and then of the attributes, after one of the exits. */
static inline Kinds
kernel_exit_kind(const LoopKernel *kernel, int64_t exit, int local)
{
    return kernel->kinds +
           kernel->exit_at[exit * (kernel->n_stored + kernel->n_attributes) + local];
}

#endif
