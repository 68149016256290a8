"""What the collector reads of a runtime's network and disks, in made-up node roots: of a configuration the names of plugins alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.facts.runtime.health import runtime_health
from tests.capture.test_collector import SHELLS, collect, needs_linux

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hunter2-secret"
CONFIGURATION = {
    "cniVersion": "1.0.0",
    "name": "net",
    "plugins": [
        {"type": "ptp", "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.0.0.0/24"}]]}, "kubeconfig": SECRET, "token": SECRET},
        {"type": "portmap\n/opt/forged", "capabilities": {"portMappings": True}},
    ],
}


LEASES = {
    "10.0.0.5": f"{'ab' * 32}\r\neth0",
    "fd00::5": f"{'cd' * 32}\r\neth0",
    "10.0.0.6": f"{SECRET} {'ab' * 32}",
    "10.0.0.7": f"{'ef' * 32}" + "x" * 9000,
    "last_reserved_ip.0": SECRET,
    "lock": "",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A node with configurations and programs of CNI; the folder of the programs is a link that leads elsewhere outside of the node."""
    for folder in ("etc/cni/net.d", "opt/really/bin", "opt/cni", "var/lib/cni/results", "run"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/cni/net.d/20-later.conf").write_text(json.dumps({"type": "bridge"}))
    (tmp_path / "etc/cni/net.d/10-first.conflist").write_text(json.dumps(CONFIGURATION, indent=2))
    (tmp_path / "etc/cni/net.d/30-broken.conf").write_text("no json {[\n")
    (tmp_path / "opt/cni/bin").symlink_to("/opt/really/bin")
    for program in ("ptp", "host-local", "odd\nname"):
        (tmp_path / "opt/really/bin" / program).write_text("")
    (tmp_path / "var/lib/cni/networks/net").mkdir(parents=True)
    for name, content in LEASES.items():
        (tmp_path / "var/lib/cni/networks/net" / name).write_text(content)
    (tmp_path / "var/lib/cni/results/net-aa-eth0").write_text("")
    (tmp_path / "var/lib/cni/results/net-bb-eth0").write_text("{}")
    return tmp_path


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_names_of_plugins_and_nothing_else(shell: list[str], root: Path) -> None:
    capture = collect(shell, root, READ_HEALTH="yes")
    health = runtime_health(capture)
    assert health is not None
    assert health.configurations is None  # no crictl said where the runtime looks for them
    assert b'"ptp"' in capture.content("cni")
    assert b'"host-local"' in capture.content("cni")
    leases = capture.content("leases").decode()
    assert "/var/lib/cni/networks\n" in leases
    assert {line.partition(" ")[2] or line for line in leases.splitlines()[1:]} == {
        "./net/10.0.0.5", "./net/fd00::5", "./net/10.0.0.6", f"./net/10.0.0.5:{'ab' * 32}", f"./net/fd00::5:{'cd' * 32}",
    }  # fmt: skip
    assert health.empty_results == ("net-aa-eth0",)
    assert {place.path for place in health.file_systems} == {"/run", "/var/lib/cni"}
    assert all(SECRET.encode() not in section.content for section in capture.sections.values() if section.content != b"")
    assert sorted(capture.content("cni-programs").split()) == [b"/opt/cni/bin", b"host-local", b"name", b"odd", b"ptp"]


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_nothing_of_it_where_it_is_not_asked_for(shell: list[str], root: Path) -> None:
    capture = collect(shell, root)
    assert runtime_health(capture) is None
    assert not {"cni", "cni-programs", "cni-cache", "filesystems", "crictl.info"} & capture.sections.keys()


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_very_large_ones_are_bounded(shell: list[str], root: Path) -> None:
    with (root / "etc/cni/net.d/00-huge.conf").open("wb") as file:
        file.truncate(1 << 30)
    for number in range(3000):
        (root / f"var/lib/cni/results/empty-{number}").touch()
    capture = collect(shell, root, READ_HEALTH="yes")
    health = runtime_health(capture)
    assert health is not None
    assert len(health.empty_results) == 100
    assert len(capture.content("cni")) < 70_000
