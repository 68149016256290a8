"""The licences of all that a frozen build carries besides our own code."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LICENSE_NAMES = ("license", "licence", "copying", "notice", "authors")
_BOOTLOADER = "pyinstaller"
"""Its loader is the program that is started."""


def third_party_notices(modules: Iterable[str], libraries: Iterable[Path]) -> str:
    """`modules` are the top-level names that were frozen, `libraries` the shared libraries as they lay on the building machine.

    Raises LookupError for a distribution or library whose licence is not found: nothing is shipped without its notice.
    """
    sections = [_section("Python", [_python_license()])]
    sections += [_section(f"{each.name} {each.version}", _texts_of(each)) for each in _bundled(set(modules))]
    sections += [_section(name, [path]) for name, path in sorted(_of_system(libraries))]
    head = "The archive holds, besides kubectl pause-inspect itself (see LICENSE), the following, under the terms given with each.\n"
    return "\n".join([head, *sections])


def _bundled(modules: set[str]) -> list[Distribution]:
    found = {}
    for each in distributions():
        names = {Path(str(file)).parts[0].removesuffix(".py") for file in each.files or () if str(file).endswith((".py", ".so", ".pyd"))}
        names = {name.split(".")[0] for name in names}
        if names & modules or each.name.lower() == _BOOTLOADER:
            found[each.name.lower()] = each
    return [found[name] for name in sorted(found)]


def _texts_of(distribution: Distribution) -> list[Path]:
    files = [file for file in distribution.files or () if ".dist-info" in file.parts[0]]
    texts = [Path(str(file.locate())) for file in files if file.name.lower().startswith(_LICENSE_NAMES)]
    if not texts:
        raise LookupError(f"{distribution.name} {distribution.version} comes without a licence file")
    return texts


def _python_license() -> Path:
    for folder in (sysconfig.get_path("stdlib"), sys.base_prefix, f"{sys.base_prefix}/share/doc/python{sys.version_info.major}"):
        for name in ("LICENSE.txt", "LICENSE"):
            if (path := Path(folder) / name).is_file():
                return path
    system = Path(f"/usr/share/doc/python{sys.version_info.major}.{sys.version_info.minor}/copyright")
    if system.is_file():
        return system
    raise LookupError(f"the licence of this Python is not found below {sys.base_prefix}")


def _of_system(libraries: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Debian's package and its copyright file, of those libraries that belong to one. Python's own lie elsewhere."""
    seen: set[str] = set()
    for library in libraries:
        path = library.resolve()
        if not path.is_relative_to("/usr") and not path.is_relative_to("/lib"):
            continue
        if path.is_relative_to(sys.base_prefix) and sys.base_prefix != "/usr":
            continue
        package = _package_of(path)
        if package in seen:
            continue
        seen.add(package)
        yield package, Path("/usr/share/doc") / package / "copyright"


def _package_of(path: Path) -> str:
    for name in (path, Path("/", *path.parts[2:])):  # /usr/lib/... is known to dpkg as /lib/... on a merged system
        asked = subprocess.run(["dpkg-query", "-S", str(name)], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            return asked.stdout.partition(":")[0]
    raise LookupError(f"no package owns {path}, so its licence is not known")


def _section(title: str, files: list[Path]) -> str:
    texts = "\n".join(file.read_text(encoding="utf-8", errors="replace").strip() + "\n" for file in files)
    return f"{'=' * 80}\n{title}\n{'=' * 80}\n\n{texts}"
