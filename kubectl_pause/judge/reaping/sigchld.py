"""How a process treats the death of a child, as far as /proc tells.

Masks alone are wrong in both directions: every Go program catches SIGCHLD and reaps nothing it adopts; tini catches nothing and reaps
all; SA_NOCLDWAIT shows nowhere. So what the process waits in counts for more than its masks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kubectl_pause.facts.kernel.system_calls import waiting
from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.kernel.reapers import Reading

Treatment = Literal["handler", "ignore", "default", "blocked", "signalfd", "waiting", "unknown"]

SIGINT, SIGTERM, SIGCHLD = (1 << (number - 1) for number in (2, 15, 17))
"""Bits of the masks in /proc/PID/status, as signals are numbered on every architecture that runs containers."""


class Sigchld(Record, frozen=True):
    """`asleep_in` is the call that tells something of reaping: `pause()`, `wait4(-1)`, `waitid(P_ALL)`, `rt_sigtimedwait()`."""

    treatment: Treatment
    caught: bool
    blocked: bool
    asleep_in: str | None


def sigchld_of(process: Process, reading: Reading | None, machine: str) -> Sigchld:
    """What the masks, the signalfds and the calls of all its threads show."""
    masks = process.signals
    calls = [told for call in (reading.calls if reading else ()) if (told := waiting(call, machine))]
    for_children = [call for call in calls if call != "pause()"]
    caught, blocked = bool(masks.get("SigCgt", 0) & SIGCHLD), bool(masks.get("SigBlk", 0) & SIGCHLD)
    asleep_in = next(iter(for_children or calls), None)
    return Sigchld(_treatment(process, reading, waits=bool(for_children)), caught, blocked, asleep_in)


def _treatment(process: Process, reading: Reading | None, *, waits: bool) -> Treatment:
    masks = process.signals
    if "SigIgn" not in masks:
        return "unknown"
    if masks["SigIgn"] & SIGCHLD:
        return "ignore"
    if waits:
        return "waiting"
    if reading and any(mask & SIGCHLD for mask in reading.watched):
        return "signalfd"
    if masks.get("SigBlk", 0) & SIGCHLD:
        return "blocked"
    return "handler" if masks.get("SigCgt", 0) & SIGCHLD else "default"
