"""What runs have left, one line each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kubectl_pause.render.columns import Column, table
from kubectl_pause.render.plain_text import age

if TYPE_CHECKING:
    from kubectl_pause.capture.leftovers import Leftover, Leftovers

_COLUMNS = (
    Column("NAMESPACE", 8), Column("KIND"), Column("NAME"), Column("RUN"), Column("NODE", 8), Column("STATE"), Column("AGE"),
    Column("OVER"), Column("RESULT"),
)  # fmt: skip


def leftovers_view(found: Leftovers, *, width: int | None, headings: bool) -> str:
    """A table; nothing at all where nothing was found."""
    rows = [_row(each) for each in found.items]
    return "".join(line + "\n" for line in table(_COLUMNS, rows, width=width, headings=headings)) if rows else ""


def _row(each: Leftover) -> list[str]:
    result = {None: "-", True: "deleted", False: "not deleted"}[each.deleted]
    return [
        each.namespace,
        each.kind,
        each.name,
        each.run,
        each.node or "-",
        each.state,
        age(_seconds(each.created_at)),
        "yes" if each.over else "no",
        result,
    ]


def _seconds(created: str | None) -> float | None:
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds() if created else None
    except (ValueError, TypeError):  # no time, or one without a zone
        return None
