"""Ids, states, attempts, pids and namespace inodes equal the runtime's own answer of the same moment, with crictl and without."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from e2e.moments import Moment, sandboxes_of, without_sandbox_of

if TYPE_CHECKING:
    from e2e.access import Json

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
ORDINARY = {"net": "pod", "ipc": "pod", "uts": "pod", "pid": "own"}
HOST_NETWORK = {"net": "host", "ipc": "pod", "uts": "host", "pid": "own"}
STATIC = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
NOTHING: dict[str, str] = {}

# What a person expects of each case: the sandbox's state and attempt, its holder, and of each container its kind, state and
# how it shares the four namespaces that pods differ in. Attempts and stopped sandboxes are told by crictl alone.
EXPECTED: dict[str, dict[str, Any]] = {
    "nginx": {
        "sandbox": ("ready", 0, "pause"),
        "containers": {
            "setup": ("init", "exited", NOTHING),
            "web": ("app", "running", ORDINARY),
            "side": ("app", "running", ORDINARY),
        },
    },
    "shared-pid": {
        "sandbox": ("ready", 0, "pause"),
        "containers": {name: ("app", "running", {**ORDINARY, "pid": "pod"}) for name in ("one", "two")},
    },
    "host-network": {"sandbox": ("ready", 0, "pause"), "containers": {"app": ("app", "running", HOST_NETWORK)}},
    "host-pid-ipc": {
        "sandbox": ("ready", 0, "pause"),
        "containers": {"app": ("app", "running", {"net": "pod", "ipc": "host", "uts": "pod", "pid": "host"})},
    },
    "completed": {"sandbox": ("notready", 0, "none"), "containers": {"app": ("app", "exited", NOTHING)}},
    "crash-looping": {"sandbox": ("ready", 0, "pause"), "containers": {"app": ("app", "exited", NOTHING)}},
    "image-missing": {"sandbox": ("ready", 0, "pause"), "containers": {"app": ("app", "waiting", NOTHING)}},
    "sandbox-killed": {"sandbox": ("ready", 1, "pause"), "containers": {"app": ("app", "running", ORDINARY)}},
    **{name: {"sandbox": ("ready", 0, "pause"), "containers": {name: ("app", "running", HOST_NETWORK)}} for name in STATIC},
}


def pod_of(moment: Moment, case: str) -> str:
    """The pod's name: a static pod's carries the node's."""
    if case not in STATIC:
        return case
    if not moment.static_pods:
        pytest.skip(f"cluster {moment.cluster.label} shows no static pods of its control plane")
    return f"{case}-{moment.cluster.node}"


def seen_by(moment: Moment, case: str) -> bool:
    """Whether the node tells of the case's sandbox at all: a stopped one only through crictl."""
    return moment.cluster.crictl is not None or EXPECTED[case]["sandbox"][0] == "ready"


def expected_line(moment: Moment, case: str) -> str:
    """The expectation as one line of the table."""
    state, attempt, holder = EXPECTED[case]["sandbox"]
    told = f"{state} {attempt if moment.cluster.crictl else '?'} {holder}" if seen_by(moment, case) else "none seen"
    return " ".join([told, *(_container_line(name, *EXPECTED[case]["containers"][name]) for name in EXPECTED[case]["containers"])])


def got_line(moment: Moment, case: str) -> str:
    """The same line from the report."""
    name = pod_of(moment, case)
    sandbox = next(iter(moment.reported(name)), None)
    if sandbox is None:
        (entry,) = moment.without_sandbox(name)
        told, containers = "none seen", entry["containers"]
    else:
        attempt = "?" if sandbox["attempt"] is None else sandbox["attempt"]
        told, containers = f"{sandbox['state']} {attempt} {sandbox['holder']}", sandbox["containers"]
    lines = []
    for each in containers:
        marks = {kind: each["namespaces"][kind]["sharing"] for kind in ORDINARY} if each["namespaces"] else NOTHING
        lines.append(_container_line(each["name"], each["kind"], each["state"], marks))
    return " ".join([told, *lines])


def _container_line(name: str, kind: str, state: str, marks: dict[str, str]) -> str:
    shared = ",".join(f"{key}={marks[key]}" for key in marks)
    return f"| {name}({kind}) {state} {shared}".rstrip()


def test_every_case_is_what_a_person_expects(moment: Moment, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [case for case in EXPECTED if case not in STATIC or moment.static_pods]
    rows = [(case, expected_line(moment, case), got_line(moment, case)) for case in cases]
    with capsys.disabled():
        print(f"\n{moment.cluster.label}, node {moment.cluster.node}")
        for case, expected, got in rows:
            print(f"  {case:24} expected  {expected}\n  {'':24} {'got     ' if expected == got else 'GOT     '}  {got}")
    assert [row for row in rows if row[1] != row[2]] == []


@pytest.mark.parametrize("case", EXPECTED)
def test_sandboxes_equal_the_runtimes(moment: Moment, case: str) -> None:
    name = pod_of(moment, case)
    truth = moment.truth[name]
    if moment.cluster.crictl:
        expected: set[tuple[str, str, int | None, int | None]] = {(each.id, each.state, each.attempt, each.pid) for each in truth}
    else:
        expected = {(each.id, "ready", None, each.pid) for each in truth if each.state == "ready"}
    got = [(each["id"], each["state"], each["attempt"], each["pid"]) for each in moment.reported(name)]
    assert set(got) == expected
    assert len(got) == len(expected)
    assert [each["current"] for each in moment.reported(name)] == [index == 0 for index in range(len(got))]
    if got and moment.cluster.crictl:
        assert got[0][2] == max(each.attempt for each in truth)


@pytest.mark.parametrize("case", EXPECTED)
def test_containers_equal_the_runtimes(moment: Moment, case: str) -> None:
    name = pod_of(moment, case)
    reported = moment.reported(name)
    for truth in moment.truth[name]:
        found = [each for each in reported if each["id"] == truth.id]
        if not found:
            continue  # the test above says which may be missing
        got = {(each["name"], each["id"], each["state"], each["pid"]) for each in found[0]["containers"] if each["state"] != "waiting"}
        assert got == {(each.name, each.id, each.state, each.pid) for each in truth.newest()}
    for entry in moment.without_sandbox(name):
        (truth,) = moment.truth[name]
        assert {(each["name"], each["id"]) for each in entry["containers"]} == {(each.name, each.id) for each in truth.newest()}


@pytest.mark.parametrize("case", EXPECTED)
def test_inodes_equal_readlink_on_the_node(moment: Moment, case: str) -> None:
    compared = 0
    for sandbox in moment.reported(pod_of(moment, case)):
        for each in [sandbox, *sandbox["containers"]]:
            if each["pid"] is None:
                continue
            assert {kind: each["namespaces"][kind]["inode"] for kind in KINDS} == moment.inodes[each["pid"]]
            compared += 1
        if sandbox["pid"]:
            host = moment.inodes[1]
            assert {kind: sandbox["namespaces"][kind]["host"] for kind in KINDS} == {
                kind: moment.inodes[sandbox["pid"]][kind] == host[kind] for kind in KINDS
            }
    truth = moment.truth[pod_of(moment, case)]
    pids = [pid for sandbox in truth for pid in (sandbox.pid, *(each.pid for each in sandbox.newest()))]
    assert compared == sum(pid is not None for pid in pids)


@pytest.mark.parametrize("case", EXPECTED)
def test_pod_and_node_verbs_say_the_same(moment: Moment, case: str) -> None:
    name = pod_of(moment, case)
    both = [_both(report, moment.uid(name)) for report in moment.named]
    assert [each for each in both if each != ([], [])] == [_both(moment.node, moment.uid(name))]


def _both(report: Json, uid: str) -> tuple[list[Json], list[Json]]:
    """Without the kubelet's word for a container that does not run: it goes from ErrImagePull to ImagePullBackOff between two runs."""
    found = copy.deepcopy((sandboxes_of(report, uid), without_sandbox_of(report, uid)))
    for container in (each for part in found for pod in part for each in pod["containers"] if each["state"] != "running"):
        container.pop("reason")
    return found


def test_sources_say_what_the_report_stands_on(moment: Moment) -> None:
    sources = moment.node_report["sources"]
    assert (sources["bundles"], sources["api"], sources["notes"]) == (True, True, [])
    if moment.cluster.crictl:
        assert sources["crictl"]["path"] == moment.cluster.crictl
        assert sources["crictl"]["version"]
        assert sources["crictl"]["socket"].endswith(".sock")
    else:
        assert sources["crictl"] is None


def test_a_healthy_node_yields_no_finding(moment: Moment) -> None:
    report = moment.node_report
    assert [report["findings"], *(sandbox["findings"] for sandbox in report["sandboxes"])] == [[]] * (len(report["sandboxes"]) + 1)
    assert moment.node["errors"] == []


def test_the_inspector_pod_is_no_part_of_the_report(moment: Moment) -> None:
    names = [sandbox["pod"]["name"] for sandbox in moment.node_report["sandboxes"]]
    names += [each["pod"]["name"] for each in moment.node_report["podsWithoutSandbox"]]
    assert "nginx" in names
    assert [name for name in names if name.startswith("pause-inspect-") and moment.cluster.node not in name] == []
