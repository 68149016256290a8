"""Whether a node's kubelet lives, sooner than the node becomes NotReady: by its lease in `kube-node-lease`.

A kubelet renews it each quarter of `leaseDurationSeconds` (pkg/kubelet: nodeLeaseRenewIntervalFraction 0.25; 40 s, so each 10 s); the
node is NotReady only after 40 to 50 s without. No clock is compared with another: a lease that is not renewed while this program
waits for one and a half intervals has no kubelet that renews it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kubectl_pause.access.objects import get_lease
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.pasting import kubectl_line

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api

_INTERVALS = 0.375
_STEP_SECONDS = 1.0
_REQUEST_SECONDS = 2.0
_DEFAULT_DURATION, _LONGEST_DURATION = 40, 600


class KubeletLease:
    """The lease of one node, looked at from time to time. A user who may not read it learns nothing from it.

    `renewed` and `silent` say whether it was seen to be renewed, and whether the last look found that it is not any more.
    """

    def __init__(self, api: Api, node: str) -> None:
        self._api = api
        self._node = node
        self.renewed = self.silent = False
        self._last: str | None = None
        self._since = 0.0
        self._next = 0.0

    def trouble(self) -> PauseInspectError | None:
        """What to say of a kubelet that has stopped renewing; None while it may live."""
        now = time.monotonic()
        if now < self._next:
            return None
        self._next = now + _STEP_SECONDS
        try:
            spec = get_lease(self._api, self._node, timeout=_REQUEST_SECONDS).spec
        except PauseInspectError:
            self._last, self.silent = None, False  # unknown is no trouble
            return None
        if spec.renew_time is None or spec.renew_time != self._last:
            self.renewed = self.renewed or None not in (spec.renew_time, self._last)
            self._last, self._since, self.silent = spec.renew_time, now, False
            return None
        duration = spec.lease_duration_seconds or _DEFAULT_DURATION
        waited = now - self._since
        if waited < _INTERVALS * min(max(duration, 1), _LONGEST_DURATION):
            return None
        self.silent = True
        return PauseInspectError(
            "KubeletSilent",
            f"node {self._node}: its kubelet takes no note of the inspector pod, and did not renew its lease in the {waited:.0f} s of "
            f"waiting, which it does each {duration / 4:g} s; last renewed {self._last}",
            f"is the kubelet running? on the node: systemctl status kubelet; or: {kubectl_line('describe', 'node', self._node)}",
        )
