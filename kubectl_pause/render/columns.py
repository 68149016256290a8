"""A table as kubectl prints one: columns aligned by blanks, no boxes; made narrower only for a terminal that is too narrow."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Literal

from kubectl_pause.render.plain_text import columns_of, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_GAP = 2
_COLOURS = {"warn": "\x1b[33m", "bad": "\x1b[31m", "dim": "\x1b[2m"}
_RESET = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, and how far it may be shortened (`least` characters; None: never).

    Columns with a lower `turn` give way first. `end`: what is cut off is the end, with no mark where it is an id, whose beginning is
    as good as the whole; else the place of the cut is chosen so that different texts stay different. Where all are as short as they may
    be and there is still too little room, the column with the highest `rank` is left out; 0 is never left out.
    """

    heading: str
    least: int | None = field(default=None, kw_only=True)
    turn: int = field(default=1, kw_only=True)
    cut: Literal["anywhere", "end", "id"] = field(default="anywhere", kw_only=True)
    rank: int = field(default=0, kw_only=True)


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
        max([len(column.heading) if headings else 0, *(columns_of(row[index].text) for row in cells)])
        for index, column in enumerate(columns)
    ]
    if width is not None:
        kept = _kept(columns, cells, widths, width - indent)
        columns, widths = [columns[index] for index in kept], [widths[index] for index in kept]
        cells = [[row[index] for index in kept] for row in cells]
        widths = _shrunk(columns, widths, width - indent)
    cells = [list(row) for row in zip(*map(_fitted, columns, zip(*cells, strict=True), widths), strict=True)] if cells else []
    heading = [Cell(column.heading[:room]) for column, room in zip(columns, widths, strict=True)]
    lines = [_line(heading, widths, colour=False, indent=indent)] if headings else []
    return lines + [_line(row, widths, colour=colour, indent=indent) for row in cells]


def _kept(columns: Sequence[Column], cells: Sequence[Sequence[Cell]], widths: Sequence[int], width: int) -> list[int]:
    """The places of the columns for which there is room: those that must stay, then by rank; those without any text come last."""

    def narrowest(places: Iterable[int]) -> int:
        least = [widths[place] if columns[place].least is None else min(widths[place], columns[place].least or 0) for place in places]
        return sum(least) + _GAP * (len(least) - 1)

    empty = {place for place in range(len(columns)) if cells and all(row[place].text in ("", "-") for row in cells)}
    kept = {place for place, column in enumerate(columns) if not column.rank}
    for place in sorted(set(range(len(columns))) - kept, key=lambda place: (place in empty, columns[place].rank)):
        if narrowest([*kept, place]) <= width:
            kept.add(place)
    return sorted(kept)


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
    """A column's cells, each in at most `width` columns of the terminal."""
    if column.cut == "id":
        return [Cell(_front(cell.text, width), cell.style) for cell in cells]
    if column.cut == "end":
        return [Cell(shortened(cell.text, width, 1.0), cell.style) for cell in cells]
    short = told_apart([cell.text for cell in cells], width)
    return [Cell(short[cell.text], cell.style) for cell in cells]


def _line(row: Sequence[Cell], widths: Sequence[int], *, colour: bool, indent: int) -> str:
    parts = []
    for index, (cell, width) in enumerate(zip(row, widths, strict=True)):
        padded = cell.text if index == len(row) - 1 else cell.text + " " * (width - columns_of(cell.text))
        parts.append(painted(padded, cell.style) if colour else padded)
    return (" " * indent + (" " * _GAP).join(parts)).rstrip()


def painted(text: str, style: str) -> str:
    """`text`, harmless already, in the colour of a style; "" is none."""
    return _COLOURS[style] + text + _RESET if style else text


def told_apart(texts: Iterable[str], width: int) -> dict[str, str]:
    """Each text in at most `width` columns, cut where the texts stay different if there is such a place.

    Names of one node's pods may be alike at both ends (`kube-system/kube-proxy-NODE`): of those, what they have in common is cut out.
    """
    every = list(dict.fromkeys(texts))
    long = [text for text in every if columns_of(text) > width]
    whole = {text: text for text in every}
    share = max(_SHARES, key=lambda share: len({shortened(text, width, share) for text in long}))
    best = whole | {text: shortened(text, width, share) for text in long}
    alike: dict[str, list[str]] = {}
    for text, short in best.items():
        alike.setdefault(short, []).append(text)
    for group in alike.values() if width >= _NARROWEST_CUT else ():
        common = sum(1 for _ in takewhile(lambda letters: len(set(letters)) == 1, zip(*group, strict=False)))
        parted = best | {text: _from_where_they_differ(text, common, width) for text in group if columns_of(text) > width}
        if len(group) > 1 and len(set(parted.values())) > len(set(best.values())):
            best = parted
    return best


_SHARES = (0.5, 0.75, 0.25, 1.0)
"""How much of a shortened text is its beginning, in order of preference: names differ at both ends."""
_NARROWEST_CUT = 8
_FRONT = 3


def _from_where_they_differ(text: str, common: int, width: int) -> str:
    """The first few characters, a mark, and the text from its place `common` on, as far as there is room."""
    if common <= _FRONT:
        return shortened(text, width, 1.0)
    front = shortened(text[:common], _FRONT + 1, 1.0)
    return front + shortened(text[common:], width - columns_of(front), 1.0)


def shortened(text: str, width: int, share: float = 0.5) -> str:
    """`text` in at most `width` columns of a terminal, `share` of them its beginning, the rest its end, with a mark in between."""
    if columns_of(text) <= width:
        return text
    if width <= 1:
        return _front(text, width)
    front = round((width - 1) * share)
    back = width - 1 - front
    end = _front(text[::-1], back)[::-1]
    while end and not columns_of(end[0]):  # a mark upon the character that was cut off
        end = end[1:]
    return _front(text, front) + "…" + end


def _front(text: str, width: int) -> str:
    """As much of the beginning as there is room for."""
    if text.isascii():
        return text[:width]
    room, end = width, 0
    while end < len(text) and (room := room - columns_of(text[end])) >= 0:
        end += 1
    return text[:end]


def _wrapped(text: str, room: int) -> list[str]:
    """Lines of at most `room` columns, broken at blanks alone; a longer word has a line of its own. textwrap counts characters."""
    lines, line = [], ""
    for chunk in re.findall(r" +|[^ ]+", text):
        if line.strip() and columns_of(line + chunk.rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        if line or chunk.strip():
            line += chunk
    return [*lines, line.rstrip()]


LABEL = 10
"""Columns that the label of a labelled text takes."""


def labelled(label: str, text: str, width: int | None) -> list[str]:
    """A labelled text, in several lines where a terminal is too narrow; paths and ids are never broken."""
    shown = visible(text, 1000)
    room = max(20, width - LABEL) if width else columns_of(shown) + 1
    parts = _wrapped(shown, room)
    return [f"{label if index == 0 else '':<{LABEL}}{part}".rstrip() for index, part in enumerate(parts)]


_SHELL_WORD = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+""")


def command_lines(command: str, room: int) -> list[str]:
    """A shell's command in lines of at most `room` columns, broken between its words with a mark that the shell takes back when pasted."""
    words = _SHELL_WORD.findall(command)
    if " ".join(words) != command:
        return [command]
    lines = [words[0]]
    for word in words[1:]:
        if columns_of(f"{lines[-1]} {word} \\") > room:
            lines[-1] += " \\"
            lines.append(f"  {word}")
        else:
            lines[-1] += f" {word}"
    return lines


def remedy_lines(label: str, text: str, width: int | None) -> list[str]:
    """What to do, labelled: a command stays one when it is pasted, and its remark a comment, however narrow the terminal is."""
    shown = visible(text, 1000)
    if not width or not shown.startswith("kubectl ") or LABEL + columns_of(shown) <= width:
        return labelled(label, text, width)
    room = max(20, width - LABEL)
    command, _, remark = shown.partition("  # ")
    lines = command_lines(command, room)
    lines += [f"# {part}" for part in _wrapped(remark, room - 2) if part]
    return [f"{label if index == 0 else '':<{LABEL}}{line}" for index, line in enumerate(lines)]
