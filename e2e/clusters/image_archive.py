"""Writes container images without an engine: one uncompressed layer each, several images to an archive.

The format is that of `docker save` (manifest.json, a config and a layer per image), which `docker load`,
`podman load`, `kind load image-archive` and `ctr images import` all read. Times and owners are fixed, so the same
content gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
EXECUTABLE = 0o755
PLAIN_FILE = 0o644


class Layer:
    """A tar of what the image holds. Paths have no leading slash; parents are made when first needed."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._buffer, mode="w", format=tarfile.GNU_FORMAT)  # noqa: SIM115 - finish() closes it
        self._made: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._made

    def directory(self, name: str, mode: int = EXECUTABLE) -> None:
        """A directory, unless it is there already."""
        if name in self._made:
            return
        self._parents(name)
        info = tarfile.TarInfo(name)
        info.type, info.mode = tarfile.DIRTYPE, mode
        self._add(info, None)

    def file(self, name: str, content: bytes, mode: int = PLAIN_FILE) -> None:
        """A regular file."""
        self._parents(name)
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(content), mode
        self._add(info, content)

    def program(self, name: str, source: Path) -> None:
        """A file of this machine as an executable of the image."""
        self.file(name, source.read_bytes(), EXECUTABLE)

    def link(self, name: str, target: str) -> None:
        """A symbolic link."""
        self._parents(name)
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
        self._add(info, None)

    def finish(self) -> bytes:
        """The tar's bytes."""
        self._tar.close()
        return self._buffer.getvalue()

    def _parents(self, name: str) -> None:
        parent = name.rpartition("/")[0]
        if parent:
            self.directory(parent)

    def _add(self, info: tarfile.TarInfo, content: bytes | None) -> None:
        self._made.add(info.name)
        self._tar.addfile(info, None if content is None else io.BytesIO(content))


@dataclass(frozen=True, slots=True)
class Image:
    """An image's name and tag, its one layer and the `config` object of its OCI configuration (Cmd, Env, ...)."""

    reference: str
    layer: bytes
    config: dict[str, Any] = field(default_factory=dict)


def write_archive(path: Path, images: Iterable[Image]) -> None:
    """All `images` in one archive; a layer of several of them is in it once."""
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    manifest = []
    layers: set[str] = set()
    with tarfile.open(path, mode="w") as archive:

        def add(name: str, content: bytes) -> None:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), PLAIN_FILE
            archive.addfile(info, io.BytesIO(content))

        for image in images:
            digest = hashlib.sha256(image.layer).hexdigest()
            config = {
                "architecture": architecture,
                "os": "linux",
                "created": "1970-01-01T00:00:00Z",
                "config": image.config,
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
                "history": [{"created": "1970-01-01T00:00:00Z"}],
            }
            text = json.dumps(config, sort_keys=True).encode()
            name = f"{hashlib.sha256(text).hexdigest()}.json"
            add(name, text)
            if digest not in layers:
                add(f"{digest}/layer.tar", image.layer)
                layers.add(digest)
            manifest.append({"Config": name, "RepoTags": [image.reference], "Layers": [f"{digest}/layer.tar"]})
        add("manifest.json", json.dumps(manifest).encode())
