"""What came, went and changed between two captures of a node, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.render.columns import Cell
from kubectl_pause.render.listing import ListedColumn, in_order, listing
from kubectl_pause.render.plain_text import short_id

if TYPE_CHECKING:
    from kubectl_pause.difference_report import Change, Difference, FieldChange

_STYLES = {"came": "", "went": "warn", "changed": "dim"}


def change_document(change: Change) -> object:
    """What paths see of a row: the change in the document."""
    import msgspec

    return msgspec.to_builtins(change)


def difference_view(difference: Difference, *, width: int | None, headings: bool, colour: bool, sort_by: str | None = None) -> str:
    """A table; nothing at all where nothing has changed. Raises PauseInspectError for a `sort_by` that fits nothing."""
    rows = in_order(CHANGES, difference.changes, sort_by, change_document)
    lines = listing(CHANGES, rows, width=width, headings=headings, colour=colour) if rows else []
    return "".join(line + "\n" for line in lines)


def _whose(change: Change) -> str:
    return f"{change.namespace}/{change.pod}" if change.pod is not None else "(node)"


def _what(change: Change) -> str:
    return ", ".join(map(_field, change.fields))


def _field(field: FieldChange) -> str:
    name = f"{field.field} " if field.field != "state" else ""
    before, after = (_value(field.field, value) for value in (field.before, field.after))
    if field.before is None or field.after is None:
        return f"{name}{after if field.before is None else before}"
    return f"{name}{before} -> {after}"


def _value(field: str, value: str | int | None) -> str:
    return short_id(str(value)) if field == "id" else str(value)


CHANGES: tuple[ListedColumn[Change], ...] = (
    ListedColumn("CHANGE", path=".change", value=lambda row: Cell(row.change, _STYLES[row.change]), about="came, went or changed."),
    ListedColumn("KIND", path=".kind", value=lambda row: row.kind, about="sandbox, pause, container or zombies."),
    ListedColumn("POD", least=12, path=".pod", value=_whose, about="Namespace and name; (node) for zombies of the node itself."),
    ListedColumn("SANDBOX", least=8, turn=0, cut="id", rank=2, path=".sandbox", value=lambda row: short_id(row.sandbox or "-"),
                 about="The beginning of its id."),
    ListedColumn("CONTAINER", least=8, rank=1, path=".container", value=lambda row: row.container or "-",
                 about="The container that it is, or whose zombies they are."),
    ListedColumn("WHAT", least=16, cut="end", path="", value=_what, about="Each fact that is not as it was: before -> after."),
)  # fmt: skip
"""What is said of a change, in this order."""
