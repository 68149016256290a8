"""`-o owners`: the messages as they look, in `expected/`; `UPDATE_EXPECTED=1` writes that file anew."""

from __future__ import annotations

import os
import shlex
import subprocess

import msgspec
import pytest

from kubectl_pause.inspect_node import inspect_capture
from kubectl_pause.render.zombies.owners_view import owner_messages
from kubectl_pause.report import NodeReport, PodIdentity, ZombieGroup, ZombieParent
from tests.judge.test_zombies import recorded, report
from tests.nodes.written_nodes import Written, pod_path, written_node
from tests.render.test_views import EXPECTED, HOSTILE, whole

PARENT = ZombieParent(pid=812, comm="node", role="container:app")


def group(**changes: object) -> ZombieGroup:
    """Three zombies of one that stay."""
    plain = ZombieGroup(
        verdict="zombie/application", severity="warning", confidence="certain", message="node (pid 812) does not wait", evidence=[],
        remedies=["fix node"], parent=PARENT, container="app", count=3, transient=0, names={"sh": 3}, pids=[1, 2, 3], oldest_seconds=7200.0,
        newest_seconds=60.0,
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


def node(*pods: tuple[PodIdentity, list[ZombieGroup]], captured_at: str | None = "2026-01-02T03:04:05Z") -> NodeReport:
    """A recorded node whose first pods are these."""
    recorded_node = report(recorded("later"), recorded("earlier"))
    [sandbox, *_] = [sandbox for sandbox in recorded_node.sandboxes if sandbox.zombies]
    made = [
        msgspec.structs.replace(sandbox, id=f"{index:064x}", pod=pod, zombie_groups=groups) for index, (pod, groups) in enumerate(pods, 1)
    ]
    return msgspec.structs.replace(recorded_node, name="worker-1", captured_at=captured_at, sandboxes=made)


def pod(name: str, workload: str | None = "Deployment/web", namespace: str = "shop") -> PodIdentity:
    return PodIdentity(namespace=namespace, name=name, uid=name, owner="ReplicaSet/web-5d9", workload=workload)


def test_a_recorded_cluster_looks_as_it_looked() -> None:
    text = owner_messages(whole(report(recorded("later"), recorded("earlier"))))
    file = EXPECTED / "zombies-cluster-owners.txt"
    if "UPDATE_EXPECTED" in os.environ:
        file.write_text(text)
    assert text == file.read_text()
    assert max(map(len, text.splitlines())) <= 78


def test_two_pods_of_a_deployment_on_two_nodes_are_one_message_to_it() -> None:
    one, other = node((pod("web-1"), [group()])), node((pod("web-2"), [group(oldest_seconds=90.0, count=4, names={"curl": 4})]))
    text = owner_messages(whole(one, other))
    assert text.splitlines()[0] == "Deployment web in namespace shop: 7 zombies."
    assert text.count("What to do:") == 1
    assert "3 sh, 4 curl; in container app, below node (container:app)" in text
    assert "web-1" in text
    assert "web-2" in text
    assert "since about 2026-01-02 01:04 UTC" in text


def test_what_was_gone_at_the_second_look_is_no_message() -> None:
    assert owner_messages(whole(node((pod("web-1"), [group(transient=3)])))) == "No pod has zombies that stay.\n"


def test_two_namespaces_and_a_pod_of_its_own_are_three_messages() -> None:
    text = owner_messages(whole(node((pod("a"), [group()]), (pod("b", namespace="blog"), [group()]), (pod("alone", None), [group()]))))
    heads = [line for line in text.splitlines() if line.endswith("zombies.")]
    assert heads == [
        "Deployment web in namespace blog: 3 zombies.",
        "Deployment web in namespace shop: 3 zombies.",
        "Pod alone in namespace shop: 3 zombies.",
    ]


@pytest.mark.parametrize("captured_at", [None, "", "yesterday", "0001-01-01T00:00:00Z"])
def test_a_time_that_is_none_leaves_the_age(captured_at: str | None) -> None:
    text = owner_messages(whole(node((pod("web-1"), [group()]), captured_at=captured_at)))
    assert "dead for about 60s to 2h" in text.replace("\n  ", " ").replace("120m", "2h")


def test_a_command_is_broken_where_a_shell_takes_it() -> None:
    line = 'kubectl patch -n shop deployment/web --type=merge -p \'{"spec":{"template":{"spec":{"shareProcessNamespace":true}}}}\''
    text = owner_messages(whole(node((pod("web-1"), [group(remedies=[f"{line}  # pause reaps orphans then"])]))))
    (start,) = [number for number, each in enumerate(text.splitlines()) if each.startswith("    kubectl")]
    printing = 'kubectl() { for word; do printf "%s\\n" "$word"; done; }\n'
    pasted = "\n".join(text.splitlines()[start:])
    ended = subprocess.run(["sh", "-c", printing + pasted], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.splitlines() == shlex.split(line)[1:]
    assert max(map(len, text.splitlines())) <= 78


def test_the_deployment_is_told_by_the_hash_of_its_pods() -> None:
    parent = Written(20, 1, "node", inside=(1,), space=7, cgroup=pod_path("u", "b"))
    zombie = Written(21, 20, "sh", inside=(2,), space=7, cgroup=pod_path("u", "b"), state="Z")
    owners = [{"kind": "ReplicaSet", "name": "web-5d9", "controller": True}]
    capture = written_node(parent, zombie, containers={"b": "app"}, api={}, metadata={
        "ownerReferences": owners, "labels": {"pod-template-hash": "5d9"},
    })  # fmt: skip
    text = owner_messages(whole(inspect_capture(capture, "worker-1")))
    assert text.startswith("Deployment web in namespace default: 1 zombie.\n")


def test_nothing_hostile_reaches_the_message() -> None:
    hostile = ZombieParent(pid=1, comm=HOSTILE, role=f"process:{HOSTILE}", arguments=[HOSTILE])
    for remedy in (HOSTILE, f"kubectl patch {HOSTILE}", f"kubectl '{HOSTILE}", f"kubectl x  # {HOSTILE}"):
        bad = group(message=HOSTILE, parent=hostile, container=HOSTILE, names={HOSTILE: 3}, remedies=[remedy])
        text = owner_messages(whole(node((pod(HOSTILE, f"Deployment/{HOSTILE}", HOSTILE), [bad]), captured_at=HOSTILE)))
        assert all(character.isprintable() for character in text.replace("\n", ""))
        assert "\n\n\nDeployment" not in text
