"""Things grouped by what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

Item = TypeVar("Item")
Mark = TypeVar("Mark", bound="Hashable")


def connected(marks: Mapping[Item, set[Mark]]) -> list[list[Item]]:
    """Groups of items that share a mark, directly or through others; in a group the items' order is kept."""
    groups: list[tuple[set[Mark], list[Item]]] = []
    for item, own in marks.items():
        apart: list[tuple[set[Mark], list[Item]]] = []
        together, members = set(own), []
        for group in groups:
            if group[0] & together:
                together |= group[0]
                members += group[1]
            else:
                apart.append(group)
        groups = [*apart, (together, [*members, item])]
    return [members for _, members in groups]
