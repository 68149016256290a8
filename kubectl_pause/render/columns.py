"""A table as kubectl prints one: columns aligned by blanks, no boxes; made narrower only for a terminal that is too narrow."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kubectl_pause.render.plain_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = 2
_COLOURS = {"warn": "\x1b[33m", "bad": "\x1b[31m", "dim": "\x1b[2m"}
_RESET = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, and how far it may be shortened (`least` characters; None: never).

    Columns with a lower `turn` give way first. `end`: what is cut off is the end, with no mark where it is an id, whose beginning is
    as good as the whole; else the place of the cut is chosen so that different texts stay different.
    """

    heading: str
    least: int | None = None
    turn: int = 1
    cut: Literal["anywhere", "end", "id"] = "anywhere"


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with a meaning that colour may show: `warn`, `bad`, `dim` or ""."""

    text: str
    style: str = ""


def table(  # noqa: PLR0913 (a table is its columns, its rows and how they are shown)
    columns: Sequence[Column],
    rows: Sequence[Sequence[str | Cell]],
    *,
    width: int | None = None,
    headings: bool = True,
    colour: bool = False,
    indent: int = 0,
) -> list[str]:
    """Lines of the table. `width` None leaves every cell whole; texts are made harmless here."""
    cells = [[_harmless(cell) for cell in row] for row in rows]
    widths = [
        max([len(column.heading) if headings else 0, *(len(row[index].text) for row in cells)]) for index, column in enumerate(columns)
    ]
    if width is not None:
        widths = _shrunk(columns, widths, width - indent)
    cells = [list(row) for row in zip(*map(_fitted, columns, zip(*cells, strict=True), widths), strict=True)] if cells else []
    heading = [Cell(column.heading[:room]) for column, room in zip(columns, widths, strict=True)]
    lines = [_line(heading, widths, colour=False, indent=indent)] if headings else []
    return lines + [_line(row, widths, colour=colour, indent=indent) for row in cells]


def _harmless(cell: str | Cell) -> Cell:
    return Cell(visible(cell.text), cell.style) if isinstance(cell, Cell) else Cell(visible(cell))


def _shrunk(columns: Sequence[Column], widths: list[int], width: int) -> list[int]:
    """Take from the columns whose turn it is, the widest first, until the table fits or nothing more can be taken."""
    widths = list(widths)
    excess = sum(widths) + _GAP * (len(widths) - 1) - width
    for turn in sorted({column.turn for column in columns}):
        able = [index for index, column in enumerate(columns) if column.least is not None and column.turn == turn]
        while excess > 0 and (able := [index for index in able if widths[index] > max(columns[index].least or 0, 1)]):
            widths[max(able, key=lambda index: widths[index])] -= 1
            excess -= 1
    return widths


def _fitted(column: Column, cells: Sequence[Cell], width: int) -> list[Cell]:
    """A column's cells, each in at most `width` characters."""
    if column.cut == "id":
        return [Cell(cell.text[:width], cell.style) for cell in cells]
    long = {cell.text for cell in cells if len(cell.text) > width}
    share = 1.0 if column.cut == "end" else max(_SHARES, key=lambda share: len({shortened(text, width, share) for text in long}))
    return [Cell(shortened(cell.text, width, share), cell.style) for cell in cells]


_SHARES = (0.5, 0.75, 0.25, 1.0)
"""How much of a shortened text is its beginning, in order of preference: names differ at both ends."""


def _line(row: Sequence[Cell], widths: Sequence[int], *, colour: bool, indent: int) -> str:
    parts = []
    for index, (cell, width) in enumerate(zip(row, widths, strict=True)):
        padded = cell.text if index == len(row) - 1 else cell.text.ljust(width)
        parts.append(painted(padded, cell.style) if colour else padded)
    return (" " * indent + (" " * _GAP).join(parts)).rstrip()


def painted(text: str, style: str) -> str:
    """`text`, harmless already, in the colour of a style; "" is none."""
    return _COLOURS[style] + text + _RESET if style else text


def shortened(text: str, width: int, share: float = 0.5) -> str:
    """`text` in at most `width` characters, `share` of them its beginning, the rest its end, with a mark in between."""
    if len(text) <= width:
        return text
    if width <= 1:
        return text[:width]
    front = round((width - 1) * share)
    back = width - 1 - front
    return text[:front] + "…" + (text[-back:] if back else "")


_LABEL = 10


def labelled(label: str, text: str, width: int | None) -> list[str]:
    """A labelled text, in several lines where a terminal is too narrow; paths and ids are never broken."""
    shown = visible(text, 1000)
    room = max(20, width - _LABEL) if width else len(shown) + 1
    parts = textwrap.wrap(shown, room, break_long_words=False, break_on_hyphens=False) or [""]
    return [f"{label if index == 0 else '':<{_LABEL}}{part}".rstrip() for index, part in enumerate(parts)]
