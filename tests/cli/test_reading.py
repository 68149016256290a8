"""`pod`, `node` and `snapshot` on a cluster: what is asked for is shown, and the inspector pod is gone afterwards."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.access.fake_api_server import cut_after, internal_error, status
from tests.cli.fake_cluster import NODE, answer, collector_answer, node

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = collector_answer()


def names(document: str) -> list[str]:
    return [each["pod"]["name"] for node in json.loads(document)["nodes"] for each in node["sandboxes"]]


def test_a_pod_is_shown_and_the_inspector_pod_is_as_promised(cluster, command):
    ended = command("pod", "-n", "default", "rec-nginx")
    assert (ended.code, ended.err) == (0, "")
    assert "Sandbox   f856e413a61df  ready, attempt 0" in ended.out
    assert "Held by   pause, pid 4674" in ended.out
    [made] = cluster.created
    spec = made["spec"]
    assert (spec["nodeName"], spec["hostPID"], spec["hostNetwork"], spec["restartPolicy"]) == (NODE, True, True, "Never")
    assert spec["automountServiceAccountToken"] is False
    assert "volumes" not in spec
    assert "priorityClassName" not in spec
    assert spec["activeDeadlineSeconds"] == 90
    assert made["metadata"]["labels"]["app.kubernetes.io/name"] == "kubectl-pause-inspect"


@pytest.mark.parametrize(
    "words",
    ["pod rec-nginx -n default", "-n default pod rec-nginx", "pod -n=default rec-nginx", "--namespace=default pod pod/rec-nginx",
     "pod rec-nginx --namespace default --fds=true", "pod po/rec-nginx -n default --no-headers=false"],
)  # fmt: skip
def test_flags_stand_where_kubectl_lets_them_stand(cluster, command, words):
    ended = command(*words.split(), "-o=json")
    assert (ended.code, names(ended.out)) == (0, ["rec-nginx"])


def test_json_and_yaml_are_one_document(cluster, command):
    as_json, as_yaml = command("node", "-o", "json"), command("node", "-oyaml")
    first, second = json.loads(as_json.out), yaml.safe_load(as_yaml.out)
    for each in (first, second):
        each.pop("seconds")
        each.pop("startedAt")
        each["nodes"][0].pop("seconds")
    assert first == second
    assert first["errors"] == []
    assert len(first["nodes"][0]["sandboxes"]) == 15


@pytest.mark.parametrize(
    ("target", "plural"),
    [("deploy/web", "deployments"), ("deployments.apps/web", "deployments"), ("sts/web", "statefulsets"), ("ds/web", "daemonsets"),
     ("rs/web", "replicasets"), ("job/web", "jobs")],
)  # fmt: skip
def test_a_workload_stands_for_its_pods(cluster, command, target, plural):
    expressions = {"matchLabels": {"app": "rec-nginx"}}
    cluster.workloads[plural, "web"] = {"spec": {"selector": expressions}}
    ended = command("pod", "-n", "default", target, "-o", "json")
    assert (ended.code, names(ended.out)) == (0, ["rec-nginx"])


def test_labels_and_all_namespaces_select(cluster, command):
    assert names(command("pod", "-n", "default", "-l", "app=rec-nginx", "-o", "json").out) == ["rec-nginx"]
    assert len(names(command("pod", "-A", "-o", "json").out)) == 15
    assert names(command("pod", "-A", "-l", "app=rec-recreated", "-o", "json").out) == ["rec-recreated", "rec-recreated"]


def test_one_node_of_three_that_fails_is_one_error_beside_the_others(cluster, command):
    cluster.nodes = [node(NODE), node("worker-1"), node("worker-2")]

    async def some(request):
        body = await request.read()
        if request.method == "POST" and b'"nodeName": "worker-1"' in body:
            return status(403, "Forbidden", 'pods "x" is forbidden: exceeded quota: small')
        return await cluster.rest(request)

    cluster.server.rest = some
    ended = command("node", "--all")
    assert ended.code == 4
    [(what, then)] = ended.errors
    assert what == 'node worker-1: Error from server (Forbidden): pods "x" is forbidden: exceeded quota: small'
    assert "--debug-namespace" in then
    assert {row.split()[0] for row in ended.out.splitlines()} == {"NODE", NODE, "worker-2"}
    document = json.loads(command("node", "--all", "-o", "json").out)
    assert [each["node"] for each in document["errors"]] == ["worker-1"]
    assert [each["name"] for each in document["nodes"]] == [NODE, "worker-2"]


def test_a_pod_that_is_not_found_does_not_hide_the_others(cluster, command):
    ended = command("pod", "-n", "default", "rec-nginx", "rec-ngin")
    assert ended.code == 4
    assert ended.errors == [("pod 'rec-ngin' not found in namespace 'default'", "did you mean rec-nginx?")]
    assert "default/rec-nginx" in ended.out


def test_a_stream_cut_anywhere_is_tried_once_more_on_the_same_pod(cluster, command):
    for length in (0, 1, 100, len(ANSWER) // 2, len(ANSWER) - 1, len(ANSWER)):
        calls: list[str] = []

        async def first_cut(socket, request, length=length, calls=calls):
            calls.append(request.path)
            await (cut_after(b"\x01" + ANSWER[:length]) if len(calls) == 1 else answer(ANSWER))(socket, request)

        cluster.server.on_exec = first_cut
        ended = command("node", "-o", "json")
        assert (ended.code, len(names(ended.out)), len(set(calls)), len(calls)) == (0, 15, 1, 2)


def test_a_whole_stream_with_half_a_capture_in_it_is_no_capture(cluster, command):
    for cut in (0, 10, len(ANSWER) - 1):
        cluster.server.on_exec = answer(ANSWER[:cut])
        ended = command("node")
        assert ended.code == 1
        assert ended.out == ""
        assert len(ended.errors) == 1


def test_exec_is_tried_until_the_container_runs(cluster, command):
    calls: list[int] = []

    async def later(socket, request):
        calls.append(1)
        await (answer(b"", end=internal_error('container not found ("collector")')) if len(calls) < 5 else answer(ANSWER))(socket, request)

    cluster.server.on_exec = later
    assert command("node").code == 0
    assert len(calls) == 5


def test_no_crictl_is_told_to_the_collector(cluster, command):
    command("node", "--no-crictl")
    [made] = cluster.created
    environment = {each["name"]: each["value"] for each in made["spec"]["containers"][0]["env"]}
    assert environment["USE_CRICTL"] == "no"
    assert environment["COLLECTOR"].count("$$") > 10


def test_a_snapshot_is_read_back_as_the_node_itself(cluster, command, tmp_path: Path):
    file = tmp_path / "node.capture"
    assert command("snapshot", NODE, "-f", str(file)).code == 0
    assert list(tmp_path.glob(".node.capture*")) == []
    live, saved = (json.loads(command("node", *more, "-o", "json").out) for more in ((), ("--from", str(file))))
    assert [each["id"] for each in live["nodes"][0]["sandboxes"]] == [each["id"] for each in saved["nodes"][0]["sandboxes"]]
    assert names(command("pod", "rec-nginx", "--from", str(file), "-o", "json").out) == ["rec-nginx"]
    assert names(command("pod", "-l", "app=rec-nginx", "--from", str(file), "-o", "json").out) == ["rec-nginx"]


def test_a_snapshot_that_cannot_be_written_leaves_what_was_there(cluster, command, tmp_path: Path):
    ended = command("snapshot", NODE, "-f", str(tmp_path / "no" / "dir"))
    assert ended.code == 1
    assert len(ended.errors) == 1
    old = tmp_path / "old.capture"
    old.write_bytes(b"old")
    cluster.server.on_exec = answer(b"nothing")
    assert command("snapshot", NODE, "-f", str(old), "--force").code == 1
    assert old.read_bytes() == b"old"


def test_a_snapshot_replaces_an_older_one_only_with_force(cluster, command, tmp_path: Path):
    old = tmp_path / "old.capture"
    old.write_bytes(b"old")
    ended = command("snapshot", NODE, "-f", str(old))
    assert (ended.code, ended.out) == (1, "")
    assert ended.errors == [(f"{old} exists already", "give another name, or replace it with --force")]
    assert (old.read_bytes(), cluster.created) == (b"old", [])
    ended = command("snapshot", NODE, "-f", str(old), "--force")
    assert (ended.code, ended.err) == (0, f"replaced {old}: {old.stat().st_size} bytes\n")
    assert names(command("pod", "rec-nginx", "--from", str(old), "-o", "json").out) == ["rec-nginx"]


def test_rights_to_list_pods_may_be_missing_and_only_the_names_of_the_api_with_them(cluster, command):
    cluster.refuse["GET /api/v1/pods"] = lambda: status(403, "Forbidden", "pods is forbidden: cannot list")
    ended = command("node", "-o", "json")
    assert ended.code == 0
    assert ended.err.startswith("warning: node ")
    assert json.loads(ended.out)["nodes"][0]["sources"]["api"] is False


@pytest.mark.parametrize(
    ("asked", "missing"), [("fieldSelector", "pods are named by the runtime alone"), (f"/nodes/{NODE}", "what the API says")]
)
def test_a_slow_api_costs_what_it_would_have_added_and_not_the_node(cluster, command, asked, missing):
    async def stall(request):
        if asked in request.path_qs:
            await asyncio.sleep(30)
        return await cluster.rest(request)

    cluster.server.rest = stall
    ended = command("node", "--request-timeout", "1s", "-o", "json")
    assert ended.code == 0
    assert missing in ended.err
    assert len(names(ended.out)) > 5


def test_a_named_node_is_asked_for_by_its_name_alone(cluster, command):
    cluster.refuse["GET /api/v1/nodes?"] = lambda: status(403, "Forbidden", "nodes is forbidden: cannot list")
    assert command("node", NODE).code == 0
    cluster.refuse["GET /api/v1/nodes/"] = lambda: status(403, "Forbidden", "nodes is forbidden: cannot get")
    assert command("node", NODE).code == 0


def test_exec_is_not_asked_for_all_the_time(cluster, command):
    calls: list[float] = []

    async def never(socket, request):
        calls.append(0)
        await answer(b"", end=internal_error('container not found ("collector")'))(socket, request)

    cluster.server.on_exec = never
    command("node", "--timeout", "2s")
    assert len(calls) < 20
