"""All codes, in sections, in the order in which docs/findings.md has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.finding_codes.from_messages import CODES_FROM_MESSAGES
from kubectl_pause.finding_codes.making import MAKING
from kubectl_pause.finding_codes.networks import NETWORKS
from kubectl_pause.finding_codes.nodes import NODES
from kubectl_pause.finding_codes.pids import PIDS
from kubectl_pause.finding_codes.pods_coming_up import PODS_COMING_UP
from kubectl_pause.finding_codes.pods_going_down import PODS_GOING_DOWN
from kubectl_pause.finding_codes.sandboxes import SANDBOXES
from kubectl_pause.finding_codes.unread import UNREAD
from kubectl_pause.finding_codes.zombies import ZOMBIES

if TYPE_CHECKING:
    from kubectl_pause.finding_codes.finding_code import FindingCode


@dataclass(frozen=True, slots=True)
class Section:
    """Codes that are told of together; `about` is what holds for all of them, "" for nothing."""

    title: str
    about: str
    codes: tuple[FindingCode, ...]


SECTIONS = (
    Section("Namespaces and sandboxes", "", SANDBOXES),
    Section("PIDs", "", PIDS),
    Section(
        "Zombies",
        "Severity is warning, and info for `zombie/dead-leader`. In all of them: which zombies, how old, and how many were there in two "
        "looks.",
        ZOMBIES,
    ),
    Section("Nodes", "", UNREAD),
    Section(
        "Pods that are stuck, and what keeps a node from making them",
        "What `check` says of a node's runtime, and `why` of a pod: from its events, conditions and containers in the API, its node's "
        "lease and conditions, and what its node shows. Words of the kubelet, the runtime or a network plugin are in the evidence as they "
        "are. In the API an event lives for an hour, and its absence proves nothing. What is only `possible` is the best that is left "
        "where nothing tells.",
        (*PODS_COMING_UP, *PODS_GOING_DOWN, *MAKING, *NETWORKS, *NODES),
    ),
    Section(
        "What messages of Kubernetes, runtimes and plugins prove",
        "Causes that `why` reads from the words of an event, a condition or a container's state. With each stands whose problem it is, "
        "what has it (the pod, its workload, every new pod of the node, the cluster), and whether it heals by itself.",
        CODES_FROM_MESSAGES,
    ),
)
CODES = {row.code: row for section in SECTIONS for row in section.codes}
