"""Lines of a section, one at a time: a list of them all takes ten times the memory of the section."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def lines_of(content: bytes) -> Iterator[bytes]:
    """The lines of `content` without their newlines."""
    return (line.removesuffix(b"\n") for line in BytesIO(content))
