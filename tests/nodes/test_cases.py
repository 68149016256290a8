"""Small nodes after public reports in which one name, one path or one address led to the wrong pod."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kubectl_pause import notes
from kubectl_pause.facts.capture import Capture
from kubectl_pause.facts.kernel.cgroup import owner_of_path, owner_of_process, parse_path, pod_of_path
from kubectl_pause.facts.node_facts import node_facts
from kubectl_pause.inspect_node import inspect_node
from kubectl_pause.join.joined_node import join_node
from kubectl_pause.report import Answer, NodeReport
from kubectl_pause.who.answer import answer
from kubectl_pause.who.question import parse_question
from tests.nodes.written_nodes import HOST, Written, identifier, pod_path, recorded_case, written_node
from tests.recorded_nodes import recorded_bytes

PAUSE = Written(400, 390, "pause", (1,), 4026540000, pod_path("u", "a"), status={"SigCgt": "14002"})
MAIN = Written(500, 390, "app", (1,), 4026540001, pod_path("u", "b"))


def report(capture: Capture) -> NodeReport:
    return inspect_node(node_facts(capture, "-"), "-")


def who(capture: Capture, asked: object) -> list[Answer]:
    facts = node_facts(capture, "-")
    return answer(parse_question(str(asked)), join_node(facts, "-"))


def codes(node: NodeReport) -> list[str]:
    return [each.code for sandbox in node.sandboxes for each in sandbox.findings] + [each.code for each in node.findings]


def test_a_sandbox_without_a_uid_takes_no_stranger():
    capture = recorded_case("own-01-uidless-sandbox-takes-strangers")
    node = report(capture)
    assert [sandbox.zombies for sandbox in node.sandboxes] == [[]]
    assert [each.pid for each in node.host_zombies or ()] == [5001]
    assert [each.pod for each in who(capture, 5000)] == [None]


def test_containers_without_a_name_are_each_one():
    second = replace(MAIN, pid=600, cgroup=pod_path("u", "c"), space=4026540002)
    [sandbox] = report(written_node(PAUSE, MAIN, second, containers={"b": "", "c": ""})).sandboxes
    assert sorted(each.pid or 0 for each in sandbox.containers) == [500, 600]


def test_the_address_of_a_completed_pod_is_the_one_s_that_has_it_now():
    capture = recorded_case("10-ip-of-a-completed-pod-used-again")
    assert {each.pod.name: each.ips for each in report(capture).sandboxes} == {"report-28": [], "web-1": ["10.244.0.9"]}
    assert [each.pod and each.pod.name for each in who(capture, "10.244.0.9")] == ["web-1"]


def test_an_address_that_only_the_api_remembers_is_a_past_one():
    capture = recorded_case("10-ip-of-a-completed-pod-used-again")
    pods = capture.sections["crictl.pods"]
    ended = replace(pods, content=pods.content.replace(b"SANDBOX_READY", b"SANDBOX_NOTREADY"))
    answers = who(replace(capture, sections={**capture.sections, "crictl.pods": ended}), "10.244.0.9")
    assert [(each.confidence, "no sandbox has the address now" in each.known_by[0]) for each in answers] == [("possible", True)] * 2


def test_an_api_that_tells_of_an_older_sandbox_gives_no_address():
    api = {"containers": [{"name": "app"}]}
    capture = written_node(PAUSE, MAIN, containers={"b": "app"}, api=api)
    assert capture.api is not None
    running = {"name": "app", "containerID": "containerd://%s", "state": {"running": {}}}
    status = json.dumps({"podIPs": [{"ip": "10.244.0.2"}], "containerStatuses": [running]})
    for letter, ips in (("b", ["10.244.0.2"]), ("d", [])):
        told = replace(capture, api=capture.api.replace(b'"spec"', f'"status": {status % identifier(letter)}, "spec"'.encode()))
        assert [each.ips for each in report(told).sandboxes] == [ips]


def test_a_container_that_is_named_pause_is_a_container():
    app = replace(MAIN, comm="pause")
    zombie = Written(600, 500, "sh", (7,), MAIN.space, MAIN.cgroup, "Z")
    capture = written_node(PAUSE, app, zombie, containers={"b": "pause"})
    [sandbox] = report(capture).sandboxes
    assert (sandbox.pid, [each.pid for each in sandbox.containers]) == (400, [500])
    assert [each.role for each in who(capture, 500)] == ["container:pause"]
    assert [(each.verdict, each.parent.role) for each in sandbox.zombie_groups] == [("zombie/no-init", "container:pause")]
    assert [each.verdict for each in sandbox.pid_namespaces or ()] == ["nothing-to-reap", "does-not-reap"]


def test_kata_s_processes_are_known_by_the_id_in_their_cgroups():
    capture = recorded_case("12-kata-one-pid-and-kata-cgroups")
    [sandbox] = report(capture).sandboxes
    assert (sandbox.holder, codes(report(capture))) == ("virtual", [])
    assert [each.sandbox for each in who(capture, 6010)] == [sandbox.id]


def test_kata_is_suspected_where_two_containers_have_one_pid():
    capture = recorded_case("12-kata-one-pid-and-kata-cgroups", "capture-without-crictl")
    [sandbox] = report(capture).sandboxes
    assert (sandbox.holder, codes(report(capture))) == ("virtual", [])
    assert [each.sandbox for each in who(capture, 6020)] == [sandbox.id]


A, B = "a1" * 32, "b2" * 32
TABLE = [
    line.split("\t") for line in recorded_bytes("cases", "13-cgroup-paths", "paths.tsv").decode().splitlines() if not line.startswith("#")
]


@pytest.mark.parametrize(("path", "uid", "container"), [row[1:4] for row in TABLE], ids=[row[0] for row in TABLE])
def test_cgroup_paths_of_public_reports(path, uid, container):
    owner = owner_of_path(path, {A})
    if container.startswith("none"):
        assert owner is None or owner.container_id != A
        return
    assert owner is not None
    assert (owner.container_id, owner.pod_uid or "-") == (A, uid if path.startswith("/") else "-")


def test_conmon_is_the_runtime_s_in_whatever_slice():
    for prefix in ("crio-conmon", "libpod-conmon", "other-conmon"):
        assert owner_of_process(f"0::/machine.slice/{prefix}-{A}.scope", {A}) is None
    assert parse_path("/user.slice/app.slice/snap.kubectl.kubectl-186be11b.scope") == []
    assert pod_of_path(f"/kata_overhead/{A}") is None


BLOCKS = recorded_bytes("cases", "13-cgroup-paths", "proc-cgroup.txt").decode().split("## ")[1:]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0])
def test_cgroup_files_in_which_some_hierarchies_name_the_container(block):
    owner = owner_of_process(block.partition("\n")[2])
    assert owner is not None
    assert owner.container_id == A


def moved(ppid: int, inside: tuple[int, ...], space: int) -> Written:
    return Written(700, ppid, "mysqld", inside, space, f"/docker/{B}")


def test_a_nested_runtime_s_process_is_its_container_s_wherever_its_cgroup_is():
    shell = Written(600, 500, "dockerd", (12,), MAIN.space, MAIN.cgroup)
    capture = written_node(PAUSE, MAIN, shell, moved(600, (13, 1), 4026540009), containers={"b": "app"})
    [told] = who(capture, 700)
    assert (told.container, told.role, told.confidence) == ("app", "process:app", "likely")
    assert told.known_by[0] == "child of pid 600 (dockerd), a process of container app"
    assert "of container b2b2b2b2b2b2b, which the runtime does not know" in told.known_by[1]
    assert "namespace/joined" not in codes(report(capture))


def test_a_child_that_pid_1_may_have_adopted_from_a_stranger_proves_nothing():
    capture = written_node(PAUSE, MAIN, moved(500, (13,), MAIN.space), containers={"b": "app"})
    [told] = who(capture, 700)
    assert told.role == "stranger"
    assert "namespace/joined" in codes(report(capture))


def test_an_ephemeral_container_whose_target_was_not_honoured():
    node = report(recorded_case("24-ephemeral-container-target-not-honoured"))
    [finding] = [each for sandbox in node.sandboxes for each in sandbox.findings]
    assert (finding.code, finding.confidence) == ("namespace/drift", "certain")
    assert "expected because the ephemeral container has targetContainerName: app" in finding.evidence
    assert (finding.remedy or "").startswith("the runtime may not support targetContainerName")
    assert "delete" not in (finding.remedy or "")


def test_a_dead_leader_in_a_container_is_not_a_lost_pause():
    capture = recorded_case("36-main-process-is-a-dead-leader")
    [sandbox] = report(capture).sandboxes
    assert [each.pid for each in sandbox.containers] == [2625774]
    assert not any("pause process is gone" in note for note in sandbox.notes)
    assert "its leader has ended, 7 of its threads live on; child of pid 2625481" in who(capture, 2625774)[0].known_by


def test_a_namespace_may_be_called_docker():
    zombie = Written(600, 500, "sh", (7,), MAIN.space, MAIN.cgroup, "Z")
    named = {"metadata": {"name": "web", "uid": "u", "namespace": "docker"}}
    [sandbox] = report(written_node(PAUSE, MAIN, zombie, containers={"b": "app"}, sandbox=named)).sandboxes
    [group] = sandbox.zombie_groups
    assert group.remedies[0].startswith("pod spec: shareProcessNamespace: true")
    assert not any("--init" in each for each in group.remedies)


def test_the_other_end_of_a_veth_as_ip_prints_it():
    [reading] = parse_question("veth9946a0a7@if2").readings
    assert (reading.kind, reading.text) == ("interface", "veth9946a0a7")


@pytest.mark.parametrize("state", ["T", "t"])
def test_a_main_process_that_does_nothing_is_told(state):
    capture = written_node(PAUSE, replace(MAIN, state=state), containers={"b": "app"})
    [finding] = report(capture).sandboxes[0].findings
    assert (finding.code, finding.severity) == ("process/halted", "warning" if state == "T" else "info")
    assert "app (pid 500)" in finding.message
    assert finding.remedy
    assert codes(report(written_node(PAUSE, MAIN, containers={"b": "app"}))) == []


def lone(letter: str, name: str, pid: int, **more: object) -> str:
    return " " + json.dumps({"id": identifier(letter), "name": name, "pid": pid, "state": "running", **more})


def test_an_engine_s_container_that_is_no_pod_is_known_by_its_name():
    path = f"/machine.slice/libpod-{identifier('d')}.scope"
    main = Written(800, 1, "sleep", (1,), 4026540005, path)
    zombie = Written(801, 800, "sh", (2,), 4026540005, path, "Z")
    engine = {"podman.containers": "\n".join([lone("d", "alone", 800), lone("e", "other", 900)])}
    capture = written_node(PAUSE, MAIN, main, zombie, containers={"b": "app"}, sections=engine)
    [group] = report(capture).host_zombie_groups
    assert (group.verdict, group.parent.role, group.container) == ("zombie/no-init", "container:alone", "alone")
    assert group.remedies[0] == "start container alone with --init"
    [told] = who(capture, 800)
    assert (told.pod, told.container, told.role) == (None, "alone", "container:alone")
    assert "podman has it as container alone, which shares no namespace: no pod" in told.known_by
    assert [each.role for each in who(capture, identifier("d"))] == ["container:alone"]


def test_a_pod_of_podman_without_infra_has_lost_nothing():
    node = report(recorded_case("42-podman-pod-with-catatonit"))
    [sandbox] = node.sandboxes
    assert (sandbox.pod.kind, sandbox.holder, [each.name for each in sandbox.containers]) == ("podman", "none", ["a"])
    assert notes.NO_INFRA in sandbox.notes
    assert codes(node) == []


def test_a_docker_pod_that_lost_its_holder_is_told_of_no_kubelet():
    app = Written(800, 1, "app", (1,), 4026540005, f"/docker/{identifier('d')}")
    engine = {"docker.containers": lone("d", "app", 800, net_mode=f"container:{identifier('f')}")}
    [finding] = [each for sandbox in report(written_node(app, sections=engine)).sandboxes for each in sandbox.findings]
    assert finding.code == "sandbox/pause-gone"
    assert "kube" not in (finding.remedy or "")


def test_catatonit_holds_a_pod_of_podman_and_reaps_in_it():
    pod, path = identifier("b"), "/machine.slice/libpod-{}.scope"
    infra = Written(800, 1, "catatonit", (1,), 4026540005, path.format(identifier("d")), status={"SigBlk": "10000"})
    app = Written(810, 1, "app", (2,), 4026540005, path.format(identifier("e")))
    sections = {
        "podman.containers": "\n".join([lone("d", "infra", 800, pod=pod, infra=True), lone("e", "app", 810, pod=pod)]),
        "podman.pods": " " + json.dumps([{"Id": pod, "Name": "p1", "InfraId": identifier("d")}]),
        "exe": f" {'0' * 36}\n {'0' * 36} '800/exe' -> '/catatonit'",
    }
    [sandbox] = [each for each in report(written_node(infra, app, sections=sections)).sandboxes if each.pod.kind == "podman"]
    space = next(each for each in sandbox.pid_namespaces or () if each.reaper)
    assert space.reaper
    assert (sandbox.pod.name, sandbox.pid, space.reaper.comm) == ("p1", 800, "catatonit")
    assert (space.verdict, space.reaper.capable) == ("able", "yes")


def test_an_application_that_others_have_joined_is_no_pause():
    """`docker run --network=container:app`: what holds the namespaces starts processes of its own."""
    app = Written(800, 1, "app", (1,), 4026540005, f"/docker/{identifier('d')}")
    joined = Written(810, 1, "side", (1,), 4026540006, f"/docker/{identifier('e')}")
    zombie = Written(801, 800, "sh", (2,), 4026540005, app.cgroup, "Z")
    side = lone("e", "side", 810, net_mode=f"container:{identifier('d')}")
    capture = written_node(app, joined, zombie, sections={"docker.containers": "\n".join([lone("d", "app", 800), side])})
    [group] = [each for sandbox in report(capture).sandboxes for each in sandbox.zombie_groups]
    assert (group.verdict, group.parent.role) == ("zombie/no-init", "container:app")
    assert group.remedies[0] == "start container app with --init"


def test_a_parent_whose_namespaces_may_not_be_read_is_not_called_the_node_s():
    hidden = Written(800, 1, "app")
    capture = written_node(hidden, Written(801, 800, "sh", state="Z"))
    proc = capture.sections["proc"]
    unread = b"\n".join(line for line in proc.content.split(b"\n") if not line.startswith((b"'800/", b"'801/")))
    [group] = report(replace(capture, sections={**capture.sections, "proc": replace(proc, content=unread)})).host_zombie_groups
    assert (group.verdict, group.parent.role) == ("zombie/unknown-parent", "unknown")
    assert "a process of the node" not in group.message


def test_a_proc_that_hides_processes_is_told_and_proves_no_leftover():
    """hidepid=2: pid 1 is not listed, nor is what holds a namespace that a mount pins."""
    reader = Written(900, 899, "python3")
    capture = written_node(reader, sections={"mountinfo": " 1 1 0:4 pid:[4026541111] /run/pidns/x rw - nsfs nsfs rw"})
    proc = capture.sections["proc"]
    assert codes(report(replace(capture, header={"reader": "900"})))
    listed = b"\n".join(line for line in proc.content.split(b"\n") if not line.startswith((b"1/", b"'1/")))
    hidden = replace(capture, header={"reader": "900"}, sections={**capture.sections, "proc": replace(proc, content=listed)})
    assert codes(report(hidden)) == []
    assert any("hidepid" in note for note in report(hidden).sources.notes)


@pytest.mark.parametrize("nested", [False, True])
def test_the_pid_namespace_of_a_reader_in_one_of_its_own_is_not_the_host_s(nested):
    """`unshare --pid` with the /proc of the host, whose pid 1 may not be read."""
    reader = Written(900, 899, "python3", (3,) if nested else (), 4026540009 if nested else HOST)
    capture = written_node(reader)
    proc = capture.sections["proc"]
    unread = b"\n".join(line for line in proc.content.split(b"\n") if not line.startswith(b"'1/"))
    facts = node_facts(
        replace(capture, header={"reader": "900"}, sections={**capture.sections, "proc": replace(proc, content=unread)}), "-"
    )
    assert facts.host == ({} if nested else {"pid": HOST})
