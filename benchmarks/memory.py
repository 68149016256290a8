"""The client's peak memory for a large node."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks.made_up_node import capture
from benchmarks.measure import MEBI, Contender, Row, interleaved, peak_memory, plugin_command, run_quietly, spread

PODS, PROCESSES = 250, 5000
GOAL = 120


def rows(directory: Path, rounds: int) -> list[Row]:
    """Peak resident memory in MiB of reading and rendering a made-up node, for each output; its time beside it."""
    file = directory / "made-up.capture"
    file.write_bytes(capture(PODS, PROCESSES))
    found = []
    for output in ("", "json", "yaml"):
        command = [*plugin_command(), "node", "--from", str(file), *(["-o", output] if output else [])]
        peak = peak_memory(command) / MEBI
        name = f"node --from {'-o ' + output if output else '(table)'}"
        seconds = interleaved([Contender(name, partial(_run, command))], rounds)[name]
        found.append(Row(f"{name}, {PODS} pods, {PROCESSES:,} processes", f"{peak:.1f} MiB", f"takes {spread(seconds)}", peak, GOAL))
    return found


def _run(command: list[str]) -> None:
    run_quietly(command)
