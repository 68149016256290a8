"""Volumes of pods that are mounted on the node, and processes that work in one, by the uid of the pod.

The kubelet mounts each at `pods/UID/volumes/PLUGIN/NAME` below its directory; an umount fails (EBUSY, umount(2)) while a process has its
working directory or root there, or a file open.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.mounts import unescaped
from kubectl_pause.facts.kernel.symlinks import parse_symlinks
from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_pause.facts.capture import Capture

_OF_POD = re.compile(r"(/.*/pods/([0-9a-f-]{32,36})/volumes/[^/]+/[^/]+)(?:/.*)?", re.DOTALL)


class VolumeUser(Record, frozen=True):
    """A process, and by what it is in a volume: `cwd`, `root` or `fd/NUMBER`."""

    pid: int
    by: str
    volume: str


class PodVolumes(Record, frozen=True):
    """Mount points, and who works below one of them."""

    mounted: tuple[str, ...]
    users: tuple[VolumeUser, ...]


def pod_volumes(capture: Capture) -> Mapping[str, PodVolumes] | None:
    """By the uid of the pod, of those that have any mounted; None where the collector did not look."""
    if "volumes" not in capture.sections:
        return None
    mounted: dict[str, set[str]] = defaultdict(set)
    for line in capture.content("volumes").decode("utf-8", "backslashreplace").split("\n"):
        if match := _OF_POD.fullmatch(unescaped(line.strip())):
            mounted[match[2]].add(match[1])
    users: dict[str, list[VolumeUser]] = defaultdict(list)
    for pid, link, path in parse_symlinks(capture.content("volume-users")):
        match = _OF_POD.fullmatch(path)
        if match and match[1] in mounted[match[2]]:
            users[match[2]].append(VolumeUser(pid, link, match[1]))
    return {uid: PodVolumes(tuple(sorted(paths)), tuple(users[uid])) for uid, paths in mounted.items() if paths}
