"""`check`: worst first, one line where nothing is wrong, and an exit code for a script."""

from __future__ import annotations

import json

import pytest

from tests.recorded_nodes import RECORDED

TWO_LOOKS = [word for name in ("earlier", "later") for word in ("--from", str(RECORDED / "reaping" / f"{name}.capture"))]
LIKELY = ["--from", str(RECORDED / "vm-cgroup-v2" / "steady-1.capture")]


def test_a_healthy_node_is_one_line_with_how_much_was_looked_at(cluster, command):
    ended = command("check")
    assert (ended.code, ended.err) == (0, "")
    [line] = ended.out.splitlines()
    assert line.startswith("nothing wrong; looked at: 1 node, ")
    assert " sandboxes, " in line
    assert cluster.left == []


def test_the_worst_stands_first_and_the_sum_last(command):
    ended = command("check", *LIKELY, "-o", "wide")
    rows = [line.split()[0] for line in ended.out.splitlines()]
    assert rows[0] == "SEVERITY"
    assert rows[1:-1] == sorted(rows[1:-1], key=["critical", "warning", "info"].index)
    assert ended.out.splitlines()[-1].startswith("5 warning, 2 info; looked at: 1 node, 21 sandboxes")


@pytest.mark.parametrize(
    ("captures", "words", "code"),
    [
        (TWO_LOOKS, ["--fail-on", "warning"], 3),
        (TWO_LOOKS, ["--fail-on", "info"], 3),
        (TWO_LOOKS, ["--fail-on", "critical"], 0),
        (TWO_LOOKS, [], 0),
        (TWO_LOOKS, ["--fail-on", "warning", "--ignore", "zombie/no-init", "--ignore", "zombie/application"], 0),
        (LIKELY, ["--fail-on", "warning"], 0),
    ],
    ids=["warning", "info", "nothing so bad", "not asked", "ignored", "only likely"],
)
def test_the_exit_code_tells_of_what_is_certain(command, captures, words, code):
    assert command("check", *captures, *words).code == code


def test_a_node_that_fails_counts_for_more_than_what_was_found(command, tmp_path):
    (tmp_path / "no").write_text("x")
    assert command("check", *TWO_LOOKS, "--from", str(tmp_path / "no"), "--fail-on", "warning").code == 1


def test_rows_for_a_script(command):
    ended = command("check", *TWO_LOOKS, "-o", "custom-columns=CODE:.code,POD:.pod.name,NODE:.node")
    assert ended.out.splitlines()[1].split() == ["zombie/application", "hostpid", "pause-inspect-e2e-control-plane"]
    assert json.loads(command("check", *TWO_LOOKS, "-o", "json").out)["nodes"][0]["sandboxes"] != []


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--fail-on", "bad"], "--fail-on: 'bad' is not a severity"),
        (["--sample", "2s"], "--sample has no effect here"),
        (["-n", "default"], "--namespace has no effect here"),
        (["no-such-node"], "no capture of node 'no-such-node'"),
    ],
)
def test_bad_input(command, words, what):
    ended = command("check", *TWO_LOOKS, *words)
    assert ended.code == 1
    assert what in ended.errors[0][0]


def test_the_node_is_named_where_there_are_several(command):
    ended = command("check", *TWO_LOOKS, *LIKELY, "-o", "wide")
    heading, *rows, _ = ended.out.splitlines()
    assert heading.startswith("NODE ")
    report = json.loads(command("check", *TWO_LOOKS, *LIKELY, "-o", "json").out)
    assert {row.split()[0] for row in rows} == {node["name"] for node in report["nodes"]}


def test_codes_that_the_config_file_leaves_out(command, tmp_path, monkeypatch):
    folder = tmp_path / "config" / "kubectl-pause-inspect"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("ignoreFindings: [zombie/no-init]\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert command("check", *TWO_LOOKS, "--fail-on", "warning").code == 3
    assert "zombie/no-init" not in command("check", *TWO_LOOKS).out
    assert command("check", *TWO_LOOKS, "--fail-on", "warning", "--ignore", "zombie/application").code == 0
    (folder / "config.yaml").write_text("ignoreFindings: zombie/no-init\n")
    assert "ignoreFindings: a list of names is needed" in command("check", *TWO_LOOKS).errors[0][0]
