"""One list of columns behind everything that is said of a table: its cells, `wide`, `--sort-by`, `--help-columns`, narrow terminals.

A view gives a tuple of ListedColumn and its rows; a column that is in one of these and missing in another cannot be written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.render.columns import Cell, Column, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class ListedColumn(Column, Generic[Row]):
    """A column of a view.

    `value` is its cell for a row, `path` where the same stands in the document that `custom-columns` and `--sort-by` see of a row, `about`
    a sentence of help. `wide`: only with `-o wide`; `of_many`: only where rows of several nodes stand in one table. `whole` is the cell
    with `-o wide`, where it has more room; `order` is what rows are sorted by, where the cell's text would sort wrongly.
    """

    value: Callable[[Row], str | Cell] = field(kw_only=True)
    path: str = field(kw_only=True)
    about: str = field(kw_only=True)
    wide: bool = field(default=False, kw_only=True)
    of_many: bool = field(default=False, kw_only=True)
    whole: Callable[[Row], str | Cell] | None = field(default=None, kw_only=True)
    order: Callable[[Row], float | None] | None = field(default=None, kw_only=True)


def listing(  # noqa: PLR0913 (a table is its columns, its rows and how they are shown)
    columns: Sequence[ListedColumn[Row]],
    rows: Sequence[Row],
    *,
    wide: bool = False,
    of_many: bool = False,
    width: int | None = None,
    headings: bool = True,
    colour: bool = False,
    indent: int = 0,
) -> list[str]:
    """Lines of the table with the columns that are due. `width` is not minded with `wide`."""
    due = [column for column in columns if (wide or not column.wide) and (of_many or not column.of_many)]
    cells = [[(column.whole or column.value)(row) if wide else column.value(row) for column in due] for row in rows]
    return table(due, cells, width=None if wide else width, headings=headings, colour=colour, indent=indent)


def in_order(
    columns: Sequence[ListedColumn[Row]], rows: Sequence[Row], sort_by: str | None, document: Callable[[Row], object]
) -> list[Row]:
    """The rows by a column's heading or by a JSONPath into what `document` gives of a row; rows without a value come first, as in kubectl.

    Raises PauseInspectError for a heading that no column has and for an expression that is none, or that no row has a value for.
    """
    if sort_by is None:
        return list(rows)
    if not _is_path(sort_by):
        column = named_column(columns, sort_by)
        return sorted(rows, key=lambda row: _rank(column.order(row) if column.order else _text(column.value(row))))
    from kubectl_pause.render.documents.jsonpath import find
    from kubectl_pause.render.documents.jsonpath_syntax import parse_relaxed

    path = parse_relaxed(sort_by, "--sort-by")
    values = [next(iter(find(path, document(row))), None) for row in rows]
    if rows and all(value is None for value in values):
        hint = f"name a column ({', '.join(column.heading for column in columns)}) or look at -o json"
        raise PauseInspectError("WrongUsage", f"--sort-by: no row has a value for {sort_by!r}", hint)
    order = sorted(range(len(rows)), key=lambda index: _rank(values[index]))
    return [rows[index] for index in order]


def check_sort_by(columns: Sequence[ListedColumn[Row]], sort_by: str | None) -> None:
    """Raises PauseInspectError for a heading that no column has and an expression that is none: before anything is asked of a cluster."""
    if sort_by is None:
        return
    if not _is_path(sort_by):
        named_column(columns, sort_by)
        return
    from kubectl_pause.render.documents.jsonpath_syntax import parse_relaxed

    parse_relaxed(sort_by, "--sort-by")


def named_column(columns: Sequence[ListedColumn[Row]], heading: str) -> ListedColumn[Row]:
    """The column with this heading, in letters of any size. Raises PauseInspectError where there is none."""
    for column in columns:
        if column.heading == heading.upper():
            return column
    raise PauseInspectError(
        "WrongUsage",
        f"--sort-by: no column {heading!r}",
        f"columns: {', '.join(column.heading for column in columns)}; or give a path, as {columns[0].path}",
    )


def help_on(columns: Sequence[ListedColumn[Row]], width: int | None) -> list[str]:
    """What `--help-columns` says: heading, path for `custom-columns` and `--sort-by`, when it is shown, and what it tells."""
    when = {(False, False): "", (True, False): " (wide)", (False, True): " (several nodes)", (True, True): " (wide, several nodes)"}
    rows = [[column.heading, column.path or "-", column.about + when[column.wide, column.of_many]] for column in columns]
    return table([Column("COLUMN"), Column("PATH"), Column("TELLS", least=20, cut="end")], rows, width=width)


def _is_path(sort_by: str) -> bool:
    return sort_by.startswith((".", "{", "$", "["))


def _text(cell: str | Cell) -> str:
    return cell.text if isinstance(cell, Cell) else cell


def _rank(value: object) -> tuple[int, float, list[tuple[int, int, str]]]:
    """Something to sort by for any value: what is missing first, then numbers, then texts with the numbers in them as numbers."""
    if value is None or value in ("", "-"):
        return 0, 0.0, []
    if isinstance(value, int | float):
        return 1, float(value), []
    text = str(value)
    if re.fullmatch(r"-?[0-9]{1,18}", text):
        return 1, float(text), []
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+|[0-9]", text)
    return 2, 0.0, [(0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts]
