"""`--keep`: an inspector pod that stays for the next runs of the same user, and ends by itself.

It bears a digest of its user's name and the moment until which it may be used, by the API server's clock. Nobody else's run takes it.
Whoever may create pods there could give theirs such labels, and then tell lies to a run that takes it: what a node sends is believed in
nothing. One that cannot prove to read the node is of no use, and a fresh one is made.
"""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from kubectl_pause.access.access_reviews import own_name
from kubectl_pause.access.objects import list_pods
from kubectl_pause.capture.inspector_pod import KEPT_LABEL, LABELS, UNTIL_LABEL
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.inspector_pod import InspectorOptions
    from kubectl_pause.facts.api import Pod

_NAME_SECONDS = 2.0


def user_digest(api: Api) -> str | None:
    """The name of this user in a form that a label takes; None where the server does not say it."""
    name = own_name(api, _NAME_SECONDS)
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:20] if name else None


class KeptPods:
    """Those of this user, asked for once, by the first node that wants to know. Safe to use from many threads."""

    def __init__(self, api: Api, options: InspectorOptions) -> None:
        self._api = api
        self._namespace = options.namespace
        self._profile = options.profile
        self._lock = threading.Lock()
        self._user: str | None = None
        self._by_node: dict[str, Pod] | None = None

    def on(self, node: str) -> Pod | None:
        """One on the node that may be used now; None where there is none, or none may be listed."""
        self._ask()
        return (self._by_node or {}).get(node)

    def labels(self, seconds: float) -> dict[str, str]:
        """What marks one that is to be kept for so long; none for a user of whom the server tells no name: nobody could be told apart."""
        self._ask()
        until = int(self._api.clock.now().timestamp() + seconds)
        return {KEPT_LABEL: self._user, UNTIL_LABEL: str(until)} if self._user else {}

    def _ask(self) -> None:
        with self._lock:
            if self._by_node is not None:
                return
            self._by_node = {}
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix="kept-pods") as executor:
                everybodys = executor.submit(self._list)
                self._user = user_digest(self._api)
            try:
                pods = everybodys.result() if self._user else []
            except PauseInspectError:
                return  # whoever may not list makes a fresh one each time
            now = self._api.clock.now().timestamp()
            for pod in pods:
                labels = pod.metadata.labels or {}
                until = labels.get(UNTIL_LABEL, "") if labels.get(KEPT_LABEL) == self._user else ""
                usable = until.isascii() and until.isdigit() and int(until[:12]) > now and not pod.metadata.deletion_timestamp
                if usable and pod.spec.node_name and self._has_rights(pod):
                    self._by_node[pod.spec.node_name] = pod

    def _has_rights(self, pod: Pod) -> bool:
        """Whether it is of the profile that is asked for: `general` gets none that may do more, `auto` whichever there is."""
        privileged = any(container.is_privileged for container in pod.spec.containers or ())
        return self._profile == "auto" or privileged == (self._profile == "sysadmin")

    def _list(self) -> list[Pod]:
        selector = ",".join([*(f"{key}={value}" for key, value in LABELS.items()), KEPT_LABEL])
        return list_pods(self._api, self._namespace, {"labelSelector": selector, "fieldSelector": "status.phase=Running"})
