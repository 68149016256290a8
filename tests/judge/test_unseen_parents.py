"""What a user without root could not look at is nobody's fault: neither the node's, nor a pod's."""

from __future__ import annotations

from dataclasses import replace

from kubectl_pause.facts.capture import Capture, Section
from kubectl_pause.inspect_node import inspect_capture
from tests.nodes.report_lines import collected


def with_zombie(*, seen: bool) -> Capture:
    """A process of the node's own cgroup with a child that is a zombie; its namespaces seen or not."""
    capture = collected("with-crictl")
    rows = capture.content("proc").split(b"\n")
    template = [row for row in rows if row.startswith((b"2/", b"'2/"))] or [row for row in rows if row.startswith((b"1/", b"'1/"))]
    number = template[0].lstrip(b"'").split(b"/")[0]
    zombie = [row for row in template if b"/ns/" not in row]
    made: list[bytes] = []
    for row in template:
        if seen or b"/ns/" not in row:
            made.append(row.replace(number + b"/", b"999001/", 1).replace(b":" + number + b" (", b":999001 (", 1))
    for row in zombie:
        text = row.replace(number + b"/", b"999002/", 1).replace(b":" + number + b" (", b":999002 (", 1)
        if b"/stat:" in text or b"/stat2:" in text:
            head, _, tail = text.rpartition(b") ")
            fields = tail.split(b" ")
            text = head + b") " + b" ".join([b"Z", b"999001", *fields[2:]])
        text = text.replace(b"State:\tS", b"State:\tZ")
        if b"status:PPid:" in text:
            text = text.partition(b"PPid:")[0] + b"PPid:\t999001"
        made.append(text)
    return replace(capture, sections={**capture.sections, "proc": Section(b"\n".join([*rows, *made]))})


def test_a_process_that_was_seen_is_the_node_s_and_one_that_was_not_is_unknown():
    report = inspect_capture(with_zombie(seen=True), "-")
    assert [group.verdict for group in report.host_zombie_groups] == ["zombie/host-process"]
    report = inspect_capture(with_zombie(seen=False), "-")
    [group] = report.host_zombie_groups
    assert (group.verdict, group.confidence) == ("zombie/unknown-parent", "possible")
    assert group.remedies == ["as root, on the node: ls -l /proc/999001/ns  # whose namespaces it is in"]
    assert not [finding for finding in report.findings if finding.code.startswith("zombie/")]
