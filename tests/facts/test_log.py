"""Lines of the node's log: typed, of one pod, and none where it could not be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.capture import Section
from kubectl_pause.facts.runtime.log import LogLine, NodeLog, node_log

UID, OTHER = "0f0e0d0c-0b0a-0908-0706-050403020100", "ab" * 16


def test_lines_are_joined_to_their_pod():
    log = node_log(Section(f"1.5 kubelet x {UID}\n2.25 containerd {OTHER} y\n3.0 k3s {UID} {OTHER}\n".encode(), 0))
    assert log is not None
    assert log.of_pod(OTHER).lines == (LogLine(2.25, "containerd", f"{OTHER} y"), LogLine(3.0, "k3s", f"{UID} {OTHER}"))
    assert log.of_pod("cafe") == NodeLog()


def test_none_where_it_was_not_asked_for():
    assert node_log(None) is None


@pytest.mark.parametrize(
    ("code", "words"), [(127, "no journalctl"), (61, "files"), (137, "in its time"), (1, "exit code 1"), (None, "None")]
)
def test_why_there_is_none(code, words):
    log = node_log(Section(b"1.5 kubelet x\n", code))
    assert log is not None
    assert log.lines == ()
    assert words in (log.failure or "")


@given(st.binary(max_size=300) | st.lists(st.from_regex(rb"\A[0-9]{1,12}\.[0-9]{1,10} [a-z.@]{1,80} .{1,500}\Z")).map(b"\n".join))
def test_any_bytes_are_lines_or_none(content):
    log = node_log(Section(content, 0))
    assert log is not None
    assert log.failure is None
    assert len(log.lines) <= 40
    for line in log.lines:
        assert line.text
        assert line.unit.isascii()
        assert 0 <= line.moment < 10**11
        assert "\n" not in line.text
