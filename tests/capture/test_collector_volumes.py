"""What the collector reads of the volumes of pods: mounts, and who works in them, of a made-up /proc with names that forge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.capture import Section
from kubectl_pause.facts.kernel.volumes import PodVolumes, VolumeUser, pod_volumes
from kubectl_pause.facts.node_facts import node_facts
from tests.capture.test_collector import SHELLS, collect, needs_linux
from tests.nodes.written_nodes import written_node

if TYPE_CHECKING:
    from pathlib import Path

UID, OTHER = "0f0e0d0c-0b0a-0908-0706-050403020100", "ab" * 16
PODS = "/var/lib/kubelet/pods"
MEMORY = f"{PODS}/{UID}/volumes/kubernetes.io~empty-dir/mem"
DISK = f"{PODS}/{UID}/volumes/kubernetes.io~empty-dir/disk"
TOKEN = f"{PODS}/{OTHER}/volumes/kubernetes.io~projected/kube-api-access"
MOUNTS = f"""30 20 0:4 / / rw - ext4 /dev/vda rw
31 30 0:5 / {MEMORY} rw,relatime shared:1 - tmpfs tmpfs rw
32 30 0:6 / {TOKEN} rw shared:2 - tmpfs tmpfs rw
33 30 0:7 / /home/pods/x/volumes/a/b rw - tmpfs tmpfs rw
35 30 0:9 {DISK}/sub /var/lib/kubelet/pods/{UID}/volume-subpaths/disk/app/0 rw - ext4 /dev/vda rw
34 30 0:8 / /secret\\040place rw - tmpfs hunter2 rw
"""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """Pid 12 works in the volume by all three ways, 13 elsewhere, 14 in a directory whose name has a newline and a record in it."""
    links = {
        "12": {"cwd": f"{MEMORY}/deep", "root": MEMORY, "fd/3": f"{MEMORY}/file (deleted)", "fd/4": "socket:[1]"},
        "13": {"cwd": "/home", "root": "/", "fd/1": f"/tmp/x -> '{MEMORY}"},
        "14": {"cwd": f"/tmp/a\n'1/cwd' -> '{MEMORY}'", "root": "/"},
    }
    for pid, of_pid in links.items():
        (tmp_path / pid / "fd").mkdir(parents=True)
        for name, target in of_pid.items():
            (tmp_path / pid / name).symlink_to(target)
    (tmp_path / "1").mkdir()
    (tmp_path / "1/mountinfo").write_text(MOUNTS)
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/uuid").write_text("a2a2a2a2-0000-4000-8000-000000000000\n")
    for name, text in (
        ("uptime", "5.0 1.0"),
        ("loadavg", "0 0 0 1/9 1"),
        ("sys/kernel/random/boot_id", "b"),
        ("sys/kernel/pid_max", "9"),
        ("sys/kernel/threads-max", "9"),
    ):
        (tmp_path / name).write_text(f"{text}\n")
    return tmp_path


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_who_works_in_a_volume(shell: list[str], proc: Path) -> None:
    capture = collect(shell, PROC=str(proc), READ_HEALTH="yes")
    volumes = pod_volumes(capture)
    assert volumes == {
        UID: PodVolumes((MEMORY,), tuple(VolumeUser(12, by, MEMORY) for by in ("cwd", "root", "fd/3"))),
        OTHER: PodVolumes((TOKEN,), ()),
    }
    assert b"deep" not in capture.content("volume-users")
    assert b"hunter2" not in capture.content("volumes") + capture.content("volume-users")


@needs_linux
def test_it_is_not_read_unasked(proc: Path) -> None:
    assert pod_volumes(collect(SHELLS[0], PROC=str(proc))) is None


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_any_bytes_are_volumes_or_none(mounts: bytes, links: bytes) -> None:
    sections = {"volumes": Section(mounts), "volume-users": Section(links)}
    volumes = pod_volumes(replace(written_node(), sections=sections))
    assert volumes is not None
    assert all(user.volume in of_pod.mounted for of_pod in volumes.values() for user in of_pod.users)


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
@pytest.mark.parametrize(("count", "is_cut"), [(4096, False), (4097, True)])
def test_descriptors_of_one_process_are_bounded_and_that_is_told(shell: list[str], count: int, is_cut: bool, proc: Path) -> None:
    """A container that opens a million must not make `check` and `why` wait for them. Pid 12 comes first and works in the volume."""
    hoarder = proc / "11" / "fd"
    hoarder.mkdir(parents=True)
    for number in range(count):
        (hoarder / str(number)).symlink_to("socket:[1]")
    for asked in ("READ_HEALTH", "READ_FDS"):
        capture = collect(shell, PROC=str(proc), **{asked: "yes"})
        assert ("descriptors" in capture.sections) is is_cut
        assert node_facts(capture, "-").fds.whole is not is_cut
    volumes = pod_volumes(collect(shell, PROC=str(proc), READ_HEALTH="yes"))
    assert volumes is not None
    assert volumes[UID].users, "a process with many descriptors hides nobody else's"
