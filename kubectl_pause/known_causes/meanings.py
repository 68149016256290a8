"""What each code means that the tables of causes bring, and what is easily mistaken for it. Long, since it is a table."""

from __future__ import annotations

MEANINGS: dict[str, tuple[str, str]] = {
    "cgroup/driver": ("The kubelet and the runtime use different cgroup drivers.", "The pod's own resources have no part in it."),
    "cgroup/full": (
        "The kernel has no room for another cgroup.",
        "It is the error of a full disk: the path under /sys/fs/cgroup tells them apart.",
    ),
    "cgroup/refused": (
        "The kernel refuses a cgroup setting of a container, or does not have the controller.",
        "A file that is missing under /sys/fs/cgroup is not one of the image.",
    ),
    "cni/agent-down": (
        "A network plugin cannot reach its agent on the node.",
        "The address is the node's own loopback or a socket: no registry, no application.",
    ),
    "cni/api-unreachable": (
        "A network plugin cannot reach the API server from its node.",
        "The agent may run well; the way from the node to the Service is broken.",
    ),
    "cni/attachment-missing": (
        "The pod asks for a NetworkAttachmentDefinition that does not exist.",
        "The plugin that says so (Multus) is well.",
    ),
    "cni/busy": (
        "The network agent asks to try again, or a plugin waits for a lock.",
        "429 is the agent's own, not a registry's limit; it is normal while many pods start.",
    ),
    "cni/config-broken": (
        "The configuration of a network plugin on the node is wrong or left over.",
        "Where a delegating plugin such as Multus speaks, the network it names is meant.",
    ),
    "cni/plugin-died": (
        "A network plugin ended without an answer.",
        "An unexpected end of JSON is not the CNI cache here, nor the pod's own JSON.",
    ),
    "cni/unauthorized": (
        "The API server refuses a network plugin's credentials.",
        "The pod's ServiceAccount and its pull secrets have no part in it.",
    ),
    "container/command": (
        "The program that a container shall run cannot be found or executed.",
        "With CRI-O a program that has a path and is `not found in $PATH` is in the image: its folder is closed.",
    ),
    "container/finished": (
        "A container does its work, ends well, and is started again by restartPolicy Always.",
        "A node that was rebooted can leave exit code 0 with Docker.",
    ),
    "container/hook": ("A postStart or preStop hook fails.", "Exit code 137 of the container itself is then the kubelet's doing."),
    "container/memory-too-low": (
        "The memory limit is too low for a container to start.",
        "The program never ran: there is no leak to look for.",
    ),
    "container/name-reserved": (
        "The runtime is still at work on an earlier request for the same container.",
        "It is not `sandbox/name-reserved`: to restart the runtime throws its work away.",
    ),
    "container/node-lost": (
        "A container ended with its node or runtime, and its exit code is a stand-in.",
        "A program may end with 255 by itself.",
    ),
    "container/not-restarted": (
        "A container that should have been started again was not.",
        "A restart waits for up to 5 min between tries.",
    ),
    "container/out-of-memory": (
        "A container, or a process in it, was killed at its memory limit.",
        "The node has memory: exit code 137 alone does not prove it.",
    ),
    "container/probe-killed": (
        "The kubelet killed a container since its liveness or startup probe failed.",
        "Exit codes 137 and 143 alone look like memory or a normal stop.",
    ),
    "container/security": (
        "A capability, a seccomp or an AppArmor profile keeps a container from starting, or kills it.",
        "To run it privileged only hides it.",
    ),
    "container/sidecar-forgotten": (
        "A sidecar runs, and the kubelet does not probe it any more, so that no other container starts.",
        "A sidecar may take as long as its startup probe allows.",
    ),
    "container/signal": ("A signal ended a container.", "143 and 130 are a normal stop while the pod is deleted."),
    "container/status-lost": ("The kubelet lost a container's state.", "Its exit code 137 is a stand-in: nothing says that it was killed."),
    "container/user": (
        "The user that a container shall run as does not fit the image or the pod's rules.",
        "`mount callback failed` in the message is no volume.",
    ),
    "disk/read-only": ("A file system of the node is read-only.", "Every new pod of the node has it, whatever the message is about."),
    "image/clock": (
        "A certificate is not valid at the node's time.",
        "Where the time in the message is right, the registry's certificate has expired.",
    ),
    "image/denied": ("A registry refuses to hand out the image.", "Registries say the same of an image that does not exist."),
    "image/dns": ("The node cannot resolve a registry's name.", "The runtime uses the node's resolver, not the cluster's."),
    "image/layer-broken": ("A layer of an image cannot be unpacked.", "A full disk has its own code: `disk/full`."),
    "image/mirror": (
        "A mirror that the runtime is configured with answers with an error.",
        "The registry itself may be well: `?ns=` in the address marks the mirror.",
    ),
    "image/name": ("The name of an image is not one that this node can use.", ""),
    "image/not-found": (
        "A registry does not have the image.",
        "`no match for platform` ends in `not found` too, and is `image/other-machine`.",
    ),
    "image/proxy": ("The runtime's proxy setting is wrong.", "The name that cannot be resolved is the proxy's."),
    "image/pull-secret": ("A secret to pull images with does not exist.", "A public image is pulled without it."),
    "image/rate-limit": ("A registry limits how often it is asked.", "429 in a network plugin's words is `cni/busy`."),
    "image/registry-error": ("A registry has an error of its own (5xx).", ""),
    "image/signature": (
        "The signature policy of the node or cluster does not accept an image.",
        "What CRI-O says behind `artifact err` is a second try, and tells nothing.",
    ),
    "image/slow": ("A pull made no progress, and was given up.", "`context canceled` is nobody's deletion."),
    "image/tls": ("The node and a registry do not agree on TLS.", "Credentials have no part in it."),
    "image/unreachable": ("The node cannot connect to a registry.", ""),
    "ipam/warming": ("The network add-on has no free address yet.", "Where it lasts it is `ipam/full`."),
    "kubelet/services": ("The kubelet has not read the Services.", "It is normal for seconds after a start of the kubelet."),
    "kubelet/starting": ("The kubelet has not heard from its runtime since it started.", "It is normal for a minute."),
    "kubelet/version-skew": ("The kubelet is newer than the API server.", ""),
    "netns/gone": ("A pod's network namespace was removed while its network was set up.", ""),
    "node/device": (
        "A device, its driver or its description is missing on the node.",
        "The library that is missing is the node's, not the image's.",
    ),
    "node/inotify": ("The node has no inotify instance or watch left.", "`too many open files` is not the limit of open files here."),
    "node/mount-propagation": ("A mount of the node is not shared.", ""),
    "node/not-seen": ("The kubelet could not read its own node when the pod came.", ""),
    "node/security-module": ("A security module of the node forbids what the runtime has to do.", ""),
    "node/shutdown": ("The node is shutting down, or was shut down in order.", "`container runtime is down` beside it is a consequence."),
    "pod/deadline": (
        "A pod ran longer than its activeDeadlineSeconds.",
        "`DeadlineExceeded` in the words of a runtime is `runtime/no-answer`.",
    ),
    "pod/device": (
        "The devices that the scheduler counted are not there when the kubelet hands them out.",
        "`unexpected` is fixed wording.",
    ),
    "pod/evicted": (
        "A pod was evicted: by the kubelet for a resource, by the control plane for a lost node, or by a drain.",
        "A limit of the pod's own is `pod/storage-limit`.",
    ),
    "pod/host-port": ("Another pod of the node has the host port.", ""),
    "pod/no-room": ("The kubelet had no room for a pod that the scheduler sent.", "A failed pod is never retried."),
    "pod/node-label": (
        "The node does not have a label or operating system that the pod asks for.",
        "Labels are looked at again when a kubelet is restarted.",
    ),
    "pod/preempted": ("A pod made room for one of higher priority.", ""),
    "pod/resize": ("A pod cannot be resized in place.", "A resize that is going on is not a finding."),
    "pod/storage-limit": ("A pod wrote more than its own limit.", "The node's disk is not full."),
    "pod/sysctl": ("A sysctl of the pod is not allowed.", ""),
    "pod/topology": ("No NUMA node of the machine has all that the pod asks for.", "The node as a whole may have room."),
    "probe/command": ("The program of an exec probe is not in the image.", "`exit code -1` in the message is not the program's."),
    "probe/ending": ("A probe fails since its pod is ending.", "Without a deletion it is `probe/no-container`."),
    "probe/grpc": ("The gRPC health service of a program is missing, or says that it does not serve.", ""),
    "probe/no-container": (
        "The runtime calls a container running and finds no process of it.",
        "In a pod that is being deleted this is normal.",
    ),
    "probe/port": (
        "A probe names a port that its container does not declare.",
        "It counts neither as a success nor as a failure, and so waiting does not help.",
    ),
    "probe/refused": ("Nothing accepts the connection of a probe.", "It is normal while a program starts."),
    "probe/route": ("The node cannot make a connection to the pod's address.", ""),
    "probe/scheme": ("A probe speaks HTTP to a port of HTTPS, or the other way round.", ""),
    "probe/slow": ("A program answers its probe too late.", "The connection was made: the network is well."),
    "probe/status": ("A program answers its probe with an error.", ""),
    "probe/timeout": ("The command of a probe takes longer than it may.", "An old kubelet shows an empty output."),
    "runtime/plugin-failed": ("A plugin of the runtime (NRI) failed.", "It is not a network plugin."),
    "runtime/program-missing": (
        "A program of the container runtime is missing on the node, or cannot be run.",
        "It is not a program of the image.",
    ),
    "runtime/shim-died": ("The shim of a container or sandbox ended during a call.", "`closed` has nothing to do with TLS."),
    "sandbox/not-recreated": (
        "A pod of restartPolicy Never whose sandbox ended, so that nothing creates another.",
        "With another policy the kubelet creates a new sandbox.",
    ),
    "schedule/affinity": (
        "No node fits the pod's selectors, affinities or spreading.",
        "Nodes of other groups are in the list too, and are meant to be.",
    ),
    "schedule/autoscaler": ("The cluster autoscaler adds a node for the pod, or cannot.", ""),
    "schedule/cordoned": ("The nodes that the pod could run on are cordoned.", "The taint of a control plane is meant."),
    "schedule/devices": ("No node has a device for the pod's claims.", ""),
    "schedule/extender": ("A scheduler extender or device plugin has not registered its nodes.", ""),
    "schedule/gone": ("The pod is being deleted, and is not scheduled any more.", ""),
    "schedule/never-fits": ("The pod asks for more than any node has.", "Where preemption would help it is `schedule/no-room`."),
    "schedule/no-nodes": ("The cluster has no node that pods could run on.", ""),
    "schedule/no-room": ("No node has enough of a resource free.", "`no new claims to deallocate` is fixed wording."),
    "schedule/node-trouble": (
        "The nodes that the pod could run on are in trouble, and say so by a taint.",
        "To tolerate the taint does not help.",
    ),
    "schedule/pods-full": (
        "A node has its full number of pods.",
        "A pod of a DaemonSet is for one node: the others in the list are normal.",
    ),
    "schedule/port": ("Another pod has the pod's host port.", ""),
    "schedule/taint": ("The nodes have taints that the pod does not tolerate.", ""),
    "schedule/volume": ("A volume keeps the pod from every node.", ""),
    "volume/attach": ("A volume cannot be attached to the node.", ""),
    "volume/cache": ("The kubelet has not read an object that a volume needs.", "It is normal for seconds."),
    "volume/claim": ("A claim of the pod has no volume, or does not exist.", ""),
    "volume/dead-mount": ("A mount on the node is dead.", ""),
    "volume/driver-missing": ("The driver of a volume or device is not registered on the node.", "The claim is well."),
    "volume/filesystem": (
        "The file system of a volume is damaged or cannot be read.",
        "`formatting` in the message does not mean that it was formatted.",
    ),
    "volume/host-path": ("A path or device of the node is not what the pod asks for.", ""),
    "volume/multi-attach": ("A volume is in use on another node.", ""),
    "volume/nfs": ("An NFS volume cannot be mounted.", "`bad superblock` of a path with a colon is a missing mount program."),
    "volume/object-missing": ("A Secret, ConfigMap or the like that a volume needs does not exist.", ""),
    "volume/slow": ("The kubelet changes the owner of a volume's files.", "Nothing is wrong; to delete the pod starts it again."),
    "volume/subpath": ("A subPath of a volume cannot be mounted.", ""),
    "volume/timeout": ("A volume was not mounted in time.", "The event is a consequence; others tell the cause."),
}
"""By code: its meaning, and what looks like it (may be empty)."""
