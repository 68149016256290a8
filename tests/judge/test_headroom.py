"""How many tasks more: the limit that binds first, what zombies hold of it, how fast it fills."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.judge.test_zombies import altered, recorded, report
from tests.nodes.report_lines import sandbox_of


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
