"""What is wrong with the namespaces of a node, each with its evidence: one function per code.

`namespace/drift`, `namespace/left`, `namespace/joined`, `sandbox/pause-gone` of a sandbox; `namespace/outlived`, `node/runtime-unread`,
`node/crictl-failed`, `node/descriptors-cut` of a node. Remedies are
text for a person: nothing of them is ever done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kubectl_pause import notes
from kubectl_pause.join.sandboxes import WithoutHolder
from kubectl_pause.judge.guards import may_be_in_the_making
from kubectl_pause.judge.made_anew import made_anew
from kubectl_pause.pasting import as_word
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.join.joined_node import JoinedNode
    from kubectl_pause.join.sandboxes import JoinedSandbox
    from kubectl_pause.judge.namespaces.drift import Comparisons
    from kubectl_pause.report import Container, ContainerNamespace, LeftoverNamespace, PodIdentity, Sandbox, Sources, Stranger

_MOST_LINES = 10
"""Lines of evidence in one finding; how many more there are is said."""

_PINNED = "/pinned-namespaces/"
"""Where containerd keeps the user namespace of a sandbox (`internal/cri/server/podsandbox`), until it forgets the sandbox."""

_MATTERS = {
    "net": "it has other addresses, routes and ports than its pod",
    "ipc": "shared memory and semaphores are not those of its pod",
    "uts": "its host name may be another",
    "pid": "it sees other processes, and another process has to reap its orphans",
    "user": "its users are others on the node than the spec promises",
    "mnt": "it sees the files of another",
    "cgroup": "it sees other cgroup paths",
    "time": "its clocks may differ",
}
_WHOSE = {"host": "the node's", "pod": "the pod's", "own": "its own"}


def sandbox_findings(node: JoinedNode, joined: JoinedSandbox, compared: Comparisons, strangers: Sequence[Stranger]) -> list[Finding]:
    """All findings of one sandbox, warnings first."""
    pod = joined.shown.pod
    drifts = _drift(node, joined, compared)
    return [*_pause_gone(node, joined), *drifts, *_joined(pod, strangers), *_left(pod, strangers)]


def node_findings(node: JoinedNode) -> list[Finding]:
    """Findings of the node itself. What containerd pins for a sandbox with users of its own goes with the sandbox: no finding."""
    left = [each for each in node.leftovers if not all(_PINNED in holder for holder in each.held_by)]
    return [*_outlived(node.about.name, [each for each in left if not may_be_in_the_making(node.facts, each)])]


def source_findings(node: str, sources: Sources) -> list[Finding]:
    """What of the node could not be read, which must not look like what is not there."""
    said = [sources.crictl_failure] if sources.crictl_failure else []
    findings: list[Finding] = []

    def unread(code: str, severity: Literal["info", "warning"], message: str, evidence: list[str], remedy: str) -> None:
        subject = f"node {node}"
        findings.append(
            Finding(code=code, severity=severity, subject=subject, message=message, evidence=evidence, confidence="certain", remedy=remedy)
        )

    if not sources.runtime:
        evidence = [*(said or ["no crictl answered"]), "no state files of containerd or CRI-O are in the known places"]
        remedy = "on the node: crictl pods; where that is missing (Docker with cri-dockerd), install cri-tools there"
        unread("node/runtime-unread", "warning", notes.RUNTIME_UNREAD, evidence, remedy)
    elif sources.crictl_failure and (too_large := _list_too_large(node, sources.crictl_failure)):
        findings.append(too_large)
    elif said:
        message = "crictl did not answer: sandboxes are known from the runtime's state files alone, stopped ones and attempts are not"
        remedy = "on the node: crictl pods; is the container runtime well? a longer --timeout gives crictl longer too"
        unread("node/crictl-failed", "warning", message, said, remedy)
    if sources.descriptors_cut:
        message = "not all open descriptors were looked at: a namespace or a volume may be held by other processes too"
        unread(
            "node/descriptors-cut",
            "info",
            message,
            ["the collector stopped at its limit"],
            "on the node: lsns --output-all; which process has so many open: ls -d /proc/[0-9]*/fd/4096",
        )
    return findings


def _list_too_large(node: str, failure: str) -> Finding | None:
    """The one failure of crictl that the kubelet has as well."""
    if "larger than max" not in failure:
        return None
    from kubectl_pause.judge.stuck.recognise import Circumstances, judge_text
    from kubectl_pause.known_causes.sandboxes import SANDBOXES

    return judge_text(failure, SANDBOXES, Circumstances(node=node), f"node {node}", [failure])


def in_words(sharing: str) -> str:
    """`own` as `its own`, `container:app` as `that of container app`."""
    return _WHOSE.get(sharing) or (f"that of {sharing.replace(':', ' ', 1)}" if ":" in sharing else sharing)


def name_of(pod: PodIdentity, container: str | None = None) -> str:
    """`NAMESPACE/POD`, and which container of it: a finding's subject."""
    return f"{pod.namespace}/{pod.name}" + (f" container {container}" if container else "")


def _drift(node: JoinedNode, joined: JoinedSandbox, compared: Comparisons) -> Iterator[Finding]:
    sandbox, pod = joined.shown, joined.pod
    for container in sandbox.containers if pod else ():
        for kind, namespace in (container.namespaces or {}).items():
            comparison = compared.get((container.id or "", kind))
            if pod is None or comparison is None or not comparison.drift:
                continue
            seen, expected = in_words(namespace.sharing), comparison.expectation
            yield Finding(
                code="namespace/drift",
                severity="warning",
                subject=name_of(sandbox.pod, container.name),
                message=f"its {kind} namespace is {seen}, expected {in_words(expected.sharing)}: {_MATTERS[kind]}",
                evidence=[f"expected because {expected.because}", *_inodes(node.facts, sandbox, container, kind, namespace)],
                confidence="certain",
                remedy=_of_drift(sandbox.pod, pod, container, kind),
            )


def _of_drift(identity: PodIdentity, pod: Pod, container: Container, kind: str) -> str:
    """An ephemeral container is never started again, and it ends with its pod: another one is asked for in its place."""
    joins = "look for what runs unshare, nsenter or setns(2) as its PID 1"
    if container.kind != "ephemeral":
        return f"{joins}; started again, the container gets what the spec says: {made_anew(identity)}"
    target = next((each.target_container_name for each in pod.spec.ephemeral_containers or () if each.name == container.name), None)
    if kind != "pid" or not target:
        return f"{joins}; an ephemeral container is not started again: ask for another one"
    return (
        "the runtime may not support targetContainerName (CRI: NamespaceMode TARGET), and then says nothing: see its version; the "
        f"processes of the target can be seen from the node: nsenter -t PID -p -m, with the pid of container {as_word(target)}"
    )


def _inodes(facts: NodeFacts, sandbox: Sandbox, container: Container, kind: str, namespace: ContainerNamespace) -> list[str]:
    """The inodes of the container, the sandbox and the node: the comparison itself."""
    lines = [f"container, pid {container.pid}: {kind}:[{namespace.inode}]"]
    of_sandbox = sandbox.namespaces[kind]
    if of_sandbox.inode is not None:
        by = f"pid {sandbox.pid}" if sandbox.pid else next(each for each in of_sandbox.held_by if each.startswith("/"))
        lines.append(f"sandbox, {by}: {kind}:[{of_sandbox.inode}]")
    if kind in facts.host:
        lines.append(f"node, pid 1: {kind}:[{facts.host[kind]}]")
    return lines


def _pause_gone(node: JoinedNode, joined: JoinedSandbox) -> Iterator[Finding]:
    """Containers without their pause. One that is being deleted is on its way out: that is how it ends."""
    sandbox, pod = joined.shown, joined.pod
    alive = [each for each in sandbox.containers if each.pid and not node.facts.processes[each.pid].is_dead]
    if joined.without_holder is not WithoutHolder.PAUSE_GONE or not alive or (pod and pod.metadata.deletion_timestamp):
        return
    lost = [kind for kind in ("net", "ipc", "uts", "pid") if sandbox.namespaces[kind].inode is None]
    told = f"the runtime calls it {sandbox.state}" if sandbox.state else "the runtime keeps no state of it"
    yield Finding(
        code="sandbox/pause-gone",
        severity="warning",
        subject=name_of(sandbox.pod),
        message="the pause process is gone while containers still run: a container that starts again cannot join their namespaces",
        evidence=[
            f"sandbox {sandbox.id[:13]}: no process in its cgroup; {told}",
            *(f"container {each.name} runs, pid {each.pid}" for each in alive[:_MOST_LINES]),
            *([f"held by its containers alone: {', '.join(lost)}"] if lost else []),
        ],
        confidence="certain" if sandbox.state == "notready" else "likely",
        remedy=_of_lost_pause(sandbox.pod),
    )


def _of_lost_pause(pod: PodIdentity) -> str:
    """The kubelet makes up for it; nobody does so for an engine."""
    if pod.kind in ("docker", "podman"):
        return f"start what held the namespaces of {as_word(pod.name)} again, and then the containers that had joined it"
    return f"the kubelet makes a new sandbox and starts all containers again; where this lasts, see its log, or do it: {made_anew(pod)}"


def _joined(pod: PodIdentity, strangers: Iterable[Stranger]) -> Iterator[Finding]:
    strangers = [each for each in strangers if each.kind == "joined"]
    for container in _containers_of(strangers):
        of_container = [each for each in strangers if each.container == container]
        yield Finding(
            code="namespace/joined",
            severity="info",
            subject=name_of(pod, container),
            message="processes that are not the pod's are in its namespaces: they see what it sees, and keep the namespaces alive",
            evidence=_bounded(f"{_process(each)} is in {', '.join(each.namespaces)} and in no cgroup of the pod" for each in of_container),
            confidence="certain",
            remedy="see who started them: ps -o pid,ppid,user,lstart,comm -p "
            + ",".join(str(each.pid) for each in of_container[:_MOST_LINES]),
        )


def _left(pod: PodIdentity, strangers: Iterable[Stranger]) -> Iterator[Finding]:
    strangers = [each for each in strangers if each.kind == "left"]
    for container in _containers_of(strangers):
        of_container = [each for each in strangers if each.container == container]
        yield Finding(
            code="namespace/left",
            severity="info",
            subject=name_of(pod, container),
            message="processes of it are in other namespaces than it is: what holds for the pod need not hold for them",
            evidence=_bounded(f"{_process(each)} has left {', '.join(each.namespaces)}" for each in of_container),
            confidence="certain",
            remedy="as meant for a nested runtime, a build or a browser's sandbox; else look for unshare or setns(2) in the container",
        )


def _outlived(node: str, leftovers: list[LeftoverNamespace]) -> Iterator[Finding]:
    if leftovers:
        yield Finding(
            code="namespace/outlived",
            severity="info",
            subject=f"node {node}",
            message=f"namespaces with no process and of no sandbox are kept alive: {len(leftovers)}",
            evidence=_bounded(f"{each.type}:[{each.inode}] by {', '.join(each.held_by)}" for each in leftovers),
            confidence="likely",  # a thread that is alone in one is not seen
            remedy="left behind by a runtime, or made to last (ip netns add, an engine's own); else it ends with its mount or descriptor",
        )


def _containers_of(strangers: Iterable[Stranger]) -> list[str | None]:
    return list(dict.fromkeys(each.container for each in strangers))


def _process(stranger: Stranger) -> str:
    parent = f", child of pid {stranger.parent_pid} ({stranger.parent_comm})" if stranger.parent_pid and stranger.parent_comm else ""
    below = f" with {stranger.descendants} below it" if stranger.descendants else ""
    return f"pid {stranger.pid} ({stranger.comm}){parent}{below}"


def _bounded(lines: Iterable[str]) -> list[str]:
    whole = list(lines)
    more = len(whole) - _MOST_LINES
    return whole[:_MOST_LINES] + ([f"and {more} more"] if more > 0 else [])
