"""The client on a fleet: 1,000 nodes that replay a recorded one through a fake API server in a process of its own, some fail, some hang."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks.measure import MEBI, Row, environment, plugin_command, run_quietly
from tests.access.conftest import write_kubeconfig
from tests.cli.fake_fleet import fleet

NODES, FAILING, HANGING = 1000, 20, 20
TIMEOUT = "20s"
GOAL_SECONDS, GOAL_MEMORY = 60, 300
_COUNT = """
import json, sys
document = json.load(open(sys.argv[1]))
print(json.dumps([len(document["nodes"]), sorted(error["node"] for error in document["errors"])]))
"""
VERBS = (("node", "--all"), ("node", "--all", "-o", "json"), ("check", "--all"), ("zombies", "--all"))


def rows(directory: Path) -> list[Row]:
    """Seconds and peak memory of the client for each verb. Ends the run where an answer is not what it has to be."""
    return [row for words in VERBS for row in _rows(directory, words)]


def _rows(directory: Path, words: tuple[str, ...]) -> list[Row]:
    out, err = directory / "out", directory / "err"
    with fleet(NODES, failing=FAILING, hanging=HANGING) as running:
        config = write_kubeconfig(directory / "config", running.url)
        with out.open("wb") as stdout, err.open("wb") as stderr:
            began = time.monotonic()
            command = [*plugin_command(), *words, "--timeout", TIMEOUT]
            process = subprocess.Popen(command, stdout=stdout, stderr=stderr, env=environment(KUBECONFIG=str(config)))
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
    _check(process.returncode, err.read_text(), running.failing + running.hanging, running.seen)
    if words[-1] == "json":
        # In a process of its own: the kernel's high-water mark of a process begins with that of the one that started it.
        counted = json.loads(run_quietly([sys.executable, "-c", _COUNT, str(out)]))
        if counted != [NODES - FAILING - HANGING, sorted(running.failing + running.hanging)]:
            raise SystemExit(f"the document has {counted[0]} nodes and {len(counted[1])} errors")
    name = f"{' '.join(words)}, {NODES:,} nodes"
    at_once = f"{running.seen['most_at_once']} execs at once at most"
    # The server and all else on the machine take turns with the client: without the load its seconds say little.
    processor = f"processor {usage.ru_utime + usage.ru_stime:.0f} s, load {os.getloadavg()[0]:.0f}"
    peak = usage.ru_maxrss * 1024 / MEBI
    return [
        Row(f"{name}, seconds", f"{seconds:.1f} s", f"{processor}, {at_once}", seconds, GOAL_SECONDS),
        Row(f"{name}, MiB", f"{peak:.0f} MiB", f"{out.stat().st_size / MEBI:.1f} MiB printed", peak, GOAL_MEMORY),
    ]


def _check(code: int, stderr: str, expected: list[str], seen: dict[str, object]) -> None:
    """Exit code 4, a row for each node that failed and for no other, and nothing left on the cluster."""
    errors = [line for line in stderr.splitlines() if line.startswith("error: ")]
    rows = Counter(name for name in expected for line in errors if f"node {name}:" in line)
    if code != 4 or len(errors) != len(expected) or set(rows.values()) != {1} or len(rows) != len(expected) or seen["left"]:
        raise SystemExit(f"exit code {code}, {len(errors)} errors for {len(expected)} nodes, left: {seen['left']}\n{stderr[-2000:]}")
