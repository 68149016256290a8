"""What to do about zombies that stay, as lines to paste. Nothing of them is ever done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.judge.made_anew import made_anew
from kubectl_pause.pasting import as_word, command_line

if TYPE_CHECKING:
    from kubectl_pause.facts.api import Pod
    from kubectl_pause.report import PidNamespace, Sandbox, ZombieParent

_PLACES = ("docker", "podman", "hand-made")
"""Kinds of pods that no Kubernetes knows."""


def of_image(maker: str | None, pod: Pod | None, container: str) -> list[str]:
    """An init process: pause for all containers of the pod, or a small one in the image. `maker` is the kind of a
    PodIdentity, `pod` the API's.
    """
    inits = [f'Dockerfile: ENTRYPOINT ["{name}", "--"]  # with package {name}' for name in ("tini", "dumb-init")]
    if maker == "hand-made":
        return [f"start {as_word(container)} below an init: tini -- COMMAND, or dumb-init COMMAND"]
    if maker in _PLACES:
        return [f"start container {as_word(container)} with --init", *inits]
    if pod and pod.replaces_entrypoint(container):
        command = f"the command of container {as_word(container)}"
        inits = [
            f'pod spec: put "{name}", "--" in front of {command}  # it replaces the image\'s ENTRYPOINT, so an '
            f"init that is set there is not run; with package {name}"
            for name in ("tini", "dumb-init")
        ]
    asked = pod is not None and (pod.spec.share_process_namespace or pod.spec.host_pid)  # the API refuses both at once
    return [*([] if asked else [_shared(pod)]), *inits]


_TEMPLATES = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds whose template may be changed while they are there, and that make their pods anew then."""
_SHARED = '{"spec":{"template":{"spec":{"shareProcessNamespace":true}}}}'


def _shared(pod: Pod | None) -> str:
    """Pause as the PID 1 of all containers: a line to paste where the pod has an owner that can be changed; a pod itself cannot."""
    kind, name = pod.controller if pod and pod.controller else ("", "")
    if pod is None or kind not in _TEMPLATES:
        return "pod spec: shareProcessNamespace: true  # pause reaps orphans then"
    where = ["-n", pod.metadata.namespace or "default"]
    line = command_line("kubectl", "patch", *where, f"{kind.lower()}/{name}", "--type=merge", "-p", _SHARED)
    return f"{line}  # pause reaps orphans then; makes its pods anew"


def of_nested(container: str) -> list[str]:
    """An init for a PID namespace that a process of the container made: no setting of the pod or of the image reaches into it."""
    made = "unshare --pid --fork tini -- COMMAND, docker run --init, or what the program has for it"
    return [f"in container {as_word(container)}, where that PID namespace is made: start an init as its first process: {made}"]


def of_application(parent: ZombieParent) -> list[str]:
    """Only the program itself can wait for children while it lives."""
    name = as_word(parent.comm) if parent.comm else "the program"
    return [f"fix {name}: call waitpid(-1, NULL, WNOHANG) until it gives 0, or set SIGCHLD to SIG_IGN if it needs no exit codes"]


def of_dead_leader(parent: ZombieParent, where: str) -> list[str]:
    """Its other threads keep it; they end all at once by a signal. `where` is how a line begins that is run where pids hold."""
    return [f"{where}ls /proc/{parent.pid}/task  # its threads that live; kill -KILL {parent.pid} ends them, and it can be reaped"]


def of_pause(sandbox: Sandbox, space: PidNamespace | None) -> list[str]:
    """By what keeps it from reaping while it runs."""
    reaper = space.reaper if space else None
    if reaper and reaper.handles_sigchld == "blocked":
        started = "pause was started with SIGCHLD blocked, which it takes over from the runtime: restart that with the signal unblocked"
        return [f"{started}, then make the pod anew: {_anew(sandbox)}"]
    if sandbox.pod.kind in _PLACES:
        return [f"make it anew with a pause that reaps, registry.k8s.io/pause:3.10.1 for one: {_anew(sandbox)}"]
    set_image = "set the sandbox image of the runtime to registry.k8s.io/pause:3.10.1 (containerd: sandbox_image or pinned_images.sandbox; "
    return [set_image + f"CRI-O: pause_image), then make the pod anew: {_anew(sandbox)}"]


def of_runtime(sandbox: Sandbox | None, parent: ZombieParent, where: str) -> list[str]:
    """The runtime's own process has to wait; nobody else can while it lives."""
    looks = f"{where}grep State /proc/{parent.pid}/status"
    if sandbox is None:
        return [looks]
    return [looks, f"if it is running and does not wait, make the pod anew: {_anew(sandbox)}"]


def of_host(parent: ZombieParent, service: str | None, where: str) -> list[str]:
    """Which service of systemd it is, and that restarting that frees its zombies."""
    if parent.pid in (0, 1):
        return []
    if service:
        return [f"{where}{command_line('systemctl', 'status', '--', service)}  # restarting it frees its zombies"]
    return [f"{where}systemctl status {parent.pid}  # names its unit; restarting that frees them"]


def of_beyond() -> list[str]:
    """A parent that has no pid on the node (its number reads 0) has one where the node itself is a process among others."""
    return ["on the machine that runs this node: ps -eo pid,ppid,stat,comm | grep Z  # has the zombie with its parent's pid there"]


def _anew(sandbox: Sandbox) -> str:
    pod = sandbox.pod
    if pod.kind in _PLACES:
        return f"remove {as_word(pod.name)} and start it again"
    return made_anew(pod)
