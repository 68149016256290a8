"""Shims that serve what the runtime does not list, and containers whose main process is in no cgroup; and what looks alike."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kubectl_pause.facts.capture import BundleFile
from kubectl_pause.inspect_node import inspect_capture
from tests.nodes.written_nodes import Written, identifier, pod_path, written_node

SOCKET = "/run/containerd/containerd.sock"
PAUSE = Written(400, 390, "pause", (1,), 7, pod_path("u", "a"))
SHIM = Written(390, 1, "containerd-shim", cgroup="/system.slice/containerd.service")
LOST = replace(SHIM, pid=490)
CHILD = Written(495, 490, "sleep", cgroup="/lost")
KNOWN = f"390/id:{identifier('a')}\n390/address:{SOCKET}\n"


def claims(letter: str = "f", address: str = SOCKET) -> str:
    return KNOWN + f"490/id:{identifier(letter)}\n490/address:{address}\n"


def shim_findings(*processes: Written, shims: str) -> list[tuple[str, str]]:
    capture = written_node(PAUSE, SHIM, *processes, sections={"shims": shims})
    return [(each.code, each.confidence) for each in inspect_capture(capture, "-").findings if each.code.startswith("shim/")]


def test_a_shim_of_what_no_list_has():
    assert shim_findings(LOST, shims=claims()) == [("shim/leaked", "likely")]
    assert shim_findings(LOST, CHILD, shims=claims()) == [("shim/unlisted", "likely")]
    assert shim_findings(LOST, replace(CHILD, state="Z"), shims=claims()) == [("shim/leaked", "likely")]


@pytest.mark.parametrize(
    ("shim", "shims"),
    [
        (LOST, claims("a")),
        (replace(LOST, pid=880_000), claims().replace("490/", "880000/")),
        (LOST, claims(address="/run/docker/containerd/containerd.sock")),
        (LOST, KNOWN + f"490/id:{identifier('f')}\n"),
        (LOST, claims().replace(f"390/address:{SOCKET}\n", "")),
        (replace(LOST, comm="sleep"), claims()),
        (replace(LOST, cgroup=pod_path("u", "b")), claims()),
        (replace(LOST, inside=(3,), space=9), claims()),
        (replace(LOST, state="Z"), claims()),
    ],
    ids=[
        "it is listed",
        "it has just been started",
        "another containerd",
        "another of its namespaces",
        "of ours nothing is known",
        "it only says so",
        "in a container",
        "in a PID namespace of its own",
        "a zombie",
    ],
)
def test_what_looks_like_a_lost_shim_and_is_not(shim, shims):
    assert shim_findings(shim, shims=shims) == []


def test_without_a_list_of_the_runtime_no_shim_is_lost():
    capture = written_node(PAUSE, SHIM, LOST, sections={"shims": claims()})
    unread = replace(capture, sections={name: section for name, section in capture.sections.items() if not name.startswith("crictl")})
    assert [each.code for each in inspect_capture(unread, "-").findings if each.code.startswith("shim/")] == []


APP = Written(500, 390, "app", (1,), 9, "/")


def bundle(pid: int = 500, letter: str = "b", kind: str = "container", uid: str = "u") -> BundleFile:
    told = {
        "container-type": kind,
        "sandbox-id": identifier("a"),
        "sandbox-name": "web",
        "sandbox-namespace": "default",
        "sandbox-uid": uid,
    }
    annotations = {f"io.kubernetes.cri.{key}": value for key, value in {**told, "container-name": "app"}.items()}
    config = json.dumps({"annotations": annotations}).encode()
    return BundleFile(container_id=identifier(letter), config=config, pid=pid)


def codes(*processes: Written, bundles: tuple[BundleFile, ...] = (bundle(),), shims: str = KNOWN) -> dict[int | None, list[str]]:
    """Codes of the sandbox's findings, by the pid that its container is shown with."""
    capture = replace(written_node(PAUSE, SHIM, *processes, containers={"b": "app"}, sections={"shims": shims}), bundles=bundles)
    (sandbox,) = inspect_capture(capture, "-").sandboxes
    return {sandbox.containers[0].pid: [each.code for each in sandbox.findings]}


def test_a_main_process_that_was_taken_out_of_its_cgroup():
    assert codes(APP) == {500: ["container/no-cgroup"]}
    assert codes(APP, replace(APP, pid=501, ppid=500, inside=(2,))) == {500: ["container/no-cgroup"]}, "and what it starts is the pod's"


def test_a_worker_that_stayed_in_the_cgroup_is_no_sign_that_the_main_process_is_there():
    worker = replace(APP, pid=501, ppid=500, inside=(2,), cgroup=pod_path("u", "b"))
    assert codes(APP, worker) == {500: ["container/no-cgroup"]}


def test_what_was_moved_up_to_the_cgroup_of_its_pod_has_the_limits_of_the_pod():
    uid = "11111111-2222-3333-4444-555555555555"
    (told,) = codes(replace(APP, cgroup=f"/kubepods/besteffort/pod{uid}"), bundles=(bundle(uid=uid),)).values()
    assert told == []


@pytest.mark.parametrize(
    ("app", "bundles", "shims"),
    [
        (replace(APP, cgroup=pod_path("u", "b")), (bundle(),), KNOWN),
        (APP, (bundle(pid=501),), KNOWN),
        (replace(APP, ppid=1), (bundle(),), KNOWN),
        (APP, (bundle(),), f"390/id:{identifier('f')}\n"),
        (APP, (bundle(), bundle(letter="a", kind="sandbox")), KNOWN),
        (replace(APP, state="Z", space=9), (bundle(),), KNOWN),
    ],
    ids=["it is there", "another pid", "a pid that was used again", "another's shim", "a virtual machine", "a zombie, which has lost it"],
)
def test_what_looks_like_a_process_without_a_cgroup_and_is_not(app, bundles, shims):
    (told,) = codes(app, bundles=bundles, shims=shims).values()
    assert "container/no-cgroup" not in told


def without_shim(*processes: Written) -> list[tuple[str, str]]:
    capture = replace(written_node(PAUSE, SHIM, *processes, containers={"b": "app"}, sections={"shims": KNOWN}), bundles=(bundle(),))
    (sandbox,) = inspect_capture(capture, "-").sandboxes
    return [(each.code, each.confidence) for each in sandbox.findings if each.code == "container/no-shim"]


def test_a_container_whose_shim_is_gone_and_that_the_runtime_calls_running():
    app = replace(APP, ppid=1, cgroup=pod_path("u", "b"))
    assert without_shim(app) == [("container/no-shim", "likely")], "it was seen once"
    assert without_shim(replace(app, ppid=390)) == []
    assert without_shim(replace(app, state="Z")) == []
    capture = written_node(PAUSE, SHIM, app, containers={"b": "app"}, sections={"shims": KNOWN})
    unlisted = {name: section for name, section in capture.sections.items() if not name.startswith("crictl")}
    (sandbox,) = inspect_capture(replace(capture, sections=unlisted, bundles=(bundle(),)), "-").sandboxes
    assert "container/no-shim" not in [finding.code for finding in sandbox.findings], "no runtime calls it running"
