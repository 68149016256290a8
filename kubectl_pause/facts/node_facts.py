"""All facts of one capture, parsed once: what the join works on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import msgspec

from kubectl_pause.facts.api import ApiView
from kubectl_pause.facts.bundle import Bundle, parse_bundle
from kubectl_pause.facts.capture import CaptureError
from kubectl_pause.facts.cgroup import owner_of_process
from kubectl_pause.facts.cri import (
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
from kubectl_pause.facts.decoding import decode_json
from kubectl_pause.facts.fds import OpenNamespaces, parse_fds
from kubectl_pause.facts.local_facts import (
    LocalFacts,
    engine_facts,
    find_hand_made,
    host_namespaces,
    limits_of_view,
    own_by_pid,
    reader_of,
)
from kubectl_pause.facts.looks import Look, parse_looks
from kubectl_pause.facts.mounts import Mounts, parse_mountinfo
from kubectl_pause.facts.pid_limits import Freezer, PidLimit, parse_frozen, parse_pid_limits
from kubectl_pause.facts.process import Process, parse_processes
from kubectl_pause.facts.reapers import LastRuns, Reading, parse_executables, parse_reapers, parse_threads
from kubectl_pause.facts.routes import parse_interfaces, parse_routes
from kubectl_pause.facts.shims import parse_shims

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kubectl_pause.facts.capture import Capture

Fact = TypeVar("Fact")
_KILLED = (124, 137)
"""Exit codes of a crictl call that the collector ended at its time limit: its own, and a shell's for SIGKILL."""


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """Typed facts of one node.

    `pods` and `containers` are None where crictl was not there or did not answer; `crictl_failure` says why it did not. `members` has
    the pids of each container or sandbox id by their cgroup, `owner` the reverse. `shims` are claims (see facts/shims.py); `routes` is
    None where the collector did not look, `interfaces` are the names of the node's by number, `fds` is empty where it was not asked to.
    `host` are the node's own namespaces; `local` is empty where a node of a cluster was read.
    """

    capture: Capture
    api: ApiView | None
    pods: list[CriSandbox] | None
    containers: list[CriContainer] | None
    statuses: Mapping[str, CriSandboxStatus]
    bundles: Mapping[str, Bundle]
    runtime: RuntimeVersion | None
    mounts: Mounts
    processes: Mapping[int, Process]
    owner: Mapping[int, str]
    members: Mapping[str, list[int]]
    notes: list[str]
    crictl_failure: str | None
    host: Mapping[str, int]
    local: LocalFacts
    shims: Mapping[int, str]
    routes: Mapping[str, tuple[str, ...]] | None
    interfaces: Mapping[int, str]
    fds: OpenNamespaces
    readings: Mapping[int, Reading]
    """Processes that could reap, looked at closely."""
    threads: Mapping[int, int]
    """Pid by thread id, of those processes."""
    last_runs: LastRuns
    """When zombies last ran."""
    executables: Mapping[int, str]
    """Paths of executables by pid; of processes that could reap."""
    limits: Mapping[str, PidLimit]
    """Tasks charged and allowed by cgroup; empty where the collector did not look."""
    frozen: Mapping[str, Freezer] | None
    """Frozen cgroups; None where the collector did not look."""
    looks: tuple[Look, ...]
    """See facts/looks.py."""
    os_name: str | None
    """PRETTY_NAME of os-release(5)."""


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
    told = (*(pods or ()), *(containers or ()), *engines.containers)
    of_containers = (*bundles.values(), *(containers or ()))
    owner, members = _owners(processes, {*bundles, *(each.id for each in told), *(each.sandbox_id for each in of_containers)})
    reader = reader_of(capture)
    host = host_namespaces(processes, reader)
    own_by_pid(processes, engines.containers, owner, members)
    made = find_hand_made(processes, host, owner, members) if reader else ()
    notes += limits_of_view(capture, processes, reader)
    reapers = capture.content("reapers")
    readings, last_runs = parse_reapers(reapers)
    limits = parse_pid_limits(capture.content("pids"))
    return NodeFacts(
        capture=capture,
        api=_api_view(capture, source),
        pods=pods,
        containers=containers,
        statuses={status.id: status for status in statuses},
        bundles=bundles,
        runtime=parse_version(capture.content("crictl.version")),
        mounts=parse_mountinfo(capture.content("mountinfo")),
        processes=processes,
        owner=owner,
        members=members,
        notes=notes,
        crictl_failure=crictl_failure,
        host=host,
        local=replace(engines, hand_made=made),
        shims=parse_shims(capture.content("shims")),
        routes=parse_routes(capture.content("routes")) if "routes" in capture.sections else None,
        interfaces=parse_interfaces(capture.content("interfaces")),
        fds=parse_fds(capture.content("fds")),
        readings=readings,
        threads=parse_threads(reapers),
        last_runs=last_runs,
        executables=parse_executables(capture.content("exe")),
        limits=limits,
        frozen=parse_frozen(capture.content("frozen")) if "frozen" in capture.sections else None,
        looks=parse_looks(capture, processes, readings, limits),
        os_name=_os_name(capture.content("os-release")),
    )


def labels_by_uid(nodes: Iterable[NodeFacts]) -> dict[str, dict[str, str]]:
    """Labels of the pods of nodes, by the uid that the runtime uses: the API's where it is there, else crictl's."""
    labels: dict[str, dict[str, str]] = {}
    for facts in nodes:
        labels.update({pod.uid: dict(pod.labels) for pod in facts.pods or () if pod.uid})
        labels.update({pod.runtime_uid: pod.metadata.labels or {} for pod in (facts.api.pods if facts.api else ())})
    return labels


def _api_view(capture: Capture, source: str) -> ApiView | None:
    if capture.api is None:
        return None
    try:
        return decode_json(capture.api, ApiView)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        message = f"{source}: the API's part of the capture cannot be read: {error}"
        raise CaptureError("CaptureDamaged", message, "take it again: kubectl pause-inspect snapshot NODE -o FILE") from None


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
        killed = section.exit_code in _KILLED
        how = "did not answer in its time, and was ended" if killed else f"failed with exit code {section.exit_code}"
        notes.append(f"{command} {how}{detail}")
        return None
    try:
        return parse(section.content)
    except UnreadableAnswer as error:
        notes.append(f"{command}: {error}")
        return None


def _owners(processes: Mapping[int, Process], known: set[str]) -> tuple[dict[int, str], dict[str, list[int]]]:
    """Container id of each process by its cgroup. Many processes share one cgroup text, so each text is parsed once."""
    by_text: dict[str, str | None] = {}
    owner: dict[int, str] = {}
    members: dict[str, list[int]] = {}
    for process in processes.values():
        if process.cgroups not in by_text:
            found = owner_of_process(process.cgroups, known)
            by_text[process.cgroups] = found.container_id if found else None
        identifier = by_text[process.cgroups]
        if identifier:
            owner[process.pid] = identifier
            members.setdefault(identifier, []).append(process.pid)
    return owner, members
