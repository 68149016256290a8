"""One line on stderr for each step, with its seconds; and the one error users see."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class StepFailedError(Exception):
    """A step cannot be done. The text says what happened and what to do next."""


def note(text: str) -> None:
    """A line of progress that is not a timed step."""
    print(f"e2e: {text}", file=sys.stderr, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Announces `what`, then completes the line with the seconds it took."""
    started = time.monotonic()
    print(f"e2e: {what} ...", end="", file=sys.stderr, flush=True)
    outcome = "failed after "
    try:
        yield
        outcome = ""
    finally:
        print(f" {outcome}{time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
