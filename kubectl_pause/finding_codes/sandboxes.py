"""Codes of namespaces, of sandboxes and of what serves or stands in them."""

from __future__ import annotations

from kubectl_pause.finding_codes.finding_code import FindingCode

SANDBOXES = (
    FindingCode(
        code="namespace/drift",
        severity="warning",
        meaning="A container is not in the namespace that its pod's spec and the runtime's rules lead one to expect.",
        evidence="Its link in `/proc/PID/ns`, compared with the sandbox's and the node's; the setting of the spec or the rule of the "
        "runtime that made one expect another.",
        alike="What the runtime is starting at this moment is left out, and so are sandboxed runtimes (gVisor, Kata), whose links prove "
        "nothing. A process beside the main one that has left is `namespace/left`.",
        remedy="Look for what runs `unshare`, `nsenter` or setns(2) as its PID 1; started again, the container gets what the spec says: "
        "make the pod anew. An ephemeral container is not started again: ask for another one; where it is not in the PID "
        "namespace of its `targetContainerName`, the runtime may not support that. By itself it stays until the container ends.",
        source="The runtimes' rules: containerd `internal/cri/opts/spec_opts.go` and `podsandbox/sandbox_run_linux.go`, CRI-O "
        "`configureGeneratorForSandboxNamespaces`, cri-dockerd `modifyHostOptionsForContainer`; the kubelet's `NamespacesForPod`.",
    ),
    FindingCode(
        code="namespace/joined",
        severity="info",
        meaning="Processes that are in none of the pod's cgroups are in its namespaces: someone's nsenter.",
        evidence="The inodes of each process's namespaces, and its cgroup.",
        alike="Execs and probes are in the pod's cgroups, and no strangers. A CNI plugin, and what runc has put half way into a "
        "container, are left out. The node's own namespaces are nobody's: with `hostNetwork` nothing is told of the network.",
        remedy="See who started them: `ps -o pid,ppid,user,lstart,comm -p PID`. They leave when they end; until then they keep the "
        "namespaces alive.",
        source="namespaces(7). Whatever a runtime starts for a pod is in its cgroups as well: "
        "`kubectl_pause/judge/namespaces/strangers.py`.",
    ),
    FindingCode(
        code="namespace/left",
        severity="info",
        meaning="A process of a container is in namespaces that are neither the container's nor the pod's.",
        evidence="The inodes of each process's namespaces, compared with those of its container and of the sandbox.",
        alike="Many services unshare their mounts, and systemd its cgroup namespace: neither is told alone. What runc is just starting "
        "is left out. Where the main process itself is elsewhere, it is `namespace/drift`.",
        remedy="None for a nested runtime, a build or a browser's sandbox. Else look for `unshare` or setns(2) in the container. It ends "
        "with the process.",
        source="namespaces(7); `kubectl_pause/judge/namespaces/strangers.py`.",
    ),
    FindingCode(
        code="namespace/outlived",
        severity="info",
        meaning="A namespace has no process any more, and is no sandbox's.",
        evidence="The mount, or with `--fds` the descriptor, that keeps it. It is `likely` and never certain: a thread that is alone in "
        "a namespace is not seen.",
        alike="Of a sandbox that is being made or taken down it looks the same: below `/run/netns/` it has to be 5 min old. What "
        "containerd pins for a pod with users of its own goes with its sandbox, and is left out. Some are made to last: `ip netns "
        "add`, an engine's own.",
        remedy="None where it was made to last. Else `umount` the path that is named, or end the process that holds the descriptor: it "
        "goes with the last of these, and not before.",
        source="namespaces(7). containerd lists a sandbox only when it is nearly made (`internal/cri/server/sandbox_run.go`), and has 4 "
        "min for that and 1 min to clean up.",
    ),
    FindingCode(
        code="sandbox/pause-gone",
        severity="warning",
        meaning="The pause process is gone while containers still run: one that starts again cannot join their namespaces.",
        evidence="No process in the sandbox's cgroup; the runtime's state of it; the containers that run. Certain where the runtime "
        "calls the sandbox NotReady.",
        alike="No pause process is normal on CRI-O where no PID namespace is shared, in stopped sandboxes, in podman's pods without an "
        "infra container and in sandboxed runtimes. A pod that is being deleted is left out. While the kubelet kills the "
        "containers, within their grace, it looks the same: look again after that.",
        remedy="None at first: the kubelet sees it within a second, ends the containers within their grace, and makes a new sandbox; "
        "with `restartPolicy: Never` it makes none. Where it lasts see the kubelet's log, or delete the pod. Docker and podman do "
        "nothing by themselves: start what held the namespaces, then what had joined it.",
        source="The kubelet's `PodSandboxChanged`, third reason (`pkg/kubelet/kuberuntime/util/util.go`), and `computePodActions`; where "
        "PID 1 was pause: containerd#11029.",
    ),
    FindingCode(
        code="sandbox/two-ready",
        severity="critical",
        meaning="The runtime has more than one ready sandbox of a pod.",
        evidence="One answer of `crictl pods`.",
        alike="The kubelet stops the old sandbox before it makes the new one, so this is no transition. A NotReady sandbox beside a "
        "ready one is normal, and so are two pods of one name with different uids.",
        remedy="See what else makes sandboxes on the node: a second client of CRI. By itself it ends within seconds: the kubelet ends "
        "all sandboxes of the pod with their containers, and makes one.",
        source="The kubelet's `PodSandboxChanged`, second reason (`pkg/kubelet/kuberuntime/util/util.go`); seen to heal in 3.5 s on "
        "Kubernetes 1.34.",
    ),
    FindingCode(
        code="shim/stopped",
        severity="critical",
        meaning="The shim of a sandbox is stopped or frozen: the runtime hears of no exit, goes on to call dead containers running, and "
        "a delete hangs.",
        evidence="State T in `/proc/PID/status`, or its frozen cgroup, and that it serves this sandbox.",
        alike="A debugger stops what it watches at every call: a traced shim is left out. Shims of other runtimes on the node serve no "
        "sandbox of it.",
        remedy="`kill -CONT PID`, or thaw its cgroup: all is well within seconds. By itself it stays; a delete then fails after the "
        "grace and 2 min with `DeadlineExceeded`.",
        source="containerd asks the shim for each state and each kill; seen on containerd 2.2: `inspectp` tells `processStatus` unknown "
        "while CRI goes on to say READY.",
    ),
    FindingCode(
        code="shim/leaked",
        severity="warning",
        meaning="A shim serves nothing that the runtime lists, and has no process: it was left behind.",
        evidence="The id that it says to serve is in no answer of `crictl pods` and `crictl ps -a`; it has no live child. It is older than "
        "5 min, and of the containerd that serves the node's other shims. `likely`: list and processes are not read in one moment.",
        alike="Shims of docker, nerdctl or buildkit, of another containerd, or in a container are not Kubernetes', and left out. What has "
        "processes is `shim/unlisted`.",
        remedy="Restart containerd, which cleans such shims up at its start where their bundle is still there; if it stays, `kill PID`. By "
        "itself it stays until the node is started anew.",
        source="containerd `core/runtime/v2/shim_load.go`; containerd#6860, containerd#9309, containerd#12344.",
    ),
    FindingCode(
        code="shim/unlisted",
        severity="warning",
        meaning="A shim keeps processes alive that the runtime does not list to any kubelet: nobody will end them.",
        evidence="As for `shim/leaked`, and live children of it.",
        alike="A container that somebody made in the runtime's namespace by hand (`ctr -n k8s.io run`) is the same to a kubelet: no pod's.",
        remedy="`ctr -n k8s.io tasks ls` on the node: what was made by hand is ended by hand. Else restart containerd. By itself it stays.",
        source="containerd `core/runtime/v2/shim_load.go`; containerd#6860; CRI lists what it has made itself.",
    ),
    FindingCode(
        code="container/ghost",
        severity="critical",
        meaning="Processes of a container that the runtime calls exited go on, beside those of the one made in its place: the "
        "application runs twice.",
        evidence="The container's cgroup has live processes, and the node's init has adopted them: their shim died suddenly. Certain "
        "where they were there at both looks.",
        alike="A process in its last moments: a second look tells. What an exec has left behind in a running container is none.",
        remedy="Make the pod anew: the kubelet then kills all that is left in the pod's cgroup. By itself it stays, behind a network "
        "that was taken down, until the pod is deleted.",
        source="containerd#10727; seen on containerd 2.2 by `kill -9` of a shim: it deletes the sandbox and marks its containers exited, "
        "and kills none of them.",
    ),
    FindingCode(
        code="container/no-shim",
        severity="critical",
        meaning="The shim of a container is gone, and the runtime calls the container running: nobody will tell of its end.",
        evidence="Its main process is a child of the node's init, and of no shim. Certain where it was so at both looks.",
        alike="A container that the runtime calls exited is `container/ghost`: containerd 2 hears of the end of a shim at once. Sandboxed "
        "runtimes (gVisor, Kata) are left out. One that has lost its cgroup as well is nobody's for certain, and nothing is said of it.",
        remedy="Make the pod anew; where that hangs, restart the runtime, which looks for its shims at its start. By itself it stays.",
        source="containerd#8285; a shim is the subreaper of what it starts (`core/runtime/v2`), so that the parent of a main process is "
        "init only where the shim has ended.",
    ),
    FindingCode(
        code="container/no-cgroup",
        severity="warning",
        meaning="The main process of a container is in no cgroup of its pod: no limit holds for it, and nothing that it uses is counted.",
        evidence="The pid that the runtime wrote down for the container is a child of the shim that serves it, and `/proc/PID/cgroup` "
        "names neither container nor pod.",
        alike="A process that somebody has put into the pod's namespaces is no child of the shim: `namespace/joined`. A zombie has lost "
        "its cgroup on version 1; the process of a sandboxed runtime (gVisor, Kata) is that of several containers.",
        remedy="Make the pod anew, and look for what writes into `cgroup.procs` on the node: an agent, or a service manager that does not "
        "leave the pods' slice alone. By itself it stays; a delete works.",
        source="cgroups(7); seen on cgroup v1 with containerd 2.2: the runtime, the kubelet and the API show nothing of it.",
    ),
    FindingCode(
        code="sandbox/no-ip",
        severity="critical",
        meaning="The network namespace of a ready sandbox is not mounted any more, and it has no address.",
        evidence="`crictl inspectp`: the sandbox is ready, `netNamespaceClosed`, no ip; no namespace is mounted at its path.",
        alike="A pod with `hostNetwork` has no address of its own, and is left out.",
        remedy="Let the pod be made anew at a time of your choice, and look for what unmounted it. By itself it stays until a container "
        "of the pod ends; then the kubelet makes all of them anew.",
        source="The kubelet's `PodSandboxChanged`, fifth reason (`pkg/kubelet/kuberuntime/util/util.go`), asked only at the pod's next "
        "event; containerd `getIPs` and `NetNS.Closed`.",
    ),
    FindingCode(
        code="netns/of-node",
        severity="critical",
        meaning="The node's own network namespace is mounted over a pod's: stopping the pod takes down a link of the node.",
        evidence="The mount at the sandbox's path has the inode of the node's network namespace (pid 1).",
        alike="A pod with `hostNetwork` is in it by its spec, and is left out.",
        remedy="`umount PATH` on the node, before anything stops that pod. By itself it stays, and at the next stop of the sandbox the "
        "node may lose its network.",
        source="The CNI plugin's delete runs in what is mounted at that path; seen with ptp: deleting the pod removed the node's eth0.",
    ),
    FindingCode(
        code="process/halted",
        severity="warning, info for a traced one",
        meaning="A container's main process, or the pause, is stopped, traced or in a frozen cgroup, and does nothing.",
        evidence="Its state in `/proc/PID/status`; the frozen cgroup; the debugger.",
        alike="What runc is making is frozen while its devices are set, and is left out. On cgroup v1 a frozen process shows state D: no "
        "disk is blocked. Where the finding of its zombies has the same line to paste, it is told there alone.",
        remedy="`kill -CONT PID`, thaw the cgroup by the path given, or let the debugger go on. By itself it stays; a paused one may be "
        "meant (`docker pause`, `ctr task pause`).",
        source="proc(5) for the states; the kernel's cgroup-v2.rst (`cgroup.freeze`) and freezer-subsystem.rst (`freezer.state`).",
    ),
)
