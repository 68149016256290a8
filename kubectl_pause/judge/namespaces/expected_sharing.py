"""What a pod's spec and its runtime's rules lead one to expect of each namespace of a container.

The rules are the runtimes' own: containerd `internal/cri/opts/spec_opts.go` and `podsandbox/sandbox_run_linux.go`, CRI-O
`configureGeneratorForSandboxNamespaces` (the UTS namespace is always the pod's), cri-dockerd `modifyHostOptionsForContainer` (each
container has its own UTS namespace); kubelet's `NamespacesForPod` for what the spec asks. Nothing is said where a rule is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from kubectl_pause.facts.api import Pod, PodSpec, SpecContainer

_RUNTIMES = ("containerd", "cri-o", "docker")


class Expectation(Record, frozen=True):
    """`sharing` is `host`, `pod`, `container:NAME` or `own`; `because` the setting or the rule that says so, a clause of a sentence."""

    sharing: str
    because: str


def expected_sharing(pod: Pod, container: str, runtime: str, cgroup: str | None) -> dict[str, Expectation]:
    """What is expected of each of the eight namespaces; a type is absent where no rule is known.

    `runtime` is `containerd`, `cri-o` or `docker`; `cgroup` the node's `v1`, `v2` or `hybrid`.
    """
    spec = pod.spec
    if runtime not in _RUNTIMES:
        return {}
    told = {
        "net": _asked("hostNetwork", value=spec.host_network),
        "ipc": _asked("hostIPC", value=spec.host_ipc),
        "uts": _uts(spec, runtime),
        "pid": _pid(spec, container),
        "user": _user(spec, runtime),
        "mnt": Expectation("own", "each container has its own file systems"),
        "cgroup": _cgroup(spec, container, runtime, cgroup),
        "time": Expectation("host", "no runtime makes a time namespace"),
    }
    return {kind: expectation for kind, expectation in told.items() if expectation}


def _asked(setting: str, *, value: bool | None) -> Expectation:
    if value:
        return Expectation("host", f"the spec sets {setting}: true")
    return Expectation("pod", f"the spec does not ask for {setting}")


def _uts(spec: PodSpec, runtime: str) -> Expectation:
    if runtime == "cri-o":
        return Expectation("pod", "CRI-O gives every pod its own UTS namespace")
    if spec.host_network:
        return Expectation("host", "with hostNetwork: true the host name is the node's")
    if runtime == "docker":
        return Expectation("own", "Docker gives each container its own UTS namespace")
    return _asked("hostNetwork", value=False)


def _pid(spec: PodSpec, container: str) -> Expectation:
    """A target counts only where each container has its own (kuberuntime_container_linux.go): hostPID and a shared one come first."""
    if spec.host_pid:
        return _asked("hostPID", value=True)
    if spec.share_process_namespace:
        return Expectation("pod", "the spec sets shareProcessNamespace: true")
    target = next((each.target_container_name for each in spec.ephemeral_containers or () if each.name == container), None)
    if target:
        return Expectation(f"container:{target}", f"the ephemeral container has targetContainerName: {target}")
    return Expectation("own", "the spec does not ask for shareProcessNamespace")


def _user(spec: PodSpec, runtime: str) -> Expectation | None:
    """CRI-O may be told by an annotation (`userns-mode`), which captures do not keep, to make a user namespace: no rule there."""
    if spec.host_users is False:
        return Expectation("pod", "the spec sets hostUsers: false")
    return None if runtime == "cri-o" else Expectation("host", "the spec does not set hostUsers: false")


def _cgroup(spec: PodSpec, container: str, runtime: str, version: str | None) -> Expectation | None:
    """Runtimes make a cgroup namespace on cgroup v2 only, and Docker alone makes one for a privileged container too."""
    if version in ("v1", "hybrid"):
        # containerd's rule asks for the cgroup version alone (container_create.go); the others' with a user namespace is not known
        known = spec.host_users is not False or runtime == "containerd"
        return Expectation("host", f"cgroup namespaces are made on cgroup v2 only, the node has {version}") if known else None
    if version != "v2":
        return None
    contexts = [each.security_context for each in _containers(spec) if each.name == container]
    if runtime != "docker" and any(context.privileged for context in contexts if context):
        return Expectation("host", "the container is privileged")
    return Expectation("own", "on cgroup v2 each container has its own cgroup namespace")


def _containers(spec: PodSpec) -> list[SpecContainer]:
    return [*(spec.init_containers or ()), *(spec.containers or ()), *(spec.ephemeral_containers or ())]
