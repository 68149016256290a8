"""The admission policies of docs/rbac/own-namespace on a real API server: our pod and its command are let in, and nothing else."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from e2e.access import BUSYBOX, ROOT, Cluster, kubectl_program
from e2e.watched_objects import objects_of_ours, wait_until_empty
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

SPACE = "pause-inspect"
MANIFESTS = ROOT / "docs" / "rbac" / "own-namespace"
LIMIT_IN_FORCE = 60


@pytest.fixture(scope="module")
def held(place: Cluster) -> Iterator[Cluster]:
    """The cluster, with the policies in force in the namespace of this module."""
    for name in ("parameters.yaml", "policy.yaml"):
        place.kubectl("apply", "-f", str(MANIFESTS / name))
    wait_for("the policies to be in force", lambda: "denied" in other_pod(place), LIMIT_IN_FORCE, 1)
    yield place
    place.kubectl("delete", "-f", str(MANIFESTS / "policy.yaml"), "--wait=false", "--ignore-not-found")


def kubectl_says(cluster: Cluster, *words: str, stdin: str | None = None) -> str:
    """Stdout and stderr of kubectl, however it ends."""
    argv = [kubectl_program(), "--kubeconfig", str(cluster.kubeconfig), *words]
    ended = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=60, check=False)
    return ended.stdout + ended.stderr


def other_pod(cluster: Cluster) -> str:
    """What the API server says to a pod that is none of ours; it is not stored."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "other", "namespace": SPACE},
        "spec": {"containers": [{"name": "app", "image": BUSYBOX, "command": ["sleep", "60"]}]},
    }
    return kubectl_says(cluster, "create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))


@pytest.mark.parametrize("words", [["node"], ["check"], ["zombies", "--node"]])
def test_our_runs_are_let_in(held: Cluster, words: list[str]) -> None:
    ended = held.plugin(*words, held.node, "--debug-namespace", SPACE)
    assert (ended.code, ended.stderr) == (0, "")
    assert objects_of_ours(held, SPACE) == []


@pytest.mark.parametrize("words", [["--profile", "sysadmin"], ["--image", "docker.io/library/nginx:1.22"]])
def test_a_run_that_the_policy_does_not_know_is_refused_with_its_name(held: Cluster, words: list[str]) -> None:
    ended = held.plugin("node", held.node, "--debug-namespace", SPACE, *words)
    assert ended.code == 1
    assert "pause-inspect-pods" in ended.stderr
    assert objects_of_ours(held, SPACE) == []


def test_nobody_runs_another_command_in_our_pod(held: Cluster) -> None:
    ended = held.plugin("node", held.node, "--debug-namespace", SPACE, "--keep", "30s", "--timeout", "10s")
    assert ended.code == 0, ended.stderr
    (name,) = {each.rpartition("/")[2] for each in objects_of_ours(held, SPACE)}
    assert "denied" in kubectl_says(held, "exec", "-n", SPACE, name, "--", "sh", "-c", "id")
    assert held.plugin("cleanup", "--yes", name, "-n", SPACE).code == 0
    wait_until_empty(held, SPACE, 60)
