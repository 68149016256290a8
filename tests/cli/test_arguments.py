"""What the tables print is taken back, kubectl's names for things are understood, and no flag is ignored in silence."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from kubectl_pause.cli.app import HEADINGS, VERBS, app_with
from kubectl_pause.cli.argument_order import verb_asked
from tests.cli.fake_cluster import NODE
from tests.nodes.report_lines import collected_bytes

GROUP: Any = typer.main.get_command(app_with(VERBS))
ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "guides").glob("*.md")]


@pytest.fixture
def capture(tmp_path: Path) -> str:
    path = tmp_path / "c"
    path.write_bytes(collected_bytes("with-crictl"))
    return str(path)


def pods(ended) -> list[str]:
    assert (ended.code, ended.err) == (0, "")
    return [sandbox["pod"]["name"] for node in json.loads(ended.out)["nodes"] for sandbox in node["sandboxes"]]


@pytest.mark.parametrize(
    "words",
    ["pod default/nginx", "po nginx", "pods pod/nginx", "pod nginx/web", "pod default/nginx/web", "pod nginx/web -n default",
     "pod fd3ef603011d5", "pod 763c58692a25f", "zombies default/nginx"],
)  # fmt: skip
def test_a_pod_of_a_capture_is_named_by_whatever_a_table_prints_of_it(command, capture, words):
    assert pods(command(*words.split(), "--from", capture, "-o", "json")) == ["nginx"]


@pytest.mark.parametrize(
    "words", ["pod kube-system/nginx", "pod nginx/nope", "pod default/nginx/nope", "pod fd3ef60301ff", "pod default/nginx -n x"]
)
def test_what_is_not_in_a_capture_is_not_found(command, capture, words):
    ended = command(*words.split(), "--from", capture)
    assert ended.code == 1
    assert "not found in" in ended.errors[0][0]


@pytest.mark.parametrize(
    "words", ["pod default/rec-nginx", "pod -n default rec-nginx/sidecar", "po default/rec-nginx/sidecar", "zombies default/rec-nginx"]
)
def test_a_pod_of_a_cluster_is_named_by_whatever_a_table_prints_of_it(cluster, command, words):
    assert pods(command(*words.split(), "-o", "json")) == ["rec-nginx"]


@pytest.mark.parametrize(
    ("words", "what", "then"),
    [
        ("pod default/rec-ngin", "pod 'rec-ngin' not found in namespace 'default', and pod 'default' with a container", "rec-nginx"),
        ("pod default/rec-nginx/nope", "'default/rec-nginx' is no pod with a container 'nope'", "rec-nginx"),
        ("pod -n default fd3ef603", "pod 'fd3ef603' not found", "kubectl pause-inspect who fd3ef603 --all"),
    ],
)
def test_what_is_not_on_a_cluster_is_not_found_in_any_of_its_readings(cluster, command, words, what, then):
    ended = command(*words.split())
    assert ended.code == 1
    [(message, hint)] = ended.errors
    assert what in message
    assert then in hint


@pytest.mark.parametrize(
    "words",
    [f"node node/{NODE}", f"nodes no/{NODE}", f"no nodes/{NODE}", f"node --node {NODE}", f"zombies --node node/{NODE} --sample 0",
     f"zombies node/{NODE} --sample 0", f"check no/{NODE} --sample 0", f"check --node {NODE} --sample 0",
     f"report node/{NODE} -f - --sample 0", f"report --node no/{NODE} -f - --sample 0"],
)  # fmt: skip
def test_a_node_is_named_as_kubectl_names_it_with_or_without_the_flag(cluster, command, words):
    assert command(*words.split()).code == 0
    assert [made["spec"]["nodeName"] for made in cluster.created] == [NODE]


@pytest.mark.parametrize("words", [[], [NODE], ["--node", NODE], [f"node/{NODE}"]])
def test_a_snapshot_is_of_the_node_named_or_of_the_only_one(cluster, command, tmp_path, words):
    assert command("snapshot", *words, "-f", str(tmp_path / "c")).code == 0
    ended = command("snapshot", NODE, "--node", "other", "-f", str(tmp_path / "d"))
    assert (ended.code, ended.errors[0][0]) == (1, f"a snapshot is of one node, not of {NODE}, other")


@pytest.mark.parametrize("verb", [["pod"], ["zombies", "--sample", "0"], ["zombies", "--inside"], ["report", "-f", "-"]])
def test_a_pod_of_one_namespace_with_a_flag_for_another_is_an_error_of_both(cluster, command, verb):
    ended = command(*verb, "default/rec-nginx", "-n", "kube-system")
    message = "pod default/rec-nginx is not in namespace 'kube-system', which -n names"
    assert (ended.code, ended.out, ended.errors) == (1, "", [(message, "leave out -n, or the namespace 'default'")])
    assert cluster.created == []
    assert command("pod", "default/rec-nginx", "-n", "default").code == 0


def test_a_node_of_a_capture_is_named_as_kubectl_names_it(command, capture):
    assert command("node", "node/pause-inspect-e2e-control-plane", "--from", capture).code == 0


@pytest.mark.parametrize(
    ("words", "flag", "why"),
    [
        ("node --from F -n x", "--namespace", "all namespaces"),
        ("node --from F --context x", "--context", "asks no cluster"),
        ("node --from F --timeout 3s", "--timeout", "asks no cluster"),
        ("pod x --from F --image x", "--image", "asks no cluster"),
        ("pod x --from F --no-crictl", "--crictl", "asks no cluster"),
        ("who 1 --from F --fds", "--fds", "asks no cluster"),
        ("zombies --from F --sample 2s", "--sample", "asks no cluster"),
        ("who 1 --local --context x", "--context", "asks no cluster"),
        ("zombies --local -n x", "--namespace", "all zombies of a node"),
        ("zombies node/a -n x", "--namespace", "all zombies of a node"),
        ("report node/a -f - -n x", "--namespace", "whole nodes"),
        ("zombies --all -n x", "--namespace", "all zombies of a node"),
        ("zombies --no-tracefs", "--tracefs", "--watch"),
        ("zombies --sort-by PID", "--sort-by", "only with -o wide"),
        ("zombies -w --no-headers", "--no-headers", "--watch"),
        ("pod -A -n x", "--namespace", "-A is all"),
        ("pod x --sort-by POD", "--sort-by", "custom-columns"),
        ("node -o json --no-headers", "--no-headers", "-o json has no headings"),
        ("node -o jsonpath={.x} --sort-by POD", "--sort-by", "-o jsonpath prints the report as it is"),
        ("who 1 --no-headers", "--no-headers", "only with -o wide"),
        ("snapshot n -f f -n x", "--namespace", "all namespaces"),
    ],
)
def test_a_flag_without_effect_is_an_error_that_says_why(command, capture, words, flag, why):
    ended = command(*(capture if word == "F" else word for word in words.split()))
    assert (ended.code, ended.out) == (1, "")
    [(message, hint)] = ended.errors
    assert message.startswith(f"{flag} has no effect here: ")
    assert why in message
    assert hint == f"leave out {flag}"


@pytest.mark.parametrize(
    "words",
    ["snapshot n -f - --parallel 2", "who 1 --args", "access --via ds/x", "access --keep 5m", "access --parallel 2", "access --no-crictl"],
)
def test_a_flag_that_never_has_an_effect_is_not_there(cluster, command, words):
    ended = command(*words.split())
    assert (ended.code, ended.out) == (1, "")
    [(message, hint)] = ended.errors
    assert message.startswith("No such option: ")
    assert hint == f"kubectl pause-inspect {words.split()[0]} --help"


def test_the_environment_is_no_flag(command, capture, monkeypatch):
    monkeypatch.setenv("PAUSE_INSPECT_IMAGE", "x")
    assert command("node", "--from", capture).code == 0


def test_headings_of_every_table_can_be_left_out(command, capture):
    shown, bare = (command("pod", "nginx", "--from", capture, *more).out for more in ([], ["--no-headers"]))
    headings = re.compile("^(CONTAINER|NAMESPACES) .*\n", re.MULTILINE)
    assert len(headings.findall(shown)) == 2
    assert headings.sub("", shown).split() == bare.split()


@pytest.mark.parametrize(
    ("words", "same"), [("--version", "version"), ("help", "--help"), ("help pods", "pod --help"), ("help no", "node --help")]
)
def test_what_every_program_has_is_there(command, words, same):
    assert command(*words.split()) == command(*same.split())
    assert command(*words.split()).code == 0


def test_options_has_each_flag_of_the_connection_and_the_verbs_do_not_repeat_them(command):
    listed = re.findall(r"--[a-z-]+", command("options").out)
    assert {"--context", "--as-group", "--server", "--insecure-skip-tls-verify", "--request-timeout"} <= set(listed)
    hidden = {name for parameter in GROUP.commands["pod"].params if getattr(parameter, "hidden", False) for name in parameter.opts}
    assert hidden == {name for name in hidden if name in listed or len(name) == 2}
    shown = command("pod", "--help").out
    assert "--context" not in shown
    assert 'Use "kubectl pause-inspect options"' in shown
    assert "--namespace" in shown


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_examples_and_is_described_by_a_whole_sentence(command, verb):
    assert "Examples:\n    kubectl pause-inspect " in command(verb, "--help").out
    overview = " ".join(command("--help").out.split())
    assert " ".join((GROUP.commands[verb].help or "").split("\n\n")[0].split()) in overview
    assert "..." not in overview.replace("[ARGS]...", "")


def test_verbs_and_flags_stand_under_headings(command):
    overview = command("--help").out
    headings = ["Options", *HEADINGS]
    assert re.findall(r"^([A-Z][\w -]+):$", overview, re.MULTILINE) == headings
    for heading, verbs in HEADINGS.items():
        section = overview.partition(f"\n{heading}:\n")[2].partition("\n\n")[0]
        assert re.findall(r"^  (\w+) ", section, re.MULTILINE) == list(verbs)
    shown = command("pod", "--help").out
    assert re.findall(r"^(Arguments|Options|Reading nodes|Output):$", shown, re.MULTILINE) == [
        "Arguments",
        "Options",
        "Reading nodes",
        "Output",
    ]
    assert (
        shown.index("--namespace")
        < shown.index("Reading nodes:")
        < shown.index("--image ")
        < shown.index("Output:")
        < shown.index("--sort-by")
    )


@pytest.mark.parametrize("verb", VERBS)
def test_no_switch_has_its_own_name_as_its_default(command, verb):
    assert re.findall(r"\[default:\s+(?:crictl|tracefs|engines)\]", command(verb, "--help").out) == []


def examples() -> list[str]:
    of_help = [line for verb in GROUP.commands.values() for line in (verb.help or "").splitlines()]
    of_pages = [
        line.removeprefix("$ ").split("#")[0] for page in PAGES for line in page.read_text().splitlines() if not line.startswith("|")
    ]
    return sorted({line.strip() for line in of_help + of_pages if line.strip().startswith("kubectl pause-inspect ")})


@pytest.mark.parametrize("example", examples())
def test_each_example_is_a_command_line_that_is_understood(example):
    verb, *words = verb_asked(shlex.split(example)[2:])
    assert GROUP.commands[verb].make_context(verb, words).args == []
