"""Codes of nodes on which nothing is made: what is used up, a runtime or a kubelet that is silent."""

from __future__ import annotations

from kubectl_pause.finding_codes.finding_code import FindingCode

NODES = (
    FindingCode(
        code="disk/full",
        severity="critical",
        meaning="Something is used up: bytes, inodes, or a limit with the same error.",
        evidence="No free block or inode at `/run`, `/var/lib/containerd`, `/var/lib/kubelet`, `/var/log/pods` or `/var/lib/cni`. Only "
        "`possible` by `no space left on device` alone.",
        alike="The same error comes of namespaces (`user.max_user_namespaces`), inotify and mounts that are used up. A full `/run` makes "
        "no DiskPressure: the node stays Ready. Blocks that are kept for root count as free.",
        remedy="`df -h`, `df -i` on the node, for the paths named; free what fills them. By itself the kubelet frees images and dead "
        "containers where its own disks are full, and nothing of `/run`.",
        source="ENOSPC; seen with the inodes of `/run` used up on Kubernetes 1.34; siderolabs/talos#8554 for namespaces.",
    ),
    FindingCode(
        code="pids/runtime-full",
        severity="critical",
        meaning="The runtime could not start a process.",
        evidence="`resource temporarily unavailable`, `pthread_create`, or runc's exit status 2, in the event. It is only `possible`: "
        "the words do not say which limit.",
        alike="The pod's own limit gives the same to its programs: `pids/full`, which is counted and certain.",
        remedy="`systemctl show -p TasksCurrent,TasksMax containerd crio` on the node: raise the runtime's TasksMax where it is reached. "
        "By itself the kubelet tries again every 10 to 15 s.",
        source="Seen with containerd's `pids.max` reached: runc's words then are `exit status 2` and no more, and the node stays Ready.",
    ),
    FindingCode(
        code="runtime/no-answer",
        severity="critical",
        meaning="The runtime did not answer the kubelet in time.",
        evidence="DeadlineExceeded in the event. It is `likely`: what hangs is not told.",
        alike="A network plugin, an image pull or a shim that hangs makes the runtime late: `cni/hung`, `shim/stopped`. Where it answers "
        "nothing at all the node is NotReady: `runtime/silent`.",
        remedy="See what hangs below it: children of containerd or crio that are no shims, shims in state T. By itself the kubelet tries "
        "again every 10 to 15 s.",
        source="The kubelet waits 4 min for RunPodSandbox, 2 min for most else (cri-client, `remote_runtime.go`).",
    ),
    FindingCode(
        code="runtime/create-failed",
        severity="critical",
        meaning="The runtime could not start it.",
        evidence="Its words in the event: `OCI runtime create failed` and the like.",
        alike="Words that are known have their own code: `image/other-machine`, `pids/runtime-full` and others.",
        remedy="By its words: the spec, where they name a program or mount; else the runtime's log on the node. By itself the kubelet "
        "tries again.",
        source="runc's and containerd's words: `kubectl_pause/known_causes/`.",
    ),
    FindingCode(
        code="runtime/silent",
        severity="critical",
        meaning="The runtime does not answer the kubelet: nothing is started or stopped on the node.",
        evidence="The node's condition Ready is False: the container runtime is down, or not responding.",
        alike="For the first 30 s, and 130 s where the call itself hangs, the node is Ready and there is no event. Where the kubelet "
        "says nothing either: `kubelet/silent`.",
        remedy="`systemctl status containerd crio` on the node. By itself running pods go on, and the API evicts them after 5 min; all "
        "is well within seconds of its answer.",
        source="The kubelet asks each 5 s, and calls it down after 30 s without a good answer (`pkg/kubelet/runtime.go`); seen on "
        "Kubernetes 1.34.",
    ),
    FindingCode(
        code="kubelet/silent",
        severity="critical",
        meaning="The node's kubelet says nothing any more: nothing is started, stopped or reported there.",
        evidence="Its lease, older than it is valid (40 s); or Ready is Unknown.",
        alike="A machine that is off, or cut from the API server, looks the same from outside. Its containers may run on.",
        remedy="`systemctl status kubelet` on the node; is the machine off? By itself Ready becomes Unknown; after 5 min its pods are "
        "evicted, and stay Terminating until the kubelet is back or the node is deleted.",
        source="A lease is renewed each 10 s; seen on Kubernetes 1.34: Unknown after 50 to 55 s.",
    ),
    FindingCode(
        code="node/gone",
        severity="critical",
        meaning="Its node does not exist any more.",
        evidence="The API knows no such node.",
        alike="A node that may not be read is no such finding. One that is there and silent is `kubelet/silent`.",
        remedy="None: the control plane deletes the pods of nodes that are gone, within a few minutes.",
        source="Kubernetes PodGC; `kubectl_pause/judge/stuck/node_trouble.py`.",
    ),
    FindingCode(
        code="node/pleg",
        severity="critical",
        meaning="The kubelet gets no list of what runs, and leaves all pods alone.",
        evidence="The node's condition Ready: `PLEG is not healthy`.",
        alike="Its cause is elsewhere: a runtime that hangs (`runtime/silent`), a list that is too large (`node/list-too-large`), or the "
        "load of the machine.",
        remedy="Does `crictl pods` answer on the node? See the runtime's log. By itself it is well again once a list is answered.",
        source="The kubelet lists each second, and is unhealthy after 3 min without (`pkg/kubelet/kubelet.go`, `genericPlegRelist*`).",
    ),
    FindingCode(
        code="node/list-too-large",
        severity="critical",
        meaning="The runtime's list is larger than one message may be: the kubelet sees no pod of this node any more.",
        evidence="Event ContainerGCFailed of the last 3 min: `larger than max`.",
        alike="Until the kubelet's PLEG is unhealthy, 3 min later, the node is Ready and pods run.",
        remedy="Delete finished pods with large annotations, then on the node, for one namespace at a time, since a whole list is too "
        "large again: `crictl pods --state notready -q --label io.kubernetes.pod.namespace=NAMESPACE`, and `crictl rmp` these. By itself "
        "it stays.",
        source="gRPC's limit of 16 MB; the size is that of labels and annotations of sandboxes of all states. Seen on containerd 2.2 "
        "with 70 pods of 250 KB each.",
    ),
    FindingCode(
        code="node/not-ready",
        severity="critical",
        meaning="The node is not ready, for another reason.",
        evidence="Its condition Ready is False, with its words.",
        alike="Words that are known have their own code: `cni/no-config`, `runtime/silent`, `node/pleg`.",
        remedy="By these words: `kubectl describe node`. By itself its pods wait, and are evicted after 5 min.",
        source="Condition Ready of the Kubernetes API; `kubectl_pause/judge/stuck/node_trouble.py`.",
    ),
)
