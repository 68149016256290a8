"""The collector, run: on this host's /proc with hostile process names, and in made-up node roots with crictls of all kinds."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.capture.crictl_limits import crictl_limits
from kubectl_pause.facts.capture import Capture, CaptureError, read_capture
from kubectl_pause.facts.kernel.arguments import parse_arguments
from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES, parse_processes
from kubectl_pause.facts.kernel.routes import parse_interfaces, parse_routes
from kubectl_pause.facts.kernel.shims import parse_shim_addresses, parse_shims
from kubectl_pause.facts.runtime.cri import parse_inspectp, parse_pods
from tests.recorded_nodes import COLLECTOR, recorded_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

SHELLS = [["busybox", "sh"], *([["dash"]] if shutil.which("dash") else [])]
"""The inspector pod's shell, which has to be here (`make` installs it on Debian), and Debian's own, with which `local` runs there."""
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
NAMES = [b"a\n1 (pause) Z 1", b") Z 1 (", b"x\n#end", b"1/stat:1 (x)", b"\x1b[31mred", b"' -> '", b"\n\n", b"\xff\xfe", b"\\n%s$(id)"]
RENAME = "import ctypes, sys; ctypes.CDLL(None).prctl(15, bytes.fromhex(sys.argv[1])); print('ready', flush=True); sys.stdin.read()"
SANDBOX = "ad693f9f6fab65035227316ac242d96e438901541445d54b8f8ebda67bd5de97"


def collect(shell: list[str], root: Path | str = "/nonexistent", **settings: str) -> Capture:
    unhurried = {"CRICTL_SECONDS": "60", "CRICTL_SHARE": "120"}  # a crictl of a test is ended only where that is what is tested
    environment = {"PATH": os.environ["PATH"], "NODE_ROOT": str(root), **unhurried, **settings}
    done = subprocess.run([*shell, str(COLLECTOR)], capture_output=True, env=environment, timeout=180, check=True)
    assert done.stderr == b""
    return read_capture(done.stdout, "this host")


@pytest.fixture
def hostile_processes() -> Iterator[dict[int, bytes]]:
    children = []
    for name in NAMES:
        child = subprocess.Popen([sys.executable, "-c", RENAME, name.hex()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
    yield {child.pid: name for child, name in zip(children, NAMES, strict=True)}
    for child in children:
        child.communicate()


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_hostile_names_on_a_real_proc(shell: list[str], hostile_processes: dict[int, bytes]) -> None:
    capture = collect(shell)
    processes = parse_processes(capture.content("proc"))
    assert {pid: processes[pid].comm for pid in hostile_processes} == {
        pid: name[:15].decode("utf-8", "backslashreplace") for pid, name in hostile_processes.items()
    }
    assert processes[1].comm == Path("/proc/1/comm").read_text().rstrip("\n")
    assert processes[1].state != "Z"
    for pid in hostile_processes:
        links = {name: Path(f"/proc/{pid}/ns/{name}") for name in NAMESPACE_TYPES}
        assert processes[pid].namespaces == {name: link.stat().st_ino for name, link in links.items() if link.exists()}
        assert processes[pid].cgroups == Path(f"/proc/{pid}/cgroup").read_text().rstrip("\n")
        assert processes[pid].ppid == os.getpid()
    assert float(capture.end["uptime"]) >= float(capture.header["uptime"])
    assert capture.header["boot"] == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert capture.header["pid_max"] == Path("/proc/sys/kernel/pid_max").read_text().strip()


PARENT_OF_A_ZOMBIE = "import os, sys; os.fork() or os._exit(0); print('ready', flush=True); sys.stdin.read()"
ARGUMENTS = ["", "a\n#end uptime=1\n 1 forged", "\x1b[31m", "--password=hunter2", "é", "x" * 3000]


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_arguments_come_only_where_asked_for_and_forge_nothing(shell: list[str]) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT_OF_A_ZOMBIE, *ARGUMENTS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        asked, unasked = collect(shell, READ_ARGS="yes"), collect(shell)
    finally:
        parent.communicate()
    words = parse_arguments(asked.content("args"))[parent.pid]
    assert words[:3] == (sys.executable, "-c", PARENT_OF_A_ZOMBIE)
    assert words[3:-1] == tuple(ARGUMENTS[:-1])
    assert words[-1].removesuffix("...").strip("x") == ""
    assert sum(len(word.encode()) + 1 for word in words) <= 1024 + len("...") + 1
    assert "args" not in unasked.sections
    assert all(b"hunter2" not in section.content for section in unasked.sections.values())


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_of_a_shim_s_arguments_only_the_id_is_taken_and_whose_it_is(shell: list[str]) -> None:
    first, second, secret = "ab" * 32, "cd" * 32, "ef" * 32
    asked = {  # comm, then the arguments behind the name that the process goes by
        "shim": (b"containerd-shim", ["/x/containerd-shim-runc-v2", "-c", RENAME, "-namespace", "x", "-id", first, "-address", secret]),
        "ours": (
            b"containerd-shim",
            ["/x/y", "-c", RENAME, "-namespace", "k8s.io", "-address", "/run/x/c.sock", "-id", second, "-z", secret],
        ),
        "other's": (b"containerd-shim", ["/x/y", "-c", RENAME, "-namespace", "k8s.io", "-address", f"/run/{secret} x", "-id", second]),
        "conmon": (b"conmon", ["/x/conmon", "-c", RENAME, "-b", "/x", "-c", second, "-u", secret, "-id", secret]),
        "other": (b"bash", ["/x/containerd-shim-runc-v2", "-c", RENAME, "-id", secret]),
        "line": (b"x\nconmon", ["/x/conmon", "-c", RENAME, f"\n1/cmdline:-id\n1/id:{secret}\n", f"\n1/id:{secret}"]),
        "short": (b"conmon", ["/x/conmon", "-c", RENAME, "-c", secret[:40], "-c", f"{secret}0"]),
    }
    children = {}
    for key, (comm, words) in asked.items():
        code = RENAME.replace("sys.argv[1]", repr(comm.hex()))
        argv = [code if word == RENAME else word for word in words]
        children[key] = subprocess.Popen(argv, executable=sys.executable, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        out = children[key].stdout
        assert out is not None
        assert out.readline() == b"ready\n"
    try:
        content = collect(shell).content("shims")
    finally:
        for child in children.values():
            child.communicate()
    shims = parse_shims(content)
    found = {key: shims[child.pid] for key, child in children.items() if child.pid in shims}
    assert found == {"shim": first, "ours": second, "other's": second, "conmon": second}
    addresses = parse_shim_addresses(content)
    assert {key: addresses[child.pid] for key, child in children.items() if child.pid in addresses} == {"ours": "/run/x/c.sock"}
    assert 1 not in shims
    assert secret.encode() not in content


@needs_linux
def test_routes_are_those_of_the_kernel() -> None:
    """Of this host's own table: every interface that leads to one IPv4 address without a gateway, and no other."""
    lines = [line.split() for line in Path("/proc/1/net/route").read_text().splitlines()[1:]]
    direct = [fields for fields in lines if fields[7] == "FFFFFFFF" and not int(fields[3], 16) & 2]
    capture = collect(SHELLS[0])
    assert "routes" in capture.sections
    routes = parse_routes(capture.content("routes"))
    seen = {(interface, address) for interface, addresses in routes.items() for address in addresses if ":" not in address}
    assert seen == {(fields[0], str(ipaddress.IPv4Address(bytes.fromhex(fields[1])[::-1]))) for fields in direct}


@needs_linux
def test_interfaces_are_those_of_the_kernel() -> None:
    interfaces = parse_interfaces(collect(SHELLS[0]).content("interfaces"))
    assert "lo" in interfaces.values()
    assert interfaces.items() <= dict(socket.if_nameindex()).items()


def test_a_missing_tool_is_named(tmp_path: Path) -> None:
    script = COLLECTOR.read_text().replace("PATH=/bin:/usr/bin:/sbin:/usr/sbin:/usr/local/bin", f"PATH={tmp_path}")
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=False)  # busybox sh finds its own tools without PATH
    assert done.returncode == 3
    with pytest.raises(CaptureError, match="has no 'awk'"):
        read_capture(done.stdout, "node one")


needs_chroot = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root")


@pytest.fixture
def root() -> Iterator[Path]:
    """A node root: busybox as /bin/sh, a containerd socket, one bundle. Short path: a socket's name has 108 bytes at most."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        root = Path(name)
        (root / "bin").mkdir()
        shutil.copy(shutil.which("busybox") or "busybox", root / "bin/busybox")  # a static one
        for tool in ("sh", "cat", "sleep"):
            (root / "bin" / tool).symlink_to("busybox")
        bind(root, "run/containerd/containerd.sock")
        bundle = root / "run/containerd/io.containerd.runtime.v2.task/k8s.io" / ("a" * 64)
        bundle.mkdir(parents=True)
        (bundle / "config.json").write_text(json.dumps({"process": {"env": ["SECRET=1"]}, "linux": {"cgroupsPath": "/x"}}))
        (bundle / "init.pid").write_text("17")
        (root / "usr/lib").mkdir(parents=True)
        (root / "usr/lib/os-release").write_text('NAME=x\nPRETTY_NAME="Made up"\n')
        (root / "etc").mkdir()
        (root / "etc/os-release").symlink_to("/usr/lib/os-release")
        yield root


def bind(root: Path, path: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / path))


def crictl(root: Path, body: str, version: str = "1.31.1") -> None:
    """A crictl that answers from recorded files; `body` runs first, with $verb and $socket."""
    (root / "answers").mkdir(exist_ok=True)
    for run in ("pods", "ps", "inspectp-one", "inspectp-three", "version", "inspectp-filter-matches-nothing"):
        (root / "answers" / run).write_bytes(recorded_bytes("crictl-versions", version, f"{run}.stdout"))
    text = f"""#!/bin/sh
case $1 in --version) echo "crictl version v{version}"; exit 0;; esac
socket=$2 verb=$5
{body}
case "$verb $*" in
*" -q") echo {SANDBOX};;
pods*|ps*|version*) cat /answers/$verb;;
inspectp*) cat /answers/inspectp-three;;
esac
"""
    (root / "usr/local/bin").mkdir(parents=True, exist_ok=True)
    (root / "usr/local/bin/crictl").write_text(text)
    (root / "usr/local/bin/crictl").chmod(0o755)


@needs_chroot
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
@pytest.mark.parametrize("version", ["1.24.2", "1.30.1", "1.31.1", "1.36.0"])
def test_answers_of_crictl(shell: list[str], version: str, root: Path) -> None:
    crictl(root, "echo 'time=now level=warning msg=deprecated' >&2", version)
    capture = collect(shell, root)
    assert capture.crictl == {"path": "/usr/local/bin/crictl", "socket": "/run/containerd/containerd.sock", "version": f"v{version}"}
    assert {name: section.exit_code for name, section in capture.sections.items() if name.startswith("crictl")} == {
        f"crictl.{name}": 0 for name in ("pods", "ps", "version", "inspectp")
    }
    assert all(section.errors == () for section in capture.sections.values())
    pods = parse_pods(recorded_bytes("crictl-versions", version, "pods.stdout"))
    assert [(pod.id, pod.state) for pod in parse_pods(capture.content("crictl.pods"))] == [(pod.id, pod.state) for pod in pods]
    statuses = parse_inspectp(recorded_bytes("crictl-versions", version, "inspectp-three.stdout"))
    assert parse_inspectp(capture.content("crictl.inspectp")) == statuses
    assert capture.content("os-release") == b'PRETTY_NAME="Made up"\n'
    assert [(bundle.container_id, bundle.pid) for bundle in capture.bundles] == [("a" * 64, 17)]
    assert json.loads(capture.bundles[0].config) == {"linux": {"cgroupsPath": "/x"}}


@needs_chroot
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
@pytest.mark.parametrize("body", ["exec sleep 1000", "sleep 1000", "trap '' TERM INT HUP; sleep 1000; sleep 1000"])
def test_a_crictl_that_hangs_is_ended(shell: list[str], body: str, root: Path) -> None:
    crictl(root, body)
    capture = collect(shell, root, CRICTL_SECONDS="1")
    assert capture.sections["crictl.pods"].exit_code not in (0, None)
    assert "crictl.ps" not in capture.sections
    assert len(capture.bundles) == 1


@needs_chroot
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_a_crictl_that_hangs_when_asked_for_its_version_is_none(shell: list[str], root: Path) -> None:
    crictl(root, "")
    program = root / "usr/local/bin/crictl"
    program.write_text("#!/bin/sh\ntrap '' TERM\nsleep 1000; sleep 1000\n")
    capture = collect(shell, root, CRICTL_SECONDS="1")
    assert capture.crictl is None
    assert capture.sections["crictl.pods"].exit_code == 124  # it is there: that is told
    assert len(capture.bundles) == 1


@needs_chroot
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_a_crictl_that_hangs_gets_its_share_of_the_time_and_the_state_files_are_read(shell: list[str], root: Path) -> None:
    crictl(root, "sleep 1000")
    capture = collect(shell, root, CRICTL_SECONDS="600", CRICTL_SHARE="2")  # one call alone would outlast the limit of this test
    assert capture.sections["crictl.pods"].exit_code not in (0, None)
    assert len(capture.bundles) == 1


@pytest.mark.parametrize("seconds", [1, 5, 15, 60, 3600])
def test_crictl_never_gets_all_of_the_time(seconds: float) -> None:
    limits = {name: int(value) for name, value in crictl_limits(seconds).items()}
    assert 1 <= limits["CRICTL_SECONDS"] <= 10
    assert limits["CRICTL_SHARE"] <= max(1, seconds / 2)


@needs_chroot
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_a_crictl_that_fails(shell: list[str], root: Path) -> None:
    crictl(root, 'for n in 1 2 3 4 5 6 7 8 9; do echo "#end level=fatal n=$n 100%" >&2; done; printf last >&2; exit 7')
    section = collect(shell, root).sections["crictl.pods"]
    assert section.exit_code == 7
    assert section.errors[-1] == "last"
    assert len(section.errors) <= 4
    assert section.errors[0].startswith("#end level=fatal")


@needs_chroot
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_a_sandbox_gone_in_between_is_asked_without(shell: list[str], root: Path) -> None:
    crictl(root, '[ "$verb" != inspectp ] || [ -e /asked ] || { >/asked; echo "code = NotFound" >&2; exit 1; }')
    section = collect(shell, root).sections["crictl.inspectp"]
    assert (section.exit_code, len(parse_inspectp(section.content))) == (0, 3)


@needs_chroot
def test_help_text_with_exit_0_is_unreadable(root: Path) -> None:
    crictl(root, "[ $verb != inspectp ] || { cat /answers/inspectp-filter-matches-nothing; exit 0; }")
    section = collect(SHELLS[0], root).sections["crictl.inspectp"]
    assert section.exit_code == 0
    with pytest.raises(ValueError, match="crictl's answer"):
        parse_inspectp(section.content)


@needs_chroot
def test_of_two_runtimes_the_one_with_sandboxes(root: Path) -> None:
    bind(root, "run/crio/crio.sock")
    crictl(root, 'case $socket in */containerd.sock) [ "$verb" = pods ] && exit 0;; esac')
    capture = collect(SHELLS[0], root)
    assert (capture.crictl or {})["socket"] == "/run/crio/crio.sock"


@needs_chroot
def test_no_crictl_or_not_wanted_or_no_socket(root: Path) -> None:
    assert collect(SHELLS[0], root).crictl is None
    crictl(root, "")
    assert collect(SHELLS[0], root, USE_CRICTL="no").crictl is None
    (root / "run/containerd/containerd.sock").unlink()
    capture = collect(SHELLS[0], root)
    assert (capture.crictl or {})["socket"] == ""
    assert len(capture.bundles) == 1
