"""What watching costs the node: a fork storm and plain system calls in a container, with `zombies --watch` on and without, in turns."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.cluster import NAMESPACE, BenchCluster
from benchmarks.measure import LIMIT_RUN, Row, environment, plugin_command, spread

GOAL = 1.02
FORKS, CALLS, REPEATS = 6000, 3_000_000, 3
_TIMED = "read a _ </proc/uptime; {}; read b _ </proc/uptime; echo $a $b"
STORM = _TIMED.format(f"i=0; while [ $i -lt {FORKS} ]; do (:); i=$((i+1)); done")
"""fork, exit and wait, over and over; timed where it runs, to the hundredth of a second."""
PLAIN = _TIMED.format(f"dd if=/dev/zero of=/dev/null bs=1 count={CALLS} 2>/dev/null")
"""read and write of one byte, over and over: what an event of `syscalls/` would slow down for every process of the node."""


def rows(cluster: BenchCluster, rounds: int) -> list[Row]:
    """The least of all rounds is compared: what else the machine does only adds."""
    loads = {f"{FORKS} forks": STORM, f"{2 * CALLS} reads and writes": PLAIN}
    seconds: dict[tuple[str, bool], list[float]] = {(name, watched): [] for name in loads for watched in (False, True)}
    for number in range(rounds):
        for watched in (False, True) if number % 2 else (True, False):
            with _watched(cluster, watched=watched):
                for name, script in [*loads.items()] * REPEATS:
                    seconds[name, watched].append(_load(cluster, script))
    return [
        Row(
            f"{name}, watched (ratio of the least)",
            spread(seconds[name, True]),
            f"not watched {spread(seconds[name, False])}",
            min(seconds[name, True]) / min(seconds[name, False]),
            GOAL,
        )
        for name in loads
    ]


def _load(cluster: BenchCluster, script: str) -> float:
    before, after = cluster.kubectl("exec", "-n", NAMESPACE, "nginx", "-c", "side", "--", "sh", "-c", script).split()
    return float(after) - float(before)


@contextmanager
def _watched(cluster: BenchCluster, *, watched: bool) -> Iterator[None]:
    """All pauses of the node are watched by tracefs while the block runs."""
    if not watched:
        yield
        return
    command = [*plugin_command(), "zombies", "--node", cluster.node, "--watch"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment(KUBECONFIG=cluster.kubeconfig)
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        try:
            if not first or json.loads(first)["source"] != "tracefs":
                raise SystemExit(f"the node cannot be watched by tracefs: {first}")
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=LIMIT_RUN)
