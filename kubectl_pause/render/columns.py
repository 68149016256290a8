"""A table as kubectl prints one: columns aligned by blanks, no boxes; made narrower only for a terminal that is too narrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.render.plain_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = 2
_COLOURS = {"warn": "\x1b[33m", "bad": "\x1b[31m", "dim": "\x1b[2m"}
_RESET = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, and how far it may be shortened (`least` characters; None: never)."""

    heading: str
    least: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with a meaning that colour may show: `warn`, `bad`, `dim` or ""."""

    text: str
    style: str = ""


def table(
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
    lines = [_line([Cell(column.heading) for column in columns], widths, colour=False, indent=indent)] if headings else []
    return lines + [_line(row, widths, colour=colour, indent=indent) for row in cells]


def _harmless(cell: str | Cell) -> Cell:
    return Cell(visible(cell.text), cell.style) if isinstance(cell, Cell) else Cell(visible(cell))


def _shrunk(columns: Sequence[Column], widths: list[int], width: int) -> list[int]:
    """Take from the columns that allow it, the widest first, until the table fits or nothing more can be taken."""
    widths = list(widths)
    excess = sum(widths) + _GAP * (len(widths) - 1) - width
    while excess > 0:
        able = [index for index, column in enumerate(columns) if column.least is not None and widths[index] > max(column.least, 1)]
        if not able:
            break
        widest = max(able, key=lambda index: widths[index])
        widths[widest] -= 1
        excess -= 1
    return widths


def _line(row: Sequence[Cell], widths: Sequence[int], *, colour: bool, indent: int) -> str:
    parts = []
    for index, (cell, width) in enumerate(zip(row, widths, strict=True)):
        text = shortened(cell.text, width)
        padded = text if index == len(row) - 1 else text.ljust(width)
        parts.append(_COLOURS[cell.style] + padded + _RESET if colour and cell.style else padded)
    return (" " * indent + (" " * _GAP).join(parts)).rstrip()


def shortened(text: str, width: int) -> str:
    """`text` in at most `width` characters, its middle left out: names differ at both ends."""
    if len(text) <= width:
        return text
    if width <= 1:
        return text[:width]
    front = (width - 1 + 1) // 2
    back = width - 1 - front
    return text[:front] + "…" + (text[-back:] if back else "")
