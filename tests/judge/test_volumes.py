"""A pod that is deleted and stays: a process works in a volume of it that is mounted; and what looks alike and is no fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubectl_pause.inspect_node import explain_pod, inspect_capture
from tests.judge.test_stuck import DELETED, GONE_STATUS, pod, trail
from tests.nodes.written_nodes import Written, written_node

UID = "0f0e0d0c-0b0a-0908-0706-050403020100"
MEMORY = f"/var/lib/kubelet/pods/{UID}/volumes/kubernetes.io~empty-dir/mem"
WORD = "a2a2a2a2-0000-4000-8000-000000000000"
TAR = Written(700, 1, "tar", cgroup="/user.slice")
NODE_MOUNTS, OTHER_MOUNTS = 4026531841, 4026532841
LONG_AGO, JUST_NOW = "2026-01-02T03:00:00Z", "2026-01-02T03:03:30Z"


def node(
    *,
    deleted: str | None = LONG_AGO,
    state: str = "SANDBOX_NOTREADY",
    mount: str = MEMORY,
    link: str = f"'700/cwd' -> '{MEMORY}/x'",
    mnt: int = NODE_MOUNTS,
):
    sandbox = {"state": state, "metadata": {"name": "web", "uid": UID, "namespace": "shop"}}
    metadata = {"uid": UID, "namespace": "shop", **({"deletionTimestamp": deleted} if deleted else {})}
    sections = {"volumes": f" {mount} ", "volume-users": f" {WORD}\n {WORD} {link}"}
    capture = written_node(TAR, sections=sections, api={"nodeName": "worker-1"}, metadata=metadata, sandbox=sandbox)
    proc = capture.sections["proc"]
    linked = proc.content + f"'1/ns/mnt' -> 'mnt:[{NODE_MOUNTS}]'\n'700/ns/mnt' -> 'mnt:[{mnt}]'\n".encode()
    return inspect_capture(replace(capture, sections={**capture.sections, "proc": replace(proc, content=linked)}), "-")


def test_who_works_there_is_named():
    (finding,) = [each for each in node().findings if each.code == "pod/volume-busy"]
    assert (finding.subject, finding.confidence) == ("shop/web", "likely")
    assert finding.evidence[0] == f"pid 700 (tar): its cwd is in {MEMORY}"
    assert "ps -o pid,ppid,user,lstart,comm -p 700" in (finding.remedy or "")


@pytest.mark.parametrize(
    "otherwise",
    [
        {"deleted": None},
        {"deleted": JUST_NOW},
        {"state": "SANDBOX_READY"},
        {"mount": MEMORY.replace(UID, UID[::-1])},
        {"link": f"'700/cwd' -> '/tmp{MEMORY}'"},
        {"link": "'700/cwd' -> '/'"},
        {"mnt": OTHER_MOUNTS},
        {"link": f"'701/cwd' -> '{MEMORY}'"},
    ],
    ids=[
        "not deleted",
        "just now",
        "its sandbox is ready",
        "another pod's mount",
        "another directory",
        "elsewhere",
        "a copy of the mount",
        "not seen before",
    ],
)
def test_what_looks_alike(otherwise):
    assert [each.code for each in node(**otherwise).findings if each.code == "pod/volume-busy"] == []


def test_why_says_it_of_that_pod_and_of_no_other():
    of = pod(metadata={**DELETED, "uid": UID}, status=GONE_STATUS)
    answer = explain_pod(trail(of), node())
    assert answer.cause is not None
    assert (answer.cause.code, answer.cause.confidence) == ("pod/volume-busy", "likely")
    assert answer.next
    other = explain_pod(trail(pod(metadata={**DELETED, "name": "other", "uid": "u-2"}, status=GONE_STATUS)), node())
    assert other.cause is not None
    assert other.cause.confidence == "possible"
