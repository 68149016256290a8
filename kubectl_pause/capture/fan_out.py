"""Several nodes at once, with a bound; one failed node is one failure beside the others' captures."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_pause.capture.admission.preflight import Preflight
from kubectl_pause.capture.kept_pods import KeptPods
from kubectl_pause.capture.node_capture import CaptureRun, NodeCapture, capture_node
from kubectl_pause.capture.through_pod import capture_through
from kubectl_pause.errors import PauseInspectError, as_failure
from kubectl_pause.signals import EndedBySignal, signals_into

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.inspector_pod import InspectorOptions


def capture_nodes(  # noqa: PLR0913 (what a run is made of)
    api: Api,
    nodes: Sequence[str],
    options: InspectorOptions,
    *,
    parallel: int,
    say: Callable[[str], None],
    warn: Callable[[str], None],
) -> Generator[tuple[str, NodeCapture | PauseInspectError]]:
    """Capture each node; each comes with its capture or its error, as it ends.

    A signal sets the flag that every capture looks at, and this waits until each has deleted its pod. Raises EndedBySignal then. Close
    what is not read to its end: the captures that go on are ended in the same way.
    """
    cancelled = threading.Event()
    with signals_into(cancelled) as received:
        with ThreadPoolExecutor(max_workers=max(1, min(parallel, len(nodes) or 1)), thread_name_prefix="node") as executor:
            once, preflight = _once(warn), None if options.via else Preflight(api, options.namespace)
            kept = KeptPods(api, options) if options.keep_seconds else None
            run = CaptureRun(api, "", options, cancelled, say, once, preflight)
            runs = {executor.submit(_capture, replace(run, node=node), kept): node for node in nodes}
            try:
                yield from _as_they_end(runs, cancelled)
            finally:
                cancelled.set()
        if received:
            raise EndedBySignal(received[0])


def _capture(run: CaptureRun, kept: KeptPods | None) -> NodeCapture:
    """Through the pod that is named, or one that an earlier run has kept; else by a fresh one, also where that has ended meanwhile."""
    if run.options.via:
        return capture_through(run, run.options.via)
    if kept is None:
        return capture_node(run)
    if there := kept.on(run.node):
        try:
            return capture_through(run, there)
        except PauseInspectError as error:
            if run.cancelled.is_set():
                raise
            run.say(f"node {run.node}: the pod that was kept is of no use any more: {error.message}")
    return capture_node(replace(run, options=replace(run.options, kept=kept.labels(run.options.keep_seconds))))


def _as_they_end(runs: dict[Future[NodeCapture], str], cancelled: threading.Event) -> Iterator[tuple[str, NodeCapture | PauseInspectError]]:
    pending: set[Future[NodeCapture]] = set(runs)
    while pending:
        ended, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
        if cancelled.is_set():
            for future in pending:
                future.cancel()
        while ended:
            future = ended.pop()
            node = runs.pop(future)
            if not future.cancelled():
                outcome = _outcome(node, future)
                del future  # a capture is large: it goes when the reader is done with it
                yield node, outcome
                del outcome


def _once(warn: Callable[[str], None]) -> Callable[[str], None]:
    """What holds for every node is said of the first only."""
    said: set[str] = set()
    lock = threading.Lock()

    def first(text: str) -> None:
        with lock:
            if text in said:
                return
            said.add(text)
        warn(text)

    return first


def _outcome(node: str, future: Future[NodeCapture]) -> NodeCapture | PauseInspectError:
    error = future.exception()
    if error is None:
        return future.result()
    return as_failure(node, error)
