"""The views of recorded nodes as they look, in `expected/`; `UPDATE_EXPECTED=1` writes those files anew."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_pause import report as document
from kubectl_pause.analysis.node_report import node_report
from kubectl_pause.render.document import as_json, as_yaml
from kubectl_pause.render.node_view import node_view, running
from kubectl_pause.render.pod_view import pod_view
from kubectl_pause.report import Container, NodeReport, Report, Sandbox
from tests.analysis.report_lines import collected, kind_with_api, recorded_report
from tests.recorded_nodes import NODES

EXPECTED = Path(__file__).parent / "expected"
HOSTILE = "x\x1b[31m\r\n\u202e\x00\x7f\x9b[bold]\u2028\ud800"


def whole(*nodes: NodeReport) -> Report:
    return Report(tool_version="0.0.0", started_at="2026-11-23T22:00:00Z", seconds=0.5, nodes=list(nodes), errors=[])


REPORTS = {
    **{f"{name}{'' if crictl else '-without-crictl'}": (name, crictl) for name in NODES for crictl in (True, False)},
}


def report_of(name: str) -> Report:
    if name == "kind":
        return whole(node_report(kind_with_api(), "-"))
    if name.startswith("collected"):
        return whole(node_report(collected("without-crictl" if "without" in name else "with-crictl"), "-"))
    node, crictl = REPORTS[name]
    return whole(recorded_report(node, crictl=crictl))


EVERY = [*REPORTS, "kind", "collected", "collected-without-crictl"]


@pytest.mark.parametrize("name", ["collected", "collected-without-crictl", "crio-1.34.11-infra", "containerd-1.6.20"])
@pytest.mark.parametrize("shape", ["80", "wide"])
@pytest.mark.parametrize("view", ["node", "pod"])
def test_a_view_looks_as_it_looked(name, shape, view):
    wide, width = shape == "wide", None if shape == "wide" else 80
    report = report_of(name)
    shown = (
        node_view(report, wide=wide, width=width, headings=True, colour=False)
        if view == "node"
        else pod_view(report, wide=wide, width=width, colour=False)
    )
    path = EXPECTED / f"{view}-{name}-{shape}.txt"
    if os.environ.get("UPDATE_EXPECTED"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EVERY)
def test_no_line_is_wider_than_a_terminal_of_80(name):
    report = report_of(name)
    shown = node_view(report, wide=False, width=80, headings=True, colour=False) + pod_view(report, wide=False, width=80, colour=False)
    assert [each for each in shown.split("\n") if len(each) > 80] == []


@pytest.mark.parametrize("name", EVERY)
def test_ids_in_the_node_view_are_beginnings_that_crictl_takes_and_every_sandbox_has_its_line(name):
    report = report_of(name)
    [node] = report.nodes
    rows = node_view(report, wide=False, width=80, headings=False, colour=False).split("\n\n")[0].splitlines()  # findings come below
    ids = [row.split()[1] for row in rows]
    for sandbox, shown in zip(node.sandboxes, ids, strict=False):
        assert sandbox.id.startswith(shown)
        assert len(shown) >= 8
    assert len(rows) == len(node.sandboxes) + len(node.pods_without_sandbox)


def test_several_nodes_have_a_line_each_that_names_them():
    report = whole(recorded_report("containerd-1.6.20"), recorded_report("crio-1.34.11"))
    shown = node_view(report, wide=False, width=80, headings=True, colour=False).splitlines()
    assert shown[0] == "Node containerd-1.6.20 (containerd 1.6.20~ds1, kernel 6.18.0, cgroup unknown)"
    assert "Node crio-1.34.11 (cri-o 1.34.11, kernel 6.18.0, cgroup v1)" in shown


def test_running_counts_as_kubectl_s_ready_without_init_containers():
    states = [("app", "running"), ("init", "exited"), ("sidecar", "running"), ("ephemeral", "exited")]
    kinds: list[Any] = [Container(name="x", kind=kind, state=state) for kind, state in states]  # type: ignore[arg-type]
    assert running(kinds) == "2/3"


def test_colour_only_adds_colour():
    report = report_of("collected")
    plain = pod_view(report, wide=False, width=80, colour=False)
    coloured = pod_view(report, wide=False, width=80, colour=True)
    assert coloured != plain
    assert [each.rstrip() for each in re.sub(r"\x1b\[\d+m", "", coloured).split("\n")] == plain.split("\n")


# --- the document -----------------------------------------------------------------------------------------------------------


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def absent(kind: Any, value: Any, at: str) -> list[str]:
    """Fields of a msgspec type that a printed object lacks, anywhere below it."""
    found = [f"{at}.{camel(each)}" for each in kind.__struct_fields__ if camel(each) not in value]
    below = {
        "nodes": document.NodeReport, "sandboxes": document.Sandbox, "containers": document.Container, "pod": document.PodIdentity,
        "sources": document.Sources, "podsWithoutSandbox": document.PodWithoutSandbox,
    }  # fmt: skip
    for key, child in below.items():
        if not isinstance(value.get(key), str):
            for index, item in enumerate([value[key]] if isinstance(value.get(key), dict) else value.get(key) or []):
                found += absent(child, item, f"{at}.{key}[{index}]")
    return found


@pytest.mark.parametrize("name", EVERY)
def test_json_has_every_field_null_where_unknown_and_yaml_is_the_same_document(name):
    report = report_of(name)
    printed = as_json(report)
    loaded = json.loads(printed)
    assert absent(Report, loaded, "report") == []
    assert yaml.safe_load(as_yaml(report)) == loaded
    assert msgspec.json.decode(printed, type=Report) == report
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", printed + as_yaml(report))


def hostile(report: Report, text: str) -> Report:
    """The report with `text` in every free string of it."""
    node = report.nodes[0]
    sandboxes: list[Sandbox] = []
    for each in node.sandboxes:
        pod = msgspec.structs.replace(each.pod, name=text, namespace=text, owner=text, phase=text)
        containers = [msgspec.structs.replace(container, name=text, state=text, reason=text) for container in each.containers]
        sandboxes.append(
            msgspec.structs.replace(
                each, pod=pod, containers=containers, ips=[text], image=text, runtime_handler=text, holder_command=text, notes=[text]
            )
        )
    failure = document.Failure(reason="X", message=text, hint=text, node=text, pod=text)
    changed = msgspec.structs.replace(node, name=text, kernel=text, os=text, sandboxes=sandboxes)
    return msgspec.structs.replace(report, nodes=[changed], errors=[failure])


def test_a_name_of_a_megabyte_does_not_fill_the_screen():
    report = hostile(few_of("collected"), "n" * 1_000_000)
    for wide in (False, True):
        assert len(node_view(report, wide=wide, width=80, headings=True, colour=False)) < 20_000
        assert len(pod_view(report, wide=wide, width=80, colour=False)) < 20_000


def few_of(name: str) -> Report:
    report = report_of(name)
    node = report.nodes[0]
    return msgspec.structs.replace(report, nodes=[msgspec.structs.replace(node, sandboxes=node.sandboxes[:2], pods_without_sandbox=[])])


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.just(HOSTILE), st.text(alphabet=st.characters(), max_size=80)))
def test_hostile_text_reaches_no_output_raw(text):
    report = hostile(few_of("collected"), text)
    raw = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
    shown = [
        as_json(report), as_yaml(report),
        node_view(report, wide=False, width=80, headings=True, colour=False),
        node_view(report, wide=True, width=None, headings=True, colour=False),
        pod_view(report, wide=False, width=80, colour=False), pod_view(report, wide=True, width=None, colour=False),
    ]  # fmt: skip
    for output in shown:
        assert not raw.search(output)
    assert json.loads(shown[0])["nodes"][0]["name"] == text
    if not re.search("[\ud800-\udfff]", text):
        assert yaml.safe_load(shown[1]) == json.loads(shown[0])
    lines = shown[2].splitlines()
    assert len(lines) == 1 + 2
