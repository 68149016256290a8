"""A node read through a pod that is there: by its name, by its DaemonSet, and what one that lacks something is told. Nothing is made."""

from __future__ import annotations

import json
import re

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


def pod_with(name: str, capabilities: list[str]) -> Json:
    """One that sees the node's processes and has these capabilities alone."""
    rights = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"], "add": capabilities}}
    container = {
        "name": "app",
        "image": BUSYBOX,
        "command": ["sleep", "86400"],
        "securityContext": {**rights, "seccompProfile": {"type": "Unconfined"}},
    }
    spec = {**AGENT, "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": SPACE}, "spec": spec}


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
    weak, least = pod_with("weak", []), pod_with("least", ["SYS_PTRACE", "SYS_CHROOT", "DAC_READ_SEARCH"])
    for each in (weak, least):
        each["spec"]["nodeName"] = place.node
    place.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [agents, blind, weak, least]}))
    place.kubectl("rollout", "status", "-n", SPACE, "ds/agent", "--timeout=50s")
    place.kubectl("wait", "-n", SPACE, "--for=condition=Ready", "pod/blind", "pod/weak", "pod/least", "--timeout=50s")
    return place


def agent_of(cluster: Cluster) -> str:
    pods = cluster.get("pods", "-n", SPACE, "-l", "app=agent", "--field-selector", f"spec.nodeName={cluster.node}")["items"]
    name: str = pods[0]["metadata"]["name"]
    return name


@pytest.mark.parametrize("way", ["ds", "pod", "namespace/pod", "least"])
def test_the_same_node(place: Cluster, way: str) -> None:
    name = "least" if way == "least" else agent_of(place)
    via = {"least": "least", "ds": "ds/agent", "pod": name, "namespace/pod": f"{SPACE}/{name}"}[way]
    ended = place.plugin("node", place.node, "--via", via, *([] if "/pod" in way else ["-n", SPACE]), "-o", "json", "-v", "6")
    assert ended.code == 0, ended.stderr
    (node,) = json.loads(ended.stdout)["nodes"]
    seen = {(sandbox["pod"]["namespace"], sandbox["pod"]["name"]) for sandbox in node["sandboxes"] if sandbox["current"]}
    assert {(SPACE, name), (SPACE, "blind")} <= seen
    assert [sandbox["holder"] for sandbox in node["sandboxes"] if sandbox["pod"]["name"] == name] == ["pause"]
    requests = [line for line in ended.stderr.splitlines() if "https://" in line]
    assert requests
    assert not [line for line in requests if re.search(r"POST \S+/(pods|jobs)\b(?!/)", line)], "nothing is made"


@pytest.mark.parametrize(
    ("via", "words"),
    [
        ("blind", "has a PID namespace of its own"),
        ("weak", "cannot read the namespaces of PID 1 (check ns)"),
        ("no-such-pod", '"no-such-pod" not found'),
        ("ds/no-such-set", f"DaemonSet {SPACE}/no-such-set has no pod there"),
    ],
)
def test_a_pod_that_will_not_do(place: Cluster, via: str, words: str) -> None:
    ended = place.plugin("node", place.node, "--via", via, "-n", SPACE)
    assert ended.code == 1
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
