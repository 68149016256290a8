"""The live table of `zombies --watch`: a line per pause that adopts orphans or to which something happened, a heading per node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kubectl_pause.render.columns import Cell, Column, labelled, table
from kubectl_pause.render.plain_text import age
from kubectl_pause.watch_report import WatchEnd, WatchPods, WatchStart

if TYPE_CHECKING:
    from kubectl_pause.watch_report import WatchedPause, WatchLine

_COLUMNS = (
    Column("NAMESPACE", least=9), Column("POD", least=12), Column("PID"), Column("REAPED"), Column("LAST"), Column("FORGED"),
    Column("WAKE-UPS"), Column("STATE"),
)  # fmt: skip
_MOST_NAMES = 5
_STATES = {"R": "running", "S": "asleep", "D": "asleep", "I": "asleep", "T": "stopped", "t": "traced"}
_STYLES = {"stopped": "warn", "traced": "warn", "gone": "bad"}


@dataclass(slots=True)
class _Node:
    """What the lines of one node have told so far. `before` is how many each pause had reaped before the last look."""

    start: WatchStart
    seconds: float = 0.0
    lost: int = 0
    end: WatchEnd | None = None
    pauses: dict[int, WatchedPause] = field(default_factory=dict)
    before: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class WatchBoard:
    """Takes the lines of all nodes, and shows how things stand."""

    _nodes: dict[str, _Node] = field(default_factory=dict)
    _came: list[str] = field(default_factory=list)
    _went: list[str] = field(default_factory=list)

    def take(self, line: WatchLine) -> None:
        """A line of the report; one of a node that has not started is left out."""
        if isinstance(line, WatchStart):
            self._nodes[line.node] = _Node(line, pauses={each.pid: each for each in line.pauses})
            return
        if isinstance(line, WatchPods):
            self._came += [f"{name} to {line.node}" for name in line.came]
            self._went += [f"{name} from {line.node}" for name in line.went]
            return
        node = self._nodes.get(line.node)
        if node is None:
            return
        if isinstance(line, WatchEnd):
            node.end = line
        else:
            node.before = {pid: pause.reaped or 0 for pid, pause in node.pauses.items()}
        node.seconds, node.lost = line.seconds, line.lost
        node.pauses |= {each.pid: each for each in line.pauses}

    def lines(self, *, width: int | None, height: int | None, colour: bool) -> list[str]:
        """All nodes; at most `height` lines, None for as many as there are."""
        shown = [line for name in sorted(self._nodes) for line in _node(self._nodes[name], width=width, colour=colour)]
        shown += labelled("Came", f"{_last(self._came)}: not watched, the watch began before", width) if self._came else []
        shown += labelled("Went", _last(self._went), width) if self._went else []
        if height is None or len(shown) <= height:
            return shown
        return [*shown[: height - 1], f"({len(shown) - height + 1} more lines: make the terminal higher, or choose pods)"]


def _node(node: _Node, *, width: int | None, colour: bool) -> list[str]:
    pauses = sorted(node.pauses.values(), key=lambda each: (each.namespace, each.pod, each.pid))
    shown = [each for each in pauses if each.adopts or each.reaped_any or each.forged or each.gone or len(pauses) == 1]
    quiet = len(pauses) - len(shown)
    word = "watched for" if node.end else "watching for"
    lines = labelled("Node", f"{node.start.node}  {word} {age(node.seconds)}, {_source(node)}", width)
    if node.lost:
        lost = "1 event was" if node.lost == 1 else f"{node.lost} events were"
        lines += labelled("", f"{lost} lost: the numbers marked ~ are not exact", width)
    if shown:
        lines += table(_COLUMNS, [_row(node, each) for each in shown], width=width, colour=colour)
    if quiet:
        pause, them = ("pause has", "it") if quiet == 1 else ("pauses have", "them")
        lines.append(f"{quiet} more {pause} nothing to reap: no orphan comes to {them}")
    if node.end and node.end.why:
        lines += labelled("Cut", node.end.why, width)
    return lines


def _last(names: list[str]) -> str:
    """The last few, the newest first."""
    more = f" and {len(names) - _MOST_NAMES} before" if len(names) > _MOST_NAMES else ""
    return ", ".join(reversed(names[-_MOST_NAMES:])) + more


def _source(node: _Node) -> str:
    if node.start.source == "tracefs":
        return "by tracefs: every reap is counted"
    return f"by the counters of /proc: whether a pause reaped, not how often ({node.start.reason})"


def _row(node: _Node, pause: WatchedPause) -> list[str | Cell]:
    state = "gone" if pause.gone else _STATES.get(pause.state or "", pause.state or "-")
    return [
        pause.namespace,
        pause.pod,
        str(pause.pid),
        _reaped(node, pause),
        "-" if pause.reaped is None else f"+{pause.reaped - node.before.get(pause.pid, 0)}",
        Cell("-") if pause.forged is None else Cell(str(pause.forged), "warn" if pause.forged else ""),
        "-" if pause.runs is None else str(pause.runs),
        Cell(state, _STYLES.get(state, "")),
    ]


def _reaped(node: _Node, pause: WatchedPause) -> str:
    if pause.reaped is not None:
        return f"{'~' if node.lost else ''}{pause.reaped}"
    return {True: "yes", False: "none", None: "unknown"}[pause.reaped_any]
