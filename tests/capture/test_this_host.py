"""This host, read with its own shell and tools: a pod made by hand with util-linux, another user's view, and what cannot work."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.capture.local import this_host
from kubectl_pause.cli.finishing import start_report
from kubectl_pause.cli.sources.source import NodeSample
from kubectl_pause.cli.sources.this_host import ThisHost
from kubectl_pause.errors import PauseInspectError
from tests.real_processes import child_of, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_pause.report import NodeReport, Sandbox

RENAME = "import ctypes, sys, time; ctypes.CDLL(None).prctl(15, bytes.fromhex(sys.argv[1])); time.sleep(600)"
HOSTILE = b"a) 1\x1b[31m\n[b]"
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def namespaces_work() -> bool:
    tools = all(shutil.which(tool) for tool in ("unshare", "nsenter"))
    return tools and subprocess.run(["unshare", "--pid", "--net", "--fork", "true"], capture_output=True, check=False).returncode == 0


needs_namespaces = pytest.mark.skipif(sys.platform != "linux" or not namespaces_work(), reason="needs root, unshare and nsenter")


def taking_the_name(name: bytes) -> list[str]:
    return [sys.executable, "-S", "-c", RENAME, name.hex()]


@pytest.fixture
def by_hand() -> Iterator[dict[str, int]]:
    """Pids of a pause, of a container with a PID namespace of its own, and of one in pause's."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*command: str) -> int:
        started.append(subprocess.Popen(command, start_new_session=True))
        return child_of(started[-1].pid)

    try:
        pause = start("unshare", "--pid", "--uts", "--ipc", "--net", "--mount", "-f", "--kill-child", *taking_the_name(b"pause"))
        join = ("nsenter", "-t", str(pause), "-n", "-i", "-u")
        own = start(*join, "unshare", "--pid", "--mount", "--fork", "--kill-child", *taking_the_name(HOSTILE))
        shared = start(*join, "-p", "unshare", "--mount", *taking_the_name(b"shared"))
        named(pause, "pause")
        named(own, HOSTILE.decode())
        named(shared, "shared")
        yield {"pause": pause, "own": own, "shared": shared}
    finally:
        for each in started:
            os.killpg(each.pid, signal.SIGKILL)
            each.wait()


def this_host_without_engines() -> NodeReport:
    [node] = ThisHost(use_engines=False).reports(start_report(), NodeSample.inspect)
    return node


def sandbox_of(pid: int) -> Sandbox:
    return next(each for each in this_host_without_engines().sandboxes if each.pid == pid)


@needs_namespaces
def test_a_pod_made_by_hand(by_hand: dict[str, int]) -> None:
    sandbox = sandbox_of(by_hand["pause"])
    assert (sandbox.pod.namespace, sandbox.pod.kind, sandbox.holder) == ("by hand", "hand-made", "pause")
    assert sandbox.pod.name == f"pause-{by_hand['pause']}"
    assert {each.pid: each.name for each in sandbox.containers} == {
        by_hand["own"]: HOSTILE.decode(), by_hand["shared"]: "shared",
    }  # fmt: skip
    for each in sandbox.containers:
        sharing = {kind: namespace.sharing for kind, namespace in (each.namespaces or {}).items()}
        expected = "pod" if each.pid == by_hand["shared"] else "own"
        assert sharing == dict.fromkeys(("net", "ipc", "uts"), "pod") | {"pid": expected, "mnt": "own"} | dict.fromkeys(
            ("user", "cgroup", "time"), "host"
        )
    assert sandbox.strangers == []


@needs_namespaces
@pytest.mark.parametrize("arguments", [[], ["-o", "wide"], ["-o", "json"], ["-o", "yaml"]], ids=" ".join)
@pytest.mark.parametrize("one", [False, True], ids=["table", "pod"])
def test_a_hostile_name_forges_no_row(by_hand: dict[str, int], arguments: list[str], one: bool) -> None:
    names = [f"pause-{by_hand['pause']}"] if one else []
    command = [sys.executable, "-m", "kubectl_pause", "local", *names, *arguments]
    told = subprocess.run(command, capture_output=True, timeout=60, check=True).stdout
    assert b"\x1b" not in told
    assert not any(line.startswith(b"[b]") for line in told.splitlines())
    if one and arguments in ([], ["-o", "wide"]):
        rows = [line for line in told.splitlines() if line.startswith(rb"a) 1\x1b[31m\x0a[b]")]
        assert len(rows) == 2  # containers, namespaces


@needs_linux
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")
def test_another_user_is_told_what_is_missing() -> None:
    """The package may lie where that user may not go: everything is loaded first, the collector too."""
    script = (
        "import heapq, msgspec, os, kubectl_pause.capture, kubectl_pause.inspect_node, kubectl_pause.capture.local.engines;"
        "kubectl_pause.capture.script('collector.sh');"
        "import kubectl_pause.capture.local.this_host; from kubectl_pause.cli.sources.this_host import *;"
        "from kubectl_pause.cli.finishing import start_report; report = start_report();"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534);"
        "print(msgspec.json.encode(ThisHost().reports(report, NodeSample.inspect)).decode())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert b"processes may not be read by this user" in done.stdout


def test_another_system_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(PauseInspectError, match="this is darwin") as caught:
        ThisHost().reports(start_report(), NodeSample.inspect)
    assert caught.value.reason == "NotLinux"


@needs_linux
@pytest.mark.parametrize(
    ("shell", "reason", "said"),
    [
        ("echo '#missing awk'; exit 3", "HostLacksTool", "has no 'awk'"),
        ("sleep 60", "TimedOut", "within 1 s"),
        ("echo broken >&2; exit 7", "CollectorFailed", "exit code 7: broken"),
    ],
)
def test_a_host_that_cannot_be_read_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str, reason: str, said: str
) -> None:
    (tmp_path / "sh").write_text(f"#!/bin/sh\n{shell}\n")
    (tmp_path / "sh").chmod(0o755)
    monkeypatch.setattr(this_host, "SHELL", str(tmp_path / "sh"))
    with pytest.raises(PauseInspectError, match=said) as caught:
        this_host.capture_this_host(timeout=1.0, use_engines=False)
    assert caught.value.reason == reason
