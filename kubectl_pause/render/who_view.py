"""The answers of `who`: a block for each, or with `wide` a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.render.columns import labelled, shortened
from kubectl_pause.render.listing import ListedColumn, in_order, listing
from kubectl_pause.render.plain_text import short_id, visible

if TYPE_CHECKING:
    from kubectl_pause.report import Answer, Report


def answer_document(answer: Answer) -> object:
    """What paths see of an answer: the report's object."""
    import msgspec

    return msgspec.to_builtins(answer)


def who_view(  # noqa: PLR0913 (a view's surroundings)
    report: Report, *, wide: bool, width: int | None, headings: bool, colour: bool, sort_by: str | None = None
) -> str:
    """Every answer, in the order in which things were asked or that of `sort_by`. Raises PauseInspectError where that fits nothing."""
    answers = in_order(ANSWERS, report.answers, sort_by, answer_document)
    if wide:
        lines = listing(ANSWERS, answers, wide=True, headings=headings, colour=colour) if answers else []
        return "".join(line + "\n" for line in lines)
    return "\n".join("".join(line + "\n" for line in _block(answer, width)) for answer in answers)


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


ANSWERS: tuple[ListedColumn[Answer], ...] = (
    ListedColumn("ASKED", path=".asked", value=lambda row: row.asked, about="What was asked, as it was given."),
    ListedColumn("UNDERSTOOD-AS", path=".understoodAs", value=lambda row: row.understood_as, about="What it was taken for."),
    ListedColumn("NODE", path=".node", value=lambda row: row.node, about="The node on which it is that."),
    ListedColumn("POD", path=".pod.name", value=lambda row: _pod(row) or "-", about="Namespace and name of the pod."),
    ListedColumn("CONTAINER", path=".container", value=lambda row: row.container or "-", about="The container."),
    ListedColumn("ROLE", path=".role", value=lambda row: row.role or "unknown", about="What it is to the pod."),
    ListedColumn("PID", path=".pid", value=lambda row: str(row.pid or "-"), about="The process, as the node counts pids."),
    ListedColumn("COMM", path=".comm", value=lambda row: row.comm or "-", about="The name of its program."),
    ListedColumn("SANDBOX", path=".sandbox", value=lambda row: row.sandbox or "-", about="The id of the pod's sandbox."),
    ListedColumn("CONFIDENCE", path=".confidence", value=lambda row: row.confidence, about="How sure that is."),
    ListedColumn("KNOWN-BY", path=".knownBy", value=lambda row: "; ".join(row.known_by), about="What proves it, strongest first."),
)
"""What is said of an answer, with -o wide."""
