"""`zombies --watch`: pauses reaping, live. A table that is drawn over in a terminal, one JSON object a line otherwise."""

from __future__ import annotations

import os
import queue
import shutil
import sys
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kubectl_pause.cli import finishing
from kubectl_pause.cli.dry_run import dry_run
from kubectl_pause.cli.durations import seconds
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.terminal import Progress, colour, print_error, put
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.pasting import command_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.answers.node_answer import NodeCapture
    from kubectl_pause.capture.node_watch import WatchPlan
    from kubectl_pause.cli.flags import CaptureFlags
    from kubectl_pause.cli.output_flags import ViewFlags
    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.watch import Lines
    from kubectl_pause.judge.reaping.watching import NodeWatching
    from kubectl_pause.render.zombies.watch_view import WatchBoard
    from kubectl_pause.report import Report
    from kubectl_pause.watch_report import WatchLine

LONGEST_WATCH = 3600
"""Seconds; also how long a watch lasts that nobody ends."""
SHORTEST_LOOK, LONGEST_LOOK = 0.2, 60.0
MOST_NODES = 100
_FOR_SYSADMIN = ("absent", "refused")
"""Why a node is watched without tracefs, where more rights may help: they can mount it, and make an instance in it."""


@dataclass(frozen=True, slots=True)
class WatchFlags:
    """What the command line says of a watch, unread."""

    watch: bool
    duration: str | None
    interval: str
    buffer_kb: int
    tracefs: bool

    def plan(self) -> WatchPlan | None:
        """How to watch; None where no watch is asked for. Raises PauseInspectError for what is no time, too short or too long."""
        from kubectl_pause.capture.node_watch import WatchPlan

        if not self.watch:
            if self.duration is not None:
                raise PauseInspectError("WrongUsage", "--for has no effect without --watch", "give --watch too")
            return None
        length = LONGEST_WATCH if self.duration is None else seconds(self.duration, "--for")
        if not 1 <= length <= LONGEST_WATCH:
            short = "too short" if length < 1 else "too long"
            raise PauseInspectError("WrongUsage", f"--for: {self.duration} is {short} to watch", "give a time between 1s and 1h")
        interval = seconds(self.interval, "--interval")
        if not SHORTEST_LOOK <= interval <= LONGEST_LOOK:
            short = "too short" if interval < SHORTEST_LOOK else "too long"
            hint = f"give a time between {SHORTEST_LOOK:g}s and {LONGEST_LOOK:g}s from look to look"
            raise PauseInspectError("WrongUsage", f"--interval: {self.interval} is {short} between two samples", hint)
        return WatchPlan(seconds=round(length), interval=interval, buffer_kb=self.buffer_kb, use_tracefs=self.tracefs)


@dataclass(slots=True)
class NodeSession:
    """The watch of one node. `uids` are the pods meant, None for all; lines for the screen go into `queue`.

    `warn` takes a line where a privileged pod could count what this one cannot; None for one that is privileged.
    """

    node: str
    uids: set[str] | None
    queue: queue.SimpleQueue[WatchLine]
    warn: Callable[[str], None] | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    error: PauseInspectError | None = None
    watching: NodeWatching | None = None
    _lines: Lines | None = None

    def begin(self, capture: NodeCapture) -> Sequence[int]:
        """See `cluster.node_watch.Session`."""
        from kubectl_pause.facts.node_facts import node_facts
        from kubectl_pause.facts.watch import Lines
        from kubectl_pause.inspect_node import inspect_node
        from kubectl_pause.judge.reaping.watching import NodeWatching, watched_sandboxes
        from kubectl_pause.select.captured_pods import by_uid, only_pods

        facts = node_facts(capture.capture, self.node)
        report = inspect_node(facts, self.node)
        if self.uids is not None:
            report = only_pods(report, by_uid(self.uids))
        watched = watched_sandboxes(report, facts.processes)
        if not watched:
            what = "no pause process to watch" + (" in the pods named" if self.uids is not None else "")
            raise PauseInspectError(
                "NothingToWatch",
                f"node {self.node}: {what}",
                f"{command_line('kubectl', 'pause-inspect', 'node', self.node)} shows what is there",
            )
        self._lines = Lines()
        self.watching = NodeWatching(self.node, watched)
        return [each.pid for each in watched]

    def take(self, data: bytes) -> None:
        """See `cluster.node_watch.Session`. Where no pause is left, the watch ends."""
        from kubectl_pause.facts.watch import Head

        if self._lines is None or self.watching is None:
            return
        for fact in self._lines.feed(data):
            if self.warn and isinstance(fact, Head) and fact.reason in _FOR_SYSADMIN:
                self.warn(f"node {self.node}: watched without tracefs; a privileged pod may mount it: --profile sysadmin")
            line = self.watching.take(fact, now())
            if line:
                self.queue.put(line)
        if self.watching.all_gone:
            self.ended.set()

    def over(self, error: PauseInspectError | None) -> None:
        """See `cluster.node_watch.Session`."""
        self.error = error
        if self.watching:
            self.queue.put(self.watching.end(now(), error.message if error else None))


def now() -> str:
    """RFC 3339, to the millisecond."""
    from kubectl_pause.facts.pod_trail import written

    return written(datetime.now(UTC), "milliseconds")


def watch(
    api: Api,
    nodes: Mapping[str, set[str] | None],
    pods_now: Callable[[], Iterable[Pod]],
    plan: WatchPlan,
    capture: CaptureFlags,
    view: ViewFlags,
    report: Report,
) -> int:
    """Watch pauses of nodes (`nodes` names them, with the uids of the pods meant or None for all). Raises EndedBySignal at Ctrl-C.

    `pods_now` asks which pods are meant by now; those that come and go are named.
    """
    from kubectl_pause.capture.node_watch import watch_nodes
    from kubectl_pause.cli.pods_meanwhile import PodsMeanwhile

    if len(nodes) > MOST_NODES:
        raise PauseInspectError("WrongUsage", f"{len(nodes)} nodes are too many to watch at once", f"name at most {MOST_NODES}: --node")
    lines: queue.SimpleQueue[WatchLine] = queue.SimpleQueue()
    options = replace(capture.inspector(), watch_seconds=float(plan.seconds))
    if capture.dry_run is not None:
        dry_run(api, sorted(nodes), options, capture.dry_run)
    screen = _screen(view)
    progress = Progress(api.log.step if api.log.is_on else None)
    warn = None if options.profile == "sysadmin" else progress.warn
    sessions = [NodeSession(name, uids, lines, warn) for name, uids in sorted(nodes.items())]
    meanwhile = PodsMeanwhile(pods_now, lines.put, now)
    try:
        with progress, meanwhile:
            watch_nodes(api, sessions, options, plan, say=progress.say, warn=progress.warn, show=lambda: screen.show(_waiting(lines)))
    finally:
        screen.close()
        if meanwhile.trouble:
            progress.warn(f"pods that came and went were not named to the end: {meanwhile.trouble.message}")
        for each in sessions:
            if each.watching and each.watching.instance == "left":
                progress.warn(f"node {each.node}: the trace instance could not be removed; the next watch of that node tries again")
        report.errors += [finishing.failure_of(each.error, node=each.node) for each in sessions if each.error and not _wanted(each)]
        for error in report.errors:
            print_error(error.message, error.hint or "")
    if not report.errors:
        return ExitCode.DONE
    return ExitCode.PARTIAL if any(each.watching and not each.error for each in sessions) else ExitCode.ERROR


def _wanted(session: NodeSession) -> bool:
    """Whether what ended the watch was the user's wish, of which the exit code tells."""
    return session.error is not None and session.error.reason == "Interrupted"


def _waiting(lines: queue.SimpleQueue[WatchLine]) -> list[WatchLine]:
    found = []
    while not lines.empty():
        found.append(lines.get())
    return found


def check_watch(view: ViewFlags, plan: WatchPlan | None, *, local: bool) -> None:
    """Raises PauseInspectError for what cannot be watched, or not be shown while it is."""
    if plan is None:
        return
    for flag, given in (("--from", bool(view.captured)), ("--local", local)):
        if given:
            raise PauseInspectError("WrongUsage", f"--watch and {flag} cannot be used together", "watch pods or nodes of a cluster")
    if view.output in ("yaml", "owners"):
        raise PauseInspectError(
            "WrongUsage", f"--watch cannot print {view.output}", "leave -o out in a terminal, or give -o json: one object a line"
        )


class _JsonLines:
    """One JSON object a line. Everything outside ASCII and every control character is escaped."""

    def show(self, lines: Sequence[WatchLine]) -> None:
        import json

        import msgspec

        for line in lines:
            put(json.dumps(msgspec.to_builtins(line), ensure_ascii=True).replace("\x7f", "\\u007f") + "\n")

    def close(self) -> None:
        """Nothing is held back."""


class _Table:
    """The table, drawn over; in a terminal that cannot, once, at the end."""

    def __init__(self, board: WatchBoard) -> None:
        self._board = board
        self._live = os.environ.get("TERM") != "dumb"
        self._drawn = 0

    def show(self, lines: Sequence[WatchLine]) -> None:
        for line in lines:
            self._board.take(line)
        if lines and self._live:
            self._draw(shutil.get_terminal_size().lines - 1)

    def close(self) -> None:
        self._draw(None)

    def _draw(self, height: int | None) -> None:
        shown = self._board.lines(width=shutil.get_terminal_size().columns, height=height, colour=colour())
        back = f"\x1b[{self._drawn}A\x1b[J" if self._drawn else ""
        put(back + "".join(line + "\n" for line in shown))
        self._drawn = len(shown)


def _screen(view: ViewFlags) -> _JsonLines | _Table:
    if view.output == "json" or not sys.stdout.isatty():
        return _JsonLines()
    from kubectl_pause.render.zombies.watch_view import WatchBoard

    return _Table(WatchBoard())
