"""The check view: every finding of the nodes, worst first, with its evidence; else how much was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.notes import NOT_IN_API
from kubectl_pause.render.columns import Cell
from kubectl_pause.render.evidence import finding_lines
from kubectl_pause.render.listing import ListedColumn, in_order, listing
from kubectl_pause.render.not_read import nodes_read, not_read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.report import Finding, NodeReport, PodIdentity, Report

SEVERITIES = ("critical", "warning", "info")
"""The worst first."""
_CONFIDENCES = ("certain", "likely", "possible")
_STYLES = {"critical": "bad", "warning": "warn"}


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding of a node itself, or of a pod on it."""

    node: NodeReport
    finding: Finding
    pod: PodIdentity | None = None


def finding_rows(report: Report) -> list[FindingRow]:
    """Every finding of every node: the worst and the surest first, then by node and subject."""
    rows = [FindingRow(node, finding) for node in report.nodes for finding in node.findings]
    rows += [FindingRow(node, finding, sandbox.pod) for node in report.nodes for sandbox in node.sandboxes for finding in sandbox.findings]
    return sorted(rows, key=_order)


def _order(row: FindingRow) -> tuple[int, int, str, str, str]:
    finding = row.finding
    return _severity(row), _CONFIDENCES.index(finding.confidence), row.node.name, finding.subject, finding.code


def _severity(row: FindingRow) -> int:
    return SEVERITIES.index(row.finding.severity)


def finding_document(row: FindingRow) -> dict[str, object]:
    """What paths see of a row: the report's finding, with the names of its node and pod."""
    import msgspec

    pod = msgspec.to_builtins(row.pod) if row.pod else None
    return {"node": row.node.name, "pod": pod, **msgspec.to_builtins(row.finding)}


def check_view(  # noqa: PLR0913 (a table's surroundings)
    report: Report, *, wide: bool, width: int | None, headings: bool, colour: bool, of_many: bool = False, sort_by: str | None = None
) -> str:
    """Findings with their evidence; with `wide` one line each. Where there are none, one line that says how much was looked at.

    Raises PauseInspectError for a `sort_by` that fits nothing.
    """
    rows = in_order(FINDINGS, finding_rows(report), sort_by, finding_document)
    if wide:
        lines = listing(FINDINGS, rows, wide=True, of_many=of_many, width=None, headings=headings, colour=colour) if rows else []
    else:
        lines = finding_lines((row.finding for row in rows), width=width, colour=colour)[1:]
    lines += ([""] if lines and headings and not wide else []) + ([told] if headings and (told := summary(report, rows)) else [])
    return "".join(line + "\n" for line in lines)


def summary(report: Report, rows: Sequence[FindingRow]) -> str:
    """`2 critical, 1 warning; looked at: 3 nodes, 41 sandboxes, 57 containers, 3 namespaces left by themselves`; "" where none was read.

    What could not be read stands beside it: then nothing is called right that was not looked at.
    """
    nodes, missing = report.nodes, not_read(report)
    if not nodes:
        return ""
    counts = {severity: sum(row.finding.severity == severity for row in rows) for severity in SEVERITIES}
    told = ", ".join(f"{count} {severity}" for severity, count in counts.items() if count)
    if not told:
        told = f"nothing found on {nodes_read(report)}" if missing else "nothing wrong"
    sandboxes = [sandbox for node in nodes for sandbox in node.sandboxes]
    unknown = sum(NOT_IN_API in sandbox.notes for sandbox in sandboxes)
    looked = [
        _counted(len(nodes), "node"),
        _counted(len(sandboxes), "sandbox", "es") + (f" ({unknown} of pods that the API does not know)" if unknown else ""),
        _counted(sum(len(sandbox.containers) for sandbox in sandboxes), "container"),
        _counted(sum(len(node.leftover_namespaces) for node in nodes), "namespace") + " left by themselves",
    ]
    return "; ".join([told, *missing, f"looked at: {', '.join(looked)}"])


def _counted(count: int, thing: str, plural: str = "s") -> str:
    return f"{count} {thing}{'' if count == 1 else plural}"


FINDINGS: tuple[ListedColumn[FindingRow], ...] = (
    ListedColumn("NODE", least=10, path=".node", of_many=True, value=lambda row: row.node.name, about="The node that was read."),
    ListedColumn("SEVERITY", path=".severity", value=lambda row: Cell(row.finding.severity, _STYLES.get(row.finding.severity, "")),
                 order=_severity, about="critical, warning or info."),
    ListedColumn("CODE", path=".code", value=lambda row: row.finding.code, about="What is wrong: `explain CODE` tells more."),
    ListedColumn("SUBJECT", least=16, path=".subject", value=lambda row: row.finding.subject, about="Which pod and container, or node."),
    ListedColumn("CONFIDENCE", path=".confidence", value=lambda row: row.finding.confidence, about="How sure it is."),
    ListedColumn("MESSAGE", least=20, cut="end", path=".message", value=lambda row: row.finding.message,
                 about="What is wrong, in a sentence."),
)  # fmt: skip
"""What is said of a finding, in this order."""
