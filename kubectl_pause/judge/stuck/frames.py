"""A message of a kubelet, a runtime or a plugin, taken apart into its frames.

A program that hands on an error puts its own words and a colon before it (`fmt.Errorf("...: %w")`), so that the outermost program stands
first and the cause last: `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "1f…": plugin
type="flannel" failed (add): open /run/flannel/subnet.env: no such file or directory`. Kubelets quote the error of a runtime as a Go string
(`with KillPodSandboxError: "rpc error: …"`): a quoted text with frames of its own is taken apart too, and Go's quoting is undone once.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_TEXT = 4096
"""Characters of a message that are read: an event's message is at most 1,024 long, a condition's 32,768."""
_CUT_AT = 1020
"""The API server keeps 1,024 characters of an event's message; a longer one ends there."""
_COMBINED = "(combined from similar events): "
_DESCRIPTION = re.compile(r"code = (?P<code>\w+) desc = ")
_ESCAPED = re.compile(r'\\(["\\nt])')
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": " "}
_DEEPEST = 8
_OTHER_KIND = "; artifact err"
"""CRI-O tries an image as an image and then as an artifact, and puts the second error behind the first: the second tells nothing."""

ERRNOS = (
    "no space left on device", "permission denied", "operation not permitted", "no such file or directory", "read-only file system",
    "exec format error", "device or resource busy", "resource temporarily unavailable", "too many open files", "is a directory",
    "not a directory", "invalid argument", "operation not supported", "transport endpoint is not connected", "stale nfs file handle",
    "stale file handle", "input/output error", "structure needs cleaning", "cannot allocate memory", "connection refused", "i/o timeout",
    "no route to host", "network is unreachable", "cannot assign requested address", "target is busy", "directory not empty",
)  # fmt: skip
"""Words of errno numbers as Go and libc give them (strerror), and the two time-outs of Go's net package."""
_PATH = re.compile(r'(?:^|[\s"\'`=(\[])(/[^\s"\'`;)\]]*)')
_ADDRESS = re.compile(r"dial (?P<network>tcp|udp|unix)6? (?P<address>\S+)")
_CALLS = ("connect", "write", "read", "open", "stat", "mkdir", "getsockopt")


class Message(Record, frozen=True, dict=True):
    """What a text says, its frames from the outermost to the innermost."""

    text: str
    """The whole, without its mark of combined events, white space made single."""
    frames: tuple[str, ...]
    codes: tuple[str, ...] = ()
    """gRPC status codes, outermost first: `DeadlineExceeded`."""
    is_cut: bool = False
    """The text ends where an event's message must end, so that its cause may be missing."""
    is_combined: bool = False

    @cached_property
    def errno(self) -> str | None:
        """The innermost frame that is an errno's words, in lower case."""
        return next((words for _, words in self._errnos()), None)

    @cached_property
    def operation(self) -> str:
        """The frame that the errno belongs to: `open /run/flannel/subnet.env`, `dial tcp 10.0.0.1:443`; empty where there is none."""
        place = next((place for place, _ in self._errnos()), None)
        if place is None:
            return ""
        before = [frame for frame in self.frames[:place] if frame not in _CALLS]
        return before[-1] if before else ""

    @cached_property
    def path(self) -> str:
        """The path or the address that the errno is about; empty where none stands before it."""
        address = _ADDRESS.search(self.operation)
        if address:
            return address["address"]
        paths = _PATH.findall(self.operation)
        return paths[-1].rstrip(",") if paths else ""

    @cached_property
    def innermost(self) -> str:
        """The last frame that says something: `unknown`, which containerd puts behind errors without a code, is left out."""
        return next((frame for frame in reversed(self.frames) if frame != "unknown"), "")

    def _errnos(self) -> Iterator[tuple[int, str]]:
        for place in range(len(self.frames) - 1, -1, -1):
            frame = self.frames[place].lower()
            words = next((words for words in ERRNOS if frame.startswith(words)), None)
            if words:
                yield place, words


def parse_message(text: str) -> Message:
    """Any text; one without a frame of its own is one frame."""
    is_combined = text.startswith(_COMBINED)
    bare = text.removeprefix(_COMBINED)[:_LONGEST_TEXT]
    codes: list[str] = []
    frames = [frame for piece in _split(bare.partition(_OTHER_KIND)[0], 0) for frame in _without_code(piece, codes)]
    return Message(
        text=" ".join(bare.split()), frames=tuple(frames), codes=tuple(codes), is_cut=len(text) >= _CUT_AT, is_combined=is_combined
    )


def parse_aggregate(text: str) -> list[Message]:
    """The errors of a list such as `[container runtime is down, PLEG is not healthy: …]`, in its order; of any other text the one message.

    Kubernetes joins errors with a comma and no mark of where each begins: what follows a comma within one error becomes a message too,
    which says nothing that is known. Old kubelets leave the blank behind the comma out.
    """
    inner = text.strip()
    if inner.startswith("[") and inner.endswith("]"):
        inner = inner[1:-1]
    elif not re.match(r"(?:container runtime|PLEG)[^:]*,", inner):
        return [parse_message(text)]
    return [parse_message(part) for part in re.split(r",\s*(?=[^\s\d])", inner) if part.strip()]


def _without_code(piece: str, codes: list[str]) -> Iterator[str]:
    """A frame without the marks of gRPC, whose status code is put aside."""
    while match := _DESCRIPTION.match(piece):
        codes.append(match["code"])
        piece = piece[match.end() :]
    if piece and piece != "rpc error":
        yield piece


def _split(text: str, depth: int) -> list[str]:
    """Frames of a text. A colon with white space behind it ends one, and so does the end of a line; not within quotes or braces."""
    frames: list[str] = []
    kept: list[str] = []
    braces = place = 0

    def end_frame() -> None:
        frame = " ".join("".join(kept).split()).strip(" ,")
        kept.clear()
        frames.extend([frame] if frame else [])

    while place < len(text):
        letter = text[place]
        escaped = text.startswith('\\"', place)
        if letter == '"' or escaped:
            content, place = _quoted(text, place, escaped=escaped)
            if depth < _DEEPEST and ": " in content:
                end_frame()
                frames.extend(_split(content, depth + 1))
            else:
                kept.append(f'"{content}"')
            continue
        braces = max(0, braces + (letter == "{") - (letter == "}"))
        ends = letter == "\n" or (letter == ":" and not braces and text[place + 1 : place + 2] in ("", " ", "\n", "\t"))
        if ends:
            end_frame()
        else:
            kept.append(letter)
        place += 1
    end_frame()
    return frames


def _quoted(text: str, place: int, *, escaped: bool) -> tuple[str, int]:
    """What stands between the quote at `place` and the next one of its kind, unescaped once, and where it ends."""
    start = place + (2 if escaped else 1)
    end = start
    while end < len(text):
        if escaped and text.startswith('\\"', end):
            return text[start:end], end + 2
        if not escaped and text[end] == '"':
            return _ESCAPED.sub(lambda match: _ESCAPES[match[1]], text[start:end]), end + 1
        end += 2 if text[end] == "\\" and not escaped else 1
    return _ESCAPED.sub(lambda match: _ESCAPES[match[1]], text[start:]), len(text)
