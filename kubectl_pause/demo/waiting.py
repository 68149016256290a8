"""Waits of the demo: each has a deadline, names what is waited for, and ends early when a signal has come."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.signals import EndedBySignal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LOOK_AGAIN_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Patience:
    """`signals` are the numbers of those that have come so far, filled by a handler; `seconds` the limit of each wait."""

    signals: Sequence[int]
    seconds: float = 10.0

    def check(self) -> None:
        """Raises EndedBySignal once a signal has come."""
        if self.signals:
            raise EndedBySignal(self.signals[0])

    def until(self, done: Callable[[], bool], what: str, seconds: float | None = None) -> None:
        """Wait for `done` to return True. Raises EndedBySignal, and PauseInspectError that says what was waited for."""
        limit = seconds or self.seconds
        deadline = time.monotonic() + limit
        while not done():
            self.check()
            if time.monotonic() > deadline:
                raise PauseInspectError("TimedOut", f"waited {limit:g} s for {what}", "try again; this host may be very busy")
            time.sleep(_LOOK_AGAIN_SECONDS)
        self.check()
