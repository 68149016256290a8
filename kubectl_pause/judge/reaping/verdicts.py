"""What is wrong where zombies stay: one verdict per group of zombies with the same parent, with its evidence and what to do.

A zombie lives until its parent waits for it, so the parent says whose fault it is. How long it must have been there before that is a
fault was measured: under a pause that works about 0.2 ms, under other PID 1s up to 2 s. Remedies are lines to paste, never executed.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from kubectl_pause.facts.kernel.cgroup import service_of
from kubectl_pause.facts.record import Record
from kubectl_pause.judge.reaping import remedies
from kubectl_pause.judge.reaping.group_evidence import how_long, of_ended_attempts, of_spec
from kubectl_pause.judge.reaping.halted import halt_of
from kubectl_pause.judge.reaping.pid_namespaces import would_reap
from kubectl_pause.judge.reaping.roles import role_of
from kubectl_pause.judge.reaping.sigchld import sigchld_of
from kubectl_pause.report import ZombieGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.judge.reaping.halted import Halt
    from kubectl_pause.judge.reaping.reaping_facts import ReapingFacts
    from kubectl_pause.judge.reaping.roles import Role
    from kubectl_pause.report import PidNamespace, Sandbox, Zombie, ZombieParent

Confidence = Literal["certain", "likely", "possible"]

_FAULT_SECONDS_OF_PAUSE = 0.9
_FAULT_SECONDS = 2.0
_MOST_PIDS = 10


class Verdict(Record, frozen=True):
    """`code` is a finding's; `message` says it in one sentence."""

    code: str
    message: str
    evidence: list[str]
    remedies: list[str]


class Whose(Record, frozen=True):
    """Whose zombies are judged: a sandbox's, its pod as the API has it and its PID namespaces; with no sandbox the node's own."""

    sandbox: Sandbox | None = None
    pod: Pod | None = None
    spaces: Sequence[PidNamespace] = ()


def zombie_groups(facts: ReapingFacts, whose: Whose, zombies: Iterable[Zombie]) -> list[ZombieGroup]:
    """Groups of zombies: those with the same parent, those most sure in front."""
    groups: dict[tuple[int, str, bool], list[Zombie]] = {}
    for zombie in zombies:
        groups.setdefault((zombie.ppid, zombie.kind, _is_main(facts, whose.sandbox, zombie)), []).append(zombie)
    made = [_group(facts, whose, members, main=main) for (_, _, main), members in groups.items()]
    return sorted(made, key=lambda group: (_ORDER.index(group.severity), -group.count, group.parent.pid))


_ORDER = ("critical", "warning", "info")


def fault(facts: ReapingFacts, zombie: Zombie) -> Confidence | None:
    """How sure it is that a zombie should have been reaped by now; None for one that is known to have gone."""
    if zombie.kind != "zombie" or zombie.lasting is False:
        return None
    window = facts.window
    least = window.seconds if window and zombie.lasting else 0.0
    if zombie.age_seconds is not None:
        least = max(least, zombie.age_seconds + (window.seconds_after_base if window and zombie.lasting else 0.0))
    limit = _FAULT_SECONDS_OF_PAUSE if zombie.parent.role == "pause" else _FAULT_SECONDS
    if least < limit:
        return "possible"
    return "certain" if zombie.lasting else "likely"


def _is_main(facts: ReapingFacts, sandbox: Sandbox | None, zombie: Zombie) -> bool:
    """Whether it is the main process of a container, or of the sandbox: started by the runtime, waited for by it."""
    if sandbox is None or zombie.parent.role != "runtime":
        return False
    known = zombie.pid in facts.container_of_init or zombie.pid in facts.sandbox_of_holder
    return known or zombie.ns_pid == 1


def _group(facts: ReapingFacts, whose: Whose, zombies: Sequence[Zombie], *, main: bool) -> ZombieGroup:
    sure = [told for zombie in zombies if (told := fault(facts, zombie))]
    confidence: Confidence = min(sure, key=_CONFIDENCES.index, default="possible")
    ages = [zombie.age_seconds for zombie in zombies if zombie.age_seconds is not None]
    containers = {zombie.container for zombie in zombies}
    dead_leader = zombies[0].kind == "dead-leader"
    verdict = _verdict(facts, whose, zombies, main=main)
    evidence = [
        *verdict.evidence,
        *of_ended_attempts(facts, whose.sandbox, zombies),
        *of_spec(whose.pod, zombies),
        *([] if dead_leader else [how_long(facts, zombies)]),
    ]
    names = Counter(zombie.comm for zombie in zombies)
    return ZombieGroup(
        verdict=verdict.code,
        severity="info" if dead_leader or confidence == "possible" else "warning",
        confidence="certain" if dead_leader else confidence,
        message=verdict.message,
        evidence=evidence,
        remedies=verdict.remedies,
        parent=zombies[0].parent,
        container=containers.pop() if len(containers) == 1 else None,
        count=len(zombies),
        transient=sum(zombie.lasting is False for zombie in zombies),
        names=dict(names.most_common(_MOST_PIDS)),
        pids=[zombie.pid for zombie in zombies[:_MOST_PIDS]],
        oldest_seconds=max(ages, default=None),
        newest_seconds=min(ages, default=None),
    )


_CONFIDENCES: tuple[Confidence, ...] = ("certain", "likely", "possible")


def _verdict(facts: ReapingFacts, whose: Whose, zombies: Sequence[Zombie], *, main: bool) -> Verdict:
    """By what the parent is; a parent that does nothing at all is let go on first, whatever it is."""
    sandbox = whose.sandbox
    if zombies[0].kind == "dead-leader":
        told = "the main thread has ended while other threads live: nobody can reap it before they end; this is no reaper's fault"
        return Verdict("zombie/dead-leader", told, [], [])
    parent = zombies[0].parent
    if parent.pid == 0 and facts.node.facts.from_inside:
        told = "its parent is outside of the container's PID namespace, most likely the runtime's, and has not waited for it"
        return Verdict("zombie/outside-parent", told, ["seen from inside: who that is cannot be told"], [])
    if parent.pid == 0:
        told = "its parent is outside of the node's PID namespace, as where the node is a container itself, and has not waited for it"
        return Verdict("zombie/outside-parent" if sandbox else "zombie/unknown-parent", told, [], remedies.of_beyond())
    process = facts.processes.get(parent.pid)
    if process and process.is_zombie:
        told = "its parent ended while the node was read: who has adopted it since is not known"
        return Verdict("zombie/unknown-parent", told, [f"{_named(parent)} is a zombie itself, and a zombie has no children"], [])
    if process and process.state == "Z":
        return _under_dead_leader(facts, process, parent)
    if main or parent.role in ("runtime", "kubelet", "host", "unknown"):
        verdict = _from_outside(facts, sandbox, zombies, main=main)
    elif parent.role == "pause":
        verdict = _under_pause(sandbox, whose.spaces, parent) if sandbox else _from_outside(facts, sandbox, zombies, main=main)
    else:
        verdict = _under_application(facts, whose, parent)
    halt = halt_of(process, facts.frozen, facts.processes, facts.where) if process else None
    return _halted(facts, process, parent, verdict, halt) if process and halt else verdict


def _halted(facts: ReapingFacts, process: Process, parent: ZombieParent, verdict: Verdict, halt: Halt) -> Verdict:
    """The verdict on a parent that is stopped, traced or frozen: whether it waits for its children is seen only when it goes on."""
    halted = f"{_named(parent)} {halt.words}"
    role = role_of(facts, process)
    if not role.is_of_container:
        return Verdict(verdict.code, verdict.message, [halted, *verdict.evidence], [halt.remedy])
    capable, why = would_reap(facts, process, role)
    told = f"{_named(parent)}, {_what(facts, process, role)}, cannot wait for its children: it {halt.words}"
    if capable in ("no", "unlikely") and verdict.code == "zombie/no-init":
        later = [f"if they stay then: {remedy}" for remedy in verdict.remedies]
        return Verdict("zombie/parent-halted", told, [*why, "so they may stay when it goes on"], [halt.remedy, *later])
    if capable in ("yes", "likely"):
        return Verdict("zombie/parent-halted", told, [*why, "it reaps them when it goes on: no init is missing"], [halt.remedy])
    return Verdict("zombie/parent-halted", told, ["whether it waits for them is seen when it goes on"], [halt.remedy])


def _under_dead_leader(facts: ReapingFacts, process: Process, parent: ZombieParent) -> Verdict:
    role = role_of(facts, process)
    what = f", {_what(facts, process, role)}," if role.is_of_container else ""
    told = f"the main thread of {_named(parent)}{what} has ended while other threads of it live, which do not wait for its children"
    kept = "it is no zombie: nobody can reap it before those threads end"
    return Verdict("zombie/parent-dead-leader", told, [kept], remedies.of_dead_leader(parent, facts.where))


def _from_outside(facts: ReapingFacts, sandbox: Sandbox | None, zombies: Sequence[Zombie], *, main: bool) -> Verdict:
    """Where the parent is none of the pod's: the runtime's, the kubelet, or a process of the node."""
    parent = zombies[0].parent
    process = facts.processes.get(parent.pid)
    service = service_of(process.cgroups) if process else None
    who = _named(parent)
    if main:
        what = f"container {zombies[0].container}" if zombies[0].container else "the sandbox"
        told = f"the main process of {what} has ended, and {who} has not waited for it"
        return Verdict("zombie/main-process", told, [], remedies.of_runtime(sandbox, parent, facts.where))
    if sandbox is None and parent.role == "unknown":
        told = f"{who} does not wait for its children; whose it is could not be seen"
        return Verdict(
            "zombie/unknown-parent", told, [], [f"as root, on the node: ls -l /proc/{parent.pid}/ns  # whose namespaces it is in"]
        )
    if sandbox is None:
        told = f"{who}, a process of the node{f', of {service}' if service else ''}, does not wait for its children"
        return Verdict("zombie/host-process", told, [], remedies.of_host(parent, service, facts.where))
    if parent.role in ("host", "kubelet"):
        told = f"{who} is outside of the pod, a process of the node, and has to wait for it: deleting the pod would not free it"
        return Verdict("zombie/outside-parent", told, [], remedies.of_host(parent, service, facts.where))
    if parent.role == "runtime":
        told = f"{who} is outside of the pod and has to wait for it: an exec or a probe that was left behind"
        return Verdict("zombie/outside-parent", told, [], remedies.of_runtime(sandbox, parent, facts.where))
    told = f"{who} has to wait for it; what that process is, was not seen"
    return Verdict("zombie/outside-parent", told, [], remedies.of_runtime(None, parent, facts.where))


def _under_application(facts: ReapingFacts, whose: Whose, parent: ZombieParent) -> Verdict:
    """PID 1 of a PID namespace adopts, any other process has only children of its own, which no init gets while it lives."""
    process = facts.processes[parent.pid]
    role = role_of(facts, process)
    name = "?" if role.container is None else role.container
    first = _first_of_its_namespace(facts, process)
    told = f"{_named(parent)}, {_what(facts, process, role)}, does not wait for its children"
    if role.kind == "container":
        init = remedies.of_image(_maker(facts, whose.sandbox, parent), whose.pod, name)
        evidence = [*_why_no_init(facts, process), *_overridden(whose.pod, name)]
        return Verdict("zombie/no-init", f"{told}, own or adopted", evidence, init)
    if first is process:
        return Verdict("zombie/no-init", f"{told}, own or adopted", _why_no_init(facts, process), remedies.of_nested(name))
    adopts = f"{first.comm} (pid {first.pid}), PID 1 of its PID namespace, gets them only when it ends" if first else ""
    no_help = "it lives, so its children are not handed to any init: neither tini nor pause would help"
    return Verdict(
        "zombie/application",
        f"{told}: the application's fault",
        [no_help, *filter(None, [adopts])],
        remedies.of_application(parent),
    )


def _maker(facts: ReapingFacts, sandbox: Sandbox | None, parent: ZombieParent) -> str | None:
    """What made the pod, or the container that is no pod: the kind of a PodIdentity."""
    if sandbox:
        return sandbox.pod.kind
    attribution = facts.node.attributions.get(parent.pid)
    lone = facts.node.lone.get(attribution.place.sandbox) if attribution else None
    return lone.engine if lone else None


def _first_of_its_namespace(facts: ReapingFacts, process: Process) -> Process | None:
    """PID 1 of the PID namespace that the process is in: what its children go to when it ends."""
    inode = process.namespaces.get("pid")
    if inode is None:
        return None
    return facts.processes.get(1) if inode == facts.host_pid_namespace else facts.first.get(inode)


def _what(facts: ReapingFacts, process: Process, role: Role) -> str:
    """What a process is to its container, as an apposition."""
    whose = f"container {role.container}" if role.container else "the pod" if role.container is None else "the container"
    if role.kind == "container":
        return f"PID 1 of {whose}"
    if process.pid in facts.container_of_init:
        return f"the main process of {whose}"
    if _first_of_its_namespace(facts, process) is process:
        return f"PID 1 of a PID namespace nested in {whose}"
    return f"a process of {whose}"


def _overridden(pod: Pod | None, container: str) -> list[str]:
    if pod and pod.replaces_entrypoint(container):
        return [f"the spec sets command for container {container}, which replaces the image's ENTRYPOINT, and an init in it"]
    return []


def _under_pause(sandbox: Sandbox, spaces: Sequence[PidNamespace], parent: ZombieParent) -> Verdict:
    told = f"{_named(parent)} is PID 1 of the pod's processes and does not reap"
    space = next((space for space in spaces if space.reaper and space.reaper.pid == parent.pid), None)
    adopted = f"{parent.comm or 'pause'} starts no process: each child of it is an orphan that it adopted"
    evidence = [*(space.evidence if space else ()), adopted]
    return Verdict("zombie/pause-does-not-reap", told, evidence, remedies.of_pause(sandbox, space))


def _why_no_init(facts: ReapingFacts, process: Process) -> list[str]:
    sigchld = sigchld_of(process, facts.readings.get(process.pid), facts.machine)
    words = {"handler": "it catches SIGCHLD, yet", "default": "it does not handle SIGCHLD, and", "blocked": "it has SIGCHLD blocked, and"}
    cannot = "whether they are its own children or orphans that it adopted cannot be told; an init helps with orphans only"
    return [f"{words.get(sigchld.treatment, 'it has the time to, but')} its children stay zombies", cannot]


def _named(parent: ZombieParent) -> str:
    return f"{parent.comm} (pid {parent.pid})" if parent.comm is not None else f"pid {parent.pid}"
