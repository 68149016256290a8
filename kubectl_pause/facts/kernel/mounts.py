"""Namespaces held by a mount, and which cgroup versions are mounted: the mount table of pid 1 (proc(5), mountinfo)."""

from __future__ import annotations

import re

from msgspec.structs import replace

from kubectl_pause.facts.record import Record

_NSFS_ROOT = re.compile(r"([a-z]+):\[([0-9]{1,20})\]")
RUNTIMES_PLACE = "/run/netns/"
"""Where runtimes mount network namespaces of sandboxes."""
_MOST_STACKED = 256
"""Mounts that one may be found to stand on."""
_OCTAL = re.compile(r"\\([0-7]{3})")


class NamespaceMount(Record, frozen=True):
    """An nsfs mount: it keeps the namespace alive with no process in it. `path` is where it is mounted.

    `stacked` is how many more mounts of a namespace lie below it, each mounted on the one before: all have to go before the path can.
    """

    type: str
    inode: int
    path: str
    stacked: int = 0


class Mounts(Record, frozen=True):
    """What is taken from the mount table. `cgroup` is `v1`, `v2`, `hybrid` or None where no cgroup is mounted."""

    namespaces: tuple[NamespaceMount, ...]
    cgroup: str | None


def parse_mountinfo(content: bytes) -> Mounts:
    """Mounts of nsfs and of cgroup file systems; a line that makes no sense is left out."""
    namespaces: dict[tuple[str, int, str], NamespaceMount] = {}
    below: dict[str, str] = {}
    """Parents of nsfs mounts, by id; one that was tucked in below another by propagation stands on a later line."""
    mounts: list[tuple[str, NamespaceMount]] = []
    versions = set()
    for line in content.decode("utf-8", "backslashreplace").split("\n"):
        front, separator, back = line.partition(" - ")
        fields, kind = front.split(" "), back.split(" ")[0]
        if not separator or len(fields) < 6:  # noqa: PLR2004 (proc(5): six fields at least before the dash)
            continue
        if kind == "nsfs":
            match = _NSFS_ROOT.fullmatch(fields[3])
            if match:
                below[fields[0]] = fields[1]
                mounts.append((fields[0], NamespaceMount(match[1], int(match[2]), canonical_path(unescaped(fields[4])))))
        elif kind == "cgroup2":
            versions.add("v2")
        elif kind == "cgroup":
            versions.add("v1")
    for identifier, mount in mounts:
        stacked = _depth(below, identifier)
        key = mount.type, mount.inode, mount.path
        if key not in namespaces or stacked >= namespaces[key].stacked:
            namespaces[key] = replace(mount, stacked=stacked)
    cgroup = "hybrid" if len(versions) == 2 else next(iter(versions), None)  # noqa: PLR2004 (both versions)
    return Mounts(tuple(namespaces.values()), cgroup)


def _depth(below: dict[str, str], identifier: str) -> int:
    """How many nsfs mounts a mount stands on; a made-up table may have a ring of parents, or a long chain."""
    seen = {identifier}
    while (identifier := below.get(identifier, "")) in below and identifier not in seen and len(seen) < _MOST_STACKED:
        seen.add(identifier)
    return len(seen) - 1


def canonical_path(path: str) -> str:
    """`/var/run` is a link to `/run` on every node: runtimes write the one, the kernel shows the other."""
    return path.removeprefix("/var") if path.startswith("/var/run/") else path


def unescaped(path: str) -> str:
    """The kernel writes blank, tab, newline and backslash as three octal digits."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), path)


_SINCE = re.compile(r"(\d{1,12}) (\d{1,20}) (/.*)")


def parse_mount_times(content: bytes) -> dict[tuple[str, int], int]:
    """When the namespaces that are mounted in /run/netns were made: seconds since the epoch by path and inode, as stat tells of nsfs."""
    lines = content.decode("utf-8", "backslashreplace").split("\n")
    return {(since[3], int(since[2])): int(since[1]) for line in lines if (since := _SINCE.fullmatch(line))}
