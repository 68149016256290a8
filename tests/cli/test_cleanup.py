"""`cleanup` finds what runs have left, and deletes exactly that."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from kubectl_pause.capture.leftovers import SELECTOR
from tests.access.conftest import write_kubeconfig
from tests.access.fake_api_server import FakeApiServer, status

Json = dict[str, Any]
LABELS = {"app.kubernetes.io/name": "kubectl-pause-inspect", "app.kubernetes.io/managed-by": "kubectl-pause-inspect"}


def made(name: str, namespace: str = "kube-system", **more: str) -> Json:
    """An object with the labels of a run."""
    run = name.rpartition("-")[2]
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "labels": {**LABELS, "pause-inspect/run": run}, **more}
    return {"metadata": metadata, "spec": {"nodeName": "worker-1"}, "status": {"phase": "Failed"}}


def going_on(name: str, seconds: float, lifetime: int = 90) -> Json:
    """An object that has not finished, made so many seconds ago."""
    created = (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="seconds")
    there = made(name, creationTimestamp=created)
    return {**there, "spec": {"activeDeadlineSeconds": lifetime}, "status": {"phase": "Running"}}


@dataclass
class LeftCluster:
    """A cluster on which runs have left something. `deleted` holds paths; `refuse` are path parts that answer 403."""

    pods: list[Json] = field(default_factory=list)
    jobs: list[Json] = field(default_factory=list)
    refuse: tuple[str, ...] = ()
    deleted: list[str] = field(default_factory=list)

    async def rest(self, request: web.Request) -> web.StreamResponse:
        if any(f"{request.method} {request.path}".startswith(part) for part in self.refuse):
            return status(
                403, "Forbidden", 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" at the cluster scope'
            )
        plural = "jobs" if "/jobs" in request.path else "pods"
        if request.method == "DELETE":
            options = json.loads(await request.read())
            name = request.path.rpartition("/")[2]
            assert options["preconditions"] == {"uid": f"uid-{name}"}
            self.deleted.append(request.path)
            return web.json_response({"kind": "Status", "status": "Success"})
        assert request.query["labelSelector"] == SELECTOR
        parts = request.path.split("/")
        known = [
            each
            for each in {"pods": self.pods, "jobs": self.jobs}[plural]
            if "namespaces" not in parts or each["metadata"]["namespace"] == parts[parts.index("namespaces") + 1]
        ]
        return web.json_response({"kind": "List", "items": known, "metadata": {}})


@pytest.fixture
def left(monkeypatch, tmp_path):
    with FakeApiServer().running() as server:
        monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "config", server.url)))
        cluster = LeftCluster()
        server.rest = cluster.rest
        yield cluster


def test_nothing_left(left, command):
    ended = command("cleanup")
    assert (ended.code, ended.out, ended.err) == (0, "", "no inspector pods or Jobs found in any namespace\n")


def test_what_is_left_is_listed_across_namespaces_and_nothing_is_deleted(left, command):
    left.pods = [made("pause-inspect-0123456789", creationTimestamp="2026-01-01T00:00:00Z"), made("pause-inspect-aaaaaaaaaa", "shop")]
    left.jobs = [made("pause-inspect-0123456789", creationTimestamp="2026-01-01T00:00:00Z")]
    ended = command("cleanup")
    assert (ended.code, ended.err, left.deleted) == (0, "", [])
    heading, *rows = ended.out.splitlines()
    assert heading.split() == ["NAMESPACE", "KIND", "NAME", "RUN", "NODE", "STATE", "AGE", "OVER", "RESULT"]
    assert [row.split()[:4] for row in rows] == [
        ["shop", "Pod", "pause-inspect-aaaaaaaaaa", "aaaaaaaaaa"],
        ["kube-system", "Job", "pause-inspect-0123456789", "0123456789"],
        ["kube-system", "Pod", "pause-inspect-0123456789", "0123456789"],
    ]
    assert len(command("cleanup", "-n", "shop").out.splitlines()) == 2


def test_exactly_what_is_listed_is_deleted_by_uid(left, command):
    job = made("pause-inspect-0123456789")
    left.pods, left.jobs = [made("pause-inspect-0123456789")], [{**job, "status": {"conditions": [{"type": "Failed", "status": "True"}]}}]
    ended = command("cleanup", "--yes", "-o", "json")
    assert (ended.code, ended.err) == (0, "")
    document = json.loads(ended.out)
    assert (document["apiVersion"], document["kind"], document["errors"]) == ("pause-inspect/v1", "Leftovers", [])
    assert [(each["kind"], each["deleted"], each["error"]) for each in document["items"]] == [("Job", True, None), ("Pod", True, None)]
    assert sorted(left.deleted) == [
        "/api/v1/namespaces/kube-system/pods/pause-inspect-0123456789",
        "/apis/batch/v1/namespaces/kube-system/jobs/pause-inspect-0123456789",
    ]


def test_what_only_looks_like_ours_is_left_alone(left, command):
    other_name, no_run, other_tool = made("web-0123456789"), made("pause-inspect-0123456789"), made("pause-inspect-0123456789")
    del no_run["metadata"]["labels"]["pause-inspect/run"]
    other_tool["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "helm"
    left.pods = [other_name, no_run, other_tool]  # a server that selects nothing
    ended = command("cleanup", "--yes")
    assert (ended.code, ended.out, left.deleted) == (0, "", [])


def test_runs_that_may_be_going_on_are_ended_only_on_purpose(left, command):
    """A clock that is minutes ahead makes no run of now look old; one whose deadline is long past is over, whatever its phase."""
    now, late, long_past = going_on("pause-inspect-aaaaaaaaaa", 20), going_on("pause-inspect-bbbbbbbbbb", 380), "pause-inspect-cccccccccc"
    left.pods = [now, late, going_on(long_past, 400)]
    left.jobs = [made("pause-inspect-dddddddddd")]  # neither finished nor of a known age
    ended = command("cleanup", "--yes")
    assert (ended.code, ended.err) == (0, "3 of runs that may still be active remain: name the run, or use --all\n")
    assert left.deleted == [f"/api/v1/namespaces/kube-system/pods/{long_past}"]
    assert [row.split()[7:] for row in ended.out.splitlines()[1:] if long_past in row] == [["yes", "deleted"]]
    left.deleted.clear()
    assert command("cleanup", "--yes", "aaaaaaaaaa").err == ""
    assert left.deleted == ["/api/v1/namespaces/kube-system/pods/pause-inspect-aaaaaaaaaa"]
    left.deleted.clear()
    ended = command("cleanup", "--yes", "--all")
    assert (ended.code, ended.err, len(left.deleted)) == (0, "", 4)


def test_one_run_of_several(left, command):
    left.pods = [made("pause-inspect-0123456789"), made("pause-inspect-aaaaaaaaaa")]
    ended = command("cleanup", "--yes", "aaaaaaaaaa", "bbbbbbbbbb")
    assert ended.code == 4
    assert left.deleted == ["/api/v1/namespaces/kube-system/pods/pause-inspect-aaaaaaaaaa"]
    [(what, _)] = ended.errors
    assert "nothing of a run 'bbbbbbbbbb' was found" in what


def test_what_may_not_be_listed_or_deleted_is_an_error(left, command):
    left.pods = [made("pause-inspect-0123456789")]
    left.refuse = ("GET /apis/batch", "DELETE /")
    ended = command("cleanup", "--yes")
    assert ended.code == 1
    [(listing, hint), (deleting, then)] = ended.errors
    assert "cannot list" in listing
    assert "-n kube-system" in hint
    assert "pod kube-system/pause-inspect-0123456789 could not be deleted" in deleting
    assert then == "kubectl auth can-i delete pods -n kube-system"
    left.refuse = ("GET /apis/batch",)
    assert command("cleanup", "--yes").code == 4


def test_a_format_that_does_not_exist(left, command):
    ended = command("cleanup", "-o", "xml")
    assert (ended.code, ended.errors) == (
        1, [
            (
                "unable to match a printer suitable for the output format 'xml'",
                "allowed formats are: custom-columns, json, jsonpath, jsonpath-as-json, name, yaml",
            )
        ],
    )  # fmt: skip


@pytest.mark.parametrize(("answer", "deleted"), [(b"y\n", 1), (b"n\n", 0)])
def test_on_a_terminal_it_asks(left, answer, deleted):
    left.pods = [made("pause-inspect-0123456789")]
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "kubectl_pause", "cleanup"], stdin=follower, stdout=follower, stderr=follower, env={**os.environ}
    )
    os.close(follower)
    os.write(leader, answer)
    shown = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # how Linux ends a pty
            break
        shown += chunk
    assert process.wait(30) == 0
    os.close(leader)
    assert b"Delete this object?" in shown
    assert len(left.deleted) == deleted
