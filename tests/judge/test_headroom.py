"""How many tasks more: the limit that binds first, what zombies hold of it, how fast it fills."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.capture import read_capture
from kubectl_pause.render.zombies.zombies_view import scope_text
from kubectl_pause.report import PidScope
from tests.judge.test_zombies import altered, recorded, report
from tests.nodes.report_lines import sandbox_of
from tests.recorded_nodes import RECORDED

if TYPE_CHECKING:
    from kubectl_pause.facts.capture import Capture
    from kubectl_pause.report import NodeReport


def scopes_of(node: NodeReport, pod: str) -> list[PidScope]:
    pids = sandbox_of(node, pod).pids
    assert pids is not None
    return pids.scopes


def test_the_least_room_binds_first_and_zombies_are_charged_to_all_above():
    node = report(recorded("later"), recorded("earlier"))
    pids = sandbox_of(node, "no-init").pids
    assert pids is not None
    assert (pids.current, pids.max, pids.limited_by) == (184, 307, "container:app")
    assert {each.scope: each.zombies for each in pids.scopes} == {
        "container:app": 183,
        "container:other": 2,
        "cgroup:/kubelet.slice/kubelet-kubepods.slice": 186,
        "kernel.pid_max": 186,
        "kernel.threads-max": 186,
    }
    [app, *_] = pids.scopes
    assert app.growth_per_second == pytest.approx(2 / 3.7, abs=0.05)
    assert app.seconds_left == pytest.approx((307 - 184) / (2 / 3.7), rel=0.1)


@pytest.mark.parametrize(
    ("current", "code", "severity"), [(276, None, None), (277, "pids/almost-full", "warning"), (307, "pids/full", "critical")]
)
def test_a_limit_that_is_nearly_used_up_is_a_finding(current, code, severity):
    capture = altered(recorded("later"), "pids", rb"(?<=pids.current:)184\b", b"%d" % current)
    findings = [each for each in sandbox_of(report(capture), "no-init").findings if each.code.startswith("pids/")]
    assert [(each.code, each.severity) for each in findings] == ([(code, severity)] if code else [])
    assert not code or f"container:app: {current} of 307 tasks" in findings[0].evidence


def test_a_limit_above_the_pods_is_told_once_of_the_node():
    """As cgroup v2 has it too: the same files, one tree."""
    node = report(altered(recorded("later"), "pids", rb"(?<=kubelet-kubepods.slice/pids.max:)\d+", b"100"))
    assert [each.code for each in node.findings] == ["pids/full"]
    assert not [each for sandbox in node.sandboxes for each in sandbox.findings if each.code.startswith("pids/")]


def test_the_kernel_s_own_limit():
    capture = recorded("later")
    tasks = int(capture.header["tasks"])
    node = report(replace(capture, header={**capture.header, "pid_max": str(tasks)}))
    assert [(each.code, each.evidence[0]) for each in node.findings] == [("pids/full", f"kernel.pid_max: {tasks} of {tasks} tasks")]


def test_a_monitor_s_scope_is_not_the_container_s():
    """CRI-O 1.37, live: `crio-conmon-ID.scope` has systemd's TasksMax. The container has 4 tasks in another cgroup and no own limit."""
    node = report(read_capture((RECORDED / "crio-1.37-live" / "capture").read_bytes(), "-"))
    scopes = {each.scope: each for sandbox in node.sandboxes if sandbox.pids for each in sandbox.pids.scopes}
    assert not [name for name in scopes if name.startswith("container:")]
    assert all(each.zombies is None or each.zombies <= each.current for each in scopes.values())


@pytest.mark.parametrize("current", [0, 100, 182])
def test_more_zombies_than_tasks_are_charged_elsewhere_and_no_share_is_told(current):
    capture = altered(recorded("later"), "pids", rb"(?<=pids.current:)184\b", b"%d" % current)
    [app, *_] = scopes_of(report(capture), "no-init")
    assert (app.scope, app.zombies) == ("container:app", None)
    assert "%" not in scope_text(app)


@given(current=st.integers(0, 1 << 22), zombies=st.one_of(st.none(), st.integers(0, 1 << 22)))
def test_no_share_is_above_the_whole(current, zombies):
    told = re.findall(r"\((\d+) %\)", scope_text(PidScope(scope="pod", current=current, max=1 << 22, zombies=zombies)))
    assert all(int(share) <= 100 for share in told)


def test_a_time_to_full_is_for_a_pod_s_or_container_s_own_cgroup_alone():
    node = report(recorded("later"), recorded("earlier"))
    told = {each.scope for sandbox in node.sandboxes if sandbox.pids for each in sandbox.pids.scopes if each.seconds_left is not None}
    assert told == {"container:app"}


def test_growth_without_zombies_of_a_cgroup_that_is_not_half_full_is_noise():
    """184 of 4,000 tasks, 2 more than before: told where zombies are among the new ones, else not."""
    later = altered(recorded("later"), "pids", rb"(?<=pids.max:)307\b", b"4000")
    [app, *_] = scopes_of(report(later, recorded("earlier")), "no-init")
    assert app.seconds_left is not None, "its zombies grew"
    [app, *_] = scopes_of(report(later, with_the_zombies_of(later, recorded("earlier"))), "no-init")
    assert app.growth_per_second == pytest.approx(2 / 3.7, abs=0.05)
    assert app.seconds_left is None


def with_the_zombies_of(later: Capture, earlier: Capture) -> Capture:
    """The earlier capture with the processes of the later one: as many zombies."""
    return replace(earlier, sections={**earlier.sections, "proc": later.sections["proc"]})
