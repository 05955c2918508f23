/* Judges: whether a function that is entered pays, by the time that its calls take.
 *
 * One function has one judge, at all sites that call it. Another library's function first waits
 * until it has been called often, one of NumPy's until it is its turn to be rewritten. Then a
 * function is called rewritten until everything below it has settled; then its calls take turns
 * between the original and the rewritten form, and `verdict` in Python looks at the times of both.
 */
#ifndef ALLOC_REWRITE_CALLS_JUDGE_H
#define ALLOC_REWRITE_CALLS_JUDGE_H

#include "sites/site.h"

#define SAMPLES 64 /* times that a judge keeps of each form */

/* WAITING: not rewritten yet. EXPLORING: called rewritten. COMPARING: either form in turn.
 * KEPT: rewritten for good. LEFT: the original from now on. */
typedef enum { WAITING, EXPLORING, COMPARING, KEPT, LEFT } Phase;

typedef struct Judge {
    PyObject_HEAD
    const State *state; /* borrowed from the module */
    PyObject *module;   /* owned */
    PyObject *about;    /* owned: what Python knows of the function */
    int is_other;       /* whether it is another library's */
    int routes;         /* whether the original may have its arrays from the arena */
    Phase phase;
    unsigned int calls; /* in this phase, */
    unsigned int tried; /* and how many of them in the rewritten form */
    unsigned int due;   /* calls for which a function waits */
    int is_due;         /* whether they have been made */
    unsigned int counts[2]; /* calls of either form on this trial, */
    double spent[2];    /* and seconds, with those for rewriting it */
    int is_hasty;       /* whether what goes on below is taken as it is */
    int is_small;       /* whether the original makes little array data, which the heap may have */
    int asked;          /* times of each form that the last verdict has seen */
    unsigned int lends; /* not 0 if calls of it lent functions of the user's lately */
    int is_busy;        /* whether a call is being timed; what is called in it isn't */
    int n[2];
    double times[2][SAMPLES]; /* of the original, and of the rewritten form */
} Judge;

/* One call that may be timed. */
typedef struct {
    double start;
    double stop;
    unsigned int unsettled;
    unsigned int warming;
    int is_timed;
    int is_void; /* whether the time says nothing */
    int is_rewritten; /* which of the two forms is called */
} Turn;

/* Choose the form for a call of a function that has been rewritten. */
int judge_begin(Judge *judge, Turn *turn);
/* Note what the call took; a call that raised doesn't count. -1 if the verdict raises. */
int judge_end(Judge *judge, Turn *turn, int succeeded);
/* Call the original of a function of the user's or of NumPy's, with its arrays from the arena all
 * the same if they are large. What the handler costs isn't timed. */
PyObject *judge_route(Judge *judge, Turn *turn, Site *site, PyObject *original,
                      PyObject *const *args, size_t nargsf, PyObject *names);
/* Count a call of a function that waits; 1 if it may be rewritten now. */
int judge_waited(Judge *judge);
/* Likewise of a function of NumPy's, which is rewritten then: 0 if it doesn't wait any more. */
int judge_waits(Judge *judge);

/* What is called in the place of a function that is being judged. */
PyObject *judged_make(Site *site, Judge *judge, PyObject *original, PyObject *rewritten);

#endif
