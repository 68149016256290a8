"""An archive that comes out the same from the same files: sorted, one time for all, owned by root, no links (krew refuses them)."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_DIRECTORY = 0o755
_PROGRAM = 0o755
_FILE = 0o644
_ANY_EXECUTE = 0o111


def write_archive(folder: Path, archive: Path, moment: int) -> str:
    """Pack what is in `folder` (not itself) and return the sha256; `moment` is the time of all members, in seconds since 1970.

    Links are followed: a bundle of macOS holds some. An executable file stays one, else no mode is kept.
    """
    archive.parent.mkdir(parents=True, exist_ok=True)
    with archive.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=moment) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        tar.dereference = True
        for path in sorted(folder.rglob("*"), key=lambda each: each.relative_to(folder).as_posix()):
            member = tar.gettarinfo(path, path.relative_to(folder).as_posix())
            member.mtime, member.uid, member.gid, member.uname, member.gname = moment, 0, 0, "", ""
            if member.isdir():
                member.mode = _DIRECTORY
                tar.addfile(member)
                continue
            member.type, member.linkname, member.size = tarfile.REGTYPE, "", path.stat().st_size  # a second name is a copy
            member.mode = _PROGRAM if member.mode & _ANY_EXECUTE else _FILE
            with path.open("rb") as content:
                tar.addfile(member, content)
    return sha256(archive)


def sha256(path: Path) -> str:
    """In lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
