"""Why a pod is stuck: objects as an API server gives them, in every state, and what is said of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.api import Node, Pod
from kubectl_pause.facts.pod_trail import Event, Lease, PodTrail, newest_first
from kubectl_pause.facts.runtime.log import LogLine, NodeLog
from kubectl_pause.join.sandboxes import pod_identity
from kubectl_pause.judge.made_anew import made_anew
from kubectl_pause.judge.stuck.restarts import decide_restart
from kubectl_pause.judge.stuck.steps import OnNode
from kubectl_pause.judge.stuck.why import explain, needs_node

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
Json = dict[str, Any]


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat(timespec="seconds").replace("+00:00", "Z")


def pod(*, node: str | None = "worker", metadata: Json | None = None, spec: Json | None = None, status: Json | None = None) -> Pod:
    """A pod of 5 min ago that its kubelet took and that has no sandbox yet, where nothing else is said."""
    waiting = {"name": "app", "state": {"waiting": {"reason": "ContainerCreating"}}}
    conditions = [
        {"type": "PodReadyToStartContainers", "status": "False", "lastTransitionTime": ago(300)},
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": ago(300)},
    ]
    usual = {"phase": "Pending", "startTime": ago(300), "conditions": conditions, "containerStatuses": [waiting]}
    document = {
        "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "creationTimestamp": ago(301), **(metadata or {})},
        "spec": {"containers": [{"name": "app", "image": "web:1"}], **({"nodeName": node} if node else {}), **(spec or {})},
        "status": {**usual, **(status or {})},
    }
    return msgspec.convert(document, Pod)


def event(reason: str, message: str, *, seen: float = 5, count: int = 1) -> Event:
    return msgspec.convert({"reason": reason, "message": message, "count": count, "lastTimestamp": ago(seen)}, Event)


def node(status: str = "True", message: str = "", reason: str = "KubeletReady") -> Node:
    ready = {"type": "Ready", "status": status, "reason": reason, "message": message, "lastTransitionTime": ago(60)}
    return msgspec.convert({"metadata": {"name": "worker"}, "status": {"conditions": [ready]}}, Node)


def trail(of: Pod, *events: Event, **more: Any) -> PodTrail:
    return PodTrail(**{"pod": of, "now": NOW, "events": newest_first(events), "node": node(), **more})


def told(of: PodTrail, on_node: OnNode | None = None):
    return explain(of, pod_identity(of.pod), on_node or OnNode())


def with_sandbox(*, waiting: Json | None = None, **status: Any) -> Json:
    """The status of one whose sandbox is there."""
    conditions = [{"type": "PodReadyToStartContainers", "status": "True", "lastTransitionTime": ago(290)}]
    state = {"state": {"waiting": waiting}} if waiting else {}
    return {"conditions": conditions, "containerStatuses": [{"name": "app", **state, **status}]}


RUNNING = {"state": {"running": {"startedAt": ago(30)}}}
SILENT = Lease(spec=msgspec.convert({"renewTime": ago(90), "leaseDurationSeconds": 40}, type(Lease().spec)))
DELETED = {"deletionTimestamp": ago(100), "deletionGracePeriodSeconds": 30}
GONE_STATUS = {"phase": "Running", "containerStatuses": [{"name": "app", "state": {"terminated": {"exitCode": 0, "finishedAt": ago(99)}}}]}
UNSCHEDULED = {"phase": "Pending", "startTime": None, "containerStatuses": None, "conditions": [
    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available: 1 Insufficient cpu."},
]}  # fmt: skip
CRASH = {"restartCount": 4, "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": ago(20)}}}
EXITED = {"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": ago(8)}}
DONE = {"terminated": {"exitCode": 0}}
LONG_AGO = {"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": ago(2400)}}


def of_version(version: str) -> Node:
    return msgspec.structs.replace(node(), status=msgspec.convert({"nodeInfo": {"kubeletVersion": version}}, type(node().status)))


CASES: dict[str, tuple[PodTrail, str, str | None, str]] = {
    "unscheduled": (trail(pod(node=None, status=UNSCHEDULED)), "unscheduled", "schedule/no-room", "enough cpu free"),
    "gated": (trail(pod(node=None, spec={"schedulingGates": [{"name": "q"}]})), "unscheduled", "pod/gated", "gate"),
    "no scheduler": (
        trail(pod(node=None, spec={"schedulerName": "mine"}, status={"conditions": []})), "unscheduled", "pod/no-scheduler", "mine",
    ),
    "node gone": (trail(pod(), node=None, node_is_gone=True), "creating", "node/gone", "worker"),
    "kubelet silent": (trail(pod(), lease=SILENT), "creating", "kubelet/silent", "90 s ago"),
    "node unknown": (trail(pod(), node=node("Unknown", "Kubelet stopped")), "creating", "kubelet/silent", "Kubelet stopped"),
    "no network": (trail(pod(), node=node("False", "cni plugin not initialized")), "creating", "cni/no-config", "network"),
    "runtime down": (trail(pod(), node=node("False", "container runtime is down")), "creating", "runtime/silent", "runtime"),
    "pleg": (trail(pod(), node=node("False", "PLEG is not healthy: pleg was last seen")), "creating", "node/pleg", "list"),
    "list too large": (
        trail(pod(), node_events=[event("ContainerGCFailed", "trying to send message larger than max (17 vs. 16)")]),
        "creating", "node/list-too-large", "one message",
    ),
    "volume": (
        trail(pod(), event("FailedMount", 'MountVolume.SetUp failed for volume "c" : configmap "settings" not found', count=9)),
        "creating", "volume/object-missing", "kubectl get configmap -n shop settings",
    ),
    "volume times out": (
        trail(pod(), event("FailedMount", "Unable to mount: context deadline exceeded")), "creating", "volume/timeout", "other events",
    ),
    "plugin missing": (
        trail(pod(), event("FailedCreatePodSandBox", 'failed to find plugin "portmap" in path [/opt/cni/bin]')),
        "creating", "cni/no-binary", "portmap",
    ),
    "sandbox, unknown words": (
        trail(pod(), event("FailedCreatePodSandBox", "the moon is full")), "creating", "sandbox/not-made", "the moon is full",
    ),
    "later step counts": (
        trail(pod(), event("FailedMount", "old", seen=200), event("FailedCreatePodSandBox", 'no runtime for "x" is configured', seen=3)),
        "creating", "pod/runtime-class", "handler x",
    ),
    "no event": (trail(pod()), "creating", "sandbox/not-made", "no event"),
    "events unread": (trail(pod(), events=None), "creating", None, "events, which would tell why"),
    "early": (trail(pod(status={"startTime": ago(3)})), "creating", None, "too early"),
    "not taken": (trail(pod(status={"startTime": None})), "creating", None, "has not taken it yet"),
    "image": (
        trail(pod(status=with_sandbox(waiting={"reason": "ImagePullBackOff", "message": 'Back-off pulling image "web:1"'})),
              event("Failed", 'Failed to pull image "web:1": 401 Unauthorized')),
        "creating", "image/denied", "imagePullSecrets",
    ),
    "pulling": (
        trail(pod(status=with_sandbox(waiting={"reason": "ContainerCreating"})), event("Pulling", 'Pulling image "web:1"', seen=40)),
        "creating", None, "being pulled since 40 s",
    ),
    "config": (
        trail(pod(status=with_sandbox(waiting={"reason": "CreateContainerConfigError", "message": 'secret "s" not found'}))),
        "creating", "pod/config", 'secret "s" not found',
    ),
    "crash loop": (
        trail(pod(status={**with_sandbox(waiting={"reason": "CrashLoopBackOff"}, **CRASH), "phase": "Running"})),
        "not-ready", "container/out-of-memory", "memory limit",
    ),
    "crash loop between two restarts, as Kubernetes 1.36 shows it": (
        trail(pod(status={**with_sandbox(restartCount=2, state=EXITED, lastState=EXITED), "phase": "Running"})),
        "not-ready", "pod/crash-loop", "exit code 3",
    ),
    "ended once, before its first restart": (
        trail(pod(status={**with_sandbox(restartCount=0, state=EXITED), "phase": "Running"})),
        "not-ready", "container/ended", "exit code 3",
    ),
    "a restart that has not come": (
        trail(pod(status={**with_sandbox(restartCount=0, state=LONG_AGO), "phase": "Running"})),
        "not-ready", "container/not-restarted", "was not started again, as it should have been within 5 min",
    ),
    "a restart that has not come, of a kubelet that is known for it": (
        trail(pod(spec={"initContainers": [{"name": "proxy", "restartPolicy": "Always", "startupProbe": {}}]},
                  status={**with_sandbox(restartCount=0, state=LONG_AGO), "phase": "Running"}), node=of_version("v1.35.1")),
        "not-ready", "container/not-restarted", "kubernetes/kubernetes#137885",
    ),
    "its own policy counts before the pod's": (
        trail(pod(spec={"containers": [{"name": "app", "restartPolicy": "Never"}]},
                  status={**with_sandbox(restartCount=0, state=LONG_AGO), "phase": "Running"})),
        "not-ready", "container/ended", "has ended with exit code 3",
    ),
    "a failure matters more than a success": (
        trail(pod(spec={"restartPolicy": "Never", "containers": [{"name": "once"}, {"name": "gpu"}]},
                  status={"phase": "Running", "containerStatuses": [{"name": "once", "state": DONE}, {"name": "gpu", "state": EXITED}]})),
        "not-ready", "container/ended", "container gpu has ended with exit code 3",
    ),
    "ended for good after a restart": (
        trail(pod(spec={"restartPolicy": "Never"}, status={**with_sandbox(restartCount=1, state=EXITED), "phase": "Running"})),
        "not-ready", "container/ended", "has ended with exit code 3",
    ),
    "init": (
        trail(pod(spec={"initContainers": [{"name": "first"}]}, status={
            **with_sandbox(waiting={"reason": "PodInitializing"}), "initContainerStatuses": [{"name": "first", **RUNNING}]})),
        "creating", "pod/init-running", "kubectl logs -n shop web -c first",
    ),
    "probe": (
        trail(pod(status=with_sandbox(ready=False, **RUNNING)), event("Unhealthy", "Readiness probe failed: no")),
        "not-ready", "pod/probe", "Readiness probe failed",
    ),
    "not ready yet": (trail(pod(status=with_sandbox(ready=False, **RUNNING))), "not-ready", None, "30 s"),
    "rejected": (
        trail(pod(status={"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."})),
        "failed", "pod/evicted", "low on resource",
    ),
    "failed": (
        trail(pod(status={"phase": "Failed", "containerStatuses": [{"name": "app", "state": {"terminated": {"exitCode": 2}}}]})),
        "failed", "container/ended", "exit code 2",
    ),
    "completed": (trail(pod(status={**GONE_STATUS, "phase": "Succeeded"})), "completed", None, "done its work"),
    "ready": (
        trail(pod(status={"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                          "containerStatuses": [{"name": "app", "ready": True, **RUNNING}]})),
        "ready", None, "nothing stops it",
    ),
    "in grace": (
        trail(pod(metadata={"deletionTimestamp": ago(-20), "deletionGracePeriodSeconds": 30}, status=with_sandbox(**RUNNING))),
        "terminating", None, "it ends within 20 s",
    ),
    "finalizer": (
        trail(pod(metadata={**DELETED, "deletionGracePeriodSeconds": 0, "finalizers": ["example.org/keep"]}, status=GONE_STATUS)),
        "terminating", "pod/finalizer", "kubectl patch pod -n shop web",
    ),
    "kill fails": (
        trail(pod(metadata=DELETED, status=with_sandbox(**RUNNING)),
              event("FailedKillPod", 'error killing pod: failed to find plugin "ptp" in path [/opt/cni/bin]')),
        "terminating", "cni/no-binary", "ptp",
    ),
    "still runs": (trail(pod(metadata=DELETED, status=with_sandbox(**RUNNING))), "terminating", "pod/not-killed", "100 s after its grace"),
    "volume busy": (trail(pod(metadata=DELETED, status=GONE_STATUS)), "terminating", "pod/volume-busy", "fuser"),
    "static": (
        trail(pod(metadata={**DELETED, "annotations": {"kubernetes.io/config.mirror": "h"}}, status=with_sandbox(**RUNNING))),
        "terminating", "pod/static", "staticPodPath",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_way_of_being_stuck(name):
    of, state, code, words = CASES[name]
    answer = told(of)
    assert (answer.state, answer.cause.code if answer.cause else None) == (state, code)
    cause = answer.cause
    assert words in " ".join([answer.summary, *([cause.message, cause.remedy or "", *cause.evidence] if cause else [])])


@pytest.mark.parametrize("name", CASES)
def test_steps_have_one_place_where_it_stands(name):
    of, state, _, _ = CASES[name]
    steps = told(of).steps
    states = [step.state for step in steps]
    assert states == sorted(states, key=["done", "unknown", "here", "ahead"].index) or "unknown" in states
    assert states.count("here") == (0 if state in ("ready", "completed") else 1)


def test_the_sandbox_made_anew_is_told_beside():
    of = trail(
        pod(status={"phase": "Running", **with_sandbox(ready=False, **RUNNING)}), event("SandboxChanged", "Pod sandbox changed", count=3)
    )
    assert [(finding.code, finding.severity) for finding in told(of).also] == [("sandbox/made-anew", "warning")]


@pytest.mark.parametrize(("seen", "confidence"), [(20, "certain"), (300, "certain"), (900, "possible")])
def test_what_was_said_long_ago_may_be_over(seen, confidence):
    of = trail(pod(), event("FailedCreatePodSandBox", 'failed to find plugin "ptp" in path [/opt/cni/bin]', seen=seen))
    assert told(of).cause.confidence == confidence


def test_a_host_network_pod_waits_for_no_network():
    of = trail(pod(spec={"hostNetwork": True}), node=node("False", "cni plugin not initialized"))
    answer = told(of)
    assert answer.cause is not None
    assert answer.cause.code == "sandbox/not-made"


@pytest.mark.parametrize(
    ("name", "asks"), [("unscheduled", False), ("kubelet silent", False), ("completed", False), ("no event", True), ("ready", True)]
)
def test_a_node_is_read_only_where_it_can_tell_more(name, asks):
    assert needs_node(CASES[name][0]) is asks


def test_clocks_that_go_wrong_make_no_negative_times():
    of = trail(pod(metadata={"creationTimestamp": ago(-500)}, status={"startTime": ago(-400)}))
    assert all(step.seconds is None or step.seconds >= 0 for step in told(of).steps)


LINE = LogLine(1767225601.9, "kubelet", "UnmountVolume.TearDown failed: u-1")


@pytest.mark.parametrize("name", CASES)
def test_the_log_is_told_beside_and_changes_no_verdict(name):
    of = CASES[name][0]
    alone, beside = told(of), told(of, OnNode(log=NodeLog((LINE,))))
    assert (alone.log, beside.log) == (None, ["2026-01-01T00:00:01Z kubelet: UnmountVolume.TearDown failed: u-1"])
    assert msgspec.structs.replace(beside, log=None) == alone


def test_a_log_that_was_read_and_one_that_could_not_be():
    of = CASES["no event"][0]
    assert told(of, OnNode(log=NodeLog())).log == []
    unread = told(of, OnNode(log=NodeLog(failure="the node has no journalctl")))
    assert (unread.log, unread.unread) == (None, ["log of the kubelet and the runtime: the node has no journalctl"])


@given(
    st.text(),
    st.text(),
    st.sampled_from(["FailedMount", "FailedCreatePodSandBox", "Failed", "Unhealthy", "FailedKillPod"]),
    st.sampled_from(sorted(CASES)),
)
def test_any_words_get_an_answer(message, stamp, reason, name):
    """Whatever an event says, and whenever it says that it was."""
    of = CASES[name][0]
    odd = Event(reason=reason, message=message, last_timestamp=stamp)
    answer = told(PodTrail(pod=of.pod, now=of.now, events=newest_first([odd, *(of.events or ())]), node=of.node, lease=of.lease))
    assert answer.summary


RULES = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]


@pytest.mark.parametrize(
    ("policy", "container", "code", "again"),
    [
        ("Always", {}, 0, True),
        ("OnFailure", {}, 0, False),
        ("OnFailure", {}, 1, True),
        ("Never", {}, 1, False),
        ("Always", {"restartPolicy": "Never"}, 1, False),
        ("Never", {"restartPolicy": "Always"}, 0, True),
        ("Always", {"restartPolicy": "Never", "restartPolicyRules": RULES}, 42, True),
        ("Always", {"restartPolicy": "Never", "restartPolicyRules": RULES}, 7, False),
        ("Never", {"restartPolicyRules": RULES}, 42, False),
        (
            "Never",
            {"restartPolicy": "Never", "restartPolicyRules": [{"action": "New", "exitCodes": {"operator": "In", "values": [1]}}]},
            1,
            False,
        ),
        (
            "Never",
            {"restartPolicy": "Never", "restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "NotIn", "values": [0]}}]},
            9,
            True,
        ),
    ],
)
def test_a_restart_is_decided_as_the_kubelet_does(policy, container, code, again):
    """ContainerShouldRestart of Kubernetes 1.36: rules count only where the container has a policy of its own."""
    assert decide_restart(pod(spec={"restartPolicy": policy, "containers": [{"name": "app", **container}]}), "app", code)[0] is again


@pytest.mark.parametrize("version", ["v1.34.4", "v1.35.1"])
@pytest.mark.parametrize("owned", [False, True])
def test_the_step_of_a_restart_that_has_not_come_does_not_promise_a_bare_pod_s_return(version, owned):
    owners = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "r", "controller": True}] if owned else None
    stuck = pod(
        metadata={"ownerReferences": owners},
        spec={"initContainers": [{"name": "proxy", "restartPolicy": "Always", "startupProbe": {}}]},
        status={**with_sandbox(restartCount=0, state=LONG_AGO), "phase": "Running"},
    )
    remedy = told(trail(stuck, node=of_version(version))).cause.remedy
    assert remedy == made_anew(pod_identity(stuck))
    assert "kubectl delete pod -n shop web" in remedy
