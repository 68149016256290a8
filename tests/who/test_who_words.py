"""`who` with what people paste from logs and from other tools: each word, and the right answer on a recorded node."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.api import Pod
from kubectl_pause.inspect_node import judge_node
from kubectl_pause.who.advice import ON_CLUSTER, Way
from kubectl_pause.who.api import answers_of_api, for_nodes, nodes_of, unscheduled
from kubectl_pause.who.question import parse_question
from kubectl_pause.who.search import Search, within_namespace
from tests.nodes.report_lines import sandbox_of, table
from tests.nodes.test_cases import MAIN, PAUSE, who
from tests.nodes.written_nodes import identifier, recorded_case, written_node
from tests.who.test_who import SHARED, ask, kind, lines

UID = "c5ca2e4b-7b52-4b4b-b16b-58437af4e548"
HASH = "0123456789abcdef0123456789abcdef"

READINGS = table(f"""
{UID}                                                          pod uid {UID}
{UID.upper()}                                                  pod uid {UID}
pod{UID}                                                       pod uid {UID}
pod{UID.replace("-", "_")}                                     pod uid {UID}
pod{UID.replace("-", "_")}.slice                               pod uid {UID}
"{UID}"                                                        pod uid {UID}
pod{HASH}                                                      pod uid {HASH}
{HASH}                                                         pod uid {HASH} & container or sandbox id {HASH}...
/var/lib/kubelet/pods/{UID}/volumes/kubernetes.io~projected    pod uid {UID}
/data/kubelet/pods/{HASH}                                      pod uid {HASH}
/var/log/pods/kube-system_etcd-n1_{HASH}/etcd/0.log            pod uid {HASH}
/var/log/containers/web_shop_app-{SHARED}.log                  container or sandbox id {SHARED}
/run/containerd/io.containerd.runtime.v2.task/k8s.io/{SHARED}/rootfs  container or sandbox id {SHARED}
10.244.2.25:8080                                               IP address 10.244.2.25
[10.244.2.25]:8080                                             IP address 10.244.2.25
http://10.244.2.25:8080/                                       IP address 10.244.2.25
https://user@[fd00:0::5]:8443/x?y                              IP address fd00::5
10.244.2.25/24                                                 IP address 10.244.2.25
::ffff:10.244.2.25                                             IP address 10.244.2.25
[::ffff:10.244.2.25]:8080                                      IP address 10.244.2.25
fe80::1%eth0                                                   IP address fe80::1
containerd://{SHARED}                                          container or sandbox id {SHARED}
cri-o://{SHARED}                                               container or sandbox id {SHARED}
docker://{SHARED}                                              container or sandbox id {SHARED}
beef                            pod beef & node beef & container or sandbox id beef... & network interface beef
eth0@if9                                                       network interface eth0
veth94f73c3f@if2                                               network interface veth94f73c3f
abcdefghijklmno@if123                                          network interface abcdefghijklmno
24572                                                          pid 24572 & thread 24572 & container or sandbox id 24572...
4026532514                                                     namespace inode 4026532514 & container or sandbox id 4026532514...
web-0                                                          pod web-0 & node web-0 & network interface web-0
web-7d9f8c6b5-x2x7k                                            pod web-7d9f8c6b5-x2x7k & node web-7d9f8c6b5-x2x7k
pod/web-0                                                      pod web-0
shop/web-0                                                     pod shop/web-0 & container web-0 of pod shop & cgroup shop/web-0
shop/web-0/app                                                 container app of pod shop/web-0 & cgroup shop/web-0/app
node/worker-1                                                  node worker-1
""")


@pytest.mark.parametrize("row", READINGS)
def test_what_each_word_may_mean(row):
    asked, expected = row.split(" ", 1)
    assert [reading.phrase for reading in parse_question(asked).readings] == expected.split(" & ")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("tid 68142 of 68118", ["thread 68142 of pid 68118"]),
        ("pid 24572 (java)", ["pid 24572", "thread 24572"]),
        ("process 24572", ["pid 24572", "thread 24572"]),
    ],
)
def test_words_with_blanks(asked, expected):
    assert [reading.phrase for reading in parse_question(asked).readings] == expected


def test_a_pod_by_its_uid_its_name_and_its_paths():
    uid = str(sandbox_of(judge_node(kind()), "shared").pod.uid)
    paths = [f"/var/lib/kubelet/pods/{uid}/volumes/x", f"/var/log/pods/default_shared_{uid}/"]
    for asked in (uid, f"pod{uid}", f"pod{uid.replace('-', '_')}", *paths, "shared", "default/shared", "pod/shared"):
        [found] = ask(kind(), asked)
        assert (found.pod and found.pod.name, found.role, found.sandbox, found.pid) == ("shared", "sandbox", SHARED, 904)
        assert found.next_step == "kubectl pause-inspect pod -n default shared"


def test_a_static_pod_by_its_hash_and_by_the_uid_of_its_mirror():
    [mirror] = [pod for pod in kind().api_pods if pod.metadata.name.startswith("etcd-")]
    assert mirror.metadata.uid != mirror.runtime_uid
    for asked in (mirror.metadata.uid, mirror.runtime_uid, f"pod{mirror.runtime_uid}"):
        assert [found.pod and found.pod.name for found in ask(kind(), asked)] == [mirror.metadata.name]


@pytest.mark.parametrize("form", ["{}", "{}:8080", "[{}]:8080", "http://{}:8080/healthz", "::ffff:{}", "{}/24"])
def test_an_address_in_every_form(form):
    ip = sandbox_of(judge_node(kind()), "shared").ips[0]
    assert lines(ask(kind(), form.format(ip))) == [f"IP address {ip} | shared sandbox 904"]


VETH = "veth0a5d7f31"
INSIDE = {"interfaces": f" 1 lo\n 9 {VETH}\n 10 cali1", "routes": f"{VETH} 0900F40A 0005"}


def test_an_interface_as_a_pod_prints_it_is_known_by_its_other_end():
    capture = written_node(PAUSE, MAIN, containers={"b": "app"}, sections=INSIDE, sandbox={"state": "SANDBOX_READY"}, api={})
    assert capture.api is not None
    capture = replace(capture, api=capture.api.replace(b'"spec"', b'"status": {"podIPs": [{"ip": "10.244.0.9"}]}, "spec"'))
    [found] = who(capture, "eth0@if9")
    assert (found.pod and found.pod.name, found.confidence) == ("web", "possible")
    assert found.known_by[0] == f"if a pod printed it, its other end is interface 9 of the node, {VETH}"
    assert [each.confidence for each in who(capture, f"{VETH}@if2")] == ["certain"]
    assert who(capture, "eth0@if10") == who(capture, "eth0@if11") == []


def test_an_interface_whose_other_end_is_not_known():
    search, asked = Search(), [parse_question("eth0@if9")]
    search.ask(asked, written_node(PAUSE, sections={"routes": ""}), "node-1")
    [failure] = search.unanswered(asked)
    assert (
        "no interface eth0 in routes, and interface 9 of the node, its other end if a pod printed it, is not known to be a pod's"
        in failure.message
    )


def test_a_container_by_its_name():
    assert lines(ask(kind(), "shared/app")) == ["container app of pod shared | shared container:app 984"]
    assert lines(ask(kind(), "default/shared/app")) == ["container app of pod default/shared | shared container:app 984"]
    assert lines(ask(kind(), "shared/sidecar")) == []


def test_the_node_by_its_name():
    [found] = ask(kind(), f"node/{kind().about.name}")
    assert (found.role, found.pod, found.next_step) == ("node", None, f"kubectl pause-inspect node {kind().about.name}")


def test_the_node_s_own_address_is_no_pod_s():
    [sharing] = {sandbox.ips[0] for sandbox in kind().sandboxes.values() if sandbox.ips and sandbox.namespaces["net"].host}
    [found] = ask(kind(), f"{sharing}:10250")
    assert (found.role, found.pod, found.sandbox) == ("node", None, None)
    assert found.known_by[0] == "the node's own address: it is no one pod's"
    assert found.known_by[1].startswith("pods with hostNetwork use the node's network, and so its address: ")
    assert "kube-system/etcd-" in found.known_by[1]


def test_the_node_s_own_address_where_no_pod_shares_it():
    capture = written_node(PAUSE, MAIN, containers={"b": "app"}, api={"containers": [{"name": "app"}]})
    assert capture.api is not None
    node = b'"node": {"status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.7"}]}}, "tail":'
    with_address = capture.api.replace(b'"node":', node)
    assert with_address != capture.api
    assert [found.role for found in who(replace(capture, api=with_address), "192.0.2.7")] == ["node"]
    assert who(capture, "192.0.2.7") == []


THREADS = "500/task/500/syscall:202 0x1\n500/task/507/syscall:202 0x1"


def test_a_thread_is_its_process_s_where_its_threads_were_read():
    capture = written_node(PAUSE, MAIN, containers={"b": "app"}, sections={"reapers": THREADS})
    [found] = who(capture, 507)
    assert (found.understood_as, found.role, found.pid) == ("thread 507", "container:app", 500)
    assert found.known_by[0] == "a thread of pid 500 (app)"
    assert [found.understood_as for found in who(capture, 500)] == ["pid 500"]
    [named] = who(capture, "tid 508 of 500")
    assert (named.role, named.known_by[0]) == ("container:app", "the text says so: a thread of pid 500 (app)")


def test_a_number_that_is_no_process_may_be_a_thread():
    capture = written_node(PAUSE, MAIN, containers={"b": "app"})
    search = Search()
    search.ask([parse_question("508")], capture, "node-1")
    [failure] = search.unanswered([parse_question("508")])
    assert "no process 508 among 3 processes; it may be a thread: on the node, grep Tgid /proc/508/status" in failure.message


def test_a_number_is_answered_as_each_thing_that_it_is():
    sections = {"reapers": "500/task/1111/syscall:202 0x1"}
    capture = written_node(PAUSE, MAIN, containers={"b": "app", "1": "ended"}, sections=sections)
    assert [found.understood_as for found in who(capture, 1111)] == ["thread 1111", "container or sandbox id 1111..."]


def test_a_path_whose_ids_the_node_does_not_know_names_what_was_read():
    search = Search()
    asked = parse_question(f"/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/cri-containerd-{'a1' * 32}.scope")
    search.ask([asked], written_node(PAUSE), "node-1")
    [failure] = search.unanswered([asked])
    assert f"the path names pod uid {UID} and container {'a1' * 32}, which this node does not know" in failure.message


def test_netdata_s_spelling_of_a_path():
    capture = written_node(PAUSE, MAIN, containers={"b": "app"})
    assert [found.role for found in who(capture, f"kubepods_burstable_pod{UID}_{identifier('b')}")] == ["container:app"]


def test_the_living_one_is_first_and_what_was_so_before_last():
    before, now = Search(), recorded_case("10-ip-of-a-completed-pod-used-again")
    pods = now.sections["crictl.pods"]
    ended = replace(pods, content=pods.content.replace(b"SANDBOX_READY", b"SANDBOX_NOTREADY"))
    asked = [parse_question("10.244.0.9:80")]
    before.ask(asked, replace(now, sections={**now.sections, "crictl.pods": ended}), "old")
    assert {found.confidence for found in before.answered(asked)} == {"possible"}
    before.ask(asked, now, "new")
    first, *others = before.answered(asked)
    assert (first.pod and first.pod.name, first.confidence) == ("web-1", "certain")
    assert all("no sandbox has the address now" in found.known_by[0] for found in others)


@pytest.mark.parametrize(
    ("way", "advice"),
    [
        (ON_CLUSTER, "kubectl pause-inspect node --all lists"),
        (Way(files=("a b.capture",)), "kubectl pause-inspect node --from 'a b.capture' lists"),
        (Way(local=True), "kubectl pause-inspect local lists"),
    ],
)
def test_what_to_ask_next_fits_the_way_of_asking(way, advice):
    search, asked = Search(way), [parse_question("no-such-pod"), parse_question("we"), parse_question("web")]
    search.ask(asked, written_node(PAUSE), "node-1")
    first, second = search.unanswered(asked)
    assert (first.hint or "").startswith(advice)
    assert second.hint == "did you mean web?"
    [found] = search.answered(asked)
    of_pod = {"node --all": "pod -n default web", "local": "local default/web"}
    expected = next((of_pod[key] for key in of_pod if key in advice), "pod -n default --from 'a b.capture' web")
    assert found.next_step == f"kubectl pause-inspect {expected}"


def test_proc_self_is_this_program_s_on_this_host_alone():
    assert [each.phrase for each in parse_question("/proc/self/ns/net", {"net": 4026531840}).readings] == ["net namespace inode 4026531840"]
    with pytest.raises(PauseInspectError, match="whichever process reads it"):
        parse_question("/proc/self/ns/net")


def test_a_workload_is_many_pods():
    with pytest.raises(PauseInspectError, match="many pods") as refused:
        parse_question("deploy/web")
    assert refused.value.hint == "kubectl pause-inspect pod deploy/web shows them"


def api_pod(name: str, node: str | None, phase: str = "Running", *, ip: str = "", host: bool = False, **metadata: object) -> Pod:
    status = {"phase": phase, "podIPs": [{"ip": ip}], "containerStatuses": [{"name": "app", "containerID": f"containerd://{SHARED}"}]}
    about = {"name": name, "namespace": "shop", "uid": f"uid-{name}", **metadata}
    return msgspec.convert({"metadata": about, "spec": {"nodeName": node, "hostNetwork": host}, "status": status}, Pod)


WEB, OLD, PENDING = api_pod("web", "n1", ip="10.1.2.3", uid=UID), api_pod("old", "n2", "Succeeded", ip="10.1.2.3"), api_pod("late", None)
PROXY = api_pod("proxy", "n1", ip="192.0.2.1", host=True)
PODS = [OLD, WEB, PENDING, PROXY]


def test_the_api_answers_names_uids_and_the_nodes_addresses():
    told = {
        asked: [(found.node, found.role, found.pod and found.pod.name) for found in answers_of_api(parse_question(asked), PODS, ())]
        for asked in ("web", "shop/web", "other/web", UID, "node/n2", "n2", "node/n9", "192.0.2.1:10250", "10.1.2.3", "late", "904")
    }
    assert told == {
        "web": [("n1", "pod", "web")], "shop/web": [("n1", "pod", "web")], "other/web": [], UID: [("n1", "pod", "web")],
        "node/n2": [("n2", "node", None)], "n2": [("n2", "node", None)], "node/n9": [], "192.0.2.1:10250": [("n1", "node", None)],
        "10.1.2.3": [], "late": [], "904": [],
    }  # fmt: skip


def test_only_nodes_are_asked_what_the_api_does_not_know():
    left = {
        asked: question and [reading.kind for reading in question.readings]
        for asked, answered in (("web", True), ("node/n1", True), ("node/n9", False), ("no-such-pod-anywhere", False), ("shop/web", True),
                                ("shop/wob", False), (UID, False), ("cafe", True), ("904", False))
        for question in [for_nodes(parse_question(asked), PODS, answered=answered)]
    }  # fmt: skip
    assert left == {
        "web": None, "node/n1": None, "node/n9": None, "no-such-pod-anywhere": None, "shop/web": None, "shop/wob": ["container"],
        UID: ["uid"], "cafe": ["id"], "904": ["pid", "thread"],
    }  # fmt: skip


def test_the_node_of_the_pod_that_lives_is_asked():
    assert nodes_of(parse_question("10.1.2.3:80"), PODS) == {"n1"}
    assert nodes_of(parse_question("10.1.2.3"), [OLD]) == {"n2"}
    assert [pod.metadata.name for pod in unscheduled(parse_question("shop/late"), PODS)] == ["late"]


def test_a_namespace_is_put_where_none_was_named():
    [first, second] = within_namespace([parse_question("web-0"), parse_question("shop/web-0")], "kube-system", ("pod",))
    assert [reading.within for reading in first.readings] == ["kube-system", None, None]
    assert second.readings[0].within == "shop"
