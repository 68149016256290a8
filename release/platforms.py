"""The platforms that archives are built for, in krew's words (Go's GOOS and GOARCH)."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

PLUGIN = "pause-inspect"
_SYSTEMS = {"linux": "linux", "darwin": "darwin", "win32": "windows"}
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system and a processor."""

    os: str
    arch: str

    @property
    def program(self) -> str:
        """The file that is started."""
        return "kubectl-pause_inspect" + (".exe" if self.os == "windows" else "")

    def archive(self, version: str) -> str:
        """The archive's file name; `version` without `v`."""
        return f"{PLUGIN}_v{version}_{self.os}_{self.arch}.tar.gz"


def this_platform() -> Platform:
    """Where this runs: PyInstaller cannot build for another. Raises SystemExit where no archive is made for it."""
    system, machine = _SYSTEMS.get(sys.platform), _MACHINES.get(platform.machine().lower())
    if system is None or machine is None:
        raise SystemExit(f"no archive is made for {sys.platform} on {platform.machine()}")
    return Platform(system, machine)
