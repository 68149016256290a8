"""Why the sandbox of the inspector pod is not made, in the words of its own events: what stops it may stop every other pod of its node.

The kubelet reports FailedCreatePodSandBox at each try and tries again after 10 to 15 s (pkg/kubelet/pod_workers.go). One failure may be
over by then, and is waited for; a second one will not be, nor will a pause image that cannot be had or a file system that is full.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from kubectl_pause.access.objects import list_events
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.pasting import kubectl_line

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api

_STEP_SECONDS = 1.0
_MOST_CHARACTERS = 600
_LASTING = {
    "image/pause-missing": re.compile(
        r"failed to (?:get|pull)[^:]* sandbox image.*(?:not found|no such host|denied|unauthorized|connection refused|unreachable)",
        re.DOTALL,
    ),
    "disk/full": re.compile(r"no space left on device"),
}


class SandboxEvents:
    """The events of one pod of ours, asked for from time to time. `last` is the newest failure's text; a user who may not read them
    learns nothing from them.
    """

    def __init__(self, api: Api, node: str, namespace: str, name: str) -> None:
        self._api, self._node, self._namespace = api, node, namespace
        self._of = f"involvedObject.kind=Pod,involvedObject.name={name},reason=FailedCreatePodSandBox"
        self._next = time.monotonic() + _STEP_SECONDS
        self.last = ""

    def trouble(self) -> PauseInspectError | None:
        """What to say of a sandbox that will not be made; None while it may be."""
        if time.monotonic() < self._next:
            return None
        self._next = time.monotonic() + _STEP_SECONDS
        try:
            failures = list_events(self._api, self._namespace, self._of)
        except PauseInspectError:
            return None
        if not failures:
            return None
        newest = max(failures, key=lambda event: event.last_seen.timestamp() if event.last_seen else 0.0)
        words = (newest.message or "no further word").strip()
        self.last = words[-_MOST_CHARACTERS:]  # the cause stands last
        code = next((code for code, lasting in _LASTING.items() if lasting.search(words)), None)
        if code is None and sum(event.times for event in failures) == 1:
            return None
        look = kubectl_line("describe", "node", self._node)
        return PauseInspectError(
            "SandboxNotMade",
            f"node {self._node}: the sandbox of the inspector pod cannot be made: {self.last}",
            f"kubectl pause-inspect explain {code}; {look}" if code else look,
        )
