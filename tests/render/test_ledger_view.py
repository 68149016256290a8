"""The network ledger as a table: harmless whatever the names, what is unknown told apart from what is not there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.join.network.ledger import LeaseOf, Ledger, LedgerRow
from kubectl_pause.render.network.ledger_view import ledger_view
from kubectl_pause.render.plain_text import columns_of
from kubectl_pause.report import PodIdentity
from tests.render.test_columns import HOSTILE

ID = "f" * 64


def pod(name: str) -> PodIdentity:
    return PodIdentity(namespace="shop", name=name, uid=name)


def ledger(*rows: LedgerRow, unowned: tuple[LedgerRow, ...] | None = (), node: str = "w1", host: int = 0, stopped: int = 0) -> Ledger:
    return Ledger(node, rows, unowned, host, stopped)


def shown(*ledgers: Ledger, width: int | None = None, headings: bool = True, sort_by: str | None = None) -> list[str]:
    return ledger_view(ledgers, width=width, headings=headings, colour=False, of_many=False, sort_by=sort_by).splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


LEASE = LeaseOf("kind", "10.0.0.5", ID, 3 * 86400)
WEB = LedgerRow(
    "w1", pod("web"), "a", ("10.0.0.5", "fd00::5"), ("veth1", "veth2"), (LEASE, LeaseOf("kind", "fd00::5", ID, None)), 4026532999, ("/x",)
)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (WEB, ["shop/web", "10.0.0.5,fd00::5", "veth1,veth2", "kind/10.0.0.5 (3d),kind/fd00::5 (-)", "4026532999 /x"]),
        (LedgerRow("w1", pod("no"), "a", (), None, (), 7), ["shop/no", "-", "?", "none", "7"]),
        (LedgerRow("w1", pod("no"), "a", (), (), None), ["shop/no", "-", "-", "-", "-"]),
        (LedgerRow("w1", leases=(LEASE,), addresses=("10.0.0.5",)), ["-", "10.0.0.5", "-", "kind/10.0.0.5 of fffffffffffff (3d)", "-"]),
        (LedgerRow("w1", inode=8, paths=("/run/netns/x",), age=9), ["-", "-", "-", "-", "8 /run/netns/x (9s)"]),
        (LedgerRow("w1", veths=("veth9",)), ["-", "-", "veth9", "-", "-"]),
    ],
    ids=["whole", "unread", "none", "a lease", "a namespace", "a veth"],
)
def test_a_row(row, expected):
    of_pod = row.pod is not None
    (line,) = shown(ledger(*([row] if of_pod else []), unowned=() if of_pod else (row,)), headings=False)
    assert cells(line) == expected


def test_what_has_no_owner_stands_below_whatever_the_order():
    left = LedgerRow("w1", veths=("a-veth",))
    several = ledger(WEB, unowned=(left,), host=2), ledger(WEB, unowned=(left,), node="w2", stopped=1)
    for order in (None, "VETH", ".veths[0]"):
        heading, *rows, counted = shown(*several, sort_by=order)
        assert cells(heading)[:2] == ["NODE", "POD"]
        assert [cells(row)[1] for row in rows] == ["shop/web", "shop/web", "-", "-"]
        assert counted == "not listed: 2 hostNetwork, 1 stopped"


def test_nothing_at_all():
    assert shown(ledger(unowned=None)) == []
    assert shown(ledger(host=1)) == ["not listed: 1 hostNetwork"]
    assert shown(ledger(host=1), headings=False) == []


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1), st.sampled_from([40, 80, 160, None]))
def test_names_of_any_kind(name, network, path, width):
    for text in (HOSTILE + name, name):
        row = LedgerRow("w1", pod(text), "a", (network,), (text, network), (LeaseOf(network, text, text, 1),), 4026532999, (path, text))
        lines = shown(ledger(row, unowned=(LedgerRow("w1", veths=(text,)),)), width=width)
        assert len(lines) == 3
        assert all(line.isprintable() for line in lines)
        assert width is None or all(columns_of(line) <= width for line in lines)
