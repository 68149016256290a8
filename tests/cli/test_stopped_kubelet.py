"""A kubelet that is gone is told by what it leaves undone, before the node is NotReady and before the time limit."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from aiohttp import web

from tests.access.fake_api_server import internal_error
from tests.cli.fake_cluster import NODE, answer, node

NOT_UP = internal_error('container not found ("collector")')
RENEWED = "2026-11-24T13:59:25.674545Z"


async def silence(socket, request):
    await asyncio.sleep(30)


def lease(renewed=RENEWED):
    return {"spec": {"holderIdentity": NODE, "leaseDurationSeconds": 1, "renewTime": renewed}}


def told(ended, words):
    assert (ended.code, ended.out) == (1, "")
    [(what, then)] = ended.errors
    assert words in what
    return what + then


def test_a_lease_that_nobody_renews(cluster, command):
    cluster.workloads["leases", NODE] = lease()
    for exec_of_the_pod in (silence, answer(b"", end=NOT_UP)):
        cluster.server.on_exec = exec_of_the_pod
        said = told(command("node", "--timeout", "20s"), "did not renew its lease")
        assert RENEWED in said
        assert "systemctl status kubelet" in said
        assert cluster.left == []


def test_a_lease_that_is_renewed_or_may_not_be_read_is_no_trouble(cluster, command):
    cluster.server.on_exec = answer(b"", end=NOT_UP)
    told(command("node", "--timeout", "4s"), "no answer within 4 s")

    renewals = itertools.count()
    cluster.refuse["GET /leases/"] = lambda: web.json_response(lease(f"renewal {next(renewals)}"))
    told(command("node", "--timeout", "4s"), "no answer within 4 s")
    assert next(renewals) > 1


def test_a_pod_that_the_kubelet_told_of_is_waited_for_whatever_the_lease_says(cluster, command):
    """A kubelet that lost the API server alone goes on serving what runs."""
    cluster.workloads["leases", NODE] = lease()
    cluster.born = {"phase": "Running", "containerStatuses": [{"name": "collector", "state": {"running": {}}}]}
    cluster.server.on_exec = silence
    said = told(command("node", "--timeout", "5s"), "did not finish within")
    assert "has stopped renewing its lease" in said


def test_a_runtime_that_hangs_below_a_kubelet_that_lives(cluster, command):
    """As seen with containerd stopped by SIGSTOP: the node stays Ready, the lease is renewed, and no status of the pod comes."""
    renewals = itertools.count()
    cluster.refuse["GET /leases/"] = lambda: web.json_response(lease(f"renewal {next(renewals)}"))
    for exec_of_the_pod in (silence, answer(b"", end=NOT_UP)):
        cluster.server.on_exec = exec_of_the_pod
        said = told(command("node", "--timeout", "5s"), "its container runtime may hang")
        assert f"node {NODE}: " in said
        assert "systemctl status containerd" in said
        assert cluster.left == []


def test_a_pod_whose_sandbox_is_not_made(cluster, command):
    """As a kubelet tells it that took note of the pod before it waited for its runtime."""
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    conditions = [{"type": "PodReadyToStartContainers", "status": "False"}]
    cluster.born = {"phase": "Pending", "conditions": conditions, "containerStatuses": [{"name": "collector", "state": waiting}]}
    for exec_of_the_pod in (silence, answer(b"", end=NOT_UP)):
        cluster.server.on_exec = exec_of_the_pod
        said = told(command("node", "--timeout", "3s"), "ContainerCreating; the pod's sandbox was not made")
        assert "the container runtime or its network plugin may hang" in said
        assert "systemctl status containerd" in said


@pytest.mark.parametrize(
    ("words", "times", "code"),
    [
        (
            'failed to get sandbox image "registry.k8s.io/pause:3.10.1": failed to pull image: dial tcp: lookup x: no such host',
            1,
            "image/pause-missing",
        ),
        (f'failed to get sandbox image "x": {"mirror " * 100} not found', 1, "image/pause-missing"),
        ("failed to setup netns: open /var/run/netns/cni-1: no space left on device", 1, "disk/full"),
        ("OCI runtime create failed: runc did not terminate successfully: exit status 2", 2, None),
    ],
)
def test_a_sandbox_that_cannot_be_made_is_told_in_the_runtime_s_words(cluster, command, words, times, code):
    """Long before the time is over; a failure of another kind may be over at the kubelet's next try."""
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    cluster.born = {"phase": "Pending", "containerStatuses": [{"name": "collector", "state": waiting}]}
    cluster.server.on_exec = answer(b"", end=NOT_UP)
    failed = {"reason": "FailedCreatePodSandBox", "message": f"Failed to create pod sandbox: rpc error: {words}", "count": times}
    cluster.events["kube-system"] = [failed]
    said = told(
        command("node", "--timeout", "30s"),
        f"the sandbox of the inspector pod cannot be made: {failed['message'][-600:]}",
    )
    assert "may hang" not in said
    assert ("explain " in said) is (code is not None)
    assert code is None or f"kubectl pause-inspect explain {code}" in said
    assert cluster.left == []


@pytest.mark.parametrize(
    ("word", "idle"),
    [
        ("PLEG is not healthy: pleg was last seen active 5m24.7s ago; threshold is 3m0s", True),
        ("[container runtime is down, PLEG is not healthy: x]", True),
        ("container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady", False),
    ],
)
def test_a_kubelet_that_leaves_all_pods_alone_is_told_at_once(cluster, command, word, idle):
    """Recorded from Kubernetes 1.34. One without a network for pods still starts ours."""
    sick = node(NODE)
    sick["status"]["conditions"] = [{"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": word}]
    cluster.nodes = [sick]
    cluster.server.on_exec = answer(b"", end=NOT_UP)
    said = told(command("node", "--timeout", "4s"), "its kubelet leaves all pods alone" if idle else "no answer within 4 s")
    assert (word in said) is idle


def test_one_failure_to_make_a_sandbox_may_be_over_at_the_next_try(cluster, command):
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    cluster.born = {"phase": "Pending", "containerStatuses": [{"name": "collector", "state": waiting}]}
    cluster.server.on_exec = answer(b"", end=NOT_UP)
    cluster.events["kube-system"] = [{"reason": "FailedCreatePodSandBox", "message": "exit status 2", "count": 1}]
    said = told(command("node", "--timeout", "4s"), "no answer within 4 s")
    assert "its sandbox was not made: exit status 2" in said
    cluster.born["conditions"] = [{"type": "PodReadyToStartContainers", "status": "True"}]
    assert "exit status 2" not in told(command("node", "--timeout", "4s"), "no answer within 4 s"), "the kubelet's next try was well"


def test_a_collector_that_stays_silent_on_a_node_that_lives(cluster, command):
    cluster.born = {"phase": "Running", "containerStatuses": [{"name": "collector", "state": {"running": {}}}]}
    cluster.server.on_exec = silence
    said = told(command("node", "--timeout", "3s"), "the kubelet or the container runtime may hang")
    assert "allow more time with --timeout" in said


def test_the_words_of_a_kubelet_that_finds_no_runtime(cluster, command):
    """Recorded from Kubernetes 1.34 with containerd stopped."""
    dial = 'connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: no such file"'
    cluster.server.on_exec = answer(b"", end=internal_error(f"unable to upgrade connection: rpc error: code = Unavailable desc = {dial}"))
    said = told(command("node"), "reaches no container runtime at /run/containerd/containerd.sock")
    assert "systemctl status containerd" in said
    # From 1.36 on: the kubelet's own text/plain, recorded with containerd stopped.
    cluster.server.refuse_exec = web.Response(text=f"rpc error: code = Unavailable desc = {dial}", status=500)
    assert "systemctl status containerd" in told(command("node"), "reaches no container runtime at /run/containerd/containerd.sock")


def test_the_words_of_an_api_server_that_finds_no_kubelet(cluster, command):
    """Recorded from Kubernetes 1.34 with the kubelet stopped: the websocket is open already, the words come as the command's status."""
    post = 'error sending request: Post "https://10.89.0.49:10250/exec/kube-system/pause-inspect-deb7e1079b/collector?command=sh"'
    cluster.server.on_exec = answer(b"", end=internal_error(f"{post}: dial tcp 10.89.0.49:10250: connect: connection refused"))
    said = told(command("node"), "connection refused")
    assert "cannot reach the node's kubelet" in said
    assert "--debug-namespace" not in said


def test_a_node_that_no_kubelet_has_told_of(cluster, command):
    """A Node object alone: recorded from Kubernetes 1.34."""
    cluster.server.on_exec = answer(b"", end=internal_error("no preferred addresses found; known addresses: []"))
    assert "does a kubelet run for this node?" in told(command("node"), "no preferred addresses found")


def test_a_virtual_node(cluster, command):
    cluster.server.on_exec = answer(b"", end=NOT_UP)
    for label in ({"type": "virtual-kubelet"}, {"eks.amazonaws.com/compute-type": "fargate"}):
        virtual = node(NODE)
        virtual["metadata"]["labels"] = label
        cluster.nodes = [virtual]
        told(command("node"), "is a virtual one")
