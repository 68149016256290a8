"""`-v` on the command line: as kubectl writes it, on every verb that asks a cluster, beside `version -v`."""

from __future__ import annotations

import re

import pytest

from kubectl_pause.cli.app import VERBS
from tests.cli.fake_cluster import NODE
from tests.cli.test_arguments import GROUP


@pytest.mark.parametrize("flags", [["-v6"], ["-v=6"], ["-v", "6"], ["--v=6"], ["--v", "6"]])
@pytest.mark.parametrize("in_front", [True, False])
def test_requests_are_said_on_stderr_and_the_report_is_as_it_was(cluster, command, flags, in_front):
    ended = command(*flags, "node", NODE) if in_front else command("node", NODE, *flags)
    assert ended.code == 0
    assert ended.out.startswith("POD")
    said = {
        match.groups() for line in ended.err.splitlines() if (match := re.search(r"\] (GET|POST|DELETE) \w+://[^/]+(\S+) .* ms$", line))
    }
    assert said == {(method, path) for method, path, *_ in cluster.server.requests}, "each, however often a busy machine made it ask"
    assert "secret" not in ended.err


def test_1_says_what_is_done(cluster, command):
    err = command("node", NODE, "-v1").err
    assert "namespace ns-test, server http://" in err
    assert f"node {NODE}" in err or NODE in err
    assert "] GET" not in err


def test_0_says_nothing(cluster, command):
    assert command("node", NODE, "-v0").err == ""


def test_every_verb_that_asks_a_cluster_takes_it():
    takes = {verb for verb in VERBS if any("--v" in flag.opts for flag in GROUP.commands[verb].params)}
    assert takes == {verb for verb in VERBS if any("--context" in flag.opts for flag in GROUP.commands[verb].params)}
    assert {"pod", "node", "who", "zombies", "snapshot", "cleanup", "access"} <= takes


@pytest.mark.parametrize("words", [["version", "-v"], ["-v", "version"], ["version", "--verbose"]])
def test_version_keeps_its_own(command, words):
    ended = command(*words)
    assert ended.code == 0
    assert "debugNamespace" in ended.out


@pytest.mark.parametrize("level", ["x", "-1", ""])
def test_what_is_no_level_is_refused(command, level):
    ended = command("node", "x", f"--v={level}")
    assert ended.code == 1
    assert len(ended.errors) == 1


def test_options_lists_it(command):
    assert re.search(r"^-v, --v +LEVEL +Log to stderr", command("options").out, re.MULTILINE)


def test_where_no_cluster_is_asked_it_is_refused(command):
    assert "error: --v has no effect here: --from reads saved captures" in command("node", "--from", "x", "-v6").err
