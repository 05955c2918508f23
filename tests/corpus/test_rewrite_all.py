"""Functions of NumPy, SciPy and the standard library go through the whole pipeline.

What cannot be rewritten says so with RewriteError; nothing else is ever raised, and whatever
comes out has passed the verifier. A sample of the files is taken; `conftest` says how to take all.
"""

import dis

import pytest

from alloc_rewrite.errors import RewriteError
from alloc_rewrite.pycore.sites import PythonSites
from alloc_rewrite.rewrite import Style, found_in
from alloc_rewrite.rewrite.encode import encode
from alloc_rewrite.rewrite.gates import Hole

try:
    from alloc_rewrite.native.sites import NativeSites
except ImportError:
    DIRECT = Style({}, direct=True)
else:
    DIRECT = NativeSites.style

STYLES = (PythonSites.style, DIRECT, Style({}, observe=True))


def sites_in(code):
    """Return the names of the sites that code loads."""
    names = (constant.name for constant in code.co_consts if type(constant) is Hole)
    return {name for name in names if name[2:].isdigit()}


@pytest.mark.parametrize(("package", "files"), [("numpy", 50), ("scipy", 60), ("stdlib", 45)])
def test_every_function_is_rewritten_or_refused(package, files, sampled_functions):
    rewritten, refused, failed = 0, [], []
    for code in sampled_functions(package, files):
        try:
            for style in STYLES:
                ir, places = found_in(code, style)
                new = encode(ir, places, style)
                assert new.co_freevars == code.co_freevars
                assert sites_in(new) == {f"@s{i}" for i in range(len(places))}
                assert [i.opname for i in dis.get_instructions(new)]  # it can be read at all
        except RewriteError as error:
            refused.append(str(error))
        except Exception as error:
            failed.append((code, error))
        else:
            rewritten += 1
    assert failed == []
    assert rewritten > 250  # some distributions leave the tests of the standard library out
    # Nothing fails in the rewriter itself: what is refused has a reason in the source.
    reasons = ("it has no operators or calls", "it may look at its own frame")
    assert [text for text in refused if not text.startswith(reasons)] == []


@pytest.mark.parametrize("style", STYLES[:2], ids=["python", "native"])
def test_giving_back_any_half_of_the_sites_encodes(style, sampled_functions):
    for code in sampled_functions("numpy", 20):
        try:
            ir, places = found_in(code, style)
        except RewriteError:
            continue
        for odd in (0, 1):
            encode(ir, places, style, {i: i % 2 == odd for i in range(len(places))})
        none = encode(ir, places, style, dict.fromkeys(range(len(places)), False))
        assert sites_in(none) == set()
