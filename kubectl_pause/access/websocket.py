"""A websocket on a connected socket: `websockets` knows RFC 6455, and every wait is the caller's.

The package's part without input and output is used. Its ready-made client looks at no deadline while it sends, at no cancellation while it
shakes hands, and starts a thread for each connection.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
from collections import deque
from typing import TYPE_CHECKING, Any

from kubectl_pause.access.one_line import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAX_MESSAGE_BYTES = 4 << 20
"""A message beyond it is refused before it is held. An API server relays output in messages of at most 32 KiB."""
GLANCE_SECONDS = 0.2
"""How long one read or write waits before the caller is asked whether to go on."""
_IO_BYTES = 1 << 16
_SWITCHING_PROTOCOLS = 101
_SILENT = logging.getLogger(__name__)
_SILENT.setLevel(logging.CRITICAL)
"""The package would log each header, credentials too, where somebody turned debugging on."""


class Websocket:
    """One connection. `remaining` gives the seconds that are left for it; what `remaining` raises ends any wait."""

    def __init__(self, sock: Any, url: str, subprotocols: list[str], remaining: Callable[[], float]) -> None:
        from websockets.client import ClientProtocol
        from websockets.typing import Subprotocol
        from websockets.uri import parse_uri

        self._sock = sock
        self._remaining = remaining
        offered = [Subprotocol(name) for name in subprotocols]
        self._protocol = ClientProtocol(parse_uri(url), subprotocols=offered, max_size=MAX_MESSAGE_BYTES, logger=_SILENT)
        self._events: deque[Any] = deque()
        self._message = bytearray()
        self._unsent = bytearray()
        self._is_sending = False

    def shake_hands(self, headers: Iterable[tuple[str, str]]) -> Any:
        """The server's answer: `status_code`, `headers` and `body`. Raises OSError where it is not an answer to a websocket's handshake."""
        request = self._protocol.connect()
        request.headers.pop("Authorization", None)  # of a user in the URL: `headers` alone count
        for name, value in headers:
            request.headers[name] = value.encode().decode("latin-1")  # adds: a repeated name is sent repeatedly
        self._protocol.send_request(request)
        self._flush()
        while not self._events and self._protocol.handshake_exc is None:
            self._read()
        problem = self._protocol.handshake_exc
        if problem is not None and (not self._events or self._events[0].status_code == _SWITCHING_PROTOCOLS):
            raise ConnectionError(": ".join(one_line(str(each)) for each in (problem, problem.__cause__) if each))
        return self._events.popleft()

    @property
    def subprotocol(self) -> str | None:
        """The one that the server chose; None for none."""
        return self._protocol.subprotocol

    def receive(self) -> Iterator[bytes]:
        """The messages that one read brought, perhaps none. Raises ConnectionError for the end, whoever ended it."""
        from websockets.frames import Opcode

        if not self._events:
            self._read()
        while self._events:
            frame = self._events.popleft()
            if frame.opcode is Opcode.CLOSE:
                code, reason = self._protocol.close_code, self._protocol.close_reason
                raise ConnectionError(f"closed by the server, code {code} {one_line(reason or '')}".rstrip())
            if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._message += frame.data
                if frame.fin:
                    message = bytes(self._message)
                    self._message.clear()
                    yield message
        if self._protocol.parser_exc is not None:
            raise ConnectionError(one_line(str(self._protocol.parser_exc)) or "the connection ended")

    def send(self, message: bytes) -> None:
        """Send a message. Raises OSError, where the server has closed its side too."""
        from websockets.exceptions import InvalidState

        try:
            self._protocol.send_binary(message)
        except InvalidState as error:
            raise ConnectionError(one_line(str(error))) from None
        self._flush()

    def readable(self) -> bool:
        """Whether a read would find something at once."""
        pending = getattr(self._sock, "pending", None)
        return bool(self._events) or bool(pending and pending()) or bool(select.select([self._sock], [], [], 0)[0])

    def close(self) -> None:
        """Close the socket, and wait for nobody."""
        self._sock.close()

    def _read(self) -> None:
        while True:
            self._sock.settimeout(min(GLANCE_SECONDS, self._remaining()))
            try:
                data = self._sock.recv(_IO_BYTES)
                break
            except TimeoutError:
                continue
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._events.extend(self._protocol.events_received())
        with contextlib.suppress(OSError):  # a pong or a farewell that nobody takes; what has arrived counts
            self._flush()

    def _flush(self) -> None:
        self._unsent += b"".join(self._protocol.data_to_send())
        if self._is_sending:  # `remaining` sends a message itself: it goes after the one whose wait asked
            return
        self._is_sending = True
        try:
            while self._unsent:
                left = self._remaining()
                # TLS inside of TLS cannot take up a write that was broken off.
                self._sock.settimeout(min(GLANCE_SECONDS, left) if isinstance(self._sock, socket.socket) else left)
                with contextlib.suppress(TimeoutError):
                    del self._unsent[: self._sock.send(bytes(self._unsent[:_IO_BYTES]))]
        finally:
            self._is_sending = False
