"""Pods come and go while `check` looks: whatever it says has to be true at that moment, and nothing that is going on is a fault.

CHURN_PODS=2000 CHURN_LOOKS=300 for more than an ordinary run: so many pods, which wait for so many looks. Jobs that complete, crash loops,
forced deletions, images that cannot be had, probes, orphans in a shared PID namespace, and containers that ignore SIGTERM, all at once.
"""

from __future__ import annotations

import json
import os
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from e2e.access import BUSYBOX, Cluster, Json
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pytest

SPACE = "pause-inspect-churn"
PODS = int(os.environ.get("CHURN_PODS", "60"))
LOOKS = int(os.environ.get("CHURN_LOOKS", "0"))
AT_ONCE = 6
LIMIT_LOOK = 120
KINDS: tuple[tuple[str, Json, Json], ...] = (
    ("completes", {"restartPolicy": "Never"}, {"command": ["true"]}),
    ("crashes", {}, {"command": ["sh", "-c", "exit 1"]}),
    ("stays", {}, {"command": ["sleep", "86400"]}),
    ("shares", {"shareProcessNamespace": True}, {"command": ["sh", "-c", "while :; do (true &); sleep 0.01; done"]}),
    ("no-image", {}, {"image": "docker.io/library/pause-inspect-no-such-image:1"}),
    ("probed", {}, {"command": ["sleep", "86400"], "livenessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 1}}),
    ("stubborn", {"terminationGracePeriodSeconds": 2}, {"command": ["sh", "-c", "trap : TERM; while :; do sleep 1; done"]}),
    ("host", {"hostNetwork": True, "hostPID": True}, {"command": ["sleep", "86400"]}),
)


def pods(node: str) -> Iterator[Json]:
    """Of each kind in turn."""
    for number in range(PODS):
        kind, spec, container = KINDS[number % len(KINDS)]
        usual: Json = {"terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}], "nodeName": node}
        containers = [{"name": "app", "image": BUSYBOX, **container}]
        metadata = {"name": f"{kind}-{number}", "namespace": SPACE}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {**usual, "containers": containers, **spec}}


def churn(cluster: Cluster, looks: Sequence[object]) -> None:
    """Some at a time: made, left alone for a moment, and deleted, every other group by force; no faster than it is looked at."""
    every = list(pods(cluster.node))
    for turn, start in enumerate(range(0, len(every), AT_ONCE)):
        group = every[start : start + AT_ONCE]
        cluster.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": group}))
        time.sleep(turn % 4)  # whatever they are doing by then: that is what is tested
        force = ["--force", "--grace-period=0"] if turn % 2 else []
        cluster.kubectl("delete", "pod", "-n", SPACE, "--wait=false", *force, *(pod["metadata"]["name"] for pod in group))
        wanted = LOOKS * (start + len(group)) // len(every)
        wait_for(f"look {wanted}", partial(_are_so_many, looks, wanted), LIMIT_LOOK, instead=partial(len, looks))


def _are_so_many(looks: Sequence[object], wanted: int) -> bool:
    return len(looks) >= wanted


def test_nothing_is_said_of_pods_that_come_and_go(place: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    failed: list[BaseException] = []

    def work() -> None:
        try:
            churn(place, looks)
        except BaseException as error:  # noqa: BLE001 (raised again below)
            failed.append(error)

    before = {(each["code"], each["subject"]) for each in findings(place) or ()}
    looks: list[list[Json] | None] = []
    worker = threading.Thread(target=work, name="churn")
    worker.start()
    while worker.is_alive():
        looks.append(findings(place))
    worker.join()
    said = [each for look in looks for each in look or () if (each["code"], each["subject"]) not in before]
    with capsys.disabled():
        print(f"\n{PODS} pods made and deleted, {len(looks)} looks, {looks.count(None)} of them in vain, {len(said)} findings")
        for each in said:
            print(json.dumps(each))
    assert failed == []
    assert said == []
    assert len(looks) - looks.count(None) > len(looks) / 2


def findings(cluster: Cluster) -> list[Json] | None:
    """All that `check` says, what is for information as well; None where the crowded node could not start the inspector pod."""
    ended = cluster.plugin("check", cluster.node, "-o", "json", "--sample", "0.3s")
    if ended.code == 1 and "cannot start the inspector pod: StartError" in ended.stderr:
        return None
    assert ended.code == 0, ended.stderr
    (node,) = json.loads(ended.stdout)["nodes"]
    return [*node["findings"], *(finding for sandbox in node["sandboxes"] for finding in sandbox["findings"])]
