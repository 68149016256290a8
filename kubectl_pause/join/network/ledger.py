"""The network ledger: of each sandbox with a network of its own its addresses, host ends, leases and namespace; what no sandbox has.

It judges nothing. What is being made has no sandbox yet, and what is in doubt stands here as it is, with its age where that is known.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kubectl_pause.facts.api import canonical_address
from kubectl_pause.facts.kernel.mounts import RUNTIMES_PLACE
from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kubectl_pause.facts.kernel.links import Link, Links
    from kubectl_pause.facts.runtime.health import RuntimeHealth
    from kubectl_pause.join.joined_node import JoinedNode
    from kubectl_pause.report import PodIdentity, Sandbox

_LOOPBACK = 1
"""Its number in every network namespace (LOOPBACK_IFINDEX)."""


class LeaseOf(Record, frozen=True):
    """A lease of host-local; `age` is in seconds, None where the capture has no time."""

    network: str
    address: str
    sandbox: str
    age: int | None


class LedgerRow(Record, frozen=True):
    """A sandbox, or, where `pod` is None, one thing that no sandbox has.

    `veths` are names of host ends, None where its links could not be read. `leases` is None where the node keeps none. `inode` is the
    network namespace's, `paths` where it is mounted, `age` since when in seconds, of one without a sandbox alone.
    """

    node: str
    pod: PodIdentity | None = None
    sandbox: str | None = None
    addresses: tuple[str, ...] = ()
    veths: tuple[str, ...] | None = ()
    leases: tuple[LeaseOf, ...] | None = None
    inode: int | None = None
    paths: tuple[str, ...] = ()
    age: int | None = None


class Ledger(Record, frozen=True):
    """Of one node. `unowned` is None where the runtime gave no list: state files do not tell stopped sandboxes, and what has no sandbox is
    not known then.

    `in_node_network` and `stopped` count sandboxes that have no row: they use the node's network, or have none any more.
    """

    node: str
    rows: tuple[LedgerRow, ...]
    unowned: tuple[LedgerRow, ...] | None
    in_node_network: int
    stopped: int


def network_ledger(node: JoinedNode, health: RuntimeHealth, links: Links) -> Ledger:
    """The ledger of a node whose capture has these two."""
    ends, leases = _host_ends(node, links), _leases(node, health)
    keeps_leases = "host-local" in health.plugin_types or not leases.keys().isdisjoint(node.sandboxes)
    rows, in_node_network, stopped = [], 0, 0
    for sandbox in node.sandboxes.values():
        net = sandbox.namespaces["net"]
        if _uses_node_network(node, sandbox):
            in_node_network += 1
        elif sandbox.state == "notready" and net.inode is None and sandbox.id not in leases and not sandbox.ips:
            stopped += 1
        else:
            rows.append(
                LedgerRow(
                    node=node.about.name,
                    pod=sandbox.pod,
                    sandbox=sandbox.id,
                    addresses=tuple(sandbox.ips),
                    veths=() if net.inode is None and sandbox.state == "notready" else ends.get(net.inode or 0),
                    leases=leases.get(sandbox.id, ()) if keeps_leases else None,
                    inode=net.inode,
                    paths=tuple(holder for holder in net.held_by if holder.startswith("/")),
                )
            )
    unowned = tuple(_unowned(node, leases, links, rows)) if node.facts.pods is not None else None
    return Ledger(node.about.name, tuple(rows), unowned, in_node_network, stopped)


def _uses_node_network(node: JoinedNode, sandbox: Sandbox) -> bool:
    """By its namespace; where that is not known, by what was asked for."""
    host = sandbox.namespaces["net"].host
    status, pod = node.facts.statuses.get(sandbox.id), node.joined[sandbox.id].pod
    return bool((status and status.in_node_network) or (pod and pod.spec.host_network)) if host is None else host


def _host_ends(node: JoinedNode, links: Links) -> dict[int, tuple[str, ...] | None]:
    """Names of the node's ends of each network namespace by its inode; None for one that is in doubt.

    An end is believed where each of the two names the other, and no other namespace has it.
    """
    if not links.of_node:  # they could not be read: nobody's ends are known
        return {}
    ends: dict[int, tuple[str, ...] | None] = {}
    for pid, seen in links.of_process.items():
        inode = node.facts.processes[pid].namespaces.get("net") if pid in node.facts.processes else None
        if inode is not None and inode != node.facts.host.get("net"):
            ends[inode] = _ends(seen, links.of_node)
    claimed = Counter(name for names in ends.values() for name in names or ())
    return {inode: None if names and any(claimed[name] > 1 for name in names) else names for inode, names in ends.items()}


def _ends(seen: Iterable[tuple[int, int]], of_node: Mapping[int, Link]) -> tuple[str, ...] | None:
    """A veth whose ends have the same number looks as what has no other end, on both sides: None where there may be such a one alone."""
    names, doubt = [], False
    for number, joined_to in sorted(seen):
        end = of_node.get(joined_to)
        if end is None or end.joined_to != number or end.default_route:
            continue
        if number != joined_to:
            names.append(end.name)
        elif not end.kind and number != _LOOPBACK:
            doubt = True
    return None if doubt and not names else tuple(names)


def _leases(node: JoinedNode, health: RuntimeHealth) -> dict[str, tuple[LeaseOf, ...]]:
    """By the sandbox that they are for."""
    leases: dict[str, tuple[LeaseOf, ...]] = {}
    for lease in health.leases:
        told = LeaseOf(lease.network, lease.address, lease.sandbox, _age(node, lease.made_at))
        leases[lease.sandbox] = (*leases.get(lease.sandbox, ()), told)
    return leases


def _age(node: JoinedNode, since: int | None) -> int | None:
    """Both are told by the node's clock, which may have been set meanwhile: nothing is younger than now."""
    now = node.facts.header.now
    return None if now is None or since is None else max(0, now - since)


def _unowned(node: JoinedNode, leases: Mapping[str, tuple[LeaseOf, ...]], links: Links, rows: Iterable[LedgerRow]) -> Iterator[LedgerRow]:
    """Leases of no sandbox and no container that lives, namespaces where runtimes mount them, and host ends."""
    name, facts = node.about.name, node.facts
    known = {*node.sandboxes, *(pod.id for pod in facts.pods or ()), *node.ownership.members}
    for lease in (lease for sandbox, of_one in leases.items() if sandbox not in known for lease in of_one):
        yield LedgerRow(node=name, addresses=(lease.address,), leases=(lease,))
    inodes = {facts.host.get("net"), *(sandbox.namespaces["net"].inode for sandbox in node.sandboxes.values())}
    for mount in facts.mounts.namespaces:
        if mount.type == "net" and mount.path.startswith(RUNTIMES_PLACE) and mount.inode not in inodes:
            age = _age(node, (facts.mounted_at or {}).get((mount.path, mount.inode)))
            yield LedgerRow(node=name, inode=mount.inode, paths=(mount.path,), age=age)
    owned = {end for row in rows for end in row.veths or ()} | _told_to_be_of_pods(node)
    for link in links.of_node.values():
        if _is_host_end(link, links.of_node) and link.name not in owned:
            yield LedgerRow(node=name, veths=(link.name,))


def _is_host_end(link: Link, of_node: Mapping[int, Link]) -> bool:
    """Whether it may be a veth with its other end in another namespace, and not the node's own way out (a kind node's eth0)."""
    other = of_node.get(link.joined_to)
    both_here = other is not None and other.joined_to == link.number and not other.default_route
    return not link.kind and link.joined_to not in (0, link.number) and not link.default_route and not both_here


def _told_to_be_of_pods(node: JoinedNode) -> set[str]:
    """Interfaces that the CNI results of sandboxes name, or that the node's routes to their addresses lead through."""
    by_result = {each for status in node.facts.statuses.values() if status.id in node.sandboxes for each in status.host_interfaces}
    addresses = {canonical_address(ip) for sandbox in node.sandboxes.values() for ip in sandbox.ips}
    return by_result | {link for link, led_to in (node.facts.routes or {}).items() if addresses.intersection(led_to)}
