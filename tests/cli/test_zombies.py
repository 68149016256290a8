"""`zombies` on a cluster and from captures: what is looked at, two looks, bad input, and the summary for the message to a team."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from pathlib import Path

import pytest

from tests.cli.fake_cluster import NODE, answer
from tests.recorded_nodes import RECORDED

EARLIER, LATER, ZOO = (str(RECORDED / "reaping" / f"{name}.capture") for name in ("earlier", "later", "zoo"))


def environment(cluster) -> dict[str, str]:
    [made] = cluster.created
    return {each["name"]: each["value"] for each in made["spec"]["containers"][0]["env"]}


def test_a_quiet_node_is_one_quiet_line(cluster, command):
    ended = command("zombies", "rec-nginx", "-n", "default")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"Node      {NODE}: no zombies in 1 sandbox (one look)\n"


@pytest.mark.parametrize(
    ("flags", "seconds"), [([], "1"), (["--sample", "0"], "0"), (["--sample=2.5s"], "2.5"), (["--sample", "1m"], "60")]
)
def test_the_collector_is_told_how_long_to_wait(cluster, command, flags, seconds):
    assert command("zombies", "rec-nginx", "-n", "default", *flags).code == 0
    assert environment(cluster)["SAMPLE_SECONDS"] == seconds


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        (["--sample", "1h"], "--sample: 1h is too long"),
        (["--sample", "61s"], "--sample: 61s is too long"),
        (["--sample", "soon"], "--sample: 'soon' is not a duration"),
        (["--sample=-1s"], "--sample: '-1s' is not a duration"),
        (["--all", "--node", "a"], "--all and --node cannot be used together"),
        (["web", "--all"], "pods and --all cannot be used together"),
        (["-A", "--local"], "pods and --local cannot be used together"),
        (["web", "-l", "a=b"], "names and -l cannot be used together"),
        (["--from", EARLIER, "no-such", "-n", "zombies"], f"'no-such' not found in namespace 'zombies' of {EARLIER}"),
    ],
)
def test_bad_input_is_one_clear_error(cluster, command, flags, what):
    ended = command("zombies", *flags)
    assert (ended.code, [each for each, _ in ended.errors]) == (1, [what])
    assert cluster.created == []


@pytest.mark.parametrize(("flags", "word"), [([], "no"), (["--args"], "yes")])
def test_arguments_are_read_where_they_are_asked_for_alone(cluster, command, flags, word):
    assert command("zombies", "rec-nginx", "-n", "default", *flags).code == 0
    assert environment(cluster)["READ_ARGS"] == word


@pytest.mark.parametrize(
    "words",
    [
        ("zombies", "-A", "--watch", "--args"),
        ("node", NODE, "--args"),
        ("node", NODE, "-o", "wide", "--args"),
        ("zombies", "-A", "-o", "owners", "--args"),
    ],
)
def test_arguments_that_would_not_be_shown_are_not_read(cluster, command, words):
    ended = command(*words)
    assert (ended.code, cluster.created) == (1, [])
    assert ended.errors[0][0].startswith("--args has no effect here")


def test_messages_to_owners_are_for_zombies_alone(cluster, command):
    ended = command("zombies", "--from", EARLIER, "--from", LATER, "-o", "owners")
    assert (ended.code, ended.err) == (0, "")
    assert "What to do:" in ended.out
    for words in (("node", "--from", LATER, "-o", "owners"), ("zombies", "--watch", "-A", "-o", "owners")):
        assert command(*words).code == 1


def test_pods_and_nodes_on_a_cluster(cluster, command):
    unpacker = zlib.decompressobj(wbits=31)
    view = json.loads(unpacker.decompress(Path(LATER).read_bytes()).split(b"\n#api\n ")[1])
    cluster.server.on_exec, cluster.pods, cluster.namespaces = answer(unpacker.unused_data), view["pods"], ["zombies", "speed"]
    report = json.loads(command("zombies", "-n", "zombies", "-o", "json").out)
    [node] = report["nodes"]
    assert {each["pod"]["name"]: len(each["zombies"]) for each in node["sandboxes"]} == {
        "no-init": 185, "hostpid": 1, "shared": 0, "healthy": 0,
    }  # fmt: skip
    assert node["hostZombies"] is None
    everything = json.loads(command("zombies", "--all", "-o", "json").out)["nodes"][0]
    assert everything["hostZombies"] == []
    assert everything["pids"]["zombies"] == 186


def test_two_captures_of_one_node_in_any_order_are_two_looks(command):
    first, second = (
        json.loads(command("zombies", "--from", a, "--from", b, "-o=json").out) for a, b in [(EARLIER, LATER), (LATER, EARLIER)]
    )
    for each in (first, second):
        each.pop("seconds")
        each.pop("startedAt")
    assert first == second
    [node] = first["nodes"]
    assert node["windowSeconds"] == pytest.approx(3.7, abs=0.3)
    text = command("zombies", "--from", EARLIER, "--from", LATER).out
    assert text.startswith(f"Node      {node['name']}: 186 zombies in 2 pods (two looks 3.7 s apart)\n")
    assert text.splitlines()[-3].split() == ["NAMESPACE", "WORKLOAD", "PODS", "ZOMBIES", "STAY", "WHY"]
    assert text.splitlines()[-2].split() == ["zombies", "Pod/no-init", "1", "185", "183", "zombie/no-init,", "zombie/application"]


def test_captures_from_before_and_after_a_reboot_are_not_compared_and_say_so(command, tmp_path):
    unpacker = zlib.decompressobj(wbits=31)
    head = unpacker.decompress(Path(LATER).read_bytes())
    answer_of_node = gzip.decompress(unpacker.unused_data)
    anew = re.sub(rb" boot=\S+", b" boot=11111111-2222-3333-4444-555555555555", answer_of_node, count=1)
    assert anew != answer_of_node
    after = tmp_path / "after.capture"
    after.write_bytes(gzip.compress(head) + gzip.compress(anew))
    ended = command("zombies", "--from", EARLIER, "--from", str(after))
    assert (ended.code, ended.err) == (0, "")
    heads = [line for line in ended.out.splitlines() if line.startswith("Node ")]
    assert len(heads) == 2
    assert all("(one look)" in line for line in heads)
    assert " ".join(ended.out.split()).count("captures of two boots are not compared") == 2
    assert "two boots" not in command("zombies", "--from", EARLIER, "--from", LATER).out


def test_captures_of_different_nodes_are_several_nodes(command):
    told = command("zombies", "--from", LATER, "--from", ZOO).out
    assert len([line for line in told.splitlines() if line.startswith("Node ")]) == 2


def test_one_pod_of_a_capture_is_without_the_node_s_own(command):
    [node] = json.loads(command("zombies", "shared", "-n", "zombies", "--from", LATER, "-o", "json").out)["nodes"]
    assert [each["pod"]["name"] for each in node["sandboxes"]] == ["shared"]
    assert node["hostZombies"] is None


def test_three_captures_of_one_boot_are_too_many_and_one_given_twice_is_one(command, tmp_path):
    third = tmp_path / "third"
    third.write_bytes(Path(EARLIER).read_bytes())
    ended = command("zombies", "--from", EARLIER, "--from", LATER, "--from", str(third))
    assert (ended.code, [what for what, _ in ended.errors]) == (1, [f"{EARLIER}, {LATER}, {third} are captures of one node"])
    assert command("zombies", "--from", EARLIER, "--from", EARLIER).out == command("zombies", "--from", EARLIER).out
