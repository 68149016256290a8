"""The inspector pod with three capabilities and the privileged one, at the same time on the same node: their reports are the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from e2e.access import BUSYBOX, PATIENCE, Cluster, Json
from e2e.old_zombies import wait_for_old_zombies

if TYPE_CHECKING:
    from collections.abc import Iterator

SPACE = "pause-inspect-profiles"
PROFILES = ("general", "sysadmin")
OLD_SECONDS = 10
"""What is said of a young zombie changes while it grows old, and the two runs do not look in the same moment."""
MASKED = {
    "ageSeconds", "newestSeconds", "oldestSeconds", "capturedAt", "startedAt", "seconds", "windowSeconds", "toolVersion",
    "current", "growthPerSecond", "secondsLeft", "forksSeen", "processes", "evidence", "message",
}  # fmt: skip
"""What is another at each moment: times, counts, and sentences that have such numbers in them."""
PODS: dict[str, Json] = {
    "web": {"containers": [{"name": "app", "command": ["sleep", "3600"]}, {"name": "side", "command": ["sleep", "3600"]}]},
    "forgets": {"containers": [{"name": "app", "command": ["sh", "-c", "sh -c 'true & exec sleep 3600'"]}]},
    "shared": {"shareProcessNamespace": True, "containers": [{"name": "app", "command": ["sleep", "3600"]}]},
    "host": {"hostPID": True, "hostNetwork": True, "containers": [{"name": "app", "command": ["sleep", "3600"]}]},
}


@pytest.fixture(scope="module")
def place(place: Cluster) -> Cluster:
    items = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": SPACE},
            "spec": {
                **spec,
                "nodeName": place.node,
                "terminationGracePeriodSeconds": 0,
                "tolerations": [{"operator": "Exists"}],
                "containers": [{**container, "image": BUSYBOX} for container in spec["containers"]],
            },
        }
        for name, spec in PODS.items()
    ]
    place.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    place.kubectl("wait", "-n", SPACE, "--for=condition=Ready", "pod", "--all", "--timeout=50s")
    wait_for_old_zombies(place, SPACE, "forgets", seconds=OLD_SECONDS)
    return place


def reports(cluster: Cluster, *words: str) -> dict[str, Json]:
    """The report of each profile, of two runs that look at the same time."""
    begun = {each: cluster.start(*words, "-n", SPACE, *PATIENCE, "--profile", each, "-o", "json") for each in PROFILES}
    told = {}
    for profile, process in begun.items():
        stdout, stderr = process.communicate(timeout=90)
        assert (process.returncode, stderr) == (0, ""), profile
        told[profile] = json.loads(stdout)
    return told


def facts(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every fact of a document with where it stands, without those that are another at each moment."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key not in MASKED:
                yield from facts(each, f"{path}.{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from facts(each, f"{path}[{number}]")
    else:
        yield path, value


@pytest.mark.parametrize("words", [["pod", *PODS, "--prove"], ["zombies", "--sample", "2s"]], ids=["pod", "zombies"])
def test_both_profiles_report_the_same(place: Cluster, words: list[str]) -> None:
    both = reports(place, *words)
    general, sysadmin = (dict(facts(both[each]["nodes"])) for each in PROFILES)
    assert len(general) > 100
    assert [
        (path, general.get(path), sysadmin.get(path)) for path in {*general, *sysadmin} if general.get(path) != sysadmin.get(path)
    ] == []
