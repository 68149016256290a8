"""A remedy for the owner of a pod is one line: pasted into a shell as it stands, it cures every pod of the owner."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from e2e.access import BUSYBOX, Cluster, Json, kubectl_program
from tests.waiting import wait_for

SPACE = "pause-inspect-owner"
FORGETS = "(sleep 1 &); exec sleep 86400"
"""An orphan for a PID 1 that never waits."""


def _owner(kind: str, name: str, node: str) -> Json:
    container = {"name": "app", "image": BUSYBOX, "command": ["sh", "-c", FORGETS]}
    spec = {"nodeName": node, "terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}], "containers": [container]}
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": spec}
    more = {"serviceName": name} if kind == "StatefulSet" else {}
    owner = {"selector": {"matchLabels": labels}, "replicas": 1, "template": template, **more}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": SPACE}, "spec": owner}


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_the_line_cures_the_owner_s_pods(place: Cluster, kind: str) -> None:
    name = f"forgets-{kind.lower()}"
    place.kubectl("apply", "-f", "-", stdin=json.dumps(_owner(kind, name, place.node)))

    def groups() -> list[Json]:
        (node,) = place.report("zombies", f"{kind.lower()}/{name}", "-n", SPACE)["nodes"]
        return [group for sandbox in node["sandboxes"] for group in sandbox["zombieGroups"] if group["confidence"] == "certain"]

    place.kubectl("rollout", "status", f"{kind.lower()}/{name}", "-n", SPACE, "--timeout=50s")
    (group,) = wait_for(f"the zombie of {name}", lambda: groups() or None, 30, 1)
    assert group["verdict"] == "zombie/no-init"
    line = group["remedies"][0]
    assert line.startswith(f"kubectl patch -n {SPACE} {kind.lower()}/{name} ")
    environment = {"KUBECONFIG": str(place.kubeconfig), "PATH": f"{Path(kubectl_program()).parent}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-c", line], env=environment, check=True, timeout=50, capture_output=True)
    place.kubectl("rollout", "status", f"{kind.lower()}/{name}", "-n", SPACE, "--timeout=50s")
    (pod,) = wait_for("the old pod's end", lambda: list(pods) if len(pods := _pods(place, name)) == 1 else None, 30)
    assert pod["spec"]["shareProcessNamespace"] is True

    def reaps() -> str | None:
        (node,) = place.report("zombies", pod["metadata"]["name"], "-n", SPACE)["nodes"]
        (sandbox,) = node["sandboxes"]
        assert sandbox["zombieGroups"] == []
        return next((space["verdict"] for space in sandbox["pidNamespaces"] if space["reaper"]["hasReaped"] == "yes"), None)

    assert wait_for("pause to have reaped the orphan", reaps, 20, 0.5, instead=lambda: place.report("zombies", "-n", SPACE)) == "reaps"


def _pods(place: Cluster, name: str) -> list[Json]:
    pods = place.get("pods", "-n", SPACE, "-l", f"app={name}")["items"]
    assert isinstance(pods, list)
    return pods
