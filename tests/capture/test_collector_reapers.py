"""The collector's view of reapers, limits and a second look: on this host's real processes, and on a made-up cgroup tree of v2."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.facts.kernel.pid_limits import PidLimit, parse_frozen, parse_pid_limits
from kubectl_pause.facts.kernel.process import parse_processes
from kubectl_pause.facts.kernel.reapers import parse_counters, parse_executables, parse_reapers, parse_stats
from tests.capture.test_collector import SHELLS, collect, needs_linux
from tests.capture.test_this_host import needs_namespaces
from tests.real_processes import LIMIT, children
from tests.recorded_nodes import COLLECTOR
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

FORGED = "x\n'1/exe' -> '/pause"


@pytest.fixture
def parent_of_a_zombie(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A sleep with a zombie child, whose executable's path tries to be a record of pid 1."""
    program = tmp_path / FORGED
    program.parent.mkdir(parents=True)
    shutil.copy(shutil.which("sleep") or "", program)
    with subprocess.Popen(["sh", "-c", 'true & exec "$0" 1000', str(program)], env={"PATH": os.environ["PATH"]}) as process:
        wait_for("a zombie child", lambda: "Z" in children(process.pid).values(), LIMIT, 0.01, instead=lambda: children(process.pid))
        yield process.pid, program
        process.kill()


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_two_looks_at_a_parent_of_a_zombie(shell: list[str], parent_of_a_zombie: tuple[int, Path]) -> None:
    parent, program = parent_of_a_zombie
    capture = collect(shell, SAMPLE_SECONDS="0.3")
    first, second = (float(look["uptime"]) for look in capture.looks)
    assert second - first > 0.28, "uptimes are cut to hundredths"
    processes = parse_processes(capture.content("proc"))
    [zombie] = [each for each in processes.values() if each.ppid == parent]
    assert zombie.is_zombie
    assert parse_stats(capture.content("look2"))[zombie.pid].start_ticks == zombie.start_ticks
    readings, last_runs = parse_reapers(capture.content("reapers"))
    assert {1, parent} <= readings.keys(), "the node's own PID 1 too"
    before, after = readings[parent].counters, parse_counters(capture.content("look2"))[parent]
    assert before.runs == after.runs, "it slept"
    executables = parse_executables(capture.content("exe"))
    assert executables.get(1) != "/pause"
    if os.access(f"/proc/{parent}/exe", os.R_OK):
        assert executables[parent].startswith((str(program), str(program).split("\n")[0] + "'$'\\n'"))
    age = last_runs.age(zombie.pid, zombie.processor)
    assert age is None or 0 <= age < 60


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_the_clock_of_each_cpu_on_which_a_zombie_died_is_read(shell: list[str]) -> None:
    """As many zombies as there are CPUs, all of one moment: whatever their CPUs' clocks say, their ages are alike."""
    cpus = sorted(os.sched_getaffinity(0))[:4]
    script = "".join(f"taskset -c {cpu} true & " for cpu in cpus) + "exec sleep 1000"
    with subprocess.Popen(["sh", "-c", script]) as process:
        wait_for("a zombie of each", lambda: list(children(process.pid).values()) == ["Z"] * len(cpus), LIMIT, 0.01)
        capture = collect(shell)
        process.kill()
    zombies = [each for each in parse_processes(capture.content("proc")).values() if each.ppid == process.pid]
    assert sorted(each.processor for each in zombies if each.processor is not None) == cpus
    _, last_runs = parse_reapers(capture.content("reapers"))
    assert set(cpus) <= last_runs.now_on.keys()
    ages = [last_runs.age(each.pid, each.processor) for each in zombies]
    assert all(age is not None and age < 5 for age in ages), ages


@needs_linux
def test_one_look_where_no_second_is_asked_for() -> None:
    capture = collect(SHELLS[0])
    assert len(capture.looks) == 1
    assert "look2" not in capture.sections


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_limits_and_frozen_cgroups_of_v2(shell: list[str], tmp_path: Path) -> None:
    names = ["kubepods.slice", "kubepods.slice/a", "dev-x\\x2dy:z.swap", 'it\'s "quoted" $(id)']
    mount = tmp_path / "sys/fs/cgroup"
    for index, name in enumerate(names):
        (mount / name).mkdir(parents=True)
        (mount / name / "pids.current").write_text(f"{index}\n")
        (mount / name / "pids.max").write_text("max\n" if index else "77\n")
        (mount / name / "pids.events").write_text(f"max {index}\n")
        (mount / name / "cgroup.events").write_text(f"populated 1\nfrozen {index % 2}\n")
    (mount / "cgroup.controllers").write_text("pids\n")
    capture = collect(shell, tmp_path)
    expected = {name: PidLimit(index, None if index else 77, index) for index, name in enumerate(names)}
    assert parse_pid_limits(capture.content("pids")) == expected
    assert parse_frozen(capture.content("frozen")) == {names[1]: "v2", names[3]: "v2"}


ADOPTS = """
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: whatever the collector leaves behind becomes a child of this
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
try:
    print(os.waitpid(-1, 0))
except ChildProcessError:
    print("nothing")
"""


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_nothing_is_left_to_a_pid_1_that_does_not_wait(shell: list[str]) -> None:
    command = [sys.executable, "-c", ADOPTS, *shell, str(COLLECTOR)]
    done = subprocess.run(command, capture_output=True, env={"PATH": os.environ["PATH"], "NODE_ROOT": "/"}, timeout=60, check=True)
    assert done.stdout == b"nothing\n"


@needs_namespaces
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_its_own_pid_is_that_of_the_proc_that_it_reads(shell: list[str]) -> None:
    """In a PID namespace of its own, with the /proc of the one outside."""
    capture = collect(["unshare", "--pid", "--fork", *shell])
    own = parse_processes(capture.content("proc"))[int(capture.header["self"])]
    assert own.ns_pids[-1:] == (1,)
    assert len(own.ns_pids) > 1
