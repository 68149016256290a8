"""What only a capture of this host has: the engines' containers and pods, and the limits of an ordinary user's view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.record import Record
from kubectl_pause.facts.runtime.cri import UnreadableAnswer
from kubectl_pause.facts.runtime.engine_containers import ENGINES, EngineContainer, PodmanPod, parse_engine_containers, parse_podman_pods

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_pause.facts.capture import Capture
    from kubectl_pause.facts.kernel.process import Process


class EngineFacts(Record, frozen=True):
    """What Docker and podman know. Empty for a node of a cluster."""

    containers: tuple[EngineContainer, ...] = ()
    pods: tuple[PodmanPod, ...] = ()
    asked: bool = False
    """Whether one of them is at work here, and was asked."""


def engine_facts(capture: Capture, notes: list[str]) -> EngineFacts:
    """What Docker and podman said; an answer that cannot be read becomes a note. Of an id told twice the first counts."""
    containers: dict[str, EngineContainer] = {}
    pods: list[PodmanPod] = []
    for engine in reversed(ENGINES):  # podman first: its own `docker` command, where that is installed, tells less of the same
        try:
            for container in parse_engine_containers(capture.content(f"{engine}.containers"), engine):
                containers.setdefault(container.id, container)
        except UnreadableAnswer as error:
            notes.append(str(error))
    try:
        pods = parse_podman_pods(capture.content("podman.pods"))
    except UnreadableAnswer as error:
        notes.append(str(error))
    asked = any(name.startswith(tuple(f"{engine}." for engine in ENGINES)) for name in capture.sections)
    return EngineFacts(tuple(containers.values()), tuple(pods), asked)


def host_namespaces(processes: Mapping[int, Process], reader: int | None) -> Mapping[str, int]:
    """The node's own namespaces: those of pid 1, else those of the process that read this host, which started outside of any pod.

    Its PID namespace is left out where this /proc counts it from further up: that is not the host's.
    """
    first = processes.get(1)
    if first and first.namespaces:
        return first.namespaces
    stand_in = processes.get(reader) if reader else None
    if stand_in is None:
        return {}
    nested = len(stand_in.ns_pids) > 1
    return {kind: inode for kind, inode in stand_in.namespaces.items() if kind != "pid" or not nested}


def limits_of_view(capture: Capture, processes: Mapping[int, Process], reader: int | None) -> list[str]:
    """Sentences on what the user who read this host could not see."""
    if reader is None:
        return []
    told = capture.content("reader").decode("utf-8", "backslashreplace").splitlines()
    hidden = sorted(each.pid for each in processes.values() if not each.namespaces and each.state not in "ZX")
    if 1 in hidden:
        told.append("the namespaces of pid 1 may not be read: those of this command stand for the host's")
    if 1 not in processes:
        told.append(
            "pid 1 is not to be seen, nor may other processes be: /proc hides those of other users (hidepid), as root all can be seen"
        )
    others = len(hidden) - (1 in hidden)
    if others:
        told.append(f"the namespaces of {others} of {len(processes)} processes may not be read by this user: as root all can be")
    return told
