"""Capture of one node: create the inspector pod, run the collector in it, bring the bytes back, delete the pod.

exec is tried at once and again in short steps, not after phase Running: that halves the wait (measured 0.9 s against 1.5 s).
While the pod starts, the node and its pods are read from the API.
"""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import wait
from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_pause.access.exec_stream import ExecCancelled, ExecNotReady, StreamBroken, exec_in_pod
from kubectl_pause.access.objects import get_node, get_pod
from kubectl_pause.access.rest import ApiError
from kubectl_pause.capture import inspector_pod
from kubectl_pause.capture.admission.profile import needs_annotation
from kubectl_pause.capture.answers.in_log import AnswerInLog
from kubectl_pause.capture.answers.node_answer import NodeCapture, is_answer, with_api_view, without_answer
from kubectl_pause.capture.answers.proof import ProofFailed, check_proof
from kubectl_pause.capture.capture_run import GLANCE_SECONDS, ApiSide, interrupted, stop_if_cancelled
from kubectl_pause.capture.inspector_life import inspector
from kubectl_pause.capture.kubelet.lease import KubeletLease
from kubectl_pause.capture.kubelet.sandbox_events import SandboxEvents
from kubectl_pause.capture.kubelet.stalled_runtime import stalled
from kubectl_pause.capture.kubelet.watch import KubeletWatch
from kubectl_pause.capture.unanswered import (
    creation_refused,
    exec_refused,
    idle_kubelet,
    node_trouble,
    other_kubelet,
    timed_out,
    with_other_images,
)
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.capture import CaptureError, read_capture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from kubectl_pause.access.exec_stream import ExecResult
    from kubectl_pause.capture.capture_run import CaptureRun
    from kubectl_pause.facts.api import Node, Pod

_FIRST_EXEC_STEP, _LONGEST_EXEC_STEP, _EXEC_STEP_GROWTH = 0.05, 0.5, 1.3
"""Eight tries in the first second, in which most pods start, then two a second: each is a TLS handshake and a line of the audit log."""
_BUSY_SECONDS, _LONGEST_REST = 1.0, 5.0
"""A server that takes so long to refuse an exec is busy, perhaps with many runs like this one: it is left alone for as long, at most so."""
_LEAST_EXEC_SECONDS = 2.0
"""A last try gets this long, so that what it says is the container's state and not that it was cut short."""
_POD_STEP = 0.3
_NODE_SECONDS = 2.0
"""The node object is waited for so long before the pod is created: some nodes say that no pod of ours can run there."""
_IDLE_SECONDS = 3.0
"""What a node says of itself may be over by now: a kubelet that works again takes note of a pod sooner."""
RUNNING_SECONDS = 5.0
"""A kubelet that does not know a pod which the API has shown running for so long is another node's."""


def capture_node(run: CaptureRun) -> NodeCapture:
    """Capture one node. Raises PauseInspectError; whatever happens, the pod is deleted before it returns."""
    with captured_node(run) as (capture, _):
        return capture


@contextlib.contextmanager
def captured_node(run: CaptureRun) -> Iterator[tuple[NodeCapture, str]]:
    """A node's capture and the name of the pod that made it, which lives until the end of the block. Raises as `capture_node`."""
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(_captured_node(run))
        except ProofFailed as error:
            if run.options.profile != "auto":
                raise
            run.warn(f"{error.message}; a privileged pod is tried (--profile auto)")
            made = stack.enter_context(_captured_node(replace(run, options=replace(run.options, profile="sysadmin"))))
        yield made


@contextlib.contextmanager
def _captured_node(run: CaptureRun) -> Iterator[tuple[NodeCapture, str]]:
    """The same by a pod of one profile. Raises ProofFailed too, where that is not privileged and cannot read the node."""
    started = time.monotonic()
    deadline = started + run.options.timeout
    api_side = ApiSide(run)
    api_side.begin()
    if run.preflight:
        transport = run.preflight.check()
        if transport == "log" and run.options.transport == "auto":
            run.warn("exec is forbidden here: the answer is read from the inspector pod's log, which whatever collects logs sees, too")
        run = replace(run, options=replace(run.options, transport=transport))
    old = needs_annotation(_raise_if_hopeless(run, api_side.node_view))
    run = replace(run, options=replace(run.options, apparmor_annotation=old))
    with contextlib.ExitStack() as stack:
        try:
            ours = stack.enter_context(inspector(run.api, run.node, run.options, run.warn))
        except ApiError as error:
            raise creation_refused(run.node, run.options.namespace, error) from None
        collected = _collect(run, ours.name, deadline)
        if run.options.profile != "sysadmin":
            check_proof(collected.capture, run.node, "the inspector pod", _MORE_RIGHTS)
        node, pods = api_side.seen(deadline)
        yield with_api_view(collected, run.node, node, pods, inspector_uid=ours.uid, started=started), ours.name


_MORE_RIGHTS = (
    "the node confines the pod more than its profile does: a privileged pod would help: --profile sysadmin; where SELinux is enforcing, "
    "--selinux-type spc_t may be enough"
)


def _raise_if_hopeless(run: CaptureRun, node_view: Future[Node | None]) -> Node | None:
    """The node object, before a pod is made; None where it does not come in time. Raises the reason why no pod of ours can run there."""
    until = time.monotonic() + _NODE_SECONDS
    while not node_view.done() and time.monotonic() < until:
        stop_if_cancelled(run)
        wait([node_view], timeout=GLANCE_SECONDS)
    node = node_view.result() if node_view.done() and node_view.exception() is None else None
    trouble = node_trouble(node) if node else None
    if trouble:
        raise trouble
    return node


def _collect(run: CaptureRun, name: str, deadline: float) -> NodeCapture:
    """The collector's answer, checked whole. A broken stream is tried once more, on the same pod."""
    try:
        return _exec_when_ready(run, name, deadline)
    except (StreamBroken, CaptureError) as error:
        if isinstance(error, CaptureError) and error.reason in ("ImageLacksTool", "CaptureTooLarge"):
            raise
        if run.cancelled.is_set() or time.monotonic() >= deadline:
            raise _of_node(run, error) from None
        run.say(f"node {run.node}: {error.message}; trying once more")
        silent = isinstance(error, StreamBroken) and error.silent
    try:
        return _exec_when_ready(run, name, deadline)
    except StreamBroken as error:
        raise _of_node(run, error, _NO_WEBSOCKETS if silent and error.silent else None) from None


_NO_WEBSOCKETS = (
    "does a proxy between you and the API server let no websockets through? kubectl exec fails alike then: connect to the server directly, "
    "or have the answer read from the pod's log: --transport log"
)


def _of_node(run: CaptureRun, error: PauseInspectError, hint: str | None = None) -> PauseInspectError:
    """The error with its node's name, which tells several nodes' errors apart."""
    if run.node in error.message:
        return error
    return PauseInspectError(error.reason, f"node {run.node}: {error.message}", hint or error.hint)


def _exec_when_ready(run: CaptureRun, name: str, deadline: float) -> NodeCapture:
    run.say(f"node {run.node}: waiting for the inspector pod")
    began = time.monotonic()
    next_look = began + _POD_STEP
    step, running_since = _FIRST_EXEC_STEP, None
    log = AnswerInLog(run.api, run.options.namespace, name) if run.options.transport == "log" else None
    sandbox = SandboxEvents(run.api, run.node, run.options.namespace, name)
    watch = KubeletWatch(run.api, run.options.namespace, name, KubeletLease(run.api, run.node), run.cancelled)
    while True:
        stop_if_cancelled(run)
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise timed_out(run.api, run.node, run.options, name, watch.lease, sandbox.last)
        asked = time.monotonic()
        try:
            result = _ask(run, name, max(remaining, _LEAST_EXEC_SECONDS), watch, log)
        except ExecNotReady as refused:
            took = time.monotonic() - asked
            run.cancelled.wait(min(took, _LONGEST_REST) if took > _BUSY_SECONDS else step)
            step = min(step * _EXEC_STEP_GROWTH, _LONGEST_EXEC_STEP)
            if time.monotonic() >= next_look:
                stop_if_cancelled(run)
                pod = _look(run, name, watch.lease, sandbox, waited=time.monotonic() - began)
                next_look = time.monotonic() + _POD_STEP
                running_since = (running_since or time.monotonic()) if inspector_pod.is_running(pod) else None
            if running_since and time.monotonic() - running_since >= RUNNING_SECONDS and _UNKNOWN_POD in refused.message:
                raise other_kubelet(run.node, refused) from None
            continue
        break
    stop_if_cancelled(run)
    if is_answer(result):
        return NodeCapture(read_capture(result.stdout, f"node {run.node}"), result.stdout)
    raise without_answer(result, f"node {run.node}: the collector", "name an image with busybox: --image")


def _ask(run: CaptureRun, name: str, seconds: float, watch: KubeletWatch, log: AnswerInLog | None) -> ExecResult:
    """One try. Raises ExecNotReady while the answer cannot be had yet, StreamBroken for what may be tried again."""
    try:
        if log:
            return log.read(seconds)
        return exec_in_pod(
            run.api,
            run.options.namespace,
            name,
            inspector_pod.CONTAINER,
            inspector_pod.COMMAND,
            deadline_seconds=seconds,
            cancelled=watch,
            meanwhile=run.meanwhile,
        )
    except ExecCancelled:
        raise watch.trouble or interrupted(run) from None
    except StreamBroken as broken:
        if broken.reason != "ExecTimedOut":
            raise
        raise stalled(run.node, broken, run.api, (run.options.namespace, name), watch.lease) from None
    except ApiError as refused:
        raise exec_refused(run.api, run.node, refused) from None


_UNKNOWN_POD = "pod does not exist"


def _look(run: CaptureRun, name: str, lease: KubeletLease, sandbox: SandboxEvents, *, waited: float) -> Pod:
    """The pod as the API shows it. Raises the reason why it will never answer."""
    try:
        pod = get_pod(run.api, run.options.namespace, name)
    except ApiError as error:
        gone = "something in the cluster deletes it: an operator, or a policy of that namespace" if error.is_missing else error.hint
        raise _of_node(run, error, gone) from None
    trouble = inspector_pod.trouble(pod, run.options)
    if trouble:
        raise with_other_images(run.api, run.node, trouble)
    if not inspector_pod.is_running(pod) and (failed := sandbox.trouble()):
        raise failed
    if not pod.status.container_statuses:
        _raise_if_not_ready(run, waited)
        if silent := lease.trouble():
            raise silent
    return pod


def _raise_if_not_ready(run: CaptureRun, waited: float) -> None:
    try:
        node = get_node(run.api, run.node)
    except ApiError:
        return  # we may not read nodes: the time-out will speak
    trouble = node_trouble(node) or (idle_kubelet(node) if waited > _IDLE_SECONDS else None)
    if trouble:
        raise trouble
