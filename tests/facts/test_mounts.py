"""Mount table of pid 1: what keeps a namespace alive, and which cgroup versions there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.kernel.mounts import NamespaceMount, parse_mountinfo
from tests.recorded_nodes import recorded_bytes, recorded_capture


@pytest.mark.parametrize("node", ["crio-1.34.11", "crio-1.34.11-infra"])
def test_crio_pins_agree_with_stat(node: str) -> None:
    mounts = parse_mountinfo(recorded_capture(node).content("mountinfo"))
    seen = {(mount.inode, mount.path) for mount in mounts.namespaces}
    pins = (line.split() for line in recorded_bytes(node, "nsfs.txt").decode().splitlines())
    assert seen == {(int(inode), path.replace("/var/run/", "/run/")) for inode, path in pins}
    assert mounts.cgroup == "v1"


def test_containerd_pins_network_namespaces_only() -> None:
    for node in ("containerd-1.6.20", "containerd-1.7.24"):
        mounts = parse_mountinfo(recorded_capture(node).content("mountinfo"))
        assert {mount.type for mount in mounts.namespaces} == {"net"}
        assert all(mount.path.startswith("/run/netns/cni-") for mount in mounts.namespaces)


def test_forms() -> None:
    line = b"1 2 0:4 net:[17] /run/a\\040b rw shared:1 master:2 - nsfs nsfs rw\n"
    assert parse_mountinfo(line).namespaces == (NamespaceMount("net", 17, "/run/a b"),)
    beside = b"5 6 0:4 net:[17] /run/a rw - nsfs nsfs rw\n7 8 0:4 net:[17] /run/a rw - nsfs nsfs rw\n"
    assert [mount.stacked for mount in parse_mountinfo(beside).namespaces] == [0], "of a directory that is mounted twice"
    above = b"9 5 0:4 net:[17] /run/a rw - nsfs nsfs rw\n10 9 0:4 net:[18] /run/a rw - nsfs nsfs rw\n"
    assert [(mount.inode, mount.stacked) for mount in parse_mountinfo(beside + above).namespaces] == [(17, 1), (18, 2)]
    tucked = (
        b"5 6 0:4 net:[17] /run/a rw - nsfs nsfs rw\n7 8 0:4 net:[17] /run/a rw - nsfs nsfs rw\n8 5 0:4 net:[17] /run/a rw - nsfs nsfs rw\n"
    )
    assert [mount.stacked for mount in parse_mountinfo(tucked).namespaces] == [2], "a parent on a later line, as propagation makes it"
    ring = b"5 6 0:4 net:[17] /run/a rw - nsfs nsfs rw\n6 5 0:4 net:[17] /run/a rw - nsfs nsfs rw\n"
    assert [mount.stacked for mount in parse_mountinfo(ring).namespaces] == [1]
    v1, v2 = b"1 2 0:1 / /x rw - cgroup cgroup rw\n", b"1 2 0:1 / /y rw - cgroup2 cgroup2 rw\n"
    assert [parse_mountinfo(text).cgroup for text in (b"", v1, v2, v1 + v2)] == [None, "v1", "v2", "hybrid"]


@given(st.binary(max_size=200) | st.integers(0, 10**30).map(lambda inode: b"1 2 0:4 net:[%d] /a rw - nsfs nsfs rw" % inode))
def test_arbitrary_bytes(content: bytes) -> None:
    for mount in parse_mountinfo(content).namespaces:
        assert mount.inode >= 0
