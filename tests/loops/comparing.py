"""What the tests of loops share: calls plain and bumped, compared bit for bit."""

import copy
import math
import warnings

import numpy as np

import alloc_rewrite as alloc
from alloc_rewrite.bump import bumped


def same(a, b):
    """Whether two values are of one type and have the same bits."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray) and a.dtype == object:
        return a.dtype == b.dtype and same(a.tolist(), b.tolist())
    if isinstance(a, (np.ndarray, np.generic)):
        return a.dtype == b.dtype and a.shape == b.shape and _bits(a) == _bits(b)
    if isinstance(a, (float, complex)):
        return repr(a) == repr(b)
    return a == b


def _bits(a):
    """Return an array's bytes, with all NaNs alike: which of two an operation gives is open."""
    a = np.atleast_1d(a)
    if a.dtype.kind == "c":
        a = np.stack([a.real, a.imag])
    return np.where(np.isnan(a), math.nan, a).tobytes() if a.dtype.kind == "f" else a.tobytes()


def outcome(f, args):
    """Return what a call gives or raises and where, its warnings, and what it left in `args`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = f(*args)
        except Exception as error:
            trace = error.__traceback__
            while trace.tb_next:
                trace = trace.tb_next
            result = type(error).__name__, str(error), trace.tb_lineno
    return result, [(str(w.message), w.lineno) for w in caught], list(args)


def loop_sites(bumped_function):
    """Return the sites of a bumped function's loops, in the order of the code."""
    known = bumped(bumped_function)
    rewritten = known.sites.rewriter.rewritten(known.original.__code__)
    return [site for site in rewritten.sites if type(site).__name__ == "LoopSite"]


def compared(f, *args, times=4, g=None):
    """Call plain and bumped with equal arguments, some times; return the sites of the loops."""
    g = g or alloc.bump(alloc.Buffer(10**6))(f)
    for number in range(times):
        wanted = outcome(f, copy.deepcopy(args))
        got = outcome(g, copy.deepcopy(args))
        assert same(wanted[0], got[0]), (number, wanted[0], got[0])
        assert wanted[1] == got[1]
        assert same(wanted[2], got[2]), number
    return loop_sites(g)


def compiled(f, *args, times=4):
    """Do the same for a function whose (outermost) loop a kernel runs."""
    sites = compared(f, *args, times=times)
    assert sites[0].hits, (sites[0].declined, sites[0].reason)
    return sites
