"""How long the collector may wait for crictl: it is optional, so it gets a share of the time, and the state files are read in any case."""

from __future__ import annotations

_LONGEST_REQUEST_SECONDS = 10


def crictl_limits(seconds: float) -> dict[str, str]:
    """The collector's settings for a reading that may take `seconds`: of one call, and of all calls together."""
    return {
        "CRICTL_SECONDS": str(max(1, min(_LONGEST_REQUEST_SECONDS, int(seconds / 4)))),
        "CRICTL_SHARE": str(max(1, int(seconds / 2))),
    }
