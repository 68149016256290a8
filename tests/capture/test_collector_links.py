"""What the collector reads of interfaces: of a made-up node, and of processes of this host in network namespaces of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.facts.kernel.links import Link, parse_links
from tests.capture.test_collector import SHELLS, collect, needs_linux
from tests.real_processes import named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_root = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root")
NAMES = ["eth0", "veth1", "br'0", "a\n#end\n1/root/sys/class/net/x", "\x1b[31mred"]
RENAMED = "it's\"\\$(id)"
HOSTILE = f"""
import fcntl, os, socket, subprocess, sys
subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=True)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, 0x8923, b"lo".ljust(16, b"\\0") + {RENAMED.encode()!r}.ljust(16, b"\\0"))  # SIOCSIFNAME
print("ready", flush=True)
sys.stdin.read()
"""
NOTHING = "import sys; print('ready', flush=True); sys.stdin.read()"
LYING = """
import os, subprocess, sys
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/sys"], check=True)
os.makedirs("/sys/class/net/eth0")
os.mkfifo("/sys/class/net/eth0/ifindex")
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def alone(script: str) -> Iterator[int]:
    """A process in network and mount namespaces of its own that has run `script`: its pid."""
    words = ["unshare", "--net", "--mount", sys.executable, "-c", script]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        yield child.pid
    finally:
        child.communicate()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A node with interfaces, one of a name that no kernel takes."""
    for number, name in enumerate(NAMES, 1):
        interface = tmp_path / "sys/class/net" / name.replace("/", "|")
        interface.mkdir(parents=True)
        (interface / "ifindex").write_text(f"{number}\n")
        (interface / "iflink").write_text(f"{number + 1 if name == 'veth1' else number}\n")
        kind = "DEVTYPE=bridge\n" if name.startswith("br") else ""
        (interface / "uevent").write_text(f"{kind}INTERFACE={name}\nIFINDEX={number}\n")
    return tmp_path


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_interfaces_of_the_node(shell: list[str], root: Path) -> None:
    links = parse_links(collect(shell, root, READ_HEALTH="network").content("links")).of_node
    assert {link.name: (link.number, link.joined_to, link.kind) for link in links.values()} == {
        "eth0": (1, 1, ""),
        "veth1": (2, 3, ""),
        "br'0": (3, 3, "bridge"),
        "\x1b[31mred": (5, 5, ""),
    }


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
@pytest.mark.parametrize("asked", ["no", "yes"])
def test_nothing_of_it_where_it_is_not_asked_for(shell: list[str], asked: str, root: Path) -> None:
    capture = collect(shell, root, READ_HEALTH=asked)
    assert "links" not in capture.sections
    assert ("cni" in capture.sections) == (asked == "yes")


@needs_linux
def test_what_the_node_has_is_bounded(tmp_path: Path) -> None:
    for number in range(6000):
        interface = tmp_path / "sys/class/net" / f"veth{number}"
        interface.mkdir(parents=True)
        for name in ("ifindex", "iflink", "uevent"):
            (interface / name).write_text(f"{number}\n")
    content = collect(SHELLS[0], tmp_path, READ_HEALTH="network").content("links")
    lines = [line for line in content.split(b"\n") if line.startswith(b"./veth")]
    assert len(lines) == 16384
    assert b"./veth0/ifindex:0" in lines


@needs_root
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_interfaces_of_another_namespace_by_its_own_sys(shell: list[str]) -> None:
    with alone(HOSTILE) as pid:
        later = subprocess.Popen(["nsenter", "--net", "--target", str(pid), "cat"], stdin=subprocess.PIPE)
        named(later.pid, "cat")
        content = collect(shell, READ_HEALTH="network").content("links")
        later.communicate()
    links = parse_links(content)
    assert links.of_process[pid] == {(1, 1)}
    assert later.pid not in links.of_process, "whose /sys is that of another namespace"
    assert os.fsencode(RENAMED) in content


@needs_root
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_the_node_s_own_sys_is_passed_over(shell: list[str]) -> None:
    with alone(NOTHING) as without, alone(HOSTILE) as other:
        links = parse_links(collect(shell, "/proc/self/root", READ_HEALTH="network").content("links"))
    assert without not in links.of_process
    assert other in links.of_process
    assert {link.name: link.number for link in links.of_node.values()}.items() >= {("lo", 1)}


@needs_root
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_a_sys_that_is_none_is_passed_over(shell: list[str]) -> None:
    """Read, its pipe would hang until the limit of all calls."""
    with alone(LYING) as lying, alone(HOSTILE) as other:
        links = parse_links(collect(shell, READ_HEALTH="network").content("links"))
    assert lying not in links.of_process
    assert other in links.of_process


def test_the_default_route_is_the_node_s() -> None:
    links = parse_links(b" ./eth0/ifindex:2\n ./eth0/iflink:7\n ./eth0/default:0\n ./gone/default:0")
    assert links.of_node == {2: Link("eth0", 2, 7, "", default_route=True)}


@needs_root
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
@pytest.mark.parametrize("way", ["a link for /sys", "a link for its root's /sys beside a sysfs of its own"])
def test_a_link_in_place_of_sys_is_not_followed_to_another_pod_s(shell: list[str], way: str, tmp_path: Path) -> None:
    """security review 14: a process whose root's /sys leads into the root of its victim would be shown with the victim's interfaces."""
    with alone(HOSTILE) as victim:
        (tmp_path / "sys").symlink_to(f"/proc/{victim}/root/sys")
        own = 'import subprocess; subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=True)\n' if "beside" in way else ""
        with alone(f"import os\n{own}os.chroot({str(tmp_path)!r})\n{NOTHING}") as hostile:
            links = parse_links(collect(shell, READ_HEALTH="network").content("links"))
    assert links.of_process[victim] == {(1, 1)}
    assert hostile not in links.of_process
