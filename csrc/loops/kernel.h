/* Kernels: loops as machine code, and what goes into them and comes out.
 *
 * `alloc_rewrite/loops/` makes them; its `kinds.py` and `states.py` say the same as the two lists
 * here. */
#ifndef ALLOC_REWRITE_LOOPS_KERNEL_H
#define ALLOC_REWRITE_LOOPS_KERNEL_H

#include "sites/site.h"

/* The first words of a kernel's frame. */
enum frame_word {
    FRAME_NEXT, /* of a range's iterator: what comes next, the step, how many are left */
    FRAME_STEP,
    FRAME_LEFT,
    FRAME_LOG, /* where the log begins, from where on it is to be emptied, where it ends */
    FRAME_LOG_SOFT,
    FRAME_LOG_END,
    FRAME_POSITION, /* where it ended when the kernel did, and when the last iteration began */
    FRAME_MARK,
    FRAME_WANTED, /* how far the log would have had to reach, if it was too short; or 0 */
    FRAME_BUDGET, /* ticks between two commits */
    FRAME_ITERATIONS,
    FRAME_COMMIT,
    FRAME_SLICE_END, /* when others are to run, in nanoseconds */
    FRAME_COMMITTED, /* the exit whose state was committed, or -1 */
    FRAME_SCRATCH,   /* where the next new array goes, from where on room is to be made, the end */
    FRAME_SCRATCH_SOFT,
    FRAME_SCRATCH_END,
    FRAME_SCRATCH_WANTED, /* bytes that there should have been, or 0 */
    FRAME_SCRATCH_BEGIN,  /* of both halves, and the bytes of each */
    FRAME_SCRATCH_SIZE,
    FRAME_MOVE,   /* the function that makes room, given the state that was committed */
    FRAME_KERNEL,
    FRAME_HEADER,
};

/* Kinds of values; up to KIND_NUMBERS the kinds of numbers. An array's is followed by that of its
 * items, its number of axes, whether it can be written to, whether it is dense, and whether its
 * shape is known, which then follows; a tuple's by the number of items and their kinds; KIND_GIVEN
 * by an argument's number. */
enum kind {
    KIND_INT,
    KIND_FLOAT,
    KIND_BOOL,
    KIND_F8,
    KIND_F4,
    KIND_I8,
    KIND_I4,
    KIND_I2,
    KIND_I1,
    KIND_U4,
    KIND_U2,
    KIND_U1,
    KIND_B1,
    KIND_NUMBERS,
    KIND_ARRAY = 20,
    KIND_TUPLE,
    KIND_NONE,
    KIND_UNBOUND,
    KIND_GIVEN,
    KIND_STEPS, /* an iterator over a range */
};

#define WIDEST 10 /* words of a local in the state that a kernel leaves */

extern const int KIND_TYPENUMS[KIND_NUMBERS]; /* NumPy's number of each dtype */

/* What a name has to be, as it was when the loop was compiled; all borrowed from the source. */
typedef struct {
    PyObject *holder; /* a module, a function, or globals; NULL: those of the code that runs */
    PyObject *name;
    PyObject *value;
} NameGuard;

typedef struct {
    int64_t (*run)(int64_t *frame);
    PyObject *source; /* owned: the tuple that it was made from */
    int references;
    int n_inputs;
    int n_exits;
    int n_stored;
    int n_guards;
    int ended_at;
    int committed_at;
    int size;             /* of the frame, in words */
    const int16_t *kinds; /* in the same memory: those of the inputs, then of each exit's locals */
    int *input_at;        /* where the kinds of each begin */
    int *exit_at;         /* n_stored for each exit */
    NameGuard *guards;
} LoopKernel;

/* Read (address, inputs, exits, guards, ended_at, committed_at, size); NULL with an
 * exception. */
LoopKernel *kernel_new(PyObject *source);
void kernel_release(LoopKernel *kernel); /* one reference */

/* The arguments are what the loop goes over, or None, and the locals. */

/* Whether they are of a kernel's kinds, and its globals what they were. */
int kernel_fits(const LoopKernel *kernel, PyObject *const *args, Py_ssize_t n);
/* Put the arguments into the frame. */
void kernel_fill(const LoopKernel *kernel, PyObject *const *args, int64_t *frame);
/* The kinds of the locals after one of the exits. */
static inline const int16_t *
kernel_exit_kind(const LoopKernel *kernel, int64_t exit, int local)
{
    return kernel->kinds + kernel->exit_at[exit * kernel->n_stored + local];
}

#endif
