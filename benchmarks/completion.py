"""Names of pods from the live API, as a Tab behind `kubectl pause-inspect pod` gets them, against those behind `kubectl get pods`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks.cluster import NAMESPACE, BenchCluster
from benchmarks.measure import Contender, Row, against, interleaved, needed, plugin_command, run_quietly

GOAL = 1.5
OURS, THROUGH_KUBECTL, REFERENCE = "kubectl_complete-pause_inspect", "the same by kubectl", 'kubectl __complete get pods ""'


def rows(cluster: BenchCluster, rounds: int) -> list[Row]:
    """The executable by itself, and as kubectl calls it, which starts both: that row has no goal."""
    kubectl = needed("kubectl")
    program = Path(plugin_command()[0]).with_name(OURS)
    if not program.exists():
        raise SystemExit(f"{program.name} is not beside this Python; install the plugin, then run again")
    where = ["-n", NAMESPACE]
    commands = {
        OURS: [str(program), "pod", *where, ""],
        THROUGH_KUBECTL: [kubectl, "__complete", "pause-inspect", "pod", *where, ""],
        REFERENCE: [kubectl, "__complete", "get", "pods", *where, ""],
    }

    def asks(command: list[str]) -> None:
        answer = run_quietly(command, KUBECONFIG=cluster.kubeconfig)
        if answer != b"nginx\n:4\n":
            raise SystemExit(f"{' '.join(command)} completed {answer.decode(errors='replace')!r}")

    seconds = interleaved([Contender(name, partial(asks, command)) for name, command in commands.items()], rounds)
    return [against(seconds, OURS, REFERENCE, GOAL), against(seconds, THROUGH_KUBECTL, REFERENCE, None)]
