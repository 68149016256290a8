"""The live table: exact numbers, numbers that are not, counters alone; and names that would like to draw something else."""

from __future__ import annotations

from kubectl_pause.facts.watch import Counted, End, Events, Fact, Gone, Look
from kubectl_pause.judge.reaping.watching import NodeWatching
from kubectl_pause.render.zombies.watch_view import WatchBoard
from kubectl_pause.watch_report import WatchPods
from tests.judge.watched import NOW, TRACED, pause, untraced

TWO = (pause(10), pause(20, name="alone", adopts=False))


def shown(*facts: Fact, pauses=TWO, end: bool = False, why: str | None = None, **view):
    board, watching = WatchBoard(), NodeWatching("worker", list(pauses))
    for fact in facts:
        line = watching.take(fact, NOW)
        if line:
            board.take(line)
    if end:
        board.take(watching.end(NOW, why))
    return board.lines(**{"width": None, "height": None, "colour": False, **view})


FIRST = (Counted(10, 7, "S", 0, 3), Counted(20, 7, "S", 0, 3), Look(100.0, 0))


def test_reaps_as_they_come():
    events = Events(10, 115, 8, 108, 1), Counted(10, 7, "S", 856, 11)
    later = Events(10, 125, 9, 117, 1), Counted(10, 7, "S", 928, 12)
    assert shown(TRACED, *FIRST, *events, Look(101.0, 0), *later, Look(102.0, 0)) == [
        "Node      worker  watching for 2s, by tracefs: every reap is counted",
        "NAMESPACE  POD  PID  REAPED  LAST  FORGED  WAKE-UPS  STATE",
        "shop       web  10   116     +9    1       9         asleep",
        "1 more pause has nothing to reap: no orphan comes to it",
    ]


def test_lost_events_are_never_hidden():
    lines = shown(TRACED, *FIRST, Events(10, 12, 2, 10, 0), Look(101.0, 31), end=True)
    assert lines[:2] == [
        "Node      worker  watched for 1s, by tracefs: every reap is counted",
        "          31 events were lost: the numbers marked ~ are not exact",
    ]
    assert lines[3].split() == ["shop", "web", "10", "~10", "+10", "0", "0", "asleep"]


def test_the_counters_alone_claim_less():
    lines = shown(untraced("absent"), *FIRST, Counted(10, 7, "S", 8, 4), Look(101.0, 0))
    assert lines[0] == (
        "Node      worker  watching for 1s, by the counters of /proc: whether a pause reaped, not how often "
        "(the node has no tracefs, or not these events)"
    )
    assert lines[2].split() == ["shop", "web", "10", "yes", "-", "-", "1", "asleep"]
    assert shown(untraced("off"), *FIRST)[2].split()[3] == "none"
    assert shown(untraced("off"), *FIRST, Counted(10, 7, "S", 0, 4), Look(101.0, 0))[2].split()[3] == "unknown"


def test_what_happens_to_a_pause_without_orphans_is_shown_too():
    lines = shown(TRACED, *FIRST, Events(20, 1, 1, 1, 1), Gone(10), Look(101.0, 0), End("removed"), end=True)
    assert [line.split()[1] + " " + line.split()[-1] for line in lines[2:]] == ["alone asleep", "web gone"]
    assert shown(TRACED, Look(1.0, 0), pauses=[pause(20, adopts=False)])[2].split()[:3] == ["shop", "web", "20"], "the one pod asked for"


def test_pods_that_come_and_go_are_named_once_the_newest_first():
    board, watching = WatchBoard(), NodeWatching("worker", [pause(10)])
    for fact in (TRACED, *FIRST):
        line = watching.take(fact, NOW)
        if line:
            board.take(line)
    for number in range(7):
        board.take(WatchPods(node="other", time=NOW, came=[f"shop/web-{number}"], went=["shop/\x1b[2J"] if number == 3 else []))
    lines = board.lines(width=None, height=None, colour=False)
    newest = ", ".join(f"shop/web-{number} to other" for number in (6, 5, 4, 3, 2))
    assert lines[-2] == f"Came      {newest} and 2 before: not watched, the watch began before"
    assert lines[-1] == "Went      shop/\\x1b[2J from other"


def test_a_watch_that_was_cut():
    assert shown(TRACED, *FIRST, end=True, why="the exec stream was cut")[-1] == "Cut       the exec stream was cut"


def test_hostile_names_draw_nothing():
    evil = pause(10, name="\x1b[2Jweb\nroot 1 999", namespace="a\u202eb")
    lines = shown(TRACED, *FIRST, pauses=[evil], colour=True)
    assert len(lines) == 3
    assert "\\x1b[2Jweb\\x0aroot 1 999" in lines[2]
    assert all(character.isprintable() for line in lines for character in line)


def test_no_more_lines_than_the_terminal_has():
    pauses = [pause(number, name=f"web-{number:03}") for number in range(100)]
    assert len(shown(TRACED, Look(1.0, 0), pauses=pauses)) == 102
    lines = shown(TRACED, Look(1.0, 0), pauses=pauses, height=10)
    assert lines[-1] == "(93 more lines: make the terminal higher, or choose pods)"
    assert len(lines) == 10


def test_lines_of_a_node_that_has_not_started_are_left_out():
    board = WatchBoard()
    board.take(NodeWatching("worker", [pause(10)]).end(NOW, "no pod"))
    assert board.lines(width=80, height=20, colour=False) == []
