"""IPython and Jupyter: the magics `%alloc`, `%%alloc` and `%alloc_compare`.

In: lines and cells of a session. Out: reports, which notebooks show as HTML. It must not know how
reports are made. ``%load_ext alloc_rewrite`` loads it.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class

from .comparison import Comparison, compare
from .profile import Profile, profile


@magics_class
class AllocMagics(Magics):
    """The magics of a session."""

    @property
    def _session(self) -> InteractiveShell:
        assert self.shell is not None
        return self.shell

    @line_cell_magic
    def alloc(self, line: str, cell: str | None = None) -> Profile[Any]:
        """Run an expression, or a cell, and show what it allocates.

        ``%alloc f(x)`` shows `alloc_rewrite.profile(f, x)`. ``%%alloc`` runs the rest of its cell;
        what the cell assigns is the session's afterwards.
        """
        if cell is not None:
            return profile(self._of_cell(cell))
        function, args, kwargs = self._call(line)
        return profile(function, *args, **kwargs)

    @line_magic
    def alloc_compare(self, line: str) -> Comparison[Any]:
        """Call a function plain and bumped, and compare.

        ``%alloc_compare f(x)`` shows `alloc_rewrite.compare(f, x)`.
        """
        function, args, kwargs = self._call(line)
        return compare(function, *args, **kwargs)

    def _call(self, line: str) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
        """Return the function that an expression calls, and its arguments."""
        if not line.strip():
            raise UsageError("give an expression, such as f(x, n=3)")
        tree = ast.parse(line.strip(), mode="eval")
        names = self._session.user_ns
        if not isinstance(tree.body, ast.Call):
            return eval(f"lambda: {line}", names), (), {}
        function = eval(ast.unparse(tree.body.func), names)
        tree.body.func = ast.parse("lambda *args, **kwargs: (args, kwargs)", mode="eval").body
        args, kwargs = eval(ast.unparse(tree), names)
        return function, args, kwargs

    def _of_cell(self, cell: str) -> Callable[[], object]:
        """Return a function whose body is a cell; what it assigns are globals."""
        text: str = self._session.transform_cell(cell)  # type: ignore[no-untyped-call]
        name = self._session.compile.cache(text, self._session.execution_count)
        table = symtable.symtable(text, name, "exec")
        assigned = [
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
        ]
        tree = ast.parse("def cell():\n    pass")
        (function,) = tree.body
        assert isinstance(function, ast.FunctionDef)
        declared: list[ast.stmt] = [ast.Global(assigned)] if assigned else []
        function.body = [*declared, *ast.parse(text, name).body] or function.body
        scope: dict[str, Any] = {}
        code = compile(ast.fix_missing_locations(tree), name, "exec")
        exec(code, self._session.user_ns, scope)
        made: Callable[[], object] = scope["cell"]
        return made


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magics to a session: what ``%load_ext alloc_rewrite`` calls."""
    shell.register_magics(AllocMagics)
