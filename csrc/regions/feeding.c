/* Reductions that are fed block by block: what they reduce is never an array.
 *
 * Where a reduction's operand is what a stage computes, in the order of C, the stage gets one more
 * step, which takes in each block (`numpy/feed.h`). The reduction's own stage makes the result.
 */
#include "regions/planner.h"

#include "numpy/record.h"

#include <string.h>

#define LEAST_FED 8192 /* items: an array of fewer stays in the cache */
#define LEAST_ROW 64   /* items of a row: NumPy's loop is called for each */
#define MOST_RESULTS 4096 /* that come by turns: more leave the cache */

#define MOST_FEEDS 64 /* threads */

#define LEAST_SHARE 1024 /* items */

/* Pieces of a single row: a power of two, some for each thread. */
static int
feeding_shares(int threads)
{
    int shares = 4;
    while (shares < 4 * threads) {
        shares *= 2;
    }
    return shares;
}

/* Where the results are, after the feeds of all threads; those of shares follow. */
static char *
feeding_results(const Stage *stage, int threads, char *scratch)
{
    return scratch + stage->fed + threads * FEED_BYTES;
}

int
feeding_read(Typed *typed, PyObject *loop, PyObject *order)
{
    static const char *const orders[] = {
        [FEED_SUM] = "sum", [FEED_EXACT] = "exact", [FEED_EXTREME] = "extreme"};
    PyObject *capsule, *initial;
    int cuts_rows, usable;
    CallInfo call;
    FeedKind feed = {.kind = FEED_SUM};
    Field fields[] = {{"capsule", &capsule, NULL},
                      {"slow_status", NULL, &typed->slow_status},
                      {"cuts_rows", NULL, &cuts_rows},
                      {"initial", &initial, NULL},
                      {NULL, NULL, NULL}};
    if (record_read(loop, fields) < 0 || (usable = loop_read(capsule, &call)) < 0) {
        return -1;
    }
    while (feed.kind < FEED_EXTREME &&
           PyUnicode_CompareWithASCIIString(order, orders[feed.kind]) != 0) {
        feed.kind++;
    }
    feed.type_num = typed->descrs[0]->type_num;
    feed.itemsize = PyDataType_ELSIZE(typed->descrs[0]);
    feed.has_initial = PyBytes_Check(initial) && PyBytes_GET_SIZE(initial) == feed.itemsize;
    if (feed.has_initial) {
        memcpy(feed.initial.bytes, PyBytes_AS_STRING(initial), (size_t)feed.itemsize);
    }
    if (usable && !cuts_rows &&
        (feed.kind != FEED_SUM ||
         (feed.has_initial && pairwise_agrees(&call, feed.type_num, feed.initial.bytes)))) {
        typed->feed = PyMem_Malloc(sizeof(FeedKind));
        if (typed->feed == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        *typed->feed = feed;
        typed->call = call;
        typed->capsule = Py_NewRef(capsule);
    }
    return 0;
}

static int
feeding_step(LOOP_PARAMETERS)
{
    (void)strides;
    feed_add((Feed *)data[1], data[0], dims[0]);
    return 0;
}

/* The step whose values a reduction is fed with; -1 if it takes an array. */
static int
feeding_feeder(const Planner *planner, int node)
{
    const Node *made = &planner->program->nodes[node];
    const Typed *typed = &planner->typing->typed[node];
    int operand = made->operands[made->kind == NODE_CALL];
    const NodeState *state = &planner->nodes[operand];
    if (typed->feed == NULL || (typed->feed->kind == FEED_EXTREME && planner->typing->is_unsure) ||
        !planner_is_step(planner, operand) || state->effect >= 0 || !state->is_c_order ||
        !same_type(planner_result(planner, operand), typed->descrs[0]) ||
        !planner->drafts[state->stage].is_c_order ||
        planner->nodes[node].stage >= planner->plan->n_repeatable) {
        return -1;
    }
    npy_intp size = 1;
    for (int i = 0; i < state->extent.nd; i++) {
        size *= state->extent.dims[i];
        if (state->extent.dims[i] < 2) {
            return -1; /* NumPy ranks axes of length one in other ways */
        }
    }
    return size < LEAST_FED ? -1 : operand;
}

/* Whether a stage goes through its items as through one row of them. */
static int
feeding_is_flat(const Planner *planner, int number, const Extent *shape)
{
    for (int i = 0; i < planner->program->n_nodes; i++) {
        const Typed *typed = &planner->typing->typed[i];
        if (!planner_is_step(planner, i) || planner->nodes[i].stage != number) {
            continue;
        }
        for (int k = 0; k < typed->n_in; k++) {
            PyArray_Descr *descr = planner->typing->results[typed->operands[k]];
            const Extent *of = &planner->nodes[typed->operands[k]].extent;
            if (descr != NULL && of->nd &&
                !(stages_same_dims(of, shape) && extent_is_c(of, PyDataType_ELSIZE(descr)))) {
                return 0;
            }
        }
    }
    return planner->plan->n_effects == 0;
}

/* Whether threads can share the work: by rows, or by pieces of a single one. */
static int
feeding_is_shared(Planner *planner, int node, const Extent *of, const Stage *stage)
{
    const Node *made = &planner->program->nodes[node];
    int from = planner->nodes[made->operands[made->kind == NODE_CALL]].stage;
    for (int i = 0; i < node; i++) { /* the same for all reductions that are fed by a stage */
        int other = planner->nodes[i].fed_by;
        if (other >= 0 && planner->nodes[other].stage == from &&
            planner->plan->stages[planner->nodes[i].stage].fed_length != stage->fed_length) {
            return 0;
        }
    }
    if (stage->n_results > 1) {
        return stage->n_results >= planner->mode.threads;
    }
    return stage->fed_length >= LEAST_SHARE * feeding_shares(planner->mode.threads) &&
           feeding_is_flat(planner, from, of);
}

/* Note what the result is like; 0 if the reduction is along an axis between others, or of too short
 * rows. */
static int
feeding_shape(Planner *planner, int node, const Extent *of)
{
    int axis, keeps, nd = of->nd;
    Stage *stage = &planner->plan->stages[planner->nodes[node].stage];
    if (!shapes_axis(planner, node, nd, &axis, &keeps) || (axis > 0 && axis != nd - 1)) {
        return 0;
    }
    npy_intp *dims = planner_take(planner, (size_t)(nd + 1) * sizeof(npy_intp));
    if (dims == NULL) {
        return -1;
    }
    stage->dims = dims;
    stage->n_results = stage->fed_length = stage->fed_inner = 1;
    for (int i = 0; i < nd; i++) {
        int goes = axis < 0 || i == axis;
        *(goes ? &stage->fed_length : &stage->n_results) *= of->dims[i];
        if (!goes || keeps) {
            stage->dims[stage->nd++] = goes ? 1 : of->dims[i];
        }
    }
    if (planner->mode.threads > 1 &&
        ((axis == 0 && nd > 1) || !feeding_is_shared(planner, node, of, stage))) {
        return 0;
    }
    if (axis == 0 && nd > 1) {
        stage->fed_inner = stage->n_results;
        return stage->fed_inner >= LEAST_ROW && stage->fed_inner <= MOST_RESULTS;
    }
    return stage->fed_length >= LEAST_ROW;
}

/* Say which reductions are fed, and with what. */
Outcome
feeding_choose(Planner *planner)
{
    Plan *plan = planner->plan;
    for (int i = 0; i < planner->program->n_nodes; i++) {
        NodeState *state = &planner->nodes[i];
        if (planner->mode.feeds_nothing || planner->mode.threads > MOST_FEEDS ||
            planner->typing->typed[i].action != ACT_REDUCE || state->stage < 0) {
            continue;
        }
        int feeder = feeding_feeder(planner, i);
        int fits = feeder < 0 ? 0 : feeding_shape(planner, i, &planner->nodes[feeder].extent);
        if (fits < 0) {
            return PASS_FAILED;
        }
        if (!fits) {
            plan->stages[state->stage].nd = 0;
            continue;
        }
        const Node *made = &planner->program->nodes[i];
        for (int k = (made->kind == NODE_CALL) + 1; k < made->n; k++) {
            TRY(sources_watch(planner, made->operands[k]));
            plan->bound_to_numbers = 1;
        }
        state->fed_by = feeder;
        plan->feeds = planner->mode.threads;
    }
    return PASS_DONE;
}

/* Take memory for the feeds, and for the results. */
void
feeding_place(Planner *planner, int node)
{
    Plan *plan = planner->plan;
    Stage *stage = &plan->stages[planner->nodes[node].stage];
    npy_intp size = PyDataType_ELSIZE(planner->typing->typed[node].descrs[0]);
    stage->fed = plan->buffers;
    plan->buffers += plan->feeds * FEED_BYTES + scratch_bytes(stage->n_results * size);
    if (stage->n_results == 1 && plan->feeds > 1) {
        stage->fed_shares = feeding_shares(plan->feeds);
        plan->buffers += scratch_bytes(stage->fed_shares * size);
    }
}

Loop
feeding_loop(void)
{
    return feeding_step;
}

/* ------------------------------------------------------------------ in a call */

void
feeding_begin(const Plan *plan, const Stage *stage, const Typed *typed, char *scratch)
{
    for (int i = 0; i < plan->feeds; i++) {
        feed_begin((Feed *)(scratch + stage->fed + i * FEED_BYTES), typed->feed, &typed->call,
                   stage->fed_length, stage->fed_inner,
                   feeding_results(stage, plan->feeds, scratch));
    }
}

PyObject *
feeding_result(const Plan *plan, const Stage *stage, Typing *typing, char *scratch)
{
    const Typed *typed = &typing->typed[stage->reduction];
    const Feed *feed = (const Feed *)(scratch + stage->fed);
    char *results = feeding_results(stage, plan->feeds, scratch);
    if (feed_is_unsure(feed, results, stage->n_results)) {
        typing->is_unsure = 1; /* the plans to come feed no such reduction */
        return NULL;
    }
    Native *native = (Native *)typed->native;
    PyArray_Descr *descr = typed->descrs[0];
    if (strcmp(native->name, "mean") == 0 &&
        reduction_divide((double *)results, stage->n_results, stage->fed_length)) {
        return NULL;
    }
    if (stage->nd == 0) {
        return PyArray_Scalar(results, descr, NULL);
    }
    PyArrayObject *out = slots_array(&native->slots, native->site->state, &native->site->place,
                                     native->name, descr, stage->nd, stage->dims,
                                     stage->n_results);
    if (out != NULL) {
        memcpy(PyArray_BYTES(out), results,
               (size_t)(stage->n_results * PyDataType_ELSIZE(descr)));
    }
    return (PyObject *)out;
}
