"""The zombies view of recorded nodes as it looks, in `expected/`; `UPDATE_EXPECTED=1` writes those files anew."""

from __future__ import annotations

import os

import msgspec
import pytest

from kubectl_pause.render.zombies.zombies_view import zombies_view
from kubectl_pause.report import NodeReport, Report, Zombie, ZombieGroup, ZombieParent
from tests.judge.test_zombies import recorded, report
from tests.render.test_views import EXPECTED, HOSTILE, whole


def shown(document: Report, *, wide: bool = False, width: int | None = 80) -> str:
    return zombies_view(document, wide=wide, width=width, headings=True, colour=False)


def cluster() -> NodeReport:
    return report(recorded("later"), recorded("earlier"))


@pytest.mark.parametrize("shape", ["80", "wide"])
@pytest.mark.parametrize("name", ["cluster", "zoo"])
def test_a_view_looks_as_it_looked(name, shape):
    document = whole(cluster() if name == "cluster" else report(recorded("zoo")))
    text = shown(document, wide=shape == "wide", width=None if shape == "wide" else 80)
    file = EXPECTED / f"zombies-{name}-{shape}.txt"
    if "UPDATE_EXPECTED" in os.environ:
        file.write_text(text)
    assert text == file.read_text()
    if shape == "80":
        assert max(len(line) for line in text.splitlines()) <= 80


def test_a_node_without_zombies_is_one_line_and_several_are_one_below_the_other():
    node = msgspec.structs.replace(cluster(), sandboxes=[each for each in cluster().sandboxes if not each.zombies])
    lines = shown(whole(node, node), width=None).splitlines()
    assert len(lines) == 2
    assert all("no zombies in" in line for line in lines)


def test_twenty_thousand_zombies_are_a_few_lines():
    node = cluster()
    sandbox = next(each for each in node.sandboxes if each.zombies)
    [zombie] = (sandbox.zombies or [])[:1]
    sandbox.zombies = [zombie] * 20000
    sandbox.zombie_groups[0].count = 20000
    assert len(shown(whole(node), wide=True, width=None).splitlines()) < 120
    assert "and 19980 more: -o json has all" in shown(whole(node), wide=True, width=None)


def test_arguments_are_shown_where_they_were_asked_for_and_escaped():
    node = cluster()
    group = next(sandbox.zombie_groups[0] for sandbox in node.sandboxes if sandbox.zombies)
    assert "  Parent  " not in shown(whole(node))
    group.parent = msgspec.structs.replace(group.parent, arguments=["sh", "-c", "sleep 1; \x1b[31m"])
    assert "  Parent  sh -c 'sleep 1; \\x1b[31m'" in shown(whole(node), width=None)


def test_nothing_of_a_pod_s_own_text_reaches_the_terminal():
    node = cluster()
    parent = ZombieParent(pid=1, comm=HOSTILE, role=f"process:{HOSTILE}")
    zombie = Zombie(pid=7, comm=HOSTILE, ppid=1, parent=parent, container=HOSTILE, kind="zombie")
    group = ZombieGroup(
        verdict="zombie/application", severity="warning", confidence="likely", message=HOSTILE, evidence=[HOSTILE], remedies=[HOSTILE],
        parent=parent, container=HOSTILE, count=1, transient=0, names={HOSTILE: 1}, pids=[7],
    )  # fmt: skip
    for sandbox in node.sandboxes:
        sandbox.zombies, sandbox.zombie_groups = [zombie], [group]
    node.host_zombies, node.host_zombie_groups = [zombie], [group]
    for wide in (False, True):
        text = shown(whole(node), wide=wide, width=None)
        assert not set(HOSTILE) - set("x[31m\r\n[bold]") & set(text)
        assert all(character.isprintable() for character in text.replace("\n", ""))
