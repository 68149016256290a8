"""Codes of pods on their way down: finalizers, containers, sandbox, volumes."""

from __future__ import annotations

from kubectl_pause.finding_codes.finding_code import FindingCode

PODS_GOING_DOWN = (
    FindingCode(
        code="pod/static",
        severity="critical",
        meaning="It is a static pod, whose deletion does nothing: the kubelet makes its object anew for as long as the manifest is on "
        "the node.",
        evidence="Annotation `kubernetes.io/config.mirror`.",
        alike="A pod with an owner comes back too, and under another uid: that is its controller, and no finding.",
        remedy="Move its manifest out of the kubelet's `staticPodPath` on the node. By itself it stays.",
        source="Kubernetes: static pods and their mirrors.",
    ),
    FindingCode(
        code="pod/finalizer",
        severity="info",
        meaning="All is done on its node, and finalizers keep the object.",
        evidence="`metadata.finalizers`, a grace of 0, no container that runs.",
        alike="While containers run or a grace is left, finalizers are not yet what keeps it.",
        remedy="Whoever put them there takes them away. Where that is gone for good, `kubectl patch` with no finalizers, by the line "
        "given. By itself nothing happens.",
        source="The kubelet deletes the object with a grace of 0 as its last step: `kubectl_pause/judge/stuck/terminating.py`.",
    ),
    FindingCode(
        code="pod/not-killed",
        severity="critical",
        meaning="It is still there after its grace: a container runs, or the kubelet fails to take it down.",
        evidence="Event FailedKillPod or FailedSync of the last 5 min whose words are not known here; or a container that runs 15 s "
        "after the grace, which is `likely`.",
        alike="Within its grace it is no finding. A shim or main process that is stopped is told instead: `shim/stopped`, "
        "`process/halted`. Words that are known have their own code.",
        remedy="By the event's words. On the node `crictl ps`, and `ps -eo pid,ppid,stat,wchan:20,comm`: no SIGKILL ends a process in "
        "state D, and a shim in state T hears of no end. By itself the kubelet tries again every 10 to 15 s.",
        source="The kubelet's `SyncTerminatingPod`: `kubectl_pause/judge/stuck/terminating.py`.",
    ),
    FindingCode(
        code="pod/sandbox-stays",
        severity="warning",
        meaning="Its containers have ended, its sandbox has not.",
        evidence="The runtime calls its sandbox ready. It is `likely`: its network may be taken down just now.",
        alike="Where an event tells why, that is told instead; a plugin of CNI at work for 10 s is `cni/hung`.",
        remedy="See what hangs: a network plugin below the runtime, `ps -eo pid,ppid,stat,etime,comm --sort=etime` on the node. By "
        "itself the kubelet tries again every 10 to 15 s.",
        source="The kubelet ends the sandbox after the containers (`SyncTerminatingPod`): `kubectl_pause/judge/stuck/terminating.py`.",
    ),
    FindingCode(
        code="pod/volume-busy",
        severity="warning",
        meaning="Its containers have ended, and the kubelet does not let go of it: a volume in use, most often.",
        evidence="A minute after its grace no container runs, and a process works in a volume of it that is mounted: its working "
        "directory, its root or an open file is there. Where none is seen it is only `possible`, and `why` alone says it: no event tells.",
        alike="A cgroup that is not empty, or a kubelet that is slow, looks the same. Within the first minute it is no finding.",
        remedy="End the process that is named, or have it leave; where none is, on the node `grep UID /proc/1/mountinfo`, and `fuser -vm "
        "PATH` for who uses these. By itself the kubelet tries to unmount again, in steps that double up to 2 min, and the pod is "
        "gone soon after the last user.",
        source="The kubelet's `SyncTerminatedPod` waits for volumes without an event; seen on Kubernetes 1.34 with a process whose cwd "
        "was in an emptyDir.",
    ),
)
