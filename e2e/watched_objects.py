"""What comes and goes in a namespace, with the moment of each change, as the API server tells it while it happens."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from e2e.access import OURS, Cluster, kubectl_program
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE = 'jsonpath={.type} {.object.metadata.name}{"\\n"}'


@dataclass(frozen=True, slots=True)
class Change:
    """`event` is ADDED, MODIFIED or DELETED; `at` of time.monotonic()."""

    at: float
    event: str
    kind: str
    name: str


@dataclass
class WatchedObjects:
    """Jobs and pods of ours in one namespace."""

    changes: list[Change] = field(default_factory=list)

    def until(self, moment: float, name: str) -> dict[str, Change]:
        """The last change before a moment of the Job and of the pod of that name."""
        return {each.kind: each for each in list(self.changes) if each.name == name and each.at <= moment}

    def first_after(self, moment: float) -> str | None:
        """The name of the first object that came after a moment."""
        return next((each.name for each in list(self.changes) if each.at >= moment and each.event == "ADDED"), None)

    def gone_after(self, name: str) -> float | None:
        """When the last object of that name was deleted; None while one is there."""
        last = self.until(float("inf"), name)
        return max(each.at for each in last.values()) if last and all(each.event == "DELETED" for each in last.values()) else None


@contextmanager
def watched_objects(cluster: Cluster, namespace: str) -> Iterator[WatchedObjects]:
    """Watches while the block runs."""
    watched = WatchedObjects()
    watches = [_watch(cluster, namespace, kind, watched) for kind in ("job", "pod")]
    try:
        time.sleep(1)  # kubectl tells nothing when its watch has begun
        yield watched
    finally:
        for process, reader in watches:
            process.terminate()
            process.wait(10)
            reader.join(10)
            assert process.stdout is not None
            process.stdout.close()


def _watch(cluster: Cluster, namespace: str, kind: str, watched: WatchedObjects) -> tuple[subprocess.Popen[str], threading.Thread]:
    words = ["get", f"{kind}s", "-n", namespace, "-l", OURS, "--watch", "--output-watch-events", "-o", _LINE]
    process = subprocess.Popen([kubectl_program(), "--kubeconfig", str(cluster.kubeconfig), *words], stdout=subprocess.PIPE, text=True)

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            event, name = line.split()
            watched.changes.append(Change(time.monotonic(), event, kind, name))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    return process, reader


def wait_until_empty(cluster: Cluster, namespace: str, seconds: float) -> None:
    """Until no Job and no pod of ours is there. Raises AssertionError that names them."""

    def empty() -> bool:
        return not objects_of_ours(cluster, namespace)

    try:
        wait_for("an empty namespace", empty, seconds, 1)
    except AssertionError:
        message = f"[{cluster.label}] still there after {seconds:g} s: {objects_of_ours(cluster, namespace)}"
        raise AssertionError(message) from None


def objects_of_ours(cluster: Cluster, namespace: str) -> list[str]:
    """Jobs and pods of ours, as `kubectl get -o name` writes them."""
    return cluster.kubectl("get", "jobs,pods", "-n", namespace, "-l", OURS, "-o", "name").split()
