"""One way to wait in tests: it ends, and names what was waited for and what was there instead."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")
SLOWNESS = float(os.environ.get("E2E_SLOWNESS") or 1)
"""How many times longer than usual all of a run may take: an emulated machine's clock goes as fast as any, and its processor does not."""


def wait_for(
    what: str, ask: Callable[[], Value | None], seconds: float = 60, step: float = 0.3, *, instead: Callable[[], object] | None = None
) -> Value:
    """The first answer of `ask` that is neither None nor False.

    Raises AssertionError after `seconds` times SLOWNESS, with `what` and with what `instead` says is there.
    """
    seconds *= SLOWNESS
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer is not None and answer is not False:
            return answer
        if time.monotonic() >= deadline:
            there = f"; there is: {instead()}" if instead else ""
            raise AssertionError(f"waited {seconds:g} s in vain for {what}{there}")
        time.sleep(step)
