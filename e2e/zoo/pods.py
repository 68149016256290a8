"""The pods of the zoo, as the API takes them: one for each word in the table's first column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from e2e.zoo.cases import CASES
from tests.waiting import SLOWNESS

if TYPE_CHECKING:
    from e2e.access import Json
    from e2e.zoo.cases import Case

KEEPER = "keeper"
SETTINGS: dict[str, Json] = {
    **{name: {"shareProcessNamespace": True} for name in ("shared", "shared-forgetful", "stopped", "frozen", "blocked")},
    "host-pid": {"hostPID": True},
    "stopping": {"terminationGracePeriodSeconds": round(40 * SLOWNESS)},
}
_LEAVES_ONE = {"exec": {"command": ["sh", "-c", "sleep 0.01 & exit 0"]}}
_LEAVES_NOTHING = {"exec": {"command": ["true"]}}
_EVERY_SECOND = {"periodSeconds": round(SLOWNESS), "timeoutSeconds": round(SLOWNESS)}
_EVERY_OTHER_SECOND = {**_EVERY_SECOND, "periodSeconds": round(2 * SLOWNESS)}
_MORE: dict[tuple[str, str], Json] = {
    ("quiet", "probed"): {"livenessProbe": {**_LEAVES_NOTHING, **_EVERY_SECOND}},
    ("hooked", "probe"): {"livenessProbe": {**_LEAVES_ONE, **_EVERY_OTHER_SECOND}},
    ("hooked", "post-start"): {"lifecycle": {"postStart": _LEAVES_ONE}},
    ("stopping", "pre-stop"): {
        "lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", f"(sleep 0.01 &); exec sleep {60 * SLOWNESS:g}"]}}}
    },
}


def manifest(namespace: str, node: str, image: str) -> Json:
    """A list of all pods, and of one with root's rights on the node."""
    names = dict.fromkeys(case.pod for case in CASES)
    pods = [
        _pod(name, SETTINGS.get(name, {}), [_container(each, image) for each in CASES if each.pod == name and each.container])
        for name in names
    ]
    keeper = {"name": KEEPER, "image": image, "command": ["tini", "--", "sleep", "infinity"], "securityContext": {"privileged": True}}
    pods.append(_pod(KEEPER, {"hostPID": True}, [keeper]))
    for pod in pods:
        pod["metadata"]["namespace"] = namespace
        pod["spec"]["nodeName"] = node
    return {"apiVersion": "v1", "kind": "List", "items": pods}


def _pod(name: str, settings: Json, containers: list[Json]) -> Json:
    spec = {"terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}], **settings}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {**spec, "containers": containers}}


def _container(case: Case, image: str) -> Json:
    more = _MORE.get((case.pod, case.container), {})
    return {"name": case.container, "image": image, "imagePullPolicy": "Never", "command": ["sh", "-c", case.start], **more}
