"""The report: the one document that every reading verb makes and shows a view of. Long, since it is one list of fields.

Field names are camelCase in JSON and YAML. A field that could not be filled is null, never absent. Times are RFC 3339, ages and
durations seconds, inodes and pids integers, ids whole. `schema.py` makes the JSON Schema of this document.
"""

from __future__ import annotations

from typing import Literal

import msgspec

AtFault = Literal[
    "spec", "application", "image", "registry", "network-plugin", "ipam", "node-disk", "node-kernel", "runtime", "kubelet", "storage",
    "scheduler", "cluster-config", "quota", "controller", "none",
]  # fmt: skip
"""Whose problem the cause of a stuck pod is. `none`: nothing is wrong."""
Scope = Literal["pod", "workload", "node", "cluster"]
"""What has the problem: this pod, every pod of its workload, every new pod of its node, or every node."""
Sharing = str
"""`host`, `pod`, `container:NAME`, `own` or `unknown`."""


class _Document(msgspec.Struct, rename="camel"):
    """camelCase, every field always printed."""


class Finding(_Document, kw_only=True):
    """Something wrong, with what proves it and what to do.

    `why` says more of a cause, where it is known: `at_fault`, whose problem it is (`none`: nothing is wrong); `scope`, what has it: this
    pod, every pod of its workload, every new pod of its node, or the cluster; `heals_itself`: `yes`, `no`, or `when: …`.
    """

    code: str
    severity: Literal["info", "warning", "critical"]
    subject: str
    message: str
    evidence: list[str]
    confidence: Literal["certain", "likely", "possible"]
    remedy: str | None = None
    at_fault: AtFault | None = None
    scope: Scope | None = None
    heals_itself: str | None = None


class PodIdentity(_Document, kw_only=True):
    """The API pod of a sandbox. `uid` is the one the runtime uses (a static pod's config hash); `owner` is `Kind/name`, and
    `workload` the same of what a person would change: the Deployment of a ReplicaSet.

    `phase` is null where the API knows no such pod, or was not asked. `kind` tells an API pod from a static pod, and both from what
    `local` finds beside them: pods of podman, containers of Docker or podman that share namespaces, and pods made by hand; these have
    `docker`, `podman` or `by hand` for a namespace.
    """

    namespace: str
    name: str
    uid: str
    phase: str | None = None
    owner: str | None = None
    workload: str | None = None
    kind: Literal["api", "static", "docker", "podman", "hand-made"] | None = None


class SandboxNamespace(_Document, kw_only=True):
    """One namespace of a sandbox: its inode, whether it is the node's own, and what keeps it alive.

    `held_by`: `pid:904` (the holder first, then other processes, at most a few), `/run/netns/...` (a mount), `fd:812/7` (descriptor 7 of
    pid 812, only where `--fds` asked for them). `processes` is how many processes are in it, null for the node's own; 0 is one that
    outlived them.
    """

    inode: int | None = None
    host: bool | None = None
    held_by: list[str] = []
    processes: int | None = None


class ContainerNamespace(_Document, kw_only=True):
    """One namespace of a container's init process. `expected` and `drift` are null where they are not computed."""

    inode: int | None = None
    sharing: Sharing = "unknown"
    expected: str | None = None
    drift: bool | None = None


class Container(_Document, kw_only=True):
    """A container of a sandbox, its newest attempt. `pid` is its init process as the node counts pids.

    `state` is the runtime's (created, running, exited, unknown) or `waiting` for one that the runtime has not made;
    `reason` the kubelet's word for it.
    """

    name: str
    kind: Literal["app", "init", "sidecar", "ephemeral"] | None = None
    id: str | None = None
    pid: int | None = None
    state: str | None = None
    reason: str | None = None
    restarts: int | None = None
    namespaces: dict[str, ContainerNamespace] | None = None


class PidScope(_Document, kw_only=True):
    """One limit on the number of tasks, zombies included.

    `scope`: `container:NAME`, `pod`, `cgroup:PATH` (an ancestor), `kernel.pid_max` or `kernel.threads-max`. `refused` is how many forks
    failed in that cgroup or below it since it was made, by this limit or another. `growth_per_second` is null where there was one look.
    """

    scope: str
    current: int
    max: int
    zombies: int | None = None
    refused: int | None = None
    growth_per_second: float | None = None
    seconds_left: float | None = None


class Pids(_Document, kw_only=True):
    """Tasks charged and allowed where the room is least: `limited_by` names that scope; `scopes` has every limit that applies."""

    current: int | None = None
    max: int | None = None
    limited_by: str | None = None
    scopes: list[PidScope] = []


class Reaper(_Document, kw_only=True):
    """The process that is PID 1 of a PID namespace.

    `role`: `pause` (the sandbox's own process, whatever its name), `container:NAME`, `host` or `unknown`. `handles_sigchld`: `ignore`
    (the kernel reaps), `waiting` (asleep in a wait for any child), `signalfd`, `blocked`, `handler`, `default`. `capable` is how sure it
    is that it reaps what it adopts. `has_reaped` only of a pause; `idle` and `reaped_in_window` only where there were two looks.
    `arguments` are the process's own word, null unless `--args` asked for them; cut after 1024 bytes, the last one ends in `...` then.
    """

    pid: int
    ns_pid: int | None = None
    comm: str
    executable: str | None = None
    arguments: list[str] | None = None
    role: str
    state: Literal["running", "stopped", "traced", "frozen", "dead"]
    handles_sigchld: Literal["handler", "ignore", "default", "blocked", "signalfd", "waiting", "unknown"]
    asleep_in: str | None = None
    capable: Literal["yes", "likely", "unknown", "unlikely", "no"]
    has_reaped: Literal["yes", "no", "unknown"]
    reaped_in_window: bool | None = None
    idle: bool | None = None
    version: str | None = None


class PidNamespace(_Document, kw_only=True):
    """A PID namespace of a pod, and who reaps in it. `members`: `pause` and names of containers; `inode` null where none was seen.
    `processes` is null for the node's own: its number differs from look to look.

    `verdict`: `nothing-to-reap`, `not-by-pause` (the node's own namespace), `reaps`, `able`, `likely`, `unknown`, `unlikely`,
    `does-not-reap`.
    """

    inode: int | None = None
    members: list[str]
    processes: int | None = None
    reaper: Reaper | None = None
    zombies: int
    verdict: str
    evidence: list[str]


class ZombieParent(_Document, kw_only=True):
    """The process that a zombie waits for. `role`: `pause`, `container:NAME` (PID 1 of that container's own PID namespace),
    `process:NAME` (another process of it, its main process in a shared PID namespace and the PID 1 of a nested one included),
    `runtime` (shim, conmon, runc), `kubelet`, `host`, or `unknown`. `arguments` as in Reaper.
    """

    pid: int
    comm: str | None = None
    arguments: list[str] | None = None
    role: str


class Zombie(_Document, kw_only=True):
    """A process that has ended and that nobody has waited for; `dead-leader`: other threads of it live, so nobody can, yet.

    `age_seconds` is right within a second; null where the clock of the CPU on which it died could not be read. `lasting`: true where
    two looks have seen it, false where it was gone at the second, null where there was one look or it is newer than the first.
    `exit_code` or `signal` is how it ended.
    """

    pid: int
    ns_pid: int | None = None
    comm: str
    ppid: int
    parent: ZombieParent
    container: str | None = None
    exit_code: int | None = None
    signal: int | None = None
    age_seconds: float | None = None
    lasting: bool | None = None
    attributed_by: Literal["cgroup", "pid-namespace", "parent", "shim"] | None = None
    confidence: Literal["certain", "likely", "possible"] | None = None
    kind: Literal["zombie", "dead-leader"]


class ZombieGroup(_Document, kw_only=True):
    """Zombies with the same parent, and what is wrong. `verdict` is the code of the finding; `pids` are the first few.

    `names` counts them by comm. `count` is all, `transient` those that were gone at a second look. `remedies` are lines to paste.
    """

    verdict: str
    severity: Literal["info", "warning", "critical"]
    confidence: Literal["certain", "likely", "possible"]
    message: str
    evidence: list[str]
    remedies: list[str]
    parent: ZombieParent
    container: str | None = None
    count: int
    transient: int
    names: dict[str, int]
    pids: list[int]
    oldest_seconds: float | None = None
    newest_seconds: float | None = None


class Stranger(_Document, kw_only=True):
    """A process that is in a pod's namespaces but in none of its cgroups (`joined`), or in its cgroups but not in its namespaces (`left`).

    `namespaces` are the types that it joined or left; `container` is the one whose cgroup it left from, or whose own namespace it joined.
    Its children that did the same are not listed but counted: `descendants`.
    """

    pid: int
    comm: str
    kind: Literal["joined", "left"]
    namespaces: list[str]
    container: str | None = None
    parent_pid: int | None = None
    parent_comm: str | None = None
    descendants: int = 0


class Proof(_Document, kw_only=True):
    """A command that a person can run on the node, and what it printed at the moment of the capture."""

    command: str
    prints: str
    shows: str


class SandboxProcess(_Document, kw_only=True):
    """A process of a sandbox: the holder, of a container where it is known which, or a zombie. `state` is the kernel's letter.

    `ns_pid` is its pid in its own PID namespace, `attributed_by` and `confidence` how it is known to be of this sandbox: `possible` is a
    process that is in no cgroup of the pod.
    """

    pid: int
    ns_pid: int | None = None
    ppid: int
    comm: str
    state: str
    container: str | None = None
    attributed_by: Literal["cgroup", "pid-namespace", "parent", "shim"]
    confidence: Literal["certain", "likely", "possible"]


class LeftoverNamespace(_Document, kw_only=True):
    """A namespace that outlived its last process, and that no sandbox of the report names; `held_by` as in SandboxNamespace."""

    type: str
    inode: int
    held_by: list[str]


class Sandbox(_Document, kw_only=True):
    """A sandbox, and perhaps a process that holds its namespaces.

    `current` is true for the one of its pod that is ready or newest; the others are older. `attempt` and `created_at` are
    null where only crictl could tell. `holder`: `pause`, `other` (a process of another name), `none` (a normal state), `virtual`
    (gVisor, Kata: the host's view of namespaces means nothing) or `unknown` (seen from inside the pod alone; `id` is 64 zeros where that
    was not seen either, and pids are those inside). `processes` only where they were asked for.
    """

    id: str
    pod: PodIdentity
    current: bool
    state: Literal["ready", "notready"] | None = None
    attempt: int | None = None
    created_at: str | None = None
    ips: list[str] = []
    runtime_handler: str | None = None
    image: str | None = None
    pid: int | None = None
    holder: Literal["pause", "other", "none", "virtual", "unknown"]
    holder_command: str | None = None
    namespaces: dict[str, SandboxNamespace]
    containers: list[Container]
    pid_namespaces: list[PidNamespace] | None = None
    zombies: list[Zombie] | None = None
    zombie_groups: list[ZombieGroup] = []
    pids: Pids | None = None
    strangers: list[Stranger] = []
    proofs: list[Proof] | None = None
    processes: list[SandboxProcess] | None = None
    notes: list[str] = []
    findings: list[Finding] = []


class PodWithoutSandbox(_Document, kw_only=True):
    """A pod bound to the node for which the runtime shows no sandbox, with what the API says of it.

    `reason` and `message` are those of its status: why the kubelet rejected or evicted it.
    """

    pod: PodIdentity
    reason: str | None = None
    message: str | None = None
    containers: list[Container]
    notes: list[str] = []


class RuntimeInfo(_Document, kw_only=True):
    """The container runtime: `containerd`, `cri-o`, `docker`."""

    name: str
    version: str | None = None


class CrictlSource(_Document, kw_only=True):
    """The crictl that was asked, on the node."""

    path: str
    version: str | None = None
    socket: str | None = None


class Sources(_Document, kw_only=True):
    """What the report stands on. `crictl` is null where there was none, or none that answered: `crictl_failure` says why then.

    `runtime`: whether anything of the container runtime could be read; where not, sandboxes are unknown and not absent.
    `descriptors_cut`: more descriptors are open on namespaces than `--fds` looks at.
    """

    crictl: CrictlSource | None = None
    crictl_failure: str | None = None
    bundles: bool = False
    runtime: bool = True
    descriptors_cut: bool = False
    api: bool = False
    tracefs: bool | None = None
    notes: list[str] = []


class NodePids(_Document, kw_only=True):
    """Tasks of the whole node against `kernel.pid_max` and `kernel.threads-max`; `zombies` is how many of them are."""

    current: int | None = None
    max: int | None = None
    threads_max: int | None = None
    zombies: int | None = None


class NodeReport(_Document, kw_only=True):
    """One node at one moment. `window_seconds` is the time between two looks at its processes, null where there was one."""

    name: str
    kernel: str | None = None
    os: str | None = None
    runtime: RuntimeInfo | None = None
    cgroup: Literal["v1", "v2", "hybrid"] | None = None
    captured_at: str | None = None
    seconds: float | None = None
    sources: Sources
    pids: NodePids
    sandboxes: list[Sandbox]
    pods_without_sandbox: list[PodWithoutSandbox] = []
    host_zombies: list[Zombie] | None = None
    host_zombie_groups: list[ZombieGroup] = []
    window_seconds: float | None = None
    leftover_namespaces: list[LeftoverNamespace] = []
    findings: list[Finding] = []


class Answer(_Document, kw_only=True):
    """What `who` says of one input on one node.

    `asked` is the input, `understood_as` what it was taken for (`pid 904`, `sandbox id prefix 3f2a`), `role` what the thing is to its pod
    (`pause`, `container:NAME` for that container's init process, `process:NAME` for another process of it, `sandbox`, `namespace`,
    `stranger`, `runtime`, `host`, `pod` where only the API was asked, `node`), `known_by` the evidence, strongest first. `next_step` is a
    command that shows more, where what was asked for has one of its own.
    """

    asked: str
    understood_as: str
    node: str
    pod: PodIdentity | None = None
    sandbox: str | None = None
    container: str | None = None
    pid: int | None = None
    comm: str | None = None
    role: str | None = None
    known_by: list[str]
    confidence: Literal["certain", "likely", "possible"]
    next_step: str | None = None


class Step(_Document, kw_only=True):
    """A step of a pod's way up or down, in the order in which it is gone. `state`: `done`, `here` (the pod stands at it), `ahead`,
    `unknown` (the API does not tell whether it is done).

    `ended_at` is null for one that is not over; `seconds` is how long it took, or has taken so far. `proof` is what says so.
    """

    name: Literal["scheduled", "taken", "sandbox", "initialized", "started", "ready", "grace", "stopped", "released"]
    state: Literal["done", "here", "ahead", "unknown"]
    ended_at: str | None = None
    seconds: float | None = None
    proof: str | None = None


class Explanation(_Document, kw_only=True):
    """What `why` says of one pod.

    `state`: `unscheduled`, `creating`, `terminating`, `failed`, `completed`, `not-ready`, `ready`. `summary` is one sentence. `cause` is
    the first thing that stops the pod, null where nothing does, or where nothing tells what does: `summary` says which. `next` is what
    happens by itself, and when. `also` is what is wrong besides. `log` are lines of the kubelet and the runtime about the pod, `TIME UNIT:
    TEXT`, the newest last: beside the evidence and none of it; null where it was not read, or could not be. `unread` is what could not be
    looked at, and why.
    """

    pod: PodIdentity
    node: str | None = None
    state: Literal["unscheduled", "creating", "terminating", "failed", "completed", "not-ready", "ready"]
    summary: str
    cause: Finding | None = None
    next: str | None = None
    steps: list[Step]
    also: list[Finding] = []
    log: list[str] | None = None
    unread: list[str] = []


class Failure(_Document, kw_only=True):
    """A node or pod that could not be read: the rest of the report is whole."""

    reason: str
    message: str
    hint: str | None = None
    node: str | None = None
    pod: str | None = None


class Report(_Document, kw_only=True):
    """The document."""

    api_version: Literal["pause-inspect/v1"] = "pause-inspect/v1"
    kind: Literal["Report"] = "Report"
    tool_version: str
    started_at: str
    seconds: float | None = None
    nodes: list[NodeReport]
    answers: list[Answer] = []
    explanations: list[Explanation] = []
    errors: list[Failure]
