"""Builds kind's node image from Go modules and Debian packages, with no image registry.

Slow parts (each program, the root file system) are cached one by one under a key of their inputs; the image itself
stays in the engine's storage under a tag that is the key of all of them.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from e2e.clusters import go_tools, requirements
from e2e.clusters.cache import Cache, key_of
from e2e.clusters.image_archive import Image, Layer, write_archive
from e2e.clusters.kubernetes_releases import chosen_release
from e2e.clusters.pause_sources import PAUSE_RECIPE, kubernetes_version, pause_program
from e2e.clusters.settings import (
    BUILT_NODE_REPOSITORY,
    KEEP_NEWEST,
    KIND_VERSION,
    LIMIT_IMAGE_ASSEMBLY,
    LIMIT_ROOT_FILE_SYSTEM,
    LIMIT_SHORT_COMMAND,
    NODE_IMAGE_SOURCES,
)
from e2e.clusters.steps import StepFailedError, step

if TYPE_CHECKING:
    from e2e.clusters.engines import Engine

DEBIAN_SUITE = "bookworm"
PACKAGES = NODE_IMAGE_SOURCES / "root-file-system-packages.txt"
RECIPE = [NODE_IMAGE_SOURCES / name for name in ("Containerfile", "finish-node.sh", "import-images.sh")]
CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
INSIDE_THE_NODE = ("containerd", "containerd-shim-runc-v2", "ctr", "crictl", "runc", "kubelet", "kubeadm", "kubectl")
ENTRYPOINT = '["/usr/local/bin/entrypoint", "/sbin/init"]'
PAUSE_USER = "65535:65535"


def image_key() -> str:
    """The key of everything the node image is made from."""
    release = chosen_release()
    programs = [program.key() for program in go_tools.programs()]
    return key_of(programs, _packages(), DEBIAN_SUITE, KIND_VERSION, PAUSE_RECIPE, release.pause, release.etcd, RECIPE)


def image_reference() -> str:
    """The tag of the built image."""
    return f"{BUILT_NODE_REPOSITORY}:{image_key()}"


def ensure_built(engine: Engine, cache: Cache) -> str:
    """The reference of the node image, built first when the engine does not hold it."""
    reference = image_reference()
    with cache.lock("node-image"):
        if not engine.has_image(reference):
            _build(reference, engine, cache)
            _prune(engine)
            cache.prune_parts()
    return reference


def _build(reference: str, engine: Engine, cache: Cache) -> None:
    runner = engine.runner
    requirements.ensure("building-the-node-image", runner)
    built = {program.name: go_tools.build(program, cache, runner) for program in go_tools.programs()}

    pause = pause_program(cache, runner)

    def debootstrap(directory: Path) -> None:
        include = ",".join(_packages())
        target = directory / "root-file-system.tar"
        argv = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={include}", DEBIAN_SUITE, target]
        runner.run(argv, limit=LIMIT_ROOT_FILE_SYSTEM)

    key = key_of(_packages(), DEBIAN_SUITE)
    root = cache.part("root-file-system", key, "making the root file system of a node", debootstrap)

    scratch = cache.root / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        with tempfile.TemporaryDirectory(dir=scratch) as directory, step(f"assembling {reference}"):
            archive = Path(directory) / "images.tar"
            write_archive(archive, _control_plane_images(built, pause))
            context = Path(directory) / "context"
            _fill_context(context, built, root / "root-file-system.tar", engine)
            _assemble(reference, context, archive, engine)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _packages() -> list[str]:
    lines = [line for line in PACKAGES.read_text().splitlines() if not line.startswith("#")]
    return sorted(" ".join(lines).split())


def _control_plane_images(built: dict[str, Path], pause: Path) -> list[Image]:
    """Images as small as can be: one program each."""
    layer = Layer()
    layer.program("pause", pause)
    images = [Image(chosen_release().pause_image, layer.finish(), {"Entrypoint": ["/pause"], "User": PAUSE_USER})]
    tags = {name: f"registry.k8s.io/{name}:{kubernetes_version()}" for name in CONTROL_PLANE} | {"etcd": chosen_release().etcd_image}
    for name, reference in tags.items():
        layer = Layer()
        layer.program(f"usr/local/bin/{name}", built[name])
        images.append(Image(reference, layer.finish(), {"Env": ["PATH=/usr/local/bin"]}))
    return images


def _fill_context(context: Path, built: dict[str, Path], root: Path, engine: Engine) -> None:
    """What the Containerfile copies: kind's own node files, programs, the root file system."""
    shutil.copytree(go_tools.kind_sources(engine.runner) / "images" / "base" / "files", context / "files")
    for path in [context / "files", *(context / "files").rglob("*")]:
        # The module cache is read-only, which a copy inherits.
        path.chmod(path.stat().st_mode | 0o200)
    containerd = context / "files" / "etc" / "containerd" / "config.toml"
    text = containerd.read_text()
    text = _replace(r'sandbox_image = "[^"]*"', f'sandbox_image = "{chosen_release().pause_image}"', text)
    # A node may lack CAP_SYS_RESOURCE, as in rootless kind: a negative oom_score_adj would fail every critical pod.
    text = _replace("restrict_oom_score_adj = false", "restrict_oom_score_adj = true", text)
    containerd.write_text(text)
    for source in [*RECIPE, *(built[name] for name in INSIDE_THE_NODE), root]:
        try:
            os.link(source, context / source.name)
        except OSError:
            shutil.copy2(source, context / source.name)


def _replace(pattern: str, replacement: str, text: str) -> str:
    changed, count = re.subn(pattern, replacement, text)
    if count != 1:
        raise StepFailedError(
            f"kind {KIND_VERSION}'s containerd configuration holds `{pattern}` {count} times instead of once; "
            "adapt clusters/node_image.py to this version of kind"
        )
    return changed


def _assemble(reference: str, context: Path, archive: Path, engine: Engine) -> None:
    """Builds the node without images, imports them by running it once, and commits the result as `reference`."""
    base = f"{BUILT_NODE_REPOSITORY}-base:{image_key()}"
    container = f"pause-inspect-import-{image_key()}"
    limit = LIMIT_IMAGE_ASSEMBLY
    _remove_container(container, engine)
    # nerdctl and docker look for a Dockerfile, podman for either: so name it.
    engine.run("build", "--network", "none", "-f", context / "Containerfile", "-t", base, context, limit=limit)
    try:
        mount = f"{archive}:/images.tar:ro"
        words = ["run", "--name", container, "--privileged", "--network", "none", "-v", mount, "--entrypoint", "/bin/bash"]
        engine.run(*words, base, "/kind/build/import-images.sh", limit=limit)
        # CMD [] removes the argument of the import run, which a commit would keep.
        changes = ["-c", f"ENTRYPOINT {ENTRYPOINT}", "-c", "CMD []"]
        engine.run("commit", *changes, container, reference, limit=limit)
    finally:
        _remove_container(container, engine)
        engine.runner.succeeds([engine.name, "rmi", base], limit=LIMIT_SHORT_COMMAND)


def _remove_container(container: str, engine: Engine) -> None:
    # Docker and nerdctl fail for a container that is not there; nothing to do then.
    engine.runner.succeeds([engine.name, "rm", "-f", container], limit=LIMIT_IMAGE_ASSEMBLY)


def _prune(engine: Engine) -> None:
    """Removes node images beyond the newest two; the engine refuses those in use, and they stay."""
    listing = engine.run("images", "--format", "{{.Repository}}:{{.Tag}}", BUILT_NODE_REPOSITORY)
    for old in listing.split()[KEEP_NEWEST:]:
        engine.runner.succeeds([engine.name, "rmi", old], limit=LIMIT_IMAGE_ASSEMBLY)
