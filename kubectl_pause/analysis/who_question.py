"""What a user may ask `who` about, and everything that one such text may mean."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.mounts import canonical_path
from kubectl_pause.facts.process import NAMESPACE_TYPES

Kind = Literal["pid", "pod-pid", "id", "inode", "link", "mount", "address", "interface", "cgroup"]

PID_LIMIT = 4194304
"""PID_MAX_LIMIT of the kernel: a greater number is no pid. Inodes of namespaces begin far above (PROC_DYNAMIC_FIRST, 0xF0000000)."""

_TYPES = "|".join(NAMESPACE_TYPES)
_NUMBER = re.compile(r"[0-9]{1,19}")
_INODE = re.compile(rf"({_TYPES}):\[?([0-9]{{1,19}})\]?")
_LINK = re.compile(rf"/proc/([1-9][0-9]{{0,11}})(?:/task/[0-9]{{1,12}})?(?:/ns/({_TYPES}))?(?:/.*)?")
_POD_PID = re.compile(r"(?:(?P<namespace>[a-z0-9.-]{1,253})/)?(?P<pod>[a-z0-9.-]{1,253}):(?P<pid>[0-9]{1,12})")
_ID = re.compile(r"(?:[a-z-]{1,30}://)?(?P<id>[0-9a-f]{4,64})")
_INTERFACE = re.compile(r"([^\s/:@]{1,15})(?:@[^\s/:@]{1,15})?")
"""`ip link` prints the other end behind the name: `veth1a2b@if2`."""
_CGROUP_LINE = re.compile(r"[0-9]{1,3}:[^:/]*:(?=/)")
_LONGEST = 4096
"""PATH_MAX."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One meaning of a text. `text`: the id, path, address, interface or pod; `number`: pid or inode.

    `within`: the Kubernetes namespace of a pod, or the type of a Linux namespace, where the text names it.
    """

    kind: Kind
    text: str = ""
    number: int = 0
    within: str | None = None

    @property
    def phrase(self) -> str:
        """As the answer says it."""
        within = f"{self.within} " if self.within else ""
        return {
            "pid": f"pid {self.number}",
            "pod-pid": f"pid {self.number} inside pod {f'{self.within}/' if self.within else ''}{self.text}",
            "id": f"container or sandbox id {self.text}{'' if len(self.text) == FULL_ID else '...'}",
            "inode": f"{within}namespace inode {self.number}",
            "link": f"{within}namespace of pid {self.number}",
            "mount": f"namespace mounted at {self.text}",
            "address": f"IP address {self.text}",
            "interface": f"network interface {self.text}",
            "cgroup": f"cgroup {self.text}",
        }[self.kind]


FULL_ID = 64


@dataclass(frozen=True, slots=True)
class Question:
    """One argument of `who`, and what it may mean, likeliest first."""

    asked: str
    readings: tuple[Reading, ...]


def parse_question(asked: str) -> Question:
    """Every reading of a text. Raises PauseInspectError where it is none of the things that can be asked about."""
    text = asked.strip()
    readings = _readings(text) if 0 < len(text) <= _LONGEST else []
    if not readings:
        shown = asked if len(asked) <= 80 else f"{asked[:79]}…"  # noqa: PLR2004 (a line of a terminal)
        raise PauseInspectError(
            "WrongUsage",
            f"{shown!r} is nothing that could be looked for",
            "ask for a pid, POD:PID, container or sandbox id (4 digits or more), namespace inode or path, pod IP, veth or cgroup path",
        )
    return Question(asked, tuple(readings))


def _readings(text: str) -> list[Reading]:
    address = _address(text)
    if address:
        return [Reading("address", address)]
    inode = _INODE.fullmatch(text)
    if inode and ("[" in text or int(inode[2]) > PID_LIMIT):
        return [Reading("inode", number=int(inode[2]), within=inode[1])]
    of_pod = _POD_PID.fullmatch(text)
    if of_pod:
        return [Reading("pod-pid", of_pod["pod"], int(of_pod["pid"]), of_pod["namespace"])]
    if "/" in text and "://" not in text:
        return _paths(text)
    readings = []
    if _NUMBER.fullmatch(text):
        number = int(text)
        readings.append(Reading("pid", number=number) if number <= PID_LIMIT else Reading("inode", number=number))
    identifier = _ID.fullmatch(text.lower())
    if identifier:
        readings.append(Reading("id", identifier["id"]))
    if text.endswith((".scope", ".slice")):
        readings.append(Reading("cgroup", text))
    elif (interface := _INTERFACE.fullmatch(text)) and not _NUMBER.fullmatch(text) and text.isprintable():
        readings.append(Reading("interface", interface[1]))
    return readings


def _paths(text: str) -> list[Reading]:
    link = _LINK.fullmatch(text)
    if link:
        pid = int(link[1])
        return [Reading("link", number=pid, within=link[2]) if link[2] else Reading("pid", number=pid)]
    line = _CGROUP_LINE.match(text)
    if line or text.startswith("/sys/fs/cgroup"):
        return [Reading("cgroup", text[line.end() :] if line else text)]
    cgroup = Reading("cgroup", text)
    return [cgroup] if not text.startswith("/") or "kubepods" in text else [Reading("mount", canonical_path(text)), cgroup]


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError:
        return None
