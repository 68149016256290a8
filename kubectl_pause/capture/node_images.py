"""Images that a node holds already and that may serve the inspector pod, for when the one that was asked for cannot be had.

From `status.images` of the node: at most 50, the largest ones (kubelet's nodeStatusMaxImages), so one may be missing there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from kubectl_pause.access.objects import decode, segment
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.access.rest import Api

_WITH_A_SHELL = (
    "busybox", "alpine", "toolbox", "netshoot", "debian", "ubuntu", "fedora", "centos", "rockylinux", "almalinux", "amazonlinux", "ubi",
    "nginx", "httpd", "redis", "postgres", "mysql", "mariadb", "python", "node", "curl", "kube-proxy", "calico", "flannel", "cilium",
)  # fmt: skip
"""Words in the last part of an image's name, the likeliest first. What the image really holds is known once it runs."""
_MOST = 3


class _Image(msgspec.Struct):
    names: list[str] | None = None


class _Status(msgspec.Struct):
    images: list[_Image] | None = None


class _Node(msgspec.Struct):
    status: _Status = msgspec.field(default_factory=_Status)


def may_serve(api: Api, node: str) -> list[str]:
    """Names of at most three such images; empty where there are none, or where we may not look."""
    try:
        status = decode(api.get(f"/api/v1/nodes/{segment(node)}"), _Node, f"node {node}").status
    except PauseInspectError:
        return []
    return likely([image.names or [] for image in status.images or ()])


def likely(images: Sequence[Sequence[str]]) -> list[str]:
    """Of the names of each image (tags and digests) the best one of those that may hold a shell."""
    ranked = []
    for names in images:
        tagged = [name for name in names if "@" not in name] or list(names)
        if not tagged:
            continue
        last = re.split(r"[:@]", tagged[0].rpartition("/")[2])[0]
        rank = next((number for number, word in enumerate(_WITH_A_SHELL) if re.search(rf"(^|[^a-z]){word}([^a-z]|$)", last)), None)
        if rank is not None:
            ranked.append((rank, tagged[0]))
    return [name for _, name in sorted(ranked)][:_MOST]
