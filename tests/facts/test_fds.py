"""Open descriptors of namespaces, as the collector writes them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.kernel.fds import OpenNamespace, parse_fds
from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES

NUMBERS = st.integers(0, 10**12 - 1)


def test_a_type_is_believed_only_where_one_alone_was_said():
    told = parse_fds(b"12/fd/3 4 4026532577 net\n12/fd/4 4 4026532578 net,ipc\n12/fd/5 4 4026532579 \nmore\n")
    assert told.descriptors == (
        OpenNamespace(12, 3, 4026532577, "net"), OpenNamespace(12, 4, 4026532578, None), OpenNamespace(12, 5, 4026532579, None),
    )  # fmt: skip
    assert not told.whole


@given(st.dictionaries(st.tuples(NUMBERS, NUMBERS), st.tuples(NUMBERS, st.sampled_from(NAMESPACE_TYPES)), max_size=20))
def test_what_was_written_is_read(table):
    lines = [f"{pid}/fd/{fd} 4 {inode} {kind}" for (pid, fd), (inode, kind) in table.items()]
    read = parse_fds("\n".join(lines).encode())
    assert {(each.pid, each.fd): (each.inode, each.type) for each in read.descriptors} == table
    assert read.whole


@given(st.binary(max_size=300))
def test_nothing_breaks_it(content):
    for each in parse_fds(content).descriptors:
        assert each.type in (None, *NAMESPACE_TYPES)
