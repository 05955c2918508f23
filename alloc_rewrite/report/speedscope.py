"""Trees of calls in the format of speedscope [1]_, a viewer of flame graphs.

In: trees. Out: the file's content, as a dictionary. It must not know what was measured.

.. [1] https://www.speedscope.app/file-format-schema.json
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .document import Call, Tree

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def speedscope(name: str, trees: Iterable[Tree]) -> dict[str, Any]:
    """Return the content of a file with a flame graph for each tree."""
    frames: dict[tuple[str, str, int], int] = {}
    profiles = []
    for tree in trees:
        samples: list[list[int]] = []
        weights: list[float] = []
        for call in tree.calls:
            _add(call, [], frames, samples, weights)
        profiles.append(
            {
                "type": "sampled",
                "name": tree.title,
                "unit": tree.unit,
                "startValue": 0,
                "endValue": sum(weights),
                "samples": samples,
                "weights": weights,
            }
        )
    return {
        "$schema": _SCHEMA,
        "name": name,
        "exporter": "alloc_rewrite",
        "activeProfileIndex": 0,
        "shared": {
            "frames": [
                {"name": f"{function}:{line}", "file": file, "line": line}
                for function, file, line in frames
            ]
        },
        "profiles": profiles,
    }


def _add(
    call: Call,
    above: list[int],
    frames: dict[tuple[str, str, int], int],
    samples: list[list[int]],
    weights: list[float],
) -> None:
    place = (call.function, call.filename, call.line)
    stack = [*above, frames.setdefault(place, len(frames))]
    own = call.value - sum(inner.value for inner in call.below)
    if own > 0 or not call.below:
        samples.append(stack)
        weights.append(max(own, 0))
    for inner in call.below:
        _add(inner, stack, frames, samples, weights)
