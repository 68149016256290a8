"""Where animals live for a while: a namespace of a cluster that has their image, of which no pod stays."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from e2e.access import LIMIT_DELETION, ROOT
from e2e.clusters.cache import Cache
from e2e.clusters.commands import Runner
from e2e.clusters.settings import cache_directory
from e2e.zoo.image import zoo_archive
from tests.waiting import SLOWNESS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.access import Cluster

LIMIT_LOAD = 300 * SLOWNESS


@contextmanager
def enclosure(cluster: Cluster, namespace: str, log: Path) -> Iterator[str]:
    """The name of the zoo's image, which every node of the cluster has now."""
    image, archive = zoo_archive(Cache(cache_directory()), Runner(log))
    flags = ["--without-crictl"] if cluster.label == "without-crictl" else []
    subprocess.run([sys.executable, ROOT / "e2e" / "cluster", "load", archive, *flags], check=True, timeout=LIMIT_LOAD)
    _remove_pods(cluster, namespace)
    cluster.make_namespace(namespace)
    try:
        yield image
    finally:
        _remove_pods(cluster, namespace)
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")


def _remove_pods(cluster: Cluster, namespace: str) -> None:
    """At once, though a preStop hook may run."""
    cluster.kubectl("delete", "pods", "--all", "-n", namespace, "--grace-period=0", "--force", LIMIT_DELETION)
