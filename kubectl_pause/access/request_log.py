"""`-v`: what is done and asked of the API server, on stderr, as kubectl's levels have it. Credentials never stand in it."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from kubectl_pause.access.one_line import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

STEPS, REQUESTS, HEADERS = 1, 6, 9
"""The levels from which on steps, requests and headers are written."""
_LONGEST_URL = 300
"""A command to run is part of an exec's URL, and may be a whole script."""
_SHOWN = frozenset(
    {
        "accept", "accept-encoding", "audit-id", "cache-control", "connection", "content-encoding", "content-length", "content-type",
        "date", "retry-after", "sec-websocket-protocol", "server", "transfer-encoding", "upgrade", "user-agent", "warning",
        "x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid",
        "impersonate-user", "impersonate-group", "impersonate-uid",
    }
)  # fmt: skip
"""Headers whose values are no secret; whatever another one holds, a proxy's cookie too, is hidden."""


@dataclass(frozen=True, slots=True)
class RequestLog:
    """Writes what `level` asks for. Safe to use from many threads: each entry is written at once."""

    level: int = 0
    _began: float = field(default_factory=time.monotonic)

    @property
    def is_on(self) -> bool:
        """Whether anything is written."""
        return self.level >= STEPS

    def step(self, text: str) -> None:
        """Something that is done now."""
        if self.level >= STEPS:
            self._write([text])

    def answered(  # noqa: PLR0913 (a request and its answer)
        self, method: str, url: str, status: int, began: float, *, sent: Iterable[tuple[str, str]] = (), got: Iterable[tuple[str, str]] = ()
    ) -> None:
        """A request, begun at the moment `began` of the monotonic clock, and its answer; headers of both as pairs."""
        self._request(method, url, str(status), began, sent, got)

    def failed(self, method: str, url: str, error: object, began: float, *, sent: Iterable[tuple[str, str]] = ()) -> None:
        """A request without an answer."""
        self._request(method, url, f"failed ({type(error).__name__})", began, sent, ())

    def _request(  # noqa: PLR0913, PLR0917
        self, method: str, url: str, outcome: str, began: float, sent: Iterable[tuple[str, str]], got: Iterable[tuple[str, str]]
    ) -> None:
        if self.level < REQUESTS:
            return
        lines = [f"{method} {_short(url)} {outcome} in {round((time.monotonic() - began) * 1000)} ms"]
        if self.level >= HEADERS:
            lines += [f"    > {name}: {_value(name, value)}" for name, value in sent]
            lines += [f"    < {name}: {_value(name, value)}" for name, value in got]
        self._write(lines)

    def _write(self, lines: list[str]) -> None:
        first, *others = lines
        stamp = f"[{time.monotonic() - self._began:7.3f}] "
        shown = [stamp + one_line(first), *(line[: len(line) - len(line.lstrip())] + one_line(line) for line in others)]
        sys.stderr.write("".join(f"{line}\n" for line in shown))
        sys.stderr.flush()


def warn(text: str) -> None:
    """One line on stderr, at every level."""
    sys.stderr.write(f"warning: {one_line(text)}\n")


def _value(name: str, value: str) -> str:
    """Of a credential no more than its kind."""
    if name.lower() in _SHOWN:
        return value
    kind, blank, _ = value.partition(" ")
    return f"{kind} <hidden>" if blank and name.lower() == "authorization" and kind in ("Basic", "Bearer", "Negotiate") else "<hidden>"


def _short(url: str) -> str:
    """Without user and password, and cut where it is long."""
    parts = urlsplit(url)
    whole = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    return whole if len(whole) <= _LONGEST_URL else f"{whole[:_LONGEST_URL]}...({len(whole)} characters)"
