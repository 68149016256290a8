"""Terminals of 40, 80 and 160 columns, as they look, in `expected/`; `UPDATE_EXPECTED=1` writes those files anew."""

from __future__ import annotations

import os

import msgspec
import pytest

from kubectl_pause.render.node_view import node_view
from kubectl_pause.render.plain_text import columns_of
from kubectl_pause.render.pod_view import pod_view
from kubectl_pause.render.zombies.zombies_view import zombies_view
from kubectl_pause.report import NodeReport, Report
from tests.render.test_views import EXPECTED, whole
from tests.render.test_zombies_view import cluster

NAMES = ["日本語の長い名前のポッド一", "日本語の長い名前のポッド二", "x\x1b[31m\r\n\u202e\x00evil", "नमस्ते-दुनिया", "Größe-мир"]
"""Names that no API server takes, and a pod made by hand, or a process, may have."""


def node() -> NodeReport:
    """A node with findings and zombies, whose last pods and processes have names of all kinds."""
    made = cluster()
    for place, name in enumerate(NAMES):
        sandbox = made.sandboxes[-1 - place]
        sandbox.pod = msgspec.structs.replace(sandbox.pod, name=name)
        for container in sandbox.containers[:1]:
            container.name = name
        for group in sandbox.zombie_groups:
            group.names = {name: group.count}
            group.pids = group.pids[:1]
    return made


def shown(view: str, document: Report, width: int | None) -> str:
    if view == "node":
        return node_view(document, wide=False, width=width, headings=True, colour=False)
    if view == "zombies":
        return zombies_view(document, wide=False, width=width, headings=True, colour=False)
    kept = document.nodes[0].sandboxes[-5:-2]
    few = msgspec.structs.replace(document, nodes=[msgspec.structs.replace(document.nodes[0], sandboxes=kept, pods_without_sandbox=[])])
    return pod_view(few, wide=False, width=width, colour=False)


@pytest.mark.parametrize("width", [40, 80, 160])
@pytest.mark.parametrize("view", ["node", "zombies", "pod"])
def test_a_view_looks_as_it_looked(view, width):
    text = shown(view, whole(node()), width)
    file = EXPECTED / f"{view}-names-{width}.txt"
    if "UPDATE_EXPECTED" in os.environ:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [40, 80, 160])
@pytest.mark.parametrize("view", ["node", "zombies", "pod"])
def test_no_line_is_wider_but_one_of_a_single_word(view, width):
    rows = shown(view, whole(node()), width).splitlines()
    assert [row for row in rows if columns_of(row) > width and len(row[10:].split()) > 1] == []


@pytest.mark.parametrize("width", [40, 80, 160])
def test_no_two_sandboxes_look_alike(width):
    rows = shown("node", whole(node()), width).split("\n\n")[0].splitlines()[1:]
    assert len(rows) == len(node().sandboxes)
    assert len({row.rsplit("  ", row.count("  "))[0].split("  ")[0] for row in rows}) == len(rows)


@pytest.mark.parametrize("view", ["node", "zombies", "pod"])
def test_what_is_no_terminal_gets_everything_whole(view):
    text = shown(view, whole(node()), None)
    assert "…" not in text
    assert NAMES[3 if view == "pod" else 1] in text
