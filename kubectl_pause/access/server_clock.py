"""The API server's clock, by the Date of its answers: the machine that this runs on may be minutes ahead of it, or behind."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class ServerClock:
    """Safe to use from many threads: what was heard last is one value."""

    def __init__(self) -> None:
        self._heard: tuple[datetime, float] | None = None

    def hear(self, date: str | None) -> None:
        """A Date header (RFC 9110, whole seconds). None, and what is none, is passed over."""
        from email.utils import parsedate_to_datetime

        try:
            moment = parsedate_to_datetime(date or "")
        except (ValueError, TypeError, OverflowError):
            return
        self._heard = (moment if moment.tzinfo else moment.replace(tzinfo=UTC), time.monotonic())

    def now(self) -> datetime:
        """Now by the server's clock, to a second; by this machine's where no answer told."""
        if self._heard is None:
            return datetime.now(UTC)
        moment, at = self._heard
        return moment + timedelta(seconds=time.monotonic() - at)
