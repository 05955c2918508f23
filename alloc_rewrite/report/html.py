"""A report as HTML: one file, without scripts and without anything from elsewhere.

In: a document. Out: a page, or a part of one for a notebook. It must not know what the document is
about. Colours are those of the reader's system or notebook, light or dark: what is drawn is a
translucent version of the text's colour, or of one hue that shows on both.
"""

from __future__ import annotations

from html import escape

from .document import Call, Cell, Document, Part, Picture, Table, Tree, duration, size

_STYLE = """
.alloc{font:14px/1.5 system-ui,sans-serif;max-width:70rem}
.alloc h2{font-size:1.3em;margin:0 0 .3em}
.alloc h3{font-size:1.05em;margin:1.4em 0 .3em;overflow-wrap:anywhere}
.alloc p{margin:.2em 0;overflow-wrap:anywhere}
.alloc .wide{overflow-x:auto;max-width:100%}
.alloc table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:0}
.alloc th,.alloc td{padding:.1em .6em;text-align:right;white-space:nowrap;color:inherit;
  background:none;border:0;vertical-align:top}
.alloc thead th{font-weight:600;border-bottom:1px solid rgba(128,128,128,.6)}
.alloc .l{text-align:left}
.alloc code,.alloc pre{font:.92em/1.5 ui-monospace,monospace;white-space:pre;color:inherit;
  background:none;margin:0;padding:0}
.alloc .r{border-left:4px solid rgba(60,140,230,.8)}
.alloc details{margin-left:1.1em;overflow-wrap:anywhere}
.alloc summary{cursor:pointer}
.alloc svg{width:100%;height:auto;display:block;overflow:visible}
.alloc p svg{display:inline-block;width:30px;height:8px;margin-right:.6em}
.alloc .leaf{margin-left:2.1em;overflow-wrap:anywhere}
"""
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>html{{color-scheme:light dark}}body{{margin:1rem;background:Canvas;color:CanvasText}}</style>
</head>
<body>
{body}</body>
</html>
"""
_BAR = "background:linear-gradient(to right,rgba(60,140,230,.35) {0}%,transparent {0}%)"
_DASHES = ("none", "6 4", "2 3")  # of the levels in a picture
_WIDTH, _HEIGHT, _DEPTH = 720, 160, 4  # of the picture, in its own units; of trees that are open


def page(document: Document) -> str:
    """Return a file with the whole report."""
    return _PAGE.format(title=escape(document.title), body=fragment(document))


def fragment(document: Document) -> str:
    """Return the report as an element, for a page that has its own head."""
    out = [f'<div class="alloc"><style>{_STYLE}</style>', f"<h2>{escape(document.title)}</h2>"]
    out += [f"<p>{escape(line)}</p>" for line in document.summary]
    for part in document.parts:
        out.append(f"<section><h3>{escape(part.title)}</h3>" if part.title else "<section>")
        out += [_part(part), "</section>"]
    return "\n".join([*out, "</div>\n"])


def _part(part: Part) -> str:
    if isinstance(part, Table):
        return _table(part)
    if isinstance(part, Picture):
        return _picture(part)
    if isinstance(part, Tree):
        total = sum(call.value for call in part.calls) or 1
        return "".join(_call(call, part.unit, total, 0) for call in part.calls)
    lines = "\n".join(map(escape, part.lines))
    if part.code:
        return f'<div class="wide"><pre>{lines}</pre></div>'
    return "".join(f"<p>{escape(line)}</p>" for line in part.lines)


def _table(table: Table) -> str:
    sides = ["l" if i in table.left else "" for i in range(len(table.columns))]
    head = "".join(
        f'<th class="{side}">{escape(name)}</th>'
        for name, side in zip(table.columns, sides, strict=True)
    )
    rows = (
        "".join(_cell(cell, side) for cell, side in zip(row, sides, strict=True))
        for row in table.rows
    )
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    html = f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
    return f'<div class="wide">{html}</div>'


def _cell(cell: Cell, side: str) -> str:
    text = escape(cell.text)
    if cell.code:
        text = f"<code>{text}</code>"
    names = " ".join(name for name in (side, "r" if cell.marked else "") if name)
    style = f' style="{_BAR.format(round(100 * min(cell.bar, 1.0), 1))}"' if cell.bar > 0 else ""
    return f'<td class="{names}"{style}>{text}</td>'


def _call(call: Call, unit: str, total: float, depth: int) -> str:
    shown = duration(call.value) if unit == "seconds" else size(call.value)
    text = f"{call.value / total:.0%} ({shown}) {call.function}, line {call.line}"
    if not call.below:
        return f'<div class="leaf">{escape(text)}</div>'
    inner = "".join(_call(one, unit, total, depth + 1) for one in call.below)
    opened = " open" if depth < _DEPTH else ""
    return f"<details{opened}><summary>{escape(text)}</summary>{inner}</details>"


def _picture(picture: Picture) -> str:
    """Draw values as steps, with a line for each level."""
    highest = max([*picture.values, *(value for _, value in picture.levels), 1])
    step = _WIDTH / max(len(picture.values), 1)

    def y(value: float) -> float:
        return round(_HEIGHT - _HEIGHT * value / highest, 1)

    corners = [f"M0 {_HEIGHT}"]
    for i, value in enumerate(picture.values):
        corners.append(f"V{y(value)}H{round((i + 1) * step, 1)}")
    area = "".join([*corners, f"V{_HEIGHT}Z"])
    lines, legend = [], []
    for (name, value), dashes in zip(picture.levels, _DASHES, strict=False):
        line = f'stroke="currentColor" stroke-width="1.5" stroke-dasharray="{dashes}"'
        lines.append(f'<line x1="0" x2="{_WIDTH}" y1="{y(value)}" y2="{y(value)}" {line}/>')
        sample = f'<svg viewBox="0 0 30 8"><line x1="0" x2="30" y1="4" y2="4" {line}/></svg>'
        legend.append(f"<p>{sample}{escape(name)}: {size(value)}</p>")
    return (
        f'<svg viewBox="0 -2 {_WIDTH} {_HEIGHT + 2}" role="img" '
        f'aria-label="{escape(picture.title)}"><path d="{area}" fill="rgba(60,140,230,.45)"/>'
        f"{''.join(lines)}</svg>{''.join(legend)}"
    )
