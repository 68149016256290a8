"""What containers of two real pods saw of themselves: the answers are those of the node, as far as they can be known inside."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.api import Pod
from kubectl_pause.facts.capture import parse_capture
from kubectl_pause.facts.inside import UNSEEN
from kubectl_pause.inspect_inside import inspect_inside
from kubectl_pause.notes import FROM_INSIDE
from tests.recorded_nodes import RECORDED

PLACE = RECORDED / "inside"
PODS = {pod.metadata.name: pod for pod in msgspec.json.decode((PLACE / "pods.json").read_bytes(), type=list[Pod])}


def seen(pod: str, container: str) -> bytes:
    return (PLACE / f"{pod}-{container}.txt").read_bytes()


def inspected(pod: str, *containers: str):
    captures = {container: parse_capture(seen(pod, container), container) for container in containers}
    return inspect_inside(captures, PODS[pod])


def test_a_container_whose_first_process_forgets_its_children():
    node = inspected("forgets", "app", "side")
    (sandbox,) = node.sandboxes
    assert (node.sources.notes, sandbox.id, sandbox.holder, sandbox.state) == ([FROM_INSIDE], UNSEEN, "unknown", None)
    assert [(container.name, container.pid, container.state) for container in sandbox.containers] == [
        ("app", 1, "running"),
        ("side", 1, "running"),
    ]
    assert [(space.members, space.verdict, space.zombies) for space in sandbox.pid_namespaces or ()] == [
        (["app"], "does-not-reap", 1),
        (["side"], "able", 0),
    ]
    (zombie,) = sandbox.zombies or []
    assert (zombie.comm, zombie.container, zombie.parent.pid, zombie.parent.role, zombie.lasting) == (
        "sleep",
        "app",
        1,
        "container:app",
        True,
    )
    (finding,) = sandbox.findings
    assert (finding.code, finding.subject, finding.confidence) == ("zombie/no-init", "default/forgets container app", "certain")
    assert finding.evidence[-1].startswith("seen from inside")
    assert 'put "tini"' in (finding.remedy or "")


@pytest.mark.parametrize("containers", [("app", "user"), ("user", "app"), ("app",), ("user",)])
def test_a_pod_that_shares_its_pid_namespace_is_told_once(containers):
    """By whatever container, also by one whose user may not read links of others' processes."""
    (sandbox,) = inspected("shared", *containers).sandboxes
    (space,) = sandbox.pid_namespaces or []
    assert space.reaper is not None
    assert (space.reaper.role, space.reaper.pid, space.verdict) == ("pause", 1, "able")
    (zombie,) = sandbox.zombies or []
    assert (zombie.comm, zombie.parent.comm, zombie.parent.role) == ("sleep", "sleep", "process:app")
    assert [finding.code for finding in sandbox.findings] == ["zombie/application"]
    assert re.fullmatch("[0-9a-f]{64}", sandbox.id)
    assert sandbox.holder == "pause"


def on_cgroup_v2(text: bytes, own: bytes) -> bytes:
    """As a private cgroup namespace of cgroup v2 shows it: the reader's own container as `/`, another one beside that."""
    lines: list[bytes] = []
    for line in text.split(b"\n"):
        pid, colon, path = line.partition(b"/cgroup:")
        if not (colon and pid.isdigit()):
            lines.append(line)
            continue
        of_other = re.search(rb"cri-containerd-(?!" + own + rb")[0-9a-f]{64}\.scope", path)
        one = pid + b"/cgroup:0::/" + (b"../" + of_other[0] if of_other else b"")
        if lines[-1].partition(b"/cgroup:")[0] != pid:  # v1 has a line for each hierarchy, v2 has one
            lines.append(one)
    return b"\n".join(lines)


@pytest.mark.parametrize(("pod", "container"), [("forgets", "app"), ("shared", "app")])
def test_the_same_on_cgroup_v2(pod, container):
    own = next(status for status in PODS[pod].statuses if status.name == container).container_id
    assert own is not None
    text = on_cgroup_v2(seen(pod, container), own.removeprefix("containerd://").encode())
    assert b"/cgroup:0::/\n" in text
    (sandbox,) = inspect_inside({container: parse_capture(text, container)}, PODS[pod]).sandboxes
    (before,) = inspected(pod, container).sandboxes
    assert [finding.code for finding in sandbox.findings] == [finding.code for finding in before.findings] != []
    assert [(space.members, space.verdict) for space in sandbox.pid_namespaces or []] == [
        (space.members, space.verdict) for space in before.pid_namespaces or []
    ]


def test_nothing_is_told_of_the_node():
    for pod, containers in {"forgets": ("app", "side"), "shared": ("app", "user")}.items():
        node = inspected(pod, *containers)
        assert (node.kernel, node.runtime, node.host_zombies, node.findings) == (None, None, None, [])
        told = [text for sandbox in node.sandboxes for finding in sandbox.findings for text in (*finding.evidence, finding.remedy or "")]
        assert not [text for text in told if "on the node" in text]


def test_a_stopped_parent_is_let_go_on_by_exec():
    text = re.sub(rb"^(1/(?:stat2?:1 \(sleep\)|status:State:\t)) ?S", rb"\1 T", seen("forgets", "app"), flags=re.MULTILINE)
    capture = parse_capture(text.replace(b"1/status:State:\t T", b"1/status:State:\tT"), "app")
    (sandbox,) = inspect_inside({"app": capture}, PODS["forgets"]).sandboxes
    (finding,) = sandbox.findings
    assert finding.code == "zombie/parent-halted"
    assert finding.remedy is not None
    assert finding.remedy.startswith("kubectl exec -n default forgets -c app -- kill -CONT 1")


LINES = seen("shared", "app").split(b"\n")


@given(st.data())
def test_lines_that_are_lost_or_altered_lose_no_answer(data):
    """A process may end at any line, and what it calls itself is its own choice: some report, never an exception."""
    kept = [line for line in LINES if line.startswith(b"#") or data.draw(st.integers(0, 9)) > 0]
    at = data.draw(st.integers(1, len(kept) - 1))
    odd = data.draw(st.binary(max_size=40)).replace(b"\n", b" ")
    text = b"\n".join([*kept[:at], b"7/stat:7 (" + odd + b") Z 1 0 0", *kept[at:]])
    capture = parse_capture(text, "app")
    assert len(inspect_inside({"app": replace(capture)}, PODS["shared"]).sandboxes) == 1
