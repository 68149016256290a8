"""Whose a process is, on recorded nodes: the truth stands in the report's own tables, and of zombies was noted at the recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_pause.facts.node_facts import node_facts
from kubectl_pause.inspect_node import inspect_node
from kubectl_pause.join.attribution import attribute, places, trusted_shims
from kubectl_pause.join.ownership import own
from tests.judge.altered_processes import Copy, with_section, zombies_on_cgroup_v1
from tests.nodes.report_lines import collected, kind_with_api, recorded_report, sandbox_of
from tests.recorded_nodes import recorded_capture

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_pause.facts.capture import Capture

CAPTURES: dict[str, Callable[[], Capture]] = {
    "kind": kind_with_api,
    "collected": lambda: collected("with-crictl"),
    "containerd-1.6.20": lambda: recorded_capture("containerd-1.6.20"),
    "containerd-1.7.24": lambda: recorded_capture("containerd-1.7.24"),
    "cri-o": lambda: recorded_capture("crio-1.34.11"),
    "cri-o without crictl": lambda: recorded_capture("crio-1.34.11-infra", crictl=False),
}
CONTAINERD = recorded_capture("containerd-1.7.24")
REPORT = recorded_report("containerd-1.7.24")
NEW = 200001


def told(capture: Capture, *pids: int) -> list[str]:
    """`POD/CONTAINER by STEP, CONFIDENCE` of each pid, `-` for none."""
    facts = node_facts(capture, "-")
    pods = {sandbox.id: sandbox.pod.name for sandbox in inspect_node(facts, "-").sandboxes}
    found = attribute(facts, own(facts), places(facts))
    return [
        f"{pods[each.place.sandbox]}/{each.place.container or '?'} by {each.by}, {each.confidence}" if (each := found.get(pid)) else "-"
        for pid in pids
    ]


def pid_of(pod: str, container: str | None = None) -> int:
    sandbox = sandbox_of(REPORT, pod)
    pid = sandbox.pid if container is None else next(each.pid for each in sandbox.containers if each.name == container)
    assert pid is not None
    return pid


def space_of(pod: str, container: str, kind: str = "pid") -> int:
    facts = node_facts(CONTAINERD, "-")
    return facts.processes[pid_of(pod, container)].namespaces[kind]


def shim_of(pod: str) -> int:
    facts = node_facts(CONTAINERD, "-")
    sandbox = sandbox_of(REPORT, pod).id
    return next(pid for pid, place in trusted_shims(facts, own(facts), places(facts)).items() if place.sandbox == sandbox)


@pytest.mark.parametrize("name", CAPTURES)
def test_processes_that_the_report_names_are_their_containers_and_the_node_s_are_nobody_s(name):
    facts = node_facts(CAPTURES[name](), "-")
    found = attribute(facts, own(facts), places(facts))
    named = 0
    for sandbox in inspect_node(facts, "-").sandboxes:
        for pid, container in [(sandbox.pid, None), *((each.pid, each.name) for each in sandbox.containers)]:
            if pid:
                named += 1
                assert (found[pid].place.sandbox, found[pid].place.container) == (sandbox.id, container)
                assert (found[pid].by, found[pid].confidence) == ("cgroup", "certain")
    assert named >= 10
    for pid, process in facts.processes.items():
        if pid == 1 or process.comm in ("systemd-journal", "containerd", "kubelet", "containerd-shim", "crio", "conmon", "dbus-daemon"):
            assert pid not in found


def test_zombies_with_a_v2_path_are_their_container_s():
    """Noted at the recording: `app` of shared-pid holds two, `app` of zombies three; on kind `app` of zombies ten."""
    shared, own = ["shared-pid/app by cgroup, certain"] * 2, ["zombies/app by cgroup, certain"] * 3
    assert told(CONTAINERD, 384, 385, 540, 541, 542) == shared + own
    kind = node_facts(kind_with_api(), "-")
    dead = [pid for pid, process in kind.processes.items() if process.is_zombie]
    assert told(kind_with_api(), *dead) == ["zombies/app by cgroup, certain"] * 10


def test_on_cgroup_v1_their_pid_namespace_tells_and_of_a_shared_one_only_the_pod():
    old = zombies_on_cgroup_v1(CONTAINERD, {384, 385, 540, 541, 542})
    shared, own = ["shared-pid/? by pid-namespace, certain"] * 2, ["zombies/app by pid-namespace, certain"] * 3
    assert told(old, 384, 385, 540, 541, 542) == shared + own
    assert told(recorded_capture("crio-1.34.11"), 640) == ["shared-pid/? by pid-namespace, certain"]


def test_the_node_s_pid_namespace_proves_nothing_and_parents_are_asked():
    app, shim = pid_of("host-pid-ipc", "app"), shim_of("host-pid-ipc")
    assert told(Copy(app, NEW, ppid=app).dead(CONTAINERD), NEW) == ["host-pid-ipc/app by parent, likely"]
    assert told(Copy(app, NEW, ppid=shim).dead(CONTAINERD), NEW) == ["host-pid-ipc/? by shim, likely"]
    assert told(Copy(app, NEW, ppid=1).dead(CONTAINERD), NEW) == ["-"]
    assert told(Copy(app, NEW, ppid=99999).dead(CONTAINERD), NEW) == ["-"]
    assert told(Copy(app, NEW, ppid=NEW).dead(CONTAINERD), NEW) == ["-"]
    conmon = next(pid for pid, each in node_facts(recorded_capture("crio-1.34.11"), "-").shims.items() if each.startswith("031abc3abb"))
    assert told(Copy(857, NEW, ppid=conmon).dead(recorded_capture("crio-1.34.11")), NEW) == ["inspector-hostpid/shell by shim, likely"]


def test_a_live_process_elsewhere_is_at_most_possibly_the_pod_s():
    joined = Copy(1, NEW, ppid=1, comm="nsenter", spaces={"pid": space_of("zombies", "app")}).live(CONTAINERD)
    assert told(joined, NEW) == ["zombies/app by pid-namespace, possible"]
    started = Copy(1, NEW, ppid=shim_of("web"), comm="runc").live(CONTAINERD)
    assert told(started, NEW) == ["web/? by shim, possible"]
    child = Copy(1, NEW + 1, ppid=NEW).dead(started)
    assert told(child, NEW + 1) == ["web/? by shim, possible"]


def test_a_live_process_elsewhere_that_a_container_s_process_started_is_likely_its():
    """With hostPID that process is no PID 1, so it has adopted nobody."""
    assert told(Copy(1, NEW, ppid=pid_of("host-pid-ipc", "app")).live(CONTAINERD), NEW) == ["host-pid-ipc/app by parent, likely"]


def test_a_foreign_pod_s_process_inside_does_not_make_the_namespace_its_own():
    foreign = pid_of("host-pid-ipc", "app")
    inside = Copy(foreign, NEW, ppid=foreign, comm="nsenter", spaces={"pid": space_of("zombies", "app")}).live(CONTAINERD)
    assert told(zombies_on_cgroup_v1(inside, {540}), NEW, 540) == [
        "host-pid-ipc/app by cgroup, certain",
        "zombies/? by pid-namespace, likely",
    ]


def test_a_second_container_inside_leaves_only_the_pod():
    """An ephemeral container that targets another joins its PID namespace; a zombie there may be of either."""
    sidecar = pid_of("web", "sidecar")
    debugger = Copy(sidecar, NEW, ppid=shim_of("web"), spaces={"pid": space_of("web", "app")}).live(CONTAINERD)
    zombie = Copy(pid_of("web", "app"), NEW + 1, ppid=pid_of("web", "app")).dead(debugger)
    assert told(zombie, NEW + 1) == ["web/? by pid-namespace, certain"]
    assert told(Copy(pid_of("web", "app"), NEW, ppid=1).dead(CONTAINERD), NEW) == ["web/app by pid-namespace, certain"]


def test_a_deleted_cgroup_and_a_container_that_is_forgotten_still_name_the_pod():
    zombie = Copy(pid_of("host-pid-ipc", "app"), NEW, ppid=1).dead(CONTAINERD, cgroup_v2=True)
    proc = zombie.content("proc")
    path = next(line for line in proc.split(b"\n") if line.startswith(b"%d/cgroup:0::" % NEW))
    deleted = with_section(Copy(1, NEW, ppid=1).dead(CONTAINERD), "proc", path + b" (deleted)\n")
    assert told(deleted, NEW) == ["host-pid-ipc/app by cgroup, certain"]
    forgotten = path[:-64] + b"f" * 64
    assert told(with_section(Copy(1, NEW, ppid=1).dead(CONTAINERD), "proc", forgotten + b" (deleted)\n"), NEW) == [
        "host-pid-ipc/? by cgroup, certain"
    ]


@pytest.mark.parametrize("pod", ["host-pid-ipc", "zombies", "shared-pid"])
def test_a_pod_that_calls_itself_a_shim_is_not_believed(pod):
    victim = sandbox_of(REPORT, "web").id
    app = pid_of(pod, "app")
    forged = Copy(app, NEW, ppid=app, comm="containerd-shim").live(CONTAINERD)
    forged = with_section(forged, "shims", f"{NEW}/id:{victim}\n".encode())
    facts = node_facts(forged, "-")
    assert facts.shims[NEW] == victim
    assert NEW not in trusted_shims(facts, own(facts), places(facts))
    child = Copy(app, NEW + 1, ppid=NEW).dead(forged)
    assert told(child, NEW + 1)[0].startswith(f"{pod}/")


def test_only_a_known_id_a_shim_s_name_and_the_node_s_pid_namespace_make_a_shim():
    known = sandbox_of(REPORT, "web").id
    for comm, spaces, identifier, trusted in (
        ("containerd-shim", {}, known, True),
        ("conmon", {}, known, True),
        ("bash", {}, known, False),
        ("containerd-shim", {"pid": space_of("web", "app")}, known, False),
        ("containerd-shim", {}, "f" * 64, False),
    ):
        capture = with_section(Copy(shim_of("web"), NEW, 1, comm, spaces).live(CONTAINERD), "shims", f"{NEW}/id:{identifier}\n".encode())
        facts = node_facts(capture, "-")
        assert (NEW in trusted_shims(facts, own(facts), places(facts))) == trusted


def test_captures_without_the_shims_section_say_less():
    facts = node_facts(collected("with-crictl"), "-")
    assert facts.shims == {}
    assert facts.routes is None
    app = pid_of("host-pid-ipc", "app")
    zombie = Copy(app, NEW, ppid=shim_of("host-pid-ipc")).dead(CONTAINERD)
    without = type(zombie)(zombie.header, {k: v for k, v in zombie.sections.items() if k != "shims"}, zombie.bundles, zombie.crictl)
    assert told(without, NEW) == ["-"]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(sorted(node_facts(CONTAINERD, "-").processes)), st.integers(0, 2000)), max_size=4))
def test_whatever_dies_wherever_the_living_stay_where_they_are(deaths):
    capture = CONTAINERD
    for number, (of, ppid) in enumerate(deaths):
        capture = Copy(of, NEW + number, ppid).dead(capture)
    facts = node_facts(capture, "-")
    before = node_facts(CONTAINERD, "-")
    after, known = attribute(facts, own(facts), places(facts)), attribute(before, own(before), places(before))
    assert {pid: after.get(pid) for pid in before.processes} == {pid: known.get(pid) for pid in before.processes}
    for pid in facts.processes.keys() - before.processes.keys():
        assert pid not in after or after[pid].by != "cgroup"
