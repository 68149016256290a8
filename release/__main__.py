"""`python -m release [archive] [manifest]`: what is released, into dist/. See release/README.md."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from release.archive import write_archive
from release.frozen import ROOT, freeze
from release.glibc import glibc_floor
from release.manifest import NOWHERE, RefusedByKrewError, write_manifest
from release.platforms import this_platform

STEPS = ("archive", "manifest")


def main() -> None:
    """Both steps, or those named."""
    parser = argparse.ArgumentParser(prog="python -m release", description="Wheel, sdist, this platform's archive, krew's manifest.")
    parser.add_argument("steps", nargs="*", metavar="STEP", help="archive, manifest; both without")
    parser.add_argument("--into", type=Path, default=ROOT / "dist", metavar="DIR", help="where the results go (dist)")
    parser.add_argument("--glibc", metavar="X.Y", help="fail when the archive needs a newer glibc than this")
    parser.add_argument("--expect", metavar="VERSION", help="fail unless the package and the newest heading of CHANGELOG.md say this")
    options = parser.parse_args()
    if options.expect and (why := disagreement(options.expect)):
        parser.error(why)
    if unknown := set(options.steps) - set(STEPS):
        parser.error(f"no such step: {', '.join(sorted(unknown))}")
    into, steps = options.into.resolve(), options.steps or STEPS
    into.mkdir(parents=True, exist_ok=True)
    if "archive" in steps:
        _archive(into, options.glibc)
    if "manifest" in steps:
        _manifest(into)


def _archive(into: Path, most: str | None) -> None:
    moment = source_date()
    wheel = _distributions(into, moment)
    folder = freeze(wheel, ROOT / "build" / "release", moment)
    here = this_platform()
    if here.os == "linux":
        floor, file = glibc_floor(folder)
        needs = ".".join(map(str, floor))
        print(f"needs glibc {needs} ({file.relative_to(folder)})")
        if most and floor > tuple(int(part) for part in most.split(".")):
            raise SystemExit(f"error: {file.relative_to(folder)} needs glibc {needs}, newer than {most}")
    archive = into / here.archive(version())
    digest = write_archive(folder, archive, moment)
    archive.with_name(f"{archive.name}.sha256").write_text(f"{digest}  {archive.name}\n", encoding="ascii")
    print(f"{archive.name}: {archive.stat().st_size / 1e6:.1f} MB, sha256 {digest}")


def _distributions(into: Path, moment: int) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(into)]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, "SOURCE_DATE_EPOCH": str(moment)})
    return into / f"kubectl_pause_inspect-{version()}-py3-none-any.whl"


def _manifest(into: Path) -> None:
    repository = os.environ.get("RELEASE_REPOSITORY", "")
    try:
        written = write_manifest(ROOT / "krew-manifest.yaml", version(), repository or NOWHERE, into)
    except RefusedByKrewError as refused:
        raise SystemExit(f"error: krew would refuse this:\n{refused}") from None
    print(f"{written.name}: of the archives in {into.name}/ alone; PyInstaller builds for the machine it runs on")
    if not repository:
        print(f"  its addresses start with {NOWHERE}: set RELEASE_REPOSITORY to the repository's to publish it")


def version() -> str:
    """As the package says it, read without importing it."""
    text = (ROOT / "kubectl_pause" / "__init__.py").read_text(encoding="utf-8")
    (found,) = re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    return str(found)


def disagreement(expected: str) -> str | None:
    """What says another version than `expected`; None where all say the same."""
    if version() != expected:
        return f"the package says version {version()}, not {expected}: kubectl_pause/__init__.py"
    headings = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    released = [heading for heading in headings if heading != "Unreleased"]
    if released[:1] != [expected]:
        return f"the newest version of CHANGELOG.md is {released[0] if released else 'none'}, not {expected}"
    return None


def source_date() -> int:
    """SOURCE_DATE_EPOCH, else the time of the commit, else of 1980, where zip files begin."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    if shutil.which("git") and (ROOT / ".git").exists():
        asked = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            return int(asked.stdout)
    return 315_532_800


if __name__ == "__main__":
    main()
