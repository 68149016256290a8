"""The demo as a user runs it: it shows what it says, ends at any step, and leaves nothing."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kubectl_pause.cli.main import run
from tests.demo.conftest import LIMIT
from tests.real_processes import command_name
from tests.waiting import wait_for

STEPS = 6
PROMPT = b"Enter for the next step"


class Stepped:
    """`demo --step` on a terminal of its own. `shell` puts a shell between it and us."""

    def __init__(self, demo, *, shell: bool = False):
        self.demo = demo
        self.leader, follower = pty.openpty()
        command = [*demo.account.command, "demo", "--step"]
        # a shell starts a background job with SIGINT ignored, and the tests may be one
        before = ["env", "--default-signal=INT", *(["sh", "-c", '"$@"; :', "sh"] if shell else [])]
        self.process = subprocess.Popen(
            [*before, *command], cwd=demo.directory, env=demo.environment(), stdin=follower, stdout=follower, stderr=follower,
            start_new_session=True,
        )  # fmt: skip
        os.close(follower)
        self.shown = b""

    def go_to(self, step: int) -> None:
        """Until the demo waits after this step, with its pod in that state."""
        for reached in range(1, step + 1):
            self._read_until(lambda reached=reached: self.shown.count(PROMPT) == reached)
            if reached < step:
                os.write(self.leader, b"\n")

    def _read_until(self, done) -> None:
        deadline = time.monotonic() + LIMIT
        while not done():
            assert time.monotonic() < deadline, self.shown.decode()
            if select.select([self.leader], [], [], 0.1)[0]:
                self.shown += os.read(self.leader, 65536)

    def end(self) -> int:
        code = self.process.wait(LIMIT)
        while select.select([self.leader], [], [], 0)[0]:
            try:
                chunk = os.read(self.leader, 65536)
            except OSError:  # how Linux ends a pty
                break
            self.shown += chunk
        os.close(self.leader)
        return code


def test_every_sentence_is_shown_and_nothing_is_left(demo):
    ended = demo.run()
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    lines = ended.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line[:3] for line in lines if re.match(r"\d/\d ", line)] == [f"{step}/{STEPS}" for step in range(1, STEPS + 1)]
    assert "NOT SHOWN" not in ended.stdout
    words = " ".join(ended.stdout.split())
    assert re.search(r"shared-orphan \(pid \d+\) is gone: its parent was pause", words)
    assert re.search(r"own-orphan \(pid \d+\) is a zombie \(state Z\)", words)
    demo.assert_nothing_is_left()


@pytest.mark.parametrize("step", range(1, STEPS))
def test_the_pod_is_real_at_every_step(demo, step):
    """What the terminal's owner sees meanwhile: so many processes, in so many net namespaces besides the host's."""
    stepped = Stepped(demo)
    stepped.go_to(step)
    expected = {1: 4, 2: 10, 3: 8, 4: 6, 5: 4}[step]
    wait_for(f"{expected} processes", lambda: len(demo.processes()) == expected, LIMIT, 0.02, instead=demo.processes)
    own = Path("/proc/self/ns/net").readlink()
    nets = {found[0] for text in demo.processes().values() if (found := re.findall(r"net:\[\d+\]", text))} - {str(own)}
    assert len(nets) == 1
    stepped.process.send_signal(signal.SIGTERM)
    stepped.end()
    demo.assert_nothing_is_left()


@pytest.mark.parametrize("step", range(1, STEPS))
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_at_any_step(demo, step, number):
    stepped = Stepped(demo)
    stepped.go_to(step)
    assert len(demo.processes()) > 1
    stepped.process.send_signal(number)
    if number == signal.SIGKILL:
        assert stepped.end() == -signal.SIGKILL
    else:
        assert stepped.end() == 128 + number
        assert stepped.shown.decode().splitlines()[-1].endswith(f"error: interrupted by {number.name}; the demo's pod is removed")
    demo.assert_nothing_is_left()


@pytest.mark.parametrize("step", range(1, STEPS))
def test_kill_9_of_its_parent_at_any_step(demo, step):
    stepped = Stepped(demo, shell=True)
    stepped.go_to(step)
    stepped.process.kill()
    assert stepped.process.wait(LIMIT) == -signal.SIGKILL
    demo.assert_nothing_is_left()
    os.close(stepped.leader)


@pytest.mark.parametrize("milliseconds", range(0, 1200, 150))
def test_kill_9_in_the_middle_of_a_step(demo, milliseconds):
    """No state of the demo is assumed here: whatever it is at, nothing may be left."""
    process = subprocess.Popen(
        [*demo.account.command, "demo"], cwd=demo.directory, env=demo.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(milliseconds / 1000)
    process.kill()
    process.wait(LIMIT)
    demo.assert_nothing_is_left()


def test_ctrl_c_on_its_terminal(demo):
    """The terminal sends SIGINT to the whole foreground group: the pod is not in it, so the demo itself removes it."""
    stepped = Stepped(demo)
    stepped.go_to(2)
    os.killpg(stepped.process.pid, signal.SIGINT)
    assert stepped.end() == 130
    demo.assert_nothing_is_left()


def test_its_terminal_is_closed(demo):
    stepped = Stepped(demo)
    stepped.go_to(3)
    os.close(stepped.leader)
    stepped.process.wait(LIMIT)
    demo.assert_nothing_is_left()


def test_a_reader_that_leaves(demo):
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [*demo.account.command, "demo"], cwd=demo.directory, env=demo.environment(), stdout=writing, stderr=subprocess.PIPE, timeout=LIMIT,
        check=False,
    )  # fmt: skip
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")
    demo.assert_nothing_is_left()


def test_its_pod_is_ended_from_outside(demo):
    stepped = Stepped(demo)
    stepped.go_to(2)
    (shim,) = (pid for pid in demo.processes() if command_name(pid) == "demo-shim")
    os.kill(shim, signal.SIGKILL)
    os.write(stepped.leader, b"\n")
    assert stepped.end() == 1
    assert "error: the pod of the demo was ended from outside" in stepped.shown.decode()
    demo.assert_nothing_is_left()


def test_wrong_places(capsys, monkeypatch):
    assert run(["demo", "--step"]) == 1
    assert capsys.readouterr().err == "error: --step waits for Enter, and this is not a terminal\n  next: leave out --step\n"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert run(["demo"]) == 1
    assert "this is darwin" in capsys.readouterr().err
