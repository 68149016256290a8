"""`why`: what is asked, what is read, and what is left where a part of it may not be."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest

from tests.access.fake_api_server import status
from tests.cli.fake_cluster import NODE, answer, collector_answer

UID = "0f0e0d0c-0b0a-0908-0706-050403020100"


@pytest.fixture
def stuck(cluster):
    """A pod without a sandbox on the node, with an event that says why."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    cluster.pods.append(
        {
            "metadata": {"name": "stuck", "namespace": "shop", "uid": "u-stuck", "creationTimestamp": now},
            "spec": {"nodeName": NODE, "containers": [{"name": "app", "image": "web:1"}]},
            "status": {
                "phase": "Pending",
                "startTime": now,
                "containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "ContainerCreating"}}}],
            },
        }
    )
    message = 'Failed to create pod sandbox: failed to find plugin "portmap\x1b[31m" in path [/opt/cni/bin]'
    cluster.events["shop"] = [{"reason": "FailedCreatePodSandBox", "message": message, "count": 12, "lastTimestamp": now}]
    return cluster


def test_the_cause_its_proof_and_the_steps(stuck, command):
    ended = command("why", "-n", "shop", "stuck")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0] == f"POD       shop/stuck, node {NODE}"
    assert lines[1].startswith("STATE     creating: it has waited ")
    assert lines[2] == f"WHOSE     the platform's: its network add-on; every new pod of node {NODE} has it; does not heal by itself"
    assert any(line.startswith("critical  shop/stuck: the network plugin portmap") for line in lines)
    assert "cni/no-binary, certain" in ended.out
    assert "\x1b" not in ended.out
    assert [line.split("  ")[0] for line in lines if line.startswith(("bound", "taken", "sandbox,", "containers", "ready"))] == [
        "bound to a node",
        "taken by the kubelet",
        "sandbox, network",
        "containers run",
        "ready",
    ]
    assert stuck.left == []


LOGGED = f"UnmountVolume.TearDown failed for pod {UID}"


def with_log(section: bytes) -> bytes:
    """The recorded node's answer with a section of its log."""
    return gzip.compress(gzip.decompress(collector_answer()).replace(b"\n#end ", b"\n#section log\n" + section + b"\n#end ", 1))


@pytest.mark.parametrize(
    ("section", "log"),
    [
        (
            f" 1767225601.5 kubelet {LOGGED}\n 1767225602.5 kubelet of another pod\n#rc 0".encode(),
            [f"2026-01-01T00:00:01Z kubelet: {LOGGED}"],
        ),
        (b"#rc 0", []),
        (b"#rc 127", None),
    ],
)
def test_the_node_is_asked_for_what_was_logged_of_the_pods_on_it(stuck, command, section, log):
    stuck.pods[-1]["metadata"]["uid"] = UID
    stuck.server.on_exec = answer(with_log(section))
    ended = command("why", "-n", "shop", "stuck", "-o", "json")
    [told] = json.loads(ended.out)["explanations"]
    assert (ended.code, told["log"]) == (0, log)
    assert any("has no journalctl" in each for each in told["unread"]) is (log is None)
    [container] = stuck.created[0]["spec"]["containers"]
    assert {"name": "LOGS_OF", "value": UID} in container["env"]


@pytest.mark.parametrize(
    "words", [("pod", "-n", "shop", "stuck"), ("node", NODE), ("check", NODE), ("zombies", "--node", NODE), ("who", "1")]
)
def test_no_other_verb_asks_for_logs(stuck, command, words):
    stuck.pods[-1]["metadata"]["uid"] = UID
    command(*words)
    assert stuck.created
    assert all({"name": "LOGS_OF", "value": ""} in each["spec"]["containers"][0]["env"] for each in stuck.created)


def test_a_healthy_pod_is_told_so_with_what_was_looked_at(cluster, command):
    ended = command("why", "kube-system/etcd-" + NODE, "-o", "json")
    [answer] = json.loads(ended.out)["explanations"]
    assert (ended.code, answer["state"], answer["cause"], answer["also"]) == (0, "ready", None, [])
    assert "its sandbox is there" in answer["summary"]
    assert cluster.left == []


def test_without_rights_on_the_node_the_api_alone_answers(stuck, command):
    stuck.refuse["POST /pods"] = lambda: status(403, "Forbidden", 'pods is forbidden: User "jane" cannot create resource "pods"')
    stuck.refuse["POST /jobs"] = lambda: status(403, "Forbidden", 'jobs is forbidden: User "jane" cannot create resource "jobs"')
    ended = command("why", "-n", "shop", "stuck", "-o", "json")
    [answer] = json.loads(ended.out)["explanations"]
    assert (ended.code, answer["cause"]["code"]) == (4, "cni/no-binary")
    assert NODE in ended.errors[0][0]


def test_what_may_not_be_read_is_named(stuck, command):
    stuck.refuse["GET /events"] = lambda: status(403, "Forbidden", 'events is forbidden: User "jane" cannot list resource "events"')
    ended = command("why", "-n", "shop", "stuck")
    assert ended.code == 0
    assert "not read: events of the pod: " in ended.out
    assert "events, which would tell why, could not be read" in ended.out or "too early" in ended.out


def test_a_silent_kubelet_is_told_at_once(stuck, command):
    stuck.workloads["leases", NODE] = {"spec": {"renewTime": "2020-01-01T00:00:00.000000Z", "leaseDurationSeconds": 40}}
    ended = command("why", "-n", "shop", "stuck", "-o", "custom-columns=CAUSE:.cause.code,POD:.pod.name", "--no-headers")
    assert ended.out.split() == ["kubelet/silent", "stuck"]
    assert stuck.created == []


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ([], "which pod?"),
        (["a", "-l", "app=web"], "names and -l cannot be used together"),
        (["-n", "shop", "no-such-pod"], "no-such-pod"),
        (["node/x"], "is a node"),
    ],
)
def test_bad_input(cluster, command, words, what):
    ended = command("why", *words)
    assert ended.code == 1
    assert what in ended.errors[0][0]
    assert cluster.created == []


def test_every_pod_that_is_not_well_by_the_api_alone(stuck, command):
    """Four lists: no inspector pod, and no request for each pod."""
    about = {"kind": "Pod", "name": "stuck", "namespace": "shop", "uid": "u-stuck"}
    stuck.events["shop"] = [{**each, "involvedObject": about} for each in stuck.events["shop"]]
    ended = command("why", "-A", "-o", "json")
    assert ended.code == 0
    answers = {each["pod"]["name"]: each["cause"] and each["cause"]["code"] for each in json.loads(ended.out)["explanations"]}
    assert answers["stuck"] == "cni/no-binary"
    assert stuck.created == []


def test_what_may_not_be_listed_is_said(stuck, command):
    stuck.refuse["GET /api/v1/events"] = lambda: status(403, "Forbidden", 'events is forbidden: User "jane" cannot list resource "events"')
    ended = command("why", "-A")
    assert ended.code == 0
    assert "warning: could not be read: events" in ended.err


def test_a_pod_of_another_namespace_than_that_of_the_flag(stuck, command):
    ended = command("why", "shop/stuck", "-n", "default")
    assert ended.code == 1
    assert "shop" in ended.err
    assert "default" in ended.err
