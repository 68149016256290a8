"""One capture of a node: what it is told, and what the API says of the node, read while the node itself is."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from kubectl_pause.access.objects import get_node, list_pods
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.admission.preflight import Preflight
    from kubectl_pause.capture.inspector_pod import InspectorOptions
    from kubectl_pause.facts.api import Node, Pod

GLANCE_SECONDS = 0.2
"""How long a wait lasts before it looks whether the run was cancelled."""


class Interrupted(PauseInspectError):  # noqa: N818 (no error: the user's wish)
    """The user or the system ended the run; the pod is deleted on the way out."""


@dataclass(slots=True)
class CaptureRun:
    """What one capture is told to do. `say` gets one short line for each step, `warn` what the user must know."""

    api: Api
    node: str
    options: InspectorOptions
    cancelled: threading.Event
    say: Callable[[str], None]
    warn: Callable[[str], None]
    preflight: Preflight | None = None
    """What this user may do; None: the run finds out."""
    meanwhile: Callable[[], object] | None = None
    """Done while the collector works: what takes time and is needed afterwards."""


def stop_if_cancelled(run: CaptureRun) -> None:
    """Raises Interrupted."""
    if run.cancelled.is_set():
        raise interrupted(run)


def interrupted(run: CaptureRun) -> Interrupted:
    """The error of a run that was cancelled."""
    return Interrupted("Interrupted", f"node {run.node}: interrupted", "")


Seen = TypeVar("Seen")


class ApiSide:
    """The node object and the node's pods, each asked for in a thread of its own, from `begin` on."""

    def __init__(self, run: CaptureRun) -> None:
        self._run = run
        self.node_view: Future[Node | None] = Future()
        self._pods_view: Future[list[Pod]] = Future()

    def begin(self) -> None:
        """Ask for both."""
        run = self._run
        threading.Thread(target=_into, args=(self.node_view, _node, run), name="node-view", daemon=True).start()
        threading.Thread(target=_into, args=(self._pods_view, _pods, run), name="pods-view", daemon=True).start()

    def seen(self, deadline: float) -> tuple[Node | None, list[Pod]]:
        """Both. A node that was read is worth more than what the API could add: what is missing is a warning, and None or empty."""
        node = _awaited(self._run, self.node_view, deadline, None, "what the API says of it is missing")
        return node, _awaited(self._run, self._pods_view, deadline, [], "pods are named by the runtime alone")


def _into(view: Future[Seen], look: Callable[[CaptureRun], Seen], run: CaptureRun) -> None:
    try:
        view.set_result(look(run))
    except BaseException as error:  # noqa: BLE001 (raised again where the view is awaited)
        view.set_exception(error)


def _awaited(run: CaptureRun, view: Future[Seen], deadline: float, absent: Seen, consequence: str) -> Seen:
    until = min(deadline, time.monotonic() + max(run.api.request_timeout, GLANCE_SECONDS))
    while not view.done() and time.monotonic() < until:
        stop_if_cancelled(run)
        wait([view], timeout=GLANCE_SECONDS)
    if not view.done():
        run.warn(f"node {run.node}: {consequence}: the API server did not answer in time")
        return absent
    try:
        return view.result()
    except PauseInspectError as error:
        run.warn(f"node {run.node}: {consequence}: {error.message}")
        return absent


def _node(run: CaptureRun) -> Node | None:
    return get_node(run.api, run.node)


def _pods(run: CaptureRun) -> list[Pod]:
    return list_pods(run.api, None, {"fieldSelector": f"spec.nodeName={run.node}"})
