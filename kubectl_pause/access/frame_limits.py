"""A websocket that refuses what would cost memory without bound, before it has read it.

websocket-client reads a frame of whatever length its header tells (up to 2^63 bytes, RFC 6455 section 5.2) and puts fragments
together by copying all that came before, both without limit. An API server relays a container's output in messages of at most
32 KiB (client-go and kubelet copy streams through buffers of that size), never fragmented by more than its own write buffer.
"""

from __future__ import annotations

from typing import Any

MAX_FRAME_BYTES = 4 << 20
"""Far above what any server sends at once, and small enough to hold."""
MAX_FRAGMENTS = 4096
"""Frames of one message: each costs a copy of those before it."""


def bounded_websocket() -> Any:
    """A `websocket.WebSocket`. A frame, or a message of several, beyond the limits is a WebSocketProtocolException."""
    import websocket
    from websocket._abnf import ABNF, continuous_frame, frame_buffer

    class Frames(frame_buffer):  # type: ignore[misc]
        """Looks at the length that a header tells before anything of that length is read."""

        def recv_length(self) -> None:
            super().recv_length()
            if self.length > MAX_FRAME_BYTES:
                raise websocket.WebSocketProtocolException(f"a frame of {self.length} bytes, more than {MAX_FRAME_BYTES}")

    class Fragments(continuous_frame):  # type: ignore[misc]
        """Counts what it puts together."""

        fragments = 0

        def add(self, frame: ABNF) -> None:
            self.fragments = self.fragments + 1 if self.cont_data else 1
            held = len(self.cont_data[1]) if self.cont_data else 0
            if self.fragments > MAX_FRAGMENTS or held + len(frame.data) > MAX_FRAME_BYTES:
                raise websocket.WebSocketProtocolException(f"a message of more than {MAX_FRAME_BYTES} bytes or {MAX_FRAGMENTS} fragments")
            super().add(frame)

    stream = websocket.WebSocket(skip_utf8_validation=True)
    stream.frame_buffer = Frames(stream._recv, True)  # noqa: SLF001 - what WebSocket itself gives to the frame_buffer that this replaces
    stream.cont_frame = Fragments(False, True)
    return stream
