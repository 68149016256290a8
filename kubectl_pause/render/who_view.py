"""The answers of `who`: a block for each, or with `wide` a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.render.columns import Column, labelled, shortened, table
from kubectl_pause.render.plain_text import short_id, visible

if TYPE_CHECKING:
    from kubectl_pause.report import Answer, Report

_WIDE = tuple(
    map(Column, ("ASKED", "UNDERSTOOD-AS", "NODE", "POD", "CONTAINER", "ROLE", "PID", "COMM", "SANDBOX", "CONFIDENCE", "KNOWN-BY"))
)


def who_view(report: Report, *, wide: bool, width: int | None, headings: bool, colour: bool) -> str:
    """Every answer, in the order in which things were asked."""
    if wide:
        lines = table(_WIDE, [_row(each) for each in report.answers], headings=headings, colour=colour) if report.answers else []
        return "".join(line + "\n" for line in lines)
    return "\n".join("".join(line + "\n" for line in _block(each, width)) for each in report.answers)


def _row(answer: Answer) -> list[str]:
    return [
        answer.asked, answer.understood_as, answer.node, _pod(answer) or "-", answer.container or "-", answer.role or "unknown",
        str(answer.pid or "-"), answer.comm or "-", answer.sandbox or "-", answer.confidence, "; ".join(answer.known_by),
    ]  # fmt: skip


def _block(answer: Answer, width: int | None) -> list[str]:
    heading = f"{visible(answer.asked)}: {visible(answer.understood_as)}, node {visible(answer.node)}"
    certainty = "" if answer.confidence == "certain" else f" ({answer.confidence})"
    pairs = [("Is", _what(answer) + certainty)]
    if answer.pid is not None:
        pairs.append(("Process", f"pid {answer.pid}" + (f" ({answer.comm})" if answer.comm else "")))
    if answer.sandbox:
        pairs.append(("Sandbox", short_id(answer.sandbox)))
    pairs += [("Known by" if index == 0 else "", each) for index, each in enumerate(answer.known_by)]
    if answer.next_step:
        pairs.append(("More", answer.next_step))
    lines = [heading, *(line for label, text in pairs for line in labelled(label, text, width))]
    return [shortened(line, width) for line in lines] if width else lines


def _what(answer: Answer) -> str:
    pod = _pod(answer)
    kind, _, container = (answer.role or "").partition(":")
    of_pod = f"pod {pod}" if pod else "a pod that is not known"
    of_container = f"container {answer.container} of {of_pod}" if answer.container else of_pod
    texts = {
        "pod": of_pod,
        "node": "the node itself",
        "pause": f"the pause process of {of_pod}",
        "sandbox": f"the sandbox of {of_pod}",
        "container": f"container {container} of {of_pod}",
        "process": f"a process of {of_container}",
        "namespace": f"a namespace of {of_container}" if pod else "a namespace of no pod that is known",
        "stranger": f"a stranger in {of_container}",
        "runtime": f"the container runtime's, for {of_container}" if pod else "the container runtime's",
        "host": "the node's own",
    }
    return texts.get(kind, f"related to {of_container}" if pod else "unknown")


def _pod(answer: Answer) -> str:
    return f"{answer.pod.namespace}/{answer.pod.name}" if answer.pod else ""
