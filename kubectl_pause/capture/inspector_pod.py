"""The pod that reads a node: its manifest, its birth, and its end.

No hostPath (a private mount of `/` would pin other pods' network namespaces), no token, read-only root, no priority class;
hostNetwork so that it starts where CNI is what is broken. It ends by itself: the sleep, and `activeDeadlineSeconds` behind it; and it
disappears with the Job that owns it (`expiry_job`).
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from kubectl_pause.capture import script
from kubectl_pause.capture.admission.profile import PROFILES, Profile, apparmor_annotations, security_context
from kubectl_pause.capture.crictl_limits import crictl_limits
from kubectl_pause.errors import ForeignReason, PauseInspectError
from kubectl_pause.pasting import kubectl_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubectl_pause.facts.api import Pod

DEFAULT_IMAGE = "docker.io/library/busybox:1.36"
DEFAULT_NAMESPACE = "kube-system"
PULL_POLICIES = ("IfNotPresent", "Always", "Never")
TRANSPORTS = ("auto", "exec", "log")
CONTAINER = "collector"
LABELS = {"app.kubernetes.io/name": "kubectl-pause-inspect", "app.kubernetes.io/managed-by": "kubectl-pause-inspect"}
RUN_LABEL = "pause-inspect/run"
USER_LABEL = "pause-inspect/user"
"""On a bare pod alone, which no Job takes away: a digest of its user's name, by which that user's next run knows it."""
KEPT_LABEL, UNTIL_LABEL = "pause-inspect/kept-for", "pause-inspect/kept-until"
"""On a pod that stays for its user's next runs: the same digest, and the moment until which it may be used (seconds since the epoch)."""
Health = Literal["no", "yes", "network"]
"""What is read of a runtime's health: nothing; what keeps it from making sandboxes; the links of the node and its pods, too."""
COMMAND = ("sh", "-c", 'eval "$COLLECTOR"')
"""The collector travels in the pod's environment: an exec request's URL is too short a place for it behind some proxies."""
LOG_BEGIN, LOG_END = b"pause-inspect-answer-begins", b"pause-inspect-answer-ends"
_NO_BASE64 = base64.b64encode(b"#missing base64\n").decode()
INTO_LOG = (
    f"echo {LOG_BEGIN.decode()}; if command -v base64 >/dev/null; then "
    f'eval "$COLLECTOR" 2>/dev/null | base64; else echo {_NO_BASE64}; fi; echo {LOG_END.decode()}'
)
"""The collector has `exit` in it, but in a pipe that ends its own subshell alone."""

_NO_SHELL = re.compile(r"executable file not found|no such file or directory|exec format error|permission denied", re.IGNORECASE)
_START_AGAIN = "this is the runtime's own trouble, which may be over: try again; else see its log on the node"
_FATAL_REASONS = {
    "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError",
    "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
}  # fmt: skip
_PRESSURES = {
    "DiskPressure": "on the node: df -h /var/lib, where some room has to be made",
    "PIDPressure": "on the node: ps -eL | wc -l, where some processes have to end",
    "MemoryPressure": "on the node: free -m, where some memory has to be given back",
}
_UID = re.compile("[0-9a-f-]{32,36}")
"""Of a pod as the kubelet has it: a static pod's is a digest of its manifest."""
_IMAGE_REASONS = {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"}


@dataclass(frozen=True, slots=True)
class InspectorOptions:
    """How to run it. `timeout` in seconds bounds everything from its creation to the last byte of its answer.

    `sample_seconds` is how long the collector waits for a second look at the processes; 0 is one look. `watch_seconds` is how long
    pause processes are watched after that; 0 is not at all. `logs_of` are uids of pods by their node, whose trouble is looked for in its
    log. `via` is a pod that is there already, in whose place none is made. `transport` is one of TRANSPORTS: how the answer comes back.
    `keep_seconds` is how long the pod stays for the next runs, `kept` the labels that say so. `selinux_type` is the SELinux type of its
    process, None: the node's default. `apparmor_annotation` is for API servers before 1.30.
    """

    image: str = DEFAULT_IMAGE
    pull_policy: str = PULL_POLICIES[0]
    pull_secrets: tuple[str, ...] = ()
    namespace: str = DEFAULT_NAMESPACE
    timeout: float = 60.0
    use_crictl: bool = True
    read_fds: bool = False
    read_args: bool = False
    read_health: Health = "no"
    logs_of: Mapping[str, Sequence[str]] = field(default_factory=dict)
    profile: Profile = PROFILES[0]
    selinux_type: str | None = None
    apparmor_annotation: bool = False
    via: str | None = None
    transport: str = TRANSPORTS[0]
    keep_seconds: float = 0.0
    kept: dict[str, str] = field(default_factory=dict)
    sample_seconds: float = 0.0
    watch_seconds: float = 0.0

    @property
    def lifetime(self) -> int:
        """Seconds after which the pod ends and disappears by itself, whatever became of this program."""
        return int(self.timeout + self.watch_seconds + self.keep_seconds) + 30


def new_name() -> str:
    """A name that no earlier run has used; `pause-inspect-` and ten hex digits mark it as ours."""
    return name_of_run(secrets.token_hex(5))


def name_of_run(run: str) -> str:
    """The name of what a run makes: its Job and its pod."""
    return f"pause-inspect-{run}"


def labels(name: str) -> dict[str, str]:
    """What marks an object as ours and of which run."""
    return {**LABELS, RUN_LABEL: name.rpartition("-")[2]}


def manifest(
    name: str, node: str, options: InspectorOptions, owner: dict[str, object] | None = None, user: str | None = None
) -> dict[str, object]:
    """The pod as it is created; `user` is the value of USER_LABEL."""
    lifetime = options.lifetime
    marks = labels(name) | options.kept | ({USER_LABEL: user} if user else {})
    notes = apparmor_annotations(options.profile, CONTAINER, by_annotation=options.apparmor_annotation)
    scripts = {"COLLECTOR": "collector.sh"} | ({"WATCHER": "watcher.sh"} if options.watch_seconds else {})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": options.namespace,
            "labels": marks,
            **({"annotations": notes} if notes else {}),
            **({"ownerReferences": [owner]} if owner else {}),
        },
        "spec": {
            "nodeName": node,
            "hostPID": True,
            "hostNetwork": True,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": lifetime,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "tolerations": [{"operator": "Exists"}],
            **({"imagePullSecrets": [{"name": secret} for secret in options.pull_secrets]} if options.pull_secrets else {}),
            "containers": [
                {
                    "name": CONTAINER,
                    "image": options.image,
                    "imagePullPolicy": options.pull_policy,
                    "command": ["sh", "-c", f"{starting(options.transport)} {lifetime} & wait"],
                    "env": [
                        *({"name": name, "value": in_environment(file)} for name, file in scripts.items()),
                        *({"name": name, "value": value} for name, value in settings(options, node).items()),
                    ],
                    "securityContext": security_context(options.profile, options.selinux_type),
                    "resources": {
                        "requests": {"cpu": "10m", "memory": "16Mi"},
                        "limits": {"cpu": "1", "memory": "256Mi"},
                    },
                }
            ],
        },
    }


def in_environment(file: str) -> str:
    """A script as the value of a variable in a pod's spec, where "$$" stands for "$"."""
    return script(file).replace("$", "$$")


def starting(transport: str) -> str:
    """How the container's command begins, up to the number of seconds that it sleeps."""
    begin = f"{{ {INTO_LOG}; }} & wait; " if transport == "log" else ""
    return f"trap 'exit 0' TERM INT; {begin}sleep"


def settings(options: InspectorOptions, node: str) -> dict[str, str]:
    """What the collector is told by its environment, on this node."""
    switches = {
        "USE_CRICTL": options.use_crictl,
        "READ_FDS": options.read_fds,
        "READ_ARGS": options.read_args,
    }
    limits = crictl_limits(options.timeout - options.sample_seconds)
    uids = " ".join(filter(_UID.fullmatch, options.logs_of.get(node, ())))
    others = {"READ_HEALTH": options.read_health, "LOGS_OF": uids, "SAMPLE_SECONDS": f"{options.sample_seconds:g}"}
    return {name: "yes" if on else "no" for name, on in switches.items()} | limits | others


def collector() -> str:
    """The collector's text."""
    return script("collector.sh")


def uid_of(answer: bytes) -> str:
    """The uid in the API server's answer to creating the pod. Raises PauseInspectError where it cannot be read."""
    try:
        uid = json.loads(answer)["metadata"]["uid"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise PauseInspectError("UnreadableAnswer", "the API server's answer to creating the inspector pod cannot be read", "") from None
    return str(uid)


def trouble(pod: Pod, options: InspectorOptions) -> PauseInspectError | None:
    """Why this pod will never answer, in the kubelet's words, or None while it may."""
    node = pod.spec.node_name
    for status in pod.status.container_statuses or ():
        ended = status.state.terminated if status.state else None
        if ended and pod.status.phase == "Failed" and not pod.status.reason:
            message = f"{ended.reason or 'Failed'}: {(ended.message or f'exit code {ended.exit_code}').strip()}"
            return PauseInspectError(
                ForeignReason(ended.reason) if ended.reason else "NotStarted",
                f"node {node} cannot start the inspector pod: {message}",
                "name an image with busybox: --image" if _NO_SHELL.search(message) else _START_AGAIN,
            )
    if pod.status.phase == "Failed":
        word, message = pod.status.reason or "Failed", pod.status.message or "the inspector pod ended"
        return PauseInspectError(
            ForeignReason(word),
            f"node {node} refused the inspector pod: {word}: {message.strip()}",
            _under_pressure(message) or kubectl_line("describe", "node", node or ""),
        )
    for status in pod.status.container_statuses or ():
        waiting = status.state.waiting if status.state else None
        if waiting and waiting.reason in _FATAL_REASONS:
            message = f"{waiting.reason}: {waiting.message or 'no further word'}"
            if waiting.reason in _IMAGE_REASONS:
                return PauseInspectError(
                    "ImageNotPulled",
                    f"node {node} cannot get the image {options.image!r}: {message}",
                    "name an image with busybox that this node can have: --image",
                )
            return PauseInspectError(
                ForeignReason(waiting.reason) if waiting.reason else "NotStarted",
                f"node {node} cannot start the inspector pod: {message}",
                kubectl_line("describe", "node", node or ""),
            )
    return None


def _under_pressure(message: str) -> str | None:
    """What helps where the kubelet names a condition of its node (`The node had condition: [DiskPressure].`), None for any other word.

    It rejects any pod but critical ones for as long as that lasts, and five minutes more: only what runs there without one can read it.
    """
    steps = [step for condition, step in _PRESSURES.items() if condition in message]
    return "; ".join([*steps, "meanwhile, on the node itself and without a pod: kubectl pause-inspect local"]) if steps else None


def is_running(pod: Pod) -> bool:
    """Whether the API shows the collector's container running."""
    return any(status.state and status.state.running is not None for status in pod.status.container_statuses or ())


def last_word(pod: Pod | None) -> str:
    """The last thing that the API said of the pod, for the message of a time-out."""
    if pod is None:
        return "the API server was not heard of it"
    for status in pod.status.container_statuses or ():
        waiting = status.state.waiting if status.state else None
        if waiting:
            return f"{waiting.reason}{': ' + waiting.message if waiting.message else ''}"
    if pod.status.container_statuses:
        return f"phase {pod.status.phase}"
    unmet = [each for each in pod.status.conditions or () if each.status == "False" and (each.message or each.reason)]
    said = [pod.status.message or pod.status.reason or "", *(f"{each.type}: {each.message or each.reason}" for each in unmet)]
    return "; ".join(filter(None, said)) or "the kubelet has not taken note of the pod"
