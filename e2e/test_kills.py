"""A run killed at random moments of its life leaves nothing: at once after SIGINT and SIGTERM, after its lifetime after SIGKILL.

KILL_MOMENTS=200 for more moments than the 30 of an ordinary run, KILL_SEED to repeat one.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from e2e.access import BUSYBOX, Cluster, Ended
from e2e.watched_objects import WatchedObjects, objects_of_ours, wait_until_empty, watched_objects
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

SPACE = "pause-inspect-kills"
MOMENTS = int(os.environ.get("KILL_MOMENTS", "30"))
SEED = int(os.environ.get("KILL_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
TIMEOUT = 5
LIFETIME = TIMEOUT + 30
CONTROLLERS = 15
"""Seconds that Job controller, TTL controller and garbage collector may take when the lifetime is over."""
LIMIT_END = 30
LIMIT_NODE = 10
"""Seconds in which the kubelet ends the processes of a pod that the API server has no more."""
WITNESS = f"""
apiVersion: v1
kind: Pod
metadata: {{name: witness, namespace: {SPACE}}}
spec:
  nodeName: NODE
  hostPID: true
  terminationGracePeriodSeconds: 0
  tolerations: [{{operator: Exists}}]
  containers:
  - {{name: witness, image: "{BUSYBOX}", command: [sleep, "86400"], securityContext: {{privileged: true}}}}
"""


@dataclass(frozen=True, slots=True)
class Kill:
    """One moment: how far the run was, how it ended, how long something of it was there afterwards (seconds; 0: nothing was)."""

    number: signal.Signals
    phase: str
    outcome: str
    stayed: float = 0.0


@pytest.fixture(scope="module")
def place(place: Cluster) -> Cluster:
    """One cluster, with a pod that sees the node's processes."""
    place.kubectl("apply", "-f", "-", stdin=WITNESS.replace("NODE", place.node))
    place.kubectl("wait", "-n", SPACE, "--for=condition=Ready", "pod/witness", "--timeout=50s")
    return place


def collectors(cluster: Cluster) -> list[str]:
    """Processes on the node that carry the collector's settings in their environment."""
    script = "grep -lzs ^USE_CRICTL= /proc/[0-9]*/environ; true"
    return cluster.kubectl("exec", "-n", SPACE, "witness", "--", "sh", "-c", script).split()


def words(cluster: Cluster) -> tuple[str, ...]:
    return ("node", cluster.node, "--debug-namespace", SPACE, "--timeout", f"{TIMEOUT}s")


def test_killed_at_random_moments(place: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    moments = random.Random(SEED)
    with watched_objects(place, SPACE) as watched:
        length = max(_length(place) for _ in range(3))
        killed: list[tuple[str, float]] = []
        rows = [_kill(place, watched, SIGNALS[turn % 3], moments.uniform(0.02, length * 1.05), killed) for turn in range(MOMENTS)]
        wait_until_empty(place, SPACE, LIFETIME + CONTROLLERS)
        wait_for("the end of the last collector on the node", lambda: not collectors(place), LIMIT_NODE)
        rows = [row for row in rows if row.outcome] + [_later(watched, name, moment) for name, moment in killed]
    with capsys.disabled():
        print(f"\n{MOMENTS} moments of {length:.2f} s, KILL_SEED={SEED}")
        print("\n".join(_table(rows)))
    assert max(row.stayed for row in rows) < LIFETIME + CONTROLLERS
    assert len(rows) == MOMENTS


def test_stopped_past_its_lifetime(place: Cluster) -> None:
    """SIGSTOP, as a closed laptop: the pod does not wait for the client, and the client, when it goes on, says what happened."""
    sample = f"{TIMEOUT - 2}s"  # so that the run is on for longer than a look takes
    process = place.start("zombies", "--node", place.node, "--sample", sample, *words(place)[2:], "--image", BUSYBOX)
    wait_for("the inspector's Job", lambda: objects_of_ours(place, SPACE) or None, 20, 0)
    process.send_signal(signal.SIGSTOP)
    wait_until_empty(place, SPACE, LIFETIME + CONTROLLERS)
    process.send_signal(signal.SIGCONT)
    stdout, stderr = process.communicate(timeout=LIMIT_END)
    assert "Traceback" not in stderr
    assert process.returncode == 0 or (stdout == "" and stderr.startswith(("error: ", "warning: "))), stderr
    assert objects_of_ours(place, SPACE) == []
    wait_for("the end of the collector on the node", lambda: not collectors(place), LIMIT_NODE)


def _length(cluster: Cluster) -> float:
    """Seconds of a run that nobody disturbs."""
    started = time.monotonic()
    ended: Ended = cluster.plugin(*words(cluster))
    assert ended.code == 0, ended.stderr
    return time.monotonic() - started


def _kill(cluster: Cluster, watched: WatchedObjects, number: signal.Signals, delay: float, killed: list[tuple[str, float]]) -> Kill:
    """One run and its end. What SIGKILL leaves is noted in `killed`; after any other end nothing of this run may be there."""
    started = time.monotonic()
    process = cluster.start(*words(cluster))
    time.sleep(delay)
    moment = time.monotonic()
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=LIMIT_END)
    assert "kubectl_pause" not in stderr or "Traceback" not in stderr, stderr  # Python's own start may be cut with one
    # Where SIGINT ends Python's own start, before anything of ours is loaded, Python says so with exit code 1.
    unloaded = process.returncode == 1 and "KeyboardInterrupt" in stderr and "kubectl_pause" not in stderr
    told = f"{number.name} after {delay:.3f} s: {process.returncode}: {stderr}"
    assert process.returncode in (0, -number, 128 + number) or (unloaded and number == signal.SIGINT), told
    assert stdout != "" or process.returncode != 0, stderr
    here = {each.rpartition("/")[2] for each in objects_of_ours(cluster, SPACE)} - {name for name, _ in killed}
    if number == signal.SIGKILL and here:
        assert len(here) == 1
        killed.append((here.pop(), moment))
        return Kill(number, "", "")  # to be seen later
    assert here == set(), f"left by a run ended by {number.name} after {delay:.3f} s (KILL_SEED={SEED}): {here} {stderr}"
    name = watched.first_after(started)
    phase = _phase(watched, name, moment) if process.returncode != 0 else "5 it was over, or as good as"
    return Kill(number, phase, f"exit code {process.returncode}, nothing left")


def _later(watched: WatchedObjects, name: str, moment: float) -> Kill:
    gone = wait_for(f"the end of {name}", lambda: watched.gone_after(name), 10)
    return Kill(signal.SIGKILL, _phase(watched, name, moment), "disappeared by itself", gone - moment)


def _phase(watched: WatchedObjects, name: str | None, moment: float) -> str:
    """How far the run was."""
    seen = watched.until(moment, name) if name else {}
    job, pod = seen.get("job"), seen.get("pod")
    if any(each.event == "DELETED" for each in seen.values()):
        return "4 Job and pod being deleted"
    if pod is not None:
        return "3 pod starting, or collector at work"
    return "2 Job there, pod being created" if job is not None else "1 before anything was created"


def _table(rows: list[Kill]) -> Iterator[str]:
    """Phases and outcomes, counted, with the longest stay."""
    groups: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for row in rows:
        groups[row.phase, row.number.name, row.outcome].append(row.stayed)
    yield f"{'phase':38} {'signal':8} {'runs':>4}  {'longest stay':>12}  outcome"
    for (phase, name, outcome), stays in sorted(groups.items()):
        yield f"{phase:38} {name:8} {len(stays):4}  {max(stays):10.1f} s  {outcome}"
