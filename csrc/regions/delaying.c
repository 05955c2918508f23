/* Steps that wait: what is computed just before its use needs no memory for all of it.
 *
 * Each step is in the first stage that it can be in. If all that use its value are in later stages,
 * as after a reduction that comes in between, it moves to the first of these.
 */
#include "regions/planner.h"

#include <limits.h>

/* What is known of who uses the value of a step. */
typedef struct {
    int first;    /* the first stage in which it is used */
    int n;        /* nodes that use it */
    int is_plain; /* whether all of them can be in the stage that computes it */
} Uses;

static void
delaying_note_use(const Planner *planner, int node, int used, int stage, const Extent *shape,
                  Uses *uses)
{
    if (planner_maker(planner, used) != node) {
        return;
    }
    uses->n++;
    uses->first = stage < uses->first ? stage : uses->first;
    uses->is_plain &= used == node && shape != NULL &&
                      stages_same_dims(shape, &planner->nodes[node].extent);
}

static Uses
delaying_uses(const Planner *planner, int node)
{
    const Program *program = planner->program;
    const Plan *plan = planner->plan;
    Uses uses = {INT_MAX, 0, 1};
    for (int i = node + 1; i < program->n_nodes; i++) {
        const Typed *typed = &planner->typing->typed[i];
        for (int k = 0; planner_is_step(planner, i) && k < typed->n_in; k++) {
            delaying_note_use(planner, node, typed->operands[k], planner->nodes[i].stage,
                              planner_is_patched(planner, i) ? NULL : &planner->nodes[i].extent,
                              &uses);
        }
        for (int k = 0; k < typed->n_arrays; k++) {
            uses.is_plain &= planner_maker(planner, typed->arrays[k]) != node;
        }
    }
    for (int e = 0; e < plan->n_effects; e++) {
        const Effect *effect = &plan->effects[e];
        Extent extent;
        planner_changed(planner, effect, &extent);
        if (effect->value != effect->node) {
            delaying_note_use(planner, node, effect->value, effect->stage, &extent, &uses);
        }
    }
    return uses;
}

/* Whether what a step reads is still there in a later stage, and costs no memory of its own. */
static int
delaying_may_read(const Planner *planner, int node, int stage)
{
    const Plan *plan = planner->plan;
    const Typed *typed = &planner->typing->typed[node];
    for (int k = 0; k < typed->n_in; k++) {
        int maker = planner_maker(planner, typed->operands[k]);
        if (maker >= 0 && planner->nodes[maker].stage == planner->nodes[node].stage &&
            delaying_uses(planner, maker).n > 1) {
            return 0;
        }
        int source = plan->source_of[typed->operands[k]];
        for (int e = 0; source >= 0 && e < plan->n_effects; e++) {
            const Effect *effect = &plan->effects[e];
            if (effect->node > node && effect->stage <= stage &&
                plan_known_overlap(plan, e, source) != APART) {
                return 0;
            }
        }
    }
    return 1;
}

/* Whether a later reduction comes before a stage, when the original code can't run any more: if
 * NumPy has to do that reduction, what the step raises has to be reported before. */
static int
delaying_is_reported(const Planner *planner, int node, int stage)
{
    const Plan *plan = planner->plan;
    int first = planner->nodes[node].stage + 1;
    for (int k = first < plan->n_repeatable ? plan->n_repeatable : first; k < stage; k++) {
        if (plan->stages[k].reduction > node) {
            return !planner->typing->typed[node].call.raises_nothing;
        }
    }
    return 0;
}

static void
delaying_move(Planner *planner, int node, int stage)
{
    planner->nodes[node].stage = stage;
    for (int i = 0; i < planner->n_accesses; i++) {
        if (planner->accesses[i].node == node) {
            planner->accesses[i].stage = stage;
        }
    }
}

/* Leave out the stages that nothing is in any more. */
static Outcome
delaying_close_ranks(Planner *planner)
{
    Plan *plan = planner->plan;
    int n = plan->n_stages, left = 0;
    int *number = planner_take(planner, 2 * (size_t)(n + 1) * sizeof(int));
    if (number == NULL) {
        return PASS_FAILED;
    }
    int *is_used = number + n + 1;
    for (int i = 0; i < plan->n_nodes; i++) {
        if (planner->nodes[i].stage >= 0) {
            is_used[planner->nodes[i].stage] = 1;
        }
    }
    for (int e = 0; e < plan->n_effects; e++) {
        is_used[plan->effects[e].stage] = 1;
    }
    for (int k = 0; k < n; k++) {
        number[k] = left;
        if (is_used[k]) {
            plan->stages[left] = plan->stages[k];
            planner->drafts[left++] = planner->drafts[k];
        }
    }
    number[n] = left;
    for (int i = 0; i < plan->n_nodes; i++) {
        if (planner->nodes[i].stage >= 0) {
            planner->nodes[i].stage = number[planner->nodes[i].stage];
        }
    }
    for (int e = 0; e < plan->n_effects; e++) {
        plan->effects[e].stage = number[plan->effects[e].stage];
    }
    for (int i = 0; i < planner->n_accesses; i++) {
        planner->accesses[i].stage = number[planner->accesses[i].stage];
    }
    plan->n_repeatable = number[plan->n_repeatable];
    plan->n_stages = left;
    return PASS_DONE;
}

Outcome
delaying_delay(Planner *planner)
{
    const Plan *plan = planner->plan;
    int moved = 0;
    for (int i = planner->program->n_nodes; i--;) {
        const NodeState *state = &planner->nodes[i];
        if (!planner_is_step(planner, i) || state->effect >= 0) {
            continue;
        }
        Uses uses = delaying_uses(planner, i);
        if (uses.n && uses.is_plain && uses.first > state->stage &&
            (!plan->may_raise || uses.first < plan->n_repeatable) &&
            stages_fits(planner, i, uses.first) &&
            !delaying_is_reported(planner, i, uses.first) &&
            delaying_may_read(planner, i, uses.first)) {
            delaying_move(planner, i, uses.first);
            moved = 1;
        }
    }
    return moved ? delaying_close_ranks(planner) : PASS_DONE;
}
