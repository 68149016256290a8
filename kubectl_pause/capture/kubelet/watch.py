"""While an exec waits: whether a kubelet will ever answer it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from kubectl_pause.access.objects import get_pod
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.kubelet.lease import KubeletLease

_KUBELET_SECONDS = 2.0
"""An exec that has not ended by then may have no kubelet at its other end."""


class KubeletWatch(threading.Event):
    """Cancels an exec when the user does, or when no kubelet will ever answer it: an API server says nothing while it waits for one."""

    def __init__(self, api: Api, namespace: str, pod: str, lease: KubeletLease, cancelled: threading.Event) -> None:
        super().__init__()
        self.lease = lease
        self.trouble: PauseInspectError | None = None
        self._api, self._namespace, self._pod = api, namespace, pod
        self._cancelled = cancelled
        self._from = time.monotonic() + _KUBELET_SECONDS

    def is_set(self) -> bool:
        """Asked a few times a second while an exec waits."""
        if self._cancelled.is_set():
            return True
        if time.monotonic() < self._from:
            return False
        silent = self.lease.trouble()
        if silent is not None and self._is_unseen():
            self.trouble = silent
        return self.trouble is not None

    def _is_unseen(self) -> bool:
        """Whether the kubelet has never told of the pod. One that lost the API server alone goes on serving what runs."""
        try:
            return not get_pod(self._api, self._namespace, self._pod).status.container_statuses
        except PauseInspectError:
            return False
