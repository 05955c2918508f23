"""A small vocabulary for the tests of the rewriter, which need neither NumPy nor a core."""

from alloc_rewrite.rewrite import Style, Vocabulary
from alloc_rewrite.rewrite.decode import decode
from alloc_rewrite.rewrite.regions import find_regions

VOCABULARY = Vocabulary(
    functions={"sqrt", "total"},
    methods={"sum"},
    reductions={"sum", "total"},
    harmless={"sqrt", "range"},
    attributes={"shape", "T"},
)
REGIONS = Style({}, direct=True, extras=True, vocabulary=VOCABULARY)


def regions_of(function):
    """Return the regions of a function."""
    return find_regions(decode(function.__code__), VOCABULARY)


def breaks_of(function):
    """Return where the runs of array operations of a function end."""
    breaks = []
    find_regions(decode(function.__code__), VOCABULARY, breaks)
    return breaks
