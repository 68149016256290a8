"""`kubectl pause-inspect pod nginx` against the shortest way of getting crictl's list by kubectl alone, and `why nginx` against it.

With a pod that is kept the same answer has to be had for about what one exec takes.
"""

from __future__ import annotations

import json

from benchmarks.cluster import IMAGE, NAMESPACE, BenchCluster
from benchmarks.measure import Contender, Row, against, interleaved, needed, plugin_command, run_quietly

GOAL = 1.0
GOAL_OF_WHY = 1.2
GOAL_OF_KEPT = 2.0


def rows(cluster: BenchCluster, rounds: int) -> list[Row]:  # noqa: C901 (a small function for each contender)
    """Our pod's deletion is part of our time; kubectl leaves its pod behind, which is removed off the clock."""
    left = set(_debuggers(cluster))
    debug = [
        *[needed("kubectl"), "--kubeconfig", cluster.kubeconfig, "debug", f"node/{cluster.node}", "-n", NAMESPACE],
        *["--profile=sysadmin", f"--image={IMAGE}", "-q", "-i", "--", "chroot", "/host", cluster.crictl, "pods", "-o", "json"],
    ]
    silent = 0

    def kubectl_debug() -> None:
        nonlocal silent
        answer = run_quietly(debug)
        try:
            silent += not json.loads(answer)["items"]
        except ValueError:
            silent += 1  # attached too late: the output was lost, the time was spent

    def remove() -> None:
        for name in set(_debuggers(cluster)) - left:
            cluster.kubectl("delete", "-n", NAMESPACE, name, "--grace-period=0", "--force", "--wait=true")

    def ours() -> None:
        answer = run_quietly([*plugin_command(), "pod", "-n", NAMESPACE, "nginx"], KUBECONFIG=cluster.kubeconfig)
        if b"Held by   pause, pid " not in answer:
            raise SystemExit(f"no sandbox in the answer: {answer.decode()}")

    def why() -> None:
        answer = run_quietly([*plugin_command(), "why", "-n", NAMESPACE, "nginx"], KUBECONFIG=cluster.kubeconfig)
        if b"nothing stops it" not in answer:
            raise SystemExit(f"no such answer was meant: {answer.decode()}")

    kept_words = [*plugin_command(), "pod", "-n", NAMESPACE, "nginx", "--keep", "10m"]

    def kept() -> None:
        run_quietly(kept_words, KUBECONFIG=cluster.kubeconfig)

    def executed() -> None:
        cluster.kubectl("exec", "-n", NAMESPACE, "nginx", "-c", "side", "--", "true")

    contenders = [
        Contender("pod nginx", ours),
        Contender("kubectl debug + crictl pods", kubectl_debug, remove),
        Contender("why nginx", why),
        Contender("pod nginx --keep", kept),
        Contender("kubectl exec -- true", executed),
    ]
    kept()  # the first one makes the pod
    try:
        seconds = interleaved(contenders, rounds)
    finally:
        run_quietly([*plugin_command(), "cleanup", "--yes", "--all"], KUBECONFIG=cluster.kubeconfig)
    if silent:
        print(f"kubectl debug lost its output in {silent} of {rounds + 1} runs")
    return [
        against(seconds, "pod nginx", "kubectl debug + crictl pods", GOAL),
        against(seconds, "why nginx", "pod nginx", GOAL_OF_WHY),
        against(seconds, "pod nginx --keep", "kubectl exec -- true", GOAL_OF_KEPT),
    ]


def _debuggers(cluster: BenchCluster) -> list[str]:
    names = cluster.kubectl("get", "pods", "-n", NAMESPACE, "-o", "name").decode().split()
    return [name for name in names if name.startswith("pod/node-debugger-")]
