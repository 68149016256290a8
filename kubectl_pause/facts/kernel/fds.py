"""Open descriptors of namespaces, from the collector's `fds` section (only where `--fds` asked for it).

A line is `PID/fd/N DEVICE INODE TYPE,...`: numbers by stat(1) of what is open there, on the device of nsfs; the types are what links
said beside that inode. The text of a link is the name of the open file, which its owner chooses: where it lied, more than one is said.
"""

from __future__ import annotations

import re

from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES
from kubectl_pause.facts.record import Record

_LINE = re.compile(r"([0-9]{1,12})/fd/([0-9]{1,12}) [0-9]{1,20} ([0-9]{1,20}) ([a-z,]{0,60})")
_MORE = "more"


class OpenNamespace(Record, frozen=True):
    """Descriptor `fd` of process `pid` is the namespace with this inode; `type` is None where more than one was said, or none."""

    pid: int
    fd: int
    inode: int
    type: str | None


class OpenNamespaces(Record, frozen=True):
    """All of a node, by pid and descriptor. `whole` is False where the collector stopped at its limit."""

    descriptors: tuple[OpenNamespace, ...] = ()
    whole: bool = True


def parse_fds(content: bytes) -> OpenNamespaces:
    """The section's descriptors; a line that makes no sense is left out."""
    found: dict[tuple[int, int], OpenNamespace] = {}
    lines = content.decode("ascii", "backslashreplace").split("\n")
    for line in lines:
        match = _LINE.fullmatch(line)
        if match:
            pid, fd, inode = int(match[1]), int(match[2]), int(match[3])
            found[pid, fd] = OpenNamespace(pid, fd, inode, match[4] if match[4] in NAMESPACE_TYPES else None)
    return OpenNamespaces(tuple(found[key] for key in sorted(found)), whole=_MORE not in lines)
