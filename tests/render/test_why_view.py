"""The why view: what stands where, in the width that there is, and nothing of an event that a terminal would act on."""

from __future__ import annotations

import pytest

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
    assert labels[:5] == ["POD", "STATE", "critical", "next:", "then:"]
    assert [line.split("  ")[0] for line in lines[lines.index("") + 2 :]] == [
        "bound to a node", "taken by the kubelet", "sandbox, network", "containers run", "ready",
    ]  # fmt: skip


def test_one_line_each_with_wide():
    lines = view(report(*(told(of) for of, *_ in CASES.values())), None, wide=True)
    assert lines[0].split() == ["NAMESPACE", "POD", "STATE", "CAUSE", "CONFIDENCE", "NODE", "SUMMARY"]
    assert len(lines) == 1 + len(CASES)


@pytest.mark.parametrize("colour", [False, True])
def test_hostile_words_of_an_event(colour):
    words = 'failed to get sandbox image "a\x1b[31m`id`$(reboot);x": no\n[bold]x[/]\u202e'
    text = "\n".join(view(report(told(trail(pod(), event("FailedCreatePodSandBox", words)))), 100, colour=colour))
    for style in ("\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m") if colour else ():
        text = text.replace(style, "")
    assert text.isprintable() or set(text) - {"\n"} == {character for character in text if character.isprintable()}
    assert "crictl pull 'a\\x1b[31m`id`$(reboot);x'" in text
