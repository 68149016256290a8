"""What needs no cluster, against the start of kubectl itself."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks.measure import Contender, Row, against, interleaved, needed, plugin_command, run_quietly

GOAL = 3.0


def rows(capture: Path, rounds: int) -> list[Row]:
    """`capture` is a recorded node."""
    ours = {
        "--help": ["--help"],
        "version": ["version"],
        "node --from": ["node", "--from", str(capture)],
        "pod --from": ["pod", "--from", str(capture), "nginx"],
    }
    kubectl = needed("kubectl")
    contenders = [Contender(name, partial(_run, [*plugin_command(), *words])) for name, words in ours.items()]
    contenders.append(Contender("kubectl version", lambda: _run([kubectl, "version", "--client"])))
    seconds = interleaved(contenders, rounds)
    return [against(seconds, name, "kubectl version", GOAL) for name in ours]


def _run(command: list[str]) -> None:
    run_quietly(command)
