"""A table of the page: its caption, headings and cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.render.columns import Cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.render.listing import ListedColumn, Row


_ABBREVIATIONS = {"ID", "IP", "PID", "NSPID", "SIGCHLD"}


@dataclass(frozen=True, slots=True)
class PageTable:
    """Rows of cells below headings. `head` is the column that says what a row is about, `more` how many rows are left out."""

    caption: str
    headings: list[str]
    rows: list[list[Cell]]
    head: int = 0
    more: int = 0


def page_table(
    caption: str, headings: Sequence[str], rows: Sequence[Sequence[str | Cell]], *, head: int = 0, more: int = 0
) -> PageTable | None:
    """The table, None where it has no rows."""
    cells = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
    return PageTable(caption, [_in_words(heading) for heading in headings], cells, head, more) if rows else None


def _in_words(heading: str) -> str:
    """A view's `HAS-REAPED` as `Has reaped`; abbreviations stay."""
    if not heading.isupper():
        return heading
    words = [word if word in _ABBREVIATIONS else word.lower() for word in heading.split("-")]
    return " ".join([words[0] if words[0].isupper() else words[0].capitalize(), *words[1:]])


def listed(  # noqa: PLR0913 (a table is its columns, its rows and which of them are shown)
    caption: str,
    columns: Sequence[ListedColumn[Row]],
    rows: Sequence[Row],
    *,
    of_many: bool = False,
    without: Sequence[str] = (),
    more: int = 0,
) -> PageTable | None:
    """The table of a view: the columns that it shows without `wide`, and not those that are left out by their headings."""
    due = [column for column in columns if not column.wide and (of_many or not column.of_many) and column.heading not in without]
    head = next((index for index, column in enumerate(due) if column.heading == "POD"), 0)
    return page_table(
        caption, [column.heading for column in due], [[column.value(row) for column in due] for row in rows], head=head, more=more
    )
