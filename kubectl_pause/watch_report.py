"""What `zombies --watch` prints where no terminal is: one JSON object a line, its `kind` first.

Field names are camelCase. A field that could not be filled is null, never absent. Times are RFC 3339, durations seconds.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class _Line(msgspec.Struct, rename="camel", tag_field="kind"):
    """camelCase, every field always printed."""


class WatchedPause(msgspec.Struct, rename="camel", kw_only=True):
    """A pause process. `adopts`: whether it is PID 1 of a PID namespace that it shares with its pod's containers, so that orphans come
    to it; where it does not, there is nothing for it to reap.

    All numbers are since the start of the watch. `reaped` is null without tracefs, and exact where the line's `exact` says so;
    `reaped_any` is null where the counters cannot tell: it ran, and no fault of a child came to it (a forged signal or, rarely, a child
    that never faulted). `signals` and `forged` (SIGCHLD sent by a process, while no child ended) are null without tracefs. `runs` is
    how often it was put on a CPU. `state` is the kernel's letter, null for one that is gone.
    """

    namespace: str
    pod: str
    uid: str
    owner: str | None = None
    pid: int
    adopts: bool
    reaped: int | None = None
    reaped_any: bool | None = None
    signals: int | None = None
    forged: int | None = None
    runs: int | None = None
    state: str | None = None
    gone: bool = False


class WatchStart(_Line, kw_only=True, tag="start"):
    """The watch of one node begins. `source` is `tracefs` or `counters`; `reason` says why it is not tracefs."""

    node: str
    time: str
    source: Literal["tracefs", "counters"]
    reason: str | None = None
    pauses: list[WatchedPause]


class WatchTick(_Line, kw_only=True, tag="tick"):
    """One look at one node, `seconds` after the start; `pauses` are those of which something changed since the last."""

    node: str
    time: str
    seconds: float
    lost: int
    exact: bool
    pauses: list[WatchedPause]


class WatchEnd(_Line, kw_only=True, tag="end"):
    """The watch of one node is over. `pauses` are all; `complete` is false where it was cut, and `why` says by what."""

    node: str
    time: str
    seconds: float
    lost: int
    exact: bool
    complete: bool
    why: str | None = None
    pauses: list[WatchedPause]


class WatchPods(_Line, kw_only=True, tag="pods"):
    """Pods of those meant that came to a node or went from it, as NAMESPACE/NAME, one anew under its old name as both.

    What came is not watched: its pause was not there when the watch began.
    """

    node: str
    time: str
    came: list[str]
    went: list[str]


WatchLine = WatchStart | WatchTick | WatchEnd | WatchPods
