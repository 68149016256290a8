"""A tree as lines: what hangs on what, by lines of Unicode or of ASCII."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kubectl_pause.render.columns import painted, shortened
from kubectl_pause.render.plain_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

UNICODE = ("├─ ", "└─ ", "│  ", "   ")
ASCII = ("|- ", "`- ", "|  ", "   ")
"""Before a branch that others follow, before the last one, and what stands below each of them."""
_LONGEST = 1000


@dataclass(slots=True)
class Branch:
    """A text, which is made harmless when it is drawn, the style that colour may give it, and what hangs on it."""

    text: str
    style: str = ""
    branches: list[Branch] = field(default_factory=list)


def drawn(root: Branch, *, unicode: bool, width: int | None, colour: bool) -> list[str]:
    """Lines of the tree. `width` None leaves every line whole."""
    marks = UNICODE if unicode else ASCII
    return [front + _text(branch, front, width, colour=colour) for front, branch in _fronts(root, marks)]


def _text(branch: Branch, front: str, width: int | None, *, colour: bool) -> str:
    text = visible(branch.text, _LONGEST)
    short = text if width is None else shortened(text, max(1, width - len(front)), 1.0)
    return painted(short, branch.style) if colour else short


def _fronts(root: Branch, marks: tuple[str, str, str, str]) -> Iterator[tuple[str, Branch]]:
    """Each branch, with what stands before it. With a stack of its own: processes may be nested deeper than Python's may be."""
    before_one, before_last, below_one, below_last = marks
    stack = [("", "", root)]
    while stack:
        front, below, branch = stack.pop()
        yield front, branch
        last = len(branch.branches) - 1
        for index in range(last, -1, -1):
            of_last = index == last
            stack.append(
                (below + (before_last if of_last else before_one), below + (below_last if of_last else below_one), branch.branches[index])
            )
