/* The seam between plans and what carries them out: an executor does a stage's steps for a block.
 *
 * `walk.h` decides which blocks there are, and on how many threads they run. The interpreter of
 * steps is the first executor; another one must give the same bits and flags.
 */
#ifndef ALLOC_REWRITE_REGIONS_EXECUTOR_H
#define ALLOC_REWRITE_REGIONS_EXECUTOR_H

#include "state.h"

struct Plan;
struct Stage;

/* Floating point flags of one node, where they are told apart. */
typedef struct {
    int itself;
    int in_casts; /* of its operands */
} Raised;

/* What one thread works on. */
typedef struct {
    const struct Plan *plan;
    const struct Stage *stage;
    char **data;       /* borrowed: room for the pointers that a loop is called with */
    int raised;        /* floating point flags, of all steps */
    Raised *raised_by; /* borrowed: by node, where they are told apart; or NULL */
} StageRun;

typedef struct Executor {
    const char *name; /* as plans are described */
    /* Do all steps for one block: `n` items, or `rows` rows of `n` items each. `at` says by operand
     * of the plan where its items begin. The GIL may not be held; -1 if a loop fails. */
    int (*run)(const struct Executor *executor, StageRun *run, char *const *at, npy_intp n,
               npy_intp rows);
    /* Called with the GIL held when the plan goes, or another executor comes. */
    void (*release)(const struct Executor *executor);
    int is_whole; /* whether it takes any number of items or rows as one block */
} Executor;

#endif
