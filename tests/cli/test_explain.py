"""`explain`: a code, all codes, what is no code, JSON; no cluster is there to be asked."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict

import pytest

from kubectl_pause.finding_codes.table import CODES
from kubectl_pause.render.explain_view import explained, list_of_codes

ALL = list(CODES.values())


def plain(text: str) -> str:
    return " ".join(text.split())


def test_a_code_is_told_whole(command):
    ended, row = command("explain", "zombie/no-init"), CODES["zombie/no-init"]
    assert (ended.code, ended.err) == (0, "")
    first, *rest = ended.out.splitlines()
    assert first == "zombie/no-init"
    told = {line[:10].strip(): line[10:] for line in rest if line}
    assert list(told) == ["Severity", "Means", "Proof", "Alike", "To do", "Source"]
    assert list(told.values()) == ["warning", row.meaning, row.evidence, row.alike, row.remedy, row.source]


def test_without_a_code_all_are_listed(command):
    ended = command("explain")
    assert (ended.code, ended.err) == (0, "")
    assert [line.split()[0] for line in ended.out.splitlines()] == ["CODE", *CODES]
    assert all(row.meaning in line for row, line in zip(ALL, ended.out.splitlines()[1:], strict=True))


@pytest.mark.parametrize("width", [40, 80, 160])
@pytest.mark.parametrize("row", ALL, ids=lambda row: row.code)
def test_texts_fit_a_terminal_and_lose_nothing(row, width):
    text = explained(row, width)
    for line in text.splitlines():
        assert len(line) <= width or len(line.split()) == 1, line
    assert all(part in plain(text) for part in (row.meaning, row.evidence, row.alike, row.remedy, row.source))


@pytest.mark.parametrize("width", [40, 80, 160, 300])
def test_the_list_fits_a_terminal_and_loses_nothing(width):
    text = list_of_codes(ALL, width)
    assert max(map(len, text.splitlines())) <= width
    assert all(row.meaning in plain(text) for row in ALL)


def test_the_terminal_says_how_wide_it_is(command, monkeypatch):
    monkeypatch.setattr("kubectl_pause.cli.terminal.sys.stdout.isatty", lambda: True)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((60, 20)))
    assert max(map(len, command("explain").out.splitlines())) <= 60


@pytest.mark.parametrize(
    ("code", "hint"),
    [("zombie/noinit", "did you mean zombie/no-init"), ("Sandbox/Two-Ready", "did you mean sandbox/two-ready"),
     ("no-init", "did you mean zombie/no-init"), ("ghost", "did you mean container/ghost?"), ("pids", "did you mean pids/"),
     ("x", "explain lists all codes"), ("", "explain lists all codes")],
)  # fmt: skip
def test_what_is_no_code_is_an_error_with_near_ones(command, code, hint):
    ended = command("explain", code)
    assert (ended.code, ended.out) == (1, "")
    [(what, then)] = ended.errors
    assert what == f"no finding has the code {code!r}"
    assert hint in then


@pytest.mark.parametrize("hostile", ["\x1b[31mzombie/no-init\x1b[0m", "zombie/no-init\r\x9b2J", "\u202etini-on", "\ud800", "x" * 100_000])
def test_nothing_that_a_terminal_would_act_on_comes_back(command, hostile):
    for words in (["explain", hostile], ["explain", "pids/full", "-o", hostile]):
        ended = command(*words)
        assert (ended.code, ended.out) == (1, "")
        assert len(ended.errors) == 1
        assert ended.err.replace("\n", "").isprintable()
        assert len(ended.err) < 5000


def test_json_has_the_rows(command):
    assert json.loads(command("explain", "pids/full", "-o", "json").out) == asdict(CODES["pids/full"])
    assert json.loads(command("explain", "-o", "json").out) == [asdict(row) for row in ALL]
    assert command("explain", "-o", "wide").errors[0][1] == "allowed formats are: json"
