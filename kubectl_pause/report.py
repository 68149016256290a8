"""The report: the one document that every reading verb makes and shows a view of.

Field names are camelCase in JSON and YAML. A field that could not be filled is null, never absent. Times are RFC 3339, ages and
durations seconds, inodes and pids integers, ids whole. `schema` of this document: `msgspec.json.schema(Report)`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Sharing = str
"""`host`, `pod`, `container:NAME`, `own` or `unknown`."""


class _Document(msgspec.Struct, rename="camel"):
    """camelCase, every field always printed."""


class Finding(_Document, kw_only=True):
    """Something wrong, with what proves it and what to do."""

    code: str
    severity: Literal["info", "warning", "critical"]
    subject: str
    message: str
    evidence: list[str]
    confidence: Literal["certain", "likely", "possible"]
    remedy: str | None = None


class PodIdentity(_Document, kw_only=True):
    """The API pod of a sandbox. `uid` is the one the runtime uses (a static pod's config hash); `owner` is `Kind/name`.

    `phase` is null where the API knows no such pod, or was not asked. `kind` tells an API pod from a static pod, and both from what
    `local` finds beside them: pods of podman, containers of Docker or podman that share namespaces, and pods made by hand; these have
    `docker`, `podman` or `by hand` for a namespace.
    """

    namespace: str
    name: str
    uid: str
    phase: str | None = None
    owner: str | None = None
    kind: Literal["api", "static", "docker", "podman", "hand-made"] | None = None


class SandboxNamespace(_Document, kw_only=True):
    """One namespace of a sandbox: its inode, whether it is the node's own, and what keeps it alive.

    `held_by`: `pid:904` (the holder first, then other processes, at most a few), `/run/netns/...` (a mount), `fd:812/7` (descriptor 7 of
    pid 812, only where `--fds` asked for them). `processes` is how many processes are in it; 0 is one that outlived them.
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


class Pids(_Document, kw_only=True):
    """Tasks charged and allowed."""

    current: int | None = None
    max: int | None = None
    limited_by: str | None = None


class Stranger(_Document, kw_only=True):
    """A process that is in a pod's namespaces but in none of its cgroups (`joined`), or in its cgroups but not in its namespaces (`left`).

    `namespaces` are the types that it joined or left; `container` is the one whose cgroup it left from, or whose own namespace it joined.
    """

    pid: int
    comm: str
    kind: Literal["joined", "left"]
    namespaces: list[str]
    container: str | None = None
    parent_pid: int | None = None
    parent_comm: str | None = None


class Proof(_Document, kw_only=True):
    """A command that a person can run on the node, and what it printed at the moment of the capture."""

    command: str
    prints: str
    shows: str


class LeftoverNamespace(_Document, kw_only=True):
    """A namespace that outlived its last process, and that no sandbox of the report names; `held_by` as in SandboxNamespace."""

    type: str
    inode: int
    held_by: list[str]


class Sandbox(_Document, kw_only=True):
    """A sandbox, and perhaps a process that holds its namespaces.

    `current` is true for the one of its pod that is ready or newest; the others are older. `attempt` and `created_at` are
    null where only crictl could tell. `holder`: `pause`, `other` (a process of another name), `none` (a normal state) or
    `virtual` (gVisor, Kata: the host's view of namespaces means nothing).
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
    holder: Literal["pause", "other", "none", "virtual"]
    holder_command: str | None = None
    namespaces: dict[str, SandboxNamespace]
    containers: list[Container]
    pid_namespaces: list[dict[str, object]] | None = None
    zombies: list[dict[str, object]] | None = None
    pids: Pids | None = None
    strangers: list[Stranger] = []
    proofs: list[Proof] | None = None
    notes: list[str] = []
    findings: list[Finding] = []


class PodWithoutSandbox(_Document, kw_only=True):
    """A pod bound to the node for which the runtime shows no sandbox, with what the API says of it."""

    pod: PodIdentity
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
    """What the report stands on. `crictl` is null where there was none, or none that answered: see `notes`."""

    crictl: CrictlSource | None = None
    bundles: bool = False
    api: bool = False
    tracefs: bool | None = None
    notes: list[str] = []


class NodePids(_Document, kw_only=True):
    """Tasks of the whole node against `kernel.pid_max` and `kernel.threads-max`."""

    current: int | None = None
    max: int | None = None
    threads_max: int | None = None


class NodeReport(_Document, kw_only=True):
    """One node at one moment."""

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
    host_zombies: list[dict[str, object]] | None = None
    leftover_namespaces: list[LeftoverNamespace] = []
    findings: list[Finding] = []


class Answer(_Document, kw_only=True):
    """What `who` says of one input on one node.

    `asked` is the input, `understood_as` what it was taken for (`pid 904`, `sandbox id prefix 3f2a`), `role` what the thing is to its pod
    (`pause`, `container:NAME` for that container's init process, `process:NAME` for another process of it, `sandbox`, `namespace`,
    `stranger`, `runtime`, `host`), `known_by` the evidence, strongest first.
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
    errors: list[Failure]
