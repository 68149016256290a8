"""Run a command in a container and get all of its output, or an error: never a part of it as if it were all.

Why not `kubernetes.stream`: it sends exec without the impersonation headers, returns a cut stream as success and swaps a
method of the shared client while it runs. TLS, proxy and headers here are those of REST, and no read or write can outlast the deadline.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kubectl_pause.access.api_errors import UNAUTHORIZED
from kubectl_pause.access.dialing import dial
from kubectl_pause.access.exec_protocol import CLOSE, STDIN, ExecAccumulator, ExecResult, StreamBroken
from kubectl_pause.access.one_line import one_line
from kubectl_pause.access.rest import MAX_PAUSES, TOO_MANY_REQUESTS, retry_seconds
from kubectl_pause.access.websocket import GLANCE_SECONDS, Websocket
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from kubectl_pause.access.api_errors import ApiError
    from kubectl_pause.access.rest import Api

__all__ = ["ExecCancelled", "ExecNotReady", "ExecResult", "StreamBroken", "exec_in_pod"]

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
MAX_STDOUT_BYTES = 64 << 20
MAX_STDIN_BYTES = 1 << 20
FAREWELL_SECONDS = 10.0
_TAIL_SECONDS = 1.0
"""After the status the server closes; this long is waited for output that overtook nothing but the close."""
_SWITCHING_PROTOCOLS = 101
_DIALING_SECONDS = 10.0
_STDIN_CHUNK = 1 << 15

_NOT_READY = re.compile(
    r"container not found|does not have a host assigned|is not created or running|not created or running|ContainerCreating"
    r"|PodInitializing|pod does not exist|is waiting to start|CONTAINER_CREATED|container not running"
    r"|task \S+ not found|no running task found",
    re.IGNORECASE,
)


class ExecNotReady(PauseInspectError):  # noqa: N818 (a state, no error of anybody)
    """The container is not running yet: try again shortly."""


class ExecCancelled(PauseInspectError):  # noqa: N818 (a state, no error of anybody)
    """The caller's `cancelled` event was set."""


def exec_in_pod(  # noqa: PLR0913 (what the exec subresource takes)
    api: Api,
    namespace: str,
    pod: str,
    container: str,
    command: Sequence[str],
    *,
    deadline_seconds: float,
    max_stdout_bytes: int = MAX_STDOUT_BYTES,
    stdin: bytes | None = None,
    cancelled: threading.Event | None = None,
    on_stdout: Callable[[bytes], None] | None = None,
    ended_by: threading.Event | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> ExecResult:
    """Run `command`, wait for its end and return its output.

    `on_stdout` takes stdout as it comes; the result's is empty then. `ended_by`, once set, asks the command to end by a line on its
    stdin, which is open and silent until then (and ends when this process does), and gives it `FAREWELL_SECONDS` to do so. `meanwhile` is
    called once the command has all that it needs, before its output is waited for.

    Raises ExecNotReady while the container is not running yet, StreamBroken when the stream was cut, stalled past
    `deadline_seconds` or lied, ExecCancelled, ApiError for a refusal (also: the API server cannot reach the kubelet), and
    PauseInspectError for more than `max_stdout_bytes` of output or when `stdin` meets a server that speaks only v4.
    """
    if stdin is not None and len(stdin) > MAX_STDIN_BYTES:
        raise PauseInspectError("StdinTooLarge", f"stdin of more than {MAX_STDIN_BYTES} bytes is not supported on exec")
    watch = _Watch(deadline_seconds, cancelled, f"{container} in pod {namespace}/{pod}", ended_by)
    query = [("container", container), ("stdout", "true"), ("stderr", "true")]
    query += [("stdin", "true")] if stdin is not None or ended_by is not None else []
    query += [("command", word) for word in command]
    url = api.exec_url(f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}/exec", query)
    stream = _open(api, url, watch)
    output = ExecAccumulator(max_stdout_bytes=max_stdout_bytes, on_stdout=on_stdout)
    began = time.monotonic()
    try:
        watch.farewell = partial(stream.send, bytes([STDIN]) + b"\n")
        return _converse(api, stream, watch, output, stdin, meanwhile)
    finally:
        api.log.step(f"the command in {watch.subject} sent {output.stdout_bytes} bytes in {round((time.monotonic() - began) * 1000)} ms")
        stream.close()


class _DeadlinePassed(Exception):  # noqa: N818 (a state, no error of anybody)
    """The watch's deadline passed while waiting for bytes."""


class _Watch:
    """The deadline and the cancellation that every wait of one exec looks at."""

    def __init__(self, seconds: float, cancelled: threading.Event | None, subject: str, ended_by: threading.Event | None) -> None:
        self.farewell: Callable[[], object] | None = None
        self._ended_by = ended_by
        self.seconds = seconds
        self.subject = subject
        self.deadline = time.monotonic() + seconds
        self._cancelled = cancelled

    def remaining(self) -> float:
        """Seconds left, above 0. Raises _DeadlinePassed or ExecCancelled."""
        if self._cancelled is not None and self._cancelled.is_set():
            raise ExecCancelled("Interrupted", f"cancelled while running a command in {self.subject}")
        if self._ended_by is not None and self._ended_by.is_set():
            self._ask_to_end()
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise _DeadlinePassed
        return left

    def _ask_to_end(self) -> None:
        if self.farewell is None:
            raise ExecCancelled("Interrupted", f"cancelled before running a command in {self.subject}")
        self._ended_by = None  # before the sending, which looks here too
        self.deadline = min(self.deadline, time.monotonic() + FAREWELL_SECONDS)
        self.farewell()

    def pause(self, seconds: float) -> bool:
        """Wait so long, where that ends before the deadline; else False, at once. Raises ExecCancelled."""
        until = time.monotonic() + seconds
        if until >= self.deadline:
            return False
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, GLANCE_SECONDS, self.remaining()))
        return True

    def stalled(self, received: int) -> StreamBroken:
        return StreamBroken(
            f"the command in {self.subject} did not finish within {self.seconds:g} s ({received} bytes received)",
            "the node or the network may be slow; allow more time and try again",
            reason="ExecTimedOut",
        )


def _open(api: Api, url: str, watch: _Watch) -> Websocket:
    """A websocket that has shaken hands, or the error why not."""
    renewed, pauses = False, 0
    while True:
        sent = api.headers()
        stream = Websocket(_dial(api, url, watch), url, [V5, V4], watch.remaining)
        began = time.monotonic()
        try:
            answer = stream.shake_hands(sent)
        except _DeadlinePassed:
            stream.close()
            raise watch.stalled(0) from None
        except (OSError, ValueError) as error:
            stream.close()
            api.log.failed("GET", url, error, began, sent=sent)
            raise StreamBroken(f"the exec handshake for {watch.subject} failed: {_brief(error)}") from None
        except BaseException:
            stream.close()
            raise
        status = answer.status_code
        api.log.answered("GET", url, status, began, sent=sent, got=answer.headers.raw_items())
        if status == _SWITCHING_PROTOCOLS:
            return stream
        stream.close()
        if status == UNAUTHORIZED and not renewed and api.renew_credentials(dict(sent).get("Authorization")):
            renewed = True
            continue
        if status == TOO_MANY_REQUESTS:
            api.tell(status, began)
            waits = answer.headers.get_all("Retry-After")
            pause = retry_seconds(waits[0]) if waits else None
            if pause is not None and pauses < MAX_PAUSES and watch.pause(pause):
                pauses += 1
                continue
        raise _failed(api.refused(status, bytes(answer.body or b""), over_exec=True), watch.subject)


def _dial(api: Api, url: str, watch: _Watch) -> Any:
    limit = api.request_timeout or _DIALING_SECONDS
    try:
        limit = min(limit, watch.remaining())
    except _DeadlinePassed:
        raise watch.stalled(0) from None
    began = time.monotonic()
    try:
        return dial(api.connection, limit)
    except OSError as error:
        api.log.failed("GET", url, error, began)
        raise api.broken(error, limit) from None


def _converse(  # noqa: PLR0913, PLR0917 (what a conversation is made of)
    api: Api, stream: Websocket, watch: _Watch, output: ExecAccumulator, stdin: bytes | None, meanwhile: Callable[[], object] | None
) -> ExecResult:
    try:
        if stdin is not None:
            _send_stdin(stream, output, stdin)
        if meanwhile:
            meanwhile()
        while not output.finished:
            _receive(stream, output)
        watch.deadline = min(watch.deadline, time.monotonic() + _TAIL_SECONDS)
        while True:
            _receive(stream, output)
    except _DeadlinePassed:
        if not output.finished:
            raise watch.stalled(output.stdout_bytes) from None
    except OSError as error:
        if not output.finished:
            raise StreamBroken(
                f"the exec stream from {watch.subject} was cut before the command's status,"
                f" after {output.stdout_bytes} bytes of output ({_brief(error)})",
                silent=output.stdout_bytes == 0,
            ) from None
    if output.failure is not None:
        code = output.failure.get("code")
        refused = api.refused(code if isinstance(code, int) else 500, json.dumps(output.failure).encode())
        raise _failed(refused, watch.subject)
    return output.result()


def _receive(stream: Websocket, output: ExecAccumulator) -> None:
    for message in stream.receive():
        output.feed(message)


def _send_stdin(stream: Websocket, output: ExecAccumulator, stdin: bytes) -> None:
    if stream.subprotocol != V5:
        raise PauseInspectError(
            "StdinNotSupported",
            "this API server cannot end a command's standard input over a websocket (it speaks v4 of the protocol only)",
            "Kubernetes 1.30 and later can",
        )
    try:
        for start in range(0, len(stdin), _STDIN_CHUNK):
            stream.send(bytes([STDIN]) + stdin[start : start + _STDIN_CHUNK])
            # Reading between the chunks keeps a command that answers while it reads from blocking both sides.
            while stream.readable() and not output.finished:
                _receive(stream, output)
            if output.finished:
                return
        stream.send(bytes([CLOSE, STDIN]))
    except OSError:
        with contextlib.suppress(OSError):  # a command may end, and say so, before it has read all of its input
            while not output.finished:
                _receive(stream, output)
        if not output.finished:
            raise


def _failed(error: ApiError, subject: str) -> PauseInspectError:
    if error.reason != "KubeletUnreachable" and error.status in (400, 404, 500) and _NOT_READY.search(error.message):
        return ExecNotReady("ContainerNotRunning", f"{subject} is not running yet: {error.message}", "it may still be starting")
    return error


def _brief(error: BaseException) -> str:
    return one_line(str(error)) or type(error).__name__
