/* Machine code for some steps of a stage: what Python's compiler makes. */
#ifndef ALLOC_REWRITE_REGIONS_MACHINE_CODE_H
#define ALLOC_REWRITE_REGIONS_MACHINE_CODE_H

#include "state.h"

/* When plans are compiled; as Python numbers them. */
enum compiles { COMPILES_NEVER, COMPILES_IN_BACKGROUND, COMPILES_NOW };

/* Goes over `rows` rows of `n` items. `at` says where each operand's first item is, `strides` how
 * far it is from item to item and from row to row: two numbers for each operand. The GIL may not be
 * held; it can't fail. */
typedef void (*Code)(char *const *at, const npy_intp *strides, npy_intp n, npy_intp rows);

typedef struct {
    PyObject_HEAD
    int is_decided; /* whether it is known if there will be any */
    Code code;      /* stays for as long as the process; NULL if there is none (yet) */
} MachineCode;

extern PyType_Spec machine_code_spec;

#endif
