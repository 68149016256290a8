"""A recorded node on cgroup v2 alone, pod by pod; the truth is in recorded/vm-cgroup-v2/README.md."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from kubectl_pause.facts.capture import Capture, Section, read_capture
from kubectl_pause.facts.node_facts import node_facts
from kubectl_pause.inspect_node import inspect_node
from kubectl_pause.join.joined_node import join_node
from kubectl_pause.report import Answer, NodeReport, Sandbox
from kubectl_pause.who.answer import answer
from kubectl_pause.who.question import parse_question
from tests.nodes.report_lines import line, sandbox_of, table
from tests.recorded_nodes import RECORDED

# sandbox | its namespaces | its containers | addresses | groups of zombies
TRUTH = """
lab/completed#0 6c9bedbc2df03 notready none | -------- | main:exited | - | -
lab/crash#0 b37583ca129d2 ready pause:2044 | PPPPHPHH | main:exited | 10.244.0.11 | -
lab/frozen#0 5d7a0adeb8c59 ready pause:1091 | PPPPHPHH | main:running:1163:PPPoHooH | 10.244.0.4 | parent-halted 1 container:main 1163
lab/frozen-pause#0 169449f6e5e14 ready pause:6580 | PPPPHPHH | main:running:6739:PPPPHooH | 10.244.0.15 | pause-does-not-reap 2 pause 6580
lab/frozen-shell#0 6c801d32030bf ready pause:6605 | PPPPHPHH | main:running:6759:PPPoHooH | 10.244.0.13 | parent-halted 1 container:main 6759
lab/guaranteed#1 bfd885ac91298 ready pause:10572 | PPPPHPHH | main:running:11200:PPPoHooH | 10.244.0.17 | -
lab/host-net#0 c60f74e49ee8c ready pause:1710 | HPHPHPHH | main:running:2134:HPHoHooH | 10.0.2.15 | -
lab/host-pid#0 c5ce995a5e351 ready pause:1965 | PHPHHPHH | main:running:2308:PHPHHooH | 10.244.0.8 | -
lab/limited#0 7073565aa1df6 ready pause:13989 | PPPPHPHH | main:running:14016:PPPoHooH | 10.244.0.18 | -
lab/nested#0 11ffc4e058d6a ready pause:6628 | PPPPHPHH | main:running:6688:PPPoHoHH | 10.244.0.16 | -
lab/plain#0 fb27d0c534976 ready pause:1602 | PPPPHPHH | init/setup:exited web:running:2449:PPPoHooH side:running:2590:PPPoHooH ephemeral/dbg:running:7955:PPP=HooH | 10.244.0.5 | -
lab/reuse#0 0cb993f4cea12 ready pause:10425 | PPPPHPHH | reuse:running:10521:PPPoHooH | 10.244.0.9 | -
lab/shared-pid#0 3c5a36b60ad24 ready pause:1819 | PPPPHPHH | one:running:2121:PPPPHooH two:running:2405:PPPPHooH | 10.244.0.6 | -
lab/sidecar#0 39538153c3625 ready pause:1095 | PPPPHPHH | sidecar/proxy:running:1190:PPPoHooH main:running:1300:PPPoHooH | 10.244.0.3 | -
lab/stopped-shell#0 615299546bb26 ready pause:6578 | PPPPHPHH | main:running:6721:PPPoHooH | 10.244.0.14 | parent-halted 1 container:main 6721
lab/user-ns#0 5b96bf2a3aaa9 ready pause:1963 | PPPPPPHH | main:running:2407:PPPoPooH | 10.244.0.7 | -
lab/zombies#0 2eaa7a76bb1d1 ready pause:2114 | PPPPHPHH | main:running:2385:PPPoHooH | 10.244.0.10 | no-init 3 container:main 2385
"""  # noqa: E501 (a table)


@cache
def recorded(name: str) -> Capture:
    return read_capture((RECORDED / "vm-cgroup-v2" / f"{name}.capture").read_bytes(), name)


@cache
def node(name: str) -> NodeReport:
    return inspect_node(node_facts(recorded(name), name), name)


def shown(sandbox: Sandbox) -> str:
    groups = [f"{each.verdict.removeprefix('zombie/')} {each.count} {each.parent.role} {each.parent.pid}" for each in sandbox.zombie_groups]
    return f"{line(sandbox)} | {','.join(sandbox.ips) or '-'} | {'; '.join(groups) or '-'}"


def who(name: str, asked: str) -> list[Answer]:
    facts = node_facts(recorded(name), "-")
    return answer(parse_question(asked), join_node(facts, "-"))


@pytest.mark.parametrize("truth", table(TRUTH), ids=lambda truth: truth.partition("#")[0])
def test_every_pod(truth):
    [sandbox] = [each for each in node("steady-1").sandboxes if truth.startswith(f"{each.pod.namespace}/{each.pod.name}#")]
    assert shown(sandbox) == truth


def test_without_crictl_the_same_of_all_that_is_there():
    told = {each.id: shown(each).partition(" ")[2] for each in node("steady-no-crictl").sandboxes}
    expected = {each.id: shown(each).partition(" ")[2] for each in node("steady-1").sandboxes if each.pod.name != "completed"}
    assert told == expected


def test_findings_are_those_of_the_pods_in_trouble_alone():
    told = {each.pod.name: [finding.code for finding in each.findings] for each in node("steady-1").sandboxes if each.findings}
    assert told == {
        "frozen": ["zombie/parent-halted"],
        "frozen-pause": ["zombie/pause-does-not-reap"],
        "frozen-shell": ["zombie/parent-halted"],
        "plain": ["namespace/joined", "namespace/left"],
        "stopped-shell": ["zombie/parent-halted"],
        "zombies": ["zombie/no-init"],
    }
    assert node("steady-1").findings == []


def test_a_frozen_pause_is_thawed_by_its_own_path():
    [group] = sandbox_of(node("steady-1"), "frozen-pause").zombie_groups
    [remedy] = group.remedies
    assert remedy.startswith("on the node: echo 0 > /sys/fs/cgroup/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod")
    assert remedy.endswith(".scope/cgroup.freeze")


@pytest.mark.parametrize("asked", ["10.244.0.9", "vethcc4e3629"])
def test_the_address_of_a_completed_pod_is_its_successor_s(asked):
    assert [each.pod and each.pod.name for each in who("steady-1", asked)] == ["reuse"]


@pytest.mark.parametrize(
    ("path", "evidence"),
    [
        ("/kubepods.slice", ["21 pods below it", "105 tasks charged to it"]),
        ("/sys/fs/cgroup/kubepods.slice/kubepods-besteffort.slice", ["14 pods below it", "45 tasks charged to it"]),
        ("kubepods-besteffort.slice", ["14 pods below it", "45 tasks charged to it"]),
        ("/system.slice", ["290 tasks charged to it"]),
    ],
)
def test_cgroups_that_hold_pods_or_are_the_node_s(path, evidence):
    [told] = who("steady-1", path)
    assert (told.role, told.pod, told.known_by) == ("host", None, ["a cgroup of the node's own", *evidence])


def test_a_cgroup_that_is_not_there():
    assert who("steady-1", "/nowhere.slice") == []


def test_a_zombie_of_an_ended_attempt_is_charged_to_the_pod_alone():
    limited = sandbox_of(node("zombie-in-deleted-cgroup"), "limited")
    assert limited.pids is not None
    told = {each.scope: (each.current, each.zombies) for each in limited.pids.scopes}
    assert (told["container:main"], told["pod"]) == ((9, 0), (11, 1))
    [group] = limited.zombie_groups
    assert (group.verdict, group.parent.role) == ("zombie/outside-parent", "host")
    assert "1 of 1 from an attempt of container main that has ended (f3c0940ac0633)" in group.evidence
    assert group.remedies == ["on the node: systemctl status -- deadparent.service  # restarting it frees its zombies"]


@pytest.mark.parametrize(("kernel", "of_pod"), [("6.1.0-56", 3), ("6.12.5", 0)])
def test_forks_refused_by_the_pod_s_limit_are_counted_where_the_kernel_counts_them(kernel, of_pod):
    """Before 6.11 pids.events of the container has them, from 6.11 on that of the limit and of all above."""
    capture = recorded("steady-1")
    [container] = [each.id for each in sandbox_of(node("steady-1"), "limited").containers]
    content = capture.content("pids")
    at = content.index(b"pids.events:max 0", content.index(f"cri-containerd-{container}.scope/pids.events".encode()))
    refused = content[:at] + b"pids.events:max 3" + content[at + len(b"pids.events:max 0") :]
    altered = replace(capture, header={**capture.header, "kernel": kernel}, sections={**capture.sections, "pids": Section(refused)})
    pids = sandbox_of(inspect_node(node_facts(altered, "-"), "-"), "limited").pids
    assert pids is not None
    told = {each.scope: each.refused for each in pids.scopes}
    assert (told["container:main"], told["pod"]) == (3, of_pod)
