"""The e2e cluster with an nginx pod to look at."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.measure import ROOT, needed, plugin_command, run_quietly

NAMESPACE = "pause-inspect-bench"
IMAGE = "docker.io/library/busybox:1.36"
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "nginx", "namespace": NAMESPACE},
    "spec": {
        "terminationGracePeriodSeconds": 0,
        "tolerations": [{"operator": "Exists"}],
        "containers": [
            {"name": "web", "image": "docker.io/library/nginx:1.22"},
            {"name": "side", "image": IMAGE, "command": ["sleep", "86400"]},
        ],
    },
}
LIMIT_UP = 3600


@dataclass(frozen=True, slots=True)
class BenchCluster:
    """Where it is, the node of the pod, and crictl's path on that node."""

    kubeconfig: str
    node: str
    crictl: str

    def kubectl(self, *words: str) -> bytes:
        """Stdout of kubectl."""
        return run_quietly([needed("kubectl"), "--kubeconfig", self.kubeconfig, *words])


@contextmanager
def bench_cluster() -> Iterator[BenchCluster]:
    """The cluster with the pod running; the pod's namespace is deleted at the end."""
    program = [sys.executable, str(ROOT / "e2e" / "cluster")]
    subprocess.run([*program, "up"], check=True, timeout=LIMIT_UP)
    kubeconfig = run_quietly([*program, "kubeconfig"]).decode().strip()
    cluster = BenchCluster(kubeconfig, "", "")
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=60s")
    cluster.kubectl("create", "namespace", NAMESPACE)
    try:
        cluster.kubectl("wait", "-n", NAMESPACE, "--for=create", "serviceaccount/default", "--timeout=60s")
        subprocess.run(
            [needed("kubectl"), "--kubeconfig", kubeconfig, "create", "-f", "-"], check=True, input=json.dumps(POD).encode(), timeout=60
        )
        cluster.kubectl("wait", "-n", NAMESPACE, "--for=condition=Ready", "pod/nginx", "--timeout=60s")
        report = json.loads(run_quietly([*plugin_command(), "pod", "-n", NAMESPACE, "nginx", "-o", "json"], KUBECONFIG=kubeconfig))
        (node,) = report["nodes"]
        if not node["sources"]["crictl"]:
            raise SystemExit(f"node {node['name']} has no crictl to compare with")
        yield BenchCluster(kubeconfig, node["name"], node["sources"]["crictl"]["path"])
    finally:
        cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
