"""A node whose container runtime could not be read is not a node without sandboxes, in no view."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.cli.main import run
from kubectl_pause.facts.capture import Capture, Section
from kubectl_pause.inspect_node import inspect_capture
from kubectl_pause.judge.namespaces.findings import source_findings
from tests.nodes.report_lines import collected, collected_bytes

if TYPE_CHECKING:
    from pathlib import Path


TOO_LARGE = (
    'msg="listing pod sandboxes: rpc error: code = ResourceExhausted desc = grpc: trying to send message larger than max (17 vs. 16)"'
)


def without_crictl(section: Section | None = None) -> Capture:
    capture = collected("with-crictl")
    kept = {name: each for name, each in capture.sections.items() if not name.startswith("crictl.")}
    return replace(capture, crictl=None, sections=kept | ({"crictl.pods": section} if section else {}))


def codes(capture: Capture) -> list[str]:
    return [finding.code for finding in inspect_capture(capture, "-").findings if finding.code.startswith("node/")]


@pytest.mark.parametrize(
    ("capture", "expected"),
    [(collected("with-crictl"), []),
     (without_crictl(), []),
     (without_crictl(Section(b"", 137)), ["node/crictl-failed"]),
     (replace(collected("with-crictl"), sections=without_crictl(Section(b"", 1, ("no",))).sections), ["node/crictl-failed"]),
     (replace(collected("with-crictl"), sections=without_crictl(Section(b"", 1, (TOO_LARGE,))).sections), ["node/list-too-large"]),
     (replace(without_crictl(), bundles=()), ["node/runtime-unread"]),
     (replace(without_crictl(Section(b"", 124)), bundles=()), ["node/runtime-unread"])],
    ids=["read", "no crictl", "crictl hung", "crictl failed", "too large", "nothing", "nothing, crictl hung"],
)  # fmt: skip
def test_what_was_not_read_is_a_finding(capture, expected):
    report = inspect_capture(capture, "-")
    assert codes(capture) == expected
    assert report.sources.runtime == (expected != ["node/runtime-unread"])
    assert [finding.code for finding in source_findings("-", report.sources)] == expected


def test_a_crictl_that_was_ended_at_its_limit_did_not_answer():
    [finding] = [each for each in inspect_capture(without_crictl(Section(b"", 137)), "-").findings if each.code == "node/crictl-failed"]
    assert finding.evidence == ["crictl pods did not answer in its time, and was ended"]


def test_a_host_of_no_cluster_may_have_no_runtime():
    capture = replace(without_crictl(), bundles=())
    assert codes(replace(capture, header={**capture.header, "reader": "1"})) == []


@pytest.fixture
def unread(tmp_path: Path) -> str:
    """A capture file of the recorded node as it were without crictl and state files."""
    kept: list[bytes] = []
    skipped = False
    for row in gzip.decompress(collected_bytes("with-crictl")).splitlines(keepends=True):
        if row.startswith(b"#"):
            skipped = row.startswith((b"#crictl", b"#section crictl.", b"#bundle", b"#rc"))
        if not skipped:
            kept.append(row)
    path = tmp_path / "unread.capture"
    path.write_bytes(gzip.compress(b"".join(kept)))
    return str(path)


@pytest.mark.parametrize(
    ("words", "said"),
    [(["node"], "node/runtime-unread"), (["node", "-o", "wide"], "sandbox unknown"),
     (["pod", "-A"], "unknown: its container runtime could not be read"), (["zombies"], "container runtime could not be read"),
     (["who", "1"], "container runtime could not be read"),
     (["check"], "the container runtime could not be read on"),
     (["check", "--ignore", "node/runtime-unread"], "nothing found on 1 node; the container runtime could not be read on")],
)  # fmt: skip
def test_every_view_says_so(unread, capsys, words, said):
    run([*words, "--from", unread])
    told = capsys.readouterr()
    assert said in " ".join((told.out + told.err).split())
    assert all(each not in told.out + told.err for each in ("nothing wrong", "has no sandboxes", "no zombies in"))
    assert " 0/1 " not in told.out
    assert "no sandbox seen" not in told.out


def test_descriptors_that_were_not_looked_at_are_told(capsys):
    capture = collected("with-crictl")
    assert codes(replace(capture, sections={**capture.sections, "fds": Section(b"1/fd/3 4 5 net\nmore")})) == ["node/descriptors-cut"]
    assert codes(replace(capture, sections={**capture.sections, "fds": Section(b"1/fd/3 4 5 net")})) == []
