"""The why view: what stands where, in the width that there is, and nothing of an event that a terminal would act on."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kubectl_pause.render.why_view import why_view
from kubectl_pause.report import Report
from tests.judge.test_stuck import CASES, event, pod, told, trail


def report(*explanations) -> Report:
    return Report(tool_version="1", started_at="2026-01-02T03:04:05Z", nodes=[], errors=[], explanations=list(explanations))


def view(made: Report, width: int | None, *, wide: bool = False, colour: bool = False) -> list[str]:
    return why_view(made, wide=wide, width=width, headings=True, colour=colour).splitlines()


@pytest.mark.parametrize("width", [40, 80, 160])
def test_every_answer_fits(width):
    """But for a word that is longer than there is room for, as a path may be."""
    for line in view(report(*(told(of) for of, *_ in CASES.values())), width):
        assert len(line) <= width or len(line.split()) <= 2, line


def test_the_cause_stands_before_the_way():
    of, *_ = CASES["plugin missing"]
    lines = view(report(told(of)), 100)
    labels = [line[:10].strip() for line in lines if line[:10].strip()]
    assert labels[:6] == ["POD", "STATE", "WHOSE", "critical", "next:", "then:"]
    assert [line.split("  ")[0] for line in lines[lines.index("") + 2 :]] == [
        "bound to a node", "taken by the kubelet", "sandbox, network", "containers run", "ready",
    ]  # fmt: skip


def test_one_line_each_with_wide():
    lines = view(report(*(told(of) for of, *_ in CASES.values())), None, wide=True)
    assert lines[0].split() == ["NAMESPACE", "POD", "STATE", "CAUSE", "WHOSE", "CONFIDENCE", "NODE", "SUMMARY"]
    assert len(lines) == 1 + len(CASES)


@pytest.mark.parametrize("width", [60, 80, 160])
def test_many_pods_are_a_table_that_fits(width):
    made = report(*(told(of) for of, *_ in CASES.values()))
    lines = why_view(made, wide=False, width=width, headings=True, colour=False, many=True).splitlines()
    assert len(lines) == 1 + len(CASES)
    assert max(map(len, lines)) <= width
    assert {"POD", "CAUSE", "WHOSE"} <= set(lines[0].split())


@pytest.mark.parametrize("colour", [False, True])
def test_hostile_words_of_an_event(colour):
    words = 'failed to get sandbox image "a\x1b[31m`id`$(reboot);x": no\n[bold]x[/]\u202e'
    text = "\n".join(view(report(told(trail(pod(), event("FailedCreatePodSandBox", words)))), 100, colour=colour))
    for style in ("\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m") if colour else ():
        text = text.replace(style, "")
    assert text.isprintable() or set(text) - {"\n"} == {character for character in text if character.isprintable()}
    assert "crictl pull 'a\\x1b[31m`id`$(reboot);x'" in text


LOGGED = [f"2026-01-01T00:00:0{second}Z kubelet: \x1b[31mE\u202e [bold]{second}[/] u-1 {'word ' * 70}the cause" for second in range(7)]


def of_case(name: str, log: list[str] | None) -> Report:
    return report(replace(told(CASES[name][0]), log=log))


@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_newest_lines_of_the_log_stand_below_what_is_not_certain(width):
    lines = view(of_case("volume busy", LOGGED), width)
    first = next(index for index, line in enumerate(lines) if line.startswith("  log:"))
    assert any(line.startswith("warning") for line in lines[:first])
    assert all(len(line) <= width for line in lines[first:] if len(line.split()) > 1)
    assert all(line.isprintable() for line in lines)
    text = " ".join(" ".join(lines).split())
    assert [second for second in range(7) if f"[bold]{second}[/]" in text] == [2, 3, 4, 5, 6]
    assert text.count("the cause") == 5
    assert "and 2 older: -o wide has them" in text


@pytest.mark.parametrize("width", [40, 80, 160])
@pytest.mark.parametrize(("name", "log"), [("plugin missing", LOGGED), ("volume busy", []), ("volume busy", None)])
def test_no_log_below_what_is_certain_and_none_where_there_is_none(name, log, width):
    assert view(of_case(name, log), width) == view(of_case(name, None), width)


def test_where_there_is_no_cause_the_log_is_all_there_is():
    assert any(line.startswith("  log:") for line in view(of_case("not taken", LOGGED[:1]), 80))


def test_wide_has_all_of_the_log_below_its_lines():
    lines = view(of_case("plugin missing", LOGGED), None, wide=True)
    assert lines[2] == ""
    assert [line.split(" kubelet")[0] for line in lines[3:]] == [f"log       shop/web: 2026-01-01T00:00:0{each}Z" for each in range(7)]
    assert all(line.isprintable() for line in lines)


def test_a_line_of_a_megabyte_is_cut():
    assert len("".join(view(of_case("not taken", ["x" * 1_000_000]), 80))) < 4000
