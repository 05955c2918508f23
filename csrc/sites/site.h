/* The sites: what rewritten code calls, which it finds by gates (see gates.c). */
#ifndef ALLOC_REWRITE_SITES_SITE_H
#define ALLOC_REWRITE_SITES_SITE_H

#include "ufuncs/inline_cache.h"

#include <stddef.h>
#include <structmember.h>

#define MISSES 16  /* operands in a row, from the first on, that a site may leave unhandled, */
#define PER_HIT 4  /* and how many more for each that it handles, */
#define CREDIT 64  /* but not more than that at a time */
#define SETTLED 1024 /* hits after which the code is rewritten without the sites that have gone */
#define REVIEW 256 /* calls between two looks at whether routing pays */

/* How often a site did what it is for, and did not: members of its type. */
#define SITE_MEMBERS                                                                         \
    {"hits", T_UINT, offsetof(Site, hits), READONLY, "Times that it handled its operands."}, \
    {"misses", T_UINT, offsetof(Site, misses), READONLY, "Times that it did not."}

/* What all sites have. */
typedef struct Site {
    PyObject_HEAD
    struct Site *next;     /* borrowed: another of those alive */
    struct Site *previous; /* borrowed, or NULL for the first */
    const State *state; /* borrowed from the module */
    PyObject *module;   /* owned: a type lets go of it when it is collected */
    Place place;        /* owned */
    PyObject *spec;    /* owned: what `remake` makes it from in another process */
    PyObject *owner;   /* owned: who takes the site out */
    Py_ssize_t number; /* the site's, for the owner */
    int frugal;        /* whether it is taken out if routing does not pay */
    unsigned int hits;
    unsigned int misses;
    unsigned int seen;   /* the hits when it last missed */
    int credit;          /* misses that are left to it: each hit brings some more */
    unsigned int routed; /* calls under the handler, since the last look */
    size_t served;       /* bytes that the arena had given to handlers then */
} Site;

extern PyType_Spec operator_spec;
extern PyType_Spec resolve_spec;
extern PyType_Spec native_spec;
extern PyType_Spec bound_spec;
extern PyType_Spec judge_spec;
extern PyType_Spec judged_spec;
extern PyType_Spec region_spec;
extern PyType_Spec loop_spec;
extern PyType_Spec gate_spec;
extern PyType_Spec gates_spec;

/* Take over (spec, owner, number, arena, frugal), where spec is (sites, where, ...). */
int site_init(Site *site, PyTypeObject *type, PyObject *spec, PyObject *owner, Py_ssize_t number,
              PyObject *arena, int frugal);
void site_clear(Site *site);
int site_traverse(Site *site, visitproc visit, void *arg);
PyObject *site_reduce(PyObject *self, PyObject *none);
/* Return (hits, misses) of all sites that this process has and had. */
PyObject *site_figures(const State *state);
/* Count operands that were not handled; take the site out if it handles next to none. */
int site_missed(Site *site);
/* Count such operands; whether the site handles next to none. */
int site_is_idle(Site *site);
int site_give_back(Site *site);
/* Take the site out of the code's way while it waits for something, or put it back. */
int site_pause(Site *site, int waits);
/* rest(): what has been counted against the site is forgotten; its place is tried again. */
PyObject *site_rest(PyObject *self, PyObject *none);
/* The same for the site of a region, with the node that it can't do and why, if that is known: the
 * code is made anew with what stands around this node as regions of their own. */
int site_split(Site *site, int node, PyObject *reason);
/* Tell who owns the site of a call which Python function or method is called there. */
int site_inline(Site *site, PyObject *callee);
/* Have the code rewritten without the sites that have been taken out. */
int site_settle(Site *site);
/* Call anything under the arena's handler, or an operator likewise. */
PyObject *site_routed(Site *site, PyObject *callee, PyObject *const *args, size_t nargsf,
                      PyObject *names);
/* Count a call under the handler; take the site out if such calls prove not to be worth it. */
int site_reviewed(Site *site);
/* Count a result that saves little if it is small; take the site out if all in a row were. */
int site_made(Site *site, size_t nbytes);

#endif
