"""Two reports of one node compared: what came, went and changed. What one of them cannot know is no change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.difference_report import Change, FieldChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kubectl_pause.report import Container, NodeReport, Sandbox, Zombie, ZombieGroup

Value = str | int | None
Facts = dict[str, Value]
WITHOUT_CRICTL = "one of the captures was made without crictl: sandboxes and containers that have stopped are not compared"
WITHOUT_API = "one of the captures was made without the API: containers that the runtime has not made are not compared"
_Kin = tuple[str | None, int, str]
"""Zombies of one parent: their container, the parent's pid, its role."""


def changes_between(before: NodeReport, after: NodeReport) -> list[Change]:
    """Each difference, in the order of the later report; what went comes last."""
    old, new = ({sandbox.id: sandbox for sandbox in _comparable(node, other)} for node, other in ((before, after), (after, before)))
    changes: list[Change] = []
    for identifier, sandbox in new.items():
        if identifier in old:
            changes += _of_one_sandbox(old[identifier], sandbox, before, after)
        else:
            changes.append(_of_sandbox("came", sandbox))
    changes += [_of_sandbox("went", sandbox) for identifier, sandbox in old.items() if identifier not in new]
    host = (_zombies(node.host_zombies, node.host_zombie_groups) for node in (before, after))
    return [*changes, *_of_zombies(None, *host)]


def not_comparable(before: NodeReport, after: NodeReport) -> list[str]:
    """What is left out of the comparison, since one of the two could not see it."""
    notes = [WITHOUT_CRICTL] if _knows_stopped(before) != _knows_stopped(after) else []
    return [*notes, *([WITHOUT_API] if before.sources.api != after.sources.api else [])]


def _knows_stopped(node: NodeReport) -> bool:
    return node.sources.crictl is not None


def _comparable(node: NodeReport, other: NodeReport) -> list[Sandbox]:
    """The sandboxes that the other report would show too, if they were there then."""
    if _knows_stopped(other) or not _knows_stopped(node):
        return node.sandboxes
    return [sandbox for sandbox in node.sandboxes if sandbox.state != "notready" or sandbox.pid is not None]


def _of_sandbox(change: str, sandbox: Sandbox) -> Change:
    facts = {**_sandbox_facts(sandbox), **_holder_facts(sandbox), "zombies": len(sandbox.zombies or []) or None}
    nothing: Facts = dict.fromkeys(facts)
    if change == "came":
        return Change(change="came", kind="sandbox", **_names(sandbox), fields=_changed(nothing, facts))
    return Change(change="went", kind="sandbox", **_names(sandbox), fields=_changed(facts, nothing))


def _of_one_sandbox(old: Sandbox, new: Sandbox, before: NodeReport, after: NodeReport) -> Iterator[Change]:
    """A sandbox that is in both."""
    fields = _changed(*_both_known(_sandbox_facts(old), _sandbox_facts(new)))
    if fields:
        yield Change(change="changed", kind="sandbox", **_names(new), fields=fields)
    yield from _whole("pause", new, None, _holder_facts(old), _holder_facts(new))
    kept = [_containers(sandbox, node, other) for sandbox, node, other in ((old, before, after), (new, after, before))]
    for name in dict.fromkeys([*kept[1], *kept[0]]):
        facts = [_container_facts(containers.get(name)) for containers in kept]
        if facts[0] and facts[1]:
            facts = list(_both_known(*facts, but=("pid",)))
        yield from _whole("container", new, name, *facts)
    yield from _of_zombies(new, _zombies(old.zombies, old.zombie_groups), _zombies(new.zombies, new.zombie_groups))


def _whole(kind: str, sandbox: Sandbox, container: str | None, old: Facts, new: Facts) -> Iterator[Change]:
    """Something with these facts, none of them where it is not there."""
    fields = _changed(old, new)
    if fields:
        change = "changed" if old and new else "came" if new else "went"
        yield _change(change, kind, sandbox, container, fields)


def _change(change: str, kind: str, sandbox: Sandbox | None, container: str | None, fields: list[FieldChange]) -> Change:
    return Change(change=change, kind=kind, **_names(sandbox), container=container, fields=fields)  # type: ignore[arg-type] # words of ours


def _names(sandbox: Sandbox | None) -> dict[str, str]:
    return {"namespace": sandbox.pod.namespace, "pod": sandbox.pod.name, "sandbox": sandbox.id} if sandbox else {}


def _sandbox_facts(sandbox: Sandbox) -> Facts:
    return {"state": sandbox.state, "attempt": sandbox.attempt}


def _holder_facts(sandbox: Sandbox) -> Facts:
    return {"pid": sandbox.pid, "command": sandbox.holder_command} if sandbox.pid is not None else {}


def _container_facts(container: Container | None) -> Facts:
    if container is None:
        return {}
    return {"state": container.state, "id": container.id, "pid": container.pid, "restarts": container.restarts}


def _containers(sandbox: Sandbox, node: NodeReport, other: NodeReport) -> dict[str, Container]:
    """By name, those that the other report would show too."""
    containers = sandbox.containers
    if node.sources.api != other.sources.api:
        containers = [container for container in containers if container.id]
    if _knows_stopped(node) != _knows_stopped(other):
        containers = [container for container in containers if container.pid is not None]
    return {container.name: container for container in containers}


def _zombies(zombies: Sequence[Zombie] | None, groups: Iterable[ZombieGroup]) -> dict[_Kin, tuple[set[int], str, str]]:
    """Of each parent: the pids of its zombies, what is said of them, and who the parent is."""
    verdicts: dict[_Kin, set[str]] = {}
    for group in groups:
        verdicts.setdefault((group.container, group.parent.pid, group.parent.role), set()).add(group.verdict)
    kin: dict[_Kin, tuple[set[int], str, str]] = {}
    for zombie in zombies or ():
        of_parent = (zombie.container, zombie.parent.pid, zombie.parent.role)
        told = ", ".join(sorted(verdicts.get(of_parent, ())))
        pids, _, _ = kin.setdefault(of_parent, (set(), told, f"{zombie.parent.comm or '?'} (pid {zombie.parent.pid})"))
        pids.add(zombie.pid)
    return kin


def _of_zombies(
    sandbox: Sandbox | None, old: dict[_Kin, tuple[set[int], str, str]], new: dict[_Kin, tuple[set[int], str, str]]
) -> Iterator[Change]:
    for kin in dict.fromkeys([*new, *old]):
        (earlier, old_verdict, old_parent), (later, verdict, parent) = (kins.get(kin, (set[int](), "", "")) for kins in (old, new))
        if earlier == later and old_verdict == verdict:
            continue
        facts: list[Facts] = [
            {"parent": whose or None, "zombies": len(pids) or None, "verdict": told or None}
            for whose, pids, told in ((old_parent, earlier, old_verdict), (parent, later, verdict))
        ]
        fields = _changed(*facts)
        if earlier and later and earlier != later:
            fields += [FieldChange(field="new", before=None, after=len(later - earlier))]
        yield _change("changed" if earlier and later else "came" if later else "went", "zombies", sandbox, kin[0], fields)


def _both_known(old: Facts, new: Facts, *, but: tuple[str, ...] = ()) -> tuple[Facts, Facts]:
    """Without the facts that one of the two does not know; of those in `but`, None means that there is none."""
    fields = [name for name in new if name in but or (old[name] is not None and new[name] is not None)]
    return {name: old[name] for name in fields}, {name: new[name] for name in fields}


def _changed(old: Facts, new: Facts) -> list[FieldChange]:
    return [
        FieldChange(field=name, before=old.get(name), after=new.get(name))
        for name in dict.fromkeys([*new, *old])
        if old.get(name) != new.get(name)
    ]
