"""The collector on a node with many processes, against lsns and against the least that reading /proc can cost."""

from __future__ import annotations

import json
import os
import sys

from benchmarks.measure import MEBI, ROOT, Row, against, needed, run_quietly

CROWDS = (1000, 5000)
GOAL_MEMORY = 20


def rows(rounds: int) -> list[Row]:
    """For each size of crowd: time against both, and the peak memory of the collector's processes in MiB."""
    if os.geteuid() != 0:
        raise SystemExit("the crowd needs a PID namespace and a mount of its own: run as root, or leave this part out")
    found = []
    for size in CROWDS:
        command = [
            needed("unshare"),
            "--pid",
            "--fork",
            "--mount-proc",
            "--kill-child",
            sys.executable,
            "-m",
            "benchmarks.crowd",
            str(size),
            str(rounds),
        ]
        result = json.loads(run_quietly(command, PYTHONPATH=str(ROOT)))
        if not result["whole"]:
            raise SystemExit(f"the collector saw {result['seen']} processes of {size}, or did not end as it should")
        seconds = {f"{name}, {size:,} processes": values for name, values in result["seconds"].items()}
        ours = f"collector, {size:,} processes"
        found += [against(seconds, ours, f"{other}, {size:,} processes", None) for other in ("lsns", "cat stat")]
        memory = result["memory"] / MEBI
        found.append(Row(f"collector's memory, {size:,} processes", f"{memory:.1f} MiB", "", memory, GOAL_MEMORY))
    return found
