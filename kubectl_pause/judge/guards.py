"""What has to hold before something that a runtime or a kubelet would mend by itself is called a fault.

A sandbox is listed only when it is nearly made (containerd, internal/cri/server, sandbox_run.go): until then its network namespace is there
without an owner. A creation that fails is cleaned up within its own 4 min and 1 min more. A runtime or kubelet that has just been started
mends what it finds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.mounts import RUNTIMES_PLACE
from kubectl_pause.facts.kernel.process import TICKS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.report import LeftoverNamespace

YOUNG_SECONDS = 300
FRESH_SECONDS = 120


def age_of(facts: NodeFacts, process: Process) -> float | None:
    """Seconds since a process was started, by the node's own clock; None where the moment of the reading is not known."""
    uptime = facts.looks[0].uptime if facts.looks else facts.header.uptime
    return None if uptime is None else uptime - process.start_ticks / TICKS_PER_SECOND


def is_fresh(facts: NodeFacts, daemons: Iterable[Process]) -> bool:
    """Whether one of these was started so short a time ago that it may still mend what is seen."""
    return any(age is not None and age < FRESH_SECONDS for age in (age_of(facts, process) for process in daemons))


def may_be_in_the_making(facts: NodeFacts, left: LeftoverNamespace) -> bool:
    """Whether a namespace without an owner may be that of a sandbox that is being made, or taken down: it is mounted where runtimes do,
    and is young, or was gone when it was looked at again.

    Both moments are told by the node's clock, which may be set meanwhile: what seems to come from the future is young as well.
    """
    if facts.mounted_at is None or facts.header.now is None:
        return False
    for path in left.held_by:
        if path.startswith(RUNTIMES_PLACE):
            made = facts.mounted_at.get((path, left.inode))
            if made is None or facts.header.now - made < YOUNG_SECONDS:
                return True
    return False
