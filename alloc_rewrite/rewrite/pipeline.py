"""The order of the stages: code object -> IR -> operations, calls, regions -> code object.

In: a code object, and how the sites of a core are called. Out: the code with holes where its gates
go, the places that get sites, and the reason if a code object stays as it is. It must not know what
sites do, nor which functions run the code.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any, NamedTuple

from ..errors import NothingToDoError, RewriteError
from ..logs import debug
from .calls import find_calls
from .convention import Place, Style
from .decode import decode
from .encode import encode
from .ir import IR
from .loops import find_loops, find_whole
from .operations import find_operations
from .reasons import Break
from .regions import NO_CUTS, find_regions
from .seen import NO_HELPERS, Helpers


def found_in(
    code: CodeType,
    style: Style,
    breaks: list[Break] | None = None,
    cuts: Mapping[int, str] = NO_CUTS,
    helpers: Helpers = NO_HELPERS,
) -> tuple[IR, list[Place]]:
    """Return a code object's IR and the places in it that get sites.

    With `breaks`, this list gets what ends the regions. No region has the items in `cuts`;
    calls of `helpers` may be part of them.
    """
    ir = decode(code)
    places: list[Place] = [*find_operations(ir, extras=style.extras), *find_calls(ir)]
    if not places:
        raise NothingToDoError("it has no operators or calls")
    places.sort(key=lambda place: place.start)
    if style.vocabulary is not None:
        places += find_regions(ir, style.vocabulary, breaks, cuts, helpers)
    if style.loops:
        places += find_loops(ir)
        whole = find_whole(ir)
        places += [] if whole is None else [whole]
    return ir, places


class Form(NamedTuple):
    """A code object with a site at every place, as it is for every buffer."""

    original: weakref.ref[CodeType]
    style: Style
    code: CodeType
    places: list[Place]


_forms: dict[tuple[int, int], Form] = {}


def form_of(code: CodeType, style: Style) -> Form:
    """Return the form of a code object, made once for as long as the original lives."""
    key = (id(code), id(style))
    form = _forms.get(key)
    if form is None or form.original() is not code or form.style is not style:
        ir, places = found_in(code, style)
        made = encode(ir, places, style)

        def forget(_: Any) -> None:
            _forms.pop(key, None)

        form = _forms[key] = Form(weakref.ref(code, forget), style, made, places)
    return form


def failure(error: Exception, code: CodeType, is_foreign: Callable[[Exception], bool]) -> str:
    """Say why code stays as it is; an exception that isn't the rewriter's is raised again."""
    if isinstance(error, RewriteError):
        return str(error)
    if is_foreign(error):
        raise error
    reason = f"the rewriter failed: {error!r}"
    debug("left %s as it is: %s", code.co_qualname, reason)
    return reason


class Survey(NamedTuple):
    """What the rewriter makes of a code object.

    `places` are numbered as the sites of its rewritten form; `reason` says why there is none.
    """

    ir: IR | None
    places: list[Place]
    breaks: list[Break]
    reason: str


def survey(
    code: CodeType,
    style: Style,
    is_foreign: Callable[[Exception], bool],
    cuts: Mapping[int, str] = NO_CUTS,
    helpers: Helpers = NO_HELPERS,
) -> Survey:
    """Run the pipeline over a code object, and keep what its stages find."""
    breaks: list[Break] = []
    try:
        ir, places = found_in(code, style, breaks, cuts, helpers)
        form_of(code, style)
    except Exception as error:
        return Survey(None, [], [], failure(error, code, is_foreign))
    return Survey(ir, places, breaks, "")
