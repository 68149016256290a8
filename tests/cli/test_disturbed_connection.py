"""A connection that is cut, stalls or is slow in any phase of a run: an end in time, a whole answer or an error, and nothing left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.access.conftest import write_kubeconfig
from tests.access.fake_api_server import FakeApiServer
from tests.cli.fake_cluster import FakeCluster
from tests.disturbed_connection import PHASES, WAYS, Disturbance, DisturbedConnection

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT, REQUEST = 6, 2
AT_ONCE = 12
LIMIT = 300
"""Seconds after which a run hangs; how long each took is printed."""
DISTURBANCES = [
    *(Disturbance(phase, way) for phase in PHASES for way in WAYS),
    *(Disturbance(phase, way, lasting=True) for phase in PHASES for way in ("cut the request", "stall")),
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run ended, what it says it saw, and what is still on the cluster."""

    code: int
    sandboxes: list[str]
    said: str
    seconds: float
    left: list[str]
    began: bool


def run_through(disturbance: Disturbance | None, folder: Path) -> Outcome:
    """One run of the plugin, with a server and a connection of its own."""
    folder.mkdir()
    with FakeApiServer().running() as server, DisturbedConnection(server.port, disturbance).running() as connection:
        cluster = FakeCluster(server)
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment |= {"KUBECONFIG": str(write_kubeconfig(folder / "config", f"http://127.0.0.1:{connection.port}")), "HOME": str(folder)}
        words = ["node", "-o", "json", "--timeout", f"{TIMEOUT}s", "--request-timeout", f"{REQUEST}s"]
        started = time.monotonic()
        argv = [sys.executable, "-m", "kubectl_pause", *words]
        ended = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
        seconds = time.monotonic() - started
        nodes = json.loads(ended.stdout)["nodes"] if ended.stdout else []
        sandboxes = sorted(sandbox["id"] for node in nodes for sandbox in node["sandboxes"])
        return Outcome(ended.returncode, sandboxes, ended.stderr, seconds, cluster.left, connection.began is not None)


def test_every_phase_and_way(tmp_path, capsys):
    undisturbed = run_through(None, tmp_path / "undisturbed")
    assert (undisturbed.code, undisturbed.said, undisturbed.left) == (0, "", [])
    assert len(undisturbed.sandboxes) > 1
    folders = [tmp_path / str(number) for number in range(len(DISTURBANCES))]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as executor:
        outcomes = list(executor.map(run_through, DISTURBANCES, folders))
    with capsys.disabled():
        print("\n" + "\n".join(map(row, DISTURBANCES, outcomes)))
    for disturbance, outcome in zip(DISTURBANCES, outcomes, strict=True):
        assert outcome.began, f"{disturbance} never happened"
        check(disturbance, outcome, undisturbed)


def check(disturbance: Disturbance, outcome: Outcome, undisturbed: Outcome) -> None:
    """An answer is whole or none, and what is left is named with the command that deletes it."""
    what = f"{disturbance}: {outcome}"
    assert outcome.code in (0, 1), what
    assert "Traceback" not in outcome.said, what
    assert "defect" not in outcome.said, what
    assert outcome.sandboxes == (undisturbed.sandboxes if outcome.code == 0 else []), what
    assert ("error: " in outcome.said) is (outcome.code == 1), what
    if outcome.left:
        assert disturbance.lasting, what
        assert "kubectl delete" in outcome.said, what


def row(disturbance: Disturbance, outcome: Outcome) -> str:
    """One line of the printed table."""
    errors = [line for line in outcome.said.splitlines() if line.startswith("error: ")]
    told = errors[0][:100] if errors else "whole answer" + (", with a warning" if outcome.said else "")
    how = f"{disturbance.way}{', for good' if disturbance.lasting else ''}"
    left = f"left: {len(outcome.left)}, named" if outcome.left else "nothing left"
    return f"{disturbance.phase:15} {how:26} {outcome.seconds:5.1f} s  {left:14} {told}"
