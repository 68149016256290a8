"""What a user may ask `who` about, and everything that one such text may mean: people paste it from logs and from other tools."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.kernel.mounts import canonical_path
from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES
from kubectl_pause.pasting import command_line
from kubectl_pause.select.target_names import ALIASES

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal[
    "pid", "thread", "pod-pid", "id", "uid", "pod", "container", "node", "inode", "link", "mount", "address", "interface", "cgroup"
]

PID_LIMIT = 4194304
"""PID_MAX_LIMIT of the kernel: a greater number is no pid. Inodes of namespaces begin far above (PROC_DYNAMIC_FIRST, 0xF0000000)."""

_TYPES = "|".join(NAMESPACE_TYPES)
_NUMBER = re.compile(r"[0-9]{1,19}")
_INODE = re.compile(rf"({_TYPES}):\[?([0-9]{{1,19}})\]?")
_LINK = re.compile(rf"/proc/([1-9][0-9]{{0,11}})(?:/task/[0-9]{{1,12}})?(?:/ns/({_TYPES}))?(?:/.*)?")
_SELF = re.compile(rf"/proc/(?:self|thread-self)(?:/ns/({_TYPES}))?(?:/.*)?")
_PROCESS = re.compile(r"(?:pid|process)[ =]([0-9]{1,12})(?: \(.*\))?")
_THREAD = re.compile(r"tid[ =]([0-9]{1,12})(?: of ([0-9]{1,12}))?")
_POD_PID = re.compile(r"(?:(?P<namespace>[a-z0-9.-]{1,253})/)?(?P<pod>[a-z0-9.-]{1,253}):(?P<pid>[0-9]{1,12})")
_ID = re.compile(r"(?:[a-z-]{1,30}://)?(?P<id>[0-9a-f]{4,64})")
_UID = r"([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})"
"""A pod's uid, as systemd's slices spell it too, or a static pod's hash."""
_POD_UID = re.compile(rf"(?:pod)?{_UID}(?:\.slice)?")
_POD_FOLDER = re.compile(rf"(?:/pods/|/pods/[^/_]+_[^/_]+_){_UID}(?:/|$)")
"""The kubelet's volumes, /var/lib/kubelet/pods/UID, and logs, /var/log/pods/NAMESPACE_NAME_UID."""
_ID_IN_PATH = re.compile(r"^/(?:run|var)/(?:.*[/-])?([0-9a-f]{64})(?:\.log|/|$)")
"""State of a runtime, and the log of a container: /var/log/containers/POD_NAMESPACE_NAME-ID.log."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,20}://(?:[^@/]*@)?([^/?#]+)(?:[/?#].*)?")
_HOST = re.compile(r"\[(?P<bracketed>[^]]+)\](?::[0-9]{1,5})?|(?P<ipv4>[0-9.]{7,15}):[0-9]{1,5}|(?P<bare>[^/]+)(?:/[0-9]{1,3})?")
"""`[IP]`, `[IP]:PORT`, `IPV4:PORT`, and as `ip addr` prints it `IP/LENGTH`."""
_INTERFACE = re.compile(r"([^\s/:@]{1,15})(?:@(?:if([0-9]{1,9})|[^\s/:@]{1,15}))?")
"""`ip link` prints the other end behind the name: `veth1a2b@if2` is number 2 of the pod, `eth0@if9` in a pod is number 9 of the node."""
_CGROUP_LINE = re.compile(r"[0-9]{1,3}:[^:/]*:(?=/)")
_LONGEST = 4096
"""PATH_MAX."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One meaning of a text. `text`: the id, uid, path, address, interface, node or pod; `number`: pid, thread id, inode,
    or of an interface its other end.

    `within`: the Kubernetes namespace of a pod, or the type of a Linux namespace, where the text names it. `part`: the container of a
    pod, or the pid of the process whose thread is asked for.
    """

    kind: Kind
    text: str = ""
    number: int = 0
    within: str | None = None
    part: str = ""

    @property
    def phrase(self) -> str:
        """As the answer says it."""
        within = f"{self.within} " if self.within else ""
        pod = f"pod {f'{self.within}/' if self.within else ''}{self.text}"
        return {
            "pid": f"pid {self.number}",
            "thread": f"thread {self.number}" + (f" of pid {self.part}" if self.part else ""),
            "pod-pid": f"pid {self.number} inside {pod}",
            "id": f"container or sandbox id {self.text}{'' if len(self.text) == FULL_ID else '...'}",
            "uid": f"pod uid {self.text}",
            "pod": pod,
            "container": f"container {self.part} of {pod}",
            "node": f"node {self.text}",
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


def parse_question(asked: str, own_namespaces: Mapping[str, int] | None = None) -> Question:
    """Every reading of a text. `own_namespaces` are what `/proc/self` stands for, by type, where this host is asked: inodes.

    Raises PauseInspectError where it is none of the things that can be asked about.
    """
    text = asked.strip().strip("\"'`,")
    readings = _readings(text, own_namespaces or {}) if 0 < len(text) <= _LONGEST else []
    if not readings:
        shown = asked if len(asked) <= 80 else f"{asked[:79]}…"  # noqa: PLR2004 (a line of a terminal)
        raise PauseInspectError(
            "WrongUsage",
            f"{shown!r} is nothing that could be looked for",
            "ask for a pid or thread id, POD:PID, pod name or uid, POD/CONTAINER, container or sandbox id (4 digits or more), namespace "
            "inode or path, IP, veth, cgroup or volume path, node/NAME",
        )
    return Question(asked, tuple(readings))


def _readings(text: str, own_namespaces: Mapping[str, int]) -> list[Reading]:
    address = _address(text)
    if address:
        return [Reading("address", address)]
    for form in (_of_inode, _of_process, _of_uid, _of_pod_pid):
        if readings := form(text):
            return readings
    if itself := _SELF.fullmatch(text):
        return [_of_reader(itself[1], own_namespaces)]
    if "/" in text and "://" not in text:
        return _paths(text)
    return _words(text)


def _of_inode(text: str) -> list[Reading]:
    inode = _INODE.fullmatch(text)
    if inode and ("[" in text or int(inode[2]) > PID_LIMIT):
        return [Reading("inode", number=int(inode[2]), within=inode[1])]
    return []


def _of_process(text: str) -> list[Reading]:
    if process := _PROCESS.fullmatch(text):
        return _number(int(process[1]))
    thread = _THREAD.fullmatch(text)
    return [Reading("thread", number=int(thread[1]), part=str(int(thread[2] or 0) or ""))] if thread else []


def _number(number: int) -> list[Reading]:
    if number > PID_LIMIT:
        return [Reading("inode", number=number)]
    return [Reading("pid", number=number), Reading("thread", number=number)]


def _of_uid(text: str) -> list[Reading]:
    lower = text.lower()
    uid = _POD_UID.fullmatch(lower) or _POD_FOLDER.search(lower)
    if uid is None:
        return []
    readings = [Reading("uid", uid[1].replace("_", "-"))]
    return [*readings, Reading("id", lower)] if lower == uid[1] and lower.isalnum() else readings


def _of_pod_pid(text: str) -> list[Reading]:
    of_pod = _POD_PID.fullmatch(text)
    return [Reading("pod-pid", of_pod["pod"], int(of_pod["pid"]), of_pod["namespace"])] if of_pod else []


def _of_reader(kind: str | None, own_namespaces: Mapping[str, int]) -> Reading:
    if kind and kind in own_namespaces:
        return Reading("inode", number=own_namespaces[kind], within=kind)
    raise PauseInspectError(
        "WrongUsage", "/proc/self is whichever process reads it, here this program", "give the process by its number: /proc/PID/ns/net"
    )


def _words(text: str) -> list[Reading]:
    if "kubepods" in text or text.endswith((".scope", ".slice")):
        return [Reading("cgroup", text)]
    readings = _number(int(text)) if _NUMBER.fullmatch(text) else []
    identifier = _ID.fullmatch(text.lower())
    if identifier:
        readings.append(Reading("id", identifier["id"]))
    if _NUMBER.fullmatch(text) or (identifier and len(identifier["id"]) == FULL_ID):
        return readings
    if (interface := _INTERFACE.fullmatch(text)) and text.isprintable():
        readings.append(Reading("interface", interface[1], int(interface[2] or 0)))
    return [*_names(text), *readings]


def _names(text: str) -> list[Reading]:
    return [Reading("pod", text), Reading("node", text)] if _NAME.fullmatch(text) else []


def _paths(text: str) -> list[Reading]:
    link = _LINK.fullmatch(text)
    if link:
        pid = int(link[1])
        return [Reading("link", number=pid, within=link[2])] if link[2] else [Reading("pid", number=pid)]
    if state := _ID_IN_PATH.match(text):
        return [Reading("id", state[1])]
    line = _CGROUP_LINE.match(text)
    if line or text.startswith("/sys/fs/cgroup"):
        return [Reading("cgroup", text[line.end() :] if line else text)]
    cgroup = Reading("cgroup", text)
    if text.startswith("/"):
        return [cgroup] if "kubepods" in text else [Reading("mount", canonical_path(text)), cgroup]
    return [cgroup] if "kubepods" in text else _typed_names(text, cgroup)


def _typed_names(text: str, cgroup: Reading) -> list[Reading]:
    """`node/NAME`, `pod/NAME`, `NAMESPACE/POD`, `POD/CONTAINER`, `NAMESPACE/POD/CONTAINER`; all but the first two may be a cgroup too."""
    first, *others = text.split("/")
    if not 1 <= len(others) <= 2 or not all(map(_NAME.fullmatch, (first, *others))):  # noqa: PLR2004 (two or three words)
        return [cgroup]
    if len(others) > 1:
        return [Reading("container", others[0], within=first, part=others[1]), cgroup]
    [name] = others
    if first in ("node", "nodes", "no"):
        return [Reading("node", name)]
    kind = ALIASES.get(first.split(".")[0], "")
    if kind not in ("", "pod"):
        raise PauseInspectError(
            "WrongUsage", f"{text!r} stands for many pods", f"{command_line('kubectl', 'pause-inspect', 'pod', text)} shows them"
        )
    if kind == "pod":
        return [Reading("pod", name)]
    return [Reading("pod", name, within=first), Reading("container", first, part=name), cgroup]


def _address(text: str) -> str | None:
    url = _URL.fullmatch(text)
    host = _HOST.fullmatch(url[1] if url else text)
    if host is None:
        return None
    try:
        address = ipaddress.ip_address((host["bracketed"] or host["ipv4"] or host["bare"]).partition("%")[0])
    except ValueError:
        return None
    return str((address.version == 6 and address.ipv4_mapped) or address)  # noqa: PLR2004 (IPv6)
