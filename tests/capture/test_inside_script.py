"""The script that is run in containers, run on this host: what it needs, what it leaves out, and that no name forges a line."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.capture.inside_pod import _script
from kubectl_pause.facts.capture import parse_capture
from kubectl_pause.facts.kernel.process import parse_processes
from kubectl_pause.facts.kernel.reapers import parse_reapers
from tests.capture.test_collector import SHELLS, hostile_processes, needs_linux
from tests.real_processes import children
from tests.waiting import wait_for

if TYPE_CHECKING:
    from kubectl_pause.facts.capture import Capture

__all__ = ["hostile_processes"]


def read(shell: list[str], path: str = os.environ["PATH"], **settings: str) -> Capture:
    words = [shutil.which(shell[0]) or shell[0], *shell[1:]]
    ended = subprocess.run([*words, "-c", _script()], capture_output=True, env={"PATH": path, **settings}, timeout=120, check=True)
    assert ended.stderr == b""
    return parse_capture(ended.stdout, "here")


@needs_linux
@pytest.mark.parametrize("shell", [*SHELLS, ["bash"]], ids=lambda shell: shell[0])
def test_processes_with_hostile_names(shell: list[str], hostile_processes: dict[int, bytes]) -> None:
    capture = read(shell)
    processes = parse_processes(capture.content("proc"))
    assert {pid: processes[pid].comm for pid in hostile_processes} == {
        pid: name[:15].decode("utf-8", "backslashreplace") for pid, name in hostile_processes.items()
    }
    assert processes[1].comm == Path("/proc/1/comm").read_text().rstrip("\n")
    assert processes[os.getpid()].ns_pids[-1:] == (os.getpid(),)


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_a_shell_is_enough(shell: list[str], tmp_path: Path) -> None:
    """No other program is there: no link of a namespace, one look alone, and every process all the same."""
    capture = read(shell, path=str(tmp_path), SAMPLE_SECONDS="1")
    processes = parse_processes(capture.content("proc"))
    assert os.getpid() in processes
    if shell[0] != "busybox":  # which has its own
        assert processes[os.getpid()].namespaces == {}
        assert len(capture.looks) == 1


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
@pytest.mark.parametrize("programs", ["taskset", "none"])
def test_ages_of_zombies_that_died_on_different_cpus(shell: list[str], programs: str, tmp_path: Path) -> None:
    """Without taskset no age is said."""
    cpus = sorted(os.sched_getaffinity(0))[:4]
    script = "".join(f"taskset -c {cpu} true & " for cpu in cpus) + "exec sleep 1000"
    with subprocess.Popen(["sh", "-c", script]) as process:
        wait_for("a zombie of each", lambda: list(children(process.pid).values()) == ["Z"] * len(cpus), 30, 0.01)
        capture = read(shell, **({} if programs == "taskset" else {"path": str(tmp_path)}))
        process.kill()
    zombies = [each for each in parse_processes(capture.content("proc")).values() if each.ppid == process.pid]
    assert len(zombies) == len(cpus)
    _, last_runs = parse_reapers(capture.content("reapers"))
    ages = [last_runs.age(each.pid, each.processor) for each in zombies]
    if programs == "none" and shell[0] != "busybox":  # which has its own
        assert ages == [None] * len(cpus)
    else:
        assert all(age is not None and age < 5 for age in ages), ages


@needs_linux
def test_two_looks() -> None:
    capture = read(SHELLS[-1], SAMPLE_SECONDS="0.2")
    assert len(capture.looks) == 2
    assert b"1/stat:1 (" in capture.content("look2")


@needs_linux
def test_no_secret_is_read(tmp_path: Path) -> None:
    child = subprocess.Popen(["sleep", "30"], env={"PATH": os.environ["PATH"], "SECRET": "hunter2-in-the-environment"})
    try:
        capture = read(SHELLS[0])
    finally:
        child.kill()
        child.wait()
    assert all(b"hunter2" not in section.content for section in capture.sections.values())
    assert f"{child.pid}/stat:".encode() in capture.content("proc")


def test_it_is_short_enough_for_an_address() -> None:
    assert len(_script().encode()) < 4096
