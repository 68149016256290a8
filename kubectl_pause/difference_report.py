"""What `diff` prints of two captures: one entry for each sandbox, pause, container and group of zombies that is not as it was.

Field names are camelCase. A field that could not be filled is null, never absent. Times are RFC 3339.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class _Document(msgspec.Struct, rename="camel"):
    """camelCase, every field always printed."""


class FieldChange(_Document, kw_only=True):
    """One fact before and after: null where there was none."""

    field: str
    before: str | int | None = None
    after: str | int | None = None


class Change(_Document, kw_only=True):
    """One thing that came, went or changed. `namespace` and `pod` are null for zombies of the node itself, `container` where it is no
    container's.

    `kind`: `sandbox` (with the process that holds it), `pause` (the holder of a sandbox that stayed), `container`, or `zombies` (those of
    one parent).
    """

    change: Literal["came", "went", "changed"]
    kind: Literal["sandbox", "pause", "container", "zombies"]
    namespace: str | None = None
    pod: str | None = None
    sandbox: str | None = None
    container: str | None = None
    fields: list[FieldChange]


class Moment(_Document, kw_only=True):
    """One of the two captures. `boot` is the kernel's id of that start of the node."""

    source: str
    node: str | None = None
    captured_at: str | None = None
    boot: str | None = None


class Difference(_Document, kw_only=True):
    """The document. `same_node` and `same_boot` are null where a capture does not tell; `notes` say what could not be compared."""

    api_version: Literal["pause-inspect/v1"] = "pause-inspect/v1"
    kind: Literal["Difference"] = "Difference"
    tool_version: str
    before: Moment
    after: Moment
    same_node: bool | None = None
    same_boot: bool | None = None
    notes: list[str] = []
    changes: list[Change]
