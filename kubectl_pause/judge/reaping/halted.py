"""What keeps a process from doing anything, its parent's part of reaping too, and what lets it go on: stopped, traced or frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kubectl_pause.facts.record import Record
from kubectl_pause.pasting import ON_THE_NODE, command_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_pause.facts.kernel.pid_limits import Freezer
    from kubectl_pause.facts.kernel.process import Process

State = Literal["running", "stopped", "traced", "frozen", "dead"]


class Halt(Record, frozen=True):
    """`words` end a sentence that begins with the process's name; `remedy` is a line to paste, which lets it go on."""

    words: str
    remedy: str


def state_of(process: Process, frozen: Mapping[str, Freezer] | None, processes: Mapping[int, Process]) -> State:
    """What keeps a process from doing anything, or `running`. `frozen` are the frozen cgroups, None where nobody looked."""
    if process.state in ("Z", "X"):
        return "dead"
    if _frozen_cgroup(process, frozen, processes):
        return "frozen"
    return "stopped" if process.state == "T" else "traced" if process.state == "t" else "running"


def halt_of(
    process: Process, frozen: Mapping[str, Freezer] | None, processes: Mapping[int, Process], where: str = ON_THE_NODE
) -> Halt | None:
    """Why a process that lives does nothing, and the way out; None for one that runs, sleeps or is dead.

    `where` is how a line begins that can be run where its pid holds.
    """
    state = state_of(process, frozen, processes)
    if state == "stopped":
        return Halt("is stopped (state T)", f"{where}kill -CONT {process.pid}")
    if state == "traced":
        tracer = processes.get(process.tracer)
        debugger = f"the debugger {tracer.comm} (pid {tracer.pid})" if tracer else "a debugger"
        holder = f"pid {tracer.pid}" if tracer else "a debugger"
        return Halt(f"is held by {debugger}", f"{holder} holds pid {process.pid}: detach that debugger, or let the process go on in it")
    path = _frozen_cgroup(process, frozen, processes)
    if state == "frozen" and path and frozen:
        return Halt(f"is in the frozen cgroup /{path}", f"{where}{_thaw(path, frozen[path])}")
    return None


def _frozen_cgroup(process: Process, frozen: Mapping[str, Freezer] | None, processes: Mapping[int, Process]) -> str | None:
    """The topmost frozen cgroup that the process is in: those below it are frozen with it, and thawed with it.

    Frozen ones are told relative to their mount, a process's own from further up where the node is a container itself: what stands before
    it there stands before pid 1's as well. Else it is a cgroup of the same name, further down, of a container with an init system in it.
    """
    if not frozen:
        return None
    of_init = _paths(processes[1]) if 1 in processes else [""]

    def holds(path: str, cgroup: str) -> bool:
        before, cut, _ = f"{path}/".partition(f"/{cgroup}/")
        return bool(cut) and any(root.startswith(before) for root in of_init)

    own = (cgroup for cgroup in frozen if cgroup and any(holds(path, cgroup) for path in _paths(process)))
    return min(own, key=len, default=None)


def _paths(process: Process) -> list[str]:
    return [line.split(":", 2)[-1].removesuffix(" (deleted)") for line in process.cgroups.split("\n")]


def _thaw(path: str, freezer: Freezer) -> str:
    if freezer == "v1":
        return f"echo THAWED > {command_line(f'/sys/fs/cgroup/freezer/{path}/freezer.state')}"
    return f"echo 0 > {command_line(f'/sys/fs/cgroup/{path}/cgroup.freeze')}"
