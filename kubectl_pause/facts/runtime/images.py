"""Images on a node, by `crictl images -o json` (CRI `Image`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.record import Record
from kubectl_pause.facts.runtime.cri import items_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping


class ImageOnNode(Record, frozen=True):
    """`names` are its id, tags and digests. `pinned`: garbage collection leaves it alone; None where the runtime did not say."""

    names: frozenset[str]
    pinned: bool | None


def parse_images(content: bytes) -> list[ImageOnNode]:
    """Images of `crictl images -o json`. Raises UnreadableAnswer."""
    return [_image(item) for item in items_of(content, "images")]


def _image(item: Mapping[str, object]) -> ImageOnNode:
    named = [item.get("id"), *(name for key in ("repoTags", "repoDigests") if isinstance(names := item.get(key), list) for name in names)]
    pinned = item.get("pinned")
    return ImageOnNode(frozenset(filter(None, map(text_of, named))), pinned if isinstance(pinned, bool) else None)
