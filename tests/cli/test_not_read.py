"""What nobody read is never called well, empty or healthy: no summary where no node was read, and what is missing beside what was."""

from __future__ import annotations

import json

import pytest

from kubectl_pause.cli.finishing import start_report, tell_errors
from kubectl_pause.report import Failure, NodePids, NodeReport, Sources
from tests.access.fake_api_server import status
from tests.cli.fake_cluster import NODE, node
from tests.recorded_nodes import RECORDED

CAPTURE = str(RECORDED / "vm-cgroup-v2" / "steady-1.capture")


def unable(cluster, *names: str) -> None:
    """Nodes on which no inspector pod can start."""

    async def rest(request):
        body = await request.read()
        if request.method == "POST" and request.path.endswith("/pods") and json.loads(body)["spec"]["nodeName"] in names:
            return status(403, "Forbidden", 'pods "x" is forbidden: exceeded quota: small')
        return await cluster.rest(request)

    cluster.nodes += [node(name) for name in names]
    cluster.server.rest = rest


@pytest.mark.parametrize(
    "words", [["check", "nope"], ["check", "--from", CAPTURE, "nope"], ["zombies", "--node", "nope"], ["node", "nope"]]
)
def test_where_no_node_was_read_there_is_no_summary(cluster, command, words):
    ended = command(*words)
    assert (ended.code, ended.out) == (1, "")
    assert "nope" in ended.errors[0][0]


@pytest.mark.parametrize("verb", ["check", "node"])
def test_a_node_on_which_no_pod_can_start_has_no_summary(cluster, command, verb):
    unable(cluster, "worker-1")
    ended = command(verb, "worker-1")
    assert (ended.code, ended.out) == (1, "")


@pytest.mark.parametrize("name", ["nope", "worker-1"])
def test_check_says_how_many_nodes_were_read_and_names_the_others(cluster, command, name):
    unable(cluster, "worker-1")
    ended = command("check", NODE, name)
    assert ended.code == 4
    [line] = ended.out.splitlines()
    assert line.startswith(f"nothing found on 1 of 2 nodes; 1 could not be read: {name}; looked at: 1 node, ")
    assert "nothing wrong" not in ended.out


def test_findings_are_counted_and_the_nodes_that_were_not_read_stand_beside_them(command):
    known = json.loads(command("node", "--from", CAPTURE, "-o", "json").out)["nodes"][0]["name"]
    [*_, last] = command("check", "--from", CAPTURE, known, "nope").out.splitlines()
    assert last.startswith("5 warning, 2 info; 1 could not be read: nope; looked at: 1 node, 21 sandboxes")


def test_nodes_that_were_not_begun_are_not_called_well(cluster, command):
    unable(cluster, "worker-1", "worker-2", "worker-3")
    ended = command("check", "--all", "--max-failures", "1", "--parallel", "1")
    assert ended.code == 4
    assert "nothing found on 1 node; 1 could not be read: worker-1; 2 of 4 nodes were not begun" in ended.out
    assert "nothing wrong" not in ended.out


def test_the_page_says_in_red_what_was_not_read(cluster, command, tmp_path):
    page = tmp_path / "page.html"
    ended = command("report", "--node", NODE, "--node", "nope", "-f", str(page))
    assert ended.code == 4
    text = page.read_text()
    assert '<p class="bad">Not all was read: 1 could not be read: nope.' in text
    assert "nothing found on 1 of 2 nodes; 1 could not be read: nope" in text
    assert "othing wrong" not in text
    assert command("report", "--node", NODE, "-f", str(page)).code == 0
    assert "Not all was read" not in page.read_text()
    assert "nothing wrong" in page.read_text()


def test_an_empty_node_and_one_that_failed_are_a_part_of_the_answer():
    """Exit code 4, not 1: the empty node was read."""
    report = start_report()
    report.nodes.append(NodeReport(name="empty", sources=Sources(), pids=NodePids(), sandboxes=[]))
    report.errors.append(Failure(reason="NodeNotFound", message="node 'nope' not found", node="nope"))
    assert tell_errors(report) == 4


@pytest.mark.parametrize("verb", [["zombies"], ["zombies", "-n", "gv"], ["zombies", "-n", "gv", "gv4"]])
def test_zombies_of_a_pod_whose_processes_the_node_does_not_see_are_not_denied(command, verb):
    ended = command(*verb[:1], "--from", str(RECORDED / "gvisor-live" / "capture"), *verb[1:])
    assert ended.code == 0
    assert "no zombies in" not in ended.out
    told = " ".join(ended.out.split())
    assert "the node does not see the processes of" in told
    assert "to read them: kubectl pause-inspect zombies -n gv gv4 --inside" in told


def test_the_page_of_a_sandboxed_runtime_says_where_the_node_sees_nothing(command, tmp_path):
    page = tmp_path / "page.html"
    command("report", "--from", str(RECORDED / "gvisor-live" / "capture"), "-f", str(page))
    assert "the node does not see the processes of 2 pods in a sandboxed runtime" in page.read_text()
    assert "<p>No zombies were seen.</p>" not in page.read_text()
