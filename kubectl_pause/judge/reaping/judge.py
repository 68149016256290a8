"""Fills a node's report with its zombies, who should reap them, what to do, and how many more tasks it may have."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kubectl_pause.facts.cgroup import cgroup_paths
from kubectl_pause.join.two_looks import rebooted
from kubectl_pause.judge.reaping.halted import halt_of, state_of
from kubectl_pause.judge.reaping.headroom import headroom, headroom_findings
from kubectl_pause.judge.reaping.pid_namespaces import pid_namespaces
from kubectl_pause.judge.reaping.reaping_facts import reaping_facts
from kubectl_pause.judge.reaping.verdicts import fault, zombie_groups
from kubectl_pause.judge.reaping.zombies import find_zombies
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.facts.process import Process
    from kubectl_pause.judge.reaping.reaping_facts import ReapingFacts
    from kubectl_pause.report import NodeReport, Sandbox, Zombie, ZombieGroup


def judge_reaping(facts: NodeFacts, report: NodeReport, earlier: NodeFacts | None = None) -> None:
    """Fill in place. `earlier` is an older capture of the same node: with it there are two looks."""
    known = reaping_facts(facts, report, earlier)
    zombies = find_zombies(known)
    report.host_zombies = zombies.host
    report.window_seconds = round(known.window.seconds, 3) if known.window else None
    if earlier and rebooted(facts, earlier):
        report.sources.notes.append("the node was started anew between the two captures: only the later one is shown")
    report.pids.zombies = sum(known.zombies_in.values())
    unreaped = _unreaped(known, [*zombies.host, *(each for group in zombies.by_sandbox.values() for each in group)])
    pods = {(pod.runtime_uid, pod.metadata.name): pod for pod in (facts.api.pods if facts.api else ())}
    for sandbox in report.sandboxes:
        sandbox.zombies = zombies.by_sandbox[sandbox.id]
        sandbox.pid_namespaces = None if sandbox.holder == "virtual" else pid_namespaces(known, sandbox, unreaped)
        pod: Pod | None = pods.get((sandbox.pod.uid, sandbox.pod.name))
        sandbox.zombie_groups = zombie_groups(known, sandbox, pod, sandbox.zombies)
        sandbox.findings += _findings(f"{sandbox.pod.namespace}/{sandbox.pod.name}", sandbox.zombie_groups)
        sandbox.findings += _halted(known, sandbox)
    report.host_zombie_groups = zombie_groups(known, None, None, zombies.host)
    report.findings += _findings(f"node {report.name}", report.host_zombie_groups)
    _judge_headroom(known, report)


def _judge_headroom(facts: ReapingFacts, report: NodeReport) -> None:
    """A limit above the pods is told once, of the node."""
    room = headroom(facts, report)
    shared = {scope.scope: scope for scope in room.of_kernel() if scope}
    for sandbox in report.sandboxes:
        sandbox.pids = room.of_sandbox(sandbox) if facts.limits else None
        scopes = sandbox.pids.scopes if sandbox.pids else []
        shared |= {scope.scope: scope for scope in scopes if scope.scope.startswith("cgroup:")}
        own = [scope for scope in scopes if scope.scope not in shared]
        sandbox.findings += headroom_findings(f"{sandbox.pod.namespace}/{sandbox.pod.name}", own)
    report.findings += headroom_findings(f"node {report.name}", shared.values())


def _unreaped(facts: ReapingFacts, zombies: Iterable[Zombie]) -> Counter[int]:
    """Zombies that are a fault, not only perhaps, by the pid of their parent."""
    return Counter(zombie.ppid for zombie in zombies if fault(facts, zombie) in ("certain", "likely"))


def _halted(facts: ReapingFacts, sandbox: Sandbox) -> Iterator[Finding]:
    """Main processes that are frozen or stopped, one finding for each line that lets them go on, but where their zombies' finding has it.

    A debugger stops a process at every call that it watches: to be held by one at the moment is only for information.
    """
    told = {remedy for group in sandbox.zombie_groups for remedy in group.remedies}
    mains = [(None, sandbox.pid), *((each.name, each.pid) for each in sandbox.containers)]
    for name, pid in mains if sandbox.holder != "virtual" else ():
        process = facts.processes.get(pid or 0)
        halt = halt_of(process, facts.frozen, facts.processes) if process else None
        if process is None or halt is None or halt.remedy in told:
            continue
        told.add(halt.remedy)
        yield Finding(
            code="process/halted",
            severity="info" if state_of(process, facts.frozen) == "traced" else "warning",
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
