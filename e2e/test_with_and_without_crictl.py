"""Both ways of asking a node give the same report, apart from what only crictl knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from e2e.moments import MIRROR, Moment, sandboxes_of, take_moment
from e2e.test_runtime_agreement import EXPECTED, STATIC

if TYPE_CHECKING:
    from e2e.access import Cluster, Json

OF_CRICTL_ALONE = ("attempt", "createdAt")


def told_by_both(sandbox: Json) -> Json:
    """A sandbox without what only crictl tells."""
    return {key: value for key, value in sandbox.items() if key not in OF_CRICTL_ALONE}


def shape(value: Any) -> Any:
    """Keys, marks and words of a report, without the numbers and ids that differ from node to node."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    if isinstance(value, bool) or value is None:
        return value
    return type(value).__name__


MARKS = ("name", "kind", "state", "reason", "sharing", "host", "holder", "holderCommand", "current", "phase", "owner", "notes")


def marks(value: Any, key: str = "") -> Any:
    """As `shape`, with the words that must be equal for the same pod on any node."""
    if key in MARKS and not isinstance(value, (dict, list)):
        return value
    if isinstance(value, dict):
        return {name: marks(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [marks(each, key) for each in value]
    return shape(value)


@pytest.mark.parametrize("case", [case for case in EXPECTED if case not in STATIC])
def test_both_clusters_report_the_same_pod_alike(moments: dict[str, Moment], case: str) -> None:
    if len(moments) == 1:
        pytest.skip("E2E_KUBECONFIG gives one cluster; two are compared here")
    with_it, without = moments["with-crictl"], moments["without-crictl"]
    current = [told_by_both(each) for each in with_it.reported(case) if each["state"] == "ready"][:1]
    bare = [told_by_both(each) for each in without.reported(case)]
    assert [_comparable(marks(each)) for each in current] == [_comparable(marks(each)) for each in bare]
    if not current:
        assert len(without.without_sandbox(case)) == 1


def _comparable(sandbox: Json) -> Json:
    """Without what differs from one making of a pod to the next."""
    for each in sandbox["containers"]:
        each.pop("restarts")
        if each["state"] != "running":
            each.pop("reason")  # Error or CrashLoopBackOff, ErrImagePull or ImagePullBackOff: the second of asking decides
    return sandbox


def test_one_node_read_both_ways_is_the_same_node(clusters: dict[str, Cluster]) -> None:
    cluster = next((each for each in clusters.values() if each.crictl), None)
    if cluster is None:
        pytest.skip("E2E_KUBECONFIG gives one cluster, whose node has no crictl")
    moment = take_moment(cluster)
    plain = cluster.report("node", cluster.node, "--no-crictl")
    assert plain["nodes"][0]["sources"]["crictl"] is None
    stable = {
        name
        for name, pod in moment.pods.items()
        if pod["metadata"]["labels"].get("stable") or MIRROR in pod["metadata"].get("annotations", {})
    }
    compared = 0
    for name in sorted(stable):
        ready = [told_by_both(each) for each in moment.reported(name) if each["state"] == "ready"]
        got = [told_by_both(each) for each in sandboxes_of(plain, moment.uid(name))]
        assert got == ready, name
        assert all(each["attempt"] is None and each["createdAt"] is None for each in sandboxes_of(plain, moment.uid(name)))
        compared += len(ready)
    assert compared >= 4
