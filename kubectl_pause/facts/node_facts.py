"""All facts of one capture, each section of it parsed exactly once: what the join works on. Whose anything is stands in none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from kubectl_pause.facts.api import ApiView
from kubectl_pause.facts.capture import KILLED, CaptureError
from kubectl_pause.facts.decoding import decode_json
from kubectl_pause.facts.header import Header, parse_header
from kubectl_pause.facts.kernel.arguments import parse_arguments
from kubectl_pause.facts.kernel.fds import OpenNamespaces, parse_fds
from kubectl_pause.facts.kernel.links import Links, parse_links
from kubectl_pause.facts.kernel.mounts import Mounts, parse_mount_times, parse_mountinfo
from kubectl_pause.facts.kernel.pid_limits import Freezer, PidLimit, parse_frozen, parse_pid_limits
from kubectl_pause.facts.kernel.process import Process, parse_processes
from kubectl_pause.facts.kernel.reapers import LastRuns, Reading, parse_executables, parse_reapers, parse_threads
from kubectl_pause.facts.kernel.routes import parse_interfaces, parse_routes
from kubectl_pause.facts.kernel.shims import parse_shim_addresses, parse_shims
from kubectl_pause.facts.kernel.volumes import PodVolumes, pod_volumes
from kubectl_pause.facts.local_facts import EngineFacts, engine_facts, host_namespaces, limits_of_view
from kubectl_pause.facts.looks import Look, parse_looks
from kubectl_pause.facts.record import Record
from kubectl_pause.facts.runtime.bundle import Bundle, parse_bundle
from kubectl_pause.facts.runtime.cri import (
    CriContainer,
    CriSandbox,
    CriSandboxStatus,
    RuntimeVersion,
    UnreadableAnswer,
    parse_inspectp,
    parse_pods,
    parse_ps,
    parse_version,
)
from kubectl_pause.facts.runtime.health import RuntimeHealth, runtime_health
from kubectl_pause.facts.runtime.images import ImageOnNode, parse_images
from kubectl_pause.facts.runtime.log import NodeLog, node_log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubectl_pause.facts.capture import Capture

Fact = TypeVar("Fact")


class NodeFacts(Record, frozen=True):
    """Typed facts of one node."""

    header: Header
    crictl: Mapping[str, str] | None
    """Path, version and socket of the crictl that was asked; None where there was none."""
    api: ApiView | None
    """What the API says of the node and its pods; None where it was not asked."""
    pods: list[CriSandbox] | None
    """crictl's sandboxes; None where it was not there or did not answer."""
    containers: list[CriContainer] | None
    """crictl's containers; None exactly where `pods` is."""
    statuses: Mapping[str, CriSandboxStatus]
    """crictl's word on each sandbox, by id; empty where it was not asked."""
    bundles: Mapping[str, Bundle]
    """The runtimes' state files, by container or sandbox id."""
    runtime: RuntimeVersion | None
    mounts: Mounts
    processes: Mapping[int, Process]
    """All processes by pid."""
    notes: list[str]
    """Sentences on what could not be read."""
    crictl_failure: str | None
    """Why crictl, which was there, did not answer."""
    host: Mapping[str, int]
    """Inodes of the node's own namespaces by type; a type that could not be read is absent."""
    of_this_host: bool
    """Whether `local` read it, and no inspector pod: pods made by hand are looked for here alone."""
    local: EngineFacts
    shims: Mapping[int, str]
    """What each process says to be the shim of (see facts/kernel/shims.py): a claim."""
    shim_addresses: Mapping[int, str]
    """The containerd of those that say to serve Kubernetes, by its socket's path."""
    routes: Mapping[str, tuple[str, ...]] | None
    """Addresses by the interface to which the node's routes lead; None where the collector did not look."""
    interfaces: Mapping[int, str]
    """Names of the node's interfaces by number."""
    fds: OpenNamespaces
    """Open descriptors of namespaces; empty where the collector was not asked to look."""
    readings: Mapping[int, Reading]
    """Processes that could reap, looked at closely."""
    threads: Mapping[int, int]
    """Pid by thread id, of those processes."""
    last_runs: LastRuns
    """When zombies last ran."""
    executables: Mapping[int, str]
    """Paths of executables by pid; of processes that could reap."""
    arguments: Mapping[int, tuple[str, ...]]
    """Arguments by pid, of processes that could reap; empty where they were not asked for."""
    limits: Mapping[str, PidLimit]
    """Tasks charged and allowed by cgroup; empty where the collector did not look."""
    frozen: Mapping[str, Freezer] | None
    """Frozen cgroups, at both looks where there were two; None where the collector did not look."""
    looks: tuple[Look, ...]
    """See facts/looks.py."""
    os_name: str | None
    """PRETTY_NAME of os-release(5)."""
    from_inside: bool = False
    """Whether a container saw it, and not the node: of all that is outside of its PID namespace nothing is known."""
    mounted_at: Mapping[tuple[str, int], int] | None = None
    """When the namespaces mounted in /run/netns were made, in seconds since the epoch by path and inode; None where the collector did not
    look. One that is missing was gone when it looked, after it had read the mount table."""
    health: RuntimeHealth | None = None
    """What the runtime needs to make a sandbox; None where the collector was not asked to look."""
    images: list[ImageOnNode] | None = None
    """Images on the node; None where the collector was not asked to look, or crictl did not answer."""
    volumes: Mapping[str, PodVolumes] | None = None
    """Mounted volumes by the uid of their pod, and who works in them; None where the collector was not asked to look."""
    links: Links | None = None
    """Interfaces of the node and of its pods; None where the collector was not asked to look."""
    log: NodeLog | None = None
    """What kubelet and runtime logged of the pods that the collector was asked about; None where it was asked about none."""


def node_facts(capture: Capture, source: str) -> NodeFacts:
    """Parse every section of a capture. A part that cannot be read becomes a note, and the rest goes on.

    Raises CaptureError where the API's part of a capture file makes no sense.
    """
    notes: list[str] = []
    pods = _answer(capture, "crictl.pods", parse_pods, notes)
    containers = _answer(capture, "crictl.ps", parse_ps, notes) if pods is not None else None
    if containers is None:
        pods = None
    statuses = (_answer(capture, "crictl.inspectp", parse_inspectp, notes) or []) if pods else []
    if capture.crictl is not None and not capture.crictl.get("socket"):
        notes.append(f"crictl {capture.crictl.get('path', '')} is there, but no runtime socket was found in the known places")
    crictl_failure = notes[0] if pods is None and notes else None  # all of them are of crictl until here
    bundles = {bundle.id: bundle for file in capture.bundles if (bundle := parse_bundle(file))}
    processes = parse_processes(capture.content("proc"))
    engines = engine_facts(capture, notes)
    header = parse_header(capture.header)
    host = host_namespaces(processes, header.reader)
    notes += limits_of_view(capture, processes, header.reader)
    reapers = capture.content("reapers")
    readings, last_runs = parse_reapers(reapers)
    shims = capture.content("shims")
    limits = parse_pid_limits(capture.content("pids"))
    return NodeFacts(
        header=header,
        crictl=capture.crictl,
        api=_api_view(capture, source),
        pods=pods,
        containers=containers,
        statuses={status.id: status for status in statuses},
        bundles=bundles,
        runtime=parse_version(capture.content("crictl.version")),
        mounts=parse_mountinfo(capture.content("mountinfo")),
        processes=processes,
        notes=notes,
        crictl_failure=crictl_failure,
        host=host,
        of_this_host=header.reader is not None,
        local=engines,
        shims=parse_shims(shims),
        shim_addresses=parse_shim_addresses(shims),
        routes=parse_routes(capture.content("routes")) if "routes" in capture.sections else None,
        interfaces=parse_interfaces(capture.content("interfaces")),
        fds=parse_fds(capture.content("fds") + b"\n" + capture.content("descriptors")),
        readings=readings,
        threads=parse_threads(reapers),
        last_runs=last_runs,
        executables=parse_executables(capture.content("exe")),
        arguments=parse_arguments(capture.content("args")),
        limits=limits,
        frozen=_frozen(capture),
        looks=parse_looks(capture, processes, readings, limits),
        os_name=_os_name(capture.content("os-release")),
        mounted_at=parse_mount_times(capture.content("netns")) if "netns" in capture.sections else None,
        health=runtime_health(capture),
        images=_answer(capture, "crictl.images", parse_images, notes),
        volumes=pod_volumes(capture),
        links=parse_links(capture.content("links")) if "links" in capture.sections else None,
        log=node_log(capture.sections.get("log")),
    )


def _frozen(capture: Capture) -> dict[str, Freezer] | None:
    """Runc freezes a container for a moment when it changes its devices (libcontainer, cgroups v1): one look may fall into that."""
    if "frozen" not in capture.sections:
        return None
    frozen = parse_frozen(capture.content("frozen"))
    if "frozen2" not in capture.sections:
        return frozen
    still = parse_frozen(capture.content("frozen2"))
    return {path: freezer for path, freezer in frozen.items() if path in still}


def _api_view(capture: Capture, source: str) -> ApiView | None:
    if capture.api is None:
        return None
    try:
        return decode_json(capture.api, ApiView)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        message = f"{source}: the API's part of the capture cannot be read: {error}"
        raise CaptureError("CaptureDamaged", message, "take it again: kubectl pause-inspect snapshot NODE -f FILE") from None


def _os_name(content: bytes) -> str | None:
    line = content.decode("utf-8", "backslashreplace").split("\n")[0]
    return line.removeprefix("PRETTY_NAME=").strip("\"'") or None


def _answer(capture: Capture, name: str, parse: Callable[[bytes], list[Fact]], notes: list[str]) -> list[Fact] | None:
    section = capture.sections.get(name)
    if section is None:
        return None
    command = name.replace(".", " ")
    if section.exit_code not in (0, None):
        detail = f": {section.errors[-1]}" if section.errors else ""
        killed = section.exit_code in KILLED
        how = "did not answer in its time, and was ended" if killed else f"failed with exit code {section.exit_code}"
        notes.append(f"{command} {how}{detail}")
        return None
    try:
        return parse(section.content)
    except UnreadableAnswer as error:
        notes.append(f"{command}: {error}")
        return None
