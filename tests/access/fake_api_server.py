"""An API server that does what a test tells it, REST and exec over real sockets: answer, refuse, drop, stall, cut and lie."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import WSMsgType, web

SUCCESS = b'\x03{"metadata":{},"status":"Success"}'
V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"

Rest = Callable[[web.Request], Awaitable[web.StreamResponse]]
Exec = Callable[[web.WebSocketResponse, web.Request], Awaitable[None]]


def status(code: int, reason: str, message: str, **details: str) -> web.Response:
    """A refusal as the API server words it."""
    body = {"kind": "Status", "status": "Failure", "message": message, "reason": reason, "code": code, "details": details}
    return web.json_response(body, status=code)


def exit_status(code: int) -> bytes:
    """The status frame of a command that ended with `code`."""
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return (
        b"\x03"
        + json.dumps({"status": "Failure", "reason": "NonZeroExitCode", "message": "failed", "details": {"causes": causes}}).encode()
    )


def internal_error(message: str) -> bytes:
    """The status frame of a command that could not be run."""
    return b"\x03" + json.dumps({"status": "Failure", "reason": "InternalError", "message": message, "code": 500}).encode()


@dataclass
class FakeApiServer:
    """Runs in its own thread. `rest` and `on_exec` may be replaced at any time; `requests` records headers."""

    protocols: tuple[str, ...] = (V5, V4)
    tls: ssl.SSLContext | None = None
    requests: list[tuple[str, str, list[tuple[str, str]]]] = field(default_factory=list)
    rest: Rest | None = None
    on_exec: Exec | None = None
    refuse_exec: web.Response | None = None
    as_kubelet: bool = False
    """Whether refusals of exec by a Status come as the kubelet's own plain text, as from Kubernetes 1.36 on."""
    at_handshake: Callable[[], web.Response | None] | None = None
    """Asked at each exec: a refusal, or None to let it through."""
    port: int = 0

    @property
    def url(self) -> str:
        """The server's address."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def headers(self, number: int, name: str) -> list[str]:
        """All values of a header in the request of that number."""
        return [value for key, value in self.requests[number][2] if key.lower() == name.lower()]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        raw = [(key.decode(), value.decode()) for key, value in request.raw_headers]
        self.requests.append((request.method, request.path_qs, raw))
        if request.path.endswith("/exec"):
            if self.refuse_exec is not None:
                return self._refusal(self.refuse_exec)
            if self.at_handshake is not None and (refusal := self.at_handshake()):
                return self._refusal(refusal)
            socket = web.WebSocketResponse(protocols=self.protocols, max_msg_size=0)
            await socket.prepare(request)
            assert self.on_exec is not None
            await self.on_exec(socket, request)
            return socket
        if self.rest is not None:
            return await self.rest(request)
        return web.json_response({"kind": "List", "items": []})

    def _refusal(self, told: web.Response) -> web.Response:
        """A fresh copy, since a response object can be sent once only."""
        kept = {name: value for name, value in told.headers.items() if name == "Retry-After"}
        if self.as_kubelet and told.content_type == "application/json":
            return web.Response(text=json.loads(told.text or "{}")["message"], status=told.status, headers=kept)
        return web.Response(body=told.body, status=told.status, content_type=told.content_type, headers=kept)

    @contextlib.contextmanager
    def running(self) -> Iterator[FakeApiServer]:
        """Serve until the block ends."""
        loop = asyncio.new_event_loop()
        ready = threading.Event()
        stop = asyncio.Event()

        async def turns() -> None:
            # An accepted socket becomes a connection, and a closed one gives up its socket, some turns of the loop later.
            for _ in range(10):
                await asyncio.sleep(0)

        async def serve() -> None:
            app = web.Application(client_max_size=1 << 28)
            app.router.add_route("*", "/{path:.*}", self.handle)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            listening = socket.create_server(("127.0.0.1", 0))
            await web.SockSite(runner, listening, ssl_context=self.tls).start()
            self.port = listening.getsockname()[1]
            ready.set()
            await stop.wait()
            # A connection accepted in the very turn in which asyncio closes the server is never closed: accept no more before that.
            loop.remove_reader(listening)
            await turns()
            await runner.cleanup()
            stalled = asyncio.all_tasks() - {asyncio.current_task()}
            for task in stalled:
                task.cancel()
            await asyncio.gather(*stalled, return_exceptions=True)
            await turns()

        thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
        thread.start()
        try:
            assert ready.wait(10)
            yield self
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(10)
            loop.close()


def say(*messages: bytes) -> Exec:
    """An exec that sends these messages and closes."""

    async def run(socket: web.WebSocketResponse, _request: web.Request) -> None:
        for message in messages:
            await socket.send_bytes(message)
        await socket.close()

    return run


def cut_after(*messages: bytes) -> Exec:
    """An exec whose TCP connection is reset after these messages, without a close frame."""

    async def run(socket: web.WebSocketResponse, request: web.Request) -> None:
        for message in messages:
            await socket.send_bytes(message)
        assert request.transport is not None
        request.transport.close()

    return run


async def frames(socket: web.WebSocketResponse) -> AsyncIterator[bytes]:
    """What the client sends."""
    async for message in socket:
        if message.type == WSMsgType.BINARY:
            yield message.data


def make_certificates(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for `name` and a server context that uses it."""
    cert, key = folder / "server.crt", folder / "server.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-keyout", key, "-out", cert, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context
