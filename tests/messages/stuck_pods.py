"""The pod, node and events that a line of the corpus stands for, as a dump of the API has them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

Json = dict[str, Any]
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
AGE = 300
NODE = "worker-1"
SCHEDULING = ("FailedScheduling", "NotTriggerScaleUp", "TriggeredScaleUp")
REFUSED = (
    "UnexpectedAdmissionError", "TopologyAffinityError", "SysctlForbidden", "AppArmor", "NodePorts", "NodeAffinity", "InvalidNodeInfo",
    "Evicted", "ExceededGracePeriod", "PodOSSelectorNodeLabelDoesNotMatch", "PodOSNotSupported", "Preempting", "Terminated", "NodeShutdown",
)  # fmt: skip
DISRUPTIONS = ("PreemptionByScheduler", "DeletionByTaintManager", "EvictionByEvictionAPI", "TerminationByKubelet")
OF_NODE = (
    "Rebooted", "SystemOOM", "OOMKilling", "FreeDiskSpaceFailed", "InvalidDiskCapacity", "ContainerGCFailed", "CperHardwareErrorCorrected",
)  # fmt: skip
NOT_OF_A_POD = ("log", "controller event", "node condition")
"""Where lines stand that no pod, node or event of a pod has: `why` is not asked about them."""


class Made(NamedTuple):
    """The pod and its node, to be filled in, and events."""

    pod: Json
    node: Json
    events: list[Json]


def is_of_a_pod(line: Json) -> bool:
    return line["where"] not in NOT_OF_A_POD and line.get("reason") not in OF_WORKLOADS and not is_of_a_node(line)


OF_WORKLOADS = (
    "BackoffLimitExceeded", "PodFailurePolicy", "ProgressDeadlineExceeded", "DiscoveryFailed", "SomeFinalizersRemain", "ContentDeleted",
)  # fmt: skip


def is_of_a_node(line: Json) -> bool:
    """What a node has without a pod being stuck by it."""
    reasons = ("NoRouteCreated", "KernelHasNoDeadlock", "FilesystemIsReadOnly", "CorruptDockerOverlay2", "ContainerdUnhealthy")
    return line.get("reason") in (*OF_NODE, *reasons) and line.get("reason") != "ContainerGCFailed"


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat(timespec="seconds").replace("+00:00", "Z")


def objects_of(line: Json) -> list[Json]:
    """The objects of the API around one line."""
    made = Made(_pod(), _node(line), [])
    pod, events = made.pod, made.events
    reason, message, context = line.get("reason") or "", line.get("message") or "", line.get("context") or ""
    _about(made, context)
    {"event": _of_event, "waiting": _of_waiting, "terminated": _of_terminated, "condition": _of_condition}[line["where"]](
        made, reason, message, context
    )
    for quoted in re.findall(r"'(Killing: )?(Container \S+ failed (?:liveness|startup) probe, will be restarted)", context):
        events.append(_event("Killing", quoted[1], seen=41))
        for container in (pod["spec"]["containers"][0], *pod["status"].get("containerStatuses", ())[:1]):
            container["name"] = container["name"] if "initContainers" in pod["spec"] else quoted[1].split()[1]
    return [pod, made.node, *events]


def _pod() -> Json:
    return {
        "kind": "Pod",
        "metadata": {"name": "web-0", "namespace": "shop", "uid": "u-1", "creationTimestamp": ago(AGE + 1)},
        "spec": {"nodeName": NODE, "restartPolicy": "Always", "containers": [{"name": "app", "image": "registry.example.com/web:1"}]},
        "status": {
            "phase": "Pending",
            "startTime": ago(AGE),
            "conditions": [
                {"type": "PodScheduled", "status": "True", "lastTransitionTime": ago(AGE)},
                {"type": "PodReadyToStartContainers", "status": "False", "lastTransitionTime": ago(AGE)},
            ],
            "containerStatuses": [
                {"name": "app", "restartCount": 0, "ready": False, "state": {"waiting": {"reason": "ContainerCreating"}}}
            ],
        },
    }


def _node(line: Json) -> Json:
    version = {"crio": "cri-o://1.31.0", "docker": "docker://20.10.24"}.get(line["runtime"], "containerd://2.0.0")
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": ago(5000)}
    info = {"containerRuntimeVersion": version, "kubeletVersion": "v1.33.0"}
    return {"kind": "Node", "metadata": {"name": NODE}, "status": {"conditions": [ready], "nodeInfo": info}}


def _event(reason: str, message: str, *, count: int = 3, seen: float = 5, kind: str = "Pod") -> Json:
    about = {"kind": kind, "name": "web-0", "namespace": "shop", "uid": "u-1"} if kind == "Pod" else {"kind": "Node", "name": NODE}
    return {
        "kind": "Event", "metadata": {"name": f"web-0.{reason}", "namespace": "shop"}, "type": "Warning", "reason": reason,
        "message": message, "count": count, "lastTimestamp": ago(seen), "involvedObject": about,
    }  # fmt: skip


def _about(made: Made, context: str) -> None:
    """What the context says of the pod, whatever the line is."""
    pod, node = made.pod, made.node
    if "restartPolicy Never" in context:
        pod["spec"]["restartPolicy"] = "Never"
    if re.search(r"deletionTimestamp(?! null)| being deleted", context) and "no deletionTimestamp" not in context:
        pod["metadata"] |= {"deletionTimestamp": ago(-20), "deletionGracePeriodSeconds": 30}
    if version := re.search(r"[Kk]ubelet (1\.\d+)|Kubernetes (1\.\d+)", context):
        node["status"]["nodeInfo"]["kubeletVersion"] = f"v{version[1] or version[2]}.0"
    if image := re.search(r"image (centos:\d+|nginx)", context):
        pod["spec"]["containers"][0]["image"] = image[1]


def _has_sandbox(pod: Json, state: Json, **status: Any) -> None:
    pod["status"]["conditions"][1] = {"type": "PodReadyToStartContainers", "status": "True", "lastTransitionTime": ago(AGE - 5)}
    pod["status"]["containerStatuses"] = [{"name": "app", "restartCount": 0, "ready": False, "state": state, **status}]


def _runs(pod: Json, *, since: float = AGE - 10, ready: bool = False, **status: Any) -> None:
    _has_sandbox(pod, {"running": {"startedAt": ago(since)}}, started=True, **status)
    pod["status"]["containerStatuses"][0]["ready"] = ready
    pod["status"]["phase"] = "Running"
    condition = {"type": "Ready", "status": "True" if ready else "False", "reason": None if ready else "ContainersNotReady"}
    pod["status"]["conditions"].append(condition)


def _of_event(made: Made, reason: str, message: str, context: str) -> None:
    counted = re.search(r"x(\d+)", context)
    if reason in OF_NODE:
        made.events.append(_event(reason, message, kind="Node"))
        _runs(made.pod, ready=True)
        return
    made.events.append(_event(reason, message, count=int(counted[1]) if counted else 3))
    for reasons, make in EVENTS:
        if reason in reasons or (reason.startswith(("OutOf", "Resize")) and reason[:6] in reasons):
            make(made, reason, message, context)
            return


def _of_scheduling(made: Made, reason: str, message: str, context: str) -> None:
    del made.pod["spec"]["nodeName"]
    made.pod["status"] = {"phase": "Pending"}
    if reason == "FailedScheduling":
        condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
        made.pod["status"]["conditions"] = [condition]
    elif reason == "WaitForFirstConsumer":
        made.pod["metadata"]["creationTimestamp"] = ago(3)


def _of_image(made: Made, reason: str, message: str, context: str) -> None:
    waiting = {"reason": "ContainerCreating"}
    if reason == "Failed" and "pull image" in message:
        waiting = {"reason": "ErrImagePull", "message": message}
    elif reason == "FailedToRetrieveImagePullSecret":
        waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "web:1"'}
    _has_sandbox(made.pod, {"waiting": waiting})


def _of_back_off(made: Made, reason: str, message: str, context: str) -> None:
    oom = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": ago(20)}
    ended = oom if "OOMKilled" in context else {"exitCode": 1, "finishedAt": ago(20)}
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=app"}
    _has_sandbox(made.pod, {"waiting": waiting}, restartCount=9, lastState={"terminated": ended})


def _of_killing(made: Made, reason: str, message: str, context: str) -> None:
    """For a probe; else the pod is being deleted."""
    if "probe" not in message:
        _of_end(made, reason, message, context)
        return
    name = message.split()[1]
    made.pod["spec"]["containers"][0]["name"] = name
    killed = {"exitCode": 137, "reason": "Error", "finishedAt": ago(4)}
    _has_sandbox(made.pod, {"waiting": {"reason": "CrashLoopBackOff"}}, restartCount=3, lastState={"terminated": killed})
    made.pod["status"]["containerStatuses"][0]["name"] = name


def _of_hook(made: Made, reason: str, message: str, context: str) -> None:
    killed = {"exitCode": 137, "reason": "Error", "finishedAt": ago(4)}
    waits = {"reason": "PostStartHookError" if "PostStart" in message else "CrashLoopBackOff", "message": message}
    _has_sandbox(made.pod, {"waiting": waits}, restartCount=3, lastState={"terminated": killed})


def _of_end(made: Made, reason: str, message: str, context: str) -> None:
    """Past its grace where something fails, else within it."""
    _runs(made.pod)
    over = 38 if reason == "Killing" else 80 if reason in ("FailedKillPod", "FailedSync") else -10
    made.pod["metadata"] |= {"deletionTimestamp": ago(over), "deletionGracePeriodSeconds": 30}
    if reason == "FailedSync" or "KillPodSandbox" in message:
        made.pod["status"]["containerStatuses"][0]["state"] = {"terminated": {"exitCode": 0, "finishedAt": ago(90)}}


def _of_taint(made: Made, reason: str, message: str, context: str) -> None:
    if "Marking" in message:
        _lose_node(made)
    else:
        _runs(made.pod, ready=True)


def _of_resize(made: Made, reason: str, message: str, context: str) -> None:
    _runs(made.pod, ready=True)
    text = re.sub(r'.*"error":"([^"]*)".*', r"\1", message)
    made.pod["status"]["conditions"].append({"type": "PodResizePending", "status": "True", "reason": "Infeasible", "message": text})


def _of_refusal(made: Made, reason: str, message: str, context: str) -> None:
    _refuse(made.pod, reason, message)


def _of_ready(made: Made, reason: str, message: str, context: str) -> None:
    _runs(made.pod, ready=True)


def _of_probe(made: Made, reason: str, message: str, context: str) -> None:
    pod = made.pod
    age = re.search(r"pod age (\d+)s", context)
    _runs(pod, since=float(age[1]) if age else AGE - 10, ready="Ready True" in context)
    if "startupProbe" in context and (found := re.search(r"failureThreshold (\d+) periodSeconds (\d+)", context)):
        pod["spec"]["containers"][0]["startupProbe"] = {"failureThreshold": int(found[1]), "periodSeconds": int(found[2])}
        pod["status"]["containerStatuses"][0]["started"] = False
    if "aws-node" in context:
        pod["metadata"]["labels"] = {"k8s-app": "aws-node"}


def _of_waiting(made: Made, reason: str, message: str, context: str) -> None:
    pod = made.pod
    status: Json = {}
    if reason == "CrashLoopBackOff":
        code = re.search(r"exitCode (\d+)", context)
        status = {
            "restartCount": 9,
            "lastState": {"terminated": {"exitCode": int(code[1]) if code else 1, "reason": "Completed", "finishedAt": ago(30)}},
        }
    if reason == "PodInitializing":
        sidecar = {"name": "otel", "image": "otel:1", "restartPolicy": "Always", "startupProbe": {"periodSeconds": 5}}
        pod["spec"]["initContainers"] = [sidecar if "sidecar" in context or "restartPolicy Always" in context else {"name": "init"}]
        state: Json = {"running": {"startedAt": ago(2400)}}
        more: Json = {"restartCount": 1, "started": False}
        if "CrashLoopBackOff" in context:
            state = {"waiting": {"reason": "CrashLoopBackOff"}}
            more = {"restartCount": 4, "lastState": {"terminated": {"exitCode": 137, "reason": "Error", "finishedAt": ago(41)}}}
        name = pod["spec"]["initContainers"][0]["name"]
        pod["status"]["initContainerStatuses"] = [{"name": name, "ready": False, "state": state, **more}]
    _has_sandbox(pod, {"waiting": {"reason": reason, "message": message or None}}, **status)


def _of_terminated(made: Made, reason: str, message: str, context: str) -> None:
    pod = made.pod
    code = re.search(r"exitCode (\d+)", context)
    exit_code = int(code[1]) if code else 128 if reason in ("StartError", "ContainerCannotRun") else 1
    log = re.search(r"log(?: has)?: '([^']*)'", context)
    ended = {
        "exitCode": exit_code,
        "reason": reason,
        "message": message or (log[1] if log else None),
        "finishedAt": ago(1),
        "startedAt": ago(60),
    }
    if "Evicted, message '" in context:
        found = re.search(r"Evicted, message '([^']*)'", context)
        assert found
        _refuse(pod, "Evicted", found[1])
        return
    if "phase Succeeded" in context or "TaskRun" in context:
        pod["spec"]["initContainers"] = [{"name": "sidecar", "restartPolicy": "Always"}]
        _has_sandbox(pod, {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": ago(5)}})
        pod["status"] |= {"phase": "Succeeded", "initContainerStatuses": [{"name": "sidecar", "state": {"terminated": ended}}]}
        return
    if "state Running" in context:
        _runs(pod, ready=True, restartCount=3, lastState={"terminated": ended})
        return
    if pod["metadata"].get("deletionTimestamp") or "pod phase Failed" in context or pod["spec"]["restartPolicy"] == "Never":
        _has_sandbox(pod, {"terminated": ended})
        pod["status"]["phase"] = "Failed" if not pod["metadata"].get("deletionTimestamp") else "Running"
        return
    _has_sandbox(
        pod,
        {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container=app"}},
        restartCount=4,
        lastState={"terminated": ended},
    )
    pod["status"]["phase"] = "Running"


def _of_condition(made: Made, reason: str, message: str, context: str) -> None:
    pod, node = made.pod, made.node
    if reason == "SchedulingGated":
        del pod["spec"]["nodeName"]
        pod["spec"]["schedulingGates"] = [{"name": "example.com/quota"}]
        pod["status"] = {
            "phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": "False", "reason": reason, "message": message}],
        }
    elif reason == "ContainersNotInitialized":
        pod["spec"]["initContainers"] = [{"name": "init-db"}]
        _has_sandbox(pod, {"waiting": {"reason": "PodInitializing"}})
        pod["status"]["initContainerStatuses"] = [{"name": "init-db", "state": {"running": {"startedAt": ago(30)}}}]
    elif reason in ("KubeletNotReady", "NodeStatusUnknown", "NodeStatusNeverUpdated"):
        status = "False" if reason == "KubeletNotReady" else "Unknown"
        lasts = 1200 if re.search(r"20 minutes|hours", context) else 60
        node["status"]["conditions"] = [
            {"type": "Ready", "status": status, "reason": reason, "message": message, "lastTransitionTime": ago(lasts)}
        ]
    elif reason in ("Infeasible", "Error") or "PodResizeInProgress" in context:
        _runs(pod, ready=True)
        kind = "PodResizePending" if reason == "Infeasible" else "PodResizeInProgress"
        pod["status"]["conditions"].append({"type": kind, "status": "True", "reason": reason or None, "message": message})
    elif reason in DISRUPTIONS:
        if reason == "DeletionByTaintManager":
            _lose_node(made)
            return
        _has_sandbox(pod, {"terminated": {"exitCode": 143, "reason": "Error", "finishedAt": ago(5)}})
        pod["status"]["phase"] = "Failed"
        pod["status"]["conditions"].append({"type": "DisruptionTarget", "status": "True", "reason": reason, "message": message})
    elif "finalizers" in context:
        _has_sandbox(pod, {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": ago(10000)}})
        pod["metadata"] |= {
            "deletionTimestamp": ago(9000),
            "deletionGracePeriodSeconds": 0,
            "finalizers": ["batch.kubernetes.io/job-tracking"],
        }
    else:
        _refuse(pod, reason, message)


def _refuse(pod: Json, reason: str, message: str) -> None:
    pod["status"] = {"phase": "Failed", "reason": reason, "message": message, "startTime": ago(AGE)}


def _lose_node(made: Made) -> None:
    pod, node = made.pod, made.node
    _runs(pod)
    pod["metadata"] |= {"deletionTimestamp": ago(2400), "deletionGracePeriodSeconds": 30}
    node["status"]["conditions"] = [
        {
            "type": "Ready",
            "status": "Unknown",
            "reason": "NodeStatusUnknown",
            "message": "Kubelet stopped posting node status.",
            "lastTransitionTime": ago(2700),
        }
    ]


EVENTS: tuple[tuple[tuple[str, ...], Any], ...] = (
    ((*SCHEDULING, "WaitForFirstConsumer"), _of_scheduling),
    (("Failed", "FailedToRetrieveImagePullSecret", "Pulling", "Pulled", "Created"), _of_image),
    (("BackOff",), _of_back_off),
    (("Unhealthy", "ProbeWarning"), _of_probe),
    (("Killing",), _of_killing),
    (("FailedPostStartHook",), _of_hook),
    (("FailedKillPod", "FailedSync", "FailedPreStopHook", "UnfinishedPreStopHook"), _of_end),
    ((*REFUSED, *DISRUPTIONS, "OutOfc", "OutOfm", "OutOfp"), _of_refusal),
    (("Resize",), _of_resize),
    (("SandboxChanged", "SELinuxLabelConflict"), _of_ready),
    (("TaintManagerEviction",), _of_taint),
)
"""What a pod with an event of these reasons is like; with any other it has no sandbox yet."""
