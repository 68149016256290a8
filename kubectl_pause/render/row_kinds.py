"""What a row of each verb is: its columns, its document for paths, and the object that `-o name` calls it by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic

from kubectl_pause.render.check_view import FINDINGS, finding_document, finding_rows
from kubectl_pause.render.difference_view import CHANGES, change_document
from kubectl_pause.render.leftovers_view import LEFTOVERS, leftover_document
from kubectl_pause.render.listing import ListedColumn, Row
from kubectl_pause.render.network.ledger_view import NETWORK, ledger_document, ledger_name, ledger_rows
from kubectl_pause.render.node_view import COLUMNS, sandbox_document, sandbox_rows
from kubectl_pause.render.who_view import ANSWERS, answer_document
from kubectl_pause.render.why_view import EXPLANATIONS, explanation_document
from kubectl_pause.render.zombies.owners_view import OWNERS
from kubectl_pause.render.zombies.zombies_view import REAPERS, ZOMBIES, zombie_document, zombie_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubectl_pause.capture.leftovers import Leftover
    from kubectl_pause.difference_report import Change
    from kubectl_pause.render.check_view import FindingRow
    from kubectl_pause.render.node_view import SandboxRow
    from kubectl_pause.render.zombies.zombies_view import ZombieRow
    from kubectl_pause.report import Answer, Explanation


@dataclass(frozen=True, slots=True)
class RowKind(Generic[Row]):
    """`rows` of a document, the `document` that paths see of a row, its `name` as TYPE/NAME or None, and its `columns`.

    `others` are tables that another `-o` prints: custom columns cannot be chosen from them. `forms` are those of `-o` that only some rows
    have: `wide`, where it shows more, `tree`, where it is drawn, `owners`, where there are messages to them, `network`, the ledger.
    """

    columns: tuple[ListedColumn[Row], ...]
    rows: Callable[[Any], Sequence[Row]]
    document: Callable[[Row], object]
    name: Callable[[Row], str | None]
    others: tuple[tuple[ListedColumn[Any], ...], ...] = ()
    forms: tuple[str, ...] = ("wide",)


def _zombie_name(row: ZombieRow) -> str:
    return f"pod/{row.sandbox.pod.name}" if row.sandbox else f"node/{row.node.name}"


def _answer_name(answer: Answer) -> str | None:
    if answer.pod:
        return f"pod/{answer.pod.name}"
    return f"node/{answer.node}" if answer.role in ("node", "host", "runtime") else None


def _leftover_name(leftover: Leftover) -> str:
    return f"{'job.batch' if leftover.kind == 'Job' else 'pod'}/{leftover.name}"


def _finding_name(row: FindingRow) -> str:
    return f"pod/{row.pod.name}" if row.pod else f"node/{row.node.name}"


def _pod_name(row: SandboxRow) -> str:
    return f"pod/{row.pod.name}"


def _changed_name(change: Change) -> str | None:
    return f"pod/{change.pod}" if change.pod is not None else None


SANDBOX_ROWS = RowKind(COLUMNS, sandbox_rows, sandbox_document, _pod_name, forms=("wide", "tree"))
NODE_ROWS = replace(SANDBOX_ROWS, others=(NETWORK,), forms=("wide", "tree", "network"))
NETWORK_ROWS = RowKind(NETWORK, ledger_rows, ledger_document, ledger_name, forms=NODE_ROWS.forms)
ZOMBIE_ROWS = RowKind(ZOMBIES, zombie_rows, zombie_document, _zombie_name, others=(REAPERS, OWNERS), forms=("wide", "owners"))
ANSWER_ROWS: RowKind[Answer] = RowKind(ANSWERS, lambda report: report.answers, answer_document, _answer_name)
LEFTOVER_ROWS: RowKind[Leftover] = RowKind(LEFTOVERS, lambda left: left.items, leftover_document, _leftover_name, forms=())
CHANGE_ROWS: RowKind[Change] = RowKind(CHANGES, lambda difference: difference.changes, change_document, _changed_name, forms=())

EXPLANATION_ROWS: RowKind[Explanation] = RowKind(
    EXPLANATIONS, lambda report: report.explanations, explanation_document, lambda row: f"pod/{row.pod.name}"
)
FINDING_ROWS = RowKind(FINDINGS, finding_rows, finding_document, _finding_name)

BY_VERB: dict[str, RowKind[Any]] = {
    "node": NODE_ROWS,
    "pod": SANDBOX_ROWS,
    "local": SANDBOX_ROWS,
    "zombies": ZOMBIE_ROWS,
    "who": ANSWER_ROWS,
    "cleanup": LEFTOVER_ROWS,
    "check": FINDING_ROWS,
    "why": EXPLANATION_ROWS,
    "diff": CHANGE_ROWS,
}
