"""Strangers and drift: recorded nodes in which one process is given other links, as text of the capture, and what the report says."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from kubectl_pause.facts.capture import Capture, Section
from kubectl_pause.facts.node_facts import node_facts
from kubectl_pause.inspect_node import inspect_capture
from kubectl_pause.render.node_view import node_view
from kubectl_pause.render.pod_view import pod_view
from kubectl_pause.report import NodeReport, Report, Sandbox
from tests.nodes.report_lines import kind_with_api, sandbox_of

HOSTILE = b"x\n1 (a) \x1b[31m[b]"


def with_proc(capture: Capture, proc: bytes) -> Capture:
    return replace(capture, sections={**capture.sections, "proc": Section(proc)})


def relinked(capture: Capture, pid: int, kind: str, inode: int) -> Capture:
    link = rf"'{pid}/ns/{kind}' -> '{kind}:\[\d+\]'".encode()
    proc, count = re.subn(link, f"'{pid}/ns/{kind}' -> '{kind}:[{inode}]'".encode(), capture.content("proc"))
    assert count == 1
    return with_proc(capture, proc)


def copied(capture: Capture, pid: int, new: int, *, comm: bytes, parent: int, cgroup_of: int | None = None) -> Capture:
    """The capture with one process more: the links of `pid`, in its cgroup or that of another."""
    rows = capture.content("proc").split(b"\n")
    links = [row.replace(f"'{pid}/".encode(), f"'{new}/".encode()) for row in rows if row.startswith(f"'{pid}/".encode())]
    source = f"{cgroup_of or pid}/cgroup:".encode()
    cgroups = [f"{new}/cgroup:".encode() + row.removeprefix(source) for row in rows if row.startswith(source)]
    stat = next(row for row in rows if row.startswith(f"{pid}/stat:".encode()))
    fields = stat.rpartition(b") ")[2].split(b" ")
    fields[1] = str(parent).encode()
    text = str(new).encode() + b" (" + comm + b") " + b" ".join(fields)
    stats = [f"{new}/{name}:".encode() + line for name in ("stat", "stat2") for line in text.split(b"\n")]
    assert links
    assert cgroups
    return with_proc(capture, b"\n".join([*stats, *cgroups, *links, *rows]))


def nginx() -> tuple[Capture, Sandbox]:
    capture = kind_with_api()
    return capture, sandbox_of(inspect_capture(capture, "-"), "nginx")


def pid_of(sandbox: Sandbox, name: str) -> int:
    return next(each.pid for each in sandbox.containers if each.name == name and each.pid)


def shown(report: NodeReport) -> str:
    document = Report(tool_version="0", started_at="", nodes=[report], errors=[])
    node = node_view(document, wide=False, width=80, headings=True, colour=False)
    return node + pod_view(document, wide=False, width=80, colour=False)


def test_a_container_whose_pid_1_unshared_its_network_drifts_and_no_other_does():
    capture, sandbox = nginx()
    pid = pid_of(sandbox, "app")
    report = inspect_capture(relinked(capture, pid, "net", 4026999999), "-")
    (finding,) = sandbox_of(report, "nginx").findings
    assert (finding.code, finding.severity, finding.subject) == ("namespace/drift", "warning", "default/nginx container app")
    assert f"container, pid {pid}: net:[4026999999]" in finding.evidence
    assert f"sandbox, pid {sandbox.pid}: net:[{sandbox.namespaces['net'].inode}]" in finding.evidence
    assert [each.pod.name for each in report.sandboxes if each.findings] == ["nginx"]
    assert "own!" in shown(report)


def test_a_process_of_a_container_that_left_is_told_with_its_container_and_its_children_are_counted():
    capture, sandbox = nginx()
    app = pid_of(sandbox, "app")
    capture = relinked(copied(capture, app, 900001, comm=b"sleep", parent=app), 900001, "net", 4026999999)
    capture = copied(capture, 900001, 900002, comm=b"child", parent=900001)
    found = sandbox_of(inspect_capture(capture, "-"), "nginx")
    (stranger,) = found.strangers
    assert (stranger.pid, stranger.kind, stranger.namespaces, stranger.container) == (900001, "left", ["net"], "app")
    assert (stranger.descendants, stranger.parent_pid) == (1, app)
    assert [(each.code, each.severity, each.subject) for each in found.findings] == [
        ("namespace/left", "info", "default/nginx container app")
    ]


def test_an_exec_d_process_is_no_stranger():
    capture, sandbox = nginx()
    shim = 292
    capture = copied(capture, pid_of(sandbox, "app"), 900001, comm=b"sh", parent=shim)
    assert sandbox_of(inspect_capture(capture, "-"), "nginx").strangers == []


def test_a_process_that_joined_from_outside_is_told_escaped_and_forges_no_row():
    capture, sandbox = nginx()
    report = inspect_capture(copied(capture, pid_of(sandbox, "app"), 900001, comm=HOSTILE, parent=1, cgroup_of=162), "-")
    (stranger,) = sandbox_of(report, "nginx").strangers
    assert stranger.kind == "joined"
    assert {"net", "ipc", "uts", "pid", "mnt"} <= set(stranger.namespaces)
    assert [each.pod.name for each in report.sandboxes if each.strangers] == ["nginx"]
    text = shown(report)
    assert "\x1b" not in text
    assert "x\\x0a1 (a) \\x1b[31m[b]" in text
    assert not re.search(r"^1 \(a\)", text, re.MULTILINE)


@pytest.mark.parametrize("comm", [b"runc:[2:INIT]", b"runc:[0:PARENT]"])
def test_a_runtime_half_way_is_not_claimed(comm):
    capture, sandbox = nginx()
    assert sandbox.pid is not None
    shim = node_facts(capture, "-").processes[sandbox.pid].ppid
    capture = copied(capture, pid_of(sandbox, "app"), 900001, comm=comm, parent=shim, cgroup_of=162)
    assert node_facts(capture, "-").processes[shim].comm.startswith("containerd-shim")
    assert sandbox_of(inspect_capture(capture, "-"), "nginx").strangers == []


def test_parents_that_make_a_ring_end():
    capture, sandbox = nginx()
    app = pid_of(sandbox, "app")
    for pid, parent in ((900001, 900002), (900002, 900001)):
        capture = copied(capture, app, pid, comm=b"ring", parent=parent, cgroup_of=162)
    (stranger,) = sandbox_of(inspect_capture(capture, "-"), "nginx").strangers
    assert (stranger.pid, stranger.descendants) == (900001, 1)


def test_proofs_are_there_only_where_asked_for_and_print_the_inodes():
    capture, sandbox = nginx()
    assert sandbox.proofs is None
    proofs = sandbox_of(inspect_capture(capture, "-", prove=True), "nginx").proofs or []
    told = {each.command: each.prints for each in proofs}
    assert told[f"readlink /proc/{sandbox.pid}/task/{sandbox.pid}/ns/net"] == f"net:[{sandbox.namespaces['net'].inode}]"
    assert len(proofs) == 8 * (2 + len(sandbox.containers))
