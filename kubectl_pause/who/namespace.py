"""Whose a namespace is: a sandbox's, a container's own, the node's, or nobody's that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.mounts import canonical_path
from kubectl_pause.who.process import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_pause.join.attribution import Place
    from kubectl_pause.join.joined_node import JoinedNode

_FEW = 3


def whose_namespace(node: JoinedNode, inode: int, kind: str | None) -> list[Found]:
    """Answers for an inode, of one type where `kind` names it. None where no process and no mount has it."""
    answers = [
        Found(role="host", pid=1, known_by=[f"the node's own {each} namespace, that of pid 1", _population(node, each, inode)])
        for each, number in node.facts.host.items()
        if number == inode and kind in (None, each)
    ]
    for (each, number), owners in node.owners.items():
        if number == inode and kind in (None, each):
            answers += [_of_place(node, each, inode, place) for place in owners]
    return answers or list(_of_nobody(node, inode, kind))


def at_mount(node: JoinedNode, path: str) -> list[Found]:
    """Answers for a path of /run/netns and the like: what is mounted there, else the sandbox whose spec names it."""
    mounts = [mount for mount in node.facts.mounts.namespaces if mount.path == path]
    answers = [answer for mount in mounts for answer in whose_namespace(node, mount.inode, mount.type)]
    if mounts:
        return answers
    specs = [(each.id, each.namespace_paths) for each in node.facts.statuses.values()]
    specs += [(each.id, each.namespace_paths) for each in node.facts.bundles.values() if each.kind == "sandbox"]
    named = dict.fromkeys(identifier for identifier, paths in specs if path in map(canonical_path, paths.values()))
    evidence = ["the sandbox's spec names this path", "nothing is mounted there now"]
    return [Found(role="namespace", place=node.known[each], known_by=evidence, confidence="likely") for each in named if each in node.known]


def _of_place(node: JoinedNode, kind: str, inode: int, place: Place) -> Found:
    sandbox = node.sandboxes[place.sandbox]
    holds = [held for held in sandbox.namespaces[kind].held_by if not held.startswith("pid:")] if not place.container else []
    pid = node.init_pid(place)
    whose = f"container {place.container}'s own" if place.container else "the sandbox's"
    evidence = [f"{whose} {kind} namespace" + (f", that of {node.process_text(pid)}" if pid else "")]
    evidence += [f"mounted at {path}" for path in holds]
    return Found(role="namespace", place=place, pid=pid, known_by=[*evidence, _population(node, kind, inode)])


def _of_nobody(node: JoinedNode, inode: int, kind: str | None) -> Iterator[Found]:
    """A namespace that is no sandbox's and no init process's: made within a container, or kept by a mount alone."""
    inside = {
        each: [process for process in node.facts.processes.values() if process.namespaces.get(each) == inode]
        for each, number in node.populations
        if number == inode and kind in (None, each)
    }
    for each, processes in inside.items():
        by_place: dict[Place | None, list[int]] = {}
        for process in processes:
            attribution = node.attributions.get(process.pid)
            by_place.setdefault(attribution.place if attribution else None, []).append(process.pid)
        for place, pids in by_place.items():
            some = ", ".join(map(node.process_text, pids[:_FEW])) + (f" and {len(pids) - _FEW} more" if len(pids) > _FEW else "")
            evidence = [f"a {each} namespace that is no sandbox's; in it: {some}"]
            yield Found(role="namespace", place=place, pid=pids[0], known_by=evidence, confidence="likely" if place else "certain")
    for mount in node.facts.mounts.namespaces:
        if mount.inode == inode and mount.type not in inside and kind in (None, mount.type):
            evidence = [f"mounted at {mount.path}", "no process is in it, and no sandbox is known to use it"]
            yield Found(role="namespace", known_by=evidence)


def _population(node: JoinedNode, kind: str, inode: int) -> str:
    count = node.populations.get((kind, inode), 0)
    return f"{count} process{'' if count == 1 else 'es'} in it"
