"""A file that a verb writes instead of stdout: all or nothing, and never where somebody else's link leads."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

from kubectl_pause.cli import terminal
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.render.plain_text import visible

_OPEN_FILES = (Path("/proc"), Path("/dev/fd"))
"""Where files that are open already have names: /dev/stdout leads there. Such a link is no path, and is opened as it is."""
_MOST_LINKS = 40
_SHARED = stat.S_ISVTX | stat.S_IWOTH


def writable(file: str) -> Path | None:
    """Where it goes, links followed; None for `-`, which is stdout. Raises PauseInspectError before anything is asked of a cluster.

    Where everybody may make files and only the owner may remove them (/tmp), a link or pipe of somebody else is refused, as Linux does
    where fs.protected_symlinks and fs.protected_fifos are set.
    """
    if file == "-":
        return None
    try:
        target = _without_links(Path.cwd() / file)
        fits = bool(file) and not target.is_dir() and target.parent.is_dir()
    except OSError:  # a name that is too long, a directory that may not be entered, links in a circle
        fits = False
    if not fits:
        raise PauseInspectError("CannotWrite", f"{file!r} is not a file that could be written", "give a file in a directory that exists")
    return target


def refuse_existing(target: Path | None) -> None:
    """Raises PauseInspectError where a file is at `target` already. Pipes, devices and open files are not replaced, so they may be."""
    if target is not None and target.is_file() and not _is_open_file(target):
        raise PauseInspectError("CannotWrite", f"{target} exists already", "give another name, or replace it with --force")


def write(target: Path | None, data: bytes, *, replace: bool = True) -> None:
    """All or nothing for a file: a reader never sees half of it, and an older file remains until the new one is whole.

    A pipe, a device or an open file (`-f /dev/stdout`) is written to, never replaced; None is stdout. One line on stderr says which file
    was written. Raises PauseInspectError where that fails, and without `replace` where a file was created there in the meantime.
    """
    if target is None:
        with terminal.writing():
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        return
    try:
        if _is_open_file(target) or (target.exists() and not target.is_file()):
            with open(target, "ab", opener=_open_as_it_is) as stream:
                stream.write(data)
            _say(f"wrote {target}: {len(data)} bytes")
            return
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            if not replace:
                refuse_existing(target)
            is_new = not target.exists()
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise PauseInspectError("CannotWrite", f"{target}: {error.strerror}", "give a file in a directory that you may write to") from None
    _say(f"{'wrote' if is_new else 'replaced'} {target}: {len(data)} bytes")


def _say(line: str) -> None:
    print(visible(line, len(line)), file=sys.stderr)


def _open_as_it_is(path: str, flags: int) -> int:
    """Nothing is made, and a link that came since `writable` looked is not followed."""
    follow = 0 if _is_open_file(Path(path)) else getattr(os, "O_NOFOLLOW", 0)
    return os.open(path, flags & ~os.O_CREAT | follow)


def _is_open_file(path: Path) -> bool:
    return any(path.is_relative_to(place) for place in _OPEN_FILES)


def _without_links(path: Path) -> Path:
    """The absolute path of the file that `path` leads to, which need not be there. Raises PauseInspectError, and OSError for a circle."""
    links, left = 0, [*reversed(path.parts)]
    at = Path(left.pop())
    while left:
        part = left.pop()
        at = at.parent if part == ".." else at / part
        if _is_open_file(at):
            return at.joinpath(*reversed(left))
        if at.is_symlink() or (not left and at.exists() and not at.is_file()):
            _refuse_if_planted(at)
        if at.is_symlink():
            links += 1
            if links > _MOST_LINKS:
                raise OSError
            left += reversed((at.parent / at.readlink()).parts)
            at = Path(left.pop())
    return at


def _refuse_if_planted(path: Path) -> None:
    place, own = path.parent.stat(), path.lstat()
    if place.st_mode & _SHARED == _SHARED and own.st_uid not in (os.geteuid(), place.st_uid):
        what = f"{str(path)!r} is a link, pipe or device that another user (uid {own.st_uid}) made in a directory that all may write to"
        raise PauseInspectError("CannotWrite", what, "give another name, in a directory of your own")
