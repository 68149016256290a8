"""Why no node takes a pod: the scheduler's list of reasons, taken apart.

`0/5 nodes are available: 3 Insufficient cpu, 2 node(s) had untolerated taint {…}. no new claims to deallocate, preemption: 0/5 nodes are
available: 5 Preemption is not helpful for scheduling.` (pkg/scheduler/framework/types.go, FitError).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_pause.judge.stuck.frames import Message
from kubectl_pause.judge.stuck.recognise import Circumstances, Recognised, recognise
from kubectl_pause.known_causes.schedules import LOCAL_VOLUME, NEVER_FITS, SCHEDULES

if TYPE_CHECKING:
    from kubectl_pause.report import Finding

_HEAD = re.compile(r"\d+/\d+ nodes are available: ")
_PREEMPTION = re.compile(r"preemption: \d+/\d+ nodes are available: (?P<why>.*)")
_COUNTED = re.compile(r"(?:\d+ )?(?P<why>.*)", re.DOTALL)
_SIZES = ("cpu", "memory", "ephemeral-storage")
"""Resources that each node has: where preemption would not help either, no node is large enough."""


def judge_scheduling(text: str, around: Circumstances, subject: str, evidence: list[str]) -> Finding | None:
    """What a scheduler's or an autoscaler's message says of a pod; None for words that are not known."""
    reasons = reasons_of(text)
    found = _first(reasons, around)
    if found is None:
        return None
    if found.cause.frame.startswith(r"node\(s\) had volume node affinity") and any("unreachable" in reason for reason in reasons):
        found = Recognised(LOCAL_VOLUME, found.names, around)
    if found.names.get("resource") in _SIZES and _preemption_never_helps(text):
        found = Recognised(NEVER_FITS, found.names, around)
    return found.finding(subject, evidence)


def reasons_of(text: str) -> list[str]:
    """The reasons without their counts of nodes; of a text that is no such list, the text."""
    head = _HEAD.match(text)
    if head is None:
        return [text]
    listed = text[head.end() :].partition(". ")[0].rstrip(".")
    return [match["why"] for part in re.split(r", (?=\d+ )", listed) if (match := _COUNTED.fullmatch(part))]


def _first(reasons: list[str], around: Circumstances) -> Recognised | None:
    """By the order of the table, not of the list: what only rules out nodes that were never meant stands at its end."""
    messages = [Message(text=reason, frames=(reason,)) for reason in reasons]
    return next((found for row in SCHEDULES for message in messages if (found := recognise(message, (row,), around))), None)


def _preemption_never_helps(text: str) -> bool:
    """Whether each node is ruled out by something that would hold if it were empty."""
    match = _PREEMPTION.search(text)
    why = match["why"] if match else ""
    return "not helpful" in why and "No preemption victims" not in why
