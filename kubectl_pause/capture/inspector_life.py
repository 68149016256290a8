"""Birth and end of the inspector pod: whatever happens in between, what was made, or may have been made, is deleted.

What survives even the end of this process without a word (kill -9, power) is deleted by the cluster itself: see `expiry_job`.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kubectl_pause.access.objects import segment
from kubectl_pause.access.rest import ApiError
from kubectl_pause.capture import expiry_job, inspector_pod
from kubectl_pause.capture.admission.refusals import is_certain, is_of_the_namespace
from kubectl_pause.capture.kept_pods import user_digest
from kubectl_pause.capture.leftovers import sweep_finished
from kubectl_pause.capture.removal import delete
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.pasting import kubectl_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.inspector_pod import InspectorOptions

_POD, _JOB = "pod", "job"


@dataclass(frozen=True, slots=True)
class Inspector:
    """The pod that was created."""

    name: str
    uid: str


@dataclass(slots=True)
class _Trace:
    """One object of ours that is on the cluster, or may be: `certain` once the server said so."""

    kind: str
    path: str
    certain: bool = False


@dataclass(slots=True)
class _Stay:
    """All that one run makes."""

    api: Api
    options: InspectorOptions
    name: str
    warn: Callable[[str], None]
    traces: list[_Trace] = field(default_factory=list)
    owned: bool = False
    user: str | None = None
    """The value of USER_LABEL; None where the pod is owned, or the server does not say whose it is."""

    def create(self, kind: str, body: dict[str, object]) -> bytes:
        """The server's answer. A refusal leaves no trace; any other failure leaves one that may be there."""
        group = "/apis/batch/v1" if kind == _JOB else "/api/v1"
        collection = f"{group}/namespaces/{segment(self.options.namespace)}/{kind}s"
        trace = _Trace(kind, f"{collection}/{segment(self.name)}")
        self.traces.append(trace)
        try:
            answer = self.api.post(collection, json.dumps(body).encode())
        except PauseInspectError as error:
            refused = isinstance(error, ApiError) and is_certain(error)
            if refused or error.reason == "WrongUsage":  # which was never sent
                self.traces.remove(trace)
            raise
        trace.certain = True
        return answer

    def remove(self) -> None:
        """Delete every trace, all at the same time, and say what could not be deleted."""
        if not self.traces:
            return
        with ThreadPoolExecutor(max_workers=len(self.traces), thread_name_prefix="removal") as executor:
            outcomes = list(executor.map(lambda trace: delete(self.api, trace.path, created=trace.certain), self.traces))
        left = {trace.kind: undeleted for trace, undeleted in zip(self.traces, outcomes, strict=True) if undeleted}
        if not left or (self.owned and _JOB not in left and left[_POD].forbidden and self._is_certain(_POD)):
            return  # what the Job owned goes with it, and the server that said no is well
        kind, why = (_JOB, left[_JOB].why) if _JOB in left else (_POD, left[_POD].why)
        where, end = f"{self.options.namespace}/{self.name}", "disappears" if self.owned or kind == _JOB else "ends"
        self.warn(
            f"the inspector {'pod' if kind == _POD else 'Job'} {where} could not be deleted: {why}; it {end} by itself within "
            f"{self.options.lifetime} s; delete it with: {kubectl_line('delete', kind, self.name, self.options.namespace)}"
        )

    def keep(self) -> None:
        """Leave all of it for the next runs: from now on it ends by itself alone."""
        self.traces.clear()
        self.warn(
            f"the inspector pod {self.options.namespace}/{self.name} is kept for {self.options.keep_seconds:.0f} s, and disappears "
            f"within {self.options.lifetime} s; to end it now: kubectl pause-inspect cleanup --yes {self.name}"
        )

    def _is_certain(self, kind: str) -> bool:
        return all(trace.certain for trace in self.traces if trace.kind == kind)


@contextmanager
def inspector(api: Api, node: str, options: InspectorOptions, warn: Callable[[str], None]) -> Iterator[Inspector]:
    """The inspector pod on a node, while the block runs. Raises ApiError for a refusal, PauseInspectError for a lost connection."""
    stay = _Stay(api, options, inspector_pod.new_name(), warn)
    try:
        owner = _owner(stay)
        stay.owned = owner is not None
        stay.user = user_digest(api) if owner is None else None
        answer = stay.create(_POD, inspector_pod.manifest(stay.name, node, options, owner, stay.user))
        yield Inspector(stay.name, inspector_pod.uid_of(answer))
        if options.kept:
            stay.keep()
    finally:
        stay.remove()
        if stay.user:
            sweep_finished(api, options.namespace, stay.user)


def _owner(stay: _Stay) -> dict[str, object] | None:
    """The owner of the pod to come; None, and a warning, where Jobs are refused."""
    body = expiry_job.manifest(stay.name, inspector_pod.labels(stay.name), stay.options)
    try:
        owner = expiry_job.owner_reference(stay.create(_JOB, body))
    except ApiError as error:
        if error.status in (401, 429) or not is_certain(error) or is_of_the_namespace(error):
            raise
        why = error.message.replace(f'"{stay.name}" ', "")
    else:
        if owner is not None:
            return owner
        why = "the server changed the Job so that it would never expire"
    stay.warn(
        f"no Job can own the inspector pod: after kill -9 the pod would end within {stay.options.lifetime} s, but its object stay until "
        f"your next run here, or: kubectl pause-inspect cleanup; {why}"
    )
    return None
