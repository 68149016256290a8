"""A node read through a pod that is there: by its name, by its DaemonSet, and what one that lacks something is told. Nothing is made."""

from __future__ import annotations

import json

import pytest

from e2e.access import BUSYBOX, Cluster, Json

SPACE = "pause-inspect-via"
AGENT: Json = {
    "hostPID": True,
    "terminationGracePeriodSeconds": 0,
    "tolerations": [{"operator": "Exists"}],
    "containers": [
        {"name": "helper", "image": BUSYBOX, "command": ["sleep", "86400"]},
        {"name": "agent", "image": BUSYBOX, "command": ["sleep", "86400"], "securityContext": {"privileged": True}},
    ],
}


@pytest.fixture(scope="module")
def place(place: Cluster) -> Cluster:
    """A DaemonSet as node agents are, and a pod without the node's PID namespace."""
    labels = {"app": "agent"}
    template = {"metadata": {"labels": labels}, "spec": AGENT}
    agents = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "agent", "namespace": SPACE},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    blind = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "blind", "namespace": SPACE},
        "spec": {**AGENT, "hostPID": False, "nodeName": place.node},
    }
    place.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [agents, blind]}))
    place.kubectl("rollout", "status", "-n", SPACE, "ds/agent", "--timeout=50s")
    place.kubectl("wait", "-n", SPACE, "--for=condition=Ready", "pod/blind", "--timeout=50s")
    return place


def agent_of(cluster: Cluster) -> str:
    pods = cluster.get("pods", "-n", SPACE, "-l", "app=agent", "--field-selector", f"spec.nodeName={cluster.node}")["items"]
    name: str = pods[0]["metadata"]["name"]
    return name


@pytest.mark.parametrize("way", ["ds", "pod", "namespace/pod"])
def test_the_same_node(place: Cluster, way: str) -> None:
    name = agent_of(place)
    via = {"ds": "ds/agent", "pod": name, "namespace/pod": f"{SPACE}/{name}"}[way]
    jobs = place.kubectl("get", "jobs", "-A", "-o", "name").split()
    ended = place.plugin("node", place.node, "--via", via, *([] if "/pod" in way else ["-n", SPACE]), "-o", "json")
    assert ended.code == 0, ended.stderr
    (node,) = json.loads(ended.stdout)["nodes"]
    seen = {(sandbox["pod"]["namespace"], sandbox["pod"]["name"]) for sandbox in node["sandboxes"] if sandbox["current"]}
    assert {(SPACE, name), (SPACE, "blind")} <= seen
    assert [sandbox["holder"] for sandbox in node["sandboxes"] if sandbox["pod"]["name"] == name] == ["pause"]
    assert set(place.kubectl("get", "jobs", "-A", "-o", "name").split()) <= set(jobs), "Jobs of earlier runs may end meanwhile"


@pytest.mark.parametrize(
    ("via", "words"),
    [
        ("blind", "has a PID namespace of its own"),
        ("no-such-pod", '"no-such-pod" not found'),
        ("ds/no-such-set", f"DaemonSet {SPACE}/no-such-set has no pod there"),
    ],
)
def test_a_pod_that_will_not_do(place: Cluster, via: str, words: str) -> None:
    ended = place.plugin("node", place.node, "--via", via, "-n", SPACE)
    assert ended.code == 1
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
