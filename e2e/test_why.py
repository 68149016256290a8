"""Pods stuck in every way that can be made on a real node, each with what `why` must say of it, and how long that took: a table."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

import pytest

from e2e.access import BUSYBOX, Cluster, Json
from e2e.patient import FIRST_PLUGIN
from tests.waiting import wait_for

SPACE = "pause-inspect-why"
LIMIT_TOLD = 60
LIMIT_NODE = 60
MISSING = "docker.io/library/pause-inspect-no-such-image:1"


@dataclass(frozen=True, slots=True)
class Case:
    """A pod's spec beside its one container, what changes of that, and what must be said: state, code or family of codes, words.

    Code None: nothing stops it.
    """

    name: str
    state: str
    code: str | None
    words: str
    spec: Json = field(default_factory=dict)
    container: Json = field(default_factory=dict)
    metadata: Json = field(default_factory=dict)
    deleted: bool = False
    bound: bool = True


def _mounting(source: Json) -> Json:
    return {"volumes": [{"name": "content", **source}]}


MOUNT = {"volumeMounts": [{"name": "content", "mountPath": "/content"}]}
FAILING_PROBE = {"exec": {"command": ["false"]}, "periodSeconds": 1}
SLEEP = ["sleep", "86400"]
CASES = (
    Case("in-grace", "terminating", None, "it is in its grace period of 40 s", {"terminationGracePeriodSeconds": 40},
         {"command": ["sh", "-c", "trap : TERM; while :; do sleep 1; done"]}, deleted=True),
    Case("fits-nowhere", "unscheduled", "schedule/affinity", "no node has the labels", {"nodeSelector": {"no": "such"}}, bound=False),
    Case("gated", "unscheduled", "pod/gated", "example.org/queue", {"schedulingGates": [{"name": "example.org/queue"}]}, bound=False),
    Case("no-scheduler", "unscheduled", "pod/no-scheduler", "nobodys-scheduler", {"schedulerName": "nobodys-scheduler"}, bound=False),
    Case("no-configmap", "creating", "volume/object-missing", "kubectl get configmap -n pause-inspect-why settings",
         _mounting({"configMap": {"name": "settings"}}), MOUNT),
    Case("no-claim", "unscheduled", "schedule/volume", 'persistentvolumeclaim "data" not found',
         _mounting({"persistentVolumeClaim": {"claimName": "data"}}), MOUNT, bound=False),
    Case("no-secret-key", "creating", "pod/config", 'secret "keys" not found',
         container={"env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "one"}}}]}),
    Case("no-image", "creating", "image/", MISSING, container={"image": MISSING}),
    Case("never-pulled", "creating", "pod/image", "imagePullPolicy is Never", container={"image": MISSING, "imagePullPolicy": "Never"}),
    Case("no-program", "creating", "container/command", "no-such-program", container={"command": ["no-such-program"]}),
    Case("no-handler", "creating", "pod/runtime-class", "no-such-handler", {"runtimeClassName": "pause-inspect-no-such-handler"}),
    Case("first-things-first", "creating", "pod/init-running", "kubectl logs -n pause-inspect-why first-things-first -c first",
         {"initContainers": [{"name": "first", "image": BUSYBOX, "command": SLEEP}]}),
    Case("crashing", "not-ready", "pod/crash-loop", "exit code 3", container={"command": ["sh", "-c", "exit 3"]}),
    Case("not-ready", "not-ready", "pod/probe", "Readiness probe failed", container={"readinessProbe": FAILING_PROBE}),
    Case("gate-shut", "not-ready", "pod/readiness-gate", 'readiness gate "example.org/open"',
         {"readinessGates": [{"conditionType": "example.org/open"}]}),
    Case("too-long", "failed", "pod/deadline", "DeadlineExceeded", {"activeDeadlineSeconds": 1}),
    Case("failed", "failed", "container/ended", "exit code 4", {"restartPolicy": "Never"}, {"command": ["sh", "-c", "exit 4"]}),
    Case("done", "completed", None, "it has done its work", {"restartPolicy": "Never"}, {"command": ["true"]}),
    Case("well", "ready", None, "nothing stops it"),
    Case("kept", "terminating", "pod/finalizer", "example.org/keep", metadata={"finalizers": ["example.org/keep"]}, deleted=True),
)  # fmt: skip
RUNTIME_CLASS: Json = {
    "apiVersion": "node.k8s.io/v1",
    "kind": "RuntimeClass",
    "metadata": {"name": "pause-inspect-no-such-handler"},
    "handler": "no-such-handler",
}


def pod_of(case: Case, node: str) -> Json:
    """The object of a case."""
    container = {"name": "app", "image": BUSYBOX, "command": SLEEP, **case.container}
    usual: Json = {"terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}], "automountServiceAccountToken": False}
    where = {"nodeName": node} if case.bound else {}
    metadata = {"name": case.name, "namespace": SPACE, **case.metadata}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {**usual, **where, "containers": [container], **case.spec}}


def explained(cluster: Cluster, name: str) -> Json:
    """What `why` says of a pod, by the report."""
    ended = cluster.plugin("why", "-n", SPACE, name, "-o", "json")
    assert ended.code == 0, ended.stderr
    (answer,) = json.loads(ended.stdout)["explanations"]
    assert isinstance(answer, dict)
    return answer


def _log_is_of_the_pod(answer: Json) -> bool:
    return isinstance(answer["log"], list) and all(answer["pod"]["uid"] in line for line in answer["log"])


def code_of(answer: Json) -> str | None:
    return answer["cause"]["code"] if answer["cause"] else None


def _is(code: str | None, wanted: str | None) -> bool:
    """A code, or a family of codes (`image/`): why an image cannot be had depends on what answers where the tests run."""
    return code == wanted or bool(code and wanted and wanted.endswith("/") and code.startswith(wanted))


@pytest.fixture(scope="module")
def stuck(place: Cluster) -> Cluster:
    """The cluster with a pod for each case; those that are to be deleted run before."""
    objects = [RUNTIME_CLASS, *(pod_of(case, place.node) for case in CASES)]
    place.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    doomed = [case.name for case in CASES if case.deleted]
    place.kubectl("wait", "-n", SPACE, "--for=condition=Ready", "--timeout=50s", *(f"pod/{name}" for name in doomed))
    place.kubectl("delete", "pod", "-n", SPACE, "--wait=false", *doomed)
    return place


def test_each_way_of_being_stuck(stuck: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    """All of them, then the table: a wrong one must not hide the others."""
    rows, wrong = [], []
    for case in CASES:
        answer: Json = {}

        def told(case: Case = case, answer: Json = answer) -> bool:
            answer.update(explained(stuck, case.name))
            return answer["state"] == case.state and _is(code_of(answer), case.code)

        began = time.monotonic()
        try:
            wait_for(case.name, told, LIMIT_TOLD, 1)
        except AssertionError:
            wrong.append(f"{case.name}: {answer}")
        if case.words not in json.dumps(answer, ensure_ascii=False).replace('\\"', '"'):
            wrong.append(f"{case.name} without {case.words!r}: {answer}")
        rows.append((case.name, answer["state"], code_of(answer) or "-", f"{time.monotonic() - began:.1f} s", answer["summary"]))
        if case.code == "pod/runtime-class":  # no handler: the kubelet logs it with the pod's uid at each try
            wrong += [] if _log_is_of_the_pod(answer) else [f"{case.name} with another's log or none: {answer}"]
    with capsys.disabled():
        print()
        for row in rows:
            print("{:20} {:12} {:22} {:>7}  {}".format(*row))
    stuck.kubectl("patch", "pod", "kept", "-n", SPACE, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    stuck.kubectl("delete", "runtimeclass", RUNTIME_CLASS["metadata"]["name"])
    assert wrong == []


@pytest.fixture(scope="module")
def witness(place: Cluster) -> str:
    """A pod from which commands are run in the node's own root."""
    pod = pod_of(
        Case("witness", "ready", None, "", {"hostPID": True, "hostNetwork": True}, {"securityContext": {"privileged": True}}), place.node
    )
    place.kubectl("apply", "-f", "-", stdin=json.dumps(pod))
    place.kubectl("wait", "-n", SPACE, "--for=condition=Ready", "--timeout=50s", "pod/witness")
    return "witness"


def on_node(cluster: Cluster, witness: str, script: str) -> str:
    return cluster.kubectl("exec", "-n", SPACE, witness, "--", "chroot", "/proc/1/root", "/bin/sh", "-c", script).strip()


def test_a_plugin_of_the_network_that_is_gone(place: Cluster, witness: str) -> None:
    """The pod stands still while the plugin is away, and nothing stops it once it is back."""
    plugin = on_node(place, witness, FIRST_PLUGIN)
    assert plugin
    on_node(place, witness, f"mv /opt/cni/bin/{plugin} /opt/cni/away")
    case = Case("no-plugin", "creating", "cni/no-binary", plugin)
    try:
        place.kubectl("apply", "-f", "-", stdin=json.dumps(pod_of(case, place.node)))

        def told() -> Json | None:
            answer = explained(place, case.name)
            return answer if answer["cause"] else None

        answer = wait_for("the plugin that is gone to be told", told, LIMIT_NODE, 1)
    finally:
        on_node(place, witness, f"mv /opt/cni/away /opt/cni/bin/{plugin}")
    assert (code_of(answer), answer["cause"]["confidence"]) == ("cni/no-binary", "certain")
    assert plugin in answer["cause"]["message"]
    wait_for("the pod to run", lambda: explained(place, case.name)["state"] == "ready", LIMIT_NODE, 1)
    assert code_of(explained(place, case.name)) is None
