"""What the demo says of its pod, each sentence held to a report or to the processes of the same capture."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.report import Container, Sandbox, Sources

_SHARED = ("net", "ipc", "uts")
_SIGCHLD_BIT = 1 << (signal.SIGCHLD - 1)


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence, and whether what was read shows it."""

    sentence: str
    shown: bool


def about_the_view(sources: Sources, sandbox: Sandbox, pids: Mapping[str, int]) -> list[Claim]:
    """A sentence on each line of the pod view. `pids` are those that the demo knows its processes by, by name."""
    namespaces = sandbox.namespaces
    pod = [kind for kind, namespace in namespaces.items() if namespace.host is False]
    host = [kind for kind, namespace in namespaces.items() if namespace.host]
    net = namespaces["net"]
    return [
        Claim(
            "Pod, Sandbox: no API and no runtime knows this pod. It is one because processes from elsewhere have joined namespaces "
            f"that pid {sandbox.pid} holds; that pid is its name and its id.",
            sandbox.pod.kind == "hand-made" and sandbox.pid == pids["pause"],
        ),
        Claim("Node: this host, on which no runtime was asked.", sources.crictl is None and not sources.api),
        Claim(
            f"Held by: {sandbox.holder_command}, pid {sandbox.pid}, which step 1 has started. All that it does is to be there.",
            sandbox.holder == "pause" and sandbox.pid == pids["pause"],
        ),
        Claim(
            "IP, Runtime: nobody gave it an address (a CNI plugin would), and no container runtime made it.",
            not sandbox.ips and sandbox.image is None,
        ),
        Claim(
            f"(sandbox): {_and(pod)} were made for the pod; {_and(host)} are still the host's, as in most pods.",
            {*_SHARED, "pid", "mnt"} <= set(pod) and {"cgroup", "time"} <= set(host),
        ),
        *_about_containers(sandbox, pids),
        Claim(
            f"So localhost is the same in all of them: {net.processes} processes are in net:[{net.inode}].",
            (net.processes or 0) >= len(sandbox.containers) + 1,
        ),
        *_about_strangers(sandbox, pids),
    ]


def _about_containers(sandbox: Sandbox, pids: Mapping[str, int]) -> list[Claim]:
    """One each for own-pid and shared-pid, and one that there are no others."""
    said = {
        "own-pid": ("own", "its PID namespace is its own, as Kubernetes has it by default"),
        "shared-pid": ("pod", "it is in pause's PID namespace too: this is `shareProcessNamespace: true`"),
    }
    by_name = {container.name: container for container in sandbox.containers}
    claims = [Claim(f"Containers: {_and(list(by_name))}, started in step 2.", by_name.keys() == said.keys())]
    for name, (sharing, sentence) in said.items():
        container = by_name.get(name)
        shown = container is not None and container.pid == pids[name] and _shares(container, sandbox, sharing)
        claims.append(Claim(f"{name} (pid {pids[name]}): in the pod's net, ipc and uts; {sentence}. mnt is its own.", shown))
    return claims


def _shares(container: Container, sandbox: Sandbox, pid_sharing: str) -> bool:
    told = container.namespaces or {}
    joined = all(told[kind].sharing == "pod" and told[kind].inode == sandbox.namespaces[kind].inode for kind in _SHARED)
    return joined and told["pid"].sharing == pid_sharing and told["mnt"].sharing == "own"


def _about_strangers(sandbox: Sandbox, pids: Mapping[str, int]) -> list[Claim]:
    """In a user namespace of the pod's own, the processes that made it are strangers: they are no part of the pod."""
    if not sandbox.strangers:
        return []
    names = [each.comm for each in sandbox.strangers]
    known = {pids["demo-keeper"], pids["demo-shim"]}
    return [
        Claim(
            f"STRANGER: {_and(names)} made the user namespace, in which an ordinary user may make the others. This finding is right.",
            all(each.pid in known and each.namespaces == ["user"] for each in sandbox.strangers),
        )
    ]


def about_orphans(processes: Mapping[int, Process], pids: Mapping[str, int]) -> list[Claim]:
    """After the workers were killed: whose children the orphans are now."""
    return [
        Claim(
            f"{orphan} (pid {pids[orphan]}) is now a child of {parent} (pid {pids[parent]}), PID 1 of its PID namespace.",
            _parent(processes, pids[orphan]) == pids[parent] and processes[pids[parent]].ns_pids[-1:] == (1,),
        )
        for orphan, parent in (("shared-orphan", "pause"), ("own-orphan", "own-pid"))
    ]


def about_dead_orphans(processes: Mapping[int, Process], pids: Mapping[str, int]) -> list[Claim]:
    """One was reaped, one stays. The claims rest on state, parent and PID namespace of the processes of one capture."""
    pause, own, zombie = (processes.get(pids[name]) for name in ("pause", "own-pid", "own-orphan"))
    catches = pause is not None and bool(pause.signals.get("SigCgt", 0) & ~pause.signals.get("SigBlk", 0) & _SIGCHLD_BIT)
    stays = (
        zombie is not None
        and own is not None
        and zombie.is_zombie
        and zombie.ppid == own.pid
        and zombie.namespaces.get("pid") == own.namespaces.get("pid")
    )
    return [
        Claim(
            f"shared-orphan (pid {pids['shared-orphan']}) is gone: its parent was pause, which catches SIGCHLD, and it has reaped it.",
            pids["shared-orphan"] not in processes and catches,
        ),
        Claim(
            f"own-orphan (pid {pids['own-orphan']}) is a zombie (state Z): dead, but its parent, own-pid (pid {pids['own-pid']}), "
            "waits only for the worker that it started itself. pause cannot help: it is in another PID namespace. The zombie stays, "
            "and counts against the pod's limit of PIDs, until own-pid ends. Remedies: an init such as tini as the container's PID 1, "
            "or `shareProcessNamespace: true`.",
            stays,
        ),
    ]


def about_what_outlives(processes: Mapping[int, Process], before: Sandbox, pids: Mapping[str, int]) -> list[Claim]:
    """After both containers were killed. `before` is the sandbox as the last report had it."""
    pause = processes.get(pids["pause"])
    now = pause.namespaces if pause else {}
    inodes = {kind: before.namespaces[kind].inode for kind in (*_SHARED, "pid")}
    inside = {each.pid for each in processes.values() if each.namespaces.get("net") == inodes["net"]}
    own_pid = next((each.namespaces for each in before.containers if each.name == "own-pid"), None) or {}
    ended = own_pid.get("pid")
    return [
        Claim(
            f"{_and([f'{kind}:[{inode}]' for kind, inode in inodes.items()])} are still there, with the inodes they had: pause holds them.",
            all(inode is not None and now.get(kind) == inode for kind, inode in inodes.items()),
        ),
        Claim(
            f"pause (pid {pids['pause']}) is the only process left in the net namespace. The kubelet would now start the containers again, "
            "into the same network: a pod keeps its address when its containers crash.",
            inside == {pids["pause"]},
        ),
        Claim(
            f"own-pid's PID namespace pid:[{ended.inode if ended else '?'}] has ended with its PID 1, and with it "
            f"own-orphan (pid {pids['own-orphan']}), the zombie.",
            ended is not None and not {pids["own-pid"], pids["own-orphan"]} & processes.keys(),
        ),
    ]


def about_the_end(processes: Mapping[int, Process], seen: Collection[tuple[int, int]]) -> list[Claim]:
    """After everything was removed. `seen` are pid and start of the pod's processes in the looks before.

    Pids and inodes alone prove nothing here: the kernel gives the ones just freed to whoever comes next.
    """
    left = [each.pid for each in processes.values() if (each.pid, each.start_ticks) in seen]
    return [
        Claim(
            f"None of the {len(seen)} processes seen in this demo is left, dead or alive. With the last one in it, the kernel removed "
            "each namespace.",
            bool(seen) and not left,
        )
    ]


def _parent(processes: Mapping[int, Process], pid: int) -> int | None:
    process = processes.get(pid)
    return process.ppid if process else None


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
