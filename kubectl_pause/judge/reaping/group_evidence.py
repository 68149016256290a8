"""Evidence that stands beside the verdict on a group of zombies: where they come from, and how long they were seen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.judge.reaping.reaping_facts import ReapingFacts
    from kubectl_pause.report import Sandbox, Zombie

_COMM_LENGTH = 15


def of_ended_attempts(facts: ReapingFacts, sandbox: Sandbox | None, zombies: Sequence[Zombie]) -> list[str]:
    """Zombies whose cgroup is that of an attempt of a container that has ended: the one that runs now has none of them."""
    current = {container.id for container in sandbox.containers} if sandbox else set()
    owners = Counter(owner for zombie in zombies if (owner := facts.node.ownership.owner.get(zombie.pid)) and owner in facts.node.known)
    return [
        f"{count} of {len(zombies)} from an attempt of container {place.container} that has ended ({owner[:13]})"
        for owner, count in owners.items()
        if owner not in current and (place := facts.node.known[owner]).container and sandbox and place.sandbox == sandbox.id
    ]


def of_spec(pod: Pod | None, zombies: Sequence[Zombie]) -> list[str]:
    """Exec probes and hooks of the spec that run a program of that name."""
    if pod is None:
        return []
    told = []
    for container in [*(pod.spec.containers or ()), *(pod.spec.init_containers or ())]:
        if container.name not in {zombie.container or container.name for zombie in zombies}:
            continue
        names = {zombie.comm for zombie in zombies}
        for field, programs in container.commands.items():
            same = [program for program in programs if program[:_COMM_LENGTH] in names]
            if same:
                told.append(f"the {field} of container {container.name} runs {', '.join(same)}")
    return told


def how_long(facts: ReapingFacts, zombies: Sequence[Zombie]) -> str:
    """What was seen of how long they stay."""
    window = facts.window
    if window is None:
        return "seen in one look; a second look says which of them stay"
    lasting = sum(zombie.lasting is True for zombie in zombies)
    return f"{lasting} of {len(zombies)} seen in two looks {window.seconds:.1f} s apart"
