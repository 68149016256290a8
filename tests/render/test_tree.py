"""`-o tree`: what stands on what, each process once, zombies, hostile names, and streams without Unicode."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_pause.cli.main import run
from kubectl_pause.facts.capture import read_capture
from kubectl_pause.inspect_node import inspect_capture
from kubectl_pause.notes import RUNTIME_UNREAD
from kubectl_pause.render.tree.tree_view import nodes_tree, pods_tree
from kubectl_pause.report import NodeReport, Report, Sandbox, SandboxProcess
from tests.nodes.report_lines import sandbox_of
from tests.recorded_nodes import NODES, RECORDED, recorded_capture

VM = str(RECORDED / "vm-cgroup-v2" / "steady-1.capture")
REAPING = str(RECORDED / "reaping" / "later.capture")


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(words) == 0
    return capsys.readouterr().out


def report_of(*nodes: NodeReport) -> Report:
    return Report(tool_version="1", started_at="", nodes=list(nodes), errors=[])


def vm_node() -> NodeReport:
    return inspect_capture(read_capture(Path(VM).read_bytes(), "c"), "c", processes=True)


def tree(sandbox: Sandbox, **settings) -> list[str]:
    node = replace(vm_node(), sandboxes=[sandbox])
    return pods_tree(report_of(node), **{"unicode": False, "width": None, "colour": False} | settings).splitlines()


def process(pid: int, ppid: int, comm: str = "sh", container: str | None = "web", state: str = "S", **fields) -> SandboxProcess:
    return SandboxProcess(
        pid=pid, ppid=ppid, comm=comm, container=container, state=state, **{"attributed_by": "cgroup", "confidence": "certain"} | fields
    )


def test_containers_processes_and_those_from_outside_hang_on_the_holder(capsys):
    assert shown(capsys, "pod", "plain", "--from", VM, "-o", "tree").splitlines() == [
        "pod lab/plain  Running",
        "└─ sandbox fb27d0c534976  ready, attempt 0",
        "   └─ pause, pid 1602  holds net ipc uts pid mnt; the node's user cgroup time",
        "      ├─ init container setup  exited (Completed)",
        "      ├─ container web  running  own: pid mnt cgroup; pod: net ipc uts; host: user time",
        "      │  ├─ sleep, pid 2449 (1 inside)",
        "      │  └─ sleep, pid 2804 (6 inside)",
        "      ├─ container side  running  own: pid mnt cgroup; pod: net ipc uts; host: user time",
        "      │  └─ sleep, pid 2590 (1 inside)",
        "      ├─ ephemeral container dbg  running  own: mnt cgroup; =web: pid; pod: net ipc uts; host: user time",
        "      │  └─ sleep, pid 7955 (12 inside)",
        "      ├─ sleep, pid 7891  joined net",
        "      └─ sleep, pid 7894  left net ipc uts pid mnt",
    ]


def test_zombies_hang_on_the_parent_that_should_reap_them(capsys):
    lines = shown(capsys, "pod", "frozen-pause", "zombies", "--from", VM, "-o", "tree").splitlines()
    assert "      ├─ sleep, pid 7920 (21 inside)  zombie, of container main" in lines  # pause's, in a shared PID namespace
    at = next(index for index, line in enumerate(lines) if "tail, pid 2385" in line)
    assert [line.split("sleep")[0] for line in lines[at + 1 :]] == ["            ├─ ", "            ├─ ", "            └─ "]
    assert all(line.endswith("zombie") for line in lines[at + 1 :])


def test_many_zombies_are_one_line(capsys):
    text = shown(capsys, "pod", "no-init", "--from", REAPING, "-o", "tree")
    [line] = [line for line in text.splitlines() if "zombies:" in line]
    count = sum(each.ppid == 70640 for each in inspected(REAPING, "no-init").zombies or () if each.container == "app")
    assert line.strip("│ ├└─").startswith(f"{count} zombies: ")
    assert count > 100


def inspected(path: str, pod: str) -> Sandbox:
    return sandbox_of(inspect_capture(read_capture(Path(path).read_bytes(), "c"), "c", processes=True), pod)


@pytest.mark.parametrize("name", NODES)
def test_each_process_of_a_recorded_node_is_shown_once(name):
    node = inspect_capture(recorded_capture(name), name, processes=True)
    text = nodes_tree(report_of(node), unicode=True, width=None, colour=False)
    processes = [each for sandbox in node.sandboxes for each in sandbox.processes or () if each.pid != sandbox.pid]
    lines = [line for line in text.splitlines() if " zombies: " not in line]
    alone = [each for each in processes if any(re.search(rf", pid {each.pid}\b", line) for line in lines)]
    together = sum(int(count) for count in re.findall(r"(\d+) zombies: ", text))
    assert len(alone) + together == len(processes) >= 5
    assert {each.state for each in processes if each not in alone} <= {"Z"}
    assert all(sum(bool(re.search(rf", pid {each.pid}\b", line)) for line in lines) == 1 for each in alone)
    assert all(sandbox.pid is None or f"pid {sandbox.pid}" in text for sandbox in node.sandboxes)
    pods = {sandbox.pod.uid for sandbox in node.sandboxes} | {each.pod.uid for each in node.pods_without_sandbox}
    assert sum(line.startswith(("├─ pod", "└─ pod")) for line in text.splitlines()) == len(pods)


def test_the_report_has_processes_only_where_they_are_asked_for(capsys):
    def processes(*words: str) -> list[Any]:
        document = json.loads(shown(capsys, *words, "--from", VM, "-o", "json"))
        return [sandbox["processes"] for node in document["nodes"] for sandbox in node["sandboxes"]]

    assert set(map(type, processes("node"))) == {type(None)}
    [plain] = processes("pod", "plain", "--processes")
    assert [(each["pid"], each["container"]) for each in plain] == [
        (1602, None), (2449, "web"), (2590, "side"), (2804, "web"), (7894, "web"), (7955, "dbg")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "why"),
    [(["--processes"], "they are shown by -o tree, json"), (["--processes", "-o", "tree"], "-o tree shows them anyhow"),
     (["-o", "tree", "--no-headers"], "-o tree has no headings"), (["-o", "tree", "--sort-by", "POD"], "what stands on what")],
)  # fmt: skip
def test_flags_that_would_do_nothing_are_refused(capsys, words, why):
    assert run(["node", "--from", VM, *words]) == 1
    assert why in capsys.readouterr().err


def test_other_verbs_draw_no_tree(capsys):
    assert run(["zombies", "--from", VM, "-o", "tree"]) == 1
    assert "allowed formats are: custom-columns, json, jsonpath, jsonpath-as-json, name, owners, wide, yaml" in capsys.readouterr().err


def test_names_from_a_node_do_no_harm():
    sandbox = sandbox_of(vm_node(), "plain")
    evil = "\x1b[2J\n\u202ex"
    lines = tree(
        replace(
            sandbox,
            pod=replace(sandbox.pod, name=evil),
            holder_command=evil,
            containers=[replace(sandbox.containers[1], name=evil)],
            processes=[process(7, 1, evil, evil), process(8, 7, evil, evil, "Z")],
        )
    )
    assert len(lines) == 8
    assert all(line.isprintable() and line.isascii() for line in lines)
    assert sum("\\x1b[2J\\x0a\\u202ex" in line for line in lines) == 5


def test_made_up_parents_lose_no_process_and_end():
    sandbox = sandbox_of(vm_node(), "plain")
    ring = [process(21, 22), process(22, 21), process(23, 23), process(24, 22)]
    deep = [process(1000 + index, 999 + index if index else 1) for index in range(500)]
    text = "\n".join(tree(replace(sandbox, strangers=[], processes=[*ring, *deep])))
    assert all(f"pid {each.pid}" in text for each in [*ring, *deep])


def test_without_a_holder_that_is_said():
    sandbox = replace(sandbox_of(vm_node(), "plain"), pid=None, holder="none", holder_command=None, namespaces={}, strangers=[])
    assert tree(sandbox)[2] == "   `- no process"


def test_a_process_that_is_only_possibly_of_the_pod_is_marked():
    sandbox = replace(sandbox_of(vm_node(), "plain"), strangers=[], processes=[process(5, 1, confidence="possible")])
    assert any(line.endswith("sh, pid 5  possibly of this pod") for line in tree(sandbox))


def test_a_terminal_cuts_ends_and_shows_zombies_in_colour():
    sandbox = sandbox_of(vm_node(), "zombies")
    lines = tree(sandbox, width=40)
    assert max(map(len, lines)) == 40
    assert any("\x1b[31m" in line for line in tree(sandbox, colour=True))


@pytest.mark.parametrize(("encoding", "mark"), [("ascii", "|- "), ("utf-8", "├─ "), ("cp437", "├─ "), ("latin-1", "|- ")])
def test_branches_are_drawn_with_what_stdout_can_write(encoding, mark):
    command = [sys.executable, "-m", "kubectl_pause", "node", "--from", VM, "-o", "tree"]
    ended = subprocess.run(command, env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}, capture_output=True, check=True)
    lines = ended.stdout.decode(encoding).splitlines()
    assert lines[1].startswith(f"{mark}pod ")
    assert ended.stderr == b""


def test_a_node_whose_runtime_could_not_be_read_and_zombies_of_no_pod():
    node = vm_node()
    zombie = replace((sandbox_of(node, "zombies").zombies or [])[0], container=None)
    deaf = replace(node, sandboxes=[], host_zombies=[zombie], sources=replace(node.sources, runtime=False))
    assert nodes_tree(report_of(deaf), unicode=False, width=None, colour=False).splitlines() == [
        "node vm-node  containerd 2.2.9",
        f"|- {RUNTIME_UNREAD}",
        "`- tail, pid 2385  of the node",
        "   `- sleep, pid 2712  zombie",
    ]
