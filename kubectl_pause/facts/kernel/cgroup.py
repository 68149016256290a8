"""Which pod and which container a cgroup path names.

The forms are those of kubelet's cgroup managers (systemd and cgroupfs), containerd, CRI-O, crun and dockershim's successors;
nested clusters, deleted cgroups and paths seen from a private cgroup namespace included. An id is believed to be a container
only when the caller finds it among those the runtime knows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Container

_POD = re.compile(
    r"/(?:[^/]*-)?kubepods(?:-(?P<systemd_qos>burstable|besteffort))?-pod(?P<systemd_uid>[^/:]+?)\.slice(?=[/:]|$)"
    r"|/kubepods(?:/(?P<cgroupfs_qos>burstable|besteffort))?/pod(?P<cgroupfs_uid>[^/]+)(?=/|$)"
    r"|^(?:/\.\.)+/pod(?P<relative_uid>[^/]+)(?=/|$)"
)
_CONTAINER = re.compile(r"(?:^|[/:])(?:(?P<prefix>[a-z][a-z0-9.]*(?:-[a-z][a-z0-9.]*)*)[-:_])?(?P<id>[0-9a-f]{64})(?=\.scope|/|$)")
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_CONTROLLERS = ("name=systemd", "memory", "cpu", "pids", "devices")
"""cgroup v1 hierarchies that are asked first, in this order; the v2 line comes before them, all others behind them."""


class CgroupOwner(Record, frozen=True):
    """What one path says: pod uid (dashed, or a static pod's hash) and QoS where the path has them, the runtime's prefix
    (`cri-containerd`, `crio`, `docker`, "" for none), the full container or sandbox id, and what lies below it.
    """

    pod_uid: str | None
    qos: str | None
    prefix: str
    container_id: str
    below: str

    @property
    def is_monitor(self) -> bool:
        """Whether it is of the container's monitor, conmon (`crio-conmon-ID.scope`, `libpod-conmon-ID.scope`), and not of the container."""
        return self.prefix.endswith("conmon")


def parse_path(path: str) -> list[CgroupOwner]:
    """Every container that a cgroup path names, outermost first."""
    path = path.removesuffix(" (deleted)")
    pods = list(_POD.finditer(path))
    owners = []
    for match in _CONTAINER.finditer(path):
        around = [pod for pod in pods if pod.end() <= match.start("id")]
        uid = qos = None
        if around:
            pod = around[-1]
            uid = pod["systemd_uid"].replace("_", "-") if pod["systemd_uid"] else (pod["cgroupfs_uid"] or pod["relative_uid"])
            qos = None if pod["relative_uid"] else (pod["systemd_qos"] or pod["cgroupfs_qos"] or "guaranteed")
        owners.append(CgroupOwner(uid, qos, match["prefix"] or "", match["id"], path[match.end("id") :].removeprefix(".scope")))
    return owners


def pod_of_path(path: str) -> str | None:
    """The uid of the innermost pod that a path names, also of one that ends at the pod."""
    pods = list(_POD.finditer(path.removesuffix(" (deleted)")))
    if not pods:
        return None
    pod = pods[-1]
    return pod["systemd_uid"].replace("_", "-") if pod["systemd_uid"] else (pod["cgroupfs_uid"] or pod["relative_uid"])


def owner_of_path(path: str, known: Container[str] = frozenset()) -> CgroupOwner | None:
    """The container of a path: one the runtime knows, wherever its id stands, else the outermost inside a pod, else the outermost."""
    owners = parse_path(path)
    for owner in owners:
        if owner.container_id in known:
            return owner
    for match in _ID.finditer(path):
        if match[0] in known:
            return CgroupOwner(pod_of_path(path), None, "", match[0], path[match.end() :].removesuffix(" (deleted)"))
    return next((owner for owner in owners if owner.pod_uid), owners[0] if owners else None)


def owner_of_process(text: str, known: Container[str] = frozenset()) -> CgroupOwner | None:
    """The container of a process, from its whole `/proc/PID/cgroup`.

    conmon (`crio-conmon-ID.scope` in a pod's slice, podman's `libpod-conmon-ID.scope`) belongs to the runtime, so the answer is
    None. On a hybrid node the v2 line
    may name a service while the v1 lines name the container: they are asked in turn.
    """
    for path in cgroup_paths(text):
        owner = owner_of_path(path, known)
        if owner:
            return None if owner.is_monitor else owner
    return None


def service_of(text: str) -> str | None:
    """The systemd service that a process of the node is in, from its whole `/proc/PID/cgroup`: `cron.service`.

    On v1 systemd has a hierarchy of its own; on v2 the one path is systemd's (systemd.io/CGROUP_DELEGATION). None for one of a user's own
    manager, whose services the node's does not know.
    """
    for path in cgroup_paths(text):
        units = [part for part in path.removesuffix(" (deleted)").split("/") if part.endswith(".service")]
        if units:
            return None if any(unit.startswith("user@") for unit in units) else units[-1]
    return None


def cgroup_paths(text: str) -> list[str]:
    """Paths of a `/proc/PID/cgroup`, v2 first, without `/`."""
    unified: list[str] = []
    by_controller: dict[str, str] = {}
    for line in text.split("\n"):
        hierarchy, _, rest = line.partition(":")
        controllers, colon, path = rest.partition(":")
        if not colon:
            continue
        if hierarchy == "0" and not controllers:
            unified.append(path)
        else:
            by_controller.update(dict.fromkeys(controllers.split(","), path))
    first = [by_controller.pop(name) for name in _CONTROLLERS if name in by_controller]
    return [path for path in dict.fromkeys([*unified, *first, *by_controller.values()]) if path not in ("", "/")]
