"""The image of the zoo: every kind of init process that Debian has a package of, and `being`, compiled from its source here."""

from __future__ import annotations

import platform
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from e2e.clusters import requirements
from e2e.clusters.cache import key_of
from e2e.clusters.image_archive import EXECUTABLE, Image, Layer, write_archive
from e2e.clusters.node_image import DEBIAN_SUITE
from e2e.clusters.settings import LIMIT_ROOT_FILE_SYSTEM, LIMIT_SHORT_COMMAND, TEST_IMAGE_SOURCES

if TYPE_CHECKING:
    from e2e.clusters.cache import Cache
    from e2e.clusters.commands import Runner

SOURCE = Path(__file__).parent / "being.c"
NGINX_CONFIGURATION = TEST_IMAGE_SOURCES / "nginx" / "nginx.conf"
RECIPE = ("gcc", "-Os", "-Wall", "-Werror", "-static", "-pthread")
# webhook stands for programs written in Go.
PACKAGES = (
    "bash", "busybox-static", "catatonit", "coreutils", "dash", "dumb-init", "grep", "libpython3.11-stdlib", "netbase", "nginx-light",
    "nodejs", "perl-base", "python3-minimal", "runit", "s6", "supervisor", "tini", "webhook",
)  # fmt: skip
LEFT_OUT = (
    "dev/",
    "usr/share/",
    "usr/include/",
    "var/cache/",
    "var/lib/apt/",
    "var/lib/dpkg/",
    "etc/",
    "lib/systemd/",
    "usr/lib/python3.11/test/",
)
LEFT_OUT_PARTS = ("/gconv/", "/x86_64-linux-gnu/perl/", "/audit/", "/__pycache__/", "/lib-dynload/_test")
KEPT = ("usr/share/nodejs/", "etc/nginx/mime.types")
INITS = ("tini", "dumb-init")
MAKE = 2
"""Raise when the code below makes another image from the same inputs."""


def zoo_archive(cache: Cache, runner: Runner) -> tuple[str, Path]:
    """The name of the image without an ENTRYPOINT, and an archive of it and of those with one, as `e2e/cluster load` takes."""
    key = key_of(
        MAKE, INITS, PACKAGES, DEBIAN_SUITE, LEFT_OUT, LEFT_OUT_PARTS, KEPT, RECIPE, platform.machine(), SOURCE, NGINX_CONFIGURATION
    )
    reference = f"localhost/pause-inspect-zoo:{key}"

    def make(directory: Path) -> None:
        program, tree = directory / "being", directory / "packages.tar"
        runner.run([*RECIPE, "-o", program, SOURCE], limit=LIMIT_SHORT_COMMAND)
        include = f"--include={','.join(PACKAGES)}"
        runner.run(["mmdebstrap", "--quiet", "--variant=extract", include, DEBIAN_SUITE, tree], limit=LIMIT_ROOT_FILE_SYSTEM)
        layer, environment = _layer(program, tree), {"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}
        below_init = [Image(started_by(reference, init), layer, {**environment, "Entrypoint": [init, "--"]}) for init in INITS]
        write_archive(directory / "images.tar", [Image(reference, layer, environment), *below_init])
        program.unlink()
        tree.unlink()

    with cache.lock("zoo-image"):
        if not (cache.root / "parts" / f"zoo-image-{key}").exists():
            requirements.ensure("building-the-node-image", runner)
        return reference, cache.part("zoo-image", key, "making the zoo's image from Debian packages", make) / "images.tar"


def started_by(reference: str, init: str) -> str:
    """The zoo's image with an init process as its ENTRYPOINT."""
    return reference.replace("pause-inspect-zoo:", f"pause-inspect-zoo-{init}:")


def _layer(program: Path, tree: Path) -> bytes:
    layer = Layer()
    for name in ("proc", "sys", "dev", "run", "root", "var/log/nginx", "var/lib/nginx"):
        layer.directory(name)
    layer.directory("tmp", 0o1777)
    layer.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/bin/false\n")
    layer.file("etc/group", b"root:x:0:\nwww-data:x:33:\n")
    layer.file("etc/inittab", b"::respawn:/bin/sleep infinity\n")
    layer.file("etc/nginx/nginx.conf", NGINX_CONFIGURATION.read_bytes())
    layer.program("usr/bin/being", program)
    with tarfile.open(tree) as packages:
        for member in packages:
            name = member.name.removeprefix("./").rstrip("/")
            if not name or name in layer or not _wanted(name):
                continue
            if member.issym():
                layer.link(name, member.linkname)
            elif member.isreg() or member.islnk():
                content = packages.extractfile(member)
                layer.file(name, content.read() if content else b"", member.mode & EXECUTABLE)
    return layer.finish()


def _wanted(name: str) -> bool:
    if name.startswith(KEPT):
        return True
    return not name.startswith(LEFT_OUT) and not any(part in f"/{name}/" for part in LEFT_OUT_PARTS)
