"""May this user do what a run needs? Asked once per run, of the server itself, before anything is created.

The questions (SelfSubjectAccessReview) go out at the same time. Only a plain no counts: where the server does not answer
them, the run itself finds out. No dry run goes ahead of the pod's creation: the same admission chain would speak in the same words,
twice, and one that says no creates nothing either way. `--dry-run=server` is for those who want to ask without a run.
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import Future, wait
from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_pause.access.access_reviews import Right, is_allowed
from kubectl_pause.errors import ForeignReason, PauseInspectError
from kubectl_pause.pasting import command_line

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api

_PATIENCE_SECONDS = 2.0
"""An API server that needs longer for a review would hold up the run more than the answer is worth."""


NEEDS = (Right("create", "pods"), Right("get", "pods"), Right("delete", "pods"))
WAYS_BACK = {"exec": Right("get", "pods", "exec"), "log": Right("get", "pods", "log")}
"""exec over a websocket is authorised as `get pods/exec`; from Kubernetes 1.35 on as `create` too, so a no to that alone proves nothing."""


class Preflight:
    """The questions of one run, asked by the first node that makes a pod: a run through a pod that is kept makes none."""

    def __init__(self, api: Api, namespace: str, transport: str = "exec") -> None:
        self._api, self._namespace, self._transport = api, namespace, transport
        self._as_user = next((value for name, value in api.connection.impersonation if name == "Impersonate-User"), None)
        self._first_way = WAYS_BACK["exec" if transport == "auto" else transport]
        self._until = 0.0
        self._answers: dict[Right, Future[bool | None]] = {}
        self._log: Future[bool | None] | None = None
        self._first = threading.Lock()

    def _begin(self, need: Right) -> Future[bool | None]:
        answer: Future[bool | None] = Future()
        right = replace(need, namespace=self._namespace)
        threading.Thread(target=_ask, args=(self._api, right, answer), name="preflight", daemon=True).start()
        return answer

    def check(self) -> str:
        """Wait for the answers. How the collector's may come back: `exec`, or `log` where it is wished or all that is allowed.

        Raises PauseInspectError that names everything that is missing.
        """
        with self._first:
            if not self._answers:
                self._until = time.monotonic() + _PATIENCE_SECONDS
                self._answers = {need: self._begin(need) for need in (*NEEDS, self._first_way)}
        wait(self._answers.values(), timeout=max(0.0, self._until - time.monotonic()))
        missing = [need for need, answer in self._answers.items() if answer.done() and answer.result() is False]
        if missing == [WAYS_BACK["exec"]] and self._transport == "auto" and self._log_is_allowed():
            return "log"
        if not missing:
            return self._first_way.subresource
        subject = f"User {json.dumps(self._as_user)}" if self._as_user else "you"
        each = ", ".join(f'{need.verb} resource "{need.target}"' for need in missing)
        part = [f"--subresource={missing[0].subresource}"] if missing[0].subresource else []
        whose = ["--as", self._as_user] if self._as_user else []
        check = command_line("kubectl", "auth", "can-i", missing[0].verb, missing[0].resource, *part, "-n", self._namespace, *whose)
        raise PauseInspectError(
            ForeignReason("Forbidden"),
            f'no inspector pod was created: {subject} cannot {each} in the namespace "{self._namespace}"',
            "ask for the roles of docs/rbac there, or name a namespace where you have them: --debug-namespace; zombies of pods that you "
            "may exec into are seen without any of it: kubectl pause-inspect zombies --inside; "
            f"{command_line('kubectl', 'pause-inspect', 'access', *whose)} prints the lines that grant them; check with: {check}",
        )

    def _log_is_allowed(self) -> bool:
        """Asked by the first node that needs it, since most runs do not."""
        with self._first:
            self._log = self._log or self._begin(WAYS_BACK["log"])
        wait([self._log], timeout=_PATIENCE_SECONDS)
        return self._log.done() and self._log.result() is True


def _ask(api: Api, right: Right, answer: Future[bool | None]) -> None:
    try:
        answer.set_result(is_allowed(api, right, _PATIENCE_SECONDS))
    except BaseException as error:  # noqa: BLE001 (raised again where the answer is looked at)
        answer.set_exception(error)
