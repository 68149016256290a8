"""`-o` in all its forms, `--sort-by`, `--no-headers`, `--help-columns`: as kubectl does it, on saved captures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.nodes.report_lines import collected_bytes

REAPING = Path(__file__).parents[1] / "recorded" / "reaping"


@pytest.fixture
def capture(tmp_path: Path) -> str:
    path = tmp_path / "c"
    path.write_bytes(collected_bytes("with-crictl"))
    return str(path)


def lines(ended):
    assert (ended.code, ended.err) == (0, "")
    return ended.out.splitlines()


def test_names_are_what_kubectl_takes_each_once(command, capture):
    names = lines(command("node", "--from", capture, "-o", "name"))
    assert names.count("pod/rec-recreated") == 1  # two sandboxes, one pod
    assert "pod/nginx" in names
    assert all(name.startswith("pod/") for name in names)
    assert lines(command("pod", "nginx", "--from", capture, "-o", "name")) == ["pod/nginx"]
    assert lines(command("who", "1219", "--from", capture, "-o", "name")) == ["pod/nginx"]
    assert "pod/no-init" in lines(command("zombies", "--from", str(REAPING / "later.capture"), "-o", "name"))


def test_jsonpath_goes_into_the_report(command, capture):
    report = json.loads(command("node", "--from", capture, "-o", "json").out)
    wanted = [f"{each['pod']['name']}={each['pid']}" for each in report["nodes"][0]["sandboxes"] if each["state"] == "ready"]
    template = '{range .nodes[*].sandboxes[?(@.state=="ready")]}{.pod.name}={.pid}{"\\n"}{end}'
    assert lines(command("node", "--from", capture, "-o", f"jsonpath={template}")) == wanted
    as_json = command("node", "--from", capture, "-o", "jsonpath-as-json={.nodes[*].sandboxes[*].id}")
    assert json.loads(as_json.out) == [each["id"] for each in report["nodes"][0]["sandboxes"]]


def test_custom_columns_are_of_the_rows(command, capture):
    words = ["node", "--from", capture, "-o", "custom-columns=POD:.pod.name,NODE:node,PIDS:{.containers[*].pid},NO:.such['a,b']"]
    shown = lines(command(*words))
    assert shown[0].split() == ["POD", "NODE", "PIDS", "NO"]
    assert shown[1].split() == ["nginx", "pause-inspect-e2e-control-plane", "1288,1319", "<none>"]
    assert lines(command(*words, "--no-headers")) == [row.rstrip() for row in shown[1:]]


def test_rows_come_in_the_order_asked_for(command, capture):
    def column(place: int, *words: str) -> list[str]:
        return [row.split()[place] for row in lines(command("node", "--from", capture, "--no-headers", *words))]

    pids = [int(pid) for pid in column(4, "--sort-by", "PID") if pid != "-"]
    assert pids == sorted(pids)
    assert column(4, "--sort-by", "pid") == column(4, "--sort-by", ".pid") == column(4, "--sort-by={.pid}")
    ages = column(4, "--sort-by", "age", "-o", "wide")
    assert (ages[0], ages[-1]) == ("11s", "14m")
    names = lines(command("node", "--from", capture, "-o", "name", "--sort-by", ".pod.namespace"))
    assert names[-1].startswith("pod/")


@pytest.mark.parametrize(
    ("words", "what", "then"),
    [
        (["-o", "go-template={{.x}}"], "-o go-template is not supported", "jsonpath"),
        (["-o", "jsonpath-file=x"], "is not supported", "cat FILE"),
        (["-o", "jsonpath"], "has no expression", "-o jsonpath='{"),
        (["-o", "jsonpath={.a[}"], "a [ is not closed (at character 4", "]"),
        (["-o", "custom-columns="], "names no columns", "--help-columns"),
        (["-o", "custom-columns=POD"], "'POD' is not HEADING:PATH", ".pod.name"),
        (["-o", "custom-columns=A:.b,"], "'' is not HEADING:PATH", ".pod.name"),
        (["-o", "csv"], "output format 'csv'", "custom-columns, json"),
        (["-o", "json=x"], "output format 'json=x'", "custom-columns, json"),
        (["--sort-by", "nope"], "no column 'nope'", "columns: NODE, POD"),
        (["--sort-by", ".nope"], "no row has a value for '.nope'", "-o json"),
        (["--sort-by", ".a["], "a [ is not closed", "]"),
        (["-o", "jsonpath={.nodes[7]}"], "no index 7 in a list of 1", "-o json"),
    ],
)
def test_an_output_that_cannot_be_is_one_error(command, capture, words, what, then):
    ended = command("node", "--from", capture, *words)
    assert (ended.code, ended.out) == (1, "")
    [(message, hint)] = ended.errors
    assert what in message
    assert then in hint


@pytest.mark.parametrize("verb", ["node", "pod", "zombies", "who", "local", "cleanup"])
def test_columns_are_listed_without_anything_being_asked(command, verb):
    shown = lines(command(verb, "--help-columns"))
    assert shown[0].split() == ["COLUMN", "PATH", "TELLS"]
    assert all(len(row.split()) >= 3 for row in shown if row)


@pytest.mark.parametrize("verb", ["node", "zombies", "who"])
def test_the_columns_listed_are_those_of_the_table_and_each_path_finds_something(command, capture, verb):
    looks = [f"--from={REAPING / name}.capture" for name in ("earlier", "later")]
    words = [verb, *(["1288", "10.244.0.4"] if verb == "who" else []), *(looks if verb == "zombies" else ["--from", capture])]
    first = command(verb, "--help-columns").out.split("\n\n")[0].splitlines()[1:]
    paths = {row.split()[0]: row.split()[1] for row in first}
    heading = next(row for row in command(*words, "-o", "wide").out.splitlines() if all(name in row.split() for name in list(paths)[1:3]))
    assert [name for name in paths if name != "NODE"] == [name for name in heading.split() if name != "NODE"]
    # a handler may be on no pod of a capture
    for name, path in paths.items():
        shown = command(*words, "-o", f"custom-columns=X:{path}", "--no-headers").out.split()
        assert set(shown) != {"<none>"} or name == "HANDLER", name


def test_each_row_of_several_nodes_names_its_own_and_findings_stay_out_of_a_script_s_way(command, capture):
    other = str(REAPING.parent / "vm-cgroup-v2" / "steady-1.capture")
    shown = lines(command("node", "--from", capture, "--from", other))
    assert shown[0].split()[:2] == ["NODE", "POD"]
    bare = lines(command("node", "--from", capture, "--from", other, "--no-headers"))
    assert {row.split()[0] for row in bare} == {"pause-inspect-e2e-control-plane", "vm-node"}
    assert all("/" in row.split()[1] for row in bare)


@pytest.mark.parametrize("verb", [["pod", "-A"], ["node"], ["zombies", "-A"], ["check"]])
def test_two_captures_of_one_node_are_two_samples_of_it_in_every_verb(command, verb):
    captures = [word for name in ("later", "earlier") for word in ("--from", str(REAPING / f"{name}.capture"))]
    [node] = json.loads(command(*verb, *captures, "-o", "json").out)["nodes"]
    later = json.loads(command(*verb, *captures[:2], "-o", "json").out)["nodes"][0]
    assert (later["windowSeconds"], node["windowSeconds"], node["capturedAt"]) == (None, 3.68, later["capturedAt"])
    assert len({each["id"] for each in node["sandboxes"]}) == len(node["sandboxes"]) == len(later["sandboxes"])


def test_a_capture_without_a_network_section_costs_its_own_ledger_only(command, capture):
    other = str(REAPING.parent / "vm-cgroup-v2" / "steady-1.capture")
    ended = command("node", "--from", capture, "--from", other, "-o", "network")
    assert (ended.code, [what.partition(": ")[0] for what, _ in ended.errors]) == (1, [capture, other])
