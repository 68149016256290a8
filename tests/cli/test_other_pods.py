"""`--keep` and `--via`: runs that make no pod of their own, or leave it, and what they refuse."""

from __future__ import annotations

import time

import pytest

from kubectl_pause.capture.inspector_pod import KEPT_LABEL, LABELS, UNTIL_LABEL
from tests.access.fake_api_server import status
from tests.cli.fake_cluster import NODE, answer


@pytest.fixture
def keeping(cluster):
    """At the end only what says that it is kept may be there."""
    yield cluster
    for pod in cluster.created:
        if KEPT_LABEL in pod["metadata"]["labels"]:
            cluster.deleted.append(pod["metadata"]["name"])
            cluster.deleted_jobs.append(pod["metadata"]["name"])


def test_a_pod_that_is_kept_serves_the_next_run(keeping, command):
    first = command("node", "--keep", "5m")
    assert first.code == 0
    assert "is kept for 300 s" in first.err
    (pod,) = keeping.created
    assert (keeping.deleted, keeping.deleted_jobs) == ([], [])
    assert LABELS.items() <= pod["metadata"]["labels"].items()
    assert abs(int(pod["metadata"]["labels"][UNTIL_LABEL]) - time.time() - 300) < 60
    assert pod["spec"]["activeDeadlineSeconds"] == 60 + 300 + 30
    again = command("node", "--keep", "5m")
    assert (again.code, again.err, len(keeping.created)) == (0, "", 1)


def test_another_user_s_is_not_taken(keeping, command):
    command("node", "--keep", "5m")
    keeping.user = "john"
    command("node", "--keep", "5m")
    first, second = (pod["metadata"]["labels"][KEPT_LABEL] for pod in keeping.created)
    assert first != second


@pytest.mark.parametrize("until", ["0", "", "x", "9" * 30, "just now"])
def test_one_whose_time_is_over_or_makes_no_sense_is_not_taken(keeping, command, until):
    command("node", "--keep", "5m")
    keeping.created[0]["metadata"]["labels"][UNTIL_LABEL] = str(int(time.time()) - 5) if until == "just now" else until
    command("node", "--keep", "5m")
    assert len(keeping.created) == (1 if until.startswith("9") else 2)


def test_without_a_name_from_the_server_nothing_is_kept(cluster, command):
    cluster.refuse["POST /apis/authentication.k8s.io"] = lambda: status(404, "NotFound", "the server could not find the requested resource")
    ended = command("node", "--keep", "5m")
    assert ended.code == 0
    assert cluster.left == []


def test_without_the_right_to_list_a_fresh_one_is_made(keeping, command):
    command("node", "--keep", "5m")
    keeping.refuse["GET /api/v1/namespaces/kube-system/pods?"] = lambda: status(403, "Forbidden", "pods is forbidden")
    assert command("node", "--keep", "5m").code == 0
    assert len(keeping.created) == 2


def test_a_run_that_fails_keeps_nothing(cluster, command):
    cluster.server.on_exec = answer(b"no capture at all")
    assert command("node", "--keep", "5m").code == 1
    assert cluster.left == []


@pytest.fixture
def agent(cluster):
    container = {"name": "agent", "securityContext": {"privileged": True}}
    pod = {
        "metadata": {"name": "agent-x", "namespace": "shop", "uid": "u-agent"},
        "spec": {"nodeName": NODE, "hostPID": True, "containers": [{"name": "other"}, container]},
        "status": {"phase": "Running"},
    }
    cluster.pods.append(pod)
    return pod


def test_through_a_pod_that_is_there(cluster, command, agent):
    ended = command("node", "--via", "shop/agent-x")
    assert (ended.code, ended.err, cluster.created, cluster.jobs) == (0, "", [], [])
    (path,) = [path for _, path, _ in cluster.server.requests if "/exec" in path]
    assert "/namespaces/shop/pods/agent-x/exec" in path
    assert "container=agent" in path


def test_a_pod_that_claims_to_be_of_the_daemonset_is_not_taken_before_it(cluster, command, agent):
    """Anybody who may make a pod can name any owner; hostPID is what admission looks at."""
    owner = {"apiVersion": "evil/v1", "kind": "DaemonSet", "name": "agent", "uid": "forged", "controller": True}
    agent["metadata"]["ownerReferences"] = [{**owner, "apiVersion": "apps/v1", "uid": "real"}]
    forged = {"name": "aaa-forged", "namespace": "shop", "uid": "u-forged", "ownerReferences": [owner]}
    cluster.pods.insert(0, {**agent, "metadata": forged, "spec": {"nodeName": NODE, "containers": agent["spec"]["containers"]}})
    ended = command("node", "-n", "shop", "--via", "ds/agent")
    assert (ended.code, ended.err) == (0, "")
    (path,) = [path for _, path, _ in cluster.server.requests if "/exec" in path]
    assert "/pods/agent-x/exec" in path


def test_one_that_is_not_privileged_is_taken_with_a_warning(command, agent):
    agent["spec"]["containers"][1]["securityContext"] = {}
    ended = command("node", "--via", "shop/agent-x")
    assert ended.code == 0
    assert "is not privileged" in ended.err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--via", "shop/none"], "not found"),
        (["--via", "ds/none"], "has no pod there"),
        (["--via", "shop/agent-x", "--image", "x"], "--image has no effect here: --via makes no pod"),
        (["--via", "shop/agent-x", "--keep", "1m"], "--keep has no effect here: --via makes no pod"),
        (["--keep", "2h"], "--keep: 2h is too long"),
        (["--keep", "soon"], "is not a duration"),
    ],
)
@pytest.mark.usefixtures("agent")
def test_bad_input(cluster, command, words, what):
    ended = command("node", *words)
    assert ended.code == 1
    assert what in ended.errors[0][0]
    assert cluster.created == []


def test_a_pod_that_cannot_see_the_node(command, agent):
    agent["spec"]["hostPID"] = False
    assert "it cannot see the node's processes" in command("node", "--via", "shop/agent-x").errors[0][0]
    agent["spec"] |= {"hostPID": True, "nodeName": "elsewhere"}
    assert "is on node elsewhere" in command("node", "--via", "shop/agent-x").errors[0][0]
