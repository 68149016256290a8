"""Each thing that can go wrong: one line of what, one of what to do next, exit code 1, nothing on stdout, no inspector pod left."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.capture.node_capture import _BUSY_SECONDS
from tests.access.conftest import write_kubeconfig
from tests.access.fake_api_server import cut_after, exit_status, internal_error, status
from tests.cli.fake_cluster import NODE, answer, collector_answer, node, recorded_pods
from tests.nodes.report_lines import collected_bytes

if TYPE_CHECKING:
    from pathlib import Path

NOT_UP = internal_error('container not found ("collector")')
DIALING = "error dialing backend: dial tcp 10.0.0.1:10250: connect: connection refused"


def refused(ended, what: str, then: str) -> None:
    """One error: `what` in its first line, `then` in its second."""
    assert (ended.code, ended.out) == (1, "")
    [(said, hint)] = ended.errors
    assert what in said
    assert then in hint


@pytest.mark.parametrize("verb", [["pod", "x"], ["node"], ["snapshot", "x", "-f", "f"]])
def test_no_kubeconfig(command, verb, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", "/nonexistent/config")
    refused(command(*verb), "/nonexistent/config", "kubeconfig")


def test_unknown_context(cluster, command):
    refused(command("node", "--context", "tset"), "tset", "did you mean test?")


def test_api_unreachable(command, tmp_path: Path):
    config = write_kubeconfig(tmp_path / "c", "http://127.0.0.1:1")
    refused(command("node", "--kubeconfig", str(config)), "127.0.0.1:1 was refused", "context")


@pytest.mark.parametrize(
    ("words", "what", "then"),
    [
        (["pod"], "which pod?", "give NAME"),
        (["pod", "-n", "default", "rec-ngix"], "pod 'rec-ngix' not found in namespace 'default'", "did you mean rec-nginx"),
        (["pod", "-n", "default", "rec"], "pod 'rec' not found", "did you mean rec-crashing, rec-done, rec-host-network?"),
        (["pod", "-n", "defalt", "rec-nginx"], "namespace 'defalt' not found", "did you mean default?"),
        (["pod", "-n", "shop", "deploy/web"], "deployment 'web' not found in namespace 'shop'", "kubectl get deployment -A"),
        (["pod", "-n", "shop", "-l", "a=b"], "no pod with labels 'a=b' found in namespace shop", "kubectl get pods"),
        (["pod", "svc/web"], "cannot look for pods of 'svc/web'", "types known: daemonset, deployment"),
        (["pod", "deploy/b/c"], "cannot look for pods of 'deploy/b/c'", "types known"),
        (["pod", "node/b"], "'node/b' is a node", "kubectl pause-inspect node b"),
        (["pod", "a/b/c/d"], "'a/b/c/d' is not the name of a pod", "NAMESPACE/NAME"),
        (["pod", "x", "-A"], "names and -A cannot be used together", "leave out -A"),
        (["node", "wroker"], "node 'wroker' not found", "kubectl get nodes"),
        (["node", NODE[:-1]], f"node '{NODE[:-1]}' not found", f"did you mean {NODE}?"),
        (["node", "x", "--all"], "node names and --all cannot be used together", "leave out"),
        (["node", "-o", "xml"], "unable to match a printer suitable for the output format 'xml'", "name, network, tree, wide, yaml"),
        (["node", "--timeout", "soon"], "--timeout: 'soon' is not a duration", "30s"),
        (["node", "--timeout", "2h"], "--timeout: 2h is out of range", "1h"),
        (["node", "--request-timeout", "x"], "--request-timeout: 'x' is not a duration", "30s"),
        (["node", "--parallel", "0"], "--parallel", "kubectl pause-inspect node --help"),
        (["node", "--nosuch"], "--nosuch", "kubectl pause-inspect node --help"),
        (["nod"], "nod", "kubectl pause-inspect --help"),
    ],
)
def test_what_is_asked_wrongly_or_not_there(cluster, command, words, what, then):
    refused(command(*words), what, then)
    assert cluster.created == []


def test_which_node_of_several(cluster, command):
    cluster.nodes = [node(f"worker-{number}") for number in range(7)]
    refused(command("node"), "which node?", "name one of worker-0, worker-1, worker-2, worker-3, worker-4, ..., or use --all")


def test_a_pod_that_is_not_scheduled_says_why(cluster, command):
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/1 nodes are available: 1 Insufficient cpu.",
    }
    cluster.pods = [{"metadata": {"name": "big", "namespace": "default", "uid": "1"}, "spec": {}, "status": {"conditions": [condition]}}]
    refused(
        command("pod", "-n", "default", "big"),
        "not scheduled yet, so no node has a sandbox for it: 0/1 nodes are available",
        "describe pod",
    )


def test_a_workload_without_pods(cluster, command):
    cluster.workloads["deployments", "web"] = {"spec": {"selector": {"matchLabels": {"app": "none"}}}}
    refused(command("pod", "-n", "default", "deploy/web"), "Deployment default/web has no pods", "kubectl describe deployment")


@pytest.mark.parametrize("words", [["pod", "-n", "default", "x"], ["node"], ["pod", "-A"]])
def test_forbidden_names_the_verb_and_the_resource(cluster, command, words):
    resource = "nodes" if words == ["node"] else "pods"
    verb = "get" if "x" in words else "list"
    said = f'{resource} is forbidden: User "jane" cannot {verb} resource "{resource}" in API group "" at the cluster scope'
    cluster.refuse["GET /"] = lambda: status(403, "Forbidden", said)
    refused(command(*words), f'cannot {verb} resource "{resource}"', f"kubectl auth can-i {verb} {resource}")


def test_creation_refused_by_pod_security_or_a_missing_namespace(cluster, command):
    said = 'pods "x" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true), privileged'
    cluster.refuse["POST /"] = lambda: status(403, "Forbidden", said)
    refused(command("node"), "violates PodSecurity", "namespace")
    cluster.refuse["POST /"] = lambda: status(404, "NotFound", 'namespaces "nope" not found')
    refused(command("node", "--debug-namespace", "nope"), 'namespaces "nope" not found', "--debug-namespace")


@pytest.mark.parametrize(
    ("born", "what", "then"),
    [
        ({"phase": "Pending", "containerStatuses": [{"name": "collector", "state": {"waiting": {
            "reason": "ErrImagePull", "message": 'failed to resolve "busybox": no such host'}}}]},
         'cannot get the image \'docker.io/library/busybox:1.36\': ErrImagePull: failed to resolve "busybox": no such host', "--image"),
        ({"phase": "Pending", "containerStatuses": [{"name": "collector", "state": {"waiting": {
            "reason": "CreateContainerError", "message": "no space left"}}}]},
         "CreateContainerError: no space left", "kubectl describe node"),
        ({"phase": "Failed", "reason": "OutOfpods", "message": "Pod was rejected: Node didn't have enough resource: pods"},
         "refused the inspector pod: OutOfpods: Pod was rejected", "kubectl describe node"),
        *(({"phase": "Failed", "reason": "Evicted", "message": f"Pod was rejected: The node had condition: [{condition}]. "},
           f"refused the inspector pod: Evicted: Pod was rejected: The node had condition: [{condition}].", then)
          for condition, then in [
              ("DiskPressure", "on the node: df -h /var/lib, where some room has to be made; meanwhile, on the node itself"),
              ("PIDPressure", "on the node: ps -eL | wc -l, where some processes have to end; meanwhile, on the node itself"),
              ("MemoryPressure", "on the node: free -m, where some memory has to be given back; meanwhile, on the node itself"),
              ("DiskPressure PIDPressure", "has to be made; on the node: ps -eL"),
          ]),
        ({"phase": "Failed", "reason": "Evicted", "message": "Usage of EmptyDir volume x exceeds the limit"},
         "refused the inspector pod: Evicted: Usage of EmptyDir", "kubectl describe node"),
    ],
)  # fmt: skip
def test_a_pod_that_will_never_run_ends_the_wait_with_the_kubelet_s_own_words(cluster, command, born, what, then):
    cluster.born = born
    cluster.server.on_exec = answer(b"", end=NOT_UP)
    refused(command("node"), what, then)


def test_a_pod_that_is_rejected_while_an_exec_is_asked_is_not_asked_again(cluster, command):
    """A busy server takes long to refuse an exec: what the kubelet said meanwhile is looked at before the next."""
    asked = []

    async def slowly(socket, request):
        asked.append(request)
        cluster.created[-1]["status"] = {"phase": "Failed", "reason": "OutOfpods", "message": "Pod was rejected"}
        await asyncio.sleep(_BUSY_SECONDS + 0.1)
        await answer(b"", end=NOT_UP)(socket, request)

    cluster.server.on_exec = slowly
    refused(command("node"), "refused the inspector pod: OutOfpods: Pod was rejected", "kubectl describe node")
    assert len(asked) == 1


@pytest.mark.parametrize("as_kubelet", [False, True], ids=["Status", "text"])
def test_a_node_that_is_not_ready_or_runs_windows(cluster, command, as_kubelet):
    cluster.server.as_kubelet = as_kubelet
    cluster.server.on_exec = answer(b"", end=NOT_UP)
    cluster.nodes = [node(NODE, ready="Unknown")]
    refused(command("node"), "is NotReady: container runtime is down", "kubectl describe node")
    cluster.server.refuse_exec = status(500, "InternalError", "error dialing backend: dial tcp 10.0.0.1:10250: i/o timeout")
    refused(command("node"), "is NotReady: container runtime is down", "kubectl describe node")
    cluster.server.refuse_exec = None
    cluster.nodes = [node(NODE, system="windows")]
    refused(command("node"), "runs Windows", "kubernetes.io/os")


def test_the_time_limit_names_what_was_waited_for(cluster, command):
    cluster.server.on_exec = answer(b"", end=NOT_UP)
    ended = command("node", "--timeout", "1s")
    refused(ended, "no answer within 1 s while waiting for the inspector pod kube-system/pause-inspect-", "--timeout")
    assert "the kubelet has not taken note of the pod" in ended.err


def test_exec_refused(cluster, command):
    said = 'pods "x" is forbidden: User "jane" cannot create resource "pods/exec" in API group "" in the namespace "kube-system"'
    cluster.server.refuse_exec = status(403, "Forbidden", said)
    refused(command("node"), 'cannot create resource "pods/exec"', "kubectl auth can-i create pods --subresource=exec")


@pytest.mark.parametrize(
    ("behaviour", "what", "then"),
    [
        (answer(b"#missing awk\n", end=exit_status(3)), "the image of the inspector pod has no 'awk'", "--image"),
        (answer(b"", end=exit_status(127)), "the collector ended with exit code 127", "--image"),
        (answer(b"hello"), "the collector ended with exit code 0", "--image"),
        (cut_after(b"\x01part"), "was cut before the command's status, after 4 bytes of output", "try again"),
    ],
)
def test_a_collector_that_does_not_do_its_work(cluster, command, behaviour, what, then):
    cluster.server.on_exec = behaviour
    refused(command("node"), what, then)


@pytest.mark.parametrize("as_kubelet", [False, True], ids=["Status", "text"])
def test_a_stream_that_the_kubelet_left_and_the_server_calls_a_success_is_asked_for_once_more(cluster, command, as_kubelet):
    """As seen when a kubelet was stopped while the collector ran: no byte, and the status of a command that ended well."""
    behaviours = [answer(b""), answer(collector_answer())]

    async def in_turn(socket, request):
        await behaviours.pop(0)(socket, request)

    cluster.server.on_exec = in_turn
    ended = command("node")
    assert (ended.code, ended.errors) == (0, [])
    assert behaviours == []

    cluster.server.on_exec, cluster.server.as_kubelet = answer(b""), as_kubelet
    cluster.server.at_handshake = iter([None, status(500, "InternalError", DIALING)]).__next__
    refused(command("node"), f"node {NODE}: ", "kubelet")


def test_files_that_are_no_captures(command, tmp_path: Path):
    good = collected_bytes("with-crictl")
    cases = {
        "nothing": b"", "text": b"hello\n", "foreign": gzip.compress(b"hello\n"), "cut": good[: len(good) // 2],
        "no-end": gzip.compress(gzip.decompress(good).rpartition(b"#end")[0]),
        "flipped": good[:5000] + bytes([good[5000] ^ 1]) + good[5001:],
        "newer": gzip.compress(b"#pause-inspect-capture 9\n"),
        "api": gzip.compress(gzip.decompress(good).replace(b'"nodeName"', b'"nodeNome"', 1)),
    }  # fmt: skip
    for name, data in cases.items():
        file = tmp_path / name
        file.write_bytes(data)
        for verb in (["node"], ["pod", "-A"]):
            ended = command(*verb, "--from", str(file))
            assert (ended.code, ended.out, len(ended.errors)) == (1, "", 1), name
            assert str(file) in ended.errors[0][0]
    refused(command("node", "--from", str(tmp_path / "none")), "No such file or directory", "snapshot")
    refused(command("node", "--from", str(tmp_path)), "Is a directory", "snapshot")


def test_names_that_a_capture_does_not_have(command, tmp_path: Path):
    file = tmp_path / "f.capture"
    file.write_bytes(collected_bytes("with-crictl"))
    refused(command("pod", "rec-ngix", "--from", str(file)), "'rec-ngix' not found in", "did you mean rec-nginx")
    refused(command("pod", "rec-nginx", "-n", "shop", "--from", str(file)), "not found in namespace 'shop' of", "rec-nginx")
    refused(command("node", "other", "--from", str(file)), "no capture of node 'other'", f"captured: {NODE}")
    refused(command("pod", "-l", "a in (b)", "--from", str(file)), "not understood with --from", "key=value")
    assert len(recorded_pods()) > 10
