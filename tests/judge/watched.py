"""Pauses to watch, made by hand."""

from __future__ import annotations

from kubectl_pause.facts.watch import Head
from kubectl_pause.judge.reaping.watching import WatchedSandbox
from kubectl_pause.report import PodIdentity, Sandbox

NOW = "2026-01-02T03:04:05.678Z"
TRACED = Head(traced=True, reason=None)


def untraced(reason: str) -> Head:
    """A watch by the counters."""
    return Head(traced=False, reason=reason)


def pause(pid: int, *, name: str = "web", namespace: str = "shop", adopts: bool = True) -> WatchedSandbox:
    """The pause `pid` of a pod, started at tick 7."""
    pod = PodIdentity(namespace=namespace, name=name, uid=f"uid-{pid}")
    sandbox = Sandbox(id=f"{pid:064x}", pod=pod, current=True, pid=pid, holder="pause", namespaces={}, containers=[])
    return WatchedSandbox(sandbox, pid, 7, adopts)
