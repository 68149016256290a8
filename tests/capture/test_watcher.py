"""The watcher, run: by the counters of this host's /proc, in made-up node roots, and its reader of trace lines with hostile ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kubectl_pause.facts.watch import Counted, End, Events, Fact, Gone, Head, Lines, Look
from tests.recorded_nodes import COLLECTOR

WATCHER = COLLECTOR.with_name("watcher.sh")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
SLEEPER = [sys.executable, "-c", "import sys; sys.stdin.read()"]


def start(pids: list[int], root: Path | str = "/nonexistent", *, seconds: int = 60, tracefs: str = "yes") -> subprocess.Popen[bytes]:
    command = ["busybox", "sh", str(WATCHER), str(seconds), "50", "_".join(map(str, pids)), "8", tracefs]
    environment = {"PATH": os.environ["PATH"], "NODE_ROOT": str(root), "MOUNT_AT": "/nonexistent"}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def told(watcher: subprocess.Popen[bytes]) -> list[Fact]:
    stdout, _ = watcher.communicate(timeout=60)
    return Lines().feed(stdout)


@pytest.fixture
def sleeper():
    with subprocess.Popen(SLEEPER, stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_the_counters_of_a_process_until_it_ends(sleeper):
    watcher = start([sleeper.pid], tracefs="no")
    assert watcher.stdout is not None
    assert watcher.stdout.readline() == b"#watch 1 counters off\n"
    ticks = int(Path(f"/proc/{sleeper.pid}/stat").read_text().rpartition(")")[2].split()[19])
    (first,) = Lines().feed(watcher.stdout.readline())
    assert isinstance(first, Counted)
    assert (first.pid, first.start_ticks) == (sleeper.pid, ticks)
    sleeper.communicate()
    while Gone(sleeper.pid) not in Lines().feed(watcher.stdout.readline()):
        pass
    assert told(watcher)[-1] == End("none"), "the end of its stdin is the end of the watch"
    assert watcher.returncode == 0


def test_a_watch_ends_by_itself_and_a_line_or_a_signal_ends_it_sooner(sleeper):
    facts = told_with(start([sleeper.pid], seconds=1), b"")
    assert isinstance(facts[-2], Look)
    assert facts[-1] == End("none")
    assert told_with(start([sleeper.pid]), b"\n")[-1] == End("none")
    watcher = start([sleeper.pid])
    assert watcher.stdout is not None
    watcher.stdout.readline()
    watcher.terminate()
    assert told_with(watcher, b"")[-1] == End("none")


def told_with(watcher: subprocess.Popen[bytes], line: bytes) -> list[Fact]:
    """All that it tells when its stdin stays open, but for this line."""
    assert watcher.stdin is not None
    assert watcher.stdout is not None
    watcher.stdin.write(line)
    watcher.stdin.flush()
    facts = Lines().feed(watcher.stdout.read())
    watcher.communicate(timeout=60)
    return facts


def test_a_node_without_tracefs(tmp_path, sleeper):
    assert told(start([sleeper.pid], tmp_path))[0] == Head(traced=False, reason="absent")
    (tmp_path / "sys/kernel/tracing/instances").mkdir(parents=True)
    assert told(start([sleeper.pid], tmp_path))[0] == Head(traced=False, reason="absent"), "and one without these events"


def events_in(root: Path) -> Path:
    """A directory like tracefs, with the events."""
    place = root / "sys/kernel/tracing"
    for event in ("sched/sched_process_wait", "signal/signal_generate", "signal/signal_deliver"):
        (place / "events" / event).mkdir(parents=True)
    return place


SPACE = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]") if sys.platform == "linux" else ""


@pytest.mark.skipif(SPACE != "4026531836", reason="this host's PID namespace is not the kernel's first")
def test_an_instance_that_is_refused(tmp_path, sleeper):
    (events_in(tmp_path) / "instances").symlink_to("/proc/self")  # where nobody can make a directory
    facts = told(start([sleeper.pid], tmp_path))
    assert (facts[0], facts[-1]) == (Head(traced=False, reason="refused"), End("none"))
    assert any(isinstance(fact, Counted) for fact in facts)


def test_leftovers_of_watchers_that_are_no_more_are_removed_and_no_others(tmp_path, sleeper):
    instances = events_in(tmp_path) / "instances"
    ticks = int(Path(f"/proc/{sleeper.pid}/stat").read_text().rpartition(")")[2].split()[19])
    left = [f"kpi-{sleeper.pid}-{ticks - 1}-{SPACE}", f"kpi-4194303-5-{SPACE}"]
    kept = [f"kpi-{sleeper.pid}-{ticks}-{SPACE}", "kpi-4194303-5-1", "other-4194303-5"]
    for name in left + kept:
        (instances / name).mkdir(parents=True)
    told(start([sleeper.pid], tmp_path))
    assert {each.name for each in instances.iterdir()} >= set(kept)
    assert not {each.name for each in instances.iterdir()} & set(left)


def count(lines: list[str]) -> list[Fact]:
    """What the reader makes of trace lines about the pause 9913, whose pid is 500 to the kernel."""
    script = WATCHER.read_text()
    program = script.partition("COUNT='")[2].partition("\n'\n")[0]
    environment = {"PATH": os.environ["PATH"], "PIDS": "9913", "BOTH": "500:9913", "HEAD": "#watch 1 tracefs", "LOOK": "echo overrun: 3"}
    text = "".join(f"{line}\n" for line in [*lines, END])
    done = subprocess.run(["busybox", "awk", program], input=text.encode(), capture_output=True, env=environment, cwd="/proc", check=True)
    return [fact for fact in Lines().feed(done.stdout) if not isinstance(fact, Head | Gone)]


END = "          <...>-77      [000] .....  2000.500000: tracing_mark_write: kpi-end"
SIGNAL = "            zgen-600     [001] d..2.  2000.463086: signal_generate: sig=17 errno=0 code={} comm=pause pid={} grp=1 res=0"
DELIVERY = "           pause-500     [001] .....  2000.463105: signal_deliver: sig=17 errno=0 code=1 sa_handler=401755 sa_flags=4000001"
WAIT = "           pause-500     [001] .....  2000.463115: sched_process_wait: comm=pause pid=0 prio=120"


def test_reaps_forged_signals_and_lost_events():
    facts = count([SIGNAL.format(1, 500), DELIVERY, WAIT, WAIT, SIGNAL.format(0, 500), DELIVERY, WAIT, SIGNAL.format(2, 500)])
    assert facts[0] == Events(9913, waits=3, deliveries=2, signals=3, forged=1)
    assert isinstance(facts[1], Look)
    assert facts[1].lost == 3


def test_a_watch_that_begins_in_the_middle_of_a_run_of_the_handler():
    (events, _) = count([WAIT, WAIT, WAIT])
    assert isinstance(events, Events)
    assert events.reaps == 2


@pytest.mark.parametrize(
    "line",
    [
        SIGNAL.format(1, 501),
        WAIT.replace("-500 ", "-5001 "),
        WAIT.replace("pause-500 ", "pause-77 "),
        "kpi-end",
        "x" * 15,
        "signal_deliver:-77 [000] ..... 1.0: sched_process_wait: comm=x pid=0 prio=120",
        "-500 [0] . 1.0: -77 [000] ..... 2.0: sched_process_wait: comm=x pid=0 prio=120",
        "",
    ],
)
def test_lines_of_others_and_names_made_to_look_like_lines_count_for_nothing(line):
    """A comm has 15 characters of anything; the kernel's own words between a comm and an event are longer than that."""
    assert count([line])[0] == Events(9913, 0, 0, 0, 0)


def test_a_newline_in_the_name_of_who_died_hides_nothing():
    (events, _) = count(["            ab", "cd-600     " + SIGNAL.partition("-600     ")[2].format(1, 500)])
    assert events == Events(9913, 0, 0, 1, 0)
