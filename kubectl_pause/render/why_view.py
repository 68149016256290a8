"""The why view: where a pod stands, what stops it with its evidence, what happens by itself, and the steps of its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.render.columns import Cell, Column, labelled, table
from kubectl_pause.render.evidence import finding_lines
from kubectl_pause.render.listing import ListedColumn, in_order, listing
from kubectl_pause.render.plain_text import age

if TYPE_CHECKING:
    from kubectl_pause.report import Explanation, Finding, Report, Step

_STYLES = {"failed": "bad", "terminating": "warn", "creating": "warn", "unscheduled": "warn", "not-ready": "warn"}
_WHOSE = {
    "spec": "yours to fix, in the spec", "application": "yours to fix, in the program", "image": "yours to fix, in the image",
    "quota": "yours or the namespace's: a quota", "registry": "the registry's", "network-plugin": "the platform's: its network add-on",
    "ipam": "the platform's: its pod addresses", "node-disk": "the platform's: a disk of the node",
    "node-kernel": "the platform's: the node's kernel or devices", "runtime": "the platform's: the container runtime",
    "kubelet": "the platform's: the kubelet or its node", "storage": "the platform's: its storage",
    "scheduler": "the platform's: its room for pods",
    "cluster-config": "the platform's: its configuration", "controller": "a controller's",
}  # fmt: skip
_STEP_STYLES = {"here": "warn", "ahead": "dim", "unknown": "dim"}
_MOST_LOGGED = 5
_WORDS = {
    "scheduled": "bound to a node", "taken": "taken by the kubelet", "sandbox": "sandbox, network", "initialized": "init containers",
    "started": "containers run", "ready": "ready", "grace": "grace period", "stopped": "containers end", "released": "let go",
}  # fmt: skip


def why_view(  # noqa: PLR0913 (a table's surroundings)
    report: Report, *, wide: bool, width: int | None, headings: bool, colour: bool, sort_by: str | None = None, many: bool = False
) -> str:
    """A block for each pod, with a blank line in between; of `many` one line each; with `wide` too, and what was logged of them below.

    Raises PauseInspectError for a `sort_by` that fits nothing.
    """
    rows = in_order(EXPLANATIONS, report.explanations, sort_by, explanation_document)
    if wide or many:
        room = None if wide else width
        lines = listing(EXPLANATIONS, rows, wide=wide, of_many=False, width=room, headings=headings, colour=colour) if rows else []
        if not wide:
            return "".join(line + "\n" for line in lines)
        log = [labelled("log", f"{row.pod.namespace}/{row.pod.name}: {line}", None)[0] for row in rows for line in row.log or ()]
        lines += ["", *log] if log and headings else []
        return "".join(line + "\n" for line in lines)
    blocks = [_block(row, width=width, headings=headings, colour=colour) for row in rows]
    return "\n".join("".join(line + "\n" for line in block) for block in blocks)


def _block(row: Explanation, *, width: int | None, headings: bool, colour: bool) -> list[str]:
    owner = f" ({row.pod.workload or row.pod.owner})" if row.pod.workload or row.pod.owner else ""
    where = f", node {row.node}" if row.node else ""
    lines = labelled("POD", f"{row.pod.namespace}/{row.pod.name}{owner}{where}", width)
    lines += labelled("STATE", f"{row.state}: {row.summary}", width)
    lines += labelled("WHOSE", whose_words(row.cause, row.node), width) if row.cause and row.cause.at_fault else []
    lines += finding_lines([row.cause] if row.cause else [], width=width, colour=colour)[1:]
    lines += _log(row, width)
    lines += labelled("  then:", row.next, width) if row.next else []
    lines += ["", *_steps(row.steps, width=width, headings=headings, colour=colour)]
    lines += finding_lines(row.also, width=width, colour=colour)
    for what in row.unread:
        lines += ["", *labelled("not read:", what, width)]
    return lines


def whose_words(cause: Finding, node: str | None) -> str:
    """Whose problem it is, what has it, and whether it heals: `the platform's (network add-on); every new pod of node w1 has it; …`."""
    if cause.at_fault in (None, "none"):
        return "nobody's: nothing is wrong" if cause.heals_itself != "no" else "nobody's"
    of_node = f"every new pod of node {node} has it" if node else "every new pod of that node has it"
    scope = {
        "pod": "this pod alone has it",
        "workload": "every pod of its workload has it",
        "node": of_node,
        "cluster": "every node has it",
    }
    heals = {"yes": "heals by itself", "no": "does not heal by itself"}.get(cause.heals_itself or "no", f"heals {cause.heals_itself}")
    return f"{_WHOSE[cause.at_fault or '']}; {scope[cause.scope or 'pod']}; {heals.replace('when: ', 'when ')}"


def _log(row: Explanation, width: int | None) -> list[str]:
    """The newest lines, where no cause is certain without them."""
    if not row.log or (row.cause and row.cause.confidence == "certain"):
        return []
    lines = [shown for line in row.log[-_MOST_LOGGED:] for shown in labelled("  log:", line, width)]
    older = len(row.log) - _MOST_LOGGED
    return [*lines, *(labelled("", f"and {older} older: -o wide has them", width) if older > 0 else [])]


def _steps(steps: list[Step], *, width: int | None, headings: bool, colour: bool) -> list[str]:
    cells: list[list[str | Cell]] = [
        [_WORDS[step.name], Cell(step.state, _STEP_STYLES.get(step.state, "")), age(step.seconds), step.proof or "-"] for step in steps
    ]
    return table(_STEPS, cells, width=width, headings=headings, colour=colour)


_STEPS = (Column("STEP"), Column("STATE"), Column("TOOK"), Column("KNOWN BY", least=12, cut="end", rank=1))


def explanation_document(row: Explanation) -> dict[str, object]:
    """What paths see of a row: the explanation as the report has it."""
    import msgspec

    document: dict[str, object] = msgspec.to_builtins(row)
    return document


EXPLANATIONS: tuple[ListedColumn[Explanation], ...] = (
    ListedColumn("NAMESPACE", least=8, path=".pod.namespace", value=lambda row: row.pod.namespace, about="Namespace of the pod."),
    ListedColumn("POD", least=12, path=".pod.name", value=lambda row: row.pod.name, about="Name of the pod."),
    ListedColumn("STATE", rank=2, path=".state", value=lambda row: Cell(row.state, _STYLES.get(row.state, "")),
                 about="unscheduled, creating, terminating, failed, completed, not-ready or ready."),
    ListedColumn("CAUSE", path=".cause.code", value=lambda row: row.cause.code if row.cause else "-",
                 about="What stops it: `explain CODE` tells more."),
    ListedColumn("WHOSE", rank=1, path=".cause.atFault", value=lambda row: (row.cause.at_fault if row.cause else None) or "-",
                 about="Whose problem it is: spec, application, image, registry, network-plugin, runtime, kubelet, storage, ...; "
                 "none where nothing is wrong."),
    ListedColumn("CONFIDENCE", rank=5, path=".cause.confidence", value=lambda row: row.cause.confidence if row.cause else "-",
                 about="How sure that is."),
    ListedColumn("NODE", least=8, rank=4, path=".node", value=lambda row: row.node or "-", about="The node that it is bound to."),
    ListedColumn("SUMMARY", least=20, cut="end", rank=3, path=".summary", value=lambda row: row.summary,
                 about="Where it stands, in a sentence."),
)  # fmt: skip
"""What is said of a pod, in this order."""
