"""What a pod's spec and its runtime's rules lead one to expect of each namespace of a container.

The rules are the runtimes' own: containerd `internal/cri/opts/spec_opts.go` and `podsandbox/sandbox_run_linux.go`, CRI-O
`configureGeneratorForSandboxNamespaces` (the UTS namespace is always the pod's), cri-dockerd `modifyHostOptionsForContainer` (each
container has its own UTS namespace); kubelet's `NamespacesForPod` for what the spec asks. None is said where a rule is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_pause.facts.api import Pod, PodSpec, SpecContainer
    from kubectl_pause.report import Container

_RUNTIMES = ("containerd", "cri-o", "docker")


def expected_sharing(pod: Pod, container: str, runtime: str, cgroup: str | None) -> dict[str, str | None]:
    """For each of the eight namespaces `host`, `pod`, `container:NAME`, `own`, or None where no rule is known.

    `runtime` is `containerd`, `cri-o` or `docker`; `cgroup` the node's `v1`, `v2` or `hybrid`.
    """
    spec = pod.spec
    if runtime not in _RUNTIMES:
        return {}
    return {
        "net": "host" if spec.host_network else "pod",
        "ipc": "host" if spec.host_ipc else "pod",
        "uts": _uts(spec, runtime),
        "pid": _pid(spec, container),
        "user": "pod" if spec.host_users is False else "host",
        "mnt": "own",
        "cgroup": _cgroup(spec, container, runtime, cgroup),
        "time": "host",
    }


def mark_drift(containers: Iterable[Container], pod: Pod, runtime: str, cgroup: str | None) -> None:
    """Write into each container's namespaces what is expected, and whether it differs; what is unknown stays null."""
    for container in containers:
        expected = expected_sharing(pod, container.name, runtime, cgroup)
        for kind, namespace in (container.namespaces or {}).items():
            namespace.expected = expected.get(kind)
            if namespace.expected is not None and namespace.sharing != "unknown":
                namespace.drift = namespace.sharing != namespace.expected


def _uts(spec: PodSpec, runtime: str) -> str:
    if runtime == "cri-o":
        return "pod"
    if spec.host_network:
        return "host"
    return "own" if runtime == "docker" else "pod"


def _pid(spec: PodSpec, container: str) -> str:
    if spec.host_pid:
        return "host"
    if spec.share_process_namespace:
        return "pod"
    target = next((each.target_container_name for each in spec.ephemeral_containers or () if each.name == container), None)
    return f"container:{target}" if target else "own"


def _cgroup(spec: PodSpec, container: str, runtime: str, version: str | None) -> str | None:
    """Runtimes make a cgroup namespace on cgroup v2 only, and Docker alone makes one for a privileged container too."""
    if version in ("v1", "hybrid"):
        return "host" if spec.host_users is not False else None
    if version != "v2":
        return None
    contexts = [each.security_context for each in _containers(spec) if each.name == container]
    privileged = any(context.privileged for context in contexts if context)
    return "host" if privileged and runtime != "docker" else "own"


def _containers(spec: PodSpec) -> list[SpecContainer]:
    return [*(spec.init_containers or ()), *(spec.containers or ()), *(spec.ephemeral_containers or ())]
