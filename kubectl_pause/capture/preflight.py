"""May this user do what a run needs? Asked once per run, of the server itself, before anything is created.

The questions (SelfSubjectAccessReview) go out at once and at the same time. Only a plain no counts: where the server does not answer
them, the run itself finds out. No dry run goes ahead of the pod's creation: the same admission chain would speak in the same words,
twice, and one that says no creates nothing either way. `--dry-run=server` is for those who want to ask without a run.
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.pasting import command_line

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api

_PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_PATIENCE_SECONDS = 2.0
"""An API server that needs longer for a review would hold up the run more than the answer is worth."""


@dataclass(frozen=True, slots=True)
class Need:
    """A verb on a resource of the core group, in the inspector pod's namespace."""

    verb: str
    resource: str
    subresource: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}" + (f"/{self.subresource}" if self.subresource else "")


NEEDS = (Need("create", "pods"), Need("get", "pods"), Need("get", "pods", "exec"), Need("delete", "pods"))
"""exec over a websocket is authorised as `get pods/exec`; from Kubernetes 1.35 on as `create` too, so a no to that alone proves nothing."""


class Preflight:
    """The questions of one run."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._namespace = namespace
        self._as_user = next((value for name, value in api.connection.impersonation if name == "Impersonate-User"), None)
        self._until = time.monotonic() + _PATIENCE_SECONDS
        self._answers: dict[Need, Future[bool]] = {need: Future() for need in NEEDS}
        for need, answer in self._answers.items():
            threading.Thread(target=_ask, args=(api, namespace, need, answer), name="preflight", daemon=True).start()

    def check(self) -> None:
        """Wait for the answers. Raises PauseInspectError that names everything that is missing."""
        wait(self._answers.values(), timeout=max(0.0, self._until - time.monotonic()))
        missing = [need for need, answer in self._answers.items() if answer.done() and not answer.result()]
        if not missing:
            return
        subject = f"User {json.dumps(self._as_user)}" if self._as_user else "you"
        each = ", ".join(f'{need.verb} resource "{need.resource}{"/" if need.subresource else ""}{need.subresource}"' for need in missing)
        part = [f"--subresource={missing[0].subresource}"] if missing[0].subresource else []
        whose = ["--as", self._as_user] if self._as_user else []
        check = command_line("kubectl", "auth", "can-i", missing[0].verb, missing[0].resource, *part, "-n", self._namespace, *whose)
        raise PauseInspectError(
            "Forbidden",
            f'no inspector pod was created: {subject} cannot {each} in the namespace "{self._namespace}"',
            f"ask for the roles of docs/rbac there, or name a namespace where you have them: --debug-namespace; check with: {check}",
        )


def _ask(api: Api, namespace: str, need: Need, answer: Future[bool]) -> None:
    attributes = {"namespace": namespace, "verb": need.verb, "resource": need.resource, "subresource": need.subresource}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": attributes}}
    try:
        told = json.loads(api.post(_PATH, json.dumps(review).encode(), timeout=_PATIENCE_SECONDS))
        answer.set_result(told["status"]["allowed"] is not False)
    except (PauseInspectError, ValueError, RecursionError, KeyError, TypeError):
        answer.set_result(True)  # not a no
