"""The views that all reports have: text, HTML, JSON, and flame graphs for speedscope.

In: a report's data, which makes a `Document` of itself. Out: its views. It must not know what the
reports are about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from .document import Document

#: What a file name's end says, the longer ends first.
_ENDS = {".html": "html", ".speedscope.json": "speedscope", ".json": "json", ".txt": "txt"}


class Report:
    """What `Profile`, `Explanation` and `Comparison` have in common."""

    __slots__ = ()

    def _document(self) -> Document:
        raise NotImplementedError

    def _title(self) -> str:
        """Return the report in one line."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._title()}>"

    def to_dict(self) -> dict[str, Any]:
        """Return the report as dictionaries, lists, text and numbers, without the call's result."""
        from .data import plain

        data: dict[str, Any] = plain(self)
        return {"kind": type(self).__name__.lower(), **data}

    def to_html(self) -> str:
        """Return the report as an HTML page, without scripts, that needs no other file."""
        from .html import page

        return page(self._document())

    def _repr_html_(self) -> str:
        from .html import fragment

        return fragment(self._document())

    def to_speedscope(self) -> dict[str, Any]:
        """Return flame graphs of the calls, in the format of https://www.speedscope.app."""
        from .document import Tree
        from .speedscope import speedscope

        trees = [part for part in self._document().parts if isinstance(part, Tree)]
        return speedscope(self._title(), trees)

    def save(self, path: str | Path, kind: str | None = None) -> None:
        """Write the report to a file, of the kind that its name says.

        Parameters
        ----------
        path : str or Path
            A name that ends in ``.html``, ``.speedscope.json``, ``.json`` or ``.txt``.
        kind : {"html", "speedscope", "json", "txt"}, optional
            What to write, for a name that ends otherwise.

        Raises
        ------
        ValueError
            If neither the name nor `kind` is one of these.
        """
        import json

        name = str(path)
        wanted = kind or next((k for end, k in _ENDS.items() if name.endswith(end)), "")
        if wanted == "html":
            text = self.to_html()
        elif wanted == "speedscope":
            text = json.dumps(self.to_speedscope())
        elif wanted == "json":
            text = json.dumps(self.to_dict(), indent=1)
        elif wanted == "txt":
            text = f"{self}\n"
        else:
            raise ValueError(f"save: {name!r} ends in none of {', '.join(_ENDS)}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
