"""Pods and nodes as the API tells of them: only the fields that the join needs, so that no environment variable is ever kept.

Field names are those of `v1.Pod` and `v1.Node`. The same shapes are what a capture file stores. Long, since it is one list of types.
"""

from __future__ import annotations

import ipaddress

import msgspec

from kubectl_pause.facts.program_names import program_names


class _Kubernetes(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Kubernetes objects: camelCase, absent and null alike, unknown fields skipped."""


class OwnerReference(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`metadata.ownerReferences[]`."""

    kind: str = ""
    name: str = ""
    controller: bool | None = None


class Metadata(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`metadata`."""

    name: str = ""
    namespace: str | None = None
    uid: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    finalizers: list[str] | None = None


class SecurityContext(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`securityContext` of a container."""

    privileged: bool | None = None


class ExecAction(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`exec` of a probe or a lifecycle hook. A capture keeps `programs` for `command`: names of programs, no argument."""

    command: list[str] | None = None
    programs: list[str] | None = None

    @property
    def program_names(self) -> list[str]:
        """Names of the programs that it runs, as far as its command says."""
        return program_names(self.command or ()) if self.programs is None else self.programs


class Handler(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """A probe with its times in seconds, or one handler of `lifecycle`, which has none."""

    exec: ExecAction | None = None
    initial_delay_seconds: int | None = None
    period_seconds: int | None = None
    failure_threshold: int | None = None


class Lifecycle(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`lifecycle` of a container."""

    post_start: Handler | None = None
    pre_stop: Handler | None = None


class ExitCodes(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`exitCodes` of a restart rule: `operator` In or NotIn."""

    operator: str | None = None
    values: list[int] | None = None

    def holds(self, exit_code: int | None) -> bool:
        """Whether the rule is for this exit code; never for one that is not known."""
        among = exit_code in (self.values or ())
        return exit_code is not None and {"In": among, "NotIn": not among}.get(self.operator or "", False)


class RestartRule(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """One of a container's `restartPolicyRules`, since Kubernetes 1.35: `action` Restart or RestartAllContainers."""

    action: str | None = None
    exit_codes: ExitCodes | None = None


class SpecContainer(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """A container of the spec. `restart_policy` Always on an init container makes it a sidecar; any other container may have its own.

    A capture keeps `sets_command` for `command`: whether it replaces the image's entrypoint.
    """

    name: str = ""
    image: str | None = None
    restart_policy: str | None = None
    restart_policy_rules: list[RestartRule] | None = None
    target_container_name: str | None = None
    command: list[str] | None = None
    sets_command: bool | None = None
    security_context: SecurityContext | None = None
    liveness_probe: Handler | None = None
    readiness_probe: Handler | None = None
    startup_probe: Handler | None = None
    lifecycle: Lifecycle | None = None

    @property
    def is_privileged(self) -> bool:
        """Whether its own security context says so."""
        return bool(self.security_context and self.security_context.privileged)

    @property
    def commands(self) -> dict[str, list[str]]:
        """Names of the programs of each exec probe and hook, by the field of the spec: `livenessProbe`, `lifecycle.preStop`."""
        hooks = self.lifecycle or Lifecycle()
        handlers = {
            "livenessProbe": self.liveness_probe,
            "readinessProbe": self.readiness_probe,
            "startupProbe": self.startup_probe,
            "lifecycle.postStart": hooks.post_start,
            "lifecycle.preStop": hooks.pre_stop,
        }
        return {field: handler.exec.program_names for field, handler in handlers.items() if handler and handler.exec}


class SchedulingGate(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`spec.schedulingGates[]`: until all are taken away no scheduler looks at the pod."""

    name: str = ""


class PodSpec(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`spec`: where it runs and what it asks to share with the node or within the pod."""

    node_name: str | None = None
    host_network: bool | None = None
    host_pid: bool | None = msgspec.field(name="hostPID", default=None)
    host_ipc: bool | None = msgspec.field(name="hostIPC", default=None)
    host_users: bool | None = None
    share_process_namespace: bool | None = None
    runtime_class_name: str | None = None
    scheduler_name: str | None = None
    scheduling_gates: list[SchedulingGate] | None = None
    restart_policy: str | None = None
    init_containers: list[SpecContainer] | None = None
    containers: list[SpecContainer] | None = None
    ephemeral_containers: list[SpecContainer] | None = None


class StateDetail(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`waiting`, `running` or `terminated` of a container state."""

    reason: str | None = None
    message: str | None = None
    exit_code: int | None = None
    started_at: str | None = None
    finished_at: str | None = None
    container_id: str | None = msgspec.field(name="containerID", default=None)


class ContainerState(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`state` or `lastState`: one of the three is set."""

    waiting: StateDetail | None = None
    running: StateDetail | None = None
    terminated: StateDetail | None = None


class ContainerStatus(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`status.containerStatuses[]` and its kin."""

    name: str = ""
    container_id: str | None = msgspec.field(name="containerID", default=None)
    restart_count: int = 0
    ready: bool | None = None
    started: bool | None = None
    state: ContainerState | None = None
    last_state: ContainerState | None = None


def canonical_address(address: str) -> str:
    """An IP address in its usual spelling; any other text as it is."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address


class Address(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`status.podIPs[]`."""

    ip: str | None = None


class Condition(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`status.conditions[]` of a pod or a node."""

    type: str = ""
    status: str = ""
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None


class PodStatus(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`status`."""

    phase: str | None = None
    reason: str | None = None
    message: str | None = None
    start_time: str | None = None
    pod_ips: list[Address] | None = msgspec.field(name="podIPs", default=None)
    conditions: list[Condition] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None


class Pod(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`v1.Pod`."""

    metadata: Metadata = Metadata()
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def runtime_uid(self) -> str:
        """The uid by which the runtime knows the pod: a mirror pod's static pod goes by its config hash."""
        annotations = self.metadata.annotations or {}
        mirror = "kubernetes.io/config.mirror" in annotations  # any pod may carry a hash
        return (annotations.get("kubernetes.io/config.hash") if mirror else None) or self.metadata.uid

    @property
    def controller(self) -> tuple[str, str] | None:
        """Kind and name of what makes the pod anew: for one of a Deployment that, by the hash that its ReplicaSet's name ends in."""
        owner = next((each for each in self.metadata.owner_references or () if each.controller), None)
        if owner is None:
            return None
        suffix = f"-{(self.metadata.labels or {}).get('pod-template-hash', '')}"
        if owner.kind == "ReplicaSet" and len(suffix) > 1 and owner.name.endswith(suffix):
            return "Deployment", owner.name.removesuffix(suffix)
        return owner.kind, owner.name

    def replaces_entrypoint(self, container: str) -> bool:
        """Whether the spec sets a command for a container, which is run in place of its image's entrypoint."""
        spec = self.spec
        named = [*(spec.init_containers or ()), *(spec.containers or ()), *(spec.ephemeral_containers or ())]
        return any(each.name == container and (each.command or each.sets_command) for each in named)

    @property
    def addresses(self) -> list[str]:
        """IP addresses in their usual spelling."""
        return [canonical_address(each.ip) for each in self.status.pod_ips or () if each.ip]

    @property
    def statuses(self) -> list[ContainerStatus]:
        """Statuses of all containers: init, app, ephemeral."""
        status = self.status
        return [*(status.init_container_statuses or ()), *(status.container_statuses or ()), *(status.ephemeral_container_statuses or ())]


class NodeInfo(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`status.nodeInfo`."""

    kernel_version: str | None = None
    os_image: str | None = None
    operating_system: str | None = None
    container_runtime_version: str | None = None
    kubelet_version: str | None = None


class NodeAddress(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`status.addresses[]` of a node: an IP, or a name."""

    type: str = ""
    address: str = ""


class NodeStatus(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`status` of a node."""

    node_info: NodeInfo = NodeInfo()
    conditions: list[Condition] | None = None
    addresses: list[NodeAddress] | None = None


class Node(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`v1.Node`."""

    metadata: Metadata = Metadata()
    status: NodeStatus = NodeStatus()

    @property
    def addresses(self) -> list[str]:
        """IP addresses in their usual spelling, and names."""
        return [canonical_address(each.address) for each in self.status.addresses or ()]


class ListMetadata(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`metadata` of a list."""

    continue_token: str | None = msgspec.field(name="continue", default=None)


class PodList(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`v1.PodList`, one page."""

    items: list[Pod] | None = None
    metadata: ListMetadata = ListMetadata()


class NodeList(_Kubernetes, frozen=True, rename="camel", omit_defaults=True):
    """`v1.NodeList`, one page."""

    items: list[Node] | None = None
    metadata: ListMetadata = ListMetadata()


class ApiView(msgspec.Struct, frozen=True, rename="camel"):
    """What a capture keeps of the API: the node, its pods, the moment, and which pod was the inspector's own (`uid`)."""

    captured_at: str
    node_name: str
    node: Node | None = None
    pods: list[Pod] = []
    inspector_uid: str | None = None
    seconds: float | None = None
    tool_version: str | None = None


def node_for_capture(node: Node) -> Node:
    """The node as a capture may keep it: without labels, annotations and finalizers, which nobody reads there."""
    return Node(Metadata(name=node.metadata.name, uid=node.metadata.uid), node.status)


_KEPT_ANNOTATIONS = ("kubernetes.io/config.hash", "kubernetes.io/config.mirror", "kubernetes.io/config.source")


def for_capture(pod: Pod) -> Pod:
    """The pod as a capture may keep it: only the annotations that the join reads (others may hold a whole manifest with its
    environment), no argument of an exec probe, no command of a container, no message of a container's state (it may be the end of
    the container's log), and nothing that only `why` asks for and that may be a name: finalizers, scheduler, its gates.
    """
    annotations = {key: value for key, value in (pod.metadata.annotations or {}).items() if key in _KEPT_ANNOTATIONS}
    status = msgspec.structs.replace(
        pod.status,
        init_container_statuses=_without_messages(pod.status.init_container_statuses),
        container_statuses=_without_messages(pod.status.container_statuses),
        ephemeral_container_statuses=_without_messages(pod.status.ephemeral_container_statuses),
    )
    spec = msgspec.structs.replace(
        pod.spec,
        scheduler_name=None,
        scheduling_gates=None,
        init_containers=_without_arguments(pod.spec.init_containers),
        containers=_without_arguments(pod.spec.containers),
        ephemeral_containers=_without_arguments(pod.spec.ephemeral_containers),
    )
    metadata = msgspec.structs.replace(pod.metadata, annotations=annotations, finalizers=None)
    return msgspec.structs.replace(pod, metadata=metadata, spec=spec, status=status)


def _without_arguments(containers: list[SpecContainer] | None) -> list[SpecContainer] | None:
    """Probes and hooks with the names of their programs only, and of its command that there is one."""

    def bare(handler: Handler | None) -> Handler | None:
        return Handler(ExecAction(programs=handler.exec.program_names)) if handler and handler.exec else None

    if containers is None:
        return None
    return [
        msgspec.structs.replace(
            each,
            command=None,
            sets_command=True if each.command or each.sets_command else None,
            liveness_probe=bare(each.liveness_probe),
            readiness_probe=bare(each.readiness_probe),
            startup_probe=bare(each.startup_probe),
            lifecycle=Lifecycle(bare(each.lifecycle.post_start), bare(each.lifecycle.pre_stop)) if each.lifecycle else None,
        )
        for each in containers
    ]


def _without_messages(statuses: list[ContainerStatus] | None) -> list[ContainerStatus] | None:
    def silent(detail: StateDetail | None) -> StateDetail | None:
        return msgspec.structs.replace(detail, message=None) if detail else None

    def stripped(state: ContainerState | None) -> ContainerState | None:
        if state is None:
            return None
        return ContainerState(waiting=silent(state.waiting), running=silent(state.running), terminated=silent(state.terminated))

    if statuses is None:
        return None
    return [msgspec.structs.replace(status, state=stripped(status.state), last_state=stripped(status.last_state)) for status in statuses]
