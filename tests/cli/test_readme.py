"""README shows what the program prints: each of its examples is run, on a recorded node or a recorded message."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kubectl_pause.render.why_view import why_view
from kubectl_pause.report import Report
from tests.messages.test_corpus import answer

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests" / "recorded"
NGINX = ("--from", str(RECORDED / "kind-collector" / "with-crictl.capture"))
LAB = ("--from", str(RECORDED / "vm-cgroup-v2" / "steady-1.capture"))
REAPING = ("--from", str(RECORDED / "reaping" / "earlier.capture"), "--from", str(RECORDED / "reaping" / "later.capture"))
RUNS = {
    "pod nginx": ("pod", "default/nginx", *NGINX),
    "zombies -n zombies no-init": ("zombies", "-n", "zombies", "no-init", *REAPING),
    "who 1288 --node worker-1": ("who", "1288", *NGINX),
    "pod -n lab plain -o tree": ("pod", "-n", "lab", "plain", "-o", "tree", *LAB),
    "pod nginx --prove": ("pod", "default/nginx", "--prove", *NGINX),
    "check worker-1 -o wide": ("check", "-o", "wide", *LAB),
}
"""What README writes as if it were typed on a cluster, and the run that prints the same from a capture."""
CONSOLE = re.compile(r"^```console\n(?:\$ kubectl run .*\n)?\$ kubectl pause-inspect (.+)\n([^`]+)^```", re.MULTILINE)
SHOWN = dict(CONSOLE.findall((ROOT / "README.md").read_text(encoding="utf-8")))


def stands_in(lines: list[str], text: str) -> list[str]:
    """The lines that do not follow each other in the text. `...` stands for what is left out: a line, or the rest of one."""
    rest = iter(text.splitlines())
    wanted = [line for line in lines if line != "..."]
    return [line for line in wanted if not any(_is_shown(line, printed) for printed in rest)]


def _is_shown(line: str, printed: str) -> bool:
    return printed.startswith(line.removesuffix("...")) if line.endswith("...") else printed.rstrip() == line


def test_every_example_is_run():
    assert set(SHOWN) == {*RUNS, "why -n shop web-0"}


@pytest.mark.parametrize("example", RUNS)
def test_an_example_is_what_the_program_prints(command, example):
    ended = command(*RUNS[example])
    assert ended.code == 0
    assert stands_in(SHOWN[example].splitlines(), ended.out) == []


def test_the_stuck_pod_is_what_a_recorded_message_leads_to():
    report = Report(tool_version="1", started_at="2026-03-01T12:00:00Z", nodes=[], errors=[], explanations=[answer("up-071").explanation])
    text = why_view(report, wide=False, width=120, headings=True, colour=False)
    assert stands_in(SHOWN["why -n shop web-0"].splitlines(), text) == []
