"""Symbolic links below /proc whose text is anybody's: of executables, directories, open files.

Such a text may hold newlines. So each record begins with a word that the collector chose for this run, and that its first line tells; a
line that begins otherwise goes on the text before it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINK = re.compile(r"'(\d{1,12})/([a-z]+(?:/\d{1,12})?)' -> (.+)", re.DOTALL)
_DELETED = " (deleted)"


def parse_symlinks(content: bytes) -> Iterator[tuple[int, str, str]]:
    """Pid, name of the link (`exe`, `cwd`, `fd/3`), and where it leads, without the kernel's word that this is deleted."""
    first, _, rest = content.decode("utf-8", "backslashreplace").partition("\n")
    if not re.fullmatch(r"[0-9a-f-]{36}", first):
        return
    for record in f"\n{rest}".split(f"\n{first} ")[1:]:
        if match := _LINK.fullmatch(record.removesuffix("\n")):
            yield int(match[1]), match[2], match[3].removeprefix("'").removesuffix("'").removesuffix(_DELETED)
