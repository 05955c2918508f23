/* Putting steps of a stage together where there is a kernel for both. */
#include "regions/stages.h"

#define FEW 32              /* items up to which repeating a scalar costs more than a step */
#define WORTH_REPEATING 256 /* items from which on it may be repeated for each */

/* The inputs of a step that can be fused. */
typedef struct {
    const Layouting *now;
    int made_by[MOST_NODES * 4]; /* by operand: the step, or -1 */
    int uses[MOST_NODES * 4];    /* by operand */
    int is_gone[MOST_NODES * 4]; /* by step: whether it has become a part of another */
} Fusing;

static PlanStep *
step_at(const Fusing *fusing, int s)
{
    return &fusing->now->planner->plan->steps[fusing->now->stage->first_step + s];
}

static Operand *
operand_at(const Fusing *fusing, int number)
{
    return &fusing->now->planner->plan->operands[number];
}

/* Whether kernels can go over a step's operands from one to another, all of one type: they have no
 * gaps, or are scalars and worth repeating. */
static int
is_plain(const Fusing *fusing, const PlanStep *step, int from, int stop, int type)
{
    const Typed *typed = &fusing->now->planner->typing->typed[step->node];
    int few = fusing->now->planner->plan->size <= FEW;
    for (int k = from; k < stop; k++) {
        const Operand *operand = operand_at(fusing, step->args[k]);
        int is_item = operand->where == IN_ITEM || operand->where == IN_SPLAT;
        if (typed->descrs[k]->type_num != type || (is_item && few) ||
            (!is_item && operand->where != IN_BLOCK &&
             operand->strides[0] != operand->itemsize)) {
            return 0;
        }
    }
    return 1;
}

/* What a step is as a part of a kernel of arithmetic. */
static enum known
fusible(const Fusing *fusing, const PlanStep *step)
{
    const Typed *typed = &fusing->now->planner->typing->typed[step->node];
    if (step->cast != NULL || step->fused != NULL || typed->action != ACT_LOOP ||
        step->n_args != 3) {
        return KNOWN_NOTHING;
    }
    if (!is_plain(fusing, step, 0, 3, typed->descrs[2]->type_num)) {
        return KNOWN_NOTHING;
    }
    return typed->known <= KNOWN_DIVIDE ? typed->known : KNOWN_NOTHING;
}

/* The step whose result is this operand, if nobody else needs that; -1 if there is none. */
static int
part(const Fusing *fusing, int operand)
{
    int local = operand - fusing->now->stage->first_operand;
    int made_by = fusing->made_by[local];
    if (operand_at(fusing, operand)->where != IN_BLOCK || fusing->uses[local] != 1 ||
        made_by < 0 || fusible(fusing, step_at(fusing, made_by)) == KNOWN_NOTHING) {
        return -1;
    }
    return made_by;
}

/* Let a step take the place of others that it was put together from. */
static void
put_together(Fusing *fusing, PlanStep *step, Fused kernel, const int *args, int n)
{
    step->fused = kernel;
    step->n_args = n;
    for (int k = 0; k < MOST_ARGS; k++) {
        step->args[k] = args[k];
        Operand *operand = operand_at(fusing, args[k]);
        if (operand->where == IN_ITEM) {
            operand->where = IN_SPLAT;
            operand->repeats = FUSED_CHUNK;
        }
    }
}

/* Make one step of a comparison and the choice that it decides. */
static void
fuse_choice(Fusing *fusing, PlanStep *step)
{
    const Typing *typing = fusing->now->planner->typing;
    const Typed *choice = &typing->typed[step->node];
    if (step->cast != NULL || choice->action != ACT_WHERE) {
        return;
    }
    int condition = step->args[0], type = choice->descrs[3]->type_num;
    int local = condition - fusing->now->stage->first_operand;
    int made_by = fusing->made_by[local];
    if (operand_at(fusing, condition)->where != IN_BLOCK || fusing->uses[local] != 1 ||
        made_by < 0) {
        return;
    }
    const PlanStep *one = step_at(fusing, made_by);
    const Typed *comparison = &typing->typed[one->node];
    if (one->cast != NULL || one->fused != NULL || comparison->action != ACT_LOOP ||
        comparison->n_in != 2 || !is_plain(fusing, one, 0, 2, type) ||
        !is_plain(fusing, step, 1, 4, type)) {
        return;
    }
    Fused kernel = fused_choice(type, comparison->known);
    if (kernel != NULL) {
        int args[MOST_ARGS] = {one->args[0], one->args[1], step->args[1], step->args[2],
                               step->args[3]};
        fusing->is_gone[made_by] = 1;
        put_together(fusing, step, kernel, args, 5);
    }
}

/* Make one step of two, or of three. */
static void
fuse(Fusing *fusing, PlanStep *step)
{
    enum known own = fusible(fusing, step);
    if (own == KNOWN_NOTHING) {
        return;
    }
    int type = fusing->now->planner->typing->typed[step->node].descrs[2]->type_num;
    int left = part(fusing, step->args[0]), right = part(fusing, step->args[1]);
    if ((left < 0 && right < 0) || (left == right)) {
        return;
    }
    int both = left >= 0 && right >= 0, first = left >= 0 ? left : right;
    const PlanStep *one = step_at(fusing, first), *other = both ? step_at(fusing, right) : NULL;
    Fused kernel = NULL;
    if (both) {
        kernel = fused_kernel(type, FUSE_BOTH, fusible(fusing, one), own, fusible(fusing, other));
        both = kernel != NULL;
    }
    if (!both) {
        kernel = fused_kernel(type, left >= 0 ? FUSE_LEFT : FUSE_RIGHT, fusible(fusing, one), own,
                              KNOWN_NOTHING);
    }
    if (kernel == NULL) {
        return;
    }
    int args[MOST_ARGS] = {one->args[0], one->args[1],
                           both ? other->args[0] : step->args[left >= 0 ? 1 : 0],
                           both ? other->args[1] : step->args[2], step->args[2]};
    fusing->is_gone[first] = 1;
    if (both) {
        fusing->is_gone[right] = 1;
    }
    put_together(fusing, step, kernel, args, both ? 5 : 4);
}

/* Let scalars be repeated for a whole block where NumPy's loop has no quick way for them. */
static void
repeat_scalars(Fusing *fusing, PlanStep *step, npy_intp items)
{
    const Typed *typed = &fusing->now->planner->typing->typed[step->node];
    if (step->cast != NULL || step->fused != NULL || typed->action != ACT_LOOP ||
        items < WORTH_REPEATING || !typed->is_even ||
        (typed->known != KNOWN_MAXIMUM && typed->known != KNOWN_MINIMUM)) {
        return;
    }
    for (int k = 0; k < step->n_args - 1; k++) {
        Operand *operand = operand_at(fusing, step->args[k]);
        int is_item = operand->where == IN_ITEM || operand->where == IN_SPLAT;
        if (is_item && (operand->itemsize == 8 || operand->itemsize == 4)) {
            operand->where = IN_SPLAT;
            operand->repeats = -1; /* as many as there are items in a block */
            step->wants_items = 1;
        }
    }
}

void
stage_fuse(Layouting *now)
{
    Plan *plan = now->planner->plan;
    Stage *stage = now->stage;
    Fusing fusing = {.now = now};
    if (stage->n_operands > MOST_NODES * 4) {
        return;
    }
    for (int i = 0; i < stage->n_operands; i++) {
        fusing.made_by[i] = -1;
    }
    for (int s = 0; s < stage->n_steps; s++) {
        const PlanStep *step = step_at(&fusing, s);
        for (int k = 0; k < step->n_args - 1; k++) {
            fusing.uses[step->args[k] - stage->first_operand]++;
        }
        fusing.made_by[step->args[step->n_args - 1] - stage->first_operand] = s;
    }
    npy_intp items = stage_items(stage);
    for (int s = 0; s < stage->n_steps; s++) {
        if (!plan->is_reported) {
            fuse(&fusing, step_at(&fusing, s));
            fuse_choice(&fusing, step_at(&fusing, s));
        }
        repeat_scalars(&fusing, step_at(&fusing, s), items);
    }
    int left = 0;
    for (int s = 0; s < stage->n_steps; s++) {
        if (!fusing.is_gone[s]) {
            *step_at(&fusing, left++) = *step_at(&fusing, s);
        }
    }
    plan->n_steps -= stage->n_steps - left;
    stage->n_steps = left;
}
