"""`local`, interpreter and all, against `lsns -J` among 1,000 processes. Started anew in a PID namespace of its own, where it is PID 1."""

from __future__ import annotations

import json
import os
import sys

from benchmarks.measure import ROOT, Contender, Row, against, interleaved, needed, plugin_command, run_quietly

PROCESSES = 1000
GOAL = 1.5
OURS, ALL, THEIRS = "local --no-engines -o json", "local -o json, engines too", "lsns -J"


def rows(rounds: int) -> list[Row]:
    """The whole command against lsns, which asks no engine; and what Docker and podman add, where they are at work."""
    if os.geteuid() != 0:
        raise SystemExit("the crowd needs a PID namespace and a mount of its own: run as root, or leave this part out")
    inside = [sys.executable, "-m", "benchmarks.local_against_lsns", str(rounds)]
    seconds = json.loads(run_quietly([needed("unshare"), "--pid", "--fork", "--mount-proc", "--kill-child", *inside], PYTHONPATH=str(ROOT)))
    return [against(seconds, OURS, THEIRS, GOAL), against(seconds, ALL, THEIRS, None)]


def main() -> None:
    """`local_against_lsns ROUNDS`: the crowd ends with this process."""
    busybox = needed("busybox")
    for _ in range(PROCESSES - 1):
        os.posix_spawn(busybox, ["busybox", "sleep", "86400"], {})
    contenders = [
        Contender(OURS, lambda: _checked([*plugin_command(), "local", "--no-engines", "-o", "json"])),
        Contender(ALL, lambda: _checked([*plugin_command(), "local", "-o", "json"])),
        Contender(THEIRS, lambda: _checked([needed("lsns"), "-J"])),
    ]
    print(json.dumps(interleaved(contenders, int(sys.argv[1]))))


def _checked(command: list[str]) -> None:
    json.loads(run_quietly(command))


if __name__ == "__main__":
    main()
