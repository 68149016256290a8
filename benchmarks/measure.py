"""Timed runs side by side: the contenders take turns, so that a slow moment of the machine falls on all of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
LIMIT_RUN = 120
MEBI = 1 << 20


@dataclass(frozen=True, slots=True)
class Contender:
    """Something to time. `clean` runs after each round, outside of the measured time."""

    name: str
    run: Callable[[], None]
    clean: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what was measured, against what, and the goal for the ratio (or for the value itself)."""

    name: str
    value: str
    reference: str
    ratio: float | None
    goal: float | None

    @property
    def verdict(self) -> str:
        """`met`, `MISSED`, or nothing where no goal is set."""
        if self.goal is None or self.ratio is None:
            return ""
        return "met" if self.ratio <= self.goal else "MISSED"


def interleaved(contenders: Sequence[Contender], rounds: int) -> dict[str, list[float]]:
    """Seconds of each run by contender. One round before the first is not counted: caches are warm for all."""
    seconds: dict[str, list[float]] = {each.name: [] for each in contenders}
    for counted in range(-1, rounds):
        for each in contenders:
            start = time.perf_counter()
            each.run()
            took = time.perf_counter() - start
            if counted >= 0:
                seconds[each.name].append(took)
            if each.clean:
                each.clean()
    return seconds


def against(seconds: Mapping[str, Sequence[float]], name: str, reference: str, goal: float | None) -> Row:
    """The row that compares two medians."""
    mine, other = median(seconds[name]), median(seconds[reference])
    return Row(name, spread(seconds[name]), f"{reference} {spread(seconds[reference])}", mine / other, goal)


def spread(seconds: Sequence[float]) -> str:
    """`median (least-most)` in milliseconds."""
    return f"{median(seconds) * 1000:.0f} ms ({min(seconds) * 1000:.0f}-{max(seconds) * 1000:.0f})"


def print_rows(title: str, rows: Sequence[Row]) -> None:
    """The table."""
    print(f"\n{title}")
    cells = [("what", "median (least-most)", "against", "ratio", "goal", "")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        cells.append((row.name, row.value, row.reference, ratio, "" if row.goal is None else f"<= {row.goal:g}", row.verdict))
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    for line in cells:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def plugin_command() -> list[str]:
    """The console script beside this interpreter, else the package itself."""
    script = Path(sys.executable).parent / "kubectl-pause_inspect"
    return [str(script)] if script.exists() else [sys.executable, "-m", "kubectl_pause"]


def environment(**more: str) -> dict[str, str]:
    """For the plugin, wherever it is started. An installed package is compiled, so ours may be too."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "", "NO_COLOR": "1", **more}


def run_quietly(command: Sequence[str], **more: str) -> bytes:
    """Stdout of a command that must succeed."""
    ended = subprocess.run(command, capture_output=True, timeout=LIMIT_RUN, check=False, env=environment(**more))
    if ended.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed with exit code {ended.returncode}: {ended.stderr.decode(errors='replace').strip()}")
    return ended.stdout


def peak_memory(command: Sequence[str]) -> int:
    """Bytes of resident memory that a command that must succeed had at its peak (the kernel's ru_maxrss)."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment()) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed with exit code {process.returncode}")
    return usage.ru_maxrss * 1024


def needed(program: str) -> str:
    """The path of a program. Ends the run with its name where it is missing."""
    found = shutil.which(program)
    if found is None:
        raise SystemExit(f"{program} is not on PATH; install it, then run again")
    return found
