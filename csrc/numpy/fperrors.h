/* What NumPy does about floating point errors, as far as sites have to know it beforehand. */
#ifndef ALLOC_REWRITE_NUMPY_FPERRORS_H
#define ALLOC_REWRITE_NUMPY_FPERRORS_H

#include "state.h"

/* Whether a report may raise an exception: 1, 0, or -1 with one. */
int fperrors_may_raise(const State *state);
/* Whether all of these flags (of <fenv.h>) are ignored: 1, 0, or -1 with an exception. */
int fperrors_is_idle(const State *state, int raised);
/* Warn of flags under a ufunc's name, on a line of the code that runs, or of a function if that
 * isn't NULL, where no report may raise an exception; -1 with one. */
int fperrors_raised(const State *state, const char *name, int raised, PyObject *function,
                    int line);

#endif
