"""krew itself installs each archive in dist/ by the manifest there, as `validate-krew-manifest` does with published archives."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from release.platforms import PLUGIN


def install_each(krew: str, folder: Path) -> int:
    """How many platforms krew installed. Raises CalledProcessError for the first that it refuses, after krew has said why."""
    manifest = folder / f"{PLUGIN}.yaml"
    platforms = yaml.safe_load(manifest.read_text(encoding="utf-8"))["spec"]["platforms"]
    for platform in platforms:
        labels = platform["selector"]["matchLabels"]
        archive = folder / platform["uri"].rpartition("/")[2]
        with tempfile.TemporaryDirectory() as root:
            chosen = {"KREW_ROOT": root, "KREW_OS": labels["os"], "KREW_ARCH": labels["arch"]}
            command = [krew, "install", f"--manifest={manifest}", f"--archive={archive}"]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, env={**os.environ, **chosen})
    return len(platforms)


if __name__ == "__main__":
    print(f"krew installed {install_each(sys.argv[1], Path(sys.argv[2]))} platforms")
