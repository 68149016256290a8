"""The image of `Containerfile`, built on Debian's Python from wheels, with no image registry and no network in the build.

Cached one by one: the base, the wheels of the dependencies, and the image of just this state of the program.
"""

from __future__ import annotations

import platform
import shutil
import sys
from typing import TYPE_CHECKING

from e2e.access import ROOT
from e2e.clusters import requirements
from e2e.clusters.cache import files_below, key_of
from e2e.clusters.engines import find_engine
from e2e.clusters.image_archive import Image, write_archive
from e2e.clusters.node_image import DEBIAN_SUITE
from e2e.clusters.settings import LIMIT_IMAGE_ASSEMBLY, LIMIT_PULL, LIMIT_ROOT_FILE_SYSTEM
from kubectl_pause import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.clusters.cache import Cache
    from e2e.clusters.commands import Runner

CONTAINERFILE, PROJECT = ROOT / "Containerfile", ROOT / "pyproject.toml"
NAMED_BY_THE_PROJECT = (ROOT / "README.md", ROOT / "LICENSE")
BASE_PACKAGES = ("ca-certificates", "python3")
BASE_PYTHON = "3.11"
"""Debian bookworm's: the wheels are made for it."""
BASE_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
MAKE = 1
"""Raise when the code below makes another image from the same inputs."""


def program_archive(cache: Cache, runner: Runner) -> tuple[str, Path]:
    """The name of the image, and an archive of it as `e2e/cluster load` takes."""
    base_key = key_of(MAKE, BASE_PACKAGES, DEBIAN_SUITE, LEFT_OUT, platform.machine())
    wheels_key = key_of(MAKE, BASE_PYTHON, platform.machine(), PROJECT)
    sources = {name: path for name, path in files_below(ROOT / "kubectl_pause").items() if not name.endswith(".pyc")}
    key = key_of(MAKE, base_key, wheels_key, CONTAINERFILE, NAMED_BY_THE_PROJECT, sources)
    base, reference = f"localhost/pause-inspect-base:{base_key}", f"localhost/kubectl-pause-inspect:{key}"

    def make_base(directory: Path) -> None:
        requirements.ensure("building-the-node-image", runner)
        tree = directory / "tree.tar"
        words = ["mmdebstrap", "--quiet", "--variant=essential", "--skip=output/dev", f"--include={','.join(BASE_PACKAGES)}"]
        excluded = [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
        runner.run([*words, *excluded, DEBIAN_SUITE, tree], limit=LIMIT_ROOT_FILE_SYSTEM)
        write_archive(directory / "image.tar", [Image(base, tree.read_bytes(), {"Env": [BASE_PATH]})])
        tree.unlink()

    def download(directory: Path) -> None:
        own = _own_wheel(directory, runner)
        fitting = ["--only-binary", ":all:", "--python-version", BASE_PYTHON]
        runner.run([*PIP, "download", "-q", *fitting, "-d", directory, "pip", own], limit=LIMIT_PULL)
        own.unlink()

    def make(directory: Path) -> None:
        base_archive = cache.part("program-base", base_key, "making an image of Debian's Python", make_base) / "image.tar"
        wheels = cache.part("program-wheels", wheels_key, "downloading the wheels of the dependencies", download)
        engine, context = find_engine(runner, cache.root), directory / "context"
        shutil.copytree(wheels, context)
        _own_wheel(context, runner)
        engine.run("load", "-i", base_archive, limit=LIMIT_IMAGE_ASSEMBLY)
        given = ["--build-arg", f"BASE={base}", "--build-arg", f"VERSION={__version__}"]
        engine.run("build", "--network", "none", *given, "-f", CONTAINERFILE, "-t", reference, context, limit=LIMIT_IMAGE_ASSEMBLY)
        engine.run("save", "-o", directory / "image.tar", reference, limit=LIMIT_IMAGE_ASSEMBLY)
        engine.run("rmi", reference, limit=LIMIT_IMAGE_ASSEMBLY)
        shutil.rmtree(context)

    with cache.lock("program-image"):
        archive = cache.part("program-image", key, f"building {reference}", make) / "image.tar"
        cache.prune_parts("program-image")
        return reference, archive


def _own_wheel(directory: Path, runner: Runner) -> Path:
    """The wheel of this program, made in `directory`."""
    runner.run([*PIP, "wheel", "-q", "--no-deps", "-w", directory, ROOT], limit=LIMIT_PULL)
    (wheel,) = directory.glob("kubectl_pause_inspect-*.whl")
    return wheel
