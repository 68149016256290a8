"""A defect on one node or in one file costs its row; a wrong verb is told as that; two nodes of one name are two."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.join.ownership import own
from tests.cli.fake_cluster import NODE, node
from tests.nodes.report_lines import collected_bytes

if TYPE_CHECKING:
    from pathlib import Path


def test_a_defect_while_one_node_is_read_costs_one_row(cluster, command, monkeypatch):
    from kubectl_pause.capture import node_capture

    ready = node_capture._exec_when_ready

    def broken(run, name, deadline):
        if run.node == "other":
            raise KeyError("x")
        return ready(run, name, deadline)

    monkeypatch.setattr(node_capture, "_exec_when_ready", broken)
    cluster.nodes.append(node("other"))
    ended = command("node", "--all", "-o", "json")
    report = json.loads(ended.out)
    assert ended.code == 4
    assert [each["name"] for each in report["nodes"]] == [NODE]
    assert [(each["node"], each["reason"]) for each in report["errors"]] == [("other", "InternalError")]


@pytest.mark.parametrize("words", [["node"], ["pod", "-A"], ["zombies"], ["who", "1"]])
def test_a_defect_on_one_file_costs_that_file(command, tmp_path: Path, monkeypatch, words):
    def broken(facts):
        if not facts.header.boot.strip("0"):
            raise IndexError("x")
        return own(facts)

    monkeypatch.setattr("kubectl_pause.join.joined_node.own", broken)
    text = gzip.decompress(collected_bytes("with-crictl"))
    boot = text.split(b" boot=")[1].split(b" ")[0]
    for name, data in (("good", text), ("bad", text.replace(boot, b"0" * len(boot)))):
        (tmp_path / name).write_bytes(gzip.compress(data))
    ended = command(*words, "--from", str(tmp_path / "bad"), "--from", str(tmp_path / "good"))
    assert ended.code == 4
    assert NODE in ended.out or "kube-system/" in ended.out
    assert "bad: its answer could not be understood: IndexError" in ended.errors[0][0]


@pytest.mark.parametrize("words", [["-n", "demo", "podz", "x"], ["--context", "who", "nods"], ["podz", "-n", "demo"]])
def test_a_wrong_verb_is_told_as_that_whatever_a_namespace_is_called(command, words):
    ended = command(*words)
    assert ended.code == 1
    assert "No such command" in ended.errors[0][0]


def test_two_nodes_of_one_name_are_two(command, tmp_path: Path):
    text = gzip.decompress(collected_bytes("with-crictl"))
    boot = text.split(b" boot=")[1].split(b" ")[0]
    (tmp_path / "one").write_bytes(collected_bytes("with-crictl"))
    (tmp_path / "two").write_bytes(gzip.compress(text.replace(boot, b"0" * len(boot))))
    ended = command("zombies", "-o", "json", "--from", str(tmp_path / "one"), "--from", str(tmp_path / "two"))
    report = json.loads(ended.out)
    assert (ended.code, [each["name"] for each in report["nodes"]]) == (0, [NODE, NODE])
    assert [each["window_seconds" if "window_seconds" in each else "windowSeconds"] for each in report["nodes"]] == [None, None]


def test_the_client_runs_where_windows_names_are_missing(cluster):
    code = (
        "import os, signal, sys\n"
        "for name in ('SIGHUP', 'SIGKILL', 'SIGCHLD', 'SIGUSR1', 'SIGQUIT', 'pidfd_send_signal', 'pthread_sigmask'):\n"
        "    if hasattr(signal, name): delattr(signal, name)\n"
        "for name in ('killpg', 'uname', 'geteuid', 'getuid', 'getegid', 'getgid', 'memfd_create', 'setsid', 'fork', 'unshare', 'setns'):\n"
        "    if hasattr(os, name): delattr(os, name)\n"
        "for name in ('fcntl', 'pwd', 'grp', 'termios', 'pty', 'tty', 'resource'): sys.modules[name] = None\n"
        "from kubectl_pause.cli.main import run\n"
        "codes = [run(words) for words in (['version'], ['--help'], ['local', '--help'], ['demo', '--help'], ['node'], ['pod', '-A'])]\n"
        "sys.exit(max(codes))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ), check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "kube-system/" in done.stdout
