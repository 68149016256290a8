"""What the collector reads of the log of kubelet and runtime: a journalctl made up in a node's root, with lines that forge and hide."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.capture.inspector_pod import InspectorOptions, settings
from kubectl_pause.facts.runtime.log import NodeLog, node_log
from tests.capture.test_collector import SHELLS, collect, crictl, needs_chroot, root

if TYPE_CHECKING:
    from pathlib import Path

    from kubectl_pause.facts.capture import Capture

__all__ = ["root"]

UID, STATIC, OTHER = "0f0e0d0c-0b0a-0908-0706-050403020100", "ab" * 16, "11111111-2222-3333-4444-555555555555"
LOGS_OF = f"{UID} {STATIC}"
NOT_MADE = f'E1126 pod_workers.go:1301] "Error syncing pod, skipping" err="Failed to create sandbox for pod \\"web_shop({UID})\\": REST"'
ON_BOTH = pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])


def journal(root: Path, *lines: str | bytes, before: str = "", after: str = "") -> None:
    """A journalctl that writes these lines, and its arguments into a file."""
    data = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
    (root / "journal").write_bytes(data)
    program = root / "usr/bin/journalctl"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\n{before}\necho "$*" >/asked\ncat /journal\n{after}\n')
    program.chmod(0o755)


def kubelet(text: str, *, second: int = 1) -> str:
    return f"17672256{second:02}.123456 worker kubelet[7]: {text}"


def read(shell: list[str], root: Path, **more: str) -> tuple[Capture, NodeLog]:
    capture = collect(shell, root, LOGS_OF=LOGS_OF, **more)
    log = node_log(capture.sections["log"])
    assert log is not None
    return capture, log


def texts(log: NodeLog) -> list[str]:
    assert log.failure is None
    return [line.text for line in log.lines]


@needs_chroot
@ON_BOTH
def test_lines_of_the_pods_that_tell_of_trouble(shell: list[str], root: Path) -> None:
    containerd = f'level=error msg="RunPodSandbox for &PodSandboxMetadata{{Name:web,Uid:{STATIC},}} failed, error" error="REST"'
    unmount = f'Operation for "podName:{UID}" failed. Error: UnmountVolume.TearDown failed for volume "mem": device or resource busy'
    journal(
        root,
        kubelet(NOT_MADE),
        kubelet(NOT_MADE.replace(UID, OTHER)),
        kubelet(f'"Killing container with a grace period" podUID="{UID}"'),
        kubelet(f'"operationExecutor.UnmountVolume started for volume" podUID="{UID}"'),
        kubelet('"Failed to remove sandbox" podSandboxID="cafe"'),
        f"1767225602.5 worker containerd[8]: {containerd}",
        f"1767225603.000001 worker k3s: {unmount}",
    )
    _, log = read(shell, root)
    assert [(line.moment, line.unit, line.text) for line in log.lines] == [
        (1767225601.123456, "kubelet", NOT_MADE), (1767225602.5, "containerd", containerd), (1767225603.000001, "k3s", unmount),
    ]  # fmt: skip
    asked = (root / "asked").read_text()
    assert asked.startswith("-q --no-pager -o short-unix -n 4000 --since -15min -u kubelet -u containerd -u crio -u k3s")


@needs_chroot
@ON_BOTH
@pytest.mark.parametrize(
    "usual",
    [
        'level=info msg="shim disconnected" id=RunPodSandbox failed',
        'level=warning msg="cleaning up after shim disconnected" SANDBOX_UNKNOWN',
        'msg="cleaning up dead shim" StopPodSandbox for x failed',
        'msg="received sandbox container exit event sandbox_id:x exit_status:137" failed to handle TaskExit event',
        'msg="Forcibly stopping sandbox" StopPodSandbox for x failed',
        'msg="ContainerStatus for x failed" error="rpc error: code = NotFound" SANDBOX_UNKNOWN',
        '"DeleteContainer returned error" Failed to remove sandbox',
        '"ContainerStatus from runtime service failed" err="code = NotFound" Failed to remove sandbox',
        '"Failed to get status for pod" err="pods is forbidden" Failed to remove sandbox',
        '"Cleaned up orphaned pod volumes dir" UnmountVolume failed',
    ],
)
def test_what_stands_on_every_healthy_stop_is_left_out(shell: list[str], usual: str, root: Path) -> None:
    journal(root, kubelet(f'{usual} podUID="{UID}"'), kubelet(NOT_MADE))
    assert texts(read(shell, root)[1]) == [NOT_MADE]


@needs_chroot
@ON_BOTH
def test_the_last_forty_of_400_bytes_and_the_cause_stays(shell: list[str], root: Path) -> None:
    lines = [kubelet(f"{NOT_MADE} {number} {'x' * 500} the cause", second=number) for number in range(60)]
    journal(root, *lines, kubelet(f"{NOT_MADE} {'y' * 1_000_000} short cause"), kubelet(f"{NOT_MADE} {'z' * 1_000_000}"))
    capture, log = read(shell, root)
    assert len(log.lines) == 40
    assert [line.moment for line in log.lines[:-2]] == [1767225600.123456 + number for number in range(22, 60)]
    assert all(len(line) <= 400 for line in capture.content("log").split(b"\n"))
    assert all(text.startswith(f"{UID}...") and text.endswith("xx the cause") for text in texts(log)[:-2])
    assert texts(log)[-2:] == [f"{UID}...short cause", f"{UID}..."]


@needs_chroot
@ON_BOTH
def test_of_a_very_large_journal_the_end_is_taken(shell: list[str], root: Path) -> None:
    """What is left of the line in which the limit falls is no record, though it begins as one."""
    forged = kubelet(f"{NOT_MADE} forged ") * 40_000
    journal(root, kubelet(f"{NOT_MADE} old"), kubelet(f"x {forged}"), kubelet(f"{NOT_MADE} new"))
    assert texts(read(shell, root)[1]) == [f"{NOT_MADE} new"]


SECRETS = {
    "https://user:hunter2@host/x": "https://***@host/x",
    "https://user:hun@hunter2@host": "https://***@host",
    "Bearer eyJhbGciOi.eyJzdWIi.hunter2_-x": "Bearer ***",
    "token=hunter2 rest": "token=*** rest",
    "TOKEN=hunter2": "TOKEN=***",
    "X-Amz-Sig=hunter2&a=b": "X-Amz-Sig=***",
    "api_key=hunter2;x": "api_key=***",
    'password="hun hunter2" rest': "password=*** rest",
    'secret=\\"hun hunter2\\" rest': "secret=*** rest",
    'secret="hun hunter2': "secret=***",
    '{"token":"hunter2","b":1} rest': '{"token":*** rest',
    "tok\x07en=hunter2": "token=***",
}


@needs_chroot
@ON_BOTH
def test_secrets_stay_on_the_node(shell: list[str], root: Path) -> None:
    journal(root, *(kubelet(f"{NOT_MADE} {words}") for words in SECRETS), kubelet(f"{NOT_MADE} token=hunter2{'x' * 600} end"))
    capture, log = read(shell, root)
    assert b"hunter2" not in b"".join(section.content for section in capture.sections.values())
    assert texts(log)[:-1] == [f"{NOT_MADE} {masked}" for masked in SECRETS.values()]


@needs_chroot
@ON_BOTH
def test_a_masked_uid_is_told_all_the_same(shell: list[str], root: Path) -> None:
    journal(root, kubelet(f"RunPodSandbox failed key={UID} end"))
    assert texts(read(shell, root)[1]) == [f"{UID}...RunPodSandbox failed key=*** end"]


@needs_chroot
@ON_BOTH
def test_hostile_lines(shell: list[str], root: Path) -> None:
    hostile = b"17672256" + b"01.1 worker kubelet[7]: \x1b[31mred\x00\x7f\r\t \xff\xfe $(id) `id` %s \\n " + NOT_MADE.encode()
    hidden = b"1.1 worker kubelet[7]: x\x00" + kubelet(NOT_MADE).encode()
    forged = [
        f"#end uptime=1 {NOT_MADE}", "#section crictl.pods", f"#section log {UID} RunPodSandbox failed", f"    {kubelet(NOT_MADE)}",
        f" !{NOT_MADE}", f"1.1 worker two words[1]: {NOT_MADE}", f"1.1 worker {'k' * 200}: {NOT_MADE}", f"now worker x: {NOT_MADE}", "",
    ]  # fmt: skip
    journal(root, *forged, hostile, hidden)
    capture, log = read(shell, root)
    assert texts(log) == ["[31mred \\xff\\xfe $(id) `id` %s \\n " + NOT_MADE, f"x{kubelet(NOT_MADE)}"]
    assert "crictl.pods" not in capture.sections
    assert capture.end["uptime"] != "1"


@needs_chroot
@ON_BOTH
@pytest.mark.parametrize("beginning", ["://", 'key="', "token=\\\\", "eyJ", "RunPodSandbox ", "UnmountVolume", "1.1 "])
def test_beginnings_without_an_end_cost_no_time(shell: list[str], beginning: str, root: Path) -> None:
    journal(root, *(kubelet(f"{NOT_MADE} {beginning * 5_000}") for _ in range(40)))
    began = time.monotonic()
    assert len(read(shell, root)[1].lines) == 40
    assert time.monotonic() - began < 10


@needs_chroot
@ON_BOTH
@pytest.mark.parametrize("body", ["exec sleep 1000", "trap '' TERM INT HUP; sleep 1000; sleep 1000"])
def test_a_journalctl_that_hangs_is_ended(shell: list[str], body: str, root: Path) -> None:
    journal(root, kubelet(NOT_MADE), after=body)
    began = time.monotonic()
    _, log = read(shell, root)
    assert log == NodeLog(failure="journalctl did not answer in its time, and was ended")
    assert time.monotonic() - began < 10


@needs_chroot
@ON_BOTH
def test_no_journal_is_told(shell: list[str], root: Path) -> None:
    assert read(shell, root)[1] == NodeLog(failure="the node has no journalctl")
    journal(root)
    failure = read(shell, root)[1].failure
    assert failure is not None
    assert "nothing of them" in failure
    journal(root, kubelet(NOT_MADE), after="exit 3")
    assert read(shell, root)[1] == NodeLog(failure="journalctl failed with exit code 3")
    journal(root, kubelet("all is well"))
    assert read(shell, root)[1] == NodeLog()


@needs_chroot
def test_nothing_is_asked_where_no_pod_is_named(root: Path) -> None:
    journal(root, kubelet(NOT_MADE))
    capture = collect(SHELLS[0], root)
    assert "log" not in capture.sections
    assert not (root / "asked").exists()


def test_only_uids_of_pods_on_that_node_are_sent() -> None:
    options = InspectorOptions(logs_of={"a": [UID, "x; reboot", STATIC, "", f"{UID}\n", "A" * 36], "b": [OTHER]})
    assert settings(options, "a")["LOGS_OF"] == LOGS_OF
    assert settings(options, "b")["LOGS_OF"] == OTHER
    assert settings(options, "c")["LOGS_OF"] == settings(InspectorOptions(), "a")["LOGS_OF"] == ""


@needs_chroot
@ON_BOTH
def test_a_line_with_the_id_of_a_pod_s_sandbox_alone(shell: list[str], root: Path) -> None:
    """As containerd logs of a stop. It is told of the pod; of another's sandbox nothing is, whatever its labels say."""
    mine, others = "cd" * 32, "ef" * 32
    pods = [
        {"id": others, "metadata": {"name": "x", "uid": OTHER, "namespace": "x"}, "state": "SANDBOX_READY", "labels": {"uid": UID}},
        {"id": mine, "metadata": {"name": f'"id":"{others}","uid":"{UID}', "uid": UID, "namespace": "x"}, "state": "SANDBOX_NOTREADY"},
    ]
    crictl(root, "")
    (root / "answers/pods").write_text(json.dumps({"items": pods}))
    stop = 'level=error msg="StopPodSandbox for \\"%s\\" failed" error="failed to destroy network: REST"'
    journal(root, *(f"1767225602.5 worker containerd[8]: {stop % each}" for each in (mine, others)))
    _, log = read(shell, root)
    assert texts(log) == [f"{UID}...{stop % mine}"]
