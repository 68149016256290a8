"""Take facts away from a recorded node: the report still comes, says less, and never says what is not so."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_pause import notes
from kubectl_pause.facts.api import ApiView
from kubectl_pause.facts.capture import Capture, Section
from kubectl_pause.facts.kernel.process import parse_processes
from kubectl_pause.inspect_node import inspect_capture
from kubectl_pause.render.documents.document import as_json, as_yaml
from kubectl_pause.render.node_view import node_view
from kubectl_pause.render.pod_view import pod_view
from kubectl_pause.report import NodeReport, Report
from tests.nodes.report_lines import collected, kind_with_api, line, sandbox_of
from tests.recorded_nodes import recorded_capture

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubectl_pause.facts.kernel.process import Process

CAPTURES: dict[str, Callable[[], Capture]] = {
    "kind": kind_with_api,
    "collected": lambda: collected("with-crictl"),
    "collected without crictl": lambda: collected("without-crictl"),
    "containerd": lambda: recorded_capture("containerd-1.7.24"),
    "cri-o": lambda: recorded_capture("crio-1.34.11"),
    "cri-o without crictl": lambda: recorded_capture("crio-1.34.11-infra", crictl=False),
}


@cache
def processes_of(name: str) -> Mapping[int, Process]:
    return parse_processes(CAPTURES[name]().content("proc"))


@cache
def whole(name: str) -> NodeReport:
    return inspect_capture(CAPTURES[name](), "-")


def without_section(capture: Capture, name: str) -> Capture:
    return replace(capture, sections={key: section for key, section in capture.sections.items() if key != name})


def without_process(capture: Capture, pid: int) -> Capture:
    rows = [row for row in capture.content("proc").split(b"\n") if not row.startswith((f"{pid}/".encode(), f"'{pid}/".encode()))]
    return replace(capture, sections={**capture.sections, "proc": Section(b"\n".join(rows))})


def without_bundle(capture: Capture, identifier: str) -> Capture:
    return replace(capture, bundles=tuple(each for each in capture.bundles if each.container_id != identifier))


def check(name: str, report: NodeReport) -> None:
    """What holds of any report of that node, however little it was made from."""
    processes = processes_of(name)
    for sandbox in report.sandboxes:
        assert (sandbox.pid is None) == (sandbox.holder in ("none", "virtual"))
        held = [(sandbox.pid, sandbox.namespaces), *((each.pid, each.namespaces) for each in sandbox.containers)]
        for pid, namespaces in held:
            if pid is None:
                continue
            assert processes[pid].namespaces.keys() >= {kind for kind, each in (namespaces or {}).items() if each.inode}
            for kind, namespace in (namespaces or {}).items():
                assert namespace.inode in (None, processes[pid].namespaces.get(kind))
        for container in sandbox.containers:
            assert (container.namespaces is None) == (container.pid is None)
            for kind, each in (container.namespaces or {}).items():
                if each.sharing == "host":
                    assert each.inode == processes[1].namespaces[kind]
                if each.sharing == "pod":
                    assert each.inode == sandbox.namespaces[kind].inode
    document = Report(tool_version="0", started_at="", nodes=[report], errors=[])
    assert as_json(document)
    assert as_yaml(document)
    assert node_view(document, wide=True, width=None, headings=True, colour=False)
    pod_view(document, wide=False, width=80, colour=True)


@pytest.mark.parametrize("name", CAPTURES)
def test_any_one_section_may_be_missing(name):
    capture = CAPTURES[name]()
    for section in capture.sections:
        report = inspect_capture(without_section(capture, section), "-")
        check(name, report)
        if section == "proc":
            assert all(sandbox.pid is None for sandbox in report.sandboxes)
        if section in ("crictl.pods", "crictl.ps"):
            assert report.sources.crictl is None
            assert all(sandbox.created_at is None for sandbox in report.sandboxes)


@pytest.mark.parametrize("name", CAPTURES)
def test_any_one_command_may_have_failed_and_the_sources_say_so(name):
    capture = CAPTURES[name]()
    for section in [each for each in capture.sections if each.startswith("crictl.") and each != "crictl.version"]:
        for failed in (Section(b"", 1, ("level=fatal msg=no",)), Section(b"NAME:\n   crictl\n", 0), Section(b'{"items": [', 0)):
            report = inspect_capture(replace(capture, sections={**capture.sections, section: failed}), "-")
            check(name, report)
            assert any(note.startswith(section.replace(".", " ")) for note in report.sources.notes)


@pytest.mark.parametrize("name", ["collected", "containerd", "cri-o", "cri-o without crictl"])
def test_any_one_bundle_or_process_may_be_missing_and_only_its_own_pod_changes(name):
    capture = CAPTURES[name]()
    before = {sandbox.id: line(sandbox) for sandbox in whole(name).sandboxes}
    pids = [pid for sandbox in whole(name).sandboxes for pid in (sandbox.pid, *(each.pid for each in sandbox.containers)) if pid]
    for pid in pids:
        report = inspect_capture(without_process(capture, pid), "-")
        check(name, report)
        now = {sandbox.id: line(sandbox) for sandbox in report.sandboxes}
        assert len({identifier for identifier in before if now.get(identifier) != before[identifier]}) == 1, pid
        assert f":{pid}" not in " ".join(now.values()).split()
    for bundle in capture.bundles:
        report = inspect_capture(without_bundle(capture, bundle.container_id), "-")
        check(name, report)
        now = {sandbox.id: line(sandbox) for sandbox in report.sandboxes}
        changed = {identifier for identifier in before if now.get(identifier) != before[identifier]}
        assert len({before[identifier].split("#")[0].lstrip("*") for identifier in changed}) <= 1


@settings(max_examples=60)
@given(name=st.sampled_from(sorted(CAPTURES)), data=st.data())
def test_any_set_of_facts_may_be_missing(name, data):
    capture = CAPTURES[name]()
    rows = capture.content("proc").split(b"\n")
    for section in data.draw(st.sets(st.sampled_from(sorted(capture.sections)), max_size=3)):
        capture = without_section(capture, section)
    gone = data.draw(st.sets(st.sampled_from([each.container_id for each in capture.bundles] or [""])))
    capture = replace(capture, bundles=tuple(each for each in capture.bundles if each.container_id not in gone))
    if "proc" in capture.sections:
        lost = data.draw(st.sets(st.integers(0, len(rows) - 1), max_size=200))
        kept = b"\n".join(row for index, row in enumerate(rows) if index not in lost)
        capture = replace(capture, sections={**capture.sections, "proc": Section(kept)})
    check(name, inspect_capture(capture, "-"))


def test_a_pid_that_the_runtime_names_is_not_believed_when_its_cgroup_is_another_s():
    capture = recorded_capture("containerd-1.7.24")
    web, other = sandbox_of(whole("containerd"), "web"), sandbox_of(whole("containerd"), "guaranteed")
    moved = capture.content("crictl.inspectp").replace(f'"pid":{web.pid},'.encode(), f'"pid":{other.pid},'.encode())
    assert moved != capture.content("crictl.inspectp")
    bundles = tuple(replace(each, pid=other.pid) if each.container_id == web.id else each for each in capture.bundles)
    report = inspect_capture(replace(capture, sections={**capture.sections, "crictl.inspectp": Section(moved, 0)}, bundles=bundles), "-")
    assert sandbox_of(report, "web").pid == web.pid
    gone = without_process(
        replace(capture, sections={**capture.sections, "crictl.inspectp": Section(moved, 0)}, bundles=bundles), web.pid or 0
    )
    left = sandbox_of(inspect_capture(gone, "-"), "web")
    assert (left.pid, left.holder) == (None, "none")
    assert f"the runtime names pid {other.pid}, whose cgroup is that of {other.id[:13]}" in left.notes


def test_a_pod_that_the_api_was_not_asked_about_is_not_called_unknown_to_it():
    capture = recorded_capture("containerd-1.7.24")
    nothing = replace(capture, api=b'{"capturedAt":"","nodeName":"worker","pods":[]}')
    report = inspect_capture(nothing, "-")
    assert report.name == "worker"
    assert not report.sources.api
    assert not any(notes.NOT_IN_API in sandbox.notes for sandbox in report.sandboxes)
    others = replace(capture, api=b'{"capturedAt":"","nodeName":"worker","pods":[{"metadata":{"name":"x","uid":"1"}}]}')
    assert all(notes.NOT_IN_API in sandbox.notes for sandbox in inspect_capture(others, "-").sandboxes)


def test_an_inspector_pod_is_known_by_its_uid_whatever_its_name():
    import msgspec

    capture = kind_with_api()
    assert capture.api is not None
    view = msgspec.json.decode(capture.api, type=ApiView)
    own = next(pod.metadata.uid for pod in view.pods if pod.metadata.name == "nginx")
    report = inspect_capture(replace(capture, api=msgspec.json.encode(msgspec.structs.replace(view, inspector_uid=own))), "-")
    assert "nginx" not in [each.pod.name for each in report.sandboxes] + [each.pod.name for each in report.pods_without_sandbox]
    assert len(report.sandboxes) == len(whole("kind").sandboxes) - 1
