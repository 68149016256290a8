"""The log way: the collector is the pod's own command, and its answer is read from the container's log, where exec cannot be had.

In the log is base64 between two marks, lines of their own: a log is text, and its beginning is gone once the kubelet has rotated it
(`containerLogMaxSize`, 10 MiB by default; looked at every 10 s). After the second mark the command sleeps on, since the Job of a pod that
has ended takes it away at once, and the log with it.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from kubectl_pause.access.exec_protocol import ExecResult, StreamBroken
from kubectl_pause.access.exec_stream import ExecNotReady
from kubectl_pause.access.objects import get_log
from kubectl_pause.access.rest import ApiError
from kubectl_pause.capture.inspector_pod import CONTAINER, LOG_BEGIN, LOG_END
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api

_NO_LOG_YET = re.compile(
    r"is waiting to start|does not exist|not found|failed to (get status for pod|find container)|is not available"
    r"|could not find the requested resource",
    re.IGNORECASE,
)
_LONGEST_READ = 5.0
"""Seconds: then the pod and its node's lease are looked at, which tell of a kubelet that hangs; an API server waits for one in silence."""


class AnswerInLog:
    """The log of one inspector pod."""

    def __init__(self, api: Api, namespace: str, name: str) -> None:
        self._api, self._namespace, self._name = api, namespace, name
        self._where = f"the log of {CONTAINER} in pod {namespace}/{name}"
        self._has_begun = False

    def read(self, seconds: float) -> ExecResult:
        """What the collector wrote, as exec would have brought it.

        Raises ExecNotReady while it is not all there, StreamBroken where the log holds something else, ApiError for a refusal.
        """
        lines = self._log(min(seconds, _LONGEST_READ)).split()
        if lines[:1] == [LOG_BEGIN]:
            self._has_begun = True
        elif lines or self._has_begun:
            what = f"the beginning of {self._where} is gone: the kubelet has rotated it, as it does at 10 MiB"
            raise PauseInspectError("OutputTooLarge", what, "exec has no such limit: --transport exec")
        if lines[-1:] != [LOG_END]:
            raise ExecNotReady("ContainerNotRunning", f"{self._where} does not hold the whole answer yet")
        try:
            return ExecResult(base64.b64decode(b"".join(lines[1:-1]), validate=True), b"", 0)
        except binascii.Error:
            raise StreamBroken(f"{self._where} does not hold what the collector wrote") from None

    def _log(self, seconds: float) -> bytes:
        try:
            return get_log(self._api, self._namespace, self._name, CONTAINER, seconds)
        except ApiError as error:
            if error.reason != "KubeletUnreachable" and error.status in (400, 404, 500) and _NO_LOG_YET.search(error.message):
                raise ExecNotReady("ContainerNotRunning", f"{self._where} is not there yet: {error.message}") from None
            raise
        except PauseInspectError as error:
            if error.reason != "ServerUnreachable":
                raise
            raise ExecNotReady("ContainerNotRunning", f"{self._where} could not be read: {error.message}") from None
