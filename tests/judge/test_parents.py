"""Which process should have waited for a zombie, what it is to its container, and what can be done in that very case."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache

import pytest

from kubectl_pause.facts.api import Pod, PodSpec, SpecContainer, for_capture
from kubectl_pause.facts.capture import Capture, read_capture
from kubectl_pause.facts.node_facts import node_facts
from kubectl_pause.inspect_node import inspect_node
from kubectl_pause.report import NodeReport, ZombieGroup
from tests.nodes.report_lines import sandbox_of
from tests.nodes.written_nodes import INIT, Written, identifier, pod_path, recorded_case, written_node
from tests.recorded_nodes import RECORDED

APP, OTHER = pod_path("u", "b"), pod_path("u", "c")
OWN, NESTED = 4026540001, 4026540002
WAITS = "500/task/500/syscall:61 0xffffffffffffffff"
PAUSE = Written(400, 390, "pause", (1,), 4026540000, pod_path("u", "a"), status={"SigCgt": "14002"})
MAIN = Written(500, 390, "app", (1,), OWN, APP)
ZOMBIE = Written(600, 500, "sh", (7,), OWN, APP, state="Z")


def report(capture: Capture) -> NodeReport:
    return inspect_node(node_facts(capture, "-"), "-")


@cache
def recorded(name: str) -> Capture:
    return read_capture((RECORDED / "vm-cgroup-v2" / f"{name}.capture").read_bytes(), name)


def the_group(capture: Capture, parent: int) -> ZombieGroup:
    node = report(capture)
    groups = [*node.host_zombie_groups, *(each for sandbox in node.sandboxes for each in sandbox.zombie_groups)]
    [group] = [each for each in groups if each.parent.pid == parent]
    return group


def told(group: ZombieGroup) -> str:
    return "\n".join([group.message, *group.evidence, *group.remedies])


def test_a_main_process_below_a_shared_pause_is_an_application():
    pause = replace(PAUSE, space=OWN)
    main = replace(MAIN, inside=(7,))
    group = the_group(
        written_node(pause, main, replace(ZOMBIE, inside=(8,)), containers={"b": "app"}, api={"shareProcessNamespace": True}), 500
    )
    assert (group.verdict, group.parent.role) == ("zombie/application", "process:app")
    assert group.message == "app (pid 500), the main process of container app, does not wait for its children: the application's fault"
    assert "pause (pid 400), PID 1 of its PID namespace, gets them only when it ends" in group.evidence
    assert [each.split(":")[0] for each in group.remedies] == ["fix app"]


@pytest.mark.parametrize(("catches", "verdict"), [("14002", "able"), ("4002", "does-not-reap")])
def test_the_tag_of_a_pause_image_says_less_than_what_the_process_shows(catches, verdict):
    """EKS and Bottlerocket have `localhost/kubernetes/pause:0.1.0`, which is a pause that reaps."""
    pause, main = replace(PAUSE, space=OWN, status={"SigCgt": catches}), replace(MAIN, inside=(7,))
    inspected = {"status": {"id": identifier("a"), "state": "SANDBOX_READY"}, "info": {"image": "localhost/kubernetes/pause:0.1.0"}}
    capture = written_node(pause, main, containers={"b": "app"}, sections={"crictl.inspectp": f" {json.dumps(inspected)}"})
    [sandbox] = report(capture).sandboxes
    [space] = sandbox.pid_namespaces or []
    assert (sandbox.image, space.verdict) == ("localhost/kubernetes/pause:0.1.0", verdict)
    assert any("tagged pause 0.1.0" in each for each in space.evidence) == (verdict != "able")


def test_with_the_node_s_pid_namespace_the_node_s_init_is_the_reaper():
    main, zombie = replace(MAIN, inside=(), space=INIT.space), replace(ZOMBIE, inside=(), space=INIT.space)
    group = the_group(written_node(PAUSE, main, zombie, containers={"b": "app"}, api={"hostPID": True}), 500)
    assert (group.verdict, group.parent.role) == ("zombie/application", "process:app")
    assert "systemd (pid 1), PID 1 of its PID namespace, gets them only when it ends" in group.evidence
    assert "shareProcessNamespace" not in told(group)


def test_pid_1_of_a_nested_namespace_is_a_process_of_the_container():
    first = Written(510, 500, "sleep", (9, 1), NESTED, APP)
    group = the_group(written_node(PAUSE, MAIN, first, Written(600, 510, "sh", (12, 4), NESTED, APP, "Z"), containers={"b": "app"}), 510)
    assert (group.verdict, group.parent.role) == ("zombie/no-init", "process:app")
    assert "PID 1 of a PID namespace nested in container app, does not wait for its children" in group.message
    assert "shareProcessNamespace" not in told(group)
    assert "ENTRYPOINT" not in told(group)
    assert "start an init as its first process" in group.remedies[0]


@pytest.mark.parametrize("seen", [True, False], ids=["cgroups", "no cgroup of the dead"])
def test_five_pid_namespaces_deep_the_innermost_pid_1_should_have_waited(seen):
    """The zombie is an orphan of the innermost: no PID 1 further out, nor pause, ever gets it while that one lives."""
    nested = [Written(500 + depth, 499 + depth, f"init{depth}", tuple(range(depth + 1, 0, -1)), OWN + depth, APP) for depth in range(1, 6)]
    dead = Written(600, 505, "sh", (11, 10, 9, 8, 7, 6), OWN + 5, APP if seen else "/", state="Z")
    node = report(written_node(PAUSE, MAIN, *nested, dead, containers={"b": "app"}, api={}))
    [sandbox] = node.sandboxes
    [zombie] = sandbox.zombies or []
    assert (zombie.pid, zombie.ns_pid, zombie.container) == (600, 6, "app")
    [group] = sandbox.zombie_groups
    assert (group.parent.pid, group.parent.comm, group.parent.role) == (505, "init5", "process:app")
    assert "init5 (pid 505), PID 1 of a PID namespace nested in container app, does not wait for its children" in group.message
    assert not any("shareProcessNamespace" in remedy or "ENTRYPOINT" in remedy for remedy in group.remedies)
    assert node.host_zombies == []


def test_twenty_thousand_zombies_at_once_have_a_right_answer_in_little_memory():
    """From the collector's bytes to the text for people, in a process that may not take more."""
    code = """if True:
        import resource
        from dataclasses import replace
        resource.setrlimit(resource.RLIMIT_DATA, (400 << 20, 400 << 20))
        from kubectl_pause.render.zombies.owners_view import owner_messages
        from kubectl_pause.render.zombies.zombies_view import zombies_view
        from tests.judge.test_parents import MAIN, PAUSE, ZOMBIE, report, written_node
        from tests.render.test_views import whole
        dead = [replace(ZOMBIE, pid=10000 + number, inside=(number,)) for number in range(20000)]
        node = report(written_node(PAUSE, MAIN, *dead, containers={"b": "app"}, api={}))
        [group] = node.sandboxes[0].zombie_groups
        print(group.count, group.transient, group.parent.pid, len(group.pids), len(node.sandboxes[0].zombies))
        text = zombies_view(whole(node), wide=True, width=None, headings=True, colour=False) + owner_messages(whole(node))
        print(len(text.splitlines()) < 120, "20000 zombies" in text)
    """
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)
    assert (ended.stdout.splitlines(), ended.returncode) == (["20000 0 500 10 20000", "True True"], 0), ended.stderr[-500:]


def test_a_namespace_nested_twice_whose_processes_have_no_cgroup_to_be_seen():
    group = the_group(recorded_case("own-03-nested-pid-namespace"), 6004)
    assert (group.parent.role, group.container) == ("process:app", "app")
    assert "nested in container app" in group.message
    assert "shareProcessNamespace" not in told(group)


HALTED = [
    (replace(MAIN, state="T"), "is stopped (state T)", "on the node: kill -CONT 500"),
    (replace(MAIN, state="t", tracer=900), "is held by the debugger gdb (pid 900)", "pid 900 holds pid 500: detach that debugger"),
    (MAIN, f"is in the frozen cgroup {APP}", f"on the node: echo 0 > /sys/fs/cgroup{APP}/cgroup.freeze"),
]  # fmt: skip


@pytest.mark.parametrize(("main", "words", "remedy"), HALTED, ids=["stopped", "traced", "frozen"])
@pytest.mark.parametrize("waits", [True, False], ids=["waits", "waits-not"])
def test_a_halted_pid_1_is_let_go_on_first(main, words, remedy, waits):
    frozen = {"frozen": f".{APP}/cgroup.events:frozen 1\n.{APP}/inner/cgroup.events:frozen 1"} if main is MAIN else {}
    gdb = Written(900, 1, "gdb", cgroup="/user.slice")
    capture = written_node(PAUSE, main, ZOMBIE, gdb, containers={"b": "app"}, sections=frozen)
    if waits:
        reading = capture.sections["reapers"].content + WAITS.encode() + b"\n"
        capture = replace(
            capture,
            header={"machine": "x86_64"},
            sections={**capture.sections, "reapers": replace(capture.sections["reapers"], content=reading)},
        )
    group = the_group(capture, 500)
    assert (group.verdict, group.parent.role) == ("zombie/parent-halted", "container:app")
    assert group.message == f"app (pid 500), PID 1 of container app, cannot wait for its children: it {words}"
    assert group.remedies[0].startswith(remedy)
    assert ("it reaps them when it goes on: no init is missing" in group.evidence) == waits
    assert (len(group.remedies) == 1) == waits
    assert "THAWED" not in told(group)


def test_a_pod_s_cgroup_that_is_frozen_on_v1_is_thawed_as_a_whole():
    below = f"{APP}/inner"
    path = APP.rpartition("/")[0]
    frozen = "\n".join(f".{each}/freezer.state:FROZEN" for each in (below, APP, path))
    group = the_group(written_node(PAUSE, replace(MAIN, cgroup=below), ZOMBIE, containers={"b": "app"}, sections={"frozen": frozen}), 500)
    assert group.remedies[0] == f"on the node: echo THAWED > /sys/fs/cgroup/freezer{path}/freezer.state"


def outside(comm: str, cgroup: str, state: str = "S") -> Written:
    return Written(390, 1, comm, state=state, cgroup=cgroup)


OUTSIDE = [
    (outside("containerd-shim", "/system.slice/containerd.service", "T"), "kill -CONT 390"),
    (outside("sleep", "/system.slice/strange.service"), "systemctl status -- strange.service  # restarting it frees"),
    (outside("sleep", "/user.slice/user-0.slice/session-1.scope"), "systemctl status 390"),
    (outside("sleep", "/user.slice/user-7.slice/user@7.service/app.slice/x.service"), "systemctl status 390"),
    (outside("sleep", "/system.slice/$(id).service"), "systemctl status -- '$(id).service'"),
    (outside("kubelet", "/system.slice/kubelet.service"), "systemctl status -- kubelet.service"),
]


@pytest.mark.parametrize(("parent", "remedy"), OUTSIDE, ids=lambda value: getattr(value, "cgroup", ""))
def test_a_parent_outside_of_the_pod(parent, remedy):
    group = the_group(written_node(PAUSE, MAIN, parent, replace(ZOMBIE, ppid=390), containers={"b": "app"}), 390)
    assert (group.verdict, [each for each in group.remedies if remedy in each]) == ("zombie/outside-parent", group.remedies)
    assert "delete" not in told(group).replace("deleting the pod would not free it", "")


@pytest.mark.parametrize("comm", ["containerd-shim", "conmon", "conmonrs"])
def test_a_main_process_is_waited_for_by_the_runtime_s_own(comm):
    parent = Written(390, 1, comm, cgroup="/system.slice/runtime.service")
    group = the_group(written_node(PAUSE, replace(MAIN, state="Z"), parent, containers={"b": "app"}), 390)
    assert (group.verdict, group.parent.role) == ("zombie/main-process", "runtime")


@pytest.mark.parametrize(("cgroup", "verdict"), [(APP, "zombie/outside-parent"), ("/init.scope", "zombie/unknown-parent")])
def test_a_parent_beyond_the_node_s_pid_namespace_is_looked_for_there(cgroup, verdict):
    """`docker exec` in a node that is a container: PPid is 0, and there is no /proc/0."""
    group = the_group(
        written_node(PAUSE, MAIN, replace(ZOMBIE, ppid=0, cgroup=cgroup, inside=(), space=INIT.space), containers={"b": "app"}), 0
    )
    assert (group.verdict, [each.partition(":")[0] for each in group.remedies]) == (verdict, ["on the machine that runs this node"])
    assert "pid 0" not in told(group)
    assert "/proc/0" not in told(group)


MAKERS = {
    "controller": (
        b', "ownerReferences": [{"kind": "ReplicaSet", "name": "web", "controller": true}]',
        "kubectl delete pod -n default web",
    ),
    "nobody": (b"", "kubectl delete pod -n default web  # no controller makes it anew: save its manifest first, and apply that afterwards"),
    "kubelet": (
        b', "annotations": {"kubernetes.io/config.mirror": "u", "kubernetes.io/config.hash": "u"}',
        "on the node, move the manifest of this static pod out of the staticPodPath of the kubelet and, once its containers are gone, back",
    ),
}


@pytest.mark.parametrize(("metadata", "remedy"), MAKERS.values(), ids=MAKERS)
def test_a_pod_is_made_anew_by_what_made_it(metadata, remedy):
    shim = Written(390, 1, "containerd-shim", cgroup="/system.slice/containerd.service")
    capture = written_node(PAUSE, replace(MAIN, state="Z"), shim, containers={"b": "app"}, api={"containers": [{"name": "app"}]})
    assert capture.api is not None
    group = the_group(replace(capture, api=capture.api.replace(b'"uid": "u"', b'"uid": "u"' + metadata)), 390)
    assert (group.verdict, group.remedies[-1].partition("make the pod anew: ")[2]) == ("zombie/main-process", remedy)


OWNERS = {
    "deployment": ("ReplicaSet", "web-5d4f", {"pod-template-hash": "5d4f"}, "deployment/web"),
    "statefulset": ("StatefulSet", "web", {}, "statefulset/web"),
    "daemonset with a name made of shell": ("DaemonSet", "$(id)", {}, "'daemonset/$(id)'"),
    "replicaset of nobody": ("ReplicaSet", "web-5d4f", {}, None),
    "job, whose template cannot be changed": ("Job", "web", {}, None),
}


@pytest.mark.parametrize(("kind", "name", "labels", "patched"), OWNERS.values(), ids=OWNERS)
def test_pause_for_all_containers_is_a_line_to_paste_where_an_owner_can_be_changed(kind, name, labels, patched):
    capture = written_node(PAUSE, MAIN, ZOMBIE, containers={"b": "app"}, api={})
    assert capture.api is not None
    metadata = {"labels": labels, "ownerReferences": [{"kind": kind, "name": name, "controller": True}]}
    view = json.loads(capture.api)
    view["pods"][0]["metadata"] |= metadata
    first = the_group(replace(capture, api=json.dumps(view).encode()), 500).remedies[0]
    if patched is None:
        assert first == "pod spec: shareProcessNamespace: true  # pause reaps orphans then"
        return
    patch = """'{"spec":{"template":{"spec":{"shareProcessNamespace":true}}}}'"""
    comment = "  # pause reaps orphans then; makes its pods anew"
    assert first == f"kubectl patch -n default {patched} --type=merge -p {patch}{comment}"


@pytest.mark.parametrize("setting", ["shareProcessNamespace", "hostPID"])
def test_what_the_spec_sets_already_or_the_api_would_refuse_is_not_advised(setting):
    nodes = [written_node(PAUSE, MAIN, ZOMBIE, containers={"b": "app"}, api=spec) for spec in ({}, {setting: True})]
    plain, asked = (the_group(node, 500) for node in nodes)
    assert any("shareProcessNamespace: true" in each for each in plain.remedies)
    assert not any("shareProcessNamespace" in each for each in asked.remedies)
    assert asked.remedies


@pytest.mark.parametrize("told_of", [{"command": ["sh", "-c", "secret"]}, {"setsCommand": True}], ids=["live", "capture"])
def test_a_command_of_the_spec_replaces_the_entrypoint(told_of):
    spec = {"containers": [{"name": "app", **told_of}]}
    group = the_group(written_node(PAUSE, MAIN, ZOMBIE, containers={"b": "app"}, api=spec), 500)
    assert "the spec sets command for container app, which replaces the image's ENTRYPOINT, and an init in it" in group.evidence
    assert not any(each.startswith("Dockerfile") for each in group.remedies)
    assert any("in front of the command of container app" in each for each in group.remedies)
    assert "secret" not in told(group)


def test_a_capture_keeps_of_a_command_that_there_is_one():
    containers = [SpecContainer(name="app", command=["sh", "-c", "secret"]), SpecContainer(name="plain")]
    kept = for_capture(Pod(spec=PodSpec(containers=containers)))
    assert [(each.command, each.sets_command) for each in kept.spec.containers or ()] == [(None, True), (None, None)]
    assert kept == for_capture(kept)


def test_a_dead_leader_is_no_zombie_and_nobody_s_fault():
    node = report(recorded_case("36-main-process-is-a-dead-leader"))
    [sandbox] = node.sandboxes
    zombie, leader = sandbox.zombie_groups[0], sandbox.zombie_groups[-1]
    assert (zombie.verdict, zombie.parent.pid, zombie.names) == ("zombie/parent-dead-leader", 2625774, {"sh": 1})
    assert zombie.parent.role.startswith("container:")
    assert "PID 1 of the container, has ended while other threads of it live" in zombie.message
    assert "is a zombie itself" not in told(zombie)
    assert "kill -KILL 2625774" in zombie.remedies[0]
    assert (leader.verdict, leader.severity, leader.names) == ("zombie/dead-leader", "info", {"npm start": 1})


def test_a_parent_that_ended_while_the_node_was_read_is_no_dead_leader():
    """A zombie of one thread has no children: what reads as one was adopted since, by whom is not known."""
    group = the_group(written_node(PAUSE, replace(MAIN, state="Z"), ZOMBIE, containers={"b": "app"}), 500)
    assert (group.verdict, group.remedies) == ("zombie/unknown-parent", [])
    assert "is a zombie itself" in told(group)
    leader = the_group(written_node(PAUSE, replace(MAIN, state="Z", threads=3), ZOMBIE, containers={"b": "app"}), 500)
    assert leader.verdict == "zombie/parent-dead-leader"


def test_a_stopped_launcher_of_a_pod_made_by_hand():
    """`main-dead`: a dash that ended with 5; the `unshare` that started it is stopped."""
    zoo = read_capture((RECORDED / "reaping" / "zoo.capture").read_bytes(), "zoo")
    group = the_group(zoo, 32065)
    assert (group.verdict, group.parent.role) == ("zombie/parent-halted", "process:unshare")
    assert group.remedies == ["on the node: kill -CONT 32065"]


@pytest.mark.parametrize(
    ("pod", "parent", "remedies"),
    [
        ("frozen-shell", 6759, 1),
        ("stopped-shell", 6721, 1),
        ("frozen", 1163, 4),
    ],
)
def test_halted_shells_of_a_real_node(pod, parent, remedies):
    group = the_group(recorded("steady-1"), parent)
    assert (group.verdict, group.parent.role, len(group.remedies)) == ("zombie/parent-halted", "container:main", remedies)
    assert group in sandbox_of(report(recorded("steady-1")), pod).zombie_groups
    assert ("it reaps them when it goes on: no init is missing" in group.evidence) == (remedies == 1)


def test_a_pause_tagged_3_0_that_was_seen_to_reap_reaps():
    later = read_capture((RECORDED / "reaping" / "later.capture").read_bytes(), "later")
    earlier = read_capture((RECORDED / "reaping" / "earlier.capture").read_bytes(), "earlier")
    old = {
        name: replace(section, content=section.content.replace(b"pause:3.10.1", b"pause:3.0")) for name, section in later.sections.items()
    }
    node = inspect_node(node_facts(replace(later, sections=old), "-"), "-", earlier=node_facts(earlier, "-"))
    shared = next(each for each in sandbox_of(node, "shared").pid_namespaces or () if each.reaper)
    assert shared.reaper
    assert (shared.verdict, shared.reaper.capable, shared.reaper.version) == ("reaps", "yes", "3.0")
    never = [each for each in sandbox_of(node, "healthy").pid_namespaces or () if each.members == ["pause"]]
    assert [each.reaper and each.reaper.capable for each in never] == ["yes"], "it catches SIGCHLD: the tag is not true"
