"""What a node's kubelet and runtime logged of trouble with the pods that were asked about, from the collector's `log` section.

`SECONDS UNIT TEXT`, as journalctl's `short-unix` has it without the host; cut at its front and with secrets masked on the node. Whoever can
have words of theirs logged (the name of a program that is not there, say) can have any pod's uid in them: a line proves nothing by itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_pause.facts.capture import KILLED
from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from kubectl_pause.facts.capture import Section

_MOST_LINES = 40
_LINE = re.compile(rb"([0-9]{1,11}\.[0-9]{1,9}) ([A-Za-z0-9._@-]{1,72}) ([^\n]{1,400})")
_FAILURES = {127: "the node has no journalctl", 61: "the node's journal has nothing of them: they may log to files"}
"""By the collector's exit code: a shell's for a program that is not there, and ENODATA."""


class LogLine(Record, frozen=True):
    """When it was logged (seconds since the epoch), by which unit or program, and the end of what it says."""

    moment: float
    unit: str
    text: str


class NodeLog(Record, frozen=True):
    """The newest last; `failure` says why there can be none, None where the log was read."""

    lines: tuple[LogLine, ...] = ()
    failure: str | None = None

    def of_pod(self, uid: str) -> NodeLog:
        """The same of one pod."""
        return NodeLog(tuple(line for line in self.lines if uid in line.text), self.failure)


def node_log(section: Section | None) -> NodeLog | None:
    """None where the collector was not asked to look. What was read before a failure is left out: it is the oldest."""
    if section is None:
        return None
    code = section.exit_code
    if code != 0:
        how = "did not answer in its time, and was ended" if code in KILLED else f"failed with exit code {code}"
        return NodeLog(failure=_FAILURES.get(code or 0, f"journalctl {how}"))
    found = filter(None, map(_LINE.fullmatch, section.content.split(b"\n")))
    lines = [LogLine(float(each[1]), each[2].decode(), each[3].decode("utf-8", "backslashreplace")) for each in found]
    return NodeLog(tuple(lines[-_MOST_LINES:]))
