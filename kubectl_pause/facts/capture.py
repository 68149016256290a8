"""The capture: what one reading of one node brought back, as sections of bytes.

A capture file is one gzip stream, or several one after another (RFC 1952 allows it): first, where there is one, the API's
view written by `snapshot`, then the collector's own bytes, unchanged. gzip's CRC-32 is the checksum, the `#end` line the
end mark. Lines that begin with `#` are written by this project's own code; every line of anybody else's text begins with
a digit or a quote (`PID/FILE:`), or with a blank that is taken off here, so that no content can forge a record.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.numbers import PID_DIGITS, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE_MAGIC = b"#pause-inspect-capture 1"
COLLECTOR_MAGIC = b"#pause-inspect-collector 1"
MAX_CAPTURE_BYTES = 128 * 1024 * 1024
"""Unpacked size above which a capture is refused: 25 times that of a node with 5,000 processes."""


MAX_PARTS = 2
"""The API's view and the collector's answer. Many empty parts would cost time that grows with their square."""


KILLED = (124, 137)
"""Exit codes of a command that the collector ended at its time limit: its own, and a shell's for SIGKILL."""


class CaptureError(PauseInspectError):
    """The bytes are not a whole capture: truncated, damaged, foreign or of a version this program cannot read."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a capture: its bytes, and for a command its exit code and the end of its stderr."""

    content: bytes
    exit_code: int | None = None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One `config.json` (pruned on the node) with the pid of its `init.pid` or `pidfile`; pid None where there is no file."""

    container_id: str
    pid: int | None
    config: bytes


@dataclass(frozen=True, slots=True)
class Capture:
    """One moment of one node. `header` has uptime, boot, tasks, pid_max, threads_max, kernel, machine, self as the collector wrote them.

    `looks` has uptime and tasks of each look at the processes: one, or two where it was told to wait and look again. `proof` has yes or no
    for each check of `facts.header.CHECKS`, and nothing in captures of older versions.
    """

    header: Mapping[str, str]
    sections: Mapping[str, Section]
    bundles: tuple[BundleFile, ...]
    crictl: Mapping[str, str] | None
    api: bytes | None = None
    end: Mapping[str, str] = field(default_factory=dict)
    looks: tuple[Mapping[str, str], ...] = ()
    proof: Mapping[str, str] = field(default_factory=dict)

    def content(self, name: str) -> bytes:
        """Bytes of the section, empty where the collector wrote none."""
        section = self.sections.get(name)
        return section.content if section else b""


def read_capture(data: bytes, source: str) -> Capture:
    """Parse a capture file or a collector's answer.

    `source` names it in errors (a file name, `node worker-1`). Raises CaptureError.
    """
    return parse_capture(unpack(data, source), source)


def unpack(data: bytes, source: str) -> bytes:
    """All gzip members of `data`, checked by their CRC-32, as one text. Raises CaptureError."""
    if not data.startswith(b"\x1f\x8b"):
        raise _not_a_capture(data, source)
    parts: list[bytes] = []
    size = 0
    while data:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            part = unpacker.decompress(data, MAX_CAPTURE_BYTES - size + 1)
        except zlib.error as error:
            raise CaptureError("CaptureDamaged", f"{source}: the capture is damaged: {error}", _AGAIN) from None
        size += len(part)
        if size > MAX_CAPTURE_BYTES:
            limit = MAX_CAPTURE_BYTES // 2**20
            raise CaptureError("CaptureTooLarge", f"{source}: the capture unpacks to more than {limit} MiB", "")
        if not unpacker.eof:
            raise CaptureError("CaptureTruncated", f"{source}: the capture is truncated: it ends in mid-stream", _AGAIN)
        parts.append(part)
        if len(parts) > MAX_PARTS:
            raise CaptureError("CaptureDamaged", f"{source}: the capture has more than {MAX_PARTS} parts", _AGAIN)
        data = unpacker.unused_data
    return b"".join(parts)


_AGAIN = "take it again: kubectl pause-inspect snapshot NODE -f FILE"


def _not_a_capture(data: bytes, source: str) -> CaptureError:
    first = data[:200].split(b"\n", 1)[0]
    if first.startswith(b"#missing "):
        tool = first[9:].decode("ascii", "backslashreplace")
        return CaptureError(
            "ImageLacksTool", f"{source}: the image of the inspector pod has no {tool!r}", "name an image with busybox: --image"
        )
    if not data:
        return CaptureError("CaptureEmpty", f"{source}: the capture is empty", _AGAIN)
    return CaptureError("NotACapture", f"{source}: this is not a capture of kubectl pause-inspect", _AGAIN)


def _other_version(source: str) -> CaptureError:
    return CaptureError("CaptureVersion", f"{source}: made by another version of this program", "update kubectl pause-inspect")


def parse_capture(text: bytes, source: str) -> Capture:  # noqa: C901, PLR0912 (one branch per kind of line)
    """Cut unpacked bytes into sections. Raises CaptureError where the head or the end mark is missing."""
    header: dict[str, str] = {}
    proof: dict[str, str] = {}
    end: dict[str, str] | None = None
    crictl: dict[str, str] | None = None
    api: bytes | None = None
    sections: dict[str, Section] = {}
    bundles: list[BundleFile] = []
    looks: list[Mapping[str, str]] = []
    if not text.startswith((FILE_MAGIC + b"\n", COLLECTOR_MAGIC + b"\n")):
        if text.startswith(b"#pause-inspect-"):
            raise _other_version(source)
        raise _not_a_capture(text or b"?", source)
    seen_collector = False
    for control, content in blocks(text):
        word, _, rest = control.partition(b" ")
        if end is not None:
            raise CaptureError("CaptureDamaged", f"{source}: the capture is damaged: it goes on after its end mark", _AGAIN)
        if word == b"#section":
            name = rest.decode("ascii", "backslashreplace")
            sections.pop(name, None)  # a command asked again: the later answer counts, and is the last one for `#rc`
            sections[name] = _section(content)
        elif word == b"#bundle":
            bundle = _bundle(_fields(rest), content)
            if bundle:
                bundles.append(bundle)
        elif word == b"#rc":
            _close_command(sections, rest, source)
        elif word == b"#node":
            header = _fields(rest)
        elif word == b"#proof":
            proof = _fields(rest)
        elif word == b"#look":
            looks.append(_fields(rest))
        elif word == b"#crictl":
            crictl = _fields(rest)
        elif word == b"#api":
            api = _without_blank(content)
        elif control == COLLECTOR_MAGIC:
            seen_collector = True
        elif word in (b"#pause-inspect-collector", b"#pause-inspect-capture") and control != FILE_MAGIC:
            raise _other_version(source)
        elif word == b"#end":
            end = _fields(rest)
    if not seen_collector or end is None:
        raise CaptureError("CaptureTruncated", f"{source}: the capture is truncated: its end mark is missing", _AGAIN)
    return Capture(header, sections, tuple(bundles), crictl, api, end, tuple(looks), proof)


def blocks(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Pairs of a control line and the content below it, without copying more than once."""
    position = 0
    while position < len(text):
        line_end = text.find(b"\n", position)
        line_end = len(text) if line_end < 0 else line_end
        next_control = text.find(b"\n#", line_end)
        content_end = len(text) if next_control < 0 else next_control + 1
        yield text[position:line_end], text[line_end + 1 : content_end]
        position = content_end


def _fields(rest: bytes) -> dict[str, str]:
    pairs = (word.partition("=") for word in rest.decode("utf-8", "backslashreplace").split(" "))
    return {name: value for name, separator, value in pairs if separator}


def _without_blank(content: bytes) -> bytes:
    body = content.removeprefix(b" ")
    return body.replace(b"\n ", b"\n")


def _section(content: bytes) -> Section:
    return Section(_without_blank(content) if content.startswith(b" ") else content)


def _close_command(sections: dict[str, Section], rest: bytes, source: str) -> None:
    """`#rc N` belongs to the section before it; lines ` !text` at its end are the command's stderr. Raises CaptureError for a second."""
    if not sections:
        return
    name = next(reversed(sections))
    if sections[name].exit_code is not None:
        raise CaptureError("CaptureDamaged", f"{source}: the capture is damaged: section {name} has two exit codes", _AGAIN)
    content = sections[name].content
    errors: list[str] = []
    exit_code = int(rest) if rest.isdigit() and len(rest) < _NUMBER_LIMIT else -1
    if exit_code:
        kept: list[bytes] = []
        for line in content.split(b"\n"):
            if line.startswith(b"!"):
                errors.append(line[1:].decode("utf-8", "backslashreplace"))
            else:
                kept.append(line)
        content = b"\n".join(kept)
    sections[name] = Section(content, exit_code, tuple(errors))


_NUMBER_LIMIT = 12
"""Digits of an exit code or a pid at most; more would be no number of the kernel's."""


def _bundle(fields: Mapping[str, str], content: bytes) -> BundleFile | None:
    container_id, pid = fields.get("id", ""), fields.get("pid", "-")
    if not container_id:
        return None
    number = whole_number(pid, PID_DIGITS) or 0
    return BundleFile(container_id, number or None, _without_blank(content))
