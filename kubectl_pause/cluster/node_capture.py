"""Capture of one node: create the inspector pod, run the collector in it, bring the bytes back, delete the pod.

exec is tried at once and again in short steps, not after phase Running: that halves the wait (measured 0.9 s against 1.5 s).
While the pod starts, the node and its pods are read from the API.
"""

from __future__ import annotations

import contextlib
import gzip
import threading
import time
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from kubectl_pause import __version__
from kubectl_pause.cluster import inspector_pod
from kubectl_pause.cluster.exec_stream import ExecCancelled, ExecNotReady, StreamBroken, exec_in_pod
from kubectl_pause.cluster.inspector_life import inspector
from kubectl_pause.cluster.kubelet_lease import KubeletLease
from kubectl_pause.cluster.node_images import may_serve
from kubectl_pause.cluster.objects import get_node, get_pod, list_pods
from kubectl_pause.cluster.refusals import explained
from kubectl_pause.cluster.rest import ApiError
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.api import ApiView, for_capture
from kubectl_pause.facts.capture import FILE_MAGIC, Capture, CaptureError, read_capture
from kubectl_pause.pasting import kubectl_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kubectl_pause.cluster.inspector_pod import InspectorOptions
    from kubectl_pause.cluster.preflight import Preflight
    from kubectl_pause.cluster.rest import Api
    from kubectl_pause.facts.api import Node, Pod

_EXEC_STEP = 0.03
_LEAST_EXEC_SECONDS = 2.0
"""A last try gets this long, so that what it says is the container's state and not that it was cut short."""
_EAGER_SECONDS = 2.0
_EXEC_LATER_STEP = 0.3
_POD_STEP = 0.3
_GLANCE_SECONDS = 0.2
_KUBELET_SECONDS = 2.0
"""An exec that has not ended by then may have no kubelet at its other end."""
_MAX_ANSWER_BYTES = 64 * 1024 * 1024


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
    """What this user may do, asked already; None: the run finds out."""


@dataclass(frozen=True, slots=True)
class NodeCapture:
    """One node's capture, the API's view in it, and the collector's own bytes."""

    capture: Capture
    answer: bytes

    def file(self) -> bytes:
        """A capture file."""
        return gzip.compress(FILE_MAGIC + b"\n#api\n " + (self.capture.api or b"") + b"\n", compresslevel=1) + self.answer


def capture_node(run: CaptureRun) -> NodeCapture:
    """Capture one node. Raises PauseInspectError; whatever happens, the pod is deleted before it returns."""
    with captured_node(run) as (capture, _):
        return capture


@contextlib.contextmanager
def captured_node(run: CaptureRun) -> Iterator[tuple[NodeCapture, str]]:
    """A node's capture and the name of the pod that made it, which lives until the end of the block. Raises as `capture_node`."""
    started = time.monotonic()
    deadline = started + run.options.timeout
    view: Future[tuple[Node | None, list[Pod]]] = Future()
    threading.Thread(target=_api_side, args=(run, view), name="api-view", daemon=True).start()
    try:
        if run.preflight:
            run.preflight.check()
        with inspector(run.api, run.node, run.options, run.warn) as ours:
            collected = _collect(run, ours.name, deadline)
            node, pods = _await_view(run, view, deadline)
            api_view = ApiView(
                captured_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
                node_name=run.node,
                node=node,
                pods=[for_capture(pod) for pod in pods],
                inspector_uid=ours.uid,
                seconds=round(time.monotonic() - started, 3),
                tool_version=__version__,
            )
            yield replace(collected, capture=replace(collected.capture, api=msgspec.json.encode(api_view))), ours.name
    except ApiError as error:
        raise _with_node_state(run, error) from None


def _await_view(run: CaptureRun, view: Future[tuple[Node | None, list[Pod]]], deadline: float) -> tuple[Node | None, list[Pod]]:
    while not view.done():
        _stop_if(run)
        if time.monotonic() >= deadline:
            message = f"node {run.node}: the API server did not list its pods within {run.options.timeout:g} s"
            raise PauseInspectError("Timeout", message, "wait longer with --timeout")
        wait([view], timeout=_GLANCE_SECONDS)
    return view.result()


def _api_side(run: CaptureRun, view: Future[tuple[Node | None, list[Pod]]]) -> None:
    """The node and its pods, into `view`."""
    try:
        view.set_result(_node_and_pods(run))
    except BaseException as error:  # noqa: BLE001 (raised again where the view is awaited)
        view.set_exception(error)


def _node_and_pods(run: CaptureRun) -> tuple[Node | None, list[Pod]]:
    """The node and its pods. What we may not read is left out with a warning; the capture still tells much."""
    node: Node | None = None
    pods: list[Pod] = []
    try:
        node = get_node(run.api, run.node)
    except ApiError as error:
        run.warn(f"node {run.node}: {error.message}")
    try:
        pods = list_pods(run.api, None, {"fieldSelector": f"spec.nodeName={run.node}"})
    except ApiError as error:
        run.warn(f"node {run.node}: pods are named by the runtime alone: {error.message}")
    return node, pods


def _collect(run: CaptureRun, name: str, deadline: float) -> NodeCapture:
    """The collector's answer, checked whole. A broken stream is tried once more, on the same pod."""
    try:
        return _exec_when_ready(run, name, deadline)
    except (StreamBroken, CaptureError) as error:
        if isinstance(error, CaptureError) and error.reason in ("ImageLacksTool", "CaptureTooLarge"):
            raise
        if run.cancelled.is_set() or time.monotonic() >= deadline:
            raise
        run.say(f"node {run.node}: {error.message}; trying once more")
    return _exec_when_ready(run, name, deadline)


def _exec_when_ready(run: CaptureRun, name: str, deadline: float) -> NodeCapture:
    run.say(f"node {run.node}: waiting for the inspector pod")
    started = time.monotonic()
    next_look = started + _POD_STEP
    pod: Pod | None = None
    watch = _KubeletWatch(run, name, KubeletLease(run.api, run.node))
    while True:
        _stop_if(run)
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise _timed_out(run, name, pod)
        try:
            result = exec_in_pod(
                run.api,
                run.options.namespace,
                name,
                inspector_pod.CONTAINER,
                inspector_pod.COMMAND,
                deadline_seconds=max(remaining, _LEAST_EXEC_SECONDS),
                max_stdout_bytes=_MAX_ANSWER_BYTES,
                cancelled=watch,
            )
        except ExecCancelled:
            raise watch.trouble or _interrupted(run) from None
        except ExecNotReady:
            if time.monotonic() >= next_look:
                pod = _look(run, name, watch.lease)
                next_look = time.monotonic() + _POD_STEP
            run.cancelled.wait(_EXEC_STEP if time.monotonic() - started < _EAGER_SECONDS else _EXEC_LATER_STEP)
            continue
        break
    _stop_if(run)
    whole = result.stdout.startswith(b"\x1f\x8b") and result.exit_code == 0
    if whole or result.stdout.startswith(b"#missing"):  # which is told as an error
        return NodeCapture(read_capture(result.stdout, f"node {run.node}"), result.stdout)
    said = result.stderr[-300:].decode("utf-8", "backslashreplace").strip()
    raise PauseInspectError(
        "CollectorFailed",
        f"node {run.node}: the collector ended with exit code {result.exit_code}: {said or 'no further word'}",
        "name an image with busybox: --image",
    )


class _KubeletWatch(threading.Event):
    """Cancels an exec when the user does, or when no kubelet will ever answer it: an API server says nothing while it waits for one."""

    def __init__(self, run: CaptureRun, name: str, lease: KubeletLease) -> None:
        super().__init__()
        self.lease = lease
        self.trouble: PauseInspectError | None = None
        self._run = run
        self._name = name
        self._from = time.monotonic() + _KUBELET_SECONDS

    def is_set(self) -> bool:
        """Asked a few times a second while an exec waits."""
        if self._run.cancelled.is_set():
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
            return not get_pod(self._run.api, self._run.options.namespace, self._name).status.container_statuses
        except PauseInspectError:
            return False


def _look(run: CaptureRun, name: str, lease: KubeletLease) -> Pod:
    """The pod as the API shows it. Raises the reason why it will never answer."""
    pod = get_pod(run.api, run.options.namespace, name)
    trouble = inspector_pod.trouble(pod, run.options)
    if trouble:
        raise _with_other_images(run, trouble)
    if not pod.status.container_statuses:
        _raise_if_not_ready(run)
        if silent := lease.trouble():
            raise silent
    return pod


def _with_other_images(run: CaptureRun, trouble: PauseInspectError) -> PauseInspectError:
    """For an image that cannot be had: those that the node has already."""
    there = may_serve(run.api, run.node) if trouble.reason == "ImageNotPulled" else []
    if not there:
        return trouble
    return PauseInspectError(trouble.reason, trouble.message, f"{trouble.hint}; this node has already, and may serve: {', '.join(there)}")


def _raise_if_not_ready(run: CaptureRun) -> None:
    try:
        node = get_node(run.api, run.node)
    except ApiError:
        return  # we may not read nodes: the time-out will speak
    trouble = node_trouble(node)
    if trouble:
        raise trouble


def node_trouble(node: Node) -> PauseInspectError | None:
    """Why no kubelet will answer on this node, or None. One that says NotReady itself (no CNI, say) still starts our pod."""
    name = node.metadata.name
    if node.status.node_info.operating_system == "windows":
        return PauseInspectError(
            "WindowsNode", f"node {name} runs Windows, which has no /proc and no pause to inspect", "kubectl get nodes -L kubernetes.io/os"
        )
    labels = node.metadata.labels or {}
    if labels.get("type") == "virtual-kubelet" or labels.get("eks.amazonaws.com/compute-type") == "fargate":
        what = f"node {name} is a virtual one: its pods run elsewhere, and no machine of that name can be read"
        return PauseInspectError("VirtualNode", what, "name the nodes to read, or choose pods on others: kubectl get nodes -L type")
    for condition in node.status.conditions or ():
        if condition.type == "Ready" and condition.status == "Unknown":
            word = condition.message or condition.reason or "no further word"
            return PauseInspectError("NodeNotReady", f"node {name} is NotReady: {word}", kubectl_line("describe", "node", name))
    return None


def _stop_if(run: CaptureRun) -> None:
    if run.cancelled.is_set():
        raise _interrupted(run)


def _interrupted(run: CaptureRun) -> Interrupted:
    return Interrupted("Interrupted", f"node {run.node}: interrupted", "")


def _timed_out(run: CaptureRun, name: str, pod: Pod | None) -> PauseInspectError:
    with contextlib.suppress(PauseInspectError):  # the last look is told instead
        pod = get_pod(run.api, run.options.namespace, name)
    return PauseInspectError(
        "Timeout",
        f"node {run.node}: no answer within {run.options.timeout:g} s while waiting for the inspector pod "
        f"{run.options.namespace}/{name}; last word: {inspector_pod.last_word(pod)}",
        "wait longer with --timeout, or look: kubectl describe node " + run.node,
    )


def _with_node_state(run: CaptureRun, error: ApiError) -> PauseInspectError:
    """The refusal, or what lies behind it: a missing namespace, a node whose kubelet is gone."""
    if error.reason == "KubeletUnreachable":
        with contextlib.suppress(PauseInspectError):
            return node_trouble(get_node(run.api, run.node)) or error
    if known := explained(error, run.options.namespace):
        return PauseInspectError(known.reason, f"node {run.node}: {known.message}", known.hint)
    hint = error.hint or "another namespace may allow a privileged pod: --debug-namespace"
    return PauseInspectError(error.reason, f"node {run.node}: {error.message}", hint)
