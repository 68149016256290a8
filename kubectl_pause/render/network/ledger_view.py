"""`node -o network`: the network ledger as one table, what no sandbox has below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kubectl_pause.render.listing import ListedColumn, in_order, listing
from kubectl_pause.render.plain_text import age, short_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.join.network.ledger import LeaseOf, Ledger, LedgerRow


def ledger_document(row: LedgerRow) -> object:
    """What a path of `--sort-by` sees of a row."""
    return msgspec.json.decode(msgspec.json.encode(row))  # lists, where the row has tuples


def ledger_name(row: LedgerRow) -> str | None:
    """As `-o name` would call its pod."""
    return f"pod/{row.pod.name}" if row.pod else None


def ledger_rows(ledgers: Sequence[Ledger]) -> list[LedgerRow]:
    """All rows, those of sandboxes first."""
    return [row for ledger in ledgers for row in ledger.rows] + [row for ledger in ledgers for row in ledger.unowned or ()]


def _veths(row: LedgerRow) -> str:
    return "?" if row.veths is None else ",".join(row.veths) or "-"


def _leases(row: LedgerRow) -> str:
    if row.leases is None:
        return "-"
    return ",".join(_lease(lease, of=row.pod is None) for lease in row.leases) or "none"


def _lease(lease: LeaseOf, *, of: bool) -> str:
    return f"{lease.network}/{lease.address}{f' of {short_id(lease.sandbox)}' if of else ''} ({age(lease.age)})"


def _namespace(row: LedgerRow) -> str:
    since = f" ({age(row.age)})" if row.age is not None else ""
    return " ".join([str(row.inode), ",".join(row.paths)]).rstrip() + since if row.inode is not None else "-"


NETWORK: tuple[ListedColumn[LedgerRow], ...] = (
    ListedColumn("NODE", least=10, path=".node", of_many=True, value=lambda row: row.node, about="The node that was read."),
    ListedColumn("POD", least=16, path=".pod.name", value=lambda row: f"{row.pod.namespace}/{row.pod.name}" if row.pod else "-",
                 about="Namespace and name of the pod; - is what no sandbox has."),
    ListedColumn("ADDRESS", least=11, rank=1, path=".addresses", value=lambda row: ",".join(row.addresses) or "-",
                 about="The sandbox's addresses."),
    ListedColumn("VETH", least=8, rank=2, path=".veths", value=_veths,
                 about="Its links' ends on the node; ? where its links could not be read, or are in doubt."),
    ListedColumn("LEASE", least=12, rank=4, path=".leases[*].address", value=_leases,
                 about="host-local's file, as network/address, and its age; - where the node keeps none."),
    ListedColumn("NETNS", least=10, turn=0, cut="id", rank=3, path=".inode", value=_namespace,
                 about="Inode of the network namespace, and where it is mounted."),
)  # fmt: skip
"""What is said of a sandbox's network, in this order."""


def ledger_view(  # noqa: PLR0913 (a table's surroundings)
    ledgers: Sequence[Ledger], *, width: int | None, headings: bool, colour: bool, of_many: bool, sort_by: str | None
) -> str:
    """One table; with `headings` how many sandboxes are not in it. Raises PauseInspectError for a `sort_by` that fits nothing."""
    every = in_order(NETWORK, ledger_rows(ledgers), sort_by, ledger_document)
    rows = sorted(every, key=lambda row: row.pod is None)
    of_many = of_many or len(ledgers) > 1
    lines = listing(NETWORK, rows, of_many=of_many, width=width, headings=headings, colour=colour) if rows else []
    counts = {"hostNetwork": sum(each.in_node_network for each in ledgers), "stopped": sum(each.stopped for each in ledgers)}
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    if headings and told:
        lines.append(f"not listed: {told}")
    return "".join(line + "\n" for line in lines)
