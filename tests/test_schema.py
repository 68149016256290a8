"""The published schema is the code's, and what is printed fits it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from kubectl_pause.cli.main import run
from kubectl_pause.facts.capture import read_capture
from kubectl_pause.inspect_node import inspect_capture
from kubectl_pause.schema import DOCUMENTS, schema_of
from kubectl_pause.watch_report import WatchedPause, WatchEnd, WatchStart, WatchTick
from tests.recorded_nodes import NODES, RECORDED, recorded_capture

DOCS = Path(__file__).parents[1] / "docs"
CAPTURES = sorted(path for path in RECORDED.rglob("*.capture") if path.is_file())


def strict(document: str) -> Draft202012Validator:
    """Refuses fields that the schema does not know, too."""
    made: dict[str, Any] = json.loads((DOCS / f"{document}.schema.json").read_text())
    for definition in made["$defs"].values():
        definition["additionalProperties"] = False
    return Draft202012Validator(made)


def wrong(document: str, value: object) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in strict(document).iter_errors(value)]


def report_with(*nodes: dict[str, Any]) -> dict[str, Any]:
    head = {"apiVersion": "pause-inspect/v1", "kind": "Report", "toolVersion": "1", "startedAt": "2026-01-02T03:04:05Z", "seconds": None}
    return {**head, "nodes": list(nodes), "answers": [], "explanations": [], "errors": []}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_is_published_and_printed_is_made_of_the_code(document, capsys):
    published = (DOCS / f"{document}.schema.json").read_text()
    assert json.loads(published) == schema_of(document), f"run: kubectl pause-inspect schema {document} >docs/{document}.schema.json"
    Draft202012Validator.check_schema(json.loads(published))
    assert run(["schema", document]) == 0
    assert capsys.readouterr().out == published


@pytest.mark.parametrize("node", NODES)
def test_the_report_of_each_recorded_node_fits(node):
    report = inspect_capture(recorded_capture(node), node, prove=True)
    assert wrong("report", report_with(msgspec.to_builtins(report))) == []
    assert report.sandboxes


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_report_of_each_saved_capture_fits_as_it_is_printed(path, capsys):
    assert run(["node", "--from", str(path), "-o", "json"]) == 0
    assert wrong("report", json.loads(capsys.readouterr().out)) == []


@pytest.mark.parametrize("words", [["who", "no-such-pod"], ["who", "pid 1"], ["zombies"]])
def test_answers_and_failures_fit(words, capsys):
    run([*words, "--from", str(RECORDED / "reaping" / "later.capture"), "-o", "json"])
    printed = json.loads(capsys.readouterr().out)
    assert wrong("report", printed) == []
    assert printed["answers"] or printed["errors"] or printed["nodes"]


def test_a_field_that_is_missing_unknown_or_of_a_wrong_type_does_not_fit():
    capture = read_capture((RECORDED / "kind-collector" / "with-crictl.capture").read_bytes(), "c")
    node = msgspec.to_builtins(inspect_capture(capture, "c"))
    sandbox = node["sandboxes"][0]
    assert wrong("report", report_with(node)) == []
    for changed in ({**sandbox, "pid": "904"}, {**sandbox, "podUid": "x"}, {**sandbox, "holder": "somebody"}):
        assert wrong("report", report_with({**node, "sandboxes": [changed]})) != []
    del sandbox["attempt"]
    assert wrong("report", report_with(node)) == ["$.nodes[0].sandboxes[0]: 'attempt' is a required property"]


def test_lines_of_a_watch_fit():
    pause = WatchedPause(namespace="shop", pod="web", uid="u", pid=904, adopts=True)
    moment: dict[str, str] = {"node": "n", "time": "2026-01-02T03:04:05Z"}
    told: dict[str, Any] = {**moment, "seconds": 1.0, "lost": 0, "exact": True, "pauses": [pause]}
    lines = [WatchStart(**moment, source="tracefs", pauses=[pause]), WatchTick(**told), WatchEnd(**told, complete=True)]
    assert [wrong("watch", msgspec.to_builtins(line)) for line in lines] == [[], [], []]
    assert wrong("watch", {**msgspec.to_builtins(lines[0]), "kind": "tick"}) != []


def test_fields_are_described_by_the_names_that_are_printed():
    definitions = schema_of("report")["$defs"]
    assert definitions["Sandbox"]["properties"]["holder"]["description"].startswith("`holder`: `pause`, `other`")
    assert "`createdAt`" in definitions["Sandbox"]["properties"]["createdAt"]["description"]
    assert "created_at" not in json.dumps(definitions)


def test_a_document_that_does_not_exist_is_refused(capsys):
    assert run(["schema", "nothing"]) == 1
    assert "it is one of report, watch" in capsys.readouterr().err
