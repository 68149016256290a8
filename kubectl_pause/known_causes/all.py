"""Every row of every table, with the name of its module, for the documentation and for tests."""

from __future__ import annotations

from kubectl_pause.known_causes import containers, ends, images, networks, nodes, probes, rejections, sandboxes, schedules, volumes

ALL = (
    *(("networks", row) for row in networks.NETWORKS),
    *(("sandboxes", row) for row in (*sandboxes.PAUSE_IMAGE, *sandboxes.SANDBOXES, *sandboxes.CONTAINER_RESERVED)),
    *(("images", row) for row in (*images.IMAGES, images.PULL_SECRET)),
    *(("containers", row) for row in (*containers.OWN, *containers.LAST, *containers.HOOKS, *containers.PRE_STOP)),
    *(("volumes", row) for row in (*volumes.VOLUMES, *volumes.UNMOUNT)),
    *(("schedules", row) for row in (*schedules.SCHEDULES, schedules.NEVER_FITS, schedules.LOCAL_VOLUME)),
    *(("rejections", row) for row in (*rejections.REJECTIONS, *rejections.RESIZES)),
    *(("probes", row) for row in probes.PROBES),
    *(("ends", row) for row in ends.ALL),
    *(("nodes", row) for row in nodes.NODES),
)
"""(module, row)."""
