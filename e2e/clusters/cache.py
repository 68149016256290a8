"""The cache: finished parts under a key of their inputs, put in place by one rename; locks; pruning."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from e2e.clusters.settings import KEEP_NEWEST, LIMIT_LOCK
from e2e.clusters.steps import StepFailedError, note, step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY_LENGTH = 16
UNFINISHED = ".unfinished"


def key_of(*inputs: Any) -> str:
    """A short hash of anything JSON can say; bytes and paths are taken by content."""

    def plain(value: Any) -> Any:
        if isinstance(value, Path):
            return hashlib.sha256(value.read_bytes()).hexdigest()
        if isinstance(value, bytes):
            return hashlib.sha256(value).hexdigest()
        raise TypeError(f"not an input of a key: {type(value).__name__}")

    text = json.dumps(inputs, sort_keys=True, default=plain)
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]


def files_below(directory: Path) -> dict[str, Path]:
    """Every file below `directory` by its relative name, for key_of."""
    return {str(path.relative_to(directory)): path for path in sorted(directory.rglob("*")) if path.is_file()}


def write_atomically(path: Path, content: str) -> None:
    """The file holds either its old content or all of the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}{UNFINISHED}")
    unfinished.write_text(content)
    unfinished.replace(path)


@dataclass(frozen=True, slots=True)
class Cache:
    """A directory that only this program writes."""

    root: Path

    def part(self, name: str, key: str, what: str, build: Callable[[Path], None]) -> Path:
        """The directory of part `name` made from `key`; calls `build` with an empty directory when there is none."""
        finished = self.root / "parts" / f"{name}-{key}"
        if finished.is_dir():
            os.utime(finished)
            return finished
        unfinished = finished.with_name(finished.name + UNFINISHED)
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        with step(what):
            build(unfinished)
            unfinished.rename(finished)
        return finished

    def prune_parts(self, name: str = "*") -> None:
        """Keeps the newest generations of each part (by last use), or of the one named, and removes what an interrupted run left."""
        generations: dict[str, list[Path]] = {}
        for path in (self.root / "parts").glob(f"{name}-*"):
            if path.name.endswith(UNFINISHED):
                shutil.rmtree(path, ignore_errors=True)
            else:
                generations.setdefault(path.name[: -KEY_LENGTH - 1], []).append(path)
        for paths in generations.values():
            for old in sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)[KEEP_NEWEST:]:
                shutil.rmtree(old, ignore_errors=True)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Held by one run at a time; the kernel releases it when the process ends, however it ends."""
        directory = self.root / "locks"
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / f"{name}.lock").open("a+") as file:
            self._acquire(file.fileno(), directory / f"{name}.lock")
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield

    @staticmethod
    def _acquire(descriptor: int, path: Path) -> None:
        deadline = time.monotonic() + LIMIT_LOCK
        told = False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not told:
                    note(f"waiting for another run (process {path.read_text().strip() or 'unknown'}) that holds {path}")
                    told = True
                if time.monotonic() > deadline:
                    raise StepFailedError(f"gave up after {LIMIT_LOCK} s: another run still holds {path}") from None
                time.sleep(0.2)
            else:
                return
