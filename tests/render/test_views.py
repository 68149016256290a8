"""The views of recorded nodes as they look, in `expected/`; `UPDATE_EXPECTED=1` writes those files anew."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_pause import report as document
from kubectl_pause.inspect_node import inspect_capture
from kubectl_pause.render.documents.document import as_json, as_yaml, json_pieces
from kubectl_pause.render.node_view import node_view, running
from kubectl_pause.render.pod_view import pod_view
from kubectl_pause.report import Container, NodeReport, Report
from tests.nodes.report_lines import collected, kind_with_api, recorded_report
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
        return whole(inspect_capture(kind_with_api(), "-"))
    if name.startswith("collected"):
        return whole(inspect_capture(collected("without-crictl" if "without" in name else "with-crictl"), "-"))
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


def test_sandboxes_of_several_nodes_stand_in_one_table_and_each_row_names_its_node():
    first, second = recorded_report("containerd-1.6.20"), recorded_report("crio-1.34.11")
    shown = node_view(whole(first, second), wide=False, width=None, headings=True, colour=False).split("\n\n")[0].splitlines()
    assert shown[0].split()[:2] == ["NODE", "POD"]
    assert [row.split()[0] for row in shown[1:]] == [node.name for node in (first, second) for _ in node.sandboxes]
    bare = node_view(whole(first, second), wide=False, width=None, headings=False, colour=False).splitlines()
    assert len(bare) == len(first.sandboxes) + len(second.sandboxes)


def test_where_several_nodes_were_asked_for_one_is_named_too():
    report = report_of("collected")
    assert not node_view(report, wide=False, width=None, headings=True, colour=False).startswith("NODE")
    assert node_view(report, wide=False, width=None, headings=True, colour=False, of_many=True).startswith("NODE")


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


def absent(value: Any, printed: Any, at: str) -> list[str]:
    """Fields of a report, at any depth, that its printed form lacks."""
    if isinstance(value, msgspec.Struct):
        missing = [f"{at}.{camel(name)}" for name in value.__struct_fields__ if camel(name) not in printed]
        return missing + [
            one
            for name in value.__struct_fields__
            if camel(name) in printed
            for one in absent(getattr(value, name), printed[camel(name)], f"{at}.{camel(name)}")
        ]
    if isinstance(value, list):
        return [one for index, item in enumerate(value) for one in absent(item, printed[index], f"{at}[{index}]")]
    if isinstance(value, dict):
        return [one for key, item in value.items() for one in absent(item, printed[key], f"{at}[{key}]")]
    return []


@pytest.mark.parametrize("name", EVERY)
def test_json_has_every_field_null_where_unknown_and_yaml_is_the_same_document(name):
    report = report_of(name)
    printed = as_json(report)
    loaded = json.loads(printed)
    assert absent(report, loaded, "report") == []
    assert yaml.safe_load(as_yaml(report)) == loaded
    assert msgspec.json.decode(printed, type=Report) == report
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", printed + as_yaml(report))


@pytest.mark.parametrize("names", [[], ["collected"], ["collected", "kind", "crio-1.34.11"]])
def test_json_node_by_node_is_the_text_of_the_whole(names):
    report = whole(*(hostile(node, f'{HOSTILE}\n  "nodes": []') for name in names for node in report_of(name).nodes))
    at_once = json.dumps(msgspec.to_builtins(report), indent=2).replace("\x7f", "\\u007f") + "\n"
    assert as_json(report) == at_once
    assert len(list(json_pieces(report))) >= len(names)


def hostile(value: Any, text: str) -> Any:
    """A report, or a part of one, with `text` in every string of it that is no word of a fixed list."""
    if not isinstance(value, msgspec.Struct):
        return [hostile(item, text) for item in value] if isinstance(value, list) else value
    changed: dict[str, Any] = {}
    for name, kind in get_type_hints(type(value)).items():
        now = getattr(value, name)
        if name.endswith("_at"):  # times are made here, of numbers
            continue
        if kind in (str, str | None) and now is not None:
            changed[name] = text
        elif kind == list[str]:
            changed[name] = [text for _ in now]
        elif kind == dict[str, int]:
            changed[name] = dict.fromkeys([text], 1) if now else now
        elif isinstance(now, dict):
            changed[name] = {key: hostile(item, text) for key, item in now.items()}
        else:
            changed[name] = hostile(now, text)
    return msgspec.structs.replace(value, **changed)


def test_a_name_of_a_megabyte_does_not_fill_the_screen():
    report = hostile(few_of("collected"), "n" * 1_000_000)
    for wide in (False, True):
        assert len(node_view(report, wide=wide, width=80, headings=True, colour=False)) < 50_000
        assert len(pod_view(report, wide=wide, width=80, colour=False)) < 50_000


def few_of(name: str) -> Report:
    """Two sandboxes of a node, with something in each part of the report that a view may show."""
    report = report_of(name)
    node = report.nodes[0]
    failure = document.Failure(reason="X", message="m", hint="h", node="n", pod="p")
    finding = document.Finding(
        code="c", severity="warning", subject="s", message="m", evidence=["e"], confidence="certain", remedy="kubectl delete pod x"
    )
    stranger = document.Stranger(comm="c", pid=7, kind="joined", namespaces=["net"], container="c", parent_pid=1, parent_comm="p")
    first, second = node.sandboxes[:2]
    full = msgspec.structs.replace(first, findings=[finding], strangers=[stranger], notes=["a note"], ips=["10.0.0.1"])
    node = msgspec.structs.replace(node, sandboxes=[full, second], pods_without_sandbox=[], findings=[finding])
    return msgspec.structs.replace(report, nodes=[node], errors=[failure])


@settings(max_examples=40)
@given(st.one_of(st.just(HOSTILE), st.text(alphabet=st.characters(), min_size=1, max_size=80)))
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
    assert len(shown[3].splitlines()) == len(
        node_view(hostile(few_of("collected"), "x"), wide=True, width=None, headings=True, colour=False).splitlines()
    )
