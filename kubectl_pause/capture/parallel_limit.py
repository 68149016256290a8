"""How many nodes are read at the same time: as many as the API server bears. Only decides; the clock is told to it.

As TCP finds the room of a link: one more for each node that was read, until the server is busy for the first time; half as many then, and
from there on one more only when as many nodes were read as may be. How long a node takes says nothing: one that hangs is no sign of a
busy server. What counts are the answers of the API itself.
"""

from __future__ import annotations

import threading
from collections import deque
from statistics import median
from typing import Self

from kubectl_pause.access.rest import TOO_MANY_REQUESTS

FIRST, MOST = 8, 64
QUICK_SECONDS, SLOW_SECONDS = 1.0, 2.0
"""A server whose usual answer takes no longer than the first bears more; one that takes longer than the second has too much to do."""
_USUAL = 32
"""So many answers say what is usual: one slow webhook, or one long list, does not."""
_LEAST_ANSWERS = 8
_SETTLING_SECONDS = 2.0
"""What was begun before a halving, or so soon after it, was asked of a server that still has what was too much for it."""


class ParallelLimit:
    """`allowed` nodes may be read now. Safe to use from many threads."""

    def __init__(self, first: int = FIRST, most: int = MOST, least: int = 1) -> None:
        self.most = most
        self._least = least
        self._allowed = min(first, most)
        self._lock = threading.Lock()
        self._answers: deque[float] = deque(maxlen=_USUAL)
        self._credit = 0
        self._was_busy = False
        self._counts_from = 0.0
        """Moment from which on a request must have begun to be counted."""

    @classmethod
    def fixed(cls, number: int) -> Self:
        """So many, whatever the server says."""
        return cls(number, number, number)

    @property
    def allowed(self) -> int:
        """How many nodes may be read at the same time, now."""
        return self._allowed

    def heard(self, status: int, seconds: float, now: float) -> None:
        """The API answered with this HTTP status after so long, at the moment `now` of a monotonic clock; 0 is no answer."""
        with self._lock:
            if now - seconds < self._counts_from:
                return
            self._answers.append(seconds)
            if status == TOO_MANY_REQUESTS or (len(self._answers) >= _LEAST_ANSWERS and median(self._answers) > SLOW_SECONDS):
                self._allowed = max(self._least, self._allowed // 2)
                self._answers.clear()
                self._credit, self._was_busy, self._counts_from = 0, True, now + _SETTLING_SECONDS

    def node_read(self) -> None:
        """A node was read to its end; one that failed is no reason to begin more."""
        with self._lock:
            if not self._answers or median(self._answers) > QUICK_SECONDS:
                return
            self._credit += 1
            if self._credit >= (self._allowed if self._was_busy else 1):
                self._allowed, self._credit = min(self.most, self._allowed + 1), 0
