"""The hint follows from what was refused, by whom, and in which step; what nobody named makes no answer fail."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from tests.access.fake_api_server import cut_after, status
from tests.cli.fake_cluster import NODE, node, recorded_pods

SCC = 'pods "x" is forbidden: unable to validate against any security context constraint: ' + "[provider restricted: Forbidden] " * 90
WARDEN = 'admission webhook "warden" denied the request: GKE Warden rejected the request:\n\nhostPID is not allowed in Autopilot'
PSA = 'pods "x" is forbidden: violates PodSecurity "restricted:latest": host namespaces (hostPID=true)'


@pytest.mark.parametrize(
    ("code", "words", "then", "never"),
    [(400, WARDEN, "GKE Autopilot admits no pod with hostPID", "--debug-namespace"),
     (403, SCC, "you need the SCC privileged", "Autopilot"),
     (403, PSA, "pod-security.kubernetes.io/enforce=privileged", "SCC"),
     (403, "pods is forbidden: some rule nobody knows", "by a rule that is not known here", "SCC")],
)  # fmt: skip
def test_each_platform_that_refuses_the_pod_has_its_own_next_step(cluster, command, code, words, then, never):  # noqa: PLR0917 (cases)
    cluster.refuse["POST /api/v1/namespaces/kube-system/pods"] = lambda: status(code, "Forbidden", words)
    ended = command("node")
    [(what, hint)] = ended.errors
    assert (ended.code, cluster.created) == (1, [])
    assert then in hint
    assert never not in hint
    assert len(what) < 2000


FORBIDDEN = "Forbidden (user=kube-apiserver-kubelet-client, verb=create, resource=nodes, subresource(s)=[proxy])"


def exec_refusal(code: int, text: str) -> web.Response:
    return web.Response(status=code, text=text)


@pytest.mark.parametrize(
    ("refusal", "what", "then"),
    [(exec_refusal(403, "Forbidden\n"), "refused by a proxy in front of the API server", "kubectl proxy refuses exec unless"),
     (exec_refusal(403, FORBIDDEN), FORBIDDEN, "system:kubelet-api-admin"),
     (exec_refusal(401, "Unauthorized"), "Error from server (401): Unauthorized", "clientCAFile"),
     (status(400, "BadRequest", "Upgrade request required"), "does not let websockets through", "pass Connection: Upgrade"),
     (status(403, "Forbidden", 'pods "x" is forbidden: some rule on exec'), "some rule on exec", None)],
)  # fmt: skip
def test_who_refuses_exec_is_told_apart_and_the_namespace_is_never_blamed(cluster, command, refusal, what, then):
    cluster.server.refuse_exec = refusal
    ended = command("node", "--timeout", "20s")
    lines = ended.err.splitlines()
    assert ended.code == 1
    assert what in lines[0]
    assert NODE in lines[0]
    assert (then in lines[1]) if then else len(lines) == 1
    assert "--debug-namespace" not in ended.err
    assert sum(path.endswith("stderr=true") or "/exec?" in path for _, path, _ in cluster.server.requests) == 1


def test_an_upgrade_that_ends_at_once_twice_speaks_of_a_proxy(cluster, command):
    cluster.server.on_exec = cut_after()
    ended = command("node")
    [(what, then)] = ended.errors
    assert (ended.code, NODE in what) == (1, True)
    assert "after 0 bytes" in what
    assert "let no websockets through" in then


@pytest.mark.parametrize("as_kubelet", [False, True], ids=["Status", "text"])
def test_a_kubelet_that_does_not_know_a_running_pod_is_another_node_s(cluster, command, monkeypatch, as_kubelet):
    cluster.server.as_kubelet = as_kubelet
    monkeypatch.setattr("kubectl_pause.capture.node_capture.RUNNING_SECONDS", 0.5)
    cluster.born = {"phase": "Running", "containerStatuses": [{"name": "collector", "state": {"running": {}}}]}
    cluster.server.refuse_exec = status(404, "NotFound", "unable to upgrade connection: pod does not exist")
    ended = command("node", "--timeout", "30s")
    [(what, then)] = ended.errors
    assert "does not know it" in what
    assert "InternalIP" in then
    cluster.born = {"phase": "Pending"}
    assert "no answer within 2 s" in command("node", "--timeout", "2s").errors[0][0]


def test_nodes_that_run_no_pod_of_ours_are_left_alone_and_the_others_are_read(cluster, command):
    windows, fargate, virtual = node("win", system="Windows"), node("fargate"), node("virtual", system="Linux")
    fargate["metadata"]["labels"] = {"eks.amazonaws.com/compute-type": "fargate"}
    virtual["metadata"]["labels"] = {"type": "virtual-kubelet"}
    virtual["status"]["nodeInfo"]["containerRuntimeVersion"] = "v1.2"
    cluster.nodes += [windows, fargate, virtual]
    ended = command("node", "--all", "-o", "json")
    assert ended.code == 4
    assert {each["node"]: each["reason"] for each in json.loads(ended.out)["errors"]} == {
        "win": "WindowsNode", "fargate": "VirtualNode", "virtual": "VirtualNode",
    }  # fmt: skip
    assert [each["spec"]["nodeName"] for each in cluster.created] == [NODE]


@pytest.mark.parametrize("as_kubelet", [False, True], ids=["Status", "text"])
def test_a_fake_ready_node_is_one_line_with_the_api_s_last_word(cluster, command, as_kubelet):
    cluster.server.as_kubelet = as_kubelet
    cluster.born = {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "message": "not supported here"}]}
    cluster.server.refuse_exec = status(500, "InternalError", "container not found")
    ended = command("node", "--timeout", "1s")
    assert "last word: PodScheduled: not supported here" in ended.errors[0][0]


def test_a_warning_about_what_is_left_is_never_cut(cluster, command):
    cluster.refuse["DELETE /"] = lambda: status(
        403, "Forbidden", 'pods "x" is forbidden: User "nodelete" cannot delete ' + "resource " * 40
    )
    ended = command("node")
    [row] = [row for row in ended.err.splitlines() if "could not be deleted" in row]
    assert "; delete it with: kubectl delete job -n kube-system pause-inspect-" in row
    cluster.deleted += [each["metadata"]["name"] for each in cluster.created]
    cluster.deleted_jobs += [each["metadata"]["name"] for each in cluster.jobs]


def pending(name: str) -> dict[str, object]:
    unmet = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}
    return {"metadata": {"name": name, "namespace": "default", "uid": name}, "spec": {}, "status": {"conditions": [unmet]}}


@pytest.mark.parametrize("words", [["pod", "-A"], ["zombies", "-n", "default"], ["zombies", "-A"]])
def test_a_pod_that_waits_and_that_nobody_named_makes_no_answer_fail(cluster, command, words):
    cluster.pods += [pending(f"big-{number}") for number in range(7)]
    ended = command(*words)
    assert ended.code == 0
    assert ended.err.count("\n") == 1
    assert "default/big-0, " in ended.err
    assert "and 2 more" in ended.err


def test_a_pod_that_waits_and_was_named_is_an_error_beside_the_others(cluster, command):
    cluster.pods.append(pending("big"))
    other = next(pod["metadata"]["name"] for pod in recorded_pods() if pod["metadata"]["namespace"] == "default")
    ended = command("pod", "-n", "default", "big", other)
    assert ended.code == 4
    assert "0/1 nodes are available" in ended.errors[0][0]


def test_pods_that_the_kubelet_rejected_say_so_and_are_no_failures(cluster, command):
    rejected = json.loads(json.dumps(recorded_pods()[0]))
    rejected["spec"]["nodeName"] = NODE
    for number in range(300):
        rejected["metadata"] = {"name": f"rejected-{number}", "namespace": "default", "uid": f"r{number}"}
        rejected["status"] = {"phase": "Failed", "reason": "OutOfcpu", "message": "Pod was rejected: Node didn't have enough resource: cpu"}
        cluster.pods.append(json.loads(json.dumps(rejected)))
    ended = command("node")
    assert (ended.code, ended.err) == (0, "")
    rows = ended.out.splitlines()
    first = next(number for number, row in enumerate(rows) if "rejected-" in row)
    assert sum("Failed: OutOfcpu" in row for row in rows) == 300
    assert all("rejected-" in row for row in rows[first : first + 300])
    ended = command("pod", "-n", "default", "rejected-7")
    assert (ended.code, ended.err) == (0, "")
    assert "OutOfcpu: Pod was rejected: Node didn't have enough resource: cpu" in ended.out
    assert "waiting" not in ended.out
    ended = command("pod", "-A")
    assert (ended.code, ended.err) == (0, "")
