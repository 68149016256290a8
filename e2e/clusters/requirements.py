"""What must be installed: put there when this is root on Debian, else named with how to get it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from e2e.clusters.settings import LIMIT_APT, NODE_IMAGE_SOURCES
from e2e.clusters.steps import StepFailedError, step

if TYPE_CHECKING:
    from e2e.clusters.commands import Runner

PACKAGE_LIST = NODE_IMAGE_SOURCES / "debian-packages.txt"
APT_LISTS = Path("/var/lib/apt/lists")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A Debian package and the sign that it (or its equal elsewhere) is there: `cmd:NAME` or `file:PATH`."""

    package: str
    sign: str

    @property
    def present(self) -> bool:
        """Whether the command or file is there."""
        kind, _, value = self.sign.partition(":")
        # Commands of root live in directories that an ordinary user's PATH often lacks.
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        return Path(value).exists() if kind == "file" else shutil.which(value, path=path) is not None


def listed(group: str) -> list[Requirement]:
    """The lines of debian-packages.txt for `group`: PACKAGE SIGN GROUP."""
    rows = [line.split() for line in PACKAGE_LIST.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return [Requirement(package, sign) for package, sign, wanted in rows if wanted == group]


def can_install() -> bool:
    """Root on Debian (or a descendant with apt-get)."""
    return os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None


def ensure(group: str, runner: Runner) -> None:
    """All of `group` is there afterwards, or StepFailedError names what is missing."""
    missing = [requirement for requirement in listed(group) if not requirement.present]
    if not missing:
        return
    packages = [requirement.package for requirement in missing]
    if not can_install():
        raise StepFailedError(
            f"missing for {group.replace('-', ' ')}: {', '.join(r.sign.partition(':')[2] for r in missing)}; "
            f"on Debian: sudo apt-get install {' '.join(packages)}"
        )
    with step(f"installing Debian packages {' '.join(packages)}"):
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
        update = ["apt-get", "update", "-q"]
        fresh = not any(APT_LISTS.glob("*_Packages*"))
        if fresh:
            runner.run(update, limit=LIMIT_APT, environment=quiet)
        try:
            runner.run(install, limit=LIMIT_APT, environment=quiet)
        except StepFailedError:
            if fresh:
                raise
            # Old lists name package versions that the mirror no longer has.
            runner.run(update, limit=LIMIT_APT, environment=quiet)
            runner.run(install, limit=LIMIT_APT, environment=quiet)


def require_command(name: str, how: str) -> str:
    """The command's path, or StepFailedError with `how` to get it."""
    path = shutil.which(name)
    if path is None:
        raise StepFailedError(f"`{name}` is not on PATH; {how}")
    return path
