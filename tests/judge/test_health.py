"""Faults of sandboxes that one look proves, and what looks alike and is none."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kubectl_pause.inspect_node import inspect_capture
from kubectl_pause.report import Finding
from tests.nodes.written_nodes import Written, identifier, pod_path, written_node

PAUSE = Written(400, 390, "pause", (1,), 7, pod_path("u", "a"))
SHIM = Written(390, 1, "containerd-shim", cgroup="/system.slice/containerd.service")
SERVES = {"shims": f"390/id:{identifier('a')}"}


def node(*further: dict[str, object], shim: Written = SHIM, served: dict[str, str] | None = None, frozen: str = ""):
    """A node with pod default/web and its ready sandbox `a`; `further` are sandboxes that crictl lists beside it."""
    sections = {**(SERVES if served is None else served), **({"frozen": frozen} if frozen else {})}
    capture = written_node(PAUSE, shim, sections=sections)
    listed = json.loads(capture.sections["crictl.pods"].content)
    section = replace(capture.sections["crictl.pods"], content=json.dumps({"items": [*listed["items"], *further]}).encode())
    return replace(capture, sections={**capture.sections, "crictl.pods": section})


def beside(letter: str, uid: str = "u", state: str = "SANDBOX_READY", name: str = "web") -> dict[str, object]:
    return {"id": identifier(letter), "metadata": {"name": name, "uid": uid, "namespace": "default", "attempt": 1}, "state": state}


def findings(capture) -> list[Finding]:
    sandboxes = inspect_capture(capture, "-").sandboxes
    return [finding for sandbox in sandboxes for finding in sandbox.findings if finding.code in ("sandbox/two-ready", "shim/stopped")]


def test_two_ready_sandboxes_of_one_pod():
    [finding] = findings(node(beside("b")))
    assert (finding.code, finding.severity, finding.subject, finding.confidence) == (
        "sandbox/two-ready",
        "critical",
        "default/web",
        "certain",
    )
    assert sorted(finding.evidence) == ["sandbox aaaaaaaaaaaaa is ready, attempt 0", "sandbox bbbbbbbbbbbbb is ready, attempt 1"]
    assert finding.remedy is not None
    assert "crictl pods --label io.kubernetes.pod.uid=u " in finding.remedy


@pytest.mark.parametrize(
    "other",
    [beside("b", state="SANDBOX_NOTREADY"), beside("b", uid="v"), beside("b", uid="")],
    ids=["an older one that is stopped", "another pod of that name", "one without a uid"],
)
def test_what_looks_like_two_ready_ones_and_is_not(other):
    assert findings(node(other)) == []


def test_a_shim_that_is_stopped():
    [finding] = findings(node(shim=replace(SHIM, state="T")))
    assert (finding.code, finding.subject, finding.remedy) == ("shim/stopped", "default/web", "on the node: kill -CONT 390")


def test_a_shim_in_a_frozen_cgroup():
    [finding] = findings(
        node(shim=replace(SHIM, cgroup="/system.slice/x.service"), frozen="./system.slice/x.service/cgroup.events:frozen 1")
    )
    assert finding.remedy == "on the node: echo 0 > /sys/fs/cgroup/system.slice/x.service/cgroup.freeze"


@pytest.mark.parametrize(
    ("shim", "served"),
    [
        (SHIM, None),
        (replace(SHIM, state="t", tracer=9), None),
        (replace(SHIM, state="T"), {"shims": f"390/id:{identifier('f')}"}),
        (replace(SHIM, state="T", comm="sleep"), None),
    ],
    ids=["it runs", "a debugger looks at it", "it serves what is not known here", "it only says so"],
)
def test_what_looks_like_a_stopped_shim_and_is_not(shim, served):
    assert findings(node(shim=shim, served=served)) == []


APP = Written(500, 390, "app", (1,), 9, pod_path("u", "b"))
FROZEN = f".{pod_path('u', 'b')}/cgroup.events:frozen 1"


@pytest.mark.parametrize(
    ("app", "sections", "codes"),
    [
        (APP, {"frozen": FROZEN}, ["process/halted"]),
        (APP, {"frozen": FROZEN, "frozen2": FROZEN}, ["process/halted"]),
        (APP, {"frozen": FROZEN, "frozen2": ""}, []),
        (APP, {"frozen": "", "frozen2": FROZEN}, []),
        (replace(APP, cgroup=f"{APP.cgroup}/system.slice/x.service"), {"frozen": "./system.slice/x.service/cgroup.events:frozen 1"}, []),
        (replace(APP, comm="runc:[2:INIT]"), {"frozen": FROZEN, "frozen2": FROZEN}, []),
    ],
    ids=[
        "one look",
        "at both looks",
        "for a moment",
        "only later",
        "a cgroup of that name in a container",
        "runc, which freezes what it makes",
    ],
)
def test_a_container_that_is_frozen(app, sections, codes):
    capture = written_node(PAUSE, SHIM, app, containers={"b": "app"}, sections={**SERVES, **sections})
    told = [finding.code for sandbox in inspect_capture(capture, "-").sandboxes for finding in sandbox.findings]
    assert told == codes
