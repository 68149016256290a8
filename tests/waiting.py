"""One way to wait in tests: it ends, and names what was waited for and what was there instead."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")


def wait_for(
    what: str, ask: Callable[[], Value | None], seconds: float = 60, step: float = 0.3, *, instead: Callable[[], object] | None = None
) -> Value:
    """The first answer of `ask` that is neither None nor False.

    Raises AssertionError after `seconds`, with `what` and with what `instead` says is there.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer is not None and answer is not False:
            return answer
        if time.monotonic() >= deadline:
            there = f"; there is: {instead()}" if instead else ""
            raise AssertionError(f"waited {seconds:g} s in vain for {what}{there}")
        time.sleep(step)
