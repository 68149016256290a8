"""After any run, also one ended by a signal at any moment, the cluster shows nothing of ours."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from e2e.access import NAMESPACE, Cluster
from tests.waiting import wait_for

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

TRIES = 5
LIMIT_END = 30
HERE = ("--debug-namespace", NAMESPACE)
"""So that a moment is not taken for come when another run on the same cluster makes its pod."""


def test_after_ordinary_runs(cluster: Cluster) -> None:
    assert cluster.plugin("pod", "-n", NAMESPACE, "nginx").code == 0
    assert cluster.leftovers() == []
    assert cluster.plugin("node", "--all").code == 0
    assert cluster.leftovers() == []


def when_it_is_loaded(_cluster: Cluster, process: subprocess.Popen[str]) -> bool:
    """Before the cluster is asked. Earlier still, Python itself would be what is interrupted."""
    maps = Path(f"/proc/{process.pid}/maps")
    wait_for("the program to be loaded", lambda: "/msgspec/" in maps.read_text(), 20, 0)
    return True


def later_by(seconds: float) -> Callable[[Cluster, subprocess.Popen[str]], bool]:
    def moment(cluster: Cluster, process: subprocess.Popen[str]) -> bool:
        when_it_is_loaded(cluster, process)
        time.sleep(seconds)
        return True

    moment.__name__ = f"later by {seconds} s"
    return moment


def when_the_pod_is_there(cluster: Cluster, _process: subprocess.Popen[str]) -> bool:
    """For LONG, whose pod is there for three seconds at least: that of a shorter run comes and goes between two looks."""
    return bool(wait_for("the inspector pod", lambda: cluster.leftovers(NAMESPACE) or None, 20, 0))


def when_the_collector_runs(cluster: Cluster, _process: subprocess.Popen[str]) -> bool:
    """As the node's own process list has it: only the collector runs gzip there, and LONG holds it for three seconds."""
    seen = "while ! cat /proc/[0-9]*/comm 2>/dev/null | grep -qx gzip; do :; done; echo seen"
    return cluster.on_node(f"timeout 20 sh -c '{seen}'", root=False).strip() == "seen"


SHORT = ("pod", "-n", NAMESPACE, "nginx", *HERE)
LONG = ("zombies", "-n", NAMESPACE, "nginx", "--sample", "3s", *HERE)
MOMENTS = [
    (when_it_is_loaded, SHORT),
    (later_by(0.15), SHORT),
    (later_by(0.3), SHORT),
    (later_by(0.45), SHORT),
    (when_the_pod_is_there, LONG),
    (when_the_collector_runs, LONG),
]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize(("moment", "words"), MOMENTS, ids=[moment.__name__ for moment, _ in MOMENTS])
def test_after_a_signal(
    cluster: Cluster, number: signal.Signals, moment: Callable[[Cluster, subprocess.Popen[str]], bool], words: tuple[str, ...]
) -> None:
    for _ in range(TRIES):
        process = cluster.start(*words)
        met = moment(cluster, process)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=LIMIT_END)
        assert cluster.leftovers() == [], f"left by a run ended {moment.__name__} by {number.name}: {stderr}"
        assert "Traceback" not in stderr
        if met and process.returncode != 0:
            break  # else the run was quicker than the signal
    assert met, f"in {TRIES} runs the moment {moment.__name__} was never met"
    # A signal that comes before anything was asked ends the process as any other.
    assert process.returncode in (128 + number, -number), stderr
    assert stdout == ""


def test_after_an_interrupted_run_over_all_nodes(cluster: Cluster) -> None:
    process = cluster.start("zombies", "--all", "--sample", "3s", "-o", "json", *HERE)
    when_the_pod_is_there(cluster, process)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=LIMIT_END)
    assert (process.returncode, stdout) == (130, ""), stderr
    assert cluster.leftovers() == []
