"""What the collector proves that it can read, and what each right that is missing costs: real processes in a PID namespace of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from kubectl_pause.facts.capture import parse_capture
from kubectl_pause.facts.header import CHECKS, failed_checks
from tests.capture.test_collector import SHELLS
from tests.recorded_nodes import COLLECTOR

THREE = "-all,+sys_ptrace,+sys_chroot,+dac_read_search"
STAGE = """
mount -t proc proc /proc && setpriv --reuid 65534 --clear-groups sleep 300 <&0 &
until [ "$(stat -c %u /proc/$! 2>/dev/null)" = 65534 ]; do [ -d /proc/$! ] || exit 1; done
setpriv "$@" || exit 1
"""
"""A /proc whose PID 1 has no more rights than root here, and a process of another user beside it; then the collector with fewer rights."""


def can_make() -> bool:
    """Whether namespaces and sets of capabilities can be made here."""
    tools = all(shutil.which(tool) for tool in ("unshare", "setpriv"))
    words = ["unshare", "--pid", "--mount", "--fork", "setpriv", "--bounding-set", THREE, "true"]
    return tools and subprocess.run(words, capture_output=True, check=False).returncode == 0


needs_rights = pytest.mark.skipif(sys.platform != "linux" or not can_make(), reason="needs root, unshare and setpriv")


def failed(shell: list[str], *rights: str, root: str = "/proc/1/root") -> list[str]:
    """The checks that fail for a collector that setpriv gives these rights."""
    words = [
        "unshare",
        "--pid",
        "--mount",
        "--fork",
        "--kill-child",
        "sh",
        "-c",
        STAGE,
        "stage",
        *rights,
        *shell,
        "-c",
        COLLECTOR.read_text(),
    ]  # by its text: another user may not read this directory
    environment = {"PATH": os.environ["PATH"], "NODE_ROOT": root, "PACKED": "no", "USE_CRICTL": "no"}
    done = subprocess.run(words, capture_output=True, env=environment, timeout=120, check=True)
    assert done.stdout.split(b"\n")[1].startswith(b"#proof ")
    proof = parse_capture(done.stdout, "this host").proof
    assert set(proof) == set(CHECKS)
    return failed_checks(proof)


@needs_rights
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
@pytest.mark.parametrize(
    ("rights", "checks"),
    [
        (["--bounding-set", "+all"], []),
        (["--bounding-set", THREE], []),
        (["--bounding-set", f"{THREE},-sys_chroot"], ["chroot"]),
        (["--bounding-set", f"{THREE},-dac_read_search"], ["fd"]),
        (["--bounding-set", f"{THREE},-sys_ptrace"], ["ns", "root", "fd", "chroot"]),
        (["--bounding-set", "-all"], ["ns", "root", "fd", "chroot"]),
        (["--reuid", "65533", "--clear-groups"], ["ns", "root", "fd", "chroot"]),
        (["--reuid", "65534", "--clear-groups"], ["ns", "root", "fd", "chroot"]),
    ],
    ids=["all", "the three", "no chroot", "no search", "no ptrace", "none", "another user", "the other process's user"],
)
def test_each_right_is_proved_by_a_check(shell: list[str], rights: list[str], checks: list[str]) -> None:
    assert failed(shell, *rights) == checks


@needs_rights
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_a_node_s_root_that_cannot_be_listed(shell: list[str]) -> None:
    assert failed(shell, "--bounding-set", "+all", root="/nonexistent") == ["root", "chroot"]
