"""Signals at every stage of a run, in a process of its own: the pod is deleted, the exit code is that of the signal."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
import subprocess
import sys
import threading

import pytest

from tests.access.fake_api_server import internal_error
from tests.cli.fake_cluster import answer, collector_answer
from tests.nodes.report_lines import collected_bytes

COMMAND = [sys.executable, "-m", "kubectl_pause"]


def stall_at(cluster, stage: str) -> threading.Event:
    """Make the cluster hang at that stage, and tell when a run has got there."""
    reached = threading.Event()
    rest = cluster.rest

    async def creating(request):
        answered = await rest(request)
        if request.method == "POST" and request.path.endswith("/jobs"):  # before that it is asked what this user may do
            reached.set()
            await asyncio.sleep(1)
        return answered

    async def waiting(socket, request):
        reached.set()
        await answer(b"", end=internal_error('container not found ("collector")'))(socket, request)

    async def reading(socket, _request):
        await socket.send_bytes(b"\x01" + collector_answer()[:1000])
        reached.set()
        await asyncio.sleep(30)

    if stage == "creating":
        cluster.server.rest = creating
    else:
        cluster.server.on_exec = {"waiting": waiting, "reading": reading}[stage]
    return reached


@pytest.mark.parametrize("stage", ["creating", "waiting", "reading"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_run_and_the_pod(cluster, stage, number, code):
    reached = stall_at(cluster, stage)
    # a shell starts a background job with SIGINT ignored, and the tests may be one
    listening = ["env", "--default-signal=INT", *COMMAND, "node"]
    process = subprocess.Popen(listening, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert reached.wait(30)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (code, "")
    assert err.splitlines() == [f"error: interrupted by {number.name}; the inspector pods are deleted"]
    assert len(cluster.created) == 1
    assert cluster.left == []


def test_ctrl_c_before_there_is_a_pod(cluster):
    reached = threading.Event()

    async def stall(_request):
        reached.set()
        await asyncio.sleep(30)

    cluster.server.rest = stall
    # a shell starts a background job with SIGINT ignored, and the tests may be one
    listening = ["env", "--default-signal=INT", *COMMAND, "node"]
    process = subprocess.Popen(listening, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert reached.wait(30)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, ""), err
    assert "Traceback" not in err
    assert cluster.created == []


@pytest.mark.parametrize("words", [["node"], ["pod", "-A"], ["node", "-o", "json"]])
def test_a_reader_that_leaves_early_is_no_error(tmp_path, words):
    file = tmp_path / "c"
    file.write_bytes(collected_bytes("with-crictl"))
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run([*COMMAND, *words, "--from", str(file)], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("environment", "coloured"), [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": ""}, False), ({"TERM": "dumb"}, False)]
)
@pytest.mark.parametrize("width", [60, 80])
def test_colour_and_width_are_those_of_the_terminal(tmp_path, environment, coloured, width):
    file = tmp_path / "c"
    file.write_bytes(collected_bytes("with-crictl"))
    leader, follower = pty.openpty()
    base = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM", "COLUMNS")}
    process = subprocess.Popen(
        [*COMMAND, "pod", "rec-host-network", "--from", str(file)], stdout=follower, env={**base, **environment, "COLUMNS": str(width)}
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # how Linux ends a pty
            break
        if not chunk:
            break
        shown += chunk
    assert process.wait(30) == 0
    os.close(leader)
    assert (b"\x1b[" in shown) is coloured
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())
    whole_id = re.compile(r" +[0-9a-f]{64}")
    assert [line for line in plain.splitlines() if len(line) > width and not whole_id.fullmatch(line)] == []
    assert ("containerd 2.2.9, cgroup" in plain) is (width == 80), "else that line is folded"
