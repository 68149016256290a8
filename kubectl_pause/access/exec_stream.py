"""Run a command in a container and get all of its output, or an error: never a part of it as if it were all.

Why not `kubernetes.stream`: it sends exec without the impersonation headers, returns a cut stream as success and swaps a
method of the shared client while it runs. websocket-client does the framing on a socket made here, so that TLS, proxy and
headers are those of REST and no read can outlast the deadline. Long, since the phases of one connection share its socket and deadline.
"""

from __future__ import annotations

import http.client
import json
import re
import select
import socket
import time
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from kubectl_pause.access.api_errors import UNAUTHORIZED
from kubectl_pause.access.exec_protocol import CLOSE, STDIN, ExecAccumulator, ExecResult, StreamBroken
from kubectl_pause.access.frame_limits import bounded_websocket
from kubectl_pause.access.one_line import one_line
from kubectl_pause.access.proxies import redact_url
from kubectl_pause.access.rest import MAX_PAUSES, TOO_MANY_REQUESTS, retry_seconds
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
_GLANCE_SECONDS = 0.2
"""How long one read waits before it looks whether the run was cancelled."""
_TAIL_SECONDS = 1.0
"""After the status the server closes; this long is waited for output that overtook nothing but the close."""
_SWITCHING_PROTOCOLS = 101
_HANDSHAKE_SECONDS = 10.0
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
    stream, sock = _open(api, url, watch)
    output = ExecAccumulator(max_stdout_bytes=max_stdout_bytes, on_stdout=on_stdout)
    began = time.monotonic()
    try:
        watch.farewell = partial(stream.send_binary, bytes([STDIN]) + b"\n")
        return _converse(api, stream, watch, output, stdin, meanwhile)
    finally:
        api.log.step(f"the command in {watch.subject} sent {output.stdout_bytes} bytes in {round((time.monotonic() - began) * 1000)} ms")
        # WebSocket.close() waits for the other side, WebSocket.shutdown() may only forget the socket.
        sock.close()


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
            time.sleep(min(left, _GLANCE_SECONDS, self.remaining()))
        return True

    def stalled(self, received: int) -> StreamBroken:
        return StreamBroken(
            f"the command in {self.subject} did not finish within {self.seconds:g} s ({received} bytes received)",
            "the node or the network may be slow; allow more time and try again",
            reason="ExecTimedOut",
        )


class _WatchedSocket:
    """A socket whose every read and write ends at the watch's deadline; what websocket-client needs of a socket."""

    def __init__(self, sock: socket.socket, watch: _Watch) -> None:
        self._sock = sock
        self._watch = watch

    def recv(self, size: int) -> bytes:
        while True:
            self._sock.settimeout(min(_GLANCE_SECONDS, self._watch.remaining()))
            try:
                return self._sock.recv(size)
            except TimeoutError:
                continue

    def send(self, data: bytes) -> int:
        while True:
            self._sock.settimeout(min(_GLANCE_SECONDS, self._watch.remaining()))
            try:
                return self._sock.send(data)
            except TimeoutError:
                continue

    def readable(self) -> bool:
        """Whether a read would find something at once."""
        pending = getattr(self._sock, "pending", None)
        return bool(pending and pending()) or bool(select.select([self._sock], [], [], 0)[0])

    def gettimeout(self) -> float:
        return _GLANCE_SECONDS

    def settimeout(self, _seconds: float | None) -> None:
        """The watch decides."""

    def fileno(self) -> int:
        return self._sock.fileno()

    def shutdown(self, how: int) -> None:
        self._sock.shutdown(how)

    def close(self) -> None:
        self._sock.close()


def _open(api: Api, url: str, watch: _Watch) -> tuple[Any, _WatchedSocket]:
    """A websocket that has shaken hands and its socket, or the error why not."""
    import websocket

    renewed, pauses = False, 0
    while True:
        lines = api.exec_headers()
        stream: Any = bounded_websocket()
        began = time.monotonic()
        sock = _WatchedSocket(_dial(api, url, watch), watch)
        sent = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        try:
            stream.connect(url, header=lines, subprotocols=[V5, V4], suppress_origin=True, redirect_limit=0, socket=sock)
        except websocket.WebSocketBadStatusException as error:
            sock.close()
            status = int(error.status_code)
            api.log.answered("GET", url, status, began, sent=sent)
            authorization = next((line.partition(": ")[2] for line in lines if line.startswith("Authorization: ")), None)
            if status == UNAUTHORIZED and not renewed and api.renew_credentials(authorization):
                renewed = True
                continue
            if status == TOO_MANY_REQUESTS:
                api.tell(status, began)
                pause = retry_seconds((error.resp_headers or {}).get("retry-after"))
                if pause is not None and pauses < MAX_PAUSES and watch.pause(pause):
                    pauses += 1
                    continue
            raise _failed(api.refused(status, error.resp_body, over_exec=True), watch.subject) from None
        except _DeadlinePassed:
            sock.close()
            raise watch.stalled(0) from None
        except (websocket.WebSocketException, OSError, ValueError) as error:
            sock.close()
            api.log.failed("GET", url, error, began, sent=sent)
            raise StreamBroken(f"the exec handshake for {watch.subject} failed: {_brief(error)}") from None
        except BaseException:
            sock.close()
            raise
        api.log.answered("GET", url, stream.getstatus(), began, sent=sent, got=(stream.getheaders() or {}).items())
        if stream.getstatus() != _SWITCHING_PROTOCOLS:
            sock.close()
            raise api.refused(stream.getstatus(), None)
        return stream, sock


def _dial(api: Api, url: str, watch: _Watch) -> socket.socket:
    """A connected socket to the API server, through the proxy if there is one, with TLS if the server has it."""
    parts = urlsplit(url)
    secure = parts.scheme == "wss"
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    limit = api.request_timeout or _HANDSHAKE_SECONDS
    try:
        limit = min(limit, watch.remaining())
    except _DeadlinePassed:
        raise watch.stalled(0) from None
    sock: socket.socket | None = None
    began = time.monotonic()
    try:
        context = api.connection.tls
        sock = _tunnel(api.connection.proxy, host, port, limit) if api.connection.proxy else socket.create_connection((host, port), limit)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is None:
            return sock
        plain, sock = sock, None
        try:
            return context.wrap_socket(plain, server_hostname=api.connection.tls_server_name or host)
        except BaseException:
            plain.close()
            raise
    except OSError as error:
        if sock is not None:
            sock.close()
        api.log.failed("GET", url, error, began)
        raise api.broken(error, limit) from None


def _tunnel(proxy: str, host: str, port: int, limit: float) -> socket.socket:
    parts = urlsplit(proxy)
    if parts.scheme != "http":
        raise PauseInspectError(
            "ProxyNotSupported",
            f"exec through the proxy {redact_url(proxy)} is not supported: it wants TLS to the proxy itself",
            "use an http:// proxy for this cluster",
        )
    headers: dict[str, str] = {}
    if parts.username:
        from base64 import b64encode

        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Proxy-Authorization"] = "Basic " + b64encode(pair.encode()).decode()
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=limit)
    connection.set_tunnel(host, port, headers)
    try:
        connection.connect()
    except http.client.HTTPException as error:
        connection.close()
        raise OSError(f"the proxy {redact_url(proxy)} answered: {_brief(error)}") from None
    except OSError:
        connection.close()
        raise
    return connection.sock


def _converse(  # noqa: PLR0913, PLR0917 (what a conversation is made of)
    api: Api, stream: Any, watch: _Watch, output: ExecAccumulator, stdin: bytes | None, meanwhile: Callable[[], object] | None
) -> ExecResult:
    import websocket

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
    except (websocket.WebSocketException, OSError, ValueError) as error:
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


def _receive(stream: Any, output: ExecAccumulator) -> None:
    """Take one frame. A close frame becomes ConnectionError; pings are answered by the library."""
    import websocket

    opcode, frame = stream.recv_data_frame(control_frame=True)
    data = bytes(frame.data)
    if opcode == websocket.ABNF.OPCODE_CLOSE:
        code = int.from_bytes(data[:2], "big") if len(data) > 1 else 0
        raise ConnectionError(f"closed by the server, code {code} {one_line(data[2:].decode(errors='replace'))}".rstrip())
    if opcode in (websocket.ABNF.OPCODE_BINARY, websocket.ABNF.OPCODE_TEXT):
        output.feed(data)


def _send_stdin(stream: Any, output: ExecAccumulator, stdin: bytes) -> None:
    if stream.getsubprotocol() != V5:
        raise PauseInspectError(
            "StdinNotSupported",
            "this API server cannot end a command's standard input over a websocket (it speaks v4 of the protocol only)",
            "Kubernetes 1.30 and later can",
        )
    for start in range(0, len(stdin), _STDIN_CHUNK):
        stream.send_binary(bytes([STDIN]) + stdin[start : start + _STDIN_CHUNK])
        # Reading between the chunks keeps a command that answers while it reads from blocking both sides.
        while stream.sock.readable() and not output.finished:
            _receive(stream, output)
    stream.send_binary(bytes([CLOSE, STDIN]))


def _failed(error: ApiError, subject: str) -> PauseInspectError:
    if error.reason != "KubeletUnreachable" and error.status in (400, 404, 500) and _NOT_READY.search(error.message):
        return ExecNotReady("ContainerNotRunning", f"{subject} is not running yet: {error.message}", "it may still be starting")
    return error


def _brief(error: BaseException) -> str:
    return one_line(str(error)) or type(error).__name__
