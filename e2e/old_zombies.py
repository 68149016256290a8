"""Waiting until zombies are as old as findings ask for: when a container is Ready, or a hook is at work, its zombies have just begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.waiting import wait_for

if TYPE_CHECKING:
    from e2e.access import Cluster

OLD_SECONDS = 3.0
"""From 2 s on a zombie is reported; ages are right within a second."""


def wait_for_old_zombies(cluster: Cluster, namespace: str, *pods: str, seconds: float = OLD_SECONDS) -> None:
    """Returns once each of the pods has a zombie older than that. Raises AssertionError after a minute, with the ages that are there."""

    def oldest() -> dict[str, float]:
        found: dict[str, float] = dict.fromkeys(pods, 0.0)
        for node in cluster.report("zombies", *pods, "-n", namespace)["nodes"]:
            for sandbox in node["sandboxes"]:
                ages = [zombie["ageSeconds"] or 0.0 for zombie in sandbox["zombies"]]
                found[sandbox["pod"]["name"]] = max(ages, default=0.0)
        return found

    wait_for(f"zombies of {', '.join(pods)} that are old", lambda: min(oldest().values()) > seconds, 60, 1, instead=oldest)
