"""Codes of containers, sandboxes and images that cannot be made, had or kept."""

from __future__ import annotations

from kubectl_pause.finding_codes.finding_code import FindingCode

MAKING = (
    FindingCode(
        code="container/ended",
        severity="warning, critical where the pod is over, info for exit code 0",
        meaning="A container has ended.",
        evidence="Its state, its exit code, and the pod's `restartPolicy`.",
        alike="Where it is started again and ends again, it is `pod/crash-loop`. A pod all of whose containers ended well has done its "
        "work, and has no finding.",
        remedy="`kubectl logs`, `kubectl describe pod`. By itself the kubelet starts it again where `restartPolicy` says so, and else "
        "never.",
        source="`restartPolicy` of the Kubernetes API: `kubectl_pause/judge/stuck/running.py`, `kubectl_pause/judge/stuck/ended.py`.",
    ),
    FindingCode(
        code="container/not-made",
        severity="critical",
        meaning="The runtime could not make or start a container, and its words are not known here.",
        evidence="Its waiting reason and message, or the last word of a run that was never started.",
        alike="Words that are known have their own code. A program that starts and ends is `pod/crash-loop`.",
        remedy="By these words. By itself the kubelet tries again, in steps that double from 10 s up to 5 min.",
        source="The kubelet's StartError and ContainerCannotRun, exit code 128: `kubectl_pause/judge/stuck/waiting.py`.",
    ),
    FindingCode(
        code="sandbox/not-made",
        severity="critical",
        meaning="Its sandbox cannot be made, and the words of it are not known here; or nothing tells why it is not there.",
        evidence="Event FailedCreatePodSandBox or another of the sandbox's; or condition PodReadyToStartContainers, and no event, which "
        "is only `possible`.",
        alike="A sandbox that is being made for less than 15 s is no finding. An event older than 400 s makes it `possible`.",
        remedy="By the event's words: `kubectl describe pod`. Without an event see what hangs below the runtime: `ps -eo "
        "pid,ppid,stat,etime,comm --sort=etime` on the node. By itself the kubelet tries again every 10 to 15 s, or when the "
        "runtime's 4 min are over.",
        source="A runtime has 4 min for RunPodSandbox, and there is no event before: `kubectl_pause/judge/stuck/creating.py`.",
    ),
    FindingCode(
        code="sandbox/name-reserved",
        severity="critical",
        meaning="The runtime keeps the sandbox's name for an earlier request of the kubelet: one that is still at work, or that failed "
        "and was not cleaned up.",
        evidence="Its words: `failed to reserve sandbox name`, or CRI-O's `name is reserved`.",
        alike="A creation that is slow, by its network or an image, looks the same, and ends by itself.",
        remedy="`crictl pods --id ID`: not listed, see what is at work below the runtime; NotReady, `crictl rmp` it; neither after "
        "minutes, restart the runtime. By itself it ends when the earlier request does.",
        source="containerd `internal/registrar`, in memory only; cri-o#7010.",
    ),
    FindingCode(
        code="sandbox/made-anew",
        severity="info, warning where more than once",
        meaning="Its sandbox was made anew in the last 10 min, and with it all containers and its address.",
        evidence="Event SandboxChanged; attempts of its sandboxes; the condition's word, where there is one.",
        alike="A node that was started again makes all its sandboxes anew, once. A creation that fails is tried again without this "
        "event: `sandbox/not-made`.",
        remedy="None for once. Else the log of the runtime and the kubelet just before the event: `journalctl -u containerd -u crio -u "
        "kubelet`. By itself the pod goes on in the new one.",
        source="The kubelet's `PodSandboxChanged` has five reasons (`pkg/kubelet/kuberuntime/util/util.go`); before 1.35 none is told in "
        "the API (kubernetes#135299).",
    ),
    FindingCode(
        code="image/pause-missing",
        severity="critical, and warning where no sandbox is stuck by it",
        meaning="The image of the pause container is not on the node, and cannot be had: no new sandbox there.",
        evidence="Event FailedCreatePodSandBox: `failed to get sandbox image`. By the node itself it is `likely`: the image of the newest "
        "sandbox is not among those that `crictl images` lists, and it may be pulled.",
        alike="Running pods live on, so that a node looks well. An application's image: `pod/image`.",
        remedy="`crictl pull IMAGE` on the node, or import it, or name one that is there in the runtime's configuration. By itself the "
        "kubelet tries again every 10 to 15 s; garbage collection takes it away again where it is not pinned.",
        source="The kubelet counts images of containers alone as used (`pkg/kubelet/images`, `detectImages`); seen on containerd 2.2.",
    ),
    FindingCode(
        code="image/pause-unpinned",
        severity="info",
        meaning="The image of the pause container is not pinned: the kubelet's garbage collection takes it before all others.",
        evidence="`pinned` is false of the image of the newest sandbox (`crictl images -o json`).",
        alike="A runtime that cannot pin says nothing, or false of all images. Where the registry answers it is pulled again, and nothing "
        "is lost.",
        remedy="With containerd on the node `ctr -n k8s.io images label IMAGE io.cri-containerd.pinned=pinned`; from 1.6.22 and 1.7.3 on "
        "it pins the configured image by itself when it is pulled or imported. By itself it stays.",
        source="The kubelet counts images of containers alone as used (`pkg/kubelet/images`, `detectImages`); CRI `Image.pinned`.",
    ),
    FindingCode(
        code="image/pause-skew",
        severity="info",
        meaning="Ready sandboxes of the node were made with different pause images.",
        evidence="The image of each ready sandbox (`crictl inspectp`); the newest one tells what is configured now.",
        alike="It is what an upgrade of the runtime leaves. A pause that is too old to reap is told where it matters: "
        "`zombie/pause-does-not-reap`.",
        remedy="None is needed: a sandbox keeps its image until its pod is made anew. By itself it ends with these pods.",
        source="containerd pins and uses the configured image for new sandboxes alone (`internal/cri/server/podsandbox`).",
    ),
    FindingCode(
        code="image/other-machine",
        severity="critical",
        meaning="An image is for another kind of machine than the node.",
        evidence="`exec format error`, or `no match for platform`, in the words of the event or the container.",
        alike="A script without its first line (`#!`) gives `exec format error` too.",
        remedy="`kubectl get nodes -L kubernetes.io/arch`: choose nodes by that label, or an image that is made for this one. By itself "
        "it stays.",
        source="The kernel's ENOEXEC (execve(2)), and containerd's words: `kubectl_pause/known_causes/`.",
    ),
)
