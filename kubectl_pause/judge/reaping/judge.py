"""Judges the zombies of a node: who should reap them, whether it can, what to do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from kubectl_pause.facts.kernel.cgroup import cgroup_paths
from kubectl_pause.facts.known_programs import RUNC_STAGES
from kubectl_pause.facts.record import Record
from kubectl_pause.judge.reaping.halted import halt_of, state_of
from kubectl_pause.judge.reaping.pid_namespaces import pid_namespaces
from kubectl_pause.judge.reaping.verdicts import Whose, fault, zombie_groups
from kubectl_pause.judge.reaping.zombies import find_zombies
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.judge.reaping.reaping_facts import ReapingFacts
    from kubectl_pause.report import PidNamespace, Sandbox, Zombie, ZombieGroup


class Reaping(Record, frozen=True):
    """What is said of the zombies of one sandbox, or of the node's own."""

    zombies: list[Zombie]
    groups: list[ZombieGroup]
    findings: list[Finding]
    spaces: list[PidNamespace] | None = None
    """PID namespaces of the sandbox; None for a sandboxed runtime, of which nothing can be seen."""


class NodeReaping(Record, frozen=True):
    """`total` counts all zombies of the node, of whatever pid namespace."""

    host: Reaping
    by_sandbox: dict[str, Reaping] = msgspec.field(default_factory=dict)
    total: int = 0


def judge_reaping(facts: ReapingFacts) -> NodeReaping:
    """Every zombie, and each sandbox's PID namespaces with who reaps in them."""
    zombies = find_zombies(facts)
    unreaped = _unreaped(facts, [*zombies.host, *(each for group in zombies.by_sandbox.values() for each in group)])
    of_host = zombie_groups(facts, Whose(), zombies.host)
    by_sandbox = {each: _of_sandbox(facts, each, zombies.by_sandbox[each], unreaped) for each in facts.node.joined}
    return NodeReaping(
        host=Reaping(zombies.host, of_host, _findings(f"node {facts.node.about.name}", of_host)),
        by_sandbox=by_sandbox,
        total=sum(facts.zombies_in.values()),
    )


def _of_sandbox(facts: ReapingFacts, identifier: str, zombies: list[Zombie], unreaped: Counter[int]) -> Reaping:
    joined = facts.node.joined[identifier]
    sandbox = joined.shown
    spaces = None if sandbox.holder == "virtual" else pid_namespaces(facts, sandbox, unreaped)
    groups = zombie_groups(facts, Whose(sandbox, joined.pod, spaces or ()), zombies)
    findings = [*_findings(f"{sandbox.pod.namespace}/{sandbox.pod.name}", groups), *_halted(facts, sandbox, groups)]
    return Reaping(zombies, groups, findings, spaces)


def _unreaped(facts: ReapingFacts, zombies: Iterable[Zombie]) -> Counter[int]:
    """Zombies that are a fault, not only perhaps, by the pid of their parent."""
    return Counter(zombie.ppid for zombie in zombies if fault(facts, zombie) in ("certain", "likely"))


def _halted(facts: ReapingFacts, sandbox: Sandbox, groups: Sequence[ZombieGroup]) -> Iterator[Finding]:
    """Main processes that are frozen or stopped, one finding for each line that lets them go on, but where their zombies' finding has it.

    A debugger stops a process at every call that it watches: to be held by one at the moment is only for information.
    """
    told = {remedy for group in groups for remedy in group.remedies}
    mains = [(None, sandbox.pid), *((each.name, each.pid) for each in sandbox.containers)]
    for name, pid in mains if sandbox.holder != "virtual" else ():
        process = facts.processes.get(pid or 0)
        halt = halt_of(process, facts.frozen, facts.processes, facts.where) if process else None
        if process is None or halt is None or halt.remedy in told or process.comm.startswith(RUNC_STAGES):
            continue  # what runc is making is frozen while its devices are set
        told.add(halt.remedy)
        yield Finding(
            code="process/halted",
            severity="info" if state_of(process, facts.frozen, facts.processes) == "traced" else "warning",
            subject=f"{sandbox.pod.namespace}/{sandbox.pod.name}" + (f" container {name}" if name else ""),
            message=f"its main process {process.comm} (pid {process.pid}) {halt.words}: nothing of it runs before that ends",
            evidence=[f"state {process.state} in /proc/{process.pid}/status", *([f"cgroup {path}"] if (path := _cgroup(process)) else [])],
            confidence="certain",
            remedy=halt.remedy,
        )


def _cgroup(process: Process) -> str:
    return next(iter(cgroup_paths(process.cgroups)), "")


def _findings(subject: str, groups: Iterable[ZombieGroup]) -> list[Finding]:
    """A finding per group; none where every zombie of it was gone at the second look, or one look alone leaves that open."""
    return [
        Finding(
            code=group.verdict,
            severity=group.severity,
            subject=subject + (f" container {group.container}" if group.container else ""),
            message=f"{group.count} {'zombie' if group.count == 1 else 'zombies'}: {group.message}",
            evidence=group.evidence,
            confidence=group.confidence,
            remedy="; or ".join(group.remedies) or None,
        )
        for group in groups
        if group.transient < group.count and group.confidence != "possible"
    ]
