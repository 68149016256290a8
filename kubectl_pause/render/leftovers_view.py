"""What runs have left, one line each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kubectl_pause.render.listing import ListedColumn, in_order, listing
from kubectl_pause.render.plain_text import age

if TYPE_CHECKING:
    from kubectl_pause.capture.leftovers import Leftover, Leftovers


def leftover_document(leftover: Leftover) -> object:
    """What paths see of a row: the object in the document."""
    import msgspec

    return msgspec.to_builtins(leftover)


def leftovers_view(left: Leftovers, *, width: int | None, headings: bool, sort_by: str | None = None) -> str:
    """A table; nothing at all where nothing was found. Raises PauseInspectError for a `sort_by` that fits nothing."""
    rows = in_order(LEFTOVERS, left.items, sort_by, leftover_document)
    return "".join(line + "\n" for line in listing(LEFTOVERS, rows, width=width, headings=headings)) if rows else ""


def _age(leftover: Leftover) -> float | None:
    return _seconds(leftover.created_at)


def _seconds(created: str | None) -> float | None:
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds() if created else None
    except (ValueError, TypeError):  # no time, or one without a zone
        return None


LEFTOVERS: tuple[ListedColumn[Leftover], ...] = (
    ListedColumn("NAMESPACE", least=8, rank=2, path=".namespace", value=lambda row: row.namespace, about="Where it is."),
    ListedColumn("KIND", path=".kind", value=lambda row: row.kind, about="Pod or Job."),
    ListedColumn("NAME", least=12, path=".name", value=lambda row: row.name, about="Its name."),
    ListedColumn("RUN", rank=3, path=".run", value=lambda row: row.run, about="The run that made it."),
    ListedColumn("NODE", least=8, rank=4, path=".node", value=lambda row: row.node or "-", about="The node that it reads."),
    ListedColumn("STATE", rank=5, path=".state", value=lambda row: row.state, about="A pod's phase, Active for a Job, or Terminating."),
    ListedColumn("AGE", rank=6, path=".createdAt", value=lambda row: age(_age(row)), order=_age, about="Time since it was made."),
    ListedColumn("OVER", rank=7, path=".over", value=lambda row: "yes" if row.over else "no", about="Whether its run is over."),
    ListedColumn("RESULT", rank=1, path=".deleted", value=lambda row: {None: "-", True: "deleted", False: "not deleted"}[row.deleted],
                 about="What --yes has done."),
)  # fmt: skip
"""What is said of an object, in this order."""
