"""Recorded nodes with one more process on them: the lines of a real one, with what is said to differ."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kubectl_pause.facts.capture import Capture, Section

if TYPE_CHECKING:
    from collections.abc import Mapping

_V2 = re.compile(rb"(?m)^([0-9]+/cgroup:0::).*$")
_V1 = re.compile(rb"(?m)^([0-9]+/cgroup:[1-9][0-9]*:[^:]*:).*$")


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of process `of` as `pid`, child of `ppid`; `spaces` are inodes of namespaces by type, where they differ."""

    of: int
    pid: int
    ppid: int
    comm: str | None = None
    spaces: Mapping[str, int] = field(default_factory=dict)

    def live(self, capture: Capture) -> Capture:
        """The capture with the copy, alive."""
        return with_section(capture, "proc", self._lines(capture))

    def dead(self, capture: Capture, *, cgroup_v2: bool = False) -> Capture:
        """The capture with the copy as the kernel shows it after its end: of ns only pid and user, of cgroups at most the v2 path."""
        lines = b"\n".join(
            line for line in self._lines(capture).split(b"\n") if b"/ns/" not in line or re.search(rb"/ns/(pid|user)'", line)
        )
        lines = _V1.sub(rb"\1/", re.sub(rb"(/stat2?:.*\) )[A-Z] ", rb"\1Z ", lines))
        return with_section(capture, "proc", lines if cgroup_v2 else _V2.sub(rb"\1/", lines))

    def _lines(self, capture: Capture) -> bytes:
        own = (f"{self.of}/".encode(), f"'{self.of}/".encode())
        lines = b"\n".join(line for line in capture.content("proc").split(b"\n") if line.startswith(own)) + b"\n"
        lines = re.sub(rb"(?m)^('?)[0-9]+/", rb"\g<1>%d/" % self.pid, lines)
        name = b"(" + self.comm.encode() + b")" if self.comm else rb"\g<name>"
        stat = rb"(?P<file>/stat2?:)[0-9]+ (?P<name>\(.*\)) (?P<state>[A-Z]) [0-9]+"
        lines = re.sub(stat, rb"\g<file>%d %b \g<state> %d" % (self.pid, name, self.ppid), lines)
        for kind, inode in self.spaces.items():
            lines = re.sub(rb"(/ns/%b' -> '[a-z]+:)\[[0-9]+\]" % kind.encode(), rb"\1[%d]" % inode, lines)
        return lines


def with_section(capture: Capture, name: str, content: bytes) -> Capture:
    """The capture with `content` at the end of a section."""
    return replace(capture, sections={**capture.sections, name: Section(capture.content(name) + content)})


def zombies_on_cgroup_v1(capture: Capture, pids: set[int]) -> Capture:
    """The capture as a node with cgroup v1 alone gives it: these zombies have no v2 path."""
    lines = capture.content("proc").split(b"\n")
    dead = tuple(f"{pid}/cgroup:".encode() for pid in pids)
    return replace(
        capture,
        sections={
            **capture.sections,
            "proc": Section(b"\n".join(_V2.sub(rb"\1/", line) if line.startswith(dead) else line for line in lines)),
        },
    )
