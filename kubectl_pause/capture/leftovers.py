"""What runs of this program have left on a cluster: found by label, run id and name together, deleted by uid.

An object is ours when it bears both labels of `inspector_pod.LABELS`, a run id, and the name made of that id. Another one is never
listed, and so never deleted: neither a copy of a pod's labels nor an object that took the name in between (the uid is a precondition).

A run that may be going on, by whomever, is told from one that is over: its object has finished, or is older than its own deadline.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from kubectl_pause.access.objects import decode, segment
from kubectl_pause.access.rest import ApiError
from kubectl_pause.capture.inspector_pod import LABELS, RUN_LABEL, USER_LABEL, name_of_run
from kubectl_pause.capture.removal import delete
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.report import Failure

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from kubectl_pause.access.rest import Api

SELECTOR = ",".join([*(f"{key}={value}" for key, value in LABELS.items()), RUN_LABEL])
_COLLECTIONS = {"Job": ("/apis/batch/v1", "jobs"), "Pod": ("/api/v1", "pods")}
_AT_ONCE = 8
_CLOCKS_SECONDS = 300.0
"""How far the clock of this machine may be ahead of the API server's: that much longer a run counts as going on."""
_LONGEST_LIFETIME = 2 * 3600 + 60.0
"""For an object that lost its deadline: an hour of --timeout, an hour of --watch."""
_SWEEP_SECONDS = 2.0


class Leftover(msgspec.Struct, rename="camel"):
    """One object of ours. `deleted` is null where nothing was tried, `error` why it is still there."""

    kind: str
    namespace: str
    name: str
    uid: str
    run: str
    state: str
    """A pod's phase, `Active` for a Job; `Terminating` for either."""
    node: str | None = None
    created_at: str | None = None
    over: bool = False
    """Whether its run has ended for certain: it finished, or its deadline is long past."""
    deleted: bool | None = None
    error: str | None = None


class Leftovers(msgspec.Struct, rename="camel"):
    """The document of `cleanup -o json`."""

    api_version: str
    kind: str
    items: list[Leftover]
    errors: list[Failure]


def run_named(argument: str) -> str:
    """The run of `RUN`, and of the name of what it made, as the list and `-o name` print it: `NAME`, `pod/NAME`."""
    return argument.rpartition("/")[2].removeprefix(name_of_run(""))


def find_leftovers(api: Api, namespace: str | None, runs: Collection[str]) -> Leftovers:
    """Ours in a namespace, or in all with None; of some runs only, if any are named. What may not be listed is an error beside the rest."""
    found = Leftovers("pause-inspect/v1", "Leftovers", [], [])
    where = f"/namespaces/{segment(namespace)}" if namespace else ""
    for kind, (group, plural) in _COLLECTIONS.items():
        try:
            pages = api.list_pages(f"{group}{where}/{plural}", {"labelSelector": SELECTOR})
            objects = [each for page in pages for each in decode(page, _Objects, plural).items or ()]
        except ApiError as error:
            alone = "look into one namespace alone: -n kube-system; " if error.is_forbidden and not namespace else ""
            hint = alone + error.hint
            found.errors.append(Failure(reason=error.reason, message=error.message, hint=hint or None))
            continue
        found.items += [_leftover(kind, each) for each in objects if _is_ours(each) and (not runs or _run(each) in runs)]
    found.items.sort(key=lambda each: (each.created_at or "", each.namespace, each.name, each.kind))
    return found


def remove_leftovers(api: Api, items: Sequence[Leftover]) -> None:
    """Delete exactly these, and note in each what became of it."""

    def remove(each: Leftover) -> None:
        group, plural = _COLLECTIONS[each.kind]
        path = f"{group}/namespaces/{segment(each.namespace)}/{plural}/{segment(each.name)}"
        undeleted = delete(api, path, created=True, uid=each.uid)
        each.error = undeleted.why if undeleted else None
        each.deleted = undeleted is None

    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="cleanup") as executor:
        list(executor.map(remove, items))


def sweep_finished(api: Api, namespace: str, user: str) -> None:
    """Delete what earlier runs of one user (the value of USER_LABEL) left in a namespace, as far as this user may; the rest stays.

    For where Jobs may not be made, so that nothing else takes a finished pod away. Never raises for a refusal or a lost connection.
    """
    query = {"labelSelector": f"{SELECTOR},{USER_LABEL}={user}"}
    try:
        page = api.get(f"/api/v1/namespaces/{segment(namespace)}/pods", query, timeout=_SWEEP_SECONDS)
        pods = decode(page, _Objects, "pods").items or ()
    except PauseInspectError:  # no right to list is no trouble: cleanup is there
        return
    ours = [pod for pod in pods if _is_ours(pod) and (pod.metadata.labels or {}).get(USER_LABEL) == user]
    remove_leftovers(api, [each for each in (_leftover("Pod", pod) for pod in ours) if each.over])


class _Metadata(msgspec.Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] | None = None
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None


class _Spec(msgspec.Struct, rename="camel"):
    node_name: str | None = None
    active_deadline_seconds: int | None = None


class _Condition(msgspec.Struct):
    type: str | None = None
    status: str | None = None


class _Status(msgspec.Struct):
    phase: str | None = None
    conditions: list[_Condition] | None = None


class _Object(msgspec.Struct):
    """The fields that are the same in a Job and in a pod."""

    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


class _Objects(msgspec.Struct):
    items: list[_Object] | None = None


def _run(each: _Object) -> str:
    return (each.metadata.labels or {}).get(RUN_LABEL, "")


def _is_ours(each: _Object) -> bool:
    """The server selected by labels already; a server that did not is not believed."""
    labels = each.metadata.labels or {}
    return LABELS.items() <= labels.items() and each.metadata.name == name_of_run(_run(each)) and bool(each.metadata.uid)


def _leftover(kind: str, each: _Object) -> Leftover:
    state = "Terminating" if each.metadata.deletion_timestamp else each.status.phase or ("Active" if kind == "Job" else "Unknown")
    return Leftover(
        kind=kind,
        namespace=each.metadata.namespace,
        name=each.metadata.name,
        uid=each.metadata.uid,
        run=_run(each),
        state=state,
        node=each.spec.node_name,
        created_at=each.metadata.creation_timestamp,
        over=_is_finished(kind, each) or _is_past(each),
    )


def _is_finished(kind: str, each: _Object) -> bool:
    if kind == "Pod":
        return each.status.phase in ("Succeeded", "Failed")
    return any(one.type in ("Failed", "Complete") and one.status == "True" for one in each.status.conditions or ())


def _is_past(each: _Object) -> bool:
    """Nobody ended it, as on a node that is gone: its own deadline says when its run was over at the latest."""
    try:
        age = (datetime.now(UTC) - datetime.fromisoformat(each.metadata.creation_timestamp or "")).total_seconds()
    except (ValueError, TypeError):  # no time, or one without a zone
        return False
    return age > (each.spec.active_deadline_seconds or _LONGEST_LIFETIME) + _CLOCKS_SECONDS
