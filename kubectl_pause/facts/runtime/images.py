"""Images on a node, by `crictl images -o json` (CRI `Image`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.facts.runtime.cri import UnreadableAnswer, documents_of, mapping_of, text_of

if TYPE_CHECKING:
    from kubectl_pause.facts.capture import Capture


@dataclass(frozen=True, slots=True)
class ImageOnNode:
    """`names` are its id, tags and digests. `pinned`: garbage collection leaves it alone; None where the runtime did not say."""

    names: frozenset[str]
    pinned: bool | None


def images_on_node(capture: Capture) -> tuple[ImageOnNode, ...] | None:
    """None where the collector was not asked to look, or crictl did not answer."""
    section = capture.sections.get("crictl.images")
    if section is None or section.exit_code not in (0, None):
        return None
    try:
        documents = [mapping_of(document).get("images") for document in documents_of(section.content)]
    except UnreadableAnswer:
        return None
    return tuple(_image(mapping_of(item)) for items in documents if isinstance(items, list) for item in items)


def _image(item: dict[str, object]) -> ImageOnNode:
    named = [item.get("id"), *(name for key in ("repoTags", "repoDigests") if isinstance(names := item.get(key), list) for name in names)]
    pinned = item.get("pinned")
    return ImageOnNode(frozenset(filter(None, map(text_of, named))), pinned if isinstance(pinned, bool) else None)
