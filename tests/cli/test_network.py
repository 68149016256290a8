"""`node -o network`: the table as every other, on a cluster and on saved captures, and what it asks the collector for."""

from __future__ import annotations

import gzip
import re
import zlib
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.facts.capture import read_capture
from kubectl_pause.inspect_node import inspect_capture
from tests.cli.fake_cluster import NODE, answer, collector_answer
from tests.nodes.report_lines import collected, collected_bytes
from tests.recorded_nodes import RECORDED

if TYPE_CHECKING:
    from pathlib import Path

LEFT = "e" * 64
OTHER = str(RECORDED / "vm-cgroup-v2" / "steady-1.capture")
"""Of another node, without links and leases."""
HOSTILE = "v\x1b[31m\u202e"


def with_network(answered: bytes) -> bytes:
    """A collector's answer with leases and links for each pod in it, and one of each that no pod has."""
    text = zlib.decompressobj(wbits=31).decompress(answered)
    links, leases, views = [" ./lo/ifindex:1", " ./lo/iflink:1"], ["/run/cni-ipam-state"], []
    for number, sandbox in enumerate(inspect_capture(collected("with-crictl"), "-").sandboxes, 20):
        if sandbox.pid and sandbox.namespaces["net"].host is False:
            links += [f" ./veth{number}/ifindex:{number}", f" ./veth{number}/iflink:2"]
            views += [f"{sandbox.pid}/root/sys/class/net/eth0/ifindex:2", f"{sandbox.pid}/root/sys/class/net/eth0/iflink:{number}"]
            leases += [f" 1 ./kind/{sandbox.ips[0]}", f" ./kind/{sandbox.ips[0]}:{sandbox.id}"]
    links += [f" ./{HOSTILE}/ifindex:9", f" ./{HOSTILE}/iflink:2"]
    leases += [" 1 ./kind/10.9.9.9", f" ./kind/10.9.9.9:{LEFT}"]
    sections = "\n".join(["#section cni", "#section leases", *leases, "#section links", *links, *views, ""])
    assert text.count(b"\n#section proc\n") == 1
    return gzip.compress(text.replace(b"\n#section proc\n", b"\n" + sections.encode() + b"#section proc\n"))


@pytest.fixture
def capture(tmp_path: Path) -> str:
    data = collected_bytes("with-crictl")
    path = tmp_path / "c"
    path.write_bytes(data[: len(data) - len(collector_answer())] + with_network(collector_answer()))
    return str(path)


def lines(ended):
    assert (ended.code, ended.err) == (0, "")
    return ended.out.splitlines()


def settings(cluster) -> dict[str, str]:
    [pod] = cluster.created
    return {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"] if each["name"] != "COLLECTOR"}


def test_one_row_for_each_sandbox_and_below_what_has_none(command, capture):
    heading, *rows, counted = lines(command("node", "--from", capture, "-o", "network"))
    assert heading.split() == ["POD", "ADDRESS", "VETH", "LEASE", "NETNS"]
    nginx = next(row for row in rows if row.startswith("default/nginx ") or "/nginx " in row)
    assert re.fullmatch(r"\S+/nginx +10\.244\.0\.\d+ +veth\d\d +kind/10\.244\.0\.\d+ \(\d+d\) +40265\d{5} /run/netns/cni-\S+", nginx)
    owned = [row for row in rows if not row.startswith("- ")]
    assert rows[: len(owned)] == owned
    of_lease, of_veth = rows[len(owned) :]
    assert re.fullmatch(r"- +10\.9\.9\.9 +- +kind/10\.9\.9\.9 of e{13} \(\d+d\) +-", of_lease)
    assert of_veth.split() == ["-", "-", r"v\x1b[31m\u202e", "-", "-"]
    assert counted == "not listed: 6 hostNetwork, 2 stopped"


def test_rows_alone_and_in_another_order(command, capture):
    whole = lines(command("node", "--from", capture, "-o", "network"))
    assert sorted(lines(command("node", "--from", capture, "-o", "network", "--no-headers"))) == sorted(whole[1:-1])
    for words in (["--sort-by", "address"], ["--sort-by", ".addresses"]):
        rows = lines(command("node", "--from", capture, "-o", "network", "--no-headers", *words))
        owned = [int(row.split()[1].rpartition(".")[2]) for row in rows if not row.startswith("- ")]
        assert owned == sorted(owned)
        assert [row[0] for row in rows[len(owned) :]] == ["-", "-"]


@pytest.mark.parametrize("width", [40, 80, 160])
def test_a_terminal_of_any_width(command, capture, monkeypatch, width):
    monkeypatch.setattr("kubectl_pause.cli.terminal.width", lambda: width)
    heading, *rows, counted = lines(command("node", "--from", capture, "-o", "network"))
    assert max(map(len, [heading, *rows, counted])) <= width
    assert heading.split()[:2] == ["POD", "ADDRESS"]
    assert ("NETNS" in heading) == (width > 40)
    assert len({row.split()[0] for row in rows}) == len(rows) - 1, "pods are told apart; two rows have none"


def test_several_nodes(command, capture):
    ended = command("node", "--from", capture, "--from", OTHER, "-o", "network")
    heading, *rows, _ = ended.out.splitlines()
    assert (ended.code, heading.split()[0]) == (4, "NODE")
    assert {row.split()[0] for row in rows} == {NODE}


def test_two_captures_of_one_node_are_one_ledger(command, capture):
    shown = lines(command("node", "--from", capture, "--from", capture, "-o", "network"))
    assert shown == lines(command("node", "--from", capture, "-o", "network"))


def test_on_a_cluster(cluster, command):
    cluster.server.on_exec = answer(with_network(collector_answer()))
    assert lines(command("node", "-o", "network"))[0].startswith("POD ")
    assert settings(cluster)["READ_HEALTH"] == "network"


def test_an_answer_that_is_none_is_one_error(cluster, command):
    cluster.server.on_exec = answer(b"no capture")
    ended = command("node", "-o", "network")
    assert (ended.code, ended.out, len(ended.errors)) == (1, "", 1)


@pytest.mark.parametrize("words", [["node"], ["pod", "-A"], ["zombies", "--all", "--sample", "0"], ["node", "-o", "tree"]])
def test_no_other_verb_pays_for_it(cluster, command, words):
    command(*words)
    told = settings(cluster)
    assert (told["READ_HEALTH"], told["READ_FDS"], told["READ_ARGS"], told["LOGS_OF"]) == ("no", "no", "no", "")


def test_check_reads_no_links(cluster, command):
    command("check", "--sample", "0")
    assert settings(cluster)["READ_HEALTH"] == "yes"


@pytest.mark.parametrize(("words", "asked"), [([], "no"), (["--network"], "network")])
def test_a_snapshot_that_has_it(cluster, command, tmp_path, words, asked):
    cluster.server.on_exec = answer(with_network(collector_answer()))
    file = tmp_path / "saved"
    assert command("snapshot", NODE, "-f", str(file), *words).code == 0
    assert settings(cluster)["READ_HEALTH"] == asked
    assert "links" in read_capture(file.read_bytes(), "saved").sections
    assert lines(command("node", "--from", str(file), "-o", "network"))[0].startswith("POD ")


def test_a_capture_without_it_says_how_to_get_it(command, capture):
    ended = command("node", "--from", OTHER, "-o", "network")
    assert (ended.code, ended.out) == (1, "")
    [(what, then)] = ended.errors
    assert what == f"{OTHER}: the capture has no links and leases, which -o network shows"
    assert then == "take it again: kubectl pause-inspect snapshot NODE --network -f FILE"
    both = command("node", "--from", OTHER, "--from", capture, "-o", "network")
    assert (both.code, both.errors) == (4, ended.errors)
    assert "/nginx" in both.out


def test_it_warns_of_nothing(command, capture):
    assert command("node", "--from", capture, "--no-headers", "-o", "network").err == ""


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["node", "--sort-by", "pid"], "no column 'pid'"),
        (["node", "--sort-by", ".nope"], "no row has a value for '.nope'"),
        (["node", "--processes"], "--processes has no effect here"),
        (["pod", "nginx"], "unable to match a printer suitable for the output format 'network'"),
        (["check"], "unable to match a printer suitable for the output format 'network'"),
    ],
)
def test_bad_input(command, capture, words, what):
    ended = command(words[0], *words[1:], "--from", capture, "-o", "network")
    assert (ended.code, ended.out) == (1, "")
    assert what in ended.errors[0][0]


def test_its_columns_are_listed(command):
    assert re.search(r"^VETH +\.veths +", command("node", "--help-columns").out, re.MULTILINE)
    assert "VETH" not in command("pod", "--help-columns").out


def test_a_node_whose_runtime_was_not_read(command, capture, tmp_path):
    text = gzip.decompress((tmp_path / "c").read_bytes())
    unread = re.sub(rb"(?ms)^#(section crictl\.|crictl |bundle ).*?(?=^#)(?:#rc \d+\n)?", b"", text)
    (tmp_path / "u").write_bytes(gzip.compress(unread))
    ended = command("node", "--from", str(tmp_path / "u"), "-o", "network")
    assert ended.code in (0, 1)
    assert "what has no owner is not known" in ended.err
    assert "10.9.9.9" not in ended.out
