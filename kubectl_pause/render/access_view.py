"""What this user may do, one right a line, and the lines that grant what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.capture.admission.refusals import HOST_PID
from kubectl_pause.render.columns import Cell, Column, labelled, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.capture.admission.rights import AccessList, Answer

_COLUMNS = (
    Column("USE"),
    Column("NAMESPACE", least=8),
    Column("VERB"),
    Column("RESOURCE", least=10),
    Column("ALLOWED"),
    Column("WITHOUT IT", least=12, turn=0, cut="end"),
)
_WORDS = {True: ("yes", ""), False: ("no", "bad"), None: ("unknown", "warn")}


def access_view(found: AccessList, granting: Sequence[dict[str, object]], *, width: int | None, headings: bool, colour: bool) -> str:
    """A table; then, where something is missing, a command to paste for somebody who may grant it."""
    lines = labelled("User", found.user or "the server does not say", width)
    lines += [*labelled("Pod", _admission(found), width), ""]
    lines += table(_COLUMNS, [_row(answer) for answer in found.rights], width=width, headings=headings, colour=colour)
    if granting:
        who = "" if found.user else "put the user's name in place of USER; "
        lines += [
            "",
            f"To grant what is missing ({who}inspector makes root on every node possible; name the uses that are meant to get less):",
            "",
            *_apply(granting),
        ]
    return "".join(line + "\n" for line in lines)


def _admission(found: AccessList) -> str:
    admission, namespace = found.admission, found.inspector_namespace
    if admission.admitted:
        return f"admitted in namespace {namespace} (server-side dry run). {HOST_PID}"
    why = admission.why or "no pods may be created"
    if admission.admitted is None:
        return f"not known whether it is admitted in namespace {namespace}: {why}"
    return f"refused in namespace {namespace}: {why}" + (f"; {admission.hint}" if admission.hint else "")


def _row(answer: Answer) -> list[str | Cell]:
    word, style = _WORDS[answer.allowed]
    if answer.allowed is False and answer.without:
        style = "warn"
    where = "(all)" if answer.namespace is None else answer.namespace
    without = "-" if answer.allowed else answer.without or ("does not work" if answer.allowed is False else "-")
    resource = f"{answer.resource}.{answer.group}" if answer.group else answer.resource
    return [answer.use, where, answer.verb, resource, Cell(word, style), without]


def _apply(granting: Sequence[dict[str, object]]) -> list[str]:
    """A here-document whose text the shell leaves alone: the user's name in it is one YAML string on one line, whatever it holds."""
    import yaml

    text = yaml.safe_dump_all(granting, sort_keys=False, default_flow_style=None, allow_unicode=False, width=1 << 20)
    return ["kubectl apply -f - <<'END'", *text.splitlines(), "END"]
