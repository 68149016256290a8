"""What the API keeps of a pod's way: the pod, its events, its node with the node's events and lease. What `why` reads besides the node.

Field names of events are those of `v1.Event`. The API server merges events that are alike and forgets them after an hour, so that the
absence of one proves nothing (kube-apiserver `--event-ttl`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from kubectl_pause.facts.api import Metadata
from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.facts.api import Node, Pod


class EventSeries(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`series` of an event."""

    count: int | None = None
    last_observed_time: str | None = None


class ObjectReference(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`involvedObject` of an event."""

    kind: str = ""
    namespace: str | None = None
    name: str = ""
    uid: str | None = None


class Event(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One event of a pod or a node. `involved_object` is None where it was asked for by that object."""

    type: str | None = None
    reason: str | None = None
    message: str | None = None
    count: int | None = None
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    series: EventSeries | None = None
    involved_object: ObjectReference | None = None

    @property
    def last_seen(self) -> datetime | None:
        """When it was seen last; the scheduler and others fill other fields than the kubelet."""
        series = self.series.last_observed_time if self.series else None
        moments = [moment for text in (self.last_timestamp, series, self.event_time) if (moment := moment_of(text))]
        return max(moments, default=None)

    @property
    def times(self) -> int:
        """How often it was seen, at least."""
        return max(self.count or 1, (self.series.count if self.series else None) or 1)


class EventList(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`v1.EventList`, one page."""

    items: list[Event] | None = None


class LeaseSpec(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`spec` of a lease."""

    renew_time: str | None = None
    lease_duration_seconds: int | None = None


class Lease(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`coordination.k8s.io/v1.Lease`: a kubelet renews that of its node in `kube-node-lease` each quarter of its duration."""

    metadata: Metadata = Metadata()
    spec: LeaseSpec = LeaseSpec()


class LeaseList(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`coordination.k8s.io/v1.LeaseList`, one page."""

    items: list[Lease] | None = None


class PodTrail(Record, frozen=True):
    """What the API says of one pod at one moment, `now` by the API server's own clock. None is what could not be read."""

    pod: Pod
    now: datetime
    events: Sequence[Event] | None
    """Of this pod, by its uid, the newest first."""
    node: Node | None = None
    node_is_gone: bool = False
    """The pod is bound to a node of which the API knows nothing."""
    node_events: Sequence[Event] | None = None
    lease: Lease | None = None
    unread: tuple[str, ...] = ()
    """What could not be read and why, a sentence each."""

    @property
    def kubelet_version(self) -> str | None:
        """As its node says it: `v1.36.3`."""
        return self.node.status.node_info.kubelet_version if self.node else None

    def newest(self, *reasons: str) -> Event | None:
        """The newest event of the pod with one of these reasons."""
        return next((event for event in self.events or () if event.reason in reasons), None)


def newest_first(events: Sequence[Event]) -> list[Event]:
    """Events in the order of their last sighting, those without a time last."""
    oldest = datetime.min.replace(tzinfo=UTC)
    return sorted(events, key=lambda event: event.last_seen or oldest, reverse=True)


def written(moment: datetime, precision: str = "seconds") -> str:
    """A time in UTC as the report has it (RFC 3339); `precision` as `datetime.isoformat` takes it."""
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def moment_of(text: str | None) -> datetime | None:
    """A time of the API (RFC 3339), in UTC; None for none, and for what is no time."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
