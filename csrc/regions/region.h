/* The site of a region, and one call of it. */
#ifndef ALLOC_REWRITE_REGIONS_REGION_H
#define ALLOC_REWRITE_REGIONS_REGION_H

#include "regions/planner.h"
#include "regions/walk.h"

#define TYPINGS 4 /* kept at a time */
#define FEW 64    /* pointers that a call has room for anyway */

typedef struct {
    Site site;
    Program *program; /* owned */
    int n_typings;
    int typings_made;
    unsigned int plans_made;
    const char *declined; /* why the original code had to run the last time it did; or NULL */
    PyObject *reason;     /* owned: the same in more words; or NULL */
    int fault;            /* the node that was to blame for that; or -1 */
    int no_pitch; /* whether what lies between rows has raised flags */
    Typing *typings[TYPINGS]; /* owned; the one used last comes first */
} RegionSite;

/* What belongs to one call. */
typedef struct {
    RegionSite *site;
    const Program *program;
    Values values;
    Typing *typing;    /* owned */
    Plan *plan;        /* owned */
    PyObject **arrays; /* owned: the outputs */
    int fault;         /* the node that could not be done; or -1 */
    char *scratch;
    enum { FROM_STACK, FROM_ARENA, FROM_HEAP } origin;
    PlanRun run;
} Call;

/* How a site's plans are to be made. */
PlanMode region_mode(const RegionSite *self, int may_raise);
/* Say where each operand of a plan begins; what is in blocks, from where the scratch memory for
 * these would begin. */
void run_point(const Call *call, const Plan *plan, char **at, char *blocks);
/* The object that stands for a node outside: an array, a view of one, or what was given. */
PyObject *run_object(Call *call, int node);
/* Let the reductions that are fed begin; 0 if the original code has to run. */
int reducing_begin(Call *call);
/* The result of the reduction that a stage is; NULL without an exception if the original code has
 * to run. */
PyObject *reducing_result(Call *call, int number);
/* Copy it to where other stages read it; 0 if it isn't what was expected. */
int reducing_take(const Call *call, const Stage *stage, PyObject *result);
/* Do a stage again, step by step, to note which steps raise flags; -1 with an exception. */
int redo_stage(const Call *call, int number);
/* Carry out a plan for values; NULL without an exception if the original code has to run. */
PyObject *region_run(Call *call);

/* What the values of leaves are and which loops they take; NULL with the reason if that fails. */
Typing *region_kinds(RegionSite *self, PyObject *const *args, Values *values);
/* Whether a report may raise, asked for a program that changes an array: 1, 0, or -1. */
int region_may_raise(const RegionSite *self);
/* How plans are to be made now. */
PlanMode region_mode(const RegionSite *self, int may_raise);
/* Why the original code had to run the last time, as text or None. */
PyObject *region_declined(const RegionSite *self);
/* Why a value can't be found; and in words what was met there, NULL if there is no more to say. */
const char *region_missing(const Program *program, const Values *values);
PyObject *region_met(const RegionSite *self, const Values *values);
/* Methods that tell about the site. */
PyObject *region_get_declined(PyObject *object, void *closure);
PyObject *region_describe(PyObject *object, PyObject *none);
PyObject *region_trace(PyObject *object, PyObject *const *args, Py_ssize_t n);
PyObject *region_sizeof(PyObject *object, PyObject *none);

/* Note that a plan was made: where plans serve only once, and take longer than what they are for,
 * the site is switched off, or split where an array is put together in other ways each time; -1
 * with an exception. */
int fleeting_plan(RegionSite *self, const Plan *made);

#endif
