"""What to do about zombies that stay, as lines to paste. Nothing of them is ever done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.pasting import kubectl_line

if TYPE_CHECKING:
    from kubectl_pause.report import PidNamespace, Sandbox, ZombieParent

_PLACES = ("docker", "podman", "by hand")
"""What a pod that no Kubernetes knows has for a namespace."""


def of_image(sandbox: Sandbox, container: str) -> list[str]:
    """An init process: pause for all containers of the pod, or a small one in the image."""
    inits = [f'Dockerfile: ENTRYPOINT ["{name}", "--"]  # with package {name}' for name in ("tini", "dumb-init")]
    if sandbox.pod.namespace in _PLACES:
        return [f"start container {container} with --init", *inits]
    return ["pod spec: shareProcessNamespace: true  # pause reaps orphans then", *inits]


def of_application(parent: ZombieParent) -> list[str]:
    """Only the program itself can wait for children while it lives."""
    name = parent.comm or "the program"
    return [f"fix {name}: call waitpid(-1, NULL, WNOHANG) until it gives 0, or set SIGCHLD to SIG_IGN if it needs no exit codes"]


def of_pause(sandbox: Sandbox, space: PidNamespace | None) -> list[str]:
    """By what keeps it from reaping."""
    reaper = space.reaper if space else None
    if reaper and reaper.state == "stopped":
        return [f"on the node: kill -CONT {reaper.pid}"]
    if reaper and reaper.state == "frozen":
        return ["on the node: thaw the sandbox's cgroup: echo THAWED > freezer.state (v1), echo 0 > cgroup.freeze (v2)"]
    if reaper and reaper.state == "traced":
        return [f"on the node: detach the debugger from pid {reaper.pid}"]
    if reaper and reaper.handles_sigchld == "blocked":
        started = "pause was started with SIGCHLD blocked, which it takes over from the runtime: restart that with the signal unblocked"
        return [f"{started}, then make the pod anew: {_delete(sandbox)}"]
    set_image = "set the runtime's sandbox image to registry.k8s.io/pause:3.10.1 (containerd: sandbox_image or pinned_images.sandbox; "
    return [set_image + f"CRI-O: pause_image), then make the pod anew: {_delete(sandbox)}"]


def of_runtime(sandbox: Sandbox | None, parent: ZombieParent) -> list[str]:
    """The runtime's own process has to wait; nobody else can while it lives."""
    looks = f"on the node: grep State /proc/{parent.pid}/status"
    if sandbox is None:
        return [looks]
    cont = f"{looks}  # T: kill -CONT {parent.pid}"
    return [cont, f"if it is running and does not wait, make the pod anew: {_delete(sandbox)}"]


def of_host(parent: ZombieParent) -> list[str]:
    """Which unit it is, and that restarting it frees its zombies."""
    if parent.pid in (0, 1):
        return []
    return [f"on the node: systemctl status {parent.pid}  # names its unit; restarting that frees them"]


def _delete(sandbox: Sandbox) -> str:
    pod = sandbox.pod
    if pod.namespace in _PLACES:
        return f"remove {pod.name} and start it again"
    return kubectl_line("delete", "pod", pod.name, pod.namespace)
