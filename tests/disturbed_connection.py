"""A TCP proxy between client and API server that cuts, stalls or throttles connections in a chosen phase of a run (plain HTTP)."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

PHASES = {
    "review": rb"POST \S*/selfsubjectaccessreviews",
    "list": rb"GET \S*/pods\?",
    "create Job": rb"POST \S*/jobs[ ?]",
    "create pod": rb"POST \S*/pods[ ?]",
    "exec handshake": rb"GET \S*/exec\?",
    "exec stream": rb"GET \S*/exec\?",
    "delete": rb"DELETE ",
}
STREAM = "exec stream"
WAYS = ("cut the request", "cut the answer", "stall", "throttle")
_GLANCE_SECONDS = 0.1
_STREAM_BYTES = 4096
"""So much of an exec's answer goes through before its stream is disturbed: the handshake's answer is shorter."""
_SLOW_BYTES, _SLOW_SECONDS = 512, 0.02


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What happens when the first request of a phase comes: to that connection alone, or from then on to all (`lasting`)."""

    phase: str
    way: str
    lasting: bool = False


@dataclass
class DisturbedConnection:
    """Listens on `port` while `running`; `began` is when the disturbance did, of time.monotonic(), None while it has not."""

    target: int
    disturbance: Disturbance | None
    port: int = 0
    began: float | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def running(self) -> Iterator[DisturbedConnection]:
        """Serve until the block ends."""
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
            self.port = listening.getsockname()[1]
            listening.settimeout(_GLANCE_SECONDS)
            threads = [threading.Thread(target=self._accept, args=(listening,))]
            threads[0].start()
            try:
                yield self
            finally:
                self._stop.set()
                threads[0].join(10)

    def _accept(self, listening: socket.socket) -> None:
        threads = []
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = listening.accept()
                threads.append(threading.Thread(target=self._serve, args=(client,)))
                threads[-1].start()
        for thread in threads:
            thread.join(10)

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, socket.create_connection(("127.0.0.1", self.target)) as server:
            for end in (client, server):
                end.settimeout(5)  # a peer that takes nothing ends this connection, not the test
            _Relay(self, client, server).run()

    def is_over(self) -> bool:
        """Whether the block has ended."""
        return self._stop.is_set()

    def begin(self, request: bytes, *, streaming: bool = False) -> bool:
        """Whether this connection is disturbed from now on: it asks for the first thing of that phase, or all are.

        `streaming`: `request` is answered at length already, and no exec that was refused because its container is not up yet.
        """
        wanted = self.disturbance
        if wanted is None:
            return False
        with self._lock:
            if self.began is not None:
                return wanted.lasting
            if streaming is not (wanted.phase == STREAM) or not re.match(PHASES[wanted.phase], request):
                return False
            self.began = time.monotonic()
            return True

    def is_lasting(self) -> bool:
        """Whether all connections are disturbed by now."""
        return bool(self.disturbance and self.disturbance.lasting and self.began is not None)


class _Relay:
    """One connection, both ways."""

    def __init__(self, proxy: DisturbedConnection, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._disturbed = False
        self._request = b""
        self._answered = 0
        """Bytes of the answer to that request that went through."""

    def run(self) -> None:
        """Until an end closes, or the disturbance ends it."""
        while not self._proxy.is_over():
            ready, _, _ = select.select([self._client, self._server], [], [], _GLANCE_SECONDS)
            for source in ready:
                data = source.recv(65536)
                if not data:
                    return
                if not (self._to_server(data) if source is self._client else self._to_client(data)):
                    return

    @property
    def _way(self) -> str:
        disturbance = self._proxy.disturbance
        return disturbance.way if disturbance else ""

    def _to_server(self, data: bytes) -> bool:
        if not self._disturbed:
            if self._request == b"" or data.startswith((b"GET ", b"POST ", b"DELETE ")):
                self._request, self._answered = data, 0
            self._disturbed = self._proxy.begin(self._request)
            if self._disturbed:
                self._answered = 0
        if self._disturbed and self._way == "cut the request":
            return self._cut()
        return self._pass(self._server, data)

    def _to_client(self, data: bytes) -> bool:
        if not self._disturbed and self._answered + len(data) > _STREAM_BYTES:
            self._disturbed = self._proxy.begin(self._request, streaming=True)
        disturbance = self._proxy.disturbance
        if disturbance is None or not (self._disturbed or self._proxy.is_lasting()):
            self._answered += len(data)
            return self._pass(self._client, data)
        if disturbance.way == "throttle":
            return self._pass(self._client, data)
        whole = _STREAM_BYTES if disturbance.phase == STREAM else len(data) // 2
        here = max(0, min(len(data), whole - self._answered))
        self._answered += here
        self._client.sendall(data[:here])
        return self._stalled() if disturbance.way == "stall" else self._cut()

    def _pass(self, end: socket.socket, data: bytes) -> bool:
        if self._way != "throttle" or not (self._disturbed or self._proxy.is_lasting()):
            end.sendall(data)
            return True
        for start in range(0, len(data), _SLOW_BYTES):
            if self._proxy.is_over():
                return False
            end.sendall(data[start : start + _SLOW_BYTES])
            time.sleep(_SLOW_SECONDS)
        return True

    def _stalled(self) -> Literal[False]:
        """Nothing goes through any more, and nobody is told so."""
        while not self._proxy.is_over():
            time.sleep(_GLANCE_SECONDS)
        return False

    def _cut(self) -> Literal[False]:
        """A reset, as from a router that forgot the connection."""
        for end in (self._client, self._server):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
