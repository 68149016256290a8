"""What is said of pauses that were watched: exact numbers only where none was lost, and of the counters no more than they show."""

from __future__ import annotations

import pytest

from kubectl_pause.facts.capture import read_capture
from kubectl_pause.facts.node_facts import node_facts
from kubectl_pause.facts.watch import Counted, End, Events, Gone, Look
from kubectl_pause.inspect_node import inspect_node
from kubectl_pause.judge.reaping.watching import NodeWatching, watched_sandboxes
from kubectl_pause.watch_report import WatchEnd, WatchStart, WatchTick
from tests.judge.watched import NOW, TRACED, pause, untraced
from tests.recorded_nodes import recorded_bytes


def told(watching, *facts):
    """The last line that the facts complete."""
    return [line for fact in facts if (line := watching.take(fact, NOW))][-1]


def test_a_watch_by_tracefs_from_start_to_end():
    watching = NodeWatching("worker", [pause(10), pause(20, adopts=False)])
    start = told(watching, TRACED, Counted(10, 7, "S", 0, 3), Counted(20, 7, "S", 0, 3), Look(100.0, 0))
    assert isinstance(start, WatchStart)
    assert (start.source, start.reason, [each.pid for each in start.pauses]) == ("tracefs", None, [10, 20])
    tick = told(watching, Events(10, 115, 8, 108, 1), Counted(10, 7, "S", 856, 90), Look(101.5, 0))
    assert isinstance(tick, WatchTick)
    assert (tick.seconds, tick.exact, tick.lost) == (1.5, True, 0)
    (changed,) = tick.pauses
    assert (changed.reaped, changed.reaped_any, changed.signals, changed.forged, changed.runs) == (107, True, 108, 1, 87)
    watching.take(End("removed"), NOW)
    end = watching.end(NOW)
    assert isinstance(end, WatchEnd)
    assert (end.complete, end.exact, [each.reaped for each in end.pauses]) == (True, True, [107, 0])


def test_a_number_with_lost_events_is_not_exact():
    watching = NodeWatching("worker", [pause(10)])
    told(watching, TRACED, Look(100.0, 0))
    assert told(watching, Events(10, 115, 8, 108, 1), Look(101.0, 5)).exact is False
    assert watching.end(NOW).lost == 5


def test_a_run_of_the_handler_that_is_not_over_takes_nothing_back():
    watching = NodeWatching("worker", [pause(10)])
    told(watching, TRACED, Events(10, 12, 4, 8, 0), Look(100.0, 0))
    assert told(watching, Events(10, 12, 5, 9, 0), Look(101.0, 0)).pauses[0].reaped == 8


@pytest.mark.parametrize(
    ("faults", "runs", "reaped_any"),
    [(8, 4, True), (8, None, True), (0, 3, False), (0, 4, None), (0, None, None)],
    ids=["faults of a child", "faults alone", "never ran", "ran without a fault", "not told whether it ran"],
)
def test_the_counters_alone(faults, runs, reaped_any):
    watching = NodeWatching("worker", [pause(10)])
    start = told(watching, untraced("refused"), Counted(10, 7, "S", 0, None if runs is None else 3), Look(100.0, 0))
    assert (start.source, start.reason) == ("counters", "the kernel refused a trace instance")
    end = told(watching, Counted(10, 7, "S", faults, runs), Look(101.0, 0))
    (shown,) = end.pauses
    assert (shown.reaped, shown.forged, shown.signals, shown.reaped_any, end.exact) == (None, None, None, reaped_any, False)


@pytest.mark.parametrize("fact", [Gone(10), Counted(10, 8, "S", 0, 0)], ids=["gone", "its pid is another's by now"])
def test_a_pause_that_ended_is_not_counted_on(fact):
    watching = NodeWatching("worker", [pause(10), pause(20)])
    told(watching, TRACED, Events(10, 3, 1, 2, 0), Look(100.0, 0))
    told(watching, fact, Look(101.0, 0))
    assert not watching.all_gone
    told(watching, Events(10, 30, 1, 2, 0), Events(99, 30, 1, 2, 0), Look(102.0, 0))
    gone = watching.end(NOW).pauses[0]
    assert (gone.gone, gone.reaped, gone.state) == (True, 2, None)
    told(watching, Gone(20), Look(103.0, 0))
    assert watching.all_gone


def test_a_watch_that_was_cut_says_so():
    watching = NodeWatching("worker", [pause(10)])
    told(watching, TRACED, Look(100.0, 0))
    assert watching.end(NOW).complete is False, "the watcher's own last line did not come"
    end = watching.end(NOW, "the stream was cut")
    assert (end.complete, end.why) == (False, "the stream was cut")
    assert NodeWatching("worker", []).take(Look(1.0, 0), NOW) is None, "a look before the head"


def test_which_pauses_adopt_orphans():
    source = "recorded/reaping/zoo.capture"
    facts = node_facts(read_capture(recorded_bytes("reaping", "zoo.capture"), source), source)
    report = inspect_node(facts, source)
    found = watched_sandboxes(report, facts.processes)
    assert [each.pid for each in found if each.adopts] == [32082, 32128, 32215], (
        "not those alone in their namespace, nor that of a hostPID pod"
    )
    assert len(found) == len(report.sandboxes)
    assert watched_sandboxes(report, {}) == [], "processes that have ended"
    for sandbox in report.sandboxes:
        sandbox.holder = "other"
    assert watched_sandboxes(report, facts.processes) == [], "how another program waits is not known"
