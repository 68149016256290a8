"""What the words of kubelets, runtimes and network plugins prove: one row per text that is known, the first that fits counts.

Texts are those of Kubernetes 1.34 (pkg/kubelet), containerd 2.2 (internal/cri/server), libcni 1.3, containernetworking/plugins 1.9
and runc 1.3, and of their elder versions where they differed. What a text proves by itself is `certain`; an errno that has many causes
is `possible`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from kubectl_pause.facts.record import Record
from kubectl_pause.pasting import as_word, command_line
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_REST = 300
"""Characters of another program's own words that a message repeats: the whole stands in the evidence."""


_LONGEST_TEXT = 4096
"""Of a text so much is looked at, its end: an event's message is shorter, a condition's may be of any length."""


class KnownText(Record, frozen=True):
    """`pattern` is searched in a message of an event or a condition; `message` and `remedy` are made of what it found."""

    code: str
    pattern: re.Pattern[str]
    message: Callable[[re.Match[str]], str]
    remedy: Callable[[re.Match[str]], str]
    confidence: Literal["certain", "likely", "possible"] = "certain"


def _text(words: str) -> Callable[[re.Match[str]], str]:
    return lambda _: words


def _known(
    code: str,
    pattern: str,
    message: str | Callable[[re.Match[str]], str],
    remedy: str | Callable[[re.Match[str]], str],
    confidence: Literal["certain", "likely", "possible"] = "certain",
) -> KnownText:
    return KnownText(
        code,
        re.compile(pattern, re.IGNORECASE | re.DOTALL),
        _text(message) if isinstance(message, str) else message,
        _text(remedy) if isinstance(remedy, str) else remedy,
        confidence,
    )


def _rest(match: re.Match[str], group: str | int) -> str:
    """The end of a text is where its cause stands."""
    text = " ".join((match[group] or "").split())
    return text if len(text) <= _LONGEST_REST else "..." + text[-_LONGEST_REST:]


def _reserved_for(match: re.Match[str]) -> str:
    which = f" --id {match['id']}" if match["id"] else ""
    return (
        f"on the node: crictl pods{which}  # not listed: an earlier request is still at work, see what hangs below the runtime (a CNI "
        "plugin, an image pull); NotReady: crictl rmp it; neither after minutes: restart the runtime"
    )


TEXTS = (
    _known(
        "sandbox/name-reserved",
        r"""failed to reserve sandbox name(?:.*?reserved for "?(?P<id>[0-9a-f]{64})"?)?|name is reserved""",
        "the runtime keeps the name of this pod's sandbox for an earlier request of the kubelet: one that is still at work, or that "
        "failed and was not cleaned up",
        _reserved_for,
    ),
    _known(
        "image/pause-missing",
        r"""failed to (?:get|pull)(?: and unpack)? sandbox image "?(?P<image>[^"\s:,]+(?::[^"\s,]+)?)""",
        lambda match: f"the image of the pause container, {match['image']}, is not on the node, and the runtime cannot get it: no new "
        "sandbox can be made there, while running pods live on",
        lambda match: f"on the node: {command_line('crictl', 'pull', match['image'])}  # or import it, or name one that is there in the "
        "runtime's configuration",
    ),
    _known(
        "pod/runtime-class",
        r"""no runtime for "(?P<handler>[^"]*)" is configured""",
        lambda match: f"its RuntimeClass asks for the runtime handler {match['handler']!r}, which the runtime of this node has not",
        "kubectl get runtimeclass  # name a handler that the node's runtime is configured with, or choose nodes that have it "
        "(scheduling.nodeSelector of the RuntimeClass)",
    ),
    _known(
        "pod/runtime-class",
        r"""runtimeclass(?:\.node\.k8s\.io)? "?(?P<name>[^"\s]+)"? not found|failed to get RuntimeClass""",
        "its RuntimeClass does not exist",
        "kubectl get runtimeclass  # make the one that the pod names, or name another",
    ),
    _known(
        "pod/userns",
        r"runtime does not support user namespaces|could not find an empty slot|invalid user namespace mappings|noop process for unshare|"
        r"user namespaces? (?:is|are) not supported",
        "this node cannot give it a user namespace of its own (hostUsers: false)",
        "on the node: sysctl user.max_user_namespaces  # 0 or used up; else a newer runtime, or hostUsers: true",
    ),
    _known(
        "ipam/full",
        r"no IP addresses available in (?:range set|network):? *(?P<range>[0-9a-f.:, -]*[0-9a-f])?",
        lambda match: f"the node's range of pod addresses{' ' + match['range'] if match['range'] else ''} is used up",
        "on the node, leases are in the dataDir of the CNI configuration, by default /var/lib/cni/networks  # those of sandboxes that "
        "crictl pods does not list are stale; else end pods on this node, or give it a larger range",
    ),
    _known(
        "ipam/full",
        r"failed to assign an IP address to container|InsufficientFreeAddressesInSubnet|no more free affine blocks|No allocatable IP",
        "the network has no free address for it",
        "end pods on this node, or give its subnet or pool more addresses",
    ),
    _known(
        "ipam/duplicate",
        r"duplicate allocation is not allowed",
        "an address is leased to this very sandbox already: an earlier attempt was not undone",
        "see the sandbox's id in the event, and remove that lease in the dataDir of the CNI configuration",
    ),
    _known(
        "cni/no-binary",
        r"""failed to find plugin "(?P<plugin>[^"]+)" in path""",
        lambda match: f"the CNI plugin {match['plugin']} is not installed on the node: no pod of its network can be made there, and none "
        "can be taken down",
        lambda match: f"put the plugin {as_word(match['plugin'])} into one of the folders that the event names; the kubelet tries again "
        "by itself",
    ),
    _known(
        "cni/cache-broken",
        r"unexpected end of JSON input|failed to (?:get|load|read) cached (?:network )?result",
        "what the runtime kept of its network (the CNI cache) is cut or empty, so that it cannot be taken down",
        "on the node: find /var/lib/cni/results -size 0  # remove the file of this sandbox alone",
    ),
    _known(
        "cni/no-config",
        r"cni plugin not initialized|cni config uninitialized|no network config found|NetworkPluginNotReady|network is not ready",
        "the runtime has no network configuration (CNI): no pod that wants a network of its own can be made or taken down on this node",
        "see the pods of the network add-on on this node; on the node: ls -l /etc/cni/net.d  # a file that was moved there is not seen "
        "by containerd: write it again in place",
    ),
    _known(
        "node/list-too-large",
        r"larger than max \(",
        "the runtime's list of sandboxes is larger than one message may be: the kubelet sees no pod of this node any more",
        "delete finished pods with large annotations, then on the node: crictl pods --state notready -q "
        "--label io.kubernetes.pod.namespace=NAMESPACE  # crictl rmp these",
    ),
    _known(
        "netns/pinned",
        r"(?:netns|network namespace|unlinkat|cni-).*device or resource busy",
        "its network namespace is mounted more than once on the node, and cannot be taken away at once",
        "on the node: grep nsfs /proc/1/mountinfo  # whatever mounts /run with Bidirectional propagation; each retry of the kubelet takes "
        "one of the mounts",
    ),
    _known(
        "disk/full",
        r"no space left on device",
        "something that it needs on the node is used up: bytes or inodes of a file system, or a limit that gives the same error "
        "(namespaces, inotify)",
        "on the node: df -h /run /var/lib/containerd /var/lib/kubelet; df -i /run /var/lib/containerd /var/lib/kubelet",
        "possible",
    ),
    _known(
        "pids/runtime-full",
        r"resource temporarily unavailable|pthread_create|runc did not terminate successfully: exit status 2\b",
        "the runtime could not start a process: most often its own limit of tasks, or the node's, is reached",
        "on the node: systemctl show -p TasksCurrent,TasksMax containerd crio",
        "possible",
    ),
    _known(
        "image/other-machine",
        r"exec format error|no match for platform",
        "an image is for another kind of machine than this node",
        "kubectl get nodes -L kubernetes.io/arch  # choose nodes by that label, or an image that is made for this one",
    ),
    _known(
        "cni/plugin-failed",
        r"""plugin type="(?P<plugin>[^"]+)"(?: name="[^"]*")? failed \((?P<step>add|delete)\): (?P<rest>.*)""",
        lambda match: f"the CNI plugin {match['plugin']} failed to {'make' if match['step'] == 'add' else 'take down'} its network: "
        + _rest(match, "rest"),
        lambda match: f"see the log of the network add-on on this node, which has the plugin {as_word(match['plugin'])}",
    ),
    _known(
        "cni/plugin-failed",
        r"failed to (?P<step>setup|destroy) network for sandbox[^:]*: (?P<rest>.*)",
        lambda match: f"its network could not be {'made' if match['step'] == 'setup' else 'taken down'}: {_rest(match, 'rest')}",
        "see the log of the network add-on on this node",
    ),
    _known(
        "runtime/no-answer",
        r"DeadlineExceeded|context deadline exceeded",
        "the container runtime did not answer the kubelet in time: a network plugin, an image pull, a shim or the runtime itself hangs",
        "on the node: ps -eo pid,ppid,stat,etime,comm --sort=etime  # children of containerd or crio that are no shims; shims in state T",
        "likely",
    ),
    _known(
        "runtime/create-failed",
        r"(?:OCI runtime create failed|failed to create (?:shim|containerd) task|failed to start (?:shim|sandbox)[^:]*): (?P<rest>.*)",
        lambda match: f"the runtime could not start it: {_rest(match, 'rest')}",
        "it is in the spec where it names a program or a mount; else see the runtime's log on the node",
    ),
)  # fmt: skip
"""The more special first: several errors quote others."""


def verdict_on(text: str, subject: str, evidence: list[str]) -> Finding | None:
    """What a text proves about `subject`; None for one that is not known."""
    for known in TEXTS:
        if match := known.pattern.search(text[-_LONGEST_TEXT:]):
            return Finding(
                code=known.code,
                severity="critical",
                subject=subject,
                message=known.message(match),
                evidence=evidence,
                confidence=known.confidence,
                remedy=known.remedy(match),
            )
    return None
