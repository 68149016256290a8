"""Dumps of the API that people bring: files of `kubectl get … -o json` or `-o yaml`, and folders such as a must-gather."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kubectl_pause.facts.dump import Dump

_ENDINGS = (".json", ".yaml", ".yml")
_MOST_BYTES = 1 << 30
_OBJECTS = (b"Pod", b"Event", b"Node", b"Lease")


def read_dumps(paths: Sequence[str]) -> Dump:
    """All files as one dump. Raises PauseInspectError for a file that cannot be read or is a capture, and where no pod is in them."""
    from kubectl_pause.facts.dump import read_dump

    return read_dump(_contents(paths))


def _contents(paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    hint = "make one with: kubectl get pods,events,nodes,leases -A -o json >dump.json"
    left = _MOST_BYTES
    for path in paths:
        try:
            for file, content in _files(path):
                left -= len(content)
                if left < 0:
                    raise PauseInspectError(
                        "WrongUsage", f"{path}: more than 1 GiB of objects", "give the files of the namespaces in question"
                    )
                yield file, content
        except OSError as error:
            raise PauseInspectError("NoSuchFile", f"{path}: {error.strerror}", hint) from None


def _files(path: str) -> Iterator[tuple[str, bytes]]:
    """The file itself, or those files below a folder that have objects in them that are asked about."""
    if path == "-":
        yield "stdin", sys.stdin.buffer.read()
        return
    if not Path(path).is_dir():
        content = Path(path).read_bytes()
        if _is_capture(content):
            raise PauseInspectError(
                "WrongUsage",
                f"{path} is a capture of a node, which has no events",
                "give a dump of the API; captures are for pod, node, zombies, check",
            )
        yield path, content
        return
    for file in sorted(Path(path).rglob("*")):
        if file.suffix in _ENDINGS and file.is_file():
            content = file.read_bytes()
            if not _is_capture(content) and any(b"kind: " + kind in content or b'"kind": "' + kind in content for kind in _OBJECTS):
                yield str(file), content


def _is_capture(content: bytes) -> bool:
    """Captures are compressed, or begin with their own header."""
    return content.startswith((b"\x1f\x8b", b"#pause-inspect"))
