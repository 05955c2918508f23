/* Putting steps of a stage together where one kernel does both. */
#include "regions/planner.h"

#include "regions/fused_kernels.h"

#include <string.h>

#define FEW 32              /* items up to which repeating a scalar costs more than a step */
#define WORTH_REPEATING 256 /* items from which it may be repeated for each */

/* What is known of a stage's steps and operands, counted from the stage's first. */
typedef struct {
    Planner *planner;
    const Stage *stage;
    Operand *operands;
    PlanStep *steps;
    int *made_by; /* by operand: the step, or -1: it may not be done later than where it is */
    int *uses;    /* by operand */
    int *is_gone; /* by step: whether it has become a part of another */
} Fusing;

static Operand *
fusing_operand(const Fusing *fusing, int number)
{
    return &fusing->operands[number - fusing->stage->first_operand];
}

static const Typed *
fusing_typed(const Fusing *fusing, const PlanStep *step)
{
    return &fusing->planner->typing->typed[step->node];
}

/* Whether kernels can go over a step's operands from one to another, all of one type: they have no
 * gaps, or are scalars and worth repeating. */
static int
fusing_is_plain(const Fusing *fusing, const PlanStep *step, int from, int stop, int type)
{
    const Typed *typed = fusing_typed(fusing, step);
    int few = fusing->planner->plan->size <= FEW;
    for (int k = from; k < stop; k++) {
        const Operand *operand = fusing_operand(fusing, step->args[k]);
        int is_item = operand->where == IN_ITEM || operand->where == IN_SPLAT;
        if (typed->descrs[k]->type_num != type || (is_item && few) ||
            (!is_item && operand->where != IN_BLOCK &&
             operand->strides[0] != operand->itemsize)) {
            return 0;
        }
    }
    return 1;
}

/* What a step is as a part of a kernel of arithmetic; OP_OTHER if it can't be one. */
static enum operation
fusing_arithmetic(const Fusing *fusing, const PlanStep *step)
{
    if (step->operation > OP_DIVIDE ||
        !fusing_is_plain(fusing, step, 0, 3, fusing_typed(fusing, step)->descrs[2]->type_num)) {
        return OP_OTHER;
    }
    return step->operation;
}

/* The step that makes an operand in a block which nothing else needs; -1 if there is none. */
static int
fusing_maker(const Fusing *fusing, int operand)
{
    int local = operand - fusing->stage->first_operand;
    return fusing->operands[local].where == IN_BLOCK && fusing->uses[local] == 1
               ? fusing->made_by[local]
               : -1;
}

/* The same, if that step can be a part of a kernel of arithmetic. */
static int
fusing_part(const Fusing *fusing, int operand)
{
    int maker = fusing_maker(fusing, operand);
    return maker >= 0 && fusing_arithmetic(fusing, &fusing->steps[maker]) == OP_OTHER ? -1 : maker;
}

/* Make a step of several, in the place of the last; the others are gone then. */
static Outcome
fusing_replace(Fusing *fusing, PlanStep *step, enum fusion fusion, Loop kernel, const int *args,
               int n, const int *makers)
{
    Planner *planner = fusing->planner;
    int *own = planner_take(planner, (size_t)n * sizeof(int));
    npy_intp *strides = planner_take(planner, 2 * (size_t)n * sizeof(npy_intp));
    if (own == NULL || strides == NULL) {
        return PASS_FAILED;
    }
    for (int k = 0; k < n; k++) {
        Operand *operand = fusing_operand(fusing, args[k]);
        own[k] = args[k];
        if (operand->where == IN_ITEM) {
            operand->where = IN_SPLAT;
            operand->repeats = FUSED_CHUNK;
        }
    }
    int n_parts = 0, parts[MOST_PARTS] = {0};
    for (int i = 0; i < 2; i++) {
        if (i == 1) {
            parts[n_parts++] = step->node;
        }
        if (makers[i] >= 0) {
            parts[n_parts++] = fusing->steps[makers[i]].node;
            fusing->is_gone[makers[i]] = 1;
        }
    }
    memcpy(step->parts, parts, sizeof(parts));
    step->n_parts = n_parts;
    step->operation = OP_FUSED;
    step->fusion = fusion;
    step->loop = kernel;
    step->n_args = n;
    step->args = own;
    step->strides = strides;
    step->row_strides = strides + n;
    planner->plan->most_args = n > planner->plan->most_args ? n : planner->plan->most_args;
    return PASS_DONE;
}

/* Make one step of a comparison and the choice that it decides. */
static Outcome
fusing_choice(Fusing *fusing, PlanStep *step)
{
    int maker = step->operation == OP_WHERE ? fusing_maker(fusing, step->args[0]) : -1;
    if (maker < 0) {
        return PASS_DONE;
    }
    const PlanStep *one = &fusing->steps[maker];
    int type = fusing_typed(fusing, step)->descrs[3]->type_num;
    Loop kernel = fused_choice(type, one->operation);
    if (kernel == NULL || !fusing_is_plain(fusing, one, 0, 2, type) ||
        !fusing_is_plain(fusing, step, 1, 4, type)) {
        return PASS_DONE;
    }
    int args[5] = {one->args[0], one->args[1], step->args[1], step->args[2], step->args[3]};
    return fusing_replace(fusing, step, FUSE_CHOICE, kernel, args, 5, (int[2]){maker, -1});
}

/* Make one step of two operations of arithmetic, or of three. */
static Outcome
fusing_join(Fusing *fusing, PlanStep *step)
{
    enum operation own = fusing_arithmetic(fusing, step);
    if (own == OP_OTHER) {
        return PASS_DONE;
    }
    int type = fusing_typed(fusing, step)->descrs[2]->type_num;
    int left = fusing_part(fusing, step->args[0]), right = fusing_part(fusing, step->args[1]);
    if (left == right) { /* none, or one step's result twice */
        return PASS_DONE;
    }
    const PlanStep *one = &fusing->steps[left >= 0 ? left : right];
    if (left >= 0 && right >= 0) {
        const PlanStep *other = &fusing->steps[right];
        Loop both = fused_kernel(type, FUSE_BOTH, fusing_arithmetic(fusing, one), own,
                                 fusing_arithmetic(fusing, other));
        if (both != NULL) {
            int args[5] = {one->args[0], one->args[1], other->args[0], other->args[1],
                           step->args[2]};
            return fusing_replace(fusing, step, FUSE_BOTH, both, args, 5, (int[2]){left, right});
        }
    }
    enum fusion fusion = left >= 0 ? FUSE_LEFT : FUSE_RIGHT;
    Loop kernel = fused_kernel(type, fusion, fusing_arithmetic(fusing, one), own, OP_OTHER);
    if (kernel == NULL) {
        return PASS_DONE;
    }
    int args[4] = {one->args[0], one->args[1], step->args[left >= 0 ? 1 : 0], step->args[2]};
    return fusing_replace(fusing, step, fusion, kernel, args, 4,
                          (int[2]){left >= 0 ? left : right, -1});
}

/* Repeat scalars for a whole block where NumPy's loop is slow for them. */
static void
fusing_repeat(Fusing *fusing, PlanStep *step, npy_intp items)
{
    if (items < WORTH_REPEATING || !fusing_typed(fusing, step)->stride_invariant ||
        (step->operation != OP_MAXIMUM && step->operation != OP_MINIMUM)) {
        return;
    }
    for (int k = 0; k < step->n_args - 1; k++) {
        Operand *operand = fusing_operand(fusing, step->args[k]);
        int is_item = operand->where == IN_ITEM || operand->where == IN_SPLAT;
        if (is_item && (operand->itemsize == 8 || operand->itemsize == 4)) {
            operand->where = IN_SPLAT;
            operand->repeats = -1; /* as many as there are items in a block */
            step->repeats_items = 1;
        }
    }
}

/* Count how often operands are used, and note what makes them. */
static int
fusing_begin(Fusing *fusing, Planner *planner, Stage *stage)
{
    int n = stage->n_operands;
    int *room = planner_take(planner, (size_t)(2 * n + stage->n_steps) * sizeof(int));
    *fusing = (Fusing){planner,
                       stage,
                       planner->plan->operands + stage->first_operand,
                       planner->plan->steps + stage->first_step,
                       room,
                       room + n,
                       room + 2 * n};
    if (room == NULL) {
        return 0;
    }
    for (int i = 0; i < n; i++) {
        fusing->made_by[i] = -1;
    }
    for (int s = 0; s < stage->n_steps; s++) {
        const PlanStep *step = &fusing->steps[s];
        for (int k = 0; k < step->n_args - 1; k++) {
            fusing->uses[step->args[k] - stage->first_operand]++;
        }
        fusing->made_by[step->args[step->n_args - 1] - stage->first_operand] = s;
    }
    return 1;
}

/* Once a step has changed an array, none from before it is done later. */
static void
fusing_close(Fusing *fusing, int step)
{
    for (int i = 0; i < fusing->stage->n_operands; i++) {
        if (fusing->made_by[i] <= step) {
            fusing->made_by[i] = -1;
        }
    }
}

Outcome
fusing_fuse(Planner *planner, int number)
{
    Plan *plan = planner->plan;
    Stage *stage = &plan->stages[number];
    npy_intp items = stage_items(stage);
    Fusing fusing;
    if (!fusing_begin(&fusing, planner, stage)) {
        return PASS_FAILED;
    }
    for (int s = 0; s < stage->n_steps; s++) {
        PlanStep *step = &fusing.steps[s];
        if (!stage->reports_steps && !planner->mode.tells_steps) {
            TRY(fusing_join(&fusing, step));
            TRY(fusing_choice(&fusing, step));
        }
        fusing_repeat(&fusing, step, items);
        if (fusing_operand(&fusing, step->args[step->n_args - 1])->where == IN_SOURCE) {
            fusing_close(&fusing, s);
        }
    }
    int left = 0;
    for (int s = 0; s < stage->n_steps; s++) {
        if (!fusing.is_gone[s]) {
            fusing.steps[left++] = fusing.steps[s];
        }
    }
    plan->n_steps -= stage->n_steps - left; /* it is the last stage so far */
    stage->n_steps = left;
    return PASS_DONE;
}
