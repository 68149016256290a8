"""What the processes that could reap are doing, from the collector's sections `reapers`, `exe` and `look2`.

Per PID, one line each as grep writes it (`PID/FILE:CONTENT`, made by the kernel): `schedstat` and the context switches of `status`,
`task/*/syscall` with its first argument only, `sigmask:` of signalfds, `se.exec_start` of zombies and of the grep that read them, and as
`self/sched/CPU` of a grep on each CPU on which a zombie died.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.process import Stat, parse_stat
from kubectl_pause.facts.kernel.symlinks import parse_symlinks
from kubectl_pause.facts.lines import lines_of
from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LINE = re.compile(rb"([1-9]\d{0,11}|self)/([a-z]+)(?:/\d{1,12}(/[a-z]+)?)?:(.{0,200})", re.DOTALL)
_THREAD = re.compile(rb"^([1-9]\d{0,11})/task/([1-9]\d{0,11})/syscall:", re.MULTILINE)
_CALL = re.compile(rb"(\d{1,6}) 0x([0-9a-f]{1,16})")
_MASK = re.compile(rb"sigmask:\s*([0-9a-f]{1,16})")
_SWITCHES = re.compile(rb"(non)?voluntary_ctxt_switches:\s*(\d{1,20})")
_SCHEDSTAT = re.compile(rb"\d{1,20} \d{1,20} (\d{1,20})")
_CLOCK = re.compile(rb"^self/sched/(\d{1,4}):se\.exec_start\s*:\s*(\d{1,15}(?:\.\d{1,9})?)\s*$", re.MULTILINE)
_EXEC_START = re.compile(rb"se\.exec_start\s*:\s*(\d{1,15}(?:\.\d{1,9})?)\s*")


class Counters(Record, frozen=True):
    """How often a process was put on a CPU (schedstat's pcount) and why it left it (status); None where it was not read."""

    runs: int | None = None
    voluntary: int | None = None
    nonvoluntary: int | None = None


class SystemCall(Record, frozen=True):
    """The call that one thread is in: its number on that machine, and its first argument."""

    number: int
    first: int


class Reading(Record, frozen=True):
    """One process looked at closely. `calls` has one entry per thread that is in a call; `watched` are its signalfds' masks."""

    counters: Counters
    calls: tuple[SystemCall, ...] = ()
    watched: tuple[int, ...] = ()


class LastRuns(Record, frozen=True):
    """When zombies last ran, in milliseconds of the clock of the CPU that they ran on: the moment of their death.

    That clock leaves out the time that a hypervisor or interrupts took from its CPU (kernel: update_rq_clock_task), so that two CPUs differ
    by seconds after hours. `now_on` is the present moment by the clock of each CPU. Captures of earlier versions have `now` alone, by the
    clock of some CPU.
    """

    now: float | None
    by_pid: Mapping[int, float]
    now_on: Mapping[int, float] = {}

    def age(self, pid: int, processor: int | None) -> float | None:
        """Seconds since a zombie died that last ran on this CPU; None where that CPU's clock was not read."""
        ran = self.by_pid.get(pid)
        now = self.now_on.get(-1 if processor is None else processor) if self.now_on else self.now
        return None if ran is None or now is None else max(0.0, (now - ran) / 1000)


def parse_reapers(content: bytes) -> tuple[dict[int, Reading], LastRuns]:
    """From the section `reapers`: readings by pid, and when each zombie last ran."""
    lines = _lines(content)
    counters = _counters(lines)
    calls: dict[int, list[SystemCall]] = {}
    masks: dict[int, list[int]] = {}
    for pid, file, text in lines:
        if file == "task/syscall" and (call := _CALL.fullmatch(text)):
            calls.setdefault(pid, []).append(SystemCall(int(call[1]), int(call[2], 16)))
        elif file == "fdinfo" and (mask := _MASK.fullmatch(text)):
            masks.setdefault(pid, []).append(int(mask[1], 16))
    pids = counters.keys() | calls.keys() | masks.keys()
    readings = {pid: Reading(counters.get(pid, Counters()), tuple(calls.get(pid, ())), tuple(masks.get(pid, ()))) for pid in pids - {_SELF}}
    return readings, _last_runs(lines, {int(clock[1]): float(clock[2]) for clock in _CLOCK.finditer(content)})


def parse_threads(content: bytes) -> dict[int, int]:
    """Pid by thread id, from the section `reapers`: threads of the processes looked at closely only, 64 of each at most."""
    return {int(thread[2]): int(thread[1]) for thread in _THREAD.finditer(content)}


def parse_counters(content: bytes) -> dict[int, Counters]:
    """Counters by pid, from the section `look2`."""
    return _counters(_lines(content))


def _counters(lines: Sequence[_Line]) -> dict[int, Counters]:
    runs: dict[int, int] = {}
    switches: dict[tuple[int, bool], int] = {}
    for pid, file, text in lines:
        if file == "schedstat" and (stat := _SCHEDSTAT.fullmatch(text)):
            runs[pid] = int(stat[1])
        elif file == "status" and (told := _SWITCHES.fullmatch(text)):
            switches[pid, told[1] is None] = int(told[2])
    pids = (runs.keys() | {pid for pid, _ in switches}) - {_SELF}
    return {pid: Counters(runs.get(pid), switches.get((pid, True)), switches.get((pid, False))) for pid in pids}


def _last_runs(lines: Sequence[_Line], now_on: dict[int, float]) -> LastRuns:
    """`now` is when grep itself ran, the last time that it says so; `now_on` the same on each CPU."""
    now: float | None = None
    by_pid: dict[int, float] = {}
    for pid, file, text in lines:
        if file == "sched" and (told := _EXEC_START.fullmatch(text)):
            if pid == _SELF:
                now = float(told[1])
            else:
                by_pid[pid] = float(told[1])
    return LastRuns(now, by_pid, now_on)


def parse_stats(content: bytes) -> dict[int, Stat]:
    """Every process's stat by pid, from the section `look2`. A newline in a name gives a further line with the same prefix."""
    raw: dict[int, list[bytes]] = {}
    for line in lines_of(content):
        prefix, colon, text = line.partition(b"/stat:")
        if colon and prefix.isdigit() and len(prefix) <= 12:  # noqa: PLR2004 (digits of a pid)
            raw.setdefault(int(prefix), []).append(text)
    parsed = {pid: parse_stat(b"\n".join(lines)) for pid, lines in raw.items()}
    return {pid: stat for pid, stat in parsed.items() if stat}


def parse_executables(content: bytes) -> dict[int, str]:
    """The path of each executable by pid, from the section `exe`."""
    return {pid: path for pid, link, path in parse_symlinks(content) if link == "exe"}


_Line = tuple[int, str, bytes]
"""pid, file and what it says; the pid of the grep that read them is _SELF."""
_SELF = 0


def _lines(content: bytes) -> list[_Line]:
    lines = []
    for line in lines_of(content):
        match = _LINE.fullmatch(line)
        if match:
            pid = _SELF if match[1] == b"self" else int(match[1])
            lines.append((pid, (match[2] + (match[3] or b"")).decode(), match[4]))
    return lines
