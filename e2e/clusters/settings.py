"""Versions, places, names and time limits. All that may be tuned is here or in node-image/."""

from __future__ import annotations

import os
from pathlib import Path

E2E = Path(__file__).resolve().parent.parent
NODE_IMAGE_SOURCES = E2E / "node-image"
TEST_IMAGE_SOURCES = E2E / "images"

KIND_VERSION = "v0.33.0"
BUILT_NODE_REPOSITORY = "localhost/pause-inspect-node"

POD_SUBNET = "10.244.0.0/16"

# Seconds. Generous: they end a hang, they do not judge speed.
LIMIT_SHORT_COMMAND = 30
LIMIT_ENGINE_INFO = 20
LIMIT_PULL = 900
LIMIT_APT = 900
LIMIT_GO_DOWNLOAD = 900
LIMIT_NPM = 120
LIMIT_GO_BUILD = 3600
LIMIT_ROOT_FILE_SYSTEM = 1200
LIMIT_IMAGE_ASSEMBLY = 900
LIMIT_CREATE_CLUSTER = 600
LIMIT_DELETE_CLUSTER = 180
LIMIT_NODES_READY = 180
LIMIT_LOAD_IMAGE = 300
LIMIT_LOAD_INTO_GIVEN = 3600
LIMIT_HEALTH_CHECK = 5
LIMIT_LOCK = 4 * 3600

KEEP_NEWEST = 4
"""How many generations of a cached part, log or node image survive pruning: one for each listed Kubernetes, and one more."""


def cache_directory() -> Path:
    """Where built parts, cluster states and logs live: PAUSE_INSPECT_CACHE, else the user's cache directory."""
    chosen = os.environ.get("PAUSE_INSPECT_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "pause-inspect-e2e"


def cluster_name(*, without_crictl: bool) -> str:
    """The kind cluster's name; clusters without crictl are others, so that both can exist at once."""
    name = os.environ.get("PAUSE_INSPECT_E2E_NAME") or "pause-inspect-e2e"
    return f"{name}-nocrictl" if without_crictl else name
