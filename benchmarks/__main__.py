"""`python -m benchmarks [PART...] [--rounds N]`: side by side with what one would use instead. See README.md."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import collector_speed, completion, fleet, local_against_lsns, memory, pod_against_debug, start_up, watching
from benchmarks.cluster import bench_cluster
from benchmarks.measure import plugin_command, print_rows, run_quietly

PARTS = ("pod", "start-up", "collector", "memory", "local", "watching", "completion", "fleet")
LEAST_ROUNDS = 10


def main() -> None:
    """Run the parts named, all without names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Times and memory, side by side.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all without")
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help="how often each contender runs (%(default)s)")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    parts = options.parts or PARTS
    machine = f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}, {options.rounds} rounds, {' '.join(plugin_command())}")
    with tempfile.TemporaryDirectory() as directory:
        if {"pod", "start-up", "watching", "completion"} & set(parts):
            _on_the_cluster(parts, options.rounds, Path(directory))
        if "collector" in parts:
            print_rows("Collector on a crowded node", collector_speed.rows(options.rounds))
        if "memory" in parts:
            print_rows("Client's memory (MiB against its goal)", memory.rows(Path(directory), options.rounds))
        if "fleet" in parts:
            print_rows("A fleet (seconds and MiB against their goals)", fleet.rows(Path(directory)))
        if "local" in parts:
            print_rows("This host", local_against_lsns.rows(options.rounds))


def _on_the_cluster(parts: Sequence[str], rounds: int, directory: Path) -> None:
    with bench_cluster() as cluster:
        if "pod" in parts:
            print_rows("One pod on a live cluster", pod_against_debug.rows(cluster, rounds))
        if "watching" in parts:
            print_rows("Watching a node's pauses by tracefs", watching.rows(cluster, rounds))
        if "completion" in parts:
            print_rows("Names of pods for a Tab, from the live API", completion.rows(cluster, rounds))
        if "start-up" in parts:
            file = directory / "recorded.capture"
            run_quietly([*plugin_command(), "snapshot", cluster.node, "-f", str(file)], KUBECONFIG=cluster.kubeconfig)
            print_rows("Without a cluster", start_up.rows(file, rounds))


if __name__ == "__main__":
    main()
