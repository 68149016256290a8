"""The demo's pause side by side with Kubernetes' pause.c, on the same orphans, made by upstream's orphan.c: the same in all that shows.

Needs no cluster, but gcc, Go (for the sources) and the right to make namespaces.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from e2e.access import ROOT
from e2e.clusters.cache import Cache
from e2e.clusters.commands import Runner
from e2e.clusters.kubernetes_releases import chosen_release
from e2e.clusters.pause_sources import orphan_program, pause_program
from e2e.clusters.settings import cache_directory
from kubectl_pause import __version__
from tests.real_processes import child_of, children, state, status
from tests.waiting import Value, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ENVIRONMENT = {**os.environ, "LC_ALL": "C", "PYTHONPATH": str(ROOT)}
# Elsewhere than as root a user namespace gives the rights to make the other one, and to enter it.
AS_USER, INTO_USER = ([], []) if os.geteuid() == 0 else (["--map-root-user"], ["--user", "--preserve-credentials"])
LIMIT = 30
WARNING = "Warning: pause should be the first process\n"
CAUGHT = sum(1 << (number - 1) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD))
STANDARD = (1 << 31) - 1  # signals 1 to 31: what is above is the C library's own, and inherited
CHLD = 1 << (signal.SIGCHLD - 1)


@dataclass(frozen=True, slots=True)
class Programs:
    """Both pauses, the real one first, and upstream's maker of orphans."""

    pauses: dict[str, list[str]]
    orphan: Path


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    cache, runner = Cache(cache_directory()), Runner(tmp_path_factory.mktemp("pause") / "log")
    with cache.lock("node-image"):
        real, orphan = pause_program(cache, runner), orphan_program(cache, runner)
    return Programs({"pause.c": [str(real)], "pause.py": [sys.executable, "-m", "kubectl_pause.demo.pause"]}, orphan)


@pytest.fixture(params=["pause.c", "pause.py"])
def pause(request: pytest.FixtureRequest, programs: Programs) -> list[str]:
    return programs.pauses[request.param]


@dataclass(frozen=True, slots=True)
class First:
    """A pause that is PID 1 of a PID namespace; `pid` is the host's number of it."""

    process: subprocess.Popen[str]
    pid: int

    def inside(self, *words: str) -> None:
        """Run a command in its PID namespace, as somebody from outside."""
        entering = ["nsenter", *INTO_USER, "--pid", "--target", str(self.pid), *words]
        subprocess.run(entering, check=True, timeout=LIMIT, stdout=subprocess.DEVNULL)

    def children(self) -> dict[int, str]:
        """State of each child that is there."""
        return children(self.pid)

    def wait_for(self, what: str, ask: Callable[[], Value | None]) -> Value:
        """As wait_for; what is there instead are pause and its children."""
        return wait_for(what, ask, LIMIT, 0.01, instead=lambda: (status(self.pid), self.children()))

    def end(self, number: int) -> tuple[int, str, str]:
        """Exit code, stdout and stderr after this signal."""
        os.kill(self.pid, number)
        out, err = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, out, err


@contextmanager
def first(pause: Sequence[str], *before: str) -> Iterator[First]:
    """`before` are words of `env`, such as --block-signal=CHLD."""
    making = ["unshare", *AS_USER, "--pid", "--fork", "--kill-child"]
    command = [*making, "env", "--default-signal", *before, *pause]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    try:
        running = First(process, child_of(process.pid))
        running.wait_for("pause to sleep", partial(sleeps, running.pid))
        yield running
    finally:
        process.kill()
        process.communicate(timeout=LIMIT)


def mask(pid: int, name: str) -> int:
    return int(status(pid)[name], 16) & STANDARD


def is_in_state(pid: int, wanted: str) -> bool:
    return state(pid) == wanted


def sleeps(pid: int) -> bool:
    """In one look: what it caught when it last ran, and that it sleeps."""
    shown = status(pid)
    return bool(shown) and int(shown["SigCgt"], 16) & STANDARD == CAUGHT and shown["State"].startswith("S")


@pytest.mark.parametrize("words", [["-v"], ["-V"], ["anything", "-v"]])
def test_version(programs: Programs, words: list[str]) -> None:
    versions = {"pause.c": f"v{chosen_release().pause}", "pause.py": __version__}
    for name, pause in programs.pauses.items():
        ended = subprocess.run([*pause, *words], capture_output=True, text=True, env=ENVIRONMENT, timeout=LIMIT, check=False)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{name} {versions[name]}\n", "")


@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "Interrupt"), (signal.SIGTERM, "Terminated")])
def test_as_pid_1_it_ends_on_these_signals_and_warns_of_nothing(pause: list[str], number: int, name: str) -> None:
    with first(pause) as running:
        assert running.end(number) == (0, "", f"Shutting down, got signal: {name}\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGUSR1])
def test_it_warns_where_it_is_not_pid_1(programs: Programs, number: int) -> None:
    ended = {}
    for name, pause in programs.pauses.items():
        command = ["env", "--default-signal", *pause]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
        wait_for("pause to sleep", partial(sleeps, process.pid), LIMIT, 0.01, instead=partial(status, process.pid))
        process.send_signal(number)
        out, err = process.communicate(timeout=LIMIT)
        ended[name] = (process.returncode, out, err)
    assert ended["pause.py"] == ended["pause.c"]
    assert ended["pause.c"][2].startswith(WARNING)


def test_what_proc_shows_of_it(pause: list[str]) -> None:
    with first(pause) as running:
        assert [mask(running.pid, name) for name in ("SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt")] == [0, 0, 0, 0, CAUGHT]
        shown = status(running.pid)
        assert (shown["Name"], shown["Threads"], shown["NSpid"].split()[-1]) == ("pause", "1", "1")


def test_it_reaps_orphans(pause: list[str], programs: Programs) -> None:
    with first(pause) as running:
        for _ in range(5):
            running.inside(str(programs.orphan))
        running.wait_for("no child to be left", lambda: not running.children())
        assert running.process.poll() is None


def test_one_signal_may_stand_for_many_deaths(pause: list[str], programs: Programs) -> None:
    with first(pause) as running:
        os.kill(running.pid, signal.SIGSTOP)
        running.wait_for("pause to be stopped", lambda: state(running.pid) == "T")  # else it may be handed a SIGCHLD first
        for _ in range(5):
            running.inside(str(programs.orphan))
        running.wait_for("five zombies", lambda: list(running.children().values()) == ["Z"] * 5)
        os.kill(running.pid, signal.SIGCONT)
        running.wait_for("all of them to be reaped", lambda: not running.children())


def test_it_never_reaps_where_it_was_started_with_sigchld_blocked(pause: list[str], programs: Programs) -> None:
    with first(pause, "--block-signal=CHLD") as running:
        running.inside(str(programs.orphan))
        running.wait_for("a zombie", lambda: list(running.children().values()) == ["Z"])
        assert (mask(running.pid, "SigBlk"), mask(running.pid, "ShdPnd")) == (CHLD, CHLD)
        assert running.end(signal.SIGTERM)[0] == 0


def test_a_child_that_stops_does_not_wake_it(pause: list[str]) -> None:
    """SA_NOCLDSTOP, which /proc does not show. A SIGCHLD sent by hand proves that waking would have been seen."""

    def woken() -> int:
        return int(status(running.pid)["voluntary_ctxt_switches"])

    with first(pause) as running:
        running.inside("sh", "-c", "sleep 1000 >/dev/null 2>&1 &")
        (child,) = running.wait_for("the sleeper to be adopted", lambda: running.children() or None)
        running.wait_for("pause to sleep", partial(sleeps, running.pid))
        before = woken()
        for number, wanted in ((signal.SIGSTOP, "T"), (signal.SIGCONT, "S")) * 3:
            os.kill(child, number)
            running.wait_for(f"state {wanted} of its child", partial(is_in_state, child, wanted))
        assert woken() == before
        os.kill(running.pid, signal.SIGCHLD)
        running.wait_for("pause to wake once", lambda: woken() > before)
