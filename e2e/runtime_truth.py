"""What the container runtime itself says of a node's sandboxes: crictl where the node has it, else containerd's own `ctr`.

Nothing of kubectl_pause is used here, so that the two can be compared.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.access import Cluster

_CRI_KIND = "io.cri-containerd.kind"
_NAMESPACE, _NAME, _UID = "io.kubernetes.pod.namespace", "io.kubernetes.pod.name", "io.kubernetes.pod.uid"
_CONTAINER = "io.kubernetes.container.name"
_FIND_CRICTL = (
    "for d in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /opt/bin; do [ -x $d/crictl ] && echo $d/crictl && break; done; true"
)


@dataclass(slots=True)
class TrueContainer:
    """A container, one attempt of it. `pid` is None unless it runs."""

    id: str
    name: str
    attempt: int
    state: str
    pid: int | None


@dataclass(slots=True)
class TrueSandbox:
    """A sandbox with all its containers. `pid` is None unless its process lives."""

    id: str
    namespace: str
    name: str
    uid: str
    attempt: int
    state: str
    pid: int | None
    containers: list[TrueContainer] = field(default_factory=list)

    def newest(self) -> list[TrueContainer]:
        """The last attempt of each container, by name."""
        last: dict[str, TrueContainer] = {}
        for container in sorted(self.containers, key=lambda each: each.attempt):
            last[container.name] = container
        return [last[name] for name in sorted(last)]


def find_crictl(cluster: Cluster) -> str | None:
    """Where the node has crictl."""
    return cluster.on_node(_FIND_CRICTL).strip() or None


def sandboxes(cluster: Cluster) -> list[TrueSandbox]:
    """Every sandbox of the node now."""
    found = _by_crictl(cluster, cluster.crictl) if cluster.crictl else _by_ctr(cluster)
    for sandbox in found:
        sandbox.containers.sort(key=lambda each: (each.name, each.attempt))
    return sorted(found, key=lambda each: (each.namespace, each.name, each.attempt, each.id))


def namespaces(cluster: Cluster, pids: list[int]) -> dict[int, dict[str, int]]:
    """Inodes of /proc/PID/ns/* as `readlink` on the node prints them: pid -> type -> inode. Dead pids are left out."""
    lines = cluster.on_node(
        f"for p in {' '.join(map(str, pids))}; do for n in cgroup ipc mnt net pid time user uts; do "
        'echo "$p $(readlink /proc/$p/ns/$n)"; done; done',
        root=False,
    )
    found: dict[int, dict[str, int]] = {}
    for line in lines.splitlines():
        pid, _, link = line.partition(" ")
        kind, _, inode = link.partition(":")
        if inode:
            found.setdefault(int(pid), {})[kind] = int(inode.strip("[]"))
    return found


def kill(cluster: Cluster, pid: int) -> None:
    """SIGKILL to a process of the node."""
    cluster.on_node(f"kill -9 {pid}", root=False)


def _documents(text: str) -> Iterator[Any]:
    """JSON documents that stand one after another."""
    decoder, position = json.JSONDecoder(), 0
    while position < len(text.rstrip()):
        document, position = decoder.raw_decode(text, position)
        yield document
        while position < len(text) and text[position].isspace():
            position += 1


def _by_crictl(cluster: Cluster, crictl: str) -> list[TrueSandbox]:
    # Entities may go while we ask: an id that is not there any more prints nothing on stdout.
    text = cluster.on_node(
        f"c={crictl}; $c pods -o json; $c ps -a -o json; for i in $($c pods -q); do $c inspectp -o json $i; done;"
        " for i in $($c ps -q); do $c inspect -o json $i; done; true"
    )
    pods, containers, *details = _documents(text)
    pid_of = {each["status"]["id"]: int(each["info"].get("pid") or 0) or None for each in details}
    found = {
        pod["id"]: TrueSandbox(
            id=pod["id"],
            namespace=pod["metadata"]["namespace"],
            name=pod["metadata"]["name"],
            uid=pod["metadata"]["uid"],
            attempt=int(pod["metadata"].get("attempt", 0)),
            state=pod["state"].removeprefix("SANDBOX_").lower(),
            pid=pid_of.get(pod["id"]),
        )
        for pod in pods["items"]
    }
    for each in containers["containers"]:
        state = each["state"].removeprefix("CONTAINER_").lower()
        pid = pid_of.get(each["id"]) if state == "running" else None
        name, attempt = each["metadata"]["name"], int(each["metadata"].get("attempt", 0))
        found[each["podSandboxId"]].containers.append(TrueContainer(each["id"], name, attempt, state, pid))
    return list(found.values())


def _by_ctr(cluster: Cluster) -> list[TrueSandbox]:
    text = cluster.on_node(
        "c='ctr -n k8s.io'; $c tasks ls || exit; echo ---; for i in $($c containers ls -q); do $c containers info $i; done; true"
    )
    tasks_text, _, rest = text.partition("---\n")
    tasks = {row[0]: (int(row[1]), row[2]) for row in map(str.split, tasks_text.splitlines()[1:]) if len(row) == 3}
    found: dict[str, TrueSandbox] = {}
    containers: list[tuple[str, TrueContainer]] = []
    for each in _documents(rest):
        labels = each.get("Labels") or {}
        kind = labels.get(_CRI_KIND)
        if kind not in ("sandbox", "container"):
            continue
        pid, status = tasks.get(each["ID"], (0, "NONE"))
        running = status == "RUNNING"
        # What the CRI plugin keeps of each, as JSON in a typed value: the attempt is nowhere else.
        kept = json.loads(base64.b64decode(each["Extensions"][f"io.cri-containerd.{kind}.metadata"]["value"]))["Metadata"]
        attempt = int(kept["Config"]["metadata"].get("attempt", 0))
        if kind == "sandbox":
            state = "ready" if running else "notready"
            found[each["ID"]] = TrueSandbox(
                each["ID"], labels[_NAMESPACE], labels[_NAME], labels[_UID], attempt, state, pid if running else None
            )
        else:
            container = TrueContainer(each["ID"], labels[_CONTAINER], attempt, "running" if running else "exited", pid if running else None)
            containers.append((kept["SandboxID"], container))
    for sandbox, container in containers:
        if sandbox in found:
            found[sandbox].containers.append(container)
    return list(found.values())
