"""What comes from npm: axe-core, which a browser runs on the page of `report`. Pinned, fetched by npm itself, and never committed."""

from __future__ import annotations

import base64
import hashlib
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from e2e.clusters.cache import key_of
from e2e.clusters.requirements import require_command
from e2e.clusters.settings import LIMIT_NPM
from e2e.clusters.steps import StepFailedError

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.clusters.cache import Cache
    from e2e.clusters.commands import Runner


@dataclass(frozen=True, slots=True)
class NpmFile:
    """One file of a package; `sha512` is that of its archive, as npm's lock files write it."""

    package: str
    version: str
    sha512: str
    member: str

    def fetched(self, cache: Cache, runner: Runner) -> Path:
        """The file in the cache; npm is asked once, with the user's own configuration."""

        def fetch(directory: Path) -> None:
            npm = require_command("npm", f"it fetches {self.package}")
            runner.run(
                [npm, "pack", "--silent", "--ignore-scripts", f"{self.package}@{self.version}"],
                limit=LIMIT_NPM,
                cwd=directory,
            )
            (archive,) = directory.glob("*.tgz")
            digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
            if digest != self.sha512:
                raise StepFailedError(f"npm's {self.package} {self.version} has the SHA-512 {digest}, not {self.sha512}")
            with tarfile.open(archive) as members:
                content = members.extractfile(f"package/{self.member}")
                if content is None:
                    raise StepFailedError(f"{archive.name} has no file {self.member}")
                (directory / self.member).write_bytes(content.read())
            archive.unlink()

        key = key_of(self.package, self.version, self.sha512, self.member)
        with cache.lock(self.package):
            return cache.part(self.package, key, f"fetching {self.package} {self.version}", fetch) / self.member


AXE = NpmFile(
    "axe-core",
    "4.14.1",
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
    "axe.min.js",
)
