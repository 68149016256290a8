"""`--keep` and `--via`: runs that make no pod of their own, or leave it, and what they refuse."""

from __future__ import annotations

import re
import time

import pytest

from kubectl_pause.capture.inspector_pod import KEPT_LABEL, LABELS, UNTIL_LABEL
from tests.access.fake_api_server import exit_status, status
from tests.cli.fake_cluster import NODE, answer, collector_answer
from tests.cli.test_profile import CONFINED


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


def asked(cluster):
    """The containers in which a command was run, in that order."""
    return [name for _, path, _ in cluster.server.requests if "/exec" in path for name in re.findall("container=([a-z]+)", path)]


def test_one_that_is_not_privileged_and_reads_the_node_serves(cluster, command, agent):
    """`other` stands first now."""
    agent["spec"]["containers"][1]["securityContext"] = {"capabilities": {"add": ["SYS_PTRACE", "SYS_CHROOT", "DAC_READ_SEARCH"]}}
    ended = command("node", "--via", "shop/agent-x")
    assert (ended.code, ended.err, asked(cluster)) == (0, "", ["other"])


@pytest.mark.parametrize("first", [answer(CONFINED), answer(b"", end=exit_status(127))], ids=["confined", "without a shell"])
def test_the_next_container_of_the_pod_is_tried(cluster, command, agent, first):
    agent["spec"]["containers"][1]["securityContext"] = {}

    async def by_container(socket, request):
        await (first if request.query["container"] == "other" else answer(collector_answer()))(socket, request)

    cluster.server.on_exec = by_container
    ended = command("node", "--via", "shop/agent-x")
    assert (ended.code, ended.err, asked(cluster)) == (0, "", ["other", "agent"])


def test_a_pod_of_which_no_container_reads_the_node(cluster, command, agent):
    agent["spec"]["containers"][1]["securityContext"] = {}
    cluster.server.on_exec = answer(CONFINED)
    [(said, then)] = command("node", "--via", "shop/agent-x").errors
    assert "container other of pod shop/agent-x cannot read the namespaces of PID 1 (check ns)" in said
    assert "SYS_PTRACE" in then
    assert asked(cluster) == ["other", "agent"]


@pytest.mark.parametrize(
    ("kept", "next_run", "pods"), [("sysadmin", "general", 2), ("general", "sysadmin", 2), ("sysadmin", "auto", 1), ("general", "auto", 1)]
)
def test_a_kept_pod_serves_runs_of_its_own_profile(keeping, command, kept, next_run, pods):
    assert command("node", "--keep", "5m", "--profile", kept).code == 0
    assert command("node", "--keep", "5m", "--profile", next_run).code == 0
    assert len(keeping.created) == pods


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
