"""Facts of one PID namespace as a container sees it, put so that they can be joined as those of a node.

Pids are those of that namespace; nothing of the node is known, but for a pod with hostPID, whose PID namespace is the node's. The
runtime's list is that of the API: the containers that run. The sandbox has the id that pause's cgroup names, where it is to be seen; UNSEEN
stands for it otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kubectl_pause.facts.api import ApiView, for_capture
from kubectl_pause.facts.kernel.cgroup import cgroup_paths, owner_of_process
from kubectl_pause.facts.kernel.process import ancestors
from kubectl_pause.facts.node_facts import node_facts
from kubectl_pause.facts.runtime.cri import CriContainer, CriSandbox

if TYPE_CHECKING:
    from collections.abc import Collection

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.capture import Capture
    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.node_facts import NodeFacts

UNSEEN = "0" * 64
"""Stands for the id of a sandbox of which nothing is seen from inside."""
_NOBODY = -1
"""No inode is this: the node's own PID namespace is unknown."""


def running_ids(pod: Pod) -> dict[str, str]:
    """Ids of the containers that run, by name, without the runtime's scheme."""
    return {
        status.name: status.container_id.partition("://")[2]
        for status in pod.statuses
        if status.container_id and status.state and status.state.running
    }


def inside_facts(capture: Capture, pod: Pod, container: str) -> NodeFacts:
    """`container` is the one in which it was read. Raises CaptureError as `node_facts`."""
    facts = node_facts(capture, f"container {container}")
    ids = running_ids(pod)
    own = ids[container]
    inode = _own_pid_namespace(facts)
    reader = facts.header.collector
    itself = facts.processes.get(reader or 0)
    private = itself is not None and not cgroup_paths(itself.cgroups)
    alone = not (pod.spec.host_pid or pod.spec.share_process_namespace or pod.spec.ephemeral_containers)
    others = {
        pid: process
        for pid, process in facts.processes.items()
        if reader not in (pid, *(ancestor.pid for ancestor in ancestors(facts.processes, process)))
    }
    processes = {
        pid: _placed(process, own if private or alone else None, inode, ids.values(), alone=alone) for pid, process in others.items()
    }
    sandbox = _sandbox_id(processes.get(1), ids.values())
    metadata = pod.metadata
    return replace(
        facts,
        api=ApiView(captured_at="", node_name=pod.spec.node_name or "", pods=[for_capture(pod)]),
        pods=[
            CriSandbox(
                id=sandbox,
                name=metadata.name,
                namespace=metadata.namespace or "",
                uid=pod.runtime_uid,
                attempt=0,
                state="ready",
                created_at=None,
                runtime_handler="",
                labels={},
                annotations={},
            )
        ],
        containers=[
            CriContainer(
                id=identifier,
                sandbox_id=sandbox,
                name=name,
                attempt=0,
                state="running",
                created_at=None,
                image="",
                labels={},
                annotations={},
            )
            for name, identifier in ids.items()
        ],
        processes=processes,
        host={"pid": inode if pod.spec.host_pid and inode is not None else _NOBODY},
        frozen=None,
        notes=[],
        from_inside=True,
    )


def _own_pid_namespace(facts: NodeFacts) -> int | None:
    """The reader's: what /proc shows is in it, or in one below it."""
    reader = facts.processes.get(facts.header.collector or 0)
    return reader.namespaces.get("pid") if reader else None


def _placed(process: Process, own: str | None, inode: int | None, ids: Collection[str], *, alone: bool) -> Process:
    """With the PID namespace, where it is certain though its link may not be read, and with a cgroup that names its container.

    A private cgroup namespace shows the reader's own container, `own`, as `/`, and others as `/../ID` (cgroup_namespaces(7)). A zombie on
    v1 has `/` as well, and may be of another container, unless this one is `alone` in its PID namespace. `own` is None where `/` is the
    node's.
    """
    namespaces = process.namespaces
    if "pid" not in namespaces and inode is not None and len(process.ns_pids) == 1:
        namespaces = {**namespaces, "pid": inode}
    cgroups = process.cgroups
    named = owner_of_process(cgroups, ids) is not None
    unified = all(line.startswith("0::") for line in cgroups.split("\n") if line)
    own_root = alone or unified or not process.is_dead
    if own and cgroups and not named and own_root and not any(path.startswith("/..") for path in cgroup_paths(cgroups)):
        cgroups = f"0::/kubepods/{own}"
    return replace(process, namespaces=namespaces, cgroups=cgroups)


def _sandbox_id(first: Process | None, ids: Collection[str]) -> str:
    owner = owner_of_process(first.cgroups, ids) if first else None
    return owner.container_id if owner and owner.container_id not in ids else UNSEEN
