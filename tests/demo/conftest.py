"""The demo in a process of its own: as whoever runs the tests, and as an ordinary user where that is root."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PYTHON = Path("/usr/bin/python3")
NOBODY = 65534
LIMIT = 60


@dataclass(frozen=True)
class Account:
    """How to run the demo as somebody: the words before its arguments, and what the environment needs."""

    command: list[str]
    environment: dict[str, str]


@dataclass
class Demo:
    """Runs of the demo in an empty directory, and what is left of them. `mark` is in the environment of every process of these runs."""

    account: Account
    directory: Path
    mark: str = field(default_factory=lambda: f"PAUSE_INSPECT_TEST={uuid.uuid4()}")

    def environment(self) -> dict[str, str]:
        place = str(self.directory)
        name, _, value = self.mark.partition("=")
        plain = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TERM": "dumb", "PYTHONDONTWRITEBYTECODE": "1"}
        return {**plain, "HOME": place, "TMPDIR": place, name: value, **self.account.environment}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [*self.account.command, "demo", *words]
        return subprocess.run(
            command, cwd=self.directory, env=self.environment(), capture_output=True, text=True, timeout=LIMIT, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def processes(self) -> dict[int, str]:
        """Those that carry the mark, with the inodes of their namespaces. A zombie carries nothing any more."""
        found = {}
        for directory in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (directory / "environ").read_bytes():
                    found[int(directory.name)] = " ".join(sorted(str(link.readlink()) for link in (directory / "ns").iterdir()))
            except OSError:
                continue
        return found

    def assert_nothing_is_left(self) -> None:
        """No process, so no namespace that a process holds; none that a mount holds; no file."""
        wait_for("no process of the demo", lambda: not self.processes(), LIMIT, 0.02, instead=self.processes)
        assert list(self.directory.iterdir()) == []


def _can_run(account: Account, code: str) -> bool:
    interpreter = account.command[: account.command.index("-m")]
    ended = subprocess.run(
        [*interpreter, "-c", code], env={"PATH": os.environ["PATH"], **account.environment}, capture_output=True, timeout=LIMIT, check=False
    )
    return ended.returncode == 0


def _may_make_namespaces(account: Account) -> bool:
    make = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000 | 0x20000000 | 0x40000000) != 0)"
    return _can_run(account, make)


def _ordinary_user() -> Account:
    """nobody, with an interpreter that nobody may read: this one, or the system's of the same version with this one's packages."""
    version = sysconfig.get_python_version()
    for python in (Path(sys.executable), SYSTEM_PYTHON):
        words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", str(python), "-m", "kubectl_pause"]
        account = Account(words, {"PYTHONPATH": f"{ROOT}{os.pathsep}{sysconfig.get_path('purelib')}"})
        if _can_run(account, f"import sys, msgspec, kubectl_pause.cli.app; assert '%d.%d' % sys.version_info[:2] == {version!r}"):
            return account
    pytest.skip("NOT TESTED as an ordinary user: user nobody may read no Python of this version, or not this directory")


@pytest.fixture(scope="session", params=["self", "ordinary"])
def account(request) -> Account:
    if request.param == "self":
        found = Account([sys.executable, "-m", "kubectl_pause"], {"PYTHONPATH": str(ROOT)})
    elif os.geteuid() != 0:
        pytest.skip("these tests run as an ordinary user already")
    else:
        found = _ordinary_user()
    if not _may_make_namespaces(found):
        pytest.skip("NOT TESTED: this kernel lets this user make no namespaces")
    return found


@pytest.fixture
def demo(account, tmp_path) -> Demo:
    directory = tmp_path / "empty"
    directory.mkdir()
    for each in (directory, *directory.parents[:3]):  # pytest's own are for its user alone
        if each.stat().st_uid == os.geteuid():
            each.chmod(0o777 if each == directory else 0o755)
    return Demo(account, directory)
