"""One cause that a message can prove: how the message is recognised, whose problem it is, and what to do."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from kubectl_pause.report import AtFault, Scope

Condition = Literal["", "lasting", "deleted", "teardown", "crio", "old-kubelet"]


class Cause(msgspec.Struct, frozen=True):
    """A row: it holds where everything that it asks for is in one message. Patterns match at the start of a frame, in any case.

    `says` and `step` may name, in braces, groups of the patterns, `path` (what the errno belongs to), `rest` (the innermost frame), and
    `namespace`, `pod`, `node`, `container` and `image`. In a step each is quoted for a shell.
    """

    code: str
    at_fault: AtFault
    scope: Scope
    heals_itself: str
    """`yes`, `no`, or `when: …`."""
    says: str
    """What is wrong, in a sentence without a capital and a stop."""
    step: str
    """What to do next. It works in that case, and loses nothing without saying so."""
    frame: str = ""
    """At the start of a frame."""
    outer: str = ""
    """At the start of a frame that stands before that one, or anywhere before the errno."""
    errno: str = ""
    """The errno's words, several with `|` between."""
    path: str = ""
    """At the start of the path or address that the errno is about."""
    last: bool = False
    """Whether that frame must be the innermost."""
    only: Condition = ""
    """`lasting`: repeated for long. `deleted`: the pod is being deleted. `teardown`: a sandbox or container is being stopped. `crio`.
    `old-kubelet`: before 1.24, which shows nothing of a probe that took too long."""
    sure: Literal["certain", "likely", "possible"] = "certain"

    def pattern(self, part: Literal["frame", "outer", "path"]) -> re.Pattern[str]:
        """The pattern of one part, compiled once by `re` itself."""
        return re.compile(getattr(self, part), re.IGNORECASE)
