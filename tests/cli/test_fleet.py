"""Many nodes: some fail, some hang, and neither costs the others' rows, nor more memory than what runs needs."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from kubectl_pause.capture import parallel_limit
from kubectl_pause.capture.answers.node_answer import NodeCapture
from kubectl_pause.capture.fan_out import Standing
from kubectl_pause.cli.fleet_line import fleet_line
from kubectl_pause.cli.sources import cluster as cluster_source
from tests.access.conftest import write_kubeconfig
from tests.access.fake_api_server import status
from tests.cli.fake_cluster import answer, collector_answer, node
from tests.cli.fake_fleet import fleet

if TYPE_CHECKING:
    from pathlib import Path


def test_forty_nodes_of_which_one_fails_and_one_hangs(command, tmp_path: Path, monkeypatch):
    with fleet(40, failing=1, hanging=1) as running:
        monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "config", running.url)))
        ended = command("node", "--all", "--timeout", "3s", "-o", "json")
    assert ended.code == 4
    document = json.loads(ended.out)
    failed = running.failing + running.hanging
    assert len(failed) == 2
    assert [each["name"] for each in document["nodes"]] == [name for name in running.names if name not in failed]
    assert sorted(each["node"] for each in document["errors"]) == sorted(failed)
    assert len(ended.errors) == 2
    assert running.seen["left"] == []
    assert running.seen["created"] == 39, "the node that fails took no pod"
    assert ended.err.count("warning") == 0


def of_nodes(cluster, number: int, failing: set[str]) -> None:
    cluster.nodes = [node(f"worker-{index:02}") for index in range(number)]

    async def some(request):
        body = await request.read()
        if request.method == "POST" and request.path.endswith("/pods") and json.loads(body)["spec"]["nodeName"] in failing:
            return status(403, "Forbidden", 'pods "x" is forbidden: exceeded quota: small')
        return await cluster.rest(request)

    cluster.server.rest = some


@pytest.mark.parametrize("verb", ["node", "zombies", "check"])
def test_after_so_many_failures_no_further_node_is_begun_and_one_row_says_so(cluster, command, verb):
    of_nodes(cluster, 12, {"worker-02", "worker-03", "worker-05"})
    ended = command(verb, "--all", "--max-failures", "2", "--parallel", "1", "-o", "json")
    assert ended.code == 4
    document = json.loads(ended.out)
    assert [each["name"] for each in document["nodes"]] == ["worker-00", "worker-01"]
    *failures, rest = document["errors"]
    assert [each["node"] for each in failures] == ["worker-02", "worker-03"]
    assert (rest["reason"], rest.get("node")) == ("TooManyFailures", None)
    assert rest["message"] == "8 of 12 nodes were not begun: 2 nodes failed, as many as --max-failures lets fail"
    assert len(ended.errors) == 3
    assert len(cluster.created) == 2


def test_where_nothing_was_read_the_exit_code_is_that_of_an_error(cluster, command):
    of_nodes(cluster, 3, {"worker-00", "worker-01", "worker-02"})
    ended = command("node", "--all", "--max-failures", "1", "--parallel", "1")
    assert (ended.code, ended.out) == (1, "")
    assert ended.errors[1][0] == "2 of 3 nodes were not begun: 1 node failed, as many as --max-failures lets fail"


def test_where_the_last_node_is_one_failure_too_many_nothing_was_left_out(cluster, command):
    of_nodes(cluster, 3, {"worker-02"})
    ended = command("node", "--all", "--max-failures", "1", "--parallel", "1")
    assert (ended.code, len(ended.errors)) == (4, 1)


def test_what_runs_when_the_bound_is_reached_ends(cluster, command, monkeypatch):
    """worker-01 answers only after the run has counted the failure of worker-00: that the server has refused it is not enough."""
    of_nodes(cluster, 3, {"worker-00"})
    counted = threading.Event()

    def noting(standing):
        if standing.failed:
            counted.set()
        return fleet_line(standing)

    async def later(socket, request):
        await asyncio.to_thread(counted.wait, 20)
        await answer(collector_answer())(socket, request)

    monkeypatch.setattr(cluster_source, "fleet_line", noting)
    cluster.server.on_exec = later
    ended = command("node", "--all", "--max-failures", "1", "--parallel", "2", "-o", "json")
    assert [each["name"] for each in json.loads(ended.out)["nodes"]] == ["worker-01"]
    assert [each["reason"] for each in json.loads(ended.out)["errors"]] == ["QuotaExceeded", "TooManyFailures"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("node --from x", "--from reads saved captures"),
        ("zombies --local", "--local reads this host"),
        ("zombies --watch --all", "--watch begins on all nodes at once"),
        ("zombies --inside", "--inside makes no inspector pod"),
    ],
)
def test_the_bound_is_refused_where_it_would_do_nothing(command, words, why):
    [(what, then)] = command(*words.split(), "--max-failures", "3").errors
    assert what.startswith(f"--max-failures has no effect here: {why}")
    assert then == "leave out --max-failures"


def test_a_capture_is_gone_when_its_report_is_made(cluster, command, monkeypatch):
    """When the next but one is read, none is left but those that are read or were not taken yet: two of six, one at a time."""
    of_nodes(cluster, 6, set())
    alive: list[int] = []

    def line(standing: Standing) -> str:
        alive.append(sum(isinstance(each, NodeCapture) for each in gc.get_objects()))
        return fleet_line(standing)

    monkeypatch.setattr(cluster_source, "fleet_line", line)
    assert command("node", "--all", "--parallel", "1").code == 0
    assert len(alive) >= 6
    assert 1 <= max(alive) <= 2


@pytest.fixture
def standings(monkeypatch) -> list[Standing]:
    """How far a run was, each time that this changed."""
    kept: list[Standing] = []

    def line(standing: Standing) -> str:
        kept.append(standing)
        return fleet_line(standing)

    monkeypatch.setattr(cluster_source, "fleet_line", line)
    return kept


@pytest.mark.parametrize(("flags", "first"), [((), 8), (("--parallel", "3"), 3), (("--parallel", "100"), 20)])
def test_a_run_begins_with_so_many_nodes(cluster, command, standings, flags, first):
    of_nodes(cluster, 20, set())
    assert command("node", "--all", *flags).code == 0
    assert len(standings[0].waited_for) == first
    assert [len(each.waited_for) > first for each in standings].count(True) == 0 or not flags
    assert (standings[-1].done, standings[-1].waited_for) == (20, ())


def test_a_server_that_says_429_is_asked_by_half_as_many_nodes(cluster, command, standings, monkeypatch):
    of_nodes(cluster, 20, set())
    monkeypatch.setattr(parallel_limit, "_SETTLING_SECONDS", 1e9)  # nothing lets it grow again
    rest = cluster.server.rest
    refused: list[str] = []

    async def busy_once(request):
        if "/nodes/" in request.path and not refused:
            refused.append(request.path)
            return web.Response(status=429, headers={"Retry-After": "0"})
        return await rest(request)

    cluster.server.rest = busy_once
    assert command("node", "--all").code == 0
    assert len(refused) == 1
    assert max(len(each.waited_for) for each in standings if each.done >= 8) == 4


@pytest.mark.parametrize(
    ("standing", "line"),
    [
        (Standing(200, 0, 0, ("a",)), "0 of 200 nodes done; waiting for a"),
        (Standing(200, 40, 2, ("a", "b", "c")), "40 of 200 nodes done, 2 failed; waiting for a, b, c"),
        (Standing(200, 40, 2, tuple("abcdefgh")), "40 of 200 nodes done, 2 failed; waiting for a, b, c and 5 more"),
        (Standing(200, 200, 0, ()), "200 of 200 nodes done"),
    ],
)
def test_the_line_of_a_fleet(standing, line):
    assert fleet_line(standing) == line


class Terminal(io.StringIO):
    """What a terminal would have been sent."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_far_it_is_and_wipes_it(cluster, command, monkeypatch):
    of_nodes(cluster, 3, {"worker-01"})
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    command("node", "--all", "--parallel", "1")
    assert "0 of 3 nodes done; waiting for worker-00\r" in shown.getvalue()
    assert "2 of 3 nodes done, 1 failed; waiting for worker-02\r" in shown.getvalue()
    assert "inspector pod" not in shown.getvalue(), "steps of single nodes would hide it"
    last = shown.getvalue().split("error: ")[0]
    assert last.endswith("\r")


def test_off_a_terminal_it_says_nothing(cluster, command):
    of_nodes(cluster, 3, set())
    assert command("node", "--all").err == ""
