"""Nodes written down in a test: sandboxes, containers and processes as the collector tells them, on cgroup v2."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kubectl_pause.facts.capture import Capture, parse_capture, read_capture
from tests.recorded_nodes import RECORDED

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = 4026531836
"""The node's own PID namespace."""


def recorded_case(name: str, file: str = "capture") -> Capture:
    """A recorded small input, most of them made after a public report."""
    return read_capture((RECORDED / "cases" / name / file).read_bytes(), name)


def identifier(letter: str) -> str:
    """The id of a container or sandbox."""
    return letter * 64


@dataclass(frozen=True, slots=True)
class Written:
    """A process: `inside` are its pids in the PID namespaces below the node's, `space` the inode of its own, `cgroup` its v2 path."""

    pid: int
    ppid: int
    comm: str
    inside: tuple[int, ...] = ()
    space: int = HOST
    cgroup: str = "/"
    state: str = "S"
    threads: int = 1
    tracer: int = 0
    status: Mapping[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """As the collector writes them."""
        dead = ["0"] * 27
        stat = f"{self.pid} ({self.comm}) {self.state} {self.ppid} 0 0 0 -1 0 9 0 0 0 1 1 0 0 20 0 {self.threads} 0 {self.pid}"
        nspid = "\t".join(map(str, (self.pid, *self.inside)))
        masks = {"SigBlk": "0", "SigIgn": "0", "SigCgt": "0", **self.status}
        status = [f"NSpid:\t{nspid}", f"TracerPid:\t{self.tracer}", *(f"{key}:\t{value}" for key, value in masks.items())]
        return [
            *(f"{self.pid}/{file}:{stat} {' '.join(dead)} 0 0 0" for file in ("stat", "stat2")),
            f"{self.pid}/cgroup:0::{self.cgroup}",
            *(f"{self.pid}/status:{line}" for line in status),
            f"'{self.pid}/ns/pid' -> 'pid:[{self.space}]'",
        ]


INIT = Written(1, 0, "systemd", cgroup="/init.scope")


def pod_path(uid: str, container: str) -> str:
    """The cgroup of a container, `crictl`'s id its letter."""
    return f"/kubepods/besteffort/pod{uid}/{identifier(container)}"


def written_node(
    *processes: Written,
    containers: Mapping[str, str] | None = None,
    sections: Mapping[str, str] | None = None,
    api: Mapping[str, Any] | None = None,
    sandbox: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Capture:
    """A node with pod default/web, uid `u`, whose sandbox is `a`, ready; `containers` by the letter of their ids. `api` is the pod's
    spec, `metadata` more of the pod's.

    Zombies have been dead for an hour, and are there at a second look.
    """
    pod = {"id": identifier("a"), "metadata": {"name": "web", "uid": "u", "namespace": "default"}, "state": "SANDBOX_READY"}
    rows = [
        {"id": identifier(letter), "podSandboxId": identifier("a"), "metadata": {"name": name}, "state": "CONTAINER_RUNNING"}
        for letter, name in (containers or {}).items()
    ]
    zombies = [each for each in processes if each.state == "Z"]
    proc = [line for each in (INIT, *processes) for line in each.lines()]
    text = [
        "#pause-inspect-collector 1",
        "#crictl path=/usr/bin/crictl socket=/run/containerd/containerd.sock version=v1.30.1",
        "#section crictl.pods", " " + json.dumps({"items": [{**pod, **(sandbox or {})}]}),
        "#section crictl.ps", " " + json.dumps({"containers": rows}),
        "#section proc", *proc,
        "#look uptime=9000.00 tasks=8",
        "#section reapers", "self/sched:se.exec_start : 9000000.0", *(f"{each.pid}/sched:se.exec_start : 5400000.0" for each in zombies),
        *(f"#section {name}\n{content}" for name, content in (sections or {}).items()),
        "#look uptime=9002.00 tasks=8",
        "#section look2", *(line.replace("/stat2:", "/stat:") for each in zombies for line in each.lines() if "/stat2:" in line),
        "#end uptime=9003.00",
    ]  # fmt: skip
    if api is not None:
        view = {
            "capturedAt": "2026-01-02T03:04:05Z",
            "nodeName": "worker-1",
            "node": {"status": {"nodeInfo": {"containerRuntimeVersion": "containerd://2.2.9"}}},
            "pods": [{"metadata": {"name": "web", "uid": "u", "namespace": "default", **(metadata or {})}, "spec": api}],
        }
        text = ["#pause-inspect-capture 1", "#api", " " + json.dumps(view), *text]
    return parse_capture("\n".join([*text, ""]).encode(), "written")
