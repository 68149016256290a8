"""Processes of a node, from the collector's `proc` section.

One physical line each: `PID/FILE:CONTENT`, the prefix made by grep from the path, so that a newline in a process name gives a
second line with the same prefix; and `'PID/ns/net' -> 'net:[4026532514]'` from stat, both sides made by the kernel.
`stat` is read twice, first and last (as `stat2`, or by the path `./stat`); a pid whose start time differs was used again in between
and is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_pause.facts.lines import lines_of
from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMESPACE_TYPES = ("net", "ipc", "uts", "pid", "user", "mnt", "cgroup", "time")
"""The eight types of namespaces(7), in the order in which reports show them."""

TICKS_PER_SECOND = 100
"""USER_HZ, in which /proc/PID/stat counts, on every architecture that runs containers, whatever the kernel's own clock."""
ProcessKey = tuple[int, int]
"""pid and start time in clock ticks: what one process never shares with another of the same boot."""
_NAMESPACE = re.compile(rb"'(\d{1,12})/ns/([a-z]+)' -> '\2:\[(\d{1,20})\]'")
_COMM_LIMIT = 64
_PID_DIGITS = 12
MOST_ANCESTORS = 256
"""Parents that are looked at, of each process."""
_NUMBER_DIGITS = 20


class Process(Record, frozen=True):
    """One process (thread group leader) as proc(5) shows it.

    `child_faults` is field 11 of stat (cminflt: minor faults of children that were waited for, and of theirs), `start_ticks` field 22
    (clock ticks after boot), `exit_code` field 52 (a wait status, meaningful for a zombie), `processor` field 39 (the CPU that it last ran
    on), `ns_pids` the pid in each PID namespace from the reader's inwards, `cgroups` the raw text of the cgroup file,
    `namespaces` the inode of each namespace that could be read: a zombie keeps only `pid` and `user`. `tracer` is the debugger's pid, or 0.
    """

    pid: int
    comm: str
    state: str
    ppid: int
    start_ticks: int
    exit_code: int
    threads: int
    ns_pids: tuple[int, ...]
    uid: int | None
    cgroups: str
    namespaces: Mapping[str, int]
    signals: Mapping[str, int]
    child_faults: int = 0
    processor: int | None = None
    tracer: int = 0

    @property
    def is_zombie(self) -> bool:
        """State Z with no other thread alive; a dead leader with live threads shows Z too and cannot be reaped yet."""
        return self.state == "Z" and self.threads <= 1

    @property
    def is_dead(self) -> bool:
        """A zombie, or a leader that ended before its threads: cgroup v1 shows the root for both."""
        return self.state in ("Z", "X")

    @property
    def key(self) -> ProcessKey:
        """What it is known by at two looks."""
        return self.pid, self.start_ticks


def ancestors(processes: Mapping[int, Process], process: Process) -> Iterator[Process]:
    """Parents, the nearest first, up to and without pid 1, MOST_ANCESTORS at most: a made-up capture may have a ring, or one long chain."""
    seen = {process.pid}
    while len(seen) <= MOST_ANCESTORS and (parent := processes.get(process.ppid)) and parent.pid != 1 and parent.pid not in seen:
        yield parent
        seen.add(parent.pid)
        process = parent


class Stat(Record, frozen=True):
    """What is taken from one `/proc/PID/stat`."""

    comm: str
    state: str
    ppid: int
    child_faults: int
    threads: int
    start_ticks: int
    exit_code: int
    processor: int | None = None
    """The CPU that it last ran on: of a zombie, the one that it died on."""


def parse_processes(content: bytes) -> dict[int, Process]:  # noqa: C901 (one branch per file of /proc/PID)
    """Processes by pid. A pid that vanished half way or whose stat makes no sense is left out."""
    stats: dict[int, list[bytes]] = {}  # lines: a name may hold a newline
    again: dict[int, list[bytes]] = {}
    cgroups: dict[int, list[bytes]] = {}
    statuses: dict[int, dict[bytes, bytes]] = {}
    namespaces: dict[int, dict[str, int]] = {}
    for line in lines_of(content):
        if line.startswith(b"'"):
            match = _NAMESPACE.fullmatch(line)
            if match:
                namespaces.setdefault(int(match[1]), {})[match[2].decode()] = int(match[3])
            continue
        prefix, colon, text = line.partition(b":")
        number, _, name = prefix.partition(b"/")
        if not colon or not number.isdigit() or len(number) > _PID_DIGITS:
            continue
        pid = int(number)
        if name == b"stat":
            stats.setdefault(pid, []).append(text)
        elif name in (b"stat2", b"./stat"):
            again.setdefault(pid, []).append(text)
        elif name == b"cgroup":
            cgroups.setdefault(pid, []).append(text)
        elif name == b"status":
            key, _, value = text.partition(b":")
            statuses.setdefault(pid, {})[key] = value.strip()
    interned: dict[bytes, str] = {}
    processes: dict[int, Process] = {}
    for pid, raw in stats.items():
        stat = parse_stat(b"\n".join(raw))
        second = parse_stat(b"\n".join(again.get(pid, ())))
        if stat is None or second is None or second.start_ticks != stat.start_ticks:
            continue
        status = statuses.get(pid, {})
        cgroup = b"\n".join(cgroups.get(pid, ()))
        if cgroup not in interned:
            interned[cgroup] = cgroup.decode("utf-8", "backslashreplace")
        processes[pid] = Process(
            pid=pid,
            comm=stat.comm,
            state=stat.state,
            ppid=stat.ppid,
            start_ticks=stat.start_ticks,
            exit_code=stat.exit_code,
            threads=stat.threads,
            ns_pids=_numbers(status.get(b"NSpid", b"")),
            uid=next(iter(_numbers(status.get(b"Uid", b""))), None),
            cgroups=interned[cgroup],
            namespaces=namespaces.get(pid, {}),
            signals=_signals(status),
            child_faults=stat.child_faults,
            processor=stat.processor,
            tracer=next(iter(_numbers(status.get(b"TracerPid", b""))), 0),
        )
    return processes


def parse_stat(raw: bytes) -> Stat | None:
    """`/proc/PID/stat`: the name stands between the first `(` and the last `)` and may hold anything else."""
    opening, closing = raw.find(b"("), raw.rfind(b")")
    if opening < 0 or closing < opening:
        return None
    fields = raw[closing + 1 :].split()
    try:
        return Stat(
            comm=raw[opening + 1 : closing][:_COMM_LIMIT].decode("utf-8", "backslashreplace"),
            state=fields[0].decode("ascii", "backslashreplace"),
            ppid=int(fields[1]),
            child_faults=int(fields[8]),
            threads=int(fields[17]),
            start_ticks=int(fields[19]),
            exit_code=int(fields[49]) if len(fields) > 49 else 0,  # noqa: PLR2004 (field 52, counted from the state)
            processor=int(fields[36]) if len(fields) > 36 else None,  # noqa: PLR2004 (field 39)
        )
    except (IndexError, ValueError):
        return None


def _numbers(text: bytes) -> tuple[int, ...]:
    words = text.split()
    return tuple(int(word) for word in words) if all(word.isdigit() and len(word) <= _NUMBER_DIGITS for word in words) else ()


_MASKS = {b"SigPnd", b"ShdPnd", b"SigBlk", b"SigIgn", b"SigCgt"}


def _signals(status: Mapping[bytes, bytes]) -> dict[str, int]:
    masks: dict[str, int] = {}
    for key in _MASKS & status.keys():
        try:
            masks[key.decode()] = int(status[key], 16)
        except ValueError:
            continue
    return masks
