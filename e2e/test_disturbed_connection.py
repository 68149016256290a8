"""On a real cluster: a connection that is cut, stalls or is slow in any phase leaves nothing behind the documented time.

The plugin goes through a proxy that disturbs, and that through `kubectl proxy`, which speaks plain HTTP and knows exec's upgrade.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from e2e.access import Cluster, kubectl_program
from e2e.watched_objects import objects_of_ours, wait_until_empty
from tests.disturbed_connection import PHASES, WAYS, Disturbance, DisturbedConnection

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

SPACE = "pause-inspect-disturbed"
TIMEOUT, REQUEST = 10, 3
LIFETIME = TIMEOUT + 30
CONTROLLERS = 15
LIMIT = 300
"""Seconds after which a run hangs; how long each took is printed."""
AT_ONCE = 6
DISTURBANCES = [
    *(Disturbance(phase, way) for phase in PHASES for way in WAYS),
    *(Disturbance(phase, way, lasting=True) for phase in PHASES for way in ("cut the request", "stall")),
]
Outcome = tuple[int, list[str], str, float]


@contextmanager
def plain_http(cluster: Cluster) -> Iterator[int]:
    """The port at which `kubectl proxy` serves the whole API, exec too."""
    words = ["proxy", "--port=0", "--disable-filter", "--reject-paths=^$", "--kubeconfig", str(cluster.kubeconfig)]
    with subprocess.Popen([kubectl_program(), *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            said = process.stdout.readline()  # `Starting to serve on 127.0.0.1:PORT`; "" when it ended instead
            found = re.search(r":(\d+)\s*$", said)
            assert found, said
            yield int(found[1])
        finally:
            process.terminate()


def run_through(cluster: Cluster, port: int, disturbance: Disturbance | None) -> Outcome:
    """Exit code, ids of the sandboxes of the node's static pods, stderr, and seconds."""
    with DisturbedConnection(port, disturbance).running() as connection:
        started = time.monotonic()
        words = ["node", cluster.node, "--server", f"http://127.0.0.1:{connection.port}", "--debug-namespace", SPACE, "-o", "json"]
        # Without the user's credentials, which a server without TLS does not get.
        nobody = {"KUBECONFIG": "/dev/null"}
        process = cluster.start(*words, "--timeout", f"{TIMEOUT}s", "--request-timeout", f"{REQUEST}s", environment=nobody)
        stdout, stderr = process.communicate(timeout=LIMIT)
        assert disturbance is None or connection.began is not None, f"{disturbance} never happened: {stderr}"
        nodes = json.loads(stdout)["nodes"] if stdout else []
        pods = [sandbox for node in nodes for sandbox in node["sandboxes"] if sandbox["pod"]["namespace"] == "kube-system"]
        return process.returncode, sorted(sandbox["id"] for sandbox in pods), stderr, time.monotonic() - started


def test_every_phase_and_way(place: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    with plain_http(place) as port:
        code, whole, said, _ = run_through(place, port, None)
        assert (code, said) == (0, "")
        assert whole
        with ThreadPoolExecutor(max_workers=AT_ONCE) as executor:
            outcomes = list(executor.map(partial(run_through, place, port), DISTURBANCES))
    began = time.monotonic()
    left = len(objects_of_ours(place, SPACE))
    wait_until_empty(place, SPACE, LIFETIME + CONTROLLERS)
    with capsys.disabled():
        print("\n" + "\n".join(map(row, DISTURBANCES, outcomes)))
        print(f"{left} objects were left by connections that never came back; all gone {time.monotonic() - began:.0f} s later")
    for disturbance, (code, sandboxes, said, _) in zip(DISTURBANCES, outcomes, strict=True):
        what = f"{disturbance}: {code} {said}"
        assert code in (0, 1), what
        assert "Traceback" not in said, what
        assert ("error: " in said) is (code == 1), what
        assert sandboxes == (whole if code == 0 else []), what


def row(disturbance: Disturbance, outcome: Outcome) -> str:
    """One line of the printed table."""
    _, _, said, seconds = outcome
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    told = errors[0][:100] if errors else "whole answer" + (", with a warning" if said else "")
    return f"{disturbance.phase:15} {disturbance.way + (', for good' if disturbance.lasting else ''):26} {seconds:5.1f} s  {told}"
