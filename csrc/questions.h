/* What the native core asks of Python: one list, from which come its places in the module's state,
 * the arguments of `configure`, and what the collector has to know. */
#ifndef ALLOC_REWRITE_QUESTIONS_H
#define ALLOC_REWRITE_QUESTIONS_H

#define QUESTIONS(X)                                                              \
    X(plan_loop)      /* which loop a ufunc takes for operands not seen before */ \
    X(plan_reduction) /* likewise, a reduction */                                 \
    X(plan_product)   /* likewise, a matrix product */                            \
    X(plan_callee)    /* what a callee is replaced by */                          \
    X(plan_callback)  /* likewise, a function that other code gets */             \
    X(plan_callers)   /* likewise, the functions of other code that call that */  \
    X(verdict)        /* whether a function that was entered pays */              \
    X(plan_program)   /* what each step of a region's program takes */            \
    X(plan_kernel)    /* has a loop compiled for locals like those it is given */ \
    X(compile_plan)   /* which machine code the stages of a plan take */          \
    X(plan_number)    /* what a call of numbers takes */                          \
    X(power_ufunc)    /* which ufunc a power takes */                             \
    X(raise_full)     /* raises BufferFullError */                                \
    X(remake)         /* makes a site anew in another process */                  \
    X(error_modes)    /* what NumPy does about floating point errors now */       \
    X(error_state)    /* the context variable that this depends on */             \
    X(warnings)       /* the dictionary of module `warnings` */

#endif
