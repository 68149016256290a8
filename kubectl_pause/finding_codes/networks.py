"""Codes of a node's pod network: CNI plugins, addresses, network namespaces."""

from __future__ import annotations

from kubectl_pause.finding_codes.finding_code import FindingCode

NETWORKS = (
    FindingCode(
        code="cni/no-config",
        severity="critical",
        meaning="The runtime has no network configuration: no pod with a network of its own is made or taken down.",
        evidence="NetworkReady of `crictl info` is false; or the words of the node's condition Ready, or of an event: `cni plugin not "
        "initialized` and the like.",
        alike="On a node or runtime that has just come up it is normal for 2 min: its add-on is a pod, which comes first. A file that is "
        "there and was not read: `cni/not-reloaded`. Pods with `hostNetwork` run.",
        remedy="See the network add-on's pods on that node, and `ls -l /etc/cni/net.d`. By itself the kubelet tries again each second "
        "until the runtime has a network.",
        source="containerd takes the first valid file in the order of names (`internal/cri/server/cni_conf_syncer.go`); seen on "
        "containerd 2.2.",
    ),
    FindingCode(
        code="cni/not-reloaded",
        severity="critical",
        meaning="A CNI configuration is there, and the runtime has not read it: it was moved in.",
        evidence="NetworkReady is false and `lastCNILoadStatus` says that none was found (`crictl info`), and the files are there.",
        alike="Where no file is there, or the status says something else, it is `cni/no-config`.",
        remedy="Write it again in place, by the line given: `cat FILE >/tmp/cni && cat /tmp/cni >FILE`; the node is Ready within "
        "seconds. By itself it stays until the runtime is started again.",
        source="containerd's watcher hears of writes, not of create and chmod (`internal/cri/server/cni_conf_syncer.go`); seen for 5 min "
        "on containerd 2.2.",
    ),
    FindingCode(
        code="cni/hung",
        severity="critical",
        meaning="A CNI plugin is at work for more than 10 s: its pod is not made or taken down before it ends.",
        evidence="A child of the runtime with the name of a configured plugin, and its age.",
        alike="A plugin that is only slow looks the same, and ends by itself: an address from a far server say. What a pod itself runs "
        "under that name is no child of the runtime.",
        remedy="See its log, and in what it waits: `cat /proc/PID/wchan`. By itself a creation fails after 4 min, and the kubelet tries "
        "again.",
        source="Nothing else tells of it: no event before these 4 min. That 10 s are long is this project's: "
        "`kubectl_pause/judge/health/runtime.py`.",
    ),
    FindingCode(
        code="cni/no-binary",
        severity="critical",
        meaning="A CNI plugin is not installed on the node: no pod of its network is made or taken down.",
        evidence="Event: `failed to find plugin`; or the types of the configuration against what is installed.",
        alike="The node stays Ready. A plugin that is there and fails is `cni/plugin-failed`.",
        remedy="Install it where the event, or PluginDirs of `crictl info`, says. By itself the kubelet tries again every 10 to 15 s.",
        source="libcni `FindInPath`; seen on containerd 2.2 with portmap moved away.",
    ),
    FindingCode(
        code="cni/cache-broken",
        severity="critical, info where no pod is stuck by it",
        meaning="A file of the CNI cache is cut or empty, so that a runtime with an old libcni cannot take down the network of its "
        "sandbox.",
        evidence="Event: `unexpected end of JSON input`, or a cached result that cannot be read; files of size 0 in "
        "`/var/lib/cni/results`.",
        alike="containerd from 2.0 on drops such a file and goes on: info.",
        remedy="`find /var/lib/cni/results -size 0` on the node; remove the file of this sandbox alone. By itself it stays with "
        "containerd 1.6 and 1.7.",
        source="libcni before 1.2.3 refuses the delete: containernetworking/cni#1055, containerd#8197.",
    ),
    FindingCode(
        code="cni/plugin-failed",
        severity="critical",
        meaning="A CNI plugin failed to make or take down its network.",
        evidence="Its words in the event, behind `plugin type=...` or `failed to setup network for sandbox`.",
        alike="Words that are known have their own code: `ipam/full`, `cni/no-binary`, `netns/pinned` and others.",
        remedy="By its words, and the log of the network add-on on that node. By itself the kubelet tries again every 10 to 15 s.",
        source="libcni's words: `kubectl_pause/known_causes/`.",
    ),
    FindingCode(
        code="ipam/full",
        severity="critical",
        meaning="No address is free for it.",
        evidence="The words of the address plugin: `no IP addresses available` of host-local, and those of other networks for the same.",
        alike="Leases of sandboxes that are gone may be what fills it: `ipam/stale`.",
        remedy="Stale leases first; else fewer pods on the node, or a larger range. By itself the kubelet tries again every 10 to 15 s, "
        "and succeeds once an address is free.",
        source="host-local `allocator.go` (containernetworking/plugins); others in `kubectl_pause/known_causes/`.",
    ),
    FindingCode(
        code="ipam/stale",
        severity="warning",
        meaning="Addresses are leased to sandboxes that are not there: nobody gets them.",
        evidence="Leases of host-local older than 5 min, and the runtime's list, which has no such sandbox of any state.",
        alike="A lease is there before its sandbox is listed: younger ones are left out. Of other address plugins nothing is told.",
        remedy="Remove the files named, once each sandbox is seen not to be listed (`crictl pods --id ID`). By itself they stay: "
        "host-local is never asked to collect them.",
        source="k3s#5885, antrea#8240; containerd lists a sandbox only when it is nearly made (`internal/cri/server/sandbox_run.go`).",
    ),
    FindingCode(
        code="ipam/duplicate",
        severity="critical",
        meaning="This sandbox has a lease already: an earlier attempt was not undone.",
        evidence="Event: `duplicate allocation is not allowed`.",
        alike="A range that is used up has other words: `ipam/full`.",
        remedy="Remove that lease in the `dataDir` of the CNI configuration: the file that has the sandbox's id, which the event tells. "
        "By itself it ends where the next attempt has another id.",
        source="host-local (containernetworking/plugins), a second ADD of one id: `kubectl_pause/known_causes/`.",
    ),
    FindingCode(
        code="netns/pinned",
        severity="critical, and warning where no pod is stuck by it",
        meaning="Its network namespace is mounted more than once, and cannot be taken away at once.",
        evidence="Event: `device or resource busy`, of a network namespace. By the node itself: several mounts at its path, each on the "
        "one before, in the mount table of pid 1.",
        alike="Two lines of one path in the mount table where `/run/netns` itself is mounted twice are none. A container with a private "
        "copy of `/run` is harmless from Linux 3.18 on; on RHEL 7 it gives the same error. A mount of it at another path does not stop the "
        "pod: it is `namespace/outlived` afterwards.",
        remedy="`grep nsfs /proc/1/mountinfo` on the node; see who mounts `/run` with Bidirectional propagation. By itself each retry of "
        "the kubelet takes away one of the mounts.",
        source="containerd#3667, containerd#6143; seen on Linux 6.18: 5.7 s instead of 3.",
    ),
)
