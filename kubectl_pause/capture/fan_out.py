"""Several nodes at once, with a bound; one failed node is one failure beside the others' captures."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kubectl_pause.capture.admission.preflight import Preflight
from kubectl_pause.capture.answers.node_answer import NodeCapture
from kubectl_pause.capture.capture_run import CaptureRun
from kubectl_pause.capture.kept_pods import KeptPods
from kubectl_pause.capture.node_capture import capture_node
from kubectl_pause.capture.parallel_limit import ParallelLimit
from kubectl_pause.capture.through_pod import capture_through
from kubectl_pause.errors import PauseInspectError, as_failure
from kubectl_pause.signals import EndedBySignal, signals_into

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.inspector_pod import InspectorOptions

Outcome = NodeCapture | PauseInspectError


class TooManyFailures(PauseInspectError):  # noqa: N818 (the user's bound)
    """So many nodes failed that the rest was not begun."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run over nodes is: of `total`, `done` have ended, `failed` of them with an error; the longest waited for stands first."""

    total: int
    done: int
    failed: int
    waited_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many nodes at the same time, None: as many as the API server bears; and after how many failures no more is begun, None: never."""

    parallel: int | None = None
    failures: int | None = None


def capture_nodes(  # noqa: PLR0913 (what a run is made of)
    api: Api,
    nodes: Sequence[str],
    options: InspectorOptions,
    *,
    bounds: Bounds,
    say: Callable[[str], None],
    warn: Callable[[str], None],
    show: Callable[[Standing], None] = lambda _: None,
    meanwhile: Callable[[], object] | None = None,
) -> Generator[tuple[str, Outcome]]:
    """Capture each node; each comes with its capture or its error, as it ends. `show` is told each time that a node begins or ends,
    `meanwhile` is done while a collector works.

    A signal sets the flag that every capture looks at, and this waits until each has deleted its pod. Raises EndedBySignal then, and
    TooManyFailures after the last that was begun, where others were not. Close what is not read to its end: the captures that go on are
    ended in the same way.
    """
    cancelled = threading.Event()
    limit = ParallelLimit() if bounds.parallel is None else ParallelLimit.fixed(bounds.parallel)
    with signals_into(cancelled) as received, _answers_into(api, limit):
        with ThreadPoolExecutor(max_workers=max(1, min(limit.most, len(nodes))), thread_name_prefix="node") as executor:
            preflight = None if options.via else Preflight(api, options.namespace, _transport(options))
            kept = KeptPods(api, options) if options.keep_seconds else None
            run = CaptureRun(api, "", options, cancelled, say, _once(warn), preflight, meanwhile)

            def begin(node: str) -> Future[NodeCapture]:
                return executor.submit(_capture, replace(run, node=node), kept)

            try:
                yield from _Fleet(nodes, begin, limit, bounds.failures, cancelled, show).outcomes()
            finally:
                cancelled.set()
        if received:
            raise EndedBySignal(received[0])


def _transport(options: InspectorOptions) -> str:
    """Unasked a log is no place for arguments, which may be secrets; and a pod that is kept is asked by exec."""
    return "exec" if options.transport == "auto" and (options.keep_seconds or options.read_args) else options.transport


@contextmanager
def _answers_into(api: Api, limit: ParallelLimit) -> Iterator[None]:
    api.on_answer = lambda status, seconds: limit.heard(status, seconds, time.monotonic())
    try:
        yield
    finally:
        api.on_answer = None


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


@dataclass(slots=True)
class _Fleet:
    """The nodes of one run: those that wait, those that run, and how many have ended. Of one thread."""

    nodes: Sequence[str]
    begin: Callable[[str], Future[NodeCapture]]
    limit: ParallelLimit
    most_failures: int | None
    cancelled: threading.Event
    show: Callable[[Standing], None]
    waiting: deque[str] = field(init=False)
    runs: dict[Future[NodeCapture], str] = field(default_factory=dict)
    """Those that run, and those whose outcome was not taken yet, which keeps their captures from piling up."""
    done: int = 0
    failed: int = 0

    def __post_init__(self) -> None:
        self.waiting = deque(self.nodes)

    def outcomes(self) -> Iterator[tuple[str, Outcome]]:
        """Each node that was begun, as it ends. Raises TooManyFailures."""
        self._begin_more()
        while self.runs:
            ended, pending = wait(self.runs, timeout=0.2, return_when=FIRST_COMPLETED)
            if self.cancelled.is_set():
                for future in pending:
                    future.cancel()
            while ended:
                future = ended.pop()
                node = self.runs.pop(future)
                if future.cancelled():
                    continue
                outcome = _outcome(node, future)
                del future  # a capture is large: it goes when the reader is done with it
                self._count(outcome)
                self._begin_more()
                yield node, outcome
                del outcome
            self._begin_more()
        if self.waiting and not self.cancelled.is_set():
            raise _too_many(self.failed, len(self.waiting), len(self.nodes))

    def _count(self, outcome: Outcome) -> None:
        self.done += 1
        if isinstance(outcome, PauseInspectError):
            self.failed += 1
        else:
            self.limit.node_read()

    def _begin_more(self) -> None:
        enough = self.most_failures is not None and self.failed >= self.most_failures
        while self.waiting and not enough and len(self.runs) < self.limit.allowed and not self.cancelled.is_set():
            node = self.waiting.popleft()
            self.runs[self.begin(node)] = node
        self.show(Standing(len(self.nodes), self.done, self.failed, tuple(self.runs.values())))


def _too_many(failed: int, left: int, total: int) -> TooManyFailures:
    nodes = "1 node failed" if failed == 1 else f"{failed} nodes failed"
    what = f"{left} of {total} nodes {'was' if left == 1 else 'were'} not begun: {nodes}, as many as --max-failures lets fail"
    return TooManyFailures("TooManyFailures", what, "see to the failures above, or give a larger --max-failures, or none")


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


def _outcome(node: str, future: Future[NodeCapture]) -> Outcome:
    error = future.exception()
    if error is None:
        return future.result()
    return as_failure(node, error)
