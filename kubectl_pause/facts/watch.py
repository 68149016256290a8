"""The lines that node/watcher.sh writes while it watches pause processes: numbers of the kernel, and words of the script's own.

What they mean, for pause.c alone: each run of its SIGCHLD handler waits once more than it reaps, so reaps = waits - deliveries
(sched_process_wait and signal_deliver; exact as long as no event was lost). A signal is forged where signal_generate gives a code that
only a sending process can make (SI_USER 0 and below; a child's death has 1 to 3).
"""

from __future__ import annotations

import re

from kubectl_pause.facts.record import Record

_LONGEST_LINE = 512
_LONGEST_DIGITS = 18
_NUMBER = rb"(\d{1,%d})" % _LONGEST_DIGITS
_HEAD = re.compile(rb"#watch 1 (?:(tracefs)|counters (off|absent|refused|untranslated))")
_REAPS = re.compile(rb"r %s %s %s %s %s" % ((_NUMBER,) * 5))
_COUNTERS = re.compile(rb"c %s %s ([A-Za-z]) %s (?:-|%s)" % ((_NUMBER,) * 4))
_GONE = re.compile(rb"g " + _NUMBER)
_LOOK = re.compile(rb"t (\d{1,15}(?:\.\d{1,3})?) %s" % _NUMBER)
_END = re.compile(rb"#end (removed|left|none)")


class Head(Record, frozen=True):
    """How the watch is done: with tracefs, or without, and why (`off`, `absent`, `refused`, `untranslated`)."""

    traced: bool
    reason: str | None


class Events(Record, frozen=True):
    """What the kernel traced of one pause since the start of the watch."""

    pid: int
    waits: int
    deliveries: int
    signals: int
    forged: int

    @property
    def reaps(self) -> int:
        """At least so many while the handler is in the middle of a run, where this is one less."""
        return max(0, self.waits - self.deliveries)


class Counted(Record, frozen=True):
    """The counters in /proc of one pause: fault sums of waited-for children, and how often it was put on a CPU (None: not told)."""

    pid: int
    start_ticks: int
    state: str
    child_faults: int
    runs: int | None


class Gone(Record, frozen=True):
    """There is no such process any more."""

    pid: int


class Look(Record, frozen=True):
    """All that was told since the last one was true at this uptime of the node. `lost` events were not seen since the start."""

    uptime: float
    lost: int


class End(Record, frozen=True):
    """The watch ended by itself. `instance` of tracefs: `removed`, `left` (it could not be removed), `none` (there was none)."""

    instance: str


Fact = Head | Events | Counted | Gone | Look | End


def parse_line(line: bytes) -> Fact | None:  # noqa: PLR0911 (one per kind of line)
    """One line without its newline; None for one that is none of ours."""
    if match := _REAPS.fullmatch(line):
        return Events(*map(int, match.groups()))
    if match := _COUNTERS.fullmatch(line):
        pid, start, state, faults, runs = match.groups()
        return Counted(int(pid), int(start), state.decode(), int(faults), None if runs is None else int(runs))
    if match := _GONE.fullmatch(line):
        return Gone(int(match[1]))
    if match := _LOOK.fullmatch(line):
        return Look(float(match[1]), int(match[2]))
    if match := _HEAD.fullmatch(line):
        return Head(traced=match[1] is not None, reason=match[2].decode() if match[2] else None)
    if match := _END.fullmatch(line):
        return End(match[1].decode())
    return None


class Lines:
    """Facts of a stream that comes in pieces of any size. A line longer than any of ours is skipped to its end."""

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[Fact]:
        """The facts of the lines that are whole now."""
        *whole, rest = (self._rest + data).split(b"\n")
        if whole and self._skipping:
            del whole[0]
            self._skipping = False
        self._skipping = self._skipping or len(rest) > _LONGEST_LINE
        self._rest = b"" if self._skipping else rest
        return [fact for line in whole if len(line) <= _LONGEST_LINE and (fact := parse_line(line)) is not None]
