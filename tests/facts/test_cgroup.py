"""Every form of cgroup path that nodes have: kubelet's two drivers, three runtimes, nested clusters, deleted and relative paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.kernel.cgroup import CgroupOwner, cgroup_paths, owner_of_path, owner_of_process, parse_path
from kubectl_pause.facts.kernel.process import parse_processes
from tests.recorded_nodes import recorded_capture

A, B, H = "a1" * 32, "b2" * 32, "0123456789abcdef" * 2
U = "1eed5401-7744-5cf4-988d-3656ec1bdc9b"
S = U.replace("-", "_")
BURST = f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{S}.slice"
BEST = f"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{S}.slice"
KIND = f"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod{H}.slice"
CD = "cri-containerd"

PATHS = [
    (f"{BURST}/cri-containerd-{A}.scope", U, "burstable", CD, ""),
    (f"/kubepods.slice/kubepods-pod{S}.slice/cri-containerd-{A}.scope", U, "guaranteed", CD, ""),
    (f"{BEST}/crio-{A}.scope/container", U, "besteffort", "crio", "/container"),
    (f"{BEST}/crio-{A}.scope/container/exec", U, "besteffort", "crio", "/container/exec"),
    (f"{BURST}/crio-conmon-{A}.scope", U, "burstable", "crio-conmon", ""),
    (f"{BURST}/crio-{A}", U, "burstable", "crio", ""),
    (f"{BURST}/docker-{A}.scope", U, "burstable", "docker", ""),
    (f"/kubepods/burstable/pod{U}/{A}", U, "burstable", "", ""),
    (f"/kubepods/pod{U}/{A}", U, "guaranteed", "", ""),
    (f"/kubepods/besteffort/pod{U}/crio-{A}", U, "besteffort", "crio", ""),
    (f"/kubepods/burstable/pod{H}/{A}", H, "burstable", "", ""),
    (f"{KIND}/cri-containerd-{A}.scope", H, "burstable", CD, ""),
    (f"/kubelet/kubepods/besteffort/pod{U}/{A}", U, "besteffort", "", ""),
    (f"/system.slice/docker-{B}.scope{KIND}/cri-containerd-{A}.scope", H, "burstable", CD, ""),
    (f"/docker/{B}/kubelet/kubepods/burstable/pod{U}/{A}", U, "burstable", "", ""),
    (f"/system.slice/containerd.service/kubepods-besteffort-pod{S}.slice:cri-containerd:{A}", U, "besteffort", CD, ""),
    (f"/../../../kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod{S}.slice/{CD}-{A}.scope", U, "burstable", CD, ""),
    (f"/../cri-containerd-{A}.scope", None, None, CD, ""),
    (f"/../../pod{U}/{A}", U, None, "", ""),
    (f"{BURST}/cri-containerd-{A}.scope (deleted)", U, "burstable", CD, ""),
    (f"{BURST}/cri-containerd-{A}.scope/init.scope", U, "burstable", CD, "/init.scope"),
    (f"{BURST}/cri-containerd-{A}.scope/system.slice/docker-{B}.scope", U, "burstable", CD, f"/system.slice/docker-{B}.scope"),
    (f"/kubepods/burstable/pod{U}/{A}/kubepods/besteffort/pod{H}/{B}", U, "burstable", "", f"/kubepods/besteffort/pod{H}/{B}"),
]


@pytest.mark.parametrize(("path", "uid", "qos", "prefix", "below"), PATHS)
def test_owner_of_path(path: str, uid: str | None, qos: str | None, prefix: str, below: str) -> None:
    assert owner_of_path(path) == CgroupOwner(uid, qos, prefix, A, below)
    expected = None if prefix == "crio-conmon" else owner_of_path(path)
    assert owner_of_process(f"12:memory:{path}\n0::/\n") == expected
    assert owner_of_process(f"4:memory:/\n0::{path}\n") == expected


@pytest.mark.parametrize("path", ["/system.slice/containerd.service", "/podruntime/kubelet", BURST, "/", ""])
def test_no_container(path: str) -> None:
    assert owner_of_path(path) is None


def test_known_ids_decide_in_a_nested_cluster() -> None:
    nested = owner_of_path(f"/kubepods/burstable/pod{U}/{A}/kubepods/besteffort/pod{H}/{B}", {B})
    assert nested == CgroupOwner(H, "besteffort", "", B, "")


def test_hybrid_node_falls_through_to_v1() -> None:
    text = f"3:pids:/x\n2:memory:/kubepods/pod{U}/{A}\n1:name=systemd:/\n0::/system.slice/containerd.service\n"
    assert cgroup_paths(text) == ["/system.slice/containerd.service", f"/kubepods/pod{U}/{A}", "/x"]
    owner = owner_of_process(text)
    assert owner is not None
    assert owner.container_id == A


@given(st.text(alphabet="/.:-_pod kubesliceabcdef0123456789()\n", max_size=300))
def test_arbitrary_paths(path: str) -> None:
    for owner in parse_path(path):
        assert owner.container_id in path
    owner_of_process(path)


def test_recorded_zombies() -> None:
    """A zombie's v1 lines are `/`: on a hybrid node the v2 line still names its container, on pure v1 nothing does."""
    for node, pid, container in (("containerd-1.6.20", 533, 521), ("crio-1.34.11", 640, None)):
        processes = parse_processes(recorded_capture(node).content("proc"))
        owner = owner_of_process(processes[pid].cgroups)
        expected = owner_of_process(processes[container].cgroups) if container else None
        assert owner == expected
        assert (owner is None) == (container is None)
