"""Zombies of recorded nodes: whose, under which parent, since when, and what is said of it; the truth is in recorded/reaping/README.md."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from kubectl_pause.facts.capture import Capture, Section, read_capture
from kubectl_pause.facts.node_facts import NodeFacts, node_facts
from kubectl_pause.inspect_node import inspect_node
from kubectl_pause.report import NodeReport, Sandbox
from tests.judge.altered_processes import zombies_on_cgroup_v1
from tests.nodes.report_lines import collected, sandbox_of
from tests.recorded_nodes import NODES, RECORDED, recorded_capture


@cache
def recorded(name: str) -> Capture:
    return read_capture((RECORDED / "reaping" / f"{name}.capture").read_bytes(), name)


def report(capture: Capture, earlier: Capture | None = None) -> NodeReport:
    return inspect_node(node_facts(capture, "-"), "-", earlier=node_facts(earlier, "-") if earlier else None)


def altered(capture: Capture, section: str, pattern: bytes, replacement: bytes) -> Capture:
    content = re.sub(pattern, replacement, capture.content(section))
    assert content != capture.content(section)
    return replace(capture, sections={**capture.sections, section: Section(content)})


def groups(sandbox: Sandbox) -> list[str]:
    """`VERDICT SEVERITY CONFIDENCE COUNT PARENT-ROLE PARENT-PID`."""
    return [
        f"{each.verdict.removeprefix('zombie/')} {each.severity} {each.confidence} {each.count} {each.parent.role} {each.parent.pid}"
        for each in sandbox.zombie_groups
    ]


# pod's pause, PID 1 and what it is: how it treats SIGCHLD, what it sleeps in, whether it reaps; then its groups of zombies
ZOO = """
31202 31237 sleep           default  -                  no       | no-init warning certain 3 container:sleep 31237
31248 31310 perl            default  -                  no       | no-init warning certain 3 container:perl 31310
31317 31368 python3.11      default  -                  no       | no-init warning certain 3 container:python3.11 31368
31378 31435 dash            waiting  wait4(-1)          likely   |
31448 31464 dash            handler  -                  unknown  |
31471 31482 bash            waiting  wait4(-1)          yes      |
31497 31540 busybox         waiting  wait4(-1)          likely   |
31547 31566 busybox         handler  -                  no       | no-init warning certain 3 container:busybox 31566
31572 31578 sleep           ignore   -                  yes      |
31586 31599 sleep           blocked  -                  no       | no-init warning certain 3 container:sleep 31599
31605 31647 tini            waiting  rt_sigtimedwait()  yes      |
31654 31698 dumb-init       waiting  rt_sigtimedwait()  yes      |
31710 31793 catatonit       signalfd -                  yes      |
31805 31827 perl            handler  -                  no       | no-init warning certain 3 container:perl 31827
31833 31869 dash            handler  -                  unknown  | application warning certain 2 process:dash 31886
31887 32014 dash            handler  -                  unknown  | dead-leader info certain 1 container:dash 32014
32082 32082 pause           handler  pause()            yes      |
32128 32128 pause           handler  pause()            no       | pause-does-not-reap warning certain 3 pause 32128
32215 32215 pause           blocked  pause()            no       | pause-does-not-reap warning certain 3 pause 32215
"""


@pytest.mark.parametrize("line", ZOO.strip().split("\n"), ids=lambda line: "-".join(line.split()[1:3]))
def test_the_zoo(line):
    told, _, expected = line.partition("|")
    pause, first, comm, treatment, asleep_in, capable = told.split()
    sandbox = next(each for each in report(recorded("zoo")).sandboxes if each.pid == int(pause))
    [space] = [each for each in sandbox.pid_namespaces or () if each.reaper and each.reaper.pid == int(first)]
    assert space.reaper is not None
    assert (space.reaper.comm, space.reaper.handles_sigchld, space.reaper.capable) == (comm, treatment, capable)
    if asleep_in != "-":
        assert space.reaper.asleep_in == asleep_in
    assert groups(sandbox) == list(filter(None, [expected.strip()]))
    assert [each.code.removeprefix("zombie/") for each in sandbox.findings] == expected.split()[:1]


def test_a_pause_says_why_it_does_not_reap_and_what_it_has_done():
    node = report(recorded("zoo"))
    reapers = {space.reaper.pid: space for each in node.sandboxes for space in each.pid_namespaces or () if space.reaper}
    assert "it is stopped" in reapers[32128].evidence
    assert "it has SIGCHLD blocked, so its handler never runs" in reapers[32215].evidence
    healthy = reapers[32082]
    assert (healthy.verdict, healthy.evidence[0]) == ("reaps", "SIGCHLD is caught and not blocked")
    assert "it has waited for at least one child since it started" in healthy.evidence
    assert f"it was idle for these {node.window_seconds:.1f} s: nothing reaped" in healthy.evidence
    alone = next(space for space in report(recorded("zoo")).sandboxes[0].pid_namespaces or () if space.members == ["pause"])
    assert (alone.verdict, alone.reaper and alone.reaper.has_reaped) == ("nothing-to-reap", "no")


def test_few_faults_of_children_may_be_a_hook_s():
    capture = altered(recorded("zoo"), "proc", rb"(?m)^(32082/stat2?:.*?\) S (?:-?\d+ ){7})\d+ ", rb"\g<1>39 ")
    capture = altered(capture, "look2", rb"(?m)^(32082/stat:.*?\) S (?:-?\d+ ){7})\d+ ", rb"\g<1>39 ")
    sandbox = next(each for each in report(capture).sandboxes if each.pid == 32082)
    [space] = [each for each in sandbox.pid_namespaces or () if each.reaper and each.reaper.pid == 32082]
    assert space.reaper is not None
    assert (space.reaper.has_reaped, space.verdict) == ("unknown", "able")
    assert "children that it waited for left 39 page faults; a hook of the runtime leaves as many" in space.evidence


TRUTH = {
    "no-init": ["no-init warning certain 183 container:app 70640", "application warning certain 2 process:other 70785"],
    "shared": [],
    "hostpid": ["application warning certain 1 process:app 70729"],
    "healthy": [],
}


@pytest.mark.parametrize("order", [("earlier", "later"), ("later",)])
@pytest.mark.parametrize("v1", [False, True], ids=["v2-path", "v1-alone"])
def test_a_cluster_in_two_captures_and_in_one(order, v1):
    capture = recorded("later")
    if v1:
        capture = zombies_on_cgroup_v1(capture, {each.pid for each in node_facts(capture, "-").processes.values() if each.state == "Z"})
    node = report(capture, recorded("earlier") if len(order) > 1 else None)
    sure = {name: [each if len(order) > 1 else each.replace("certain", "likely") for each in told] for name, told in TRUTH.items()}
    assert {name: groups(sandbox_of(node, name)) for name in TRUTH} == sure
    assert node.host_zombies == []
    known_by = {zombie.attributed_by for sandbox in node.sandboxes for zombie in sandbox.zombies or ()}
    assert known_by == ({"pid-namespace", "parent"} if v1 else {"cgroup"})
    shared = next(space for space in sandbox_of(node, "shared").pid_namespaces or ())
    assert shared.reaper is not None
    assert (shared.members, shared.verdict, shared.reaper.version) == (["pause", "app", "busy"], "reaps", "3.10.1")
    assert shared.reaper.reaped_in_window is (True if len(order) > 1 else None)
    assert [each.verdict for each in sandbox_of(node, "hostpid").pid_namespaces or ()] == ["not-by-pause"]


def test_what_probes_and_hooks_run_is_named():
    [group, _] = sandbox_of(report(recorded("later"), recorded("earlier")), "no-init").zombie_groups
    assert "the livenessProbe of container app runs usleep" in group.evidence
    assert group.names == {"usleep": 180, "sleep": 3}
    assert (len(group.pids), group.container) == (10, "app")
    assert any("shareProcessNamespace: true" in each for each in group.remedies)


def test_an_order_of_two_captures_is_found_and_a_reboot_is_told():
    later, earlier = recorded("later"), recorded("earlier")
    anew = replace(later, header={**later.header, "boot": "another"})
    node = report(anew, earlier)
    assert node.window_seconds is None
    assert "the node was started anew between the two captures: only the later one is shown" in node.sources.notes
    assert report(later, earlier).window_seconds == pytest.approx(3.7, abs=0.3)


def test_zombies_gone_at_the_second_look_are_no_finding():
    capture = altered(recorded("zoo"), "look2", rb"(?m)^\d+/stat:.*\) Z .*\n", b"")
    node = report(capture)
    zombies = [each for sandbox in node.sandboxes for each in sandbox.zombies or ()]
    assert len(zombies) > 20
    assert {each.lasting for each in zombies} == {False}
    codes = {each.code for sandbox in node.sandboxes for each in sandbox.findings} | {each.code for each in node.findings}
    assert not {code for code in codes if code.startswith("zombie/")}


def test_young_zombies_under_an_application_are_only_perhaps_a_fault():
    """A PID 1 that polls once a second leaves one for so long: two looks a second apart prove nothing yet, save under pause."""
    young = altered(recorded("zoo"), "reapers", rb"(?m)^self/sched:.*\n", b"")
    node = report(young)
    told = {sandbox.pid: groups(sandbox) for sandbox in node.sandboxes if sandbox.zombie_groups}
    assert told[31202] == ["no-init info possible 3 container:sleep 31237"]
    assert told[32215] == ["pause-does-not-reap warning certain 3 pause 32215"]
    first = next(space.reaper for space in next(each for each in node.sandboxes if each.pid == 31202).pid_namespaces or () if space.reaper)
    assert first.capable != "no"


def test_a_main_process_that_its_shim_has_not_waited_for():
    """As a stopped shim leaves it: the container's first process is a zombie, its parent the shim."""
    [nginx] = [each for each in sandbox_of(report(recorded("later")), "healthy").containers if each.name == "nginx"]
    dead = altered(recorded("later"), "proc", rb"(?m)^(%d/stat2?:.*\)) S " % (nginx.pid or 0), rb"\1 Z ")
    zombie, *_ = sandbox_of(report(dead), "healthy").zombie_groups
    assert (zombie.verdict, zombie.parent.role, zombie.container) == ("zombie/main-process", "runtime", "nginx")


@pytest.mark.parametrize("name", ["hostpid", "shared"])
def test_a_main_process_that_is_no_pid_1_adopts_nothing(name):
    """With hostPID or shareProcessNamespace its zombies are its own children, and no init would help."""
    [app] = [each for each in sandbox_of(report(recorded("later")), name).containers if each.name == "app"]
    child = next(each.pid for each in node_facts(recorded("later"), "-").processes.values() if each.state == "Z" and each.ppid == 70729)
    owned = altered(recorded("later"), "proc", rb"(?m)^(%d/stat2?:.*\) Z )70729 " % child, rb"\g<1>%d " % (app.pid or 0))
    told = [group for sandbox in report(owned).sandboxes for group in sandbox.zombie_groups if group.parent.pid == app.pid]
    assert [(group.verdict, group.parent.role) for group in told] == [("zombie/application", "process:app")]
    assert "the main process of container app, does not wait for its children: the application's fault" in told[0].message
    assert not any("shareProcessNamespace" in each for each in told[0].remedies)


@pytest.mark.parametrize("name", NODES)
def test_one_look_with_no_age_is_no_finding(name):
    node = report(recorded_capture(name))
    assert {group.confidence for sandbox in node.sandboxes for group in sandbox.zombie_groups} == {"possible"}
    codes = {each.code for sandbox in node.sandboxes for each in sandbox.findings} | {each.code for each in node.findings}
    assert not {code for code in codes if code.startswith(("zombie/", "pids/"))}


def test_a_collector_that_knew_nothing_of_reaping_leaves_it_unknown():
    node = report(collected("with-crictl"))
    reapers = [space.reaper for sandbox in node.sandboxes for space in sandbox.pid_namespaces or () if space.reaper]
    assert {each.executable for each in reapers} == {None}
    assert {sandbox.pids for sandbox in node.sandboxes} == {None}
    assert node.window_seconds is None
    assert {each.capable for each in reapers if each.role == "pause"} == {"yes"}, "masks were read always"


def test_twenty_thousand_zombies_are_one_group():
    capture = recorded("zoo")
    dead = b"%d/" % next(each.pid for each in node_facts(capture, "-").processes.values() if each.state == "Z" and each.ppid == 31237)
    lines = [line + b"\n" for line in capture.content("proc").split(b"\n") if line.startswith((dead, b"'" + dead))]
    more = b"".join(b"".join(lines).replace(dead, b"%d/" % pid) for pid in range(100000, 120000))
    many = replace(capture, sections={**capture.sections, "proc": Section(capture.content("proc") + more)})
    sandbox = next(each for each in report(many).sandboxes if each.pid == 31202)
    assert [(each.count, len(each.pids)) for each in sandbox.zombie_groups] == [(20003, 10)]


def test_facts_are_found_for_each_zombie():
    facts: NodeFacts = node_facts(recorded("zoo"), "-")
    sandbox = next(each for each in report(recorded("zoo")).sandboxes if each.pid == 32128)
    zombie = (sandbox.zombies or [])[0]
    assert facts.processes[zombie.pid].state == "Z"
    assert (zombie.exit_code, zombie.signal, zombie.lasting, zombie.kind) == (0, None, True, "zombie")
    assert zombie.ns_pid is not None
    assert 2 < (zombie.age_seconds or 0) < 6
