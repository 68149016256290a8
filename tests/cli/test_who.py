"""`who` on a cluster and on saved captures: where it looks, what it prints, and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.access.fake_api_server import status
from tests.cli.fake_cluster import NODE, node
from tests.nodes.report_lines import collected_bytes

if TYPE_CHECKING:
    from pathlib import Path

NGINX = "f856e413a61df"
"""Sandbox of default/rec-nginx; its pause is pid 4674, its containers' init processes 5240 and 5298."""


@pytest.fixture
def saved(tmp_path: Path) -> str:
    path = tmp_path / "node.capture"
    path.write_bytes(collected_bytes("with-crictl"))
    return str(path)


def captured_nodes(cluster) -> list[str]:
    return [each["spec"]["nodeName"] for each in cluster.created]


def ip_of(cluster, pod: str) -> str:
    return next(str(each["status"]["podIPs"][0]["ip"]) for each in cluster.pods if each["metadata"]["name"] == pod)


def test_the_only_node_is_searched_without_being_named(cluster, command):
    ended = command("who", "4674")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[:4] == [
        f"4674: pid 4674, node {NODE}",
        "Is        the pause process of pod default/rec-nginx",
        "Process   pid 4674 (pause)",
        f"Sandbox   {NGINX}",
    ]
    assert ended.out.splitlines()[4].startswith("Known by  cgroup /kubelet.slice/")


def test_each_thing_is_answered_in_the_order_asked_and_json_and_yaml_are_one_document(cluster, command):
    asked = ["default/rec-nginx:1", NGINX, "1", ip_of(cluster, "rec-nginx"), "/proc/5240/ns/net"]
    first = json.loads(command("who", *asked, "-o", "json").out)
    assert [each["asked"] for each in first["answers"]] == asked[:1] * 3 + asked[1:]
    assert [each["pid"] for each in first["answers"]] == [4674, 5240, 5298, 4674, 1, 4674, 4674]
    assert {each["pod"]["name"] for each in first["answers"] if each["pid"] != 1} == {"rec-nginx"}
    assert (first["nodes"], first["errors"]) == ([], [])
    second = yaml.safe_load(command("who", *asked, "-o", "yaml").out)
    assert second["answers"] == first["answers"]


def test_wide_is_a_table_with_whole_ids(cluster, command):
    heading, row = command("who", "5240", "-o", "wide").out.splitlines()
    assert heading.split()[:5] == ["ASKED", "UNDERSTOOD-AS", "NODE", "POD", "CONTAINER"]
    assert row.split()[4:8] == ["default/rec-nginx", "nginx", "container:nginx", "5240"]
    assert f" {NGINX}" in row
    [bare] = command("who", "5240", "-o", "wide", "--no-headers").out.splitlines()
    assert bare.split() == row.split()


def test_what_is_not_found_says_what_was_searched_and_does_not_hide_the_rest(cluster, command):
    ended = command("who", "99999", "4674")
    assert ended.code == 4
    assert "the pause process of pod default/rec-nginx" in ended.out
    [(what, _)] = ended.errors
    assert what.startswith("'99999' is not found: no process 99999 among ")
    assert f"(node {NODE}, captured at 20" in what
    alone = command("who", "99999")
    assert (alone.code, alone.out) == (1, "")


def test_what_cannot_be_looked_for_is_refused_before_any_node_is_read(cluster, command):
    ended = command("who", "a b")
    assert (ended.code, ended.out) == (1, "")
    assert ended.errors[0][0] == "'a b' is nothing that could be looked for"
    assert cluster.created == []
    assert command("who", "a b", "1").code == 4


def test_of_several_nodes_the_api_tells_which_one_to_read(cluster, command):
    cluster.nodes = [node("worker-1"), node(NODE), node("worker-2")]
    container = next(each for each in cluster.pods if each["metadata"]["name"] == "rec-nginx")["status"]["containerStatuses"][0]
    for asked in (container["containerID"], "default/rec-nginx:1", ip_of(cluster, "rec-nginx")):
        cluster.created.clear()
        ended = command("who", asked)
        assert (ended.code, ended.err) == (0, "")
        assert "default/rec-nginx" in ended.out
        assert captured_nodes(cluster) == [NODE]


def test_a_pid_needs_a_node_where_there_are_several(cluster, command):
    cluster.nodes = [node("worker-1"), node(NODE)]
    ended = command("who", "4674")
    assert (ended.code, ended.out, cluster.created) == (1, "", [])
    [(what, then)] = ended.errors
    assert what.startswith("on which node? the API knows of no pid 4674")
    assert "--node NAME" in then
    assert "--all" in then
    assert command("who", "4674", "--node", NODE).code == 0
    assert captured_nodes(cluster) == [NODE]
    everywhere = json.loads(command("who", "4674", "--all", "-o", "json").out)
    assert sorted(each["node"] for each in everywhere["answers"]) == [NODE, "worker-1"]


def test_a_node_that_cannot_be_read_is_an_error_beside_the_other_s_answers(cluster, command):
    cluster.nodes = [node("worker-1"), node(NODE)]

    async def some(request):
        body = await request.read()
        if request.method == "POST" and b'"nodeName": "worker-1"' in body:
            return status(403, "Forbidden", 'pods "x" is forbidden: exceeded quota: small')
        return await cluster.rest(request)

    cluster.server.rest = some
    ended = command("who", "4674", "--all")
    assert ended.code == 4
    assert ended.errors[0][0].startswith("node worker-1: ")
    assert "default/rec-nginx" in ended.out


def test_a_pod_s_pid_is_of_the_namespace_asked_for(cluster, command):
    assert command("who", "rec-nginx:1", "-n", "default").code == 0
    ended = command("who", "rec-nginx:1", "-n", "kube-system")
    assert ended.errors[0][0].startswith("'rec-nginx:1' is not found: no pod kube-system/rec-nginx among 15 sandboxes")
    assert command("who", "default/rec-nginx:1", "-n", "kube-system").code == 0


def test_captures_are_searched_without_a_cluster(command, saved, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", "/nonexistent")
    ended = command("who", "rec-nginx:1", "--from", saved, "-o", "json")
    assert (ended.code, ended.err) == (0, "")
    assert [each["pid"] for each in json.loads(ended.out)["answers"]] == [4674, 5240, 5298]
    for words, flags in ((["--node", NODE], "--from and --node"), (["--all"], "--from and --all"), (["--local"], "--from and --local")):
        wrong = command("who", "1", "--from", saved, *words)
        assert (wrong.code, wrong.errors[0][0]) == (1, f"{flags} cannot be used together")


def test_nothing_asked_is_wrong_usage(command):
    assert command("who").code == 1


def test_a_pod_s_name_is_answered_by_the_api_without_reading_a_node(cluster, command):
    uid = next(each["metadata"]["uid"] for each in cluster.pods if each["metadata"]["name"] == "rec-nginx")
    for asked in ("rec-nginx", "default/rec-nginx", "pod/rec-nginx", uid, f"/var/lib/kubelet/pods/{uid}/volumes"):
        ended = command("who", asked)
        assert (ended.code, ended.err, cluster.created) == (0, "", [])
        assert "Is        pod default/rec-nginx" in ended.out
        assert "More      kubectl pause-inspect pod -n default rec-nginx" in ended.out
    by_node = command("who", "rec-nginx", f"node/{NODE}", "--node", NODE)
    assert (by_node.code, cluster.created) == (0, [])
    assert f"More      kubectl pause-inspect node {NODE}" in by_node.out


def test_a_name_that_does_not_exist_has_near_ones(cluster, command):
    ended = command("who", "pod/rec-ngin", "node/pause-inspect-e2e-control-plan")
    assert (ended.code, ended.out, cluster.created) == (1, "", [])
    assert ended.errors == [
        ("'pod/rec-ngin' is not found: the API knows of no pod rec-ngin", "did you mean rec-nginx?"),
        (
            "'node/pause-inspect-e2e-control-plan' is not found: the API knows of no node pause-inspect-e2e-control-plan",
            f"did you mean {NODE}?",
        ),
    ]
    [(what, then)] = command("who", "rec-ngin").errors
    assert what.startswith("'rec-ngin' is not found: no ")
    assert then == "did you mean rec-nginx?"


def test_a_pod_that_is_on_no_node_is_told_so(cluster, command):
    cluster.pods.append({"metadata": {"name": "late", "namespace": "default", "uid": "late"}, "spec": {}, "status": {"phase": "Pending"}})
    ended = command("who", "default/late")
    assert (ended.code, cluster.created) == (1, [])
    assert ended.errors[0][0].startswith("pod default/late is not scheduled yet")


def test_the_node_s_own_address_is_told_by_the_api(cluster, command):
    cluster.nodes[0]["status"]["addresses"] = [{"type": "InternalIP", "address": "192.0.2.9"}]
    ended = command("who", "http://192.0.2.9:10250/metrics")
    assert (ended.code, cluster.created) == (0, [])
    assert "Is        the node itself" in ended.out


def test_nodes_need_not_be_listed_where_one_is_named_or_known(cluster, command):
    def forbidden():
        return status(403, "Forbidden", 'nodes is forbidden: User "dev" cannot list resource "nodes" at the cluster scope')

    cluster.refuse["GET /api/v1/nodes?"] = forbidden
    ip = ip_of(cluster, "rec-nginx")
    for words in (["4674", "--node", NODE], [ip], ["default/rec-nginx:1"]):
        ended = command("who", *words)
        assert (ended.code, ended.err) == (0, ""), words
    assert command("node", NODE).code == 0
    refused = command("who", "4674")
    assert refused.code == 1
    assert 'cannot list resource "nodes"' in refused.errors[0][0]


def test_pods_need_not_be_listed_where_a_node_is_named(cluster, command):
    cluster.refuse["GET /api/v1/pods?limit"] = lambda: status(403, "Forbidden", "pods is forbidden")
    ended = command("who", "rec-nginx", "--node", NODE)
    assert ended.code == 0
    assert "Is        the sandbox of pod default/rec-nginx" in ended.out


def test_advice_fits_captures(command, saved):
    [(_, then)] = command("who", "99999", "--from", saved).errors
    assert then.startswith(f"kubectl pause-inspect node --from {saved} lists every sandbox")


def test_a_named_node_that_does_not_exist_is_the_only_error(cluster, command):
    ended = command("who", "4674", "--node", "nosuch")
    assert (ended.code, cluster.created) == (1, [])
    assert [what for what, _ in ended.errors] == ["node 'nosuch' not found"]


def test_a_uid_that_the_api_does_not_know_is_looked_for_on_nodes(cluster, command):
    uid = "c5ca2e4b-7b52-4b4b-b16b-58437af4e548"
    [(what, _)] = command("who", uid).errors
    assert f"none of 15 sandboxes is of a pod with uid {uid}" in what
    assert captured_nodes(cluster) == [NODE]
    cluster.nodes.append(node("worker-1"))
    [(what, then)] = command("who", uid).errors
    assert what.startswith(f"on which node? the API knows of no pod uid {uid} among ")
    assert "--all" in then
