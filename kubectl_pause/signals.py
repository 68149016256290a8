"""Signals during a run: noted, and told to whoever has something to clean up, instead of raised somewhere."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Windows has no SIGHUP."""


class EndedBySignal(Exception):  # noqa: N818 (no error: the user's wish)
    """The run was ended by a signal, after every pod of ours was deleted. `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def signals_into(cancelled: threading.Event) -> Iterator[list[int]]:
    """SIGINT, SIGTERM and SIGHUP set the flag instead of raising somewhere: clean-up is never cut short."""
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        cancelled.set()

    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    before = {number: signal.signal(number, note) for number in _SIGNALS}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
