"""Watching pause processes of nodes: in the inspector pod that has just captured a node, for as long as was asked.

The watcher ends by itself. Earlier, it is asked to by a line on its stdin, and its last words are waited for; where nobody can ask any
more (kill -9 of this program, a cut connection) its stdin ends, which it takes for the same. So its trace instance goes either way.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kubectl_pause.access.exec_stream import ExecCancelled, StreamBroken, exec_in_pod
from kubectl_pause.access.rest import ApiError
from kubectl_pause.capture import inspector_pod
from kubectl_pause.capture.admission.preflight import Preflight
from kubectl_pause.capture.capture_run import CaptureRun
from kubectl_pause.capture.node_capture import captured_node
from kubectl_pause.capture.unanswered import exec_refused
from kubectl_pause.errors import PauseInspectError, as_failure
from kubectl_pause.signals import EndedBySignal, signals_into

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.answers.node_answer import NodeCapture
    from kubectl_pause.capture.inspector_pod import InspectorOptions

_SLACK_SECONDS = 15.0
"""More than the watcher takes to set itself up and to remove its instance."""
_RENUNCIATION_SECONDS = 2.0
"""A watcher whose stdin has ended is through after less: only then is its pod deleted."""
_GLANCE_SECONDS = 0.2
_MAX_STREAM_BYTES = 1 << 30
_COMMAND = ("sh", "-c", 'eval "$WATCHER"', "watch")


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """How to watch: for how many seconds, with a look every `interval` seconds; `buffer_kb` is each CPU's share of the trace buffer."""

    seconds: int
    interval: float
    buffer_kb: int
    use_tracefs: bool

    def command(self, pids: Sequence[int]) -> list[str]:
        """What is executed in the inspector pod."""
        interval, tracefs = str(round(self.interval * 100)), "yes" if self.use_tracefs else "no"
        return [*_COMMAND, str(self.seconds), interval, "_".join(map(str, pids)), str(self.buffer_kb), tracefs]


class Session(Protocol):
    """One node's watch, as its owner sees it. `ended`, once set, ends it."""

    node: str
    ended: threading.Event

    def begin(self, capture: NodeCapture) -> Sequence[int]:
        """The pids to watch on the node just captured; none ends the watch."""

    def take(self, data: bytes) -> None:
        """The watcher's output as it comes."""

    def over(self, error: PauseInspectError | None) -> None:
        """The watch has ended, by itself or by `error`. Called in the thread of `watch_nodes`, the others in the node's own."""


def watch_node(run: CaptureRun, plan: WatchPlan, session: Session) -> None:
    """Watch one node. Raises PauseInspectError; whatever happens, the pod is deleted before it returns."""
    with captured_node(run) as (capture, name):
        pids = session.begin(capture)
        if not pids or session.ended.is_set():
            return
        run.say("")
        try:
            result = exec_in_pod(
                run.api,
                run.options.namespace,
                name,
                inspector_pod.CONTAINER,
                plan.command(pids),
                deadline_seconds=plan.seconds + _SLACK_SECONDS,
                max_stdout_bytes=_MAX_STREAM_BYTES,
                on_stdout=session.take,
                ended_by=session.ended,
            )
        except (StreamBroken, ExecCancelled):
            time.sleep(_RENUNCIATION_SECONDS)
            raise
        except ApiError as error:
            raise exec_refused(run.api, run.node, error) from None
    if result.exit_code != 0:
        message = f"node {run.node}: the watcher ended with exit code {result.exit_code}: {result.last_words or 'no further word'}"
        raise PauseInspectError("WatcherFailed", message, "name an image with busybox: --image")


def watch_nodes(  # noqa: PLR0913 (what a watch is made of)
    api: Api,
    sessions: Sequence[Session],
    options: InspectorOptions,
    plan: WatchPlan,
    *,
    say: Callable[[str], None],
    warn: Callable[[str], None],
    show: Callable[[], None],
) -> None:
    """Watch every node at the same time; `show` is called in this thread a few times a second, and at the end.

    A signal ends all watches; this waits until each has deleted its pod. Raises EndedBySignal then, and whatever `show` raises.
    """
    cancelled = threading.Event()
    with signals_into(cancelled) as received:
        with ThreadPoolExecutor(max_workers=max(1, len(sessions)), thread_name_prefix="watch") as executor:
            preflight = Preflight(api, options.namespace)
            runs = {
                executor.submit(watch_node, CaptureRun(api, each.node, options, cancelled, say, warn, preflight), plan, each): each
                for each in sessions
            }
            try:
                _attend(runs, cancelled, show)
            finally:
                cancelled.set()
                _end_all(sessions)
        show()
        if received:
            raise EndedBySignal(received[0])


def _attend(runs: dict[Future[None], Session], cancelled: threading.Event, show: Callable[[], None]) -> None:
    pending = set(runs)
    while pending:
        finished, pending = wait(pending, timeout=_GLANCE_SECONDS, return_when=FIRST_COMPLETED)
        for future in finished:
            error = future.exception()
            runs[future].over(as_failure(runs[future].node, error) if error else None)
        if cancelled.is_set():
            _end_all(list(runs.values()))
        show()


def _end_all(sessions: Sequence[Session]) -> None:
    for each in sessions:
        each.ended.set()
