"""The demo's pause by itself; e2e/test_demo_pause.py holds it side by side with Kubernetes' own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from kubectl_pause import __version__
from tests.demo.conftest import LIMIT, ROOT
from tests.real_processes import children, command_name, status
from tests.waiting import wait_for

PAUSE = [sys.executable, "-m", "kubectl_pause.demo.pause"]
WARNING = "Warning: pause should be the first process\n"
STANDARD = (1 << 31) - 1
"""Signals 1 to 31: what is above is the C library's own, and inherited."""
CAUGHT = 1 << (signal.SIGINT - 1) | 1 << (signal.SIGTERM - 1) | 1 << (signal.SIGCHLD - 1)


def start(command=PAUSE):
    clean = ["env", "--default-signal", *command]
    process = subprocess.Popen(clean, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"LC_ALL": "C"})
    wait_for("pause to sleep", lambda: sleeps(status(process.pid)), LIMIT, 0.01, instead=lambda: status(process.pid))
    return process


def sleeps(shown: dict[str, str]) -> bool:
    return bool(shown) and int(shown["SigCgt"], 16) & STANDARD == CAUGHT and shown["State"].startswith("S")


@pytest.mark.parametrize("words", [["-v"], ["-V"], ["anything", "-v"]])
def test_version(words):
    ended = subprocess.run([*PAUSE, *words], cwd=ROOT, capture_output=True, text=True, check=True, timeout=LIMIT)
    assert (ended.stdout, ended.stderr) == (f"pause.py {__version__}\n", "")


@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "Interrupt"), (signal.SIGTERM, "Terminated")])
def test_it_sleeps_until_it_is_ended(number, name):
    process = start()
    assert (status(process.pid)["Name"], command_name(process.pid)) == ("pause", "pause")
    assert [int(status(process.pid)[mask], 16) & STANDARD for mask in ("SigBlk", "SigIgn", "SigCgt")] == [0, 0, CAUGHT]
    process.send_signal(number)
    out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, out, err) == (0, "", f"{WARNING}Shutting down, got signal: {name}\n")


def two_alive(pid: int) -> list[int] | None:
    """The children that live, once two do: `sleep 0` may not have ended yet, and lives then."""
    alive = [child for child, state in children(pid).items() if state != "Z"]
    return alive if len(alive) == 2 else None


def test_it_reaps_children_that_it_never_started():
    """The shell becomes pause: of its children, of which pause knows nothing, some are dead before it has a handler, and one dies then."""
    shell = 'for n in 1 2 3; do sleep 0 & done; sleep 1000 & sleep 1000 & exec "$@"'
    process = start(["sh", "-c", shell, "sh", *PAUSE])
    sleepers = wait_for("all but the two to be over", lambda: two_alive(process.pid), LIMIT, 0.01, instead=lambda: children(process.pid))
    os.kill(sleepers[0], signal.SIGKILL)
    wait_for("all but one to be reaped", lambda: len(children(process.pid)) == 1, LIMIT, 0.01, instead=lambda: children(process.pid))
    (sleeper,) = children(process.pid)
    os.kill(sleeper, signal.SIGKILL)
    wait_for("the last to be reaped", lambda: not children(process.pid), LIMIT, 0.01, instead=lambda: children(process.pid))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=LIMIT)
    assert process.returncode == 0
