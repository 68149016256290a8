"""Kubernetes' own pause, and the program that upstream tests it with, compiled as upstream's Makefile does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from e2e.clusters import go_tools
from e2e.clusters.cache import Cache, key_of
from e2e.clusters.kubernetes_releases import chosen_release
from e2e.clusters.settings import LIMIT_SHORT_COMMAND

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.clusters.commands import Runner

PAUSE_RECIPE = ["gcc", "-Os", "-Wall", "-Werror", "-static"]


def kubernetes_version() -> str:
    """The chosen release with its patch version, such as v1.36.3."""
    return go_tools.required_version(chosen_release().module, "k8s.io/kubernetes")


def pause_program(cache: Cache, runner: Runner) -> Path:
    """The real pause."""
    return _compiled("pause", cache, runner)


def orphan_program(cache: Cache, runner: Runner) -> Path:
    """Upstream's orphan: it leaves a child to PID 1 of its PID namespace, which ends once it has been adopted."""
    return _compiled("orphan", cache, runner)


def _compiled(name: str, cache: Cache, runner: Runner) -> Path:
    release = chosen_release()
    recipe = [*PAUSE_RECIPE, f"-DVERSION=v{release.pause}"]

    def compile_into(directory: Path) -> None:
        sources = go_tools.module_directory(release.module, "k8s.io/kubernetes", runner)
        source = sources / "build" / "pause" / "linux" / f"{name}.c"
        runner.run([*recipe, "-o", directory / name, source], limit=LIMIT_SHORT_COMMAND)

    return cache.part(name, key_of(recipe, kubernetes_version()), f"building {name}", compile_into) / name
