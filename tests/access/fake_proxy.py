"""A proxy on loopback, for which every name is 127.0.0.1: CONNECT of HTTP, also over TLS, and SOCKS 5; each also with a password."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

READ_BYTES = 1 << 16


@dataclass
class FakeProxy:
    """`asked` holds the host and port of each tunnel that was opened, `refused` how many were not."""

    kind: str
    tls: ssl.SSLContext | None = None
    credentials: tuple[str, str] | None = None
    asked: list[tuple[str, int]] = field(default_factory=list)
    refused: int = 0
    port: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def running(self) -> Iterator[FakeProxy]:
        """Serve until the block ends."""
        threads: list[threading.Thread] = []

        def accept() -> None:
            while not self.over.is_set():
                if select.select([listening], [], [], 0.05)[0]:
                    threads.append(threading.Thread(target=self._serve, args=(listening.accept()[0],)))
                    threads[-1].start()

        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
            acceptor = threading.Thread(target=accept)
            acceptor.start()
            try:
                yield self
            finally:
                self.over.set()
                acceptor.join(10)
                for thread in threads:
                    thread.join(10)

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(10)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            stack.callback(client.close)
            if self.tls is not None:
                client = stack.enter_context(self.tls.wrap_socket(client, server_side=True))
            place = self._socks(client) if self.kind == "socks5" else self._connect(client)
            if place is None:
                self.refused += 1
                return
            self.asked.append(place)
            server = stack.enter_context(socket.create_connection(("127.0.0.1", place[1]), 10))
            client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00" if self.kind == "socks5" else b"HTTP/1.1 200 OK\r\n\r\n")
            self._relay(client, server)

    def _connect(self, client: socket.socket) -> tuple[str, int] | None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        lines = head.decode().split("\r\n")
        given = next((line.partition(": ")[2] for line in lines if line.lower().startswith("proxy-authorization: ")), None)
        if self.credentials and given != "Basic " + base64.b64encode(":".join(self.credentials).encode()).decode():
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return None
        host, _, port = lines[0].split()[1].rpartition(":")
        return host, int(port)

    def _socks(self, client: socket.socket) -> tuple[str, int] | None:
        methods = _exactly(client, _exactly(client, 2)[1])
        wanted = 2 if self.credentials else 0
        if wanted not in methods:
            client.sendall(b"\x05\xff")
            return None
        client.sendall(bytes([5, wanted]))
        if self.credentials:
            user = _exactly(client, _exactly(client, 2)[1])
            password = _exactly(client, _exactly(client, 1)[0])
            right = (user.decode(), password.decode()) == self.credentials
            client.sendall(b"\x01\x00" if right else b"\x01\x01")
            if not right:
                return None
        kind = _exactly(client, 4)[3]
        host = _exactly(client, _exactly(client, 1)[0]).decode() if kind == 3 else socket.inet_ntoa(_exactly(client, 4))
        return host, struct.unpack("!H", _exactly(client, 2))[0]

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        while not self.over.is_set():
            pending = isinstance(client, ssl.SSLSocket) and client.pending()
            ready = [client] if pending else select.select([client, server], [], [], 0.05)[0]
            for source in ready:
                if source is server:
                    time.sleep(0.02)  # so that several records of the server travel in one of the proxy
                data = source.recv(READ_BYTES)
                if not data:
                    return
                (server if source is client else client).sendall(data)


def _exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data
