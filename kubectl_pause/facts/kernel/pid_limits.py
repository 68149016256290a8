"""Tasks charged and allowed per cgroup, from the collector's sections `pids`, `pids2` and `frozen`.

`./PATH/pids.current:5`, as grep writes it; the path is relative to the mount of the hierarchy. A cgroup's name may hold anything but
a newline (kernel: cgroup_mkdir) and `/`, the value is the kernel's. `max` in pids.max is no limit; pids.events counts refused forks.
"""

from __future__ import annotations

import re
from typing import Literal

from kubectl_pause.facts.record import Record

_LINE = re.compile(r"\./(?:(.*)/)?(pids\.current|pids\.max|pids\.events|freezer\.state|cgroup\.events):(.*)")
_NUMBER = re.compile(r"\d{1,18}")


class PidLimit(Record, frozen=True):
    """One cgroup's tasks, zombies included. `allowed` None is no limit; `refused` how many forks failed since it was made.

    Before Linux 6.11, and on v1 in all, those of tasks in this very cgroup, by its limit or one above; later by its limit or one below.
    """

    current: int
    allowed: int | None = None
    refused: int | None = None


def parse_pid_limits(content: bytes) -> dict[str, PidLimit]:
    """Limits by the cgroup's path (`kubepods.slice/...`, no leading `/`); cgroups without pids.current are left out."""
    current: dict[str, int] = {}
    allowed: dict[str, int] = {}
    refused: dict[str, int] = {}
    for path, file, value in _lines(content):
        if file == "pids.events":
            value = value.removeprefix("max ")  # noqa: PLW2901 (`max 3`: the word is the event's name)
        if not _NUMBER.fullmatch(value):
            continue
        {"pids.current": current, "pids.max": allowed, "pids.events": refused}.get(file, {})[path] = int(value)
    return {path: PidLimit(count, allowed.get(path), refused.get(path)) for path, count in current.items()}


Freezer = Literal["v1", "v2"]
"""By which hierarchy a cgroup is frozen: v1's freezer.state, v2's cgroup.freeze."""


def parse_frozen(content: bytes) -> dict[str, Freezer]:
    """The cgroups whose processes are frozen, by their path."""
    return {path: _FROZEN[file, value] for path, file, value in _lines(content) if (file, value) in _FROZEN}


_FROZEN: dict[tuple[str, str], Freezer] = {
    ("freezer.state", "FROZEN"): "v1",
    ("freezer.state", "FREEZING"): "v1",
    ("cgroup.events", "frozen 1"): "v2",
}


def _lines(content: bytes) -> list[tuple[str, str, str]]:
    """Path, file and value of each line. The greedy path leaves the last `/FILE:` to the kernel's own."""
    found = []
    for line in content.decode("utf-8", "backslashreplace").split("\n"):
        match = _LINE.fullmatch(line)
        if match:
            found.append((match[1] or "", match[2], match[3]))
    return found
