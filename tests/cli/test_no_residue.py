"""What a run makes on a cluster, and that it is gone, or goes by itself, however the cluster behaves."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.capture.fan_out import Bounds, capture_nodes
from kubectl_pause.capture.inspector_pod import RUN_LABEL, USER_LABEL
from kubectl_pause.cli.flags import CaptureFlags
from tests.access.fake_api_server import status
from tests.cli.fake_cluster import NODE, node

POD_SECURITY = 'pods "x" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true), privileged'


def test_the_pod_belongs_to_a_job_that_expires_and_starts_nothing(cluster, command):
    assert command("node", "--timeout", "20s").code == 0
    [job], [pod] = cluster.jobs, cluster.created
    spec = job["spec"]
    assert (spec["parallelism"], spec["ttlSecondsAfterFinished"], spec["activeDeadlineSeconds"], spec["backoffLimit"]) == (0, 0, 50, 0)
    assert pod["metadata"]["ownerReferences"] == [
        {"apiVersion": "batch/v1", "kind": "Job", "name": job["metadata"]["name"], "uid": job["metadata"]["uid"]}
    ]
    assert pod["spec"]["activeDeadlineSeconds"] == 50
    assert job["metadata"]["labels"] == pod["metadata"]["labels"]
    assert job["metadata"]["labels"]["pause-inspect/run"] == pod["metadata"]["name"].rpartition("-")[2]


def test_the_pod_has_no_token_no_port_and_nothing_of_the_host_mounted(cluster, command):
    assert command("node").code == 0
    [container] = cluster.created[0]["spec"]["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert "ports" not in container
    assert "volumeMounts" not in container
    assert "volumes" not in cluster.created[0]["spec"]
    assert cluster.created[0]["spec"]["automountServiceAccountToken"] is False


def forbidden() -> web.Response:
    """Jobs are not for this user."""
    said = 'jobs.batch is forbidden: User "jane" cannot create resource "jobs" in API group "batch" in the namespace "kube-system"'
    return status(403, "Forbidden", said)


def suspended() -> web.Response:
    """What Kueue makes of a Job."""
    spec = {"parallelism": 0, "ttlSecondsAfterFinished": 0, "suspend": True}
    return web.json_response({"metadata": {"name": "j", "uid": "u"}, "spec": spec}, status=201)


@pytest.mark.parametrize(("answer", "why"), [(forbidden, 'cannot create resource "jobs"'), (suspended, "never expire")])
def test_without_a_job_the_pod_is_a_bare_one_and_that_is_said(cluster, command, answer, why):
    cluster.refuse["POST /apis/batch"] = answer
    ended = command("node")
    assert (ended.code, ended.errors) == (0, [])
    [warning] = ended.err.splitlines()
    assert why in warning
    assert "kubectl pause-inspect cleanup; " in warning, "with --yes, pasted as it is, it would delete the pods of others' runs too"
    [pod] = cluster.created
    assert "ownerReferences" not in pod["metadata"]
    assert pod["spec"]["activeDeadlineSeconds"] == 90


def test_without_jobs_the_next_run_takes_away_what_the_same_user_s_earlier_ones_left(cluster, command):
    cluster.refuse["POST /apis/batch"] = forbidden
    assert command("node").code == 0
    [pod] = cluster.created
    label = pod["metadata"]["labels"][USER_LABEL]
    assert "jane" not in label

    def of_earlier(name, phase, **labels):
        marks = {**pod["metadata"]["labels"], RUN_LABEL: name, **labels}
        metadata = {"name": f"pause-inspect-{name}", "namespace": "kube-system", "uid": name, "labels": marks}
        return {"metadata": metadata, "spec": {"nodeName": NODE}, "status": {"phase": phase}}

    cluster.deleted.clear()
    cluster.created.clear()
    cluster.pods += [
        of_earlier("aaaaaaaaaa", "Succeeded"), of_earlier("bbbbbbbbbb", "Running"), of_earlier("cccccccccc", "Failed", **{USER_LABEL: "x"}),
    ]  # fmt: skip
    ended = command("node")
    assert ended.code == 0
    assert cluster.deleted == [cluster.created[0]["metadata"]["name"], "pause-inspect-aaaaaaaaaa"]
    cluster.refuse["GET /api/v1/namespaces/kube-system/pods?"] = lambda: status(403, "Forbidden", "cannot list pods")
    assert command("node").err == ended.err, "no right to list is no trouble"


def test_what_holds_for_every_node_is_said_once(cluster, command):
    cluster.refuse["POST /apis/batch"] = forbidden
    cluster.nodes = [{**cluster.nodes[0], "metadata": {"name": f"worker-{number}"}} for number in range(3)]
    ended = command("node", "--all")
    assert len(cluster.created) == 3
    assert len([line for line in ended.err.splitlines() if line.startswith("warning: no Job")]) == 1


def test_a_pod_that_is_refused_leaves_no_job(cluster, command):
    cluster.refuse["POST /api/v1"] = lambda: status(403, "Forbidden", POD_SECURITY)
    ended = command("node")
    assert ended.code == 1
    assert "violates PodSecurity" in ended.errors[0][0]
    assert (len(cluster.jobs), cluster.left) == (1, [])


def test_what_cannot_be_deleted_is_named_with_the_command_that_deletes_it(cluster, command):
    cluster.refuse["DELETE /"] = lambda: status(403, "Forbidden", "cannot delete")
    ended = command("node")
    assert ended.code == 0
    name = cluster.created[0]["metadata"]["name"]
    assert f"kubectl delete job -n kube-system {name}" in ended.err
    assert "disappears by itself within 90 s" in ended.err
    cluster.deleted.append(name)
    cluster.deleted_jobs.append(name)


def test_a_bare_pod_that_cannot_be_deleted_is_named(cluster, command):
    cluster.refuse["POST /apis/batch"] = forbidden
    cluster.refuse["DELETE /"] = lambda: status(403, "Forbidden", "cannot delete pods")
    ended = command("node")
    assert ended.code == 0
    [name] = cluster.left
    assert f"kubectl delete pod -n kube-system {name}" in ended.err
    assert "ends by itself within 90 s" in ended.err
    cluster.deleted.append(name)


def test_a_pod_that_cannot_be_deleted_goes_with_its_job(cluster, command):
    cluster.refuse["DELETE /api/v1"] = lambda: status(403, "Forbidden", "cannot delete pods")
    ended = command("node")
    assert (ended.code, ended.err) == (0, "")
    [name] = cluster.left
    assert cluster.deleted_jobs == [name]
    cluster.deleted.append(name)  # as the garbage collector does


@pytest.mark.parametrize("plural", ["jobs", "pods"])
def test_what_a_request_made_that_never_got_its_answer_is_hunted_down(cluster, command, plural):
    made, hunted = [], []

    async def silent(request):
        if request.path.endswith("/" + plural) and request.method == "POST":
            hunted.append("asked")
            await request.read()
            await asyncio.sleep(1.5)  # longer than the client waits; only then it is there
            made.append(await cluster.rest(request))
            await asyncio.sleep(30)
        if request.method == "DELETE" and f"/{plural}/" in request.path and not made:
            hunted.append("too early")
            return status(404, "NotFound", f"{plural} not found")
        return await cluster.rest(request)

    cluster.server.rest = silent
    ended = command("node", "--request-timeout", "1s")
    assert ended.code == 1
    assert "no answer within 1 s" in ended.errors[0][0]
    assert hunted[:2] == ["asked", "too early"]
    assert (len(made), len(cluster.jobs), len(cluster.created)) == (1, 1, int(plural == "pods"))
    assert cluster.left == []


def test_a_reader_that_stops_early_leaves_no_pod(cluster):
    """The captures that go on are ended, and their pods deleted, before `close` returns."""
    names = [NODE, "second", "third"]
    cluster.nodes = [node(name) for name in names]
    options = CaptureFlags(parallel=3).inspector()
    outcomes = capture_nodes(connect(ConnectionFlags()), names, options, bounds=Bounds(3), say=lambda _: None, warn=lambda _: None)
    name, _ = next(outcomes)
    assert name in names
    outcomes.close()
    assert cluster.left == []
    assert len(cluster.created) >= 1


def test_a_pod_whose_deletion_got_no_answer_is_named_although_its_job_is_gone(cluster, command):
    """A connection that is lost proves nothing. Seen under load: the Job's deletion came through and the pod's did not."""

    async def silent_about_the_pod(request):
        if request.method == "DELETE" and "/pods/" in request.path:
            await asyncio.sleep(30)
        return await cluster.rest(request)

    cluster.server.rest = silent_about_the_pod
    ended = command("node")
    [name] = cluster.left
    assert (ended.code, cluster.deleted_jobs) == (0, [name])
    assert f"the inspector pod kube-system/{name} could not be deleted" in ended.err
    assert f"kubectl delete pod -n kube-system {name}" in ended.err
    cluster.deleted.append(name)  # as the garbage collector does
