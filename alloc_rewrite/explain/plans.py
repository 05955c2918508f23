"""The plans of a region in words: what the native core made of its program for certain arrays.

In: plans as the extension describes them. Out: text. It must not know how they are made.
"""

from __future__ import annotations

from typing import Any

Plan = dict[str, Any]


def plan_lines(plan: Plan) -> list[str]:
    """Return a plan as lines: the arrays that it is for, then each stage with its steps."""
    arrays = ", ".join(str(tuple(root["shape"])) for root in plan["roots"]) or "no arrays"
    if plan["declined"]:
        return [f"No plan for {arrays}: {plan['declined']}"]
    head = f"Plan for {arrays}"
    if plan["scratch"]["bytes"]:
        head += f"; scratch memory: {plan['scratch']['bytes']} bytes"
    out = [head]
    for number, stage in enumerate(plan["stages"]):
        what = _blocks(stage) if stage["reduction"] is None else f"reduction t{stage['reduction']}"
        out.append(f"  stage {number}: {what}")
        out += [f"    {_step(stage, step)}" for step in stage["steps"]]
        if stage["compiled"] is not None:
            out.append(f"    {compiled_words(stage)}")
    return out


def compiled_words(stage: Plan) -> str:
    """Return how far a stage is compiled; empty as long as it is not hot."""
    parts = stage["compiled"]
    if parts is None:
        return ""
    if isinstance(parts, str):
        return f"not compiled: {parts}"
    return "; ".join(
        f"step{'' if stop == first + 1 else 's'} {_numbers(first, stop)} "
        + (
            f"{'loaded' if kernel.is_kept else 'compiled'} in {kernel.milliseconds:.0f} ms "
            f"{'from' if kernel.is_kept else 'to'} {kernel.size} bytes"
            if kernel.state == "compiled"
            else "waiting for the compiler"
            if kernel.state == "waiting"
            else f"not compiled: {kernel.state}"
        )
        for _, first, stop, *_, kernel in parts
    )


def _numbers(first: int, stop: int) -> str:
    return str(first) if stop == first + 1 else f"{first} to {stop - 1}"


def _blocks(stage: Plan) -> str:
    axes = " x ".join(str(length) for length in reversed(stage["axes"]))
    block = stage["block"]
    if block["rows"]:
        return f"{axes} items, {block['rows']} rows at a time"
    return f"{axes} items, {block['items']} at a time"


def _step(stage: Plan, step: Plan) -> str:
    *read, written = (_operand(stage["operands"][number]) for number in step["arguments"])
    parts = " ".join(_name(part) for part in step["parts"])
    form = f" ({step['fusion']})" if step["fusion"] else ""
    return f"{written} = {parts}{form} of {', '.join(read)}"


def _name(part: Plan) -> str:
    if part["operation"] != "OTHER":
        return str(part["operation"])
    return str(part["ufunc"].__name__)


def _operand(operand: Plan) -> str:
    access = "" if operand["access"] in ("contiguous", "scalar") else f", {operand['access']}"
    place = f"at {operand['offset']}" if operand["where"] == "buffer" else operand["number"]
    return f"{operand['where']} {place} [{operand['dtype']}{access}]"
