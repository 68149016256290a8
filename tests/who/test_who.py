"""`who X` on recorded nodes: every kind of input, and what is said where there is no such thing."""

from __future__ import annotations

import json
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.api import Pod
from kubectl_pause.facts.capture import Capture
from kubectl_pause.facts.node_facts import node_facts
from kubectl_pause.inspect_node import judge_node
from kubectl_pause.join.joined_node import JoinedNode, join_node
from kubectl_pause.render.who_view import who_view
from kubectl_pause.report import Answer, Report
from kubectl_pause.who.answer import answer
from kubectl_pause.who.api import nodes_of
from kubectl_pause.who.not_found import looked_for
from kubectl_pause.who.question import parse_question
from tests.judge.altered_processes import Copy, with_section, zombies_on_cgroup_v1
from tests.nodes.report_lines import kind_with_api, sandbox_of, table
from tests.recorded_nodes import recorded_bytes, recorded_capture

NEW = 200001
SHARED = "558f269c52677ee51abdee4d587728dd7c4d0356ee0ed98a06c804d832c1487b"


def inspected(capture: Capture) -> JoinedNode:
    facts = node_facts(capture, "node-1")
    return join_node(facts, "node-1")


@cache
def kind() -> JoinedNode:
    return inspected(kind_with_api())


def ask(node: JoinedNode, text: str) -> list[Answer]:
    return answer(parse_question(text), node)


def lines(answers: list[Answer]) -> list[str]:
    """`UNDERSTOOD-AS | POD ROLE PID`, with ? before it where it is likely and ?? where it is possible only."""
    mark = {"certain": "", "likely": "?", "possible": "??"}
    return [
        f"{mark[each.confidence]}{each.understood_as} | {each.pod.name if each.pod else '-'} {each.role or '-'} {each.pid or '-'}"
        for each in answers
    ]


def netns_of(node: JoinedNode, pod: str) -> str:
    return next(path for path in sandbox_of(judge_node(node), pod).namespaces["net"].held_by if path.startswith("/run/netns/"))


PROCESSES = table("""
904                       pid 904 | shared pause 904
984                       pid 984 | shared container:app 984
121478                    pid 121478 | shared-pid container:app 121478
121800                    pid 121800 | zombies process:app 121800
/proc/121800              pid 121800 | zombies process:app 121800
/proc/984/task/984/status pid 984 | shared container:app 984
1                         pid 1 | - host 1
605                       pid 605 | - host 605
849                       pid 849 | shared runtime 849
shared:1                  pid 1 inside pod shared | shared pause 904
default/zombies:18        pid 18 inside pod default/zombies | zombies process:app 121800
zombies:1                 pid 1 inside pod zombies | zombies pause 121071 & zombies container:app 121441
""")


@pytest.mark.parametrize("row", PROCESSES)
def test_processes_of_a_recorded_kind_node(row):
    asked, expected = row.split(" ", 1)
    understood, _, answers = expected.partition(" | ")
    assert sorted(lines(ask(kind(), asked))) == sorted(f"{understood} | {each}" for each in answers.split(" & "))


def test_ids_addresses_interfaces_cgroups_and_paths_of_one_pod():
    """Ids, inode, IP, interface and path as the runtime and readlink gave them at the recording."""
    net = kind().facts.processes[904].namespaces["net"]
    [status] = [each["info"] for each in json.loads(recorded_bytes("kind-containerd-2.2.9", "crictl-inspectp.json"))
                if each["status"]["id"] == SHARED]  # fmt: skip
    interfaces = status["cniResult"]["Interfaces"]
    [veth] = [name for name, each in interfaces.items() if not each["Sandbox"]]
    path, ip = interfaces["eth0"]["Sandbox"], interfaces["eth0"]["IPConfigs"][0]["IP"]
    cgroup = next(line[3:] for line in kind().facts.processes[904].cgroups.split("\n") if line.startswith("0::"))
    leaf = cgroup.rpartition("/")[2]
    for asked in (SHARED, SHARED[:4], f"containerd://{SHARED}", f"cri-o://{SHARED[:12]}", ip, f"[{ip}]", veth, cgroup, cgroup[1:],
                  f"0::{cgroup}", f"9:memory:{cgroup}", leaf, f"/sys/fs/cgroup{cgroup}", f"/sys/fs/cgroup/pids{cgroup}/",
                  f"{cgroup} (deleted)", cgroup.removesuffix(f"/{leaf}")):  # fmt: skip
        [found] = ask(kind(), asked)
        assert (found.pod and found.pod.name, found.role, found.sandbox, found.pid, found.comm) == (
            "shared",
            "sandbox",
            SHARED,
            904,
            "pause",
        )
        assert found.confidence == "certain"
    for asked in (str(net), f"net:[{net}]", f"net:{net}", "/proc/904/ns/net", "/proc/984/task/984/ns/net", path, path.removeprefix("/var")):
        [found] = ask(kind(), asked)
        assert (found.pod and found.pod.name, found.role, found.sandbox, found.pid) == ("shared", "namespace", SHARED, 904)
        assert f"mounted at {path.removeprefix('/var')}" in found.known_by
        assert "3 processes in it" in found.known_by


def test_a_container_s_id_and_its_own_namespaces_are_the_container_s():
    app = next(each for each in sandbox_of(judge_node(kind()), "web").containers if each.name == "app")
    assert lines(ask(kind(), str(app.id))) == [f"container or sandbox id {app.id} | web container:app {app.pid}"]
    mnt = kind().facts.processes[app.pid or 0].namespaces["mnt"]
    [found] = ask(kind(), f"mnt:[{mnt}]")
    assert (found.role, found.container, found.pid) == ("namespace", "app", app.pid)
    [done] = ask(kind(), str(sandbox_of(judge_node(kind()), "done").containers[0].id))
    assert (done.role, done.pid) == ("container:app", None)
    assert "exited" in done.known_by[0]


def test_the_node_s_own_are_answers_too():
    host = kind().facts.host
    for asked in (f"net:[{host['net']}]", str(host["mnt"]), "/proc/1/ns/uts", "/proc/605/ns/pid"):
        [found] = ask(kind(), asked)
        assert (found.role, found.pod, found.pid) == ("host", None, 1)
    [kubelet] = ask(kind(), "605")
    assert (kubelet.comm, kubelet.role) == ("kubelet", "host")
    [shim] = ask(kind(), "849")
    assert (shim.sandbox, shim.pod and shim.pod.name) == (SHARED, "shared")
    [service] = ask(kind(), "/sys/fs/cgroup/system.slice/containerd.service")
    assert (service.role, service.pod) == ("host", None)


def test_a_number_may_be_a_pid_and_the_beginning_of_an_id():
    other = Copy(1, 7586, ppid=1, comm="daemon").live(kind_with_api())
    found = ask(inspected(other), "7586")
    assert [each.understood_as for each in found] == ["pid 7586"]
    digits = next(identifier[:4] for identifier in kind().known if identifier[:4].isdigit() and identifier[0] != "0")
    found = ask(inspected(Copy(1, int(digits), ppid=1, comm="daemon").live(kind_with_api())), digits)
    assert [each.understood_as for each in found] == [f"pid {digits}", f"container or sandbox id {digits}..."]


def test_an_id_s_beginning_may_fit_several():
    first = "61"
    known = [identifier for identifier in kind().known if identifier.startswith(first)]
    clash = recorded_capture("kind-containerd-2.2.9")
    pods = json.loads(clash.content("crictl.pods"))
    pods["items"] += [{**pods["items"][0], "id": known[0][:6] + "0" * 58, "metadata": {"name": "twin", "namespace": "x", "uid": "u"}}]
    twin = Capture(
        clash.header, {**clash.sections, "crictl.pods": type(clash.sections["proc"])(json.dumps(pods).encode())}, (), clash.crictl
    )
    assert len(ask(inspected(twin), known[0][:6])) == 2


def test_a_stranger_is_a_member_of_namespaces_not_of_the_pod():
    shared = kind().facts.processes[904].namespaces
    spaces = {"net": shared["net"], "ipc": shared["ipc"]}
    [found] = ask(inspected(Copy(605, NEW, 1, "nsenter", spaces).live(kind_with_api())), str(NEW))
    assert (found.role, found.pod and found.pod.name, found.confidence) == ("stranger", "shared", "certain")
    assert found.known_by[0] == "it is in namespaces of the pod: net, ipc"
    assert "not the pod's" in found.known_by[1]
    [probing] = ask(inspected(Copy(605, NEW, 162, "ptp", spaces).live(kind_with_api())), str(NEW))
    assert (probing.role, probing.pod and probing.pod.name) == ("runtime", "shared")


def test_zombies_say_how_they_are_known_and_who_should_have_waited():
    node = recorded_capture("containerd-1.7.24")
    for capture, evidence in ((node, "cgroup /kubepods"), (zombies_on_cgroup_v1(node, {540}), "its PID namespace")):
        [found] = ask(inspected(capture), "540")
        assert (found.role, found.container, found.pod and found.pod.name) == ("process:app", "app", "zombies")
        assert found.known_by[0].startswith(evidence)
        assert found.known_by[1].startswith("zombie: it has ended, and its parent pid 530 (")
    [crio] = ask(inspected(recorded_capture("crio-1.34.11")), "shop/shared-pid:11")
    assert (crio.pid, crio.role, crio.container) == (640, "process", None)
    [lost] = ask(inspected(Copy(1, NEW, 1, "lost").dead(node)), str(NEW))
    assert (lost.role, lost.pod, lost.confidence) == (None, None, "possible")


def test_an_interface_by_the_routes_where_no_cni_result_names_it():
    node = kind_with_api()
    ip = sandbox_of(judge_node(kind()), "shared").ips[0]
    digits = "".join(f"{int(part):02X}" for part in reversed(ip.split(".")))
    routed = with_section(node, "routes", f"cali0a1b {digits} 0005\n".encode())
    [found] = ask(inspected(routed), "cali0a1b")
    assert (found.pod and found.pod.name, found.role) == ("shared", "sandbox")
    assert found.known_by == [f"the node's route to {ip}, the pod's address, leads through it"]
    [address] = ask(inspected(routed), ip)
    assert "the node's route to it leads through cali0a1b" in address.known_by


def test_a_bridge_that_all_name_is_no_pod_s():
    node = kind_with_api()
    answers = node.content("crictl.inspectp").replace(b'"lo":', b'"cni0":{"Sandbox":""},"lo":')
    bridged = Capture(node.header, {**node.sections, "crictl.inspectp": type(node.sections["proc"])(answers)}, (), node.crictl)
    [found] = ask(inspected(bridged), "cni0")
    assert (found.role, found.pod) == ("host", None)
    assert "a bridge" in found.known_by[0]


IN_VAIN = {
    "3999": ["no process 3999 among 69 processes", "no id of 18 sandboxes and 21 containers begins with 3999"],
    "4026534999": ["no namespace has inode 4026534999 in 69 processes and 10 mounts of namespaces"],
    "net:[5]": ["no net namespace has inode 5 in 69 processes"],
    "/proc/3999/ns/net": ["no process 3999 among 69 processes"],
    "/proc/121800/ns/net": ["pid 121800 (sleep) has no net namespace any more"],
    "/var/run/netns/cni-1": ["no namespace is mounted at /run/netns/cni-1, and no sandbox's spec names that path"],
    "10.9.9.9": ["none of 18 sandboxes has address 10.9.9.9"],
    "fd00::9": ["none of 18 sandboxes has address fd00::9"],
    "vethdead": ["no interface vethdead in CNI results"],
    "shared:77": ["no process with pid 77 inside pod shared"],
    "shop/shared:1": ["no pod shop/shared among 18 sandboxes"],
    "beef": ["no id of 18 sandboxes and 21 containers begins with beef", "no interface beef in"],
    "/kubepods/pod0/x": ["no pod, container or process in cgroup /kubepods/pod0/x"],
}


@pytest.mark.parametrize("asked", IN_VAIN)
def test_what_is_not_there_is_said_with_what_was_searched(asked):
    assert ask(kind(), asked) == []
    told = looked_for(parse_question(asked), kind())
    assert all(part in told for part in IN_VAIN[asked]), told
    assert told.endswith("(node pi-control-plane, captured at 2026-11-23T22:00:44Z)")


@pytest.mark.parametrize("text", ["", " ", "#" * 20, "a b", "x" * 5000, "\x1b[31m", "https://x/y", "a:b", "::::", "net:[x]"])
def test_what_nobody_could_look_for_is_refused(text):
    with pytest.raises(PauseInspectError, match="nothing that could be looked for") as refused:
        parse_question(text)
    assert refused.value.hint
    assert len(refused.value.message) < 200


@settings(max_examples=300)
@given(
    st.text(max_size=80)
    | st.from_regex(r"(net|pid|a)?:?\[?[0-9]{1,22}\]?", fullmatch=True)
    | st.from_regex(r"/(proc|run|sys/fs/cgroup|kubepods)/[0-9a-f/.:-]{0,40}", fullmatch=True)
    | st.from_regex(r"([a-z-]{0,5}/)?[a-z0-9.]{0,5}:[0-9]{0,13}", fullmatch=True)
    | st.ip_addresses().map(str)
    | st.sampled_from([str(pid) for pid in range(1000)])
)
def test_any_text_gives_answers_or_one_error(text):
    try:
        question = parse_question(text)
    except PauseInspectError:
        return
    answers = answer(question, kind())
    document = Report(tool_version="0", started_at="", nodes=[], answers=answers, errors=[])
    view = who_view(document, wide=False, width=80, headings=True, colour=False)
    assert all(len(line) <= 80 and line.isprintable() for line in view.splitlines())
    assert all(each.known_by and each.understood_as in {reading.phrase for reading in question.readings} for each in answers)
    assert answers or looked_for(question, kind())


def test_the_api_s_pods_tell_the_node_of_what_they_know():
    status = {
        "podIPs": [{"ip": "10.1.2.3"}, {"ip": "fd00:0::3"}],
        "containerStatuses": [{"name": "app", "containerID": f"containerd://{SHARED}"}],
    }
    pods = [
        msgspec.convert(
            {"metadata": {"name": "web", "namespace": "shop", "uid": "a-b"}, "spec": {"nodeName": "n1"}, "status": status}, Pod
        ),
        msgspec.convert({"metadata": {"name": "web", "namespace": "other", "uid": "c-d"}, "spec": {"nodeName": "n2"}}, Pod),
        msgspec.convert({"metadata": {"name": "pending", "namespace": "shop", "uid": "e-f"}}, Pod),
    ]
    told = {
        "10.1.2.3": {"n1"}, "fd00::3": {"n1"}, SHARED[:6]: {"n1"}, f"cri-containerd-{SHARED}.scope": {"n1"}, "shop/web:1": {"n1"},
        "web:1": {"n1", "n2"}, "pending:1": set(), "904": set(), "/kubepods/besteffort/podc-d": {"n2"}, "/proc/1/ns/net": set(),
        "10.1.2.4": set(), "veth1": set(),
    }  # fmt: skip
    assert {asked: nodes_of(parse_question(asked), pods) for asked in told} == told
