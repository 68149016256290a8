"""Who reaps in each PID namespace of a pod, whether it can, and whether it has.

An ordinary pod has one PID namespace for pause, which has nothing to reap there, and one for each container; with
`shareProcessNamespace` it has one, and pause is PID 1 of it; with `hostPID` it has the node's, and pause can never adopt.
Counters tell only of pause: others wait for children of their own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from kubectl_pause.judge.reaping.ability import Candidate, ability
from kubectl_pause.judge.reaping.halted import state_of
from kubectl_pause.judge.reaping.roles import Role, role_of
from kubectl_pause.judge.reaping.sigchld import SIGCHLD, SIGINT, SIGTERM, Sigchld, sigchld_of
from kubectl_pause.report import PidNamespace, Reaper

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.join.two_looks import Window
    from kubectl_pause.judge.reaping.ability import Capable
    from kubectl_pause.judge.reaping.reaping_facts import ReapingFacts
    from kubectl_pause.report import Sandbox

FIRST_REAPING_PAUSE = (3, 1)
"""pause 3.1 was the first to reap (CHANGELOG of build/pause)."""
_HOOK_FAULTS = 39
"""Faults that one createContainer or startContainer hook leaves, which runc waits for before it becomes pause: 37 to 39."""
_VERSION = re.compile(r"/pause(?:-[a-z0-9]+)?:v?(\d+(?:\.\d+){1,2})")
_PAUSE_MASK = SIGINT | SIGTERM | SIGCHLD


def pid_namespaces(facts: ReapingFacts, sandbox: Sandbox, unreaped: Mapping[int, int]) -> list[PidNamespace]:
    """The PID namespaces of a sandbox, its own first. `unreaped` counts zombies that are a fault, by the pid of their parent."""
    members: dict[int, list[str]] = {}
    own = sandbox.namespaces["pid"].inode if "pid" in sandbox.namespaces else None
    if own is not None and sandbox.pid is not None and sandbox.pid not in {container.pid for container in sandbox.containers}:
        members[own] = ["pause"]
    for container in sandbox.containers:
        namespace = (container.namespaces or {}).get("pid")
        if namespace and namespace.inode is not None:
            members.setdefault(namespace.inode, []).append(container.name)
    of_containers = {namespace.inode for each in sandbox.containers if (namespace := (each.namespaces or {}).get("pid"))}
    alone = own if own not in of_containers else None
    return [_namespace(facts, sandbox, (inode, names), unreaped, pause_alone=inode == alone) for inode, names in members.items()]


def _namespace(
    facts: ReapingFacts, sandbox: Sandbox, space: tuple[int, list[str]], unreaped: Mapping[int, int], *, pause_alone: bool
) -> PidNamespace:
    inode, members = space
    host = inode == facts.host_pid_namespace
    process = facts.processes.get(1) if host else facts.first.get(inode)
    reaper: Reaper | None = None
    evidence: list[str] = []
    if process:
        candidate = _candidate(facts, process, unreaped.get(process.pid, 0), host=host)
        reaper, evidence = _reaper(facts, candidate, pause_version(sandbox.image) if candidate.role.kind == "pause" else None)
    processes = facts.node.populations.get(("pid", inode), 0)
    verdict, first = _verdict(reaper, host=host, pause_alone=pause_alone and processes <= 1)
    return PidNamespace(
        inode=inode,
        members=members,
        processes=None if host else processes,
        reaper=reaper,
        zombies=facts.zombies_in.get(inode, 0),
        verdict=verdict,
        evidence=[*first, *evidence],
    )


def _verdict(reaper: Reaper | None, *, host: bool, pause_alone: bool) -> tuple[str, list[str]]:
    if host:
        return "not-by-pause", ["the pod is in the node's PID namespace: its orphans go to the node's init, never to pause"]
    if reaper is None:
        return "unknown", ["PID 1 of this PID namespace was not seen"]
    if pause_alone:
        return "nothing-to-reap", ["pause is alone in its PID namespace: containers have their own PID 1"]
    if reaper.capable == "no":
        return "does-not-reap", []
    if reaper.capable == "yes":
        return ("reaps" if reaper.has_reaped == "yes" or reaper.reaped_in_window else "able"), []
    return reaper.capable, []


def _candidate(facts: ReapingFacts, process: Process, unreaped: int, *, host: bool) -> Candidate:
    return Candidate(
        process=process,
        role=Role("host") if host else _role(facts, process),
        state=state_of(process, facts.frozen, facts.processes),
        sigchld=sigchld_of(process, facts.readings.get(process.pid), facts.machine),
        program=_program(facts, process),
        unreaped=unreaped,
        calls_read=_calls_read(facts, process),
    )


def _calls_read(facts: ReapingFacts, process: Process) -> bool:
    """The collector on a node may read them of every process; a container only of those that it could debug."""
    reading = facts.readings.get(process.pid)
    return not facts.node.facts.from_inside or bool(reading and reading.calls)


def _reaper(facts: ReapingFacts, candidate: Candidate, version: tuple[int, ...] | None) -> tuple[Reaper, list[str]]:
    process, role, window = candidate.process, candidate.role.kind, facts.window
    capable, evidence = ability(candidate)
    reaped = window.reaped(process.key) if window and role != "host" else None
    has_reaped, why = _has_reaped(process, reaped=reaped) if role == "pause" else ("unknown", [])
    if version and version < FIRST_REAPING_PAUSE and capable not in ("yes", "likely") and has_reaped != "yes":
        # a tag is a word, and some vendors count their own (localhost/kubernetes/pause:0.1.0): what was seen comes first
        evidence.append(f"the image is tagged pause {_dotted(version)}; 3.1 was the first to reap")
        capable = "no"
    if role == "pause" and candidate.state == "running":
        evidence += _pause_habits(process, candidate.sigchld)
    idle = window.idle(process.key) if window and role == "pause" and process.threads == 1 else None
    if window and role == "pause":
        why += _in_the_window(window, process, reaped=reaped, idle=idle)
    reaper = Reaper(
        pid=process.pid,
        ns_pid=process.ns_pids[-1] if process.ns_pids else None,
        comm=process.comm,
        executable=facts.executables.get(process.pid),
        arguments=facts.arguments(process.pid),
        role=str(candidate.role),
        state=candidate.state,
        handles_sigchld=candidate.sigchld.treatment,
        asleep_in=candidate.sigchld.asleep_in,
        capable=capable,
        has_reaped=has_reaped,
        reaped_in_window=reaped,
        idle=idle,
        version=_dotted(version) if version else None,
    )
    return reaper, [*evidence, *why]


def _role(facts: ReapingFacts, process: Process) -> Role:
    role = role_of(facts, process)
    return role if role.kind in ("pause", "container") else Role("unknown")


def would_reap(facts: ReapingFacts, process: Process, role: Role) -> tuple[Capable, list[str]]:
    """How sure it is that a halted process reaps once it goes on, and why."""
    candidate = Candidate(
        process=process,
        role=role,
        state="running",
        sigchld=sigchld_of(process, facts.readings.get(process.pid), facts.machine),
        program=_program(facts, process),
        unreaped=0,
        calls_read=_calls_read(facts, process),
    )
    return ability(candidate)


def _program(facts: ReapingFacts, process: Process) -> str:
    return facts.executables.get(process.pid, "").rpartition("/")[2]


def _pause_habits(process: Process, sigchld: Sigchld) -> list[str]:
    """What every real pause shows: asleep in pause(), SIGINT, SIGTERM and SIGCHLD caught."""
    asleep = ["it is asleep in pause()"] if sigchld.asleep_in == "pause()" else []
    catches = process.signals.get("SigCgt", 0) & _PAUSE_MASK == _PAUSE_MASK
    return [*asleep, *(["it catches SIGINT, SIGTERM and SIGCHLD"] if catches else [])]


def _has_reaped(process: Process, *, reaped: bool | None) -> tuple[Literal["yes", "no", "unknown"], list[str]]:
    """Of a pause that is PID 1 of its PID namespace: cminflt grows with every child that returned to user space in its own memory."""
    if reaped:
        return "yes", []
    if process.child_faults > _HOOK_FAULTS:
        return "yes", ["it has waited for at least one child since it started"]
    if process.child_faults:
        told = f"children that it waited for left {process.child_faults} page faults; a hook of the runtime leaves as many"
        return "unknown", [told]
    return "no", []


def _in_the_window(window: Window, process: Process, *, reaped: bool | None, idle: bool | None) -> list[str]:
    if reaped:
        woken = window.wake_ups(process.key)
        estimate = f"; it went to sleep again {woken} times, an estimate of how many" if woken else ""
        return [f"it reaped within these {window.seconds:.1f} s{estimate}"]
    return [f"it was idle for these {window.seconds:.1f} s: nothing reaped"] if idle else []


def pause_version(image: str | None) -> tuple[int, ...] | None:
    """The version in the tag of a pause image, where the image is called pause."""
    match = _VERSION.search(f"/{image}") if image else None
    return tuple(int(part) for part in match[1].split(".")) if match and len(match[1]) < _LONGEST_VERSION else None


_LONGEST_VERSION = 20


def _dotted(version: Iterable[int]) -> str:
    return ".".join(map(str, version))
