"""Codes of pods on their way up: the scheduler, volumes, images, init containers, probes."""

from __future__ import annotations

from kubectl_pause.finding_codes.finding_code import FindingCode

PODS_COMING_UP = (
    FindingCode(
        code="pod/unscheduled",
        severity="critical",
        meaning="No node takes it.",
        evidence="Condition PodScheduled is False, in the scheduler's own words; event FailedScheduling.",
        alike="A pod that waits at a gate is `pod/gated`; one that no scheduler has looked at is `pod/no-scheduler`.",
        remedy="By the scheduler's own words: `kubectl describe pod`. By itself the scheduler tries again when pods or nodes change, and "
        "every 5 min.",
        source="Condition PodScheduled of the Kubernetes API; `kubectl_pause/judge/stuck/creating.py`.",
    ),
    FindingCode(
        code="pod/gated",
        severity="info",
        meaning="No scheduler looks at it until its gates are taken away.",
        evidence="`spec.schedulingGates`.",
        alike="It is meant: a program is to let the pod through, a queue say.",
        remedy="See what is to take them away. By itself nothing happens.",
        source="Kubernetes: Pod Scheduling Readiness.",
    ),
    FindingCode(
        code="pod/no-scheduler",
        severity="critical",
        meaning="No scheduler has looked at it for 10 s.",
        evidence="It has no condition PodScheduled. It is `likely`: a scheduler may be slow.",
        alike="A pod that is younger waits for the scheduler, and has no finding.",
        remedy="Does the scheduler that it names run? `kubectl get pods -n kube-system -l component=kube-scheduler`. By itself it waits.",
        source="That 10 s are long is this project's: `kubectl_pause/judge/stuck/creating.py`.",
    ),
    FindingCode(
        code="pod/rejected",
        severity="critical",
        meaning="The kubelet rejected or evicted it.",
        evidence="`status.reason` and `message` of a pod whose phase is Failed.",
        alike="Where the API keeps no reason and a container failed, it is `container/ended`.",
        remedy="See the node: `kubectl describe node`. It does not come back; what made it makes another, and a pod without a controller "
        "stays failed until it is deleted.",
        source="`status.reason` of the Kubernetes API, which the kubelet sets: Evicted, OutOfcpu, NodeAffinity and others.",
    ),
    FindingCode(
        code="pod/volume",
        severity="critical",
        meaning="A volume or device is not there: it has no sandbox before.",
        evidence="Event FailedMount, FailedAttachVolume, FailedMapVolume or FailedPrepareDynamicResources. Only `possible` where the "
        "event is older than 400 s.",
        alike="Once the sandbox is there such an event proves nothing, and is passed over.",
        remedy="Make the ConfigMap, Secret or claim that it names; else by the event's words. By itself the kubelet tries again, in "
        "steps that double up to 2 min.",
        source="The kubelet mounts volumes before it asks for a sandbox (`syncPod`): `kubectl_pause/judge/stuck/creating.py`.",
    ),
    FindingCode(
        code="pod/image",
        severity="critical",
        meaning="An image cannot be had.",
        evidence="The container's waiting reason (ErrImagePull, ImagePullBackOff, ErrImageNeverPull, InvalidImageName and others), event "
        "Failed.",
        alike="An image that is being pulled is no finding. The pause's image: `image/pause-missing`. One for another machine: "
        "`image/other-machine`.",
        remedy="Is the name right, can the node pull it (`crictl pull IMAGE`), does the registry let it (`imagePullSecrets`)? By itself "
        "the kubelet tries again, in steps that double up to 5 min; never for InvalidImageName.",
        source="The kubelet's words (`pkg/kubelet/images`): `kubectl_pause/judge/stuck/waiting.py`.",
    ),
    FindingCode(
        code="pod/config",
        severity="critical",
        meaning="A container names a ConfigMap, Secret or key that is not there, or asks for a user or a subPath that cannot be.",
        evidence="Its waiting reason CreateContainerConfigError, and message.",
        alike="A ConfigMap or Secret that is mounted, and not there, is `pod/volume`.",
        remedy="By the words: make what is not there, or name another; for runAsNonRoot a `runAsUser` in its "
        "`securityContext`. By itself the kubelet tries again every 10 to 15 s.",
        source="The kubelet's words (`pkg/kubelet/kuberuntime`): `kubectl_pause/judge/stuck/waiting.py`.",
    ),
    FindingCode(
        code="pod/init-running",
        severity="info",
        meaning="An init container is at work, and the others wait.",
        evidence="Its state, and since when it runs.",
        alike="A sidecar (an init container with `restartPolicy: Always`) goes on beside the others, and is none of these.",
        remedy="Its log: `kubectl logs POD -c NAME`. By itself the others start when it has ended.",
        source="The kubelet runs init containers before the others (`syncPod`): `kubectl_pause/judge/stuck/waiting.py`.",
    ),
    FindingCode(
        code="pod/crash-loop",
        severity="critical",
        meaning="A container ends as soon as it is started.",
        evidence="Its waiting reason CrashLoopBackOff, its restarts, its last exit code and reason.",
        alike="Where the runtime cannot start its program at all (StartError, ContainerCannotRun), it is `container/not-made`, or what "
        "the runtime's words prove.",
        remedy="`kubectl logs --previous`. OOMKilled: its memory limit. 137 without that: a liveness probe, or the node's memory. By "
        "itself the kubelet starts it again, in steps that double from 10 s up to 5 min.",
        source="The kubelet's words (`pkg/kubelet/kuberuntime`): `kubectl_pause/judge/stuck/waiting.py`.",
    ),
    FindingCode(
        code="pod/probe",
        severity="warning",
        meaning="A probe fails, so that it is not ready.",
        evidence="Event Unhealthy that is newer than the start of its containers, with the probe's words; which containers are not ready.",
        alike="Before the first probe has succeeded or failed there is no event, and no finding. An event older than the newest start "
        "proves nothing.",
        remedy="By the event's words. By itself it becomes ready once its probes succeed; a liveness probe that goes on failing starts "
        "the container again.",
        source="A kubelet is held to one event in 5 min after 25 of them on a pod: `kubectl_pause/judge/stuck/running.py`.",
    ),
    FindingCode(
        code="pod/readiness-gate",
        severity="info",
        meaning="Its containers are ready, and the pod is not: one of its readiness gates is not.",
        evidence="Condition Ready, and its words.",
        alike="A container that is not ready: `pod/probe`.",
        remedy="See what is to set the condition that is named. By itself it becomes ready when that is set.",
        source="`spec.readinessGates` of the Kubernetes API; `kubectl_pause/judge/stuck/running.py`.",
    ),
    FindingCode(
        code="pod/userns",
        severity="critical",
        meaning="The node cannot give it a user namespace of its own (`hostUsers: false`).",
        evidence="The words of the event or of the container: no support, no empty slot, mappings that are not valid, or a `noop process "
        "for unshare` that could not be started.",
        alike="`no space left on device` behind that noop process is no full disk: `user.max_user_namespaces` is used up.",
        remedy="`sysctl user.max_user_namespaces` on the node: 0 or used up? Else a newer runtime, or `hostUsers: true`. By itself the "
        "kubelet tries again every 10 to 15 s.",
        source="Texts of Kubernetes 1.34 and containerd 2.2: `kubectl_pause/known_causes/`; siderolabs/talos#8554.",
    ),
    FindingCode(
        code="pod/runtime-class",
        severity="critical",
        meaning="Its RuntimeClass, or the handler that it names, is not there.",
        evidence="The words of the event: `no runtime for ... is configured`, or a RuntimeClass that is not found.",
        alike="A RuntimeClass that is there and has a handler that only some nodes have: its `scheduling.nodeSelector` is to choose them.",
        remedy="`kubectl get runtimeclass`: make it, name another, or choose nodes whose runtime has the handler. By itself the kubelet "
        "tries again every 10 to 15 s.",
        source="containerd's and the kubelet's words: `kubectl_pause/known_causes/`; seen on containerd 2.2.",
    ),
)
