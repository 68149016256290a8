"""The line that says how far a run over several nodes is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_pause.capture.fan_out import Standing

_NAMES = 3


def fleet_line(standing: Standing) -> str:
    """Such as `40 of 200 nodes done, 2 failed; waiting for a, b, c and 5 more`: those first that are waited for the longest."""
    failed = f", {standing.failed} failed" if standing.failed else ""
    names = ", ".join(standing.waited_for[:_NAMES])
    more = f" and {len(standing.waited_for) - _NAMES} more" if len(standing.waited_for) > _NAMES else ""
    return f"{standing.done} of {standing.total} nodes done{failed}" + (f"; waiting for {names}{more}" if names else "")
