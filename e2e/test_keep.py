"""A pod that is kept: the next run of the same user makes none, another user's never takes it, and it ends by itself or by cleanup."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from e2e.access import BUSYBOX, Cluster
from e2e.watched_objects import objects_of_ours, wait_until_empty

if TYPE_CHECKING:
    from collections.abc import Iterator

SPACE = "pause-inspect-keep"
ANOTHER = "pause-inspect-keeper"
OWN = "own"
TIMEOUT, KEEP = 10, 5
LIFETIME, CONTROLLERS = TIMEOUT + KEEP + 30, 15


@pytest.fixture
def kept(place: Cluster) -> Iterator[Cluster]:
    """The cluster, where nothing of ours is before and after; another user may do all there."""
    place.kubectl("create", "clusterrolebinding", ANOTHER, "--clusterrole=cluster-admin", f"--user={ANOTHER}")
    yield place
    place.kubectl("delete", "clusterrolebinding", ANOTHER)
    place.plugin("cleanup", "--yes", "--all", "-n", SPACE)
    wait_until_empty(place, SPACE, 30)


def run(cluster: Cluster, *words: str, keep: str = "2m") -> tuple[list[str], str]:
    """Pods of the sandboxes in this test's namespace (other tests' pods come and go on the node), and stderr."""
    flags = ["--debug-namespace", SPACE, "--timeout", f"{TIMEOUT}s", "--image", BUSYBOX, "--keep", keep]
    ended = cluster.plugin("node", cluster.node, *flags, *words, "-o", "json")
    assert ended.code == 0, ended.stderr
    (node,) = json.loads(ended.stdout)["nodes"]
    return [sandbox["pod"]["name"] for sandbox in node["sandboxes"] if sandbox["pod"]["namespace"] == SPACE], ended.stderr


def test_the_next_run_takes_it_and_another_user_s_does_not(kept: Cluster) -> None:
    kept.kubectl("run", OWN, "-n", SPACE, f"--image={BUSYBOX}", "--restart=Never", "--", "sleep", "600")
    kept.kubectl("wait", "-n", SPACE, "--for=condition=Ready", f"pod/{OWN}", "--timeout=50s")
    sandboxes, said = run(kept)
    assert "is kept for 120 s" in said
    ours = objects_of_ours(kept, SPACE)
    assert len(ours) == 2
    again, nothing = run(kept)
    assert (sandboxes, again) == ([OWN], [OWN])
    assert (nothing, objects_of_ours(kept, SPACE)) == ("", ours)
    _, said = run(kept, "--as", ANOTHER)
    assert "is kept for 120 s" in said
    assert len(objects_of_ours(kept, SPACE)) == 4
    (name,) = {each.rpartition("/")[2] for each in ours}
    ended = kept.plugin("cleanup", "--yes", name, "-n", SPACE)
    assert ended.code == 0, ended.stderr
    assert not set(ours) & set(objects_of_ours(kept, SPACE))


def test_one_that_ends_in_between_is_made_anew(kept: Cluster) -> None:
    run(kept)
    (pod,) = {each.rpartition("/")[2] for each in objects_of_ours(kept, SPACE)}
    kept.kubectl("delete", "pod", pod, "-n", SPACE, "--wait=false", "--grace-period=0", "--force")
    _, said = run(kept)
    assert "is kept for 120 s" in said


def test_it_ends_by_itself(kept: Cluster) -> None:
    run(kept, keep=f"{KEEP}s")
    assert len(objects_of_ours(kept, SPACE)) == 2
    wait_until_empty(kept, SPACE, LIFETIME + CONTROLLERS)


def test_a_run_that_does_not_ask_for_it_leaves_nothing(kept: Cluster) -> None:
    ended = kept.plugin("node", kept.node, "--debug-namespace", SPACE, "--image", BUSYBOX)
    assert ended.code == 0
    assert objects_of_ours(kept, SPACE) == []
