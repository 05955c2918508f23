"""Makes a failing program small: takes away what can be taken away while it still fails.

It knows Python's grammar, and nothing of how programs are drawn: statements are deleted, blocks are
replaced by what is in them, expressions by parts of themselves.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from .trial import Calls, Program

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def reduced(program: Program, fails: Callable[[Program], bool], seconds: float = 120) -> Program:
    """Return the smallest program found in this time for which `fails` is true."""
    until = time.monotonic() + seconds
    again = True
    while again and time.monotonic() < until:
        again = False
        for candidate in candidates(program):
            if time.monotonic() > until:
                break
            if candidate != program and fails(candidate):
                program, again = candidate, True
                break
    return program


def candidates(program: Program) -> Iterator[Program]:
    """Yield simpler programs, those that take away most first."""
    for calls in simpler_calls(program.calls):
        yield replace(program, calls=calls)
    for body in simpler_bodies(program.body):
        yield replace(program, body=body).broken()


def simpler_calls(calls: Calls) -> Iterator[Calls]:
    order = calls.order
    for size in (len(order) // 2, 1):
        for at in range(0, len(order), max(size, 1)):
            rest = order[:at] + order[at + size :]
            if rest and size:
                yield replace(calls, order=rest, resets=[k for k in calls.resets if k < at])
    used = sorted(set(order))
    if len(used) < len(calls.rows):
        where = {old: new for new, old in enumerate(used)}
        yield replace(calls, rows=[calls.rows[k] for k in used], order=[where[k] for k in order])
    if calls.resets:
        yield replace(calls, resets=[])
    if calls.state:
        yield replace(calls, state={})
    if calls.strict:
        yield replace(calls, strict=False)
    for k, name in enumerate(calls.rows):
        if name != "f8":
            yield replace(calls, rows=[*calls.rows[:k], "f8", *calls.rows[k + 1 :]])


def simpler_bodies(body: str) -> Iterator[str]:
    count = len(list(edits(ast.parse(body))))
    for k in range(count):
        tree = ast.parse(body)
        for at, edit in enumerate(edits(tree)):
            if at == k:
                edit()
                break
        try:
            text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
            compile(text, "<reduced>", "exec")
        except (SyntaxError, ValueError):
            continue
        yield text


def edits(tree: ast.AST) -> Iterator[Callable[[], None]]:
    """Yield functions that each make one thing of the tree simpler, in place."""
    nodes = [node for node in ast.walk(tree) if _may_change(node)]
    for node in nodes:
        for name in _BLOCKS:
            block = getattr(node, name, None)
            if isinstance(block, list) and block:
                yield from _without(block, name)
    for node in nodes:
        yield from _parts(node)


def _may_change(node: ast.AST) -> bool:
    return not (isinstance(node, ast.FunctionDef) and node.name == "exchange")


def _without(block: list[ast.AST], name: str) -> Iterator[Callable[[], None]]:
    size = len(block)
    while size:
        for at in range(0, len(block), size):
            part = block[at : at + size]
            if len(part) == 1 and _needed(part[0]):
                continue

            def delete(at: int = at, size: int = size) -> None:
                kept = [node for node in block[at : at + size] if _needed(node)]
                block[at : at + size] = kept or ([ast.Pass()] if name == "body" else [])
                if len(block) > 1:
                    block[:] = [node for node in block if not isinstance(node, ast.Pass)] or block

            if not (len(block) == 1 and isinstance(block[0], ast.Pass)):
                yield delete
        size //= 2
    if name in ("handlers", "cases"):
        return
    for at, node in enumerate(block):
        for inside in _insides(node):

            def unwrap(at: int = at, inside: list[ast.AST] = inside) -> None:
                block[at : at + 1] = inside

            yield unwrap


def _insides(node: ast.AST) -> Iterator[list[ast.AST]]:
    """Yield the blocks that may stand in the place of a compound statement."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for name in ("body", "orelse", "finalbody"):
        inside = getattr(node, name, None)
        if isinstance(inside, list) and inside:
            yield inside
    for part in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
        yield part.body


def _needed(node: ast.AST) -> bool:
    """Whether the factory cannot do without a statement."""
    if isinstance(node, ast.FunctionDef):
        return node.name in ("made", "exchange", "program")
    if isinstance(node, ast.Return):
        return isinstance(node.value, ast.Tuple) and "exchange" in ast.unparse(node.value)
    return isinstance(node, ast.Nonlocal | ast.Global) and node.names in (["c"], ["G"])


def _parts(node: ast.AST) -> Iterator[Callable[[], None]]:
    """Yield ways to put a part of an expression in its place, or one name or number."""
    for field, value in ast.iter_fields(node):
        if isinstance(value, list):
            shrinks = isinstance(node, ast.Call | ast.Tuple | ast.List)
            if shrinks and len(value) > (field != "keywords"):
                for at in range(len(value)):
                    yield lambda value=value, at=at: value.pop(at)
            for at, one in enumerate(value):
                if isinstance(one, ast.expr) and _replaceable(one):
                    for part in _inside(one):
                        yield lambda value=value, at=at, part=part: value.__setitem__(at, part)
        elif isinstance(value, ast.expr) and field != "func" and _replaceable(value):
            for part in _inside(value):
                yield lambda node=node, field=field, part=part: setattr(node, field, part)


def _replaceable(node: ast.expr) -> bool:
    return isinstance(getattr(node, "ctx", ast.Load()), ast.Load)


def _inside(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.Name | ast.Constant):
        return []
    own = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
    if isinstance(node, ast.Call):
        own = [*node.args, *(keyword.value for keyword in node.keywords)]
    own += [] if isinstance(node, ast.Attribute) else [ast.Constant(2.0)]
    return [ast.Name("x0", ast.Load()), *own] if not isinstance(node, ast.Lambda) else own
