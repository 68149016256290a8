"""The images of test pods, busybox and nginx: pulled where a registry answers, else made from Debian packages."""

from __future__ import annotations

import platform
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from e2e.clusters import requirements
from e2e.clusters.cache import Cache, files_below, key_of
from e2e.clusters.image_archive import EXECUTABLE, Image, Layer, write_archive
from e2e.clusters.node_image import DEBIAN_SUITE
from e2e.clusters.settings import LIMIT_PULL, LIMIT_ROOT_FILE_SYSTEM, LIMIT_SHORT_COMMAND, TEST_IMAGE_SOURCES
from e2e.clusters.steps import StepFailedError, step

if TYPE_CHECKING:
    from e2e.clusters.engines import Engine

BUSYBOX = "docker.io/library/busybox:1.36"
NGINX = "docker.io/library/nginx:1.22"
NGINX_SOURCES = TEST_IMAGE_SOURCES / "nginx"
NGINX_PACKAGES = ("nginx-light", "netbase")
# What an image for tests has no use for.
LEFT_OUT = ("usr/share/", "usr/include/", "var/cache/", "var/lib/apt/", "var/lib/dpkg/", "etc/apt/", "etc/cron")
LEFT_OUT_PARTS = ("/gconv/", "/perl", "/audit/", "/bash-completion/")
KEPT = ("usr/share/nginx/",)
LAYOUT_VERSION = 1
"""Raise when the code below makes other images from the same inputs."""


def built_key() -> str:
    """The key of the images made from packages."""
    sources = files_below(TEST_IMAGE_SOURCES)
    return key_of(LAYOUT_VERSION, BUSYBOX, NGINX, NGINX_PACKAGES, DEBIAN_SUITE, LEFT_OUT, LEFT_OUT_PARTS, platform.machine(), sources)


def pulled_key() -> str:
    """The key of the images as a registry has them."""
    return key_of("pulled", BUSYBOX, NGINX, platform.machine())


def ensure_pulled(engine: Engine, cache: Cache) -> Path:
    """An archive of the registry's own images. Raises StepFailedError when they cannot be pulled."""

    def pull(directory: Path) -> None:
        for reference in (BUSYBOX, NGINX):
            if not engine.has_image(reference):
                engine.run("pull", reference, limit=LIMIT_PULL)
        several = ["--multi-image-archive"] if engine.name == "podman" else []
        engine.run("save", *several, "-o", directory / "images.tar", BUSYBOX, NGINX, limit=LIMIT_PULL)

    return cache.part("test-images-pulled", pulled_key(), "pulling busybox and nginx", pull) / "images.tar"


def ensure_built(engine: Engine, cache: Cache) -> Path:
    """An archive of both images made from Debian packages."""

    def make(directory: Path) -> None:
        busybox = _static_busybox()
        write_archive(directory / "images.tar", [_busybox_image(busybox), _nginx_image(busybox, directory, engine)])

    finished = cache.root / "parts" / f"test-images-{built_key()}"
    if not finished.exists():
        requirements.ensure("building-test-images", engine.runner)
    return cache.part("test-images", built_key(), "making busybox and nginx from Debian packages", make) / "images.tar"


def _static_busybox() -> Path:
    found = shutil.which("busybox")
    if found is None:
        raise StepFailedError("`busybox` is not on PATH; install a statically linked busybox (Debian: busybox-static)")
    path = Path(found).resolve()
    if b"/ld-linux" in path.read_bytes() or b"/ld-musl" in path.read_bytes():
        raise StepFailedError(f"{path} is not statically linked; install a static one (Debian: busybox-static)")
    return path


def _add_busybox(layer: Layer, busybox: Path) -> None:
    layer.program("bin/busybox", busybox)
    listing = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True, timeout=LIMIT_SHORT_COMMAND)
    for applet in listing.stdout.split():
        if f"bin/{applet}" not in layer and applet != "busybox":
            layer.link(f"bin/{applet}", "busybox")


def _add_mount_points(layer: Layer) -> None:
    for name in ("proc", "sys", "dev", "run", "root", "home"):
        layer.directory(name)
    layer.directory("tmp", 0o1777)


def _busybox_image(busybox: Path) -> Image:
    layer = Layer()
    _add_mount_points(layer)
    layer.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n")
    layer.file("etc/group", b"root:x:0:\nnogroup:x:65534:\n")
    _add_busybox(layer, busybox)
    return Image(BUSYBOX, layer.finish(), {"Cmd": ["sh"], "Env": ["PATH=/bin"]})


def _nginx_image(busybox: Path, directory: Path, engine: Engine) -> Image:
    """Debian's nginx with the libraries of its dependencies, its own start page, and busybox as the shell."""
    tree = directory / "nginx.tar"
    argv = ["mmdebstrap", "--quiet", "--variant=extract", f"--include={','.join(NGINX_PACKAGES)}", DEBIAN_SUITE, tree]
    engine.runner.run(argv, limit=LIMIT_ROOT_FILE_SYSTEM)
    layer = Layer()
    _add_mount_points(layer)
    layer.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/bin/false\n")
    layer.file("etc/group", b"root:x:0:\nwww-data:x:33:\n")
    layer.file("etc/nginx/nginx.conf", (NGINX_SOURCES / "nginx.conf").read_bytes())
    for name in ("var/log/nginx", "var/lib/nginx"):
        layer.directory(name)
    with tarfile.open(tree) as packages:
        for member in packages:
            name = member.name.removeprefix("./").rstrip("/")
            if name in layer or not _wanted(name):
                continue
            if member.issym():
                layer.link(name, member.linkname)
            elif member.isreg() or member.islnk():
                content = packages.extractfile(member)
                layer.file(name, content.read() if content else b"", member.mode & EXECUTABLE)
    _add_busybox(layer, busybox)
    tree.unlink()
    config = {
        "Cmd": ["nginx", "-g", "daemon off;"],
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "SIGQUIT",
    }
    return Image(NGINX, layer.finish(), config)


def _wanted(name: str) -> bool:
    if not name or name.startswith("dev"):
        return False
    if name.startswith(KEPT):
        return True
    return not name.startswith(LEFT_OUT) and not any(part in f"{name}/" for part in LEFT_OUT_PARTS)


def choose(engine: Engine, cache: Cache, *, pulled: bool) -> tuple[str, Path]:
    """The key and the archive to load: pulled if the node image was, unless these cannot be had."""
    if pulled:
        try:
            return pulled_key(), ensure_pulled(engine, cache)
        except StepFailedError:
            with step("no registry has busybox and nginx for this engine, so they are made here"):
                pass
    return built_key(), ensure_built(engine, cache)
