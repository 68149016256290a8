"""Where on a cluster to ask the questions of `who`, and what the API answers for itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kubectl_pause.access.objects import list_nodes, list_pods
from kubectl_pause.access.rest import ApiError
from kubectl_pause.report import Failure
from kubectl_pause.select.target_names import near_names
from kubectl_pause.select.targets import find_nodes, not_scheduled
from kubectl_pause.who.api import KNOWN_TO_API, NAMED_THINGS, answers_of_api, for_nodes, nodes_of, unscheduled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.access.rest import Api
    from kubectl_pause.facts.api import Node, Pod
    from kubectl_pause.report import Answer
    from kubectl_pause.who.question import Question


@dataclass(slots=True)
class WhoTargets:
    """Questions by the node that is to be asked; what the API answered; what could not be looked for."""

    by_node: dict[str, list[Question]] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    pod_names: set[str] = field(default_factory=set)


def who_targets(api: Api, questions: Sequence[Question], names: Sequence[str], *, every: bool) -> WhoTargets:
    """The nodes named or all of them; without, the nodes of the pods that the API knows by what was asked, else the only node there is.

    No node is asked for what the API answers. Pods are listed only where a question may need them, nodes only where none is known else.
    Raises PauseInspectError where the API cannot be asked at all.
    """
    targets = WhoTargets()
    chosen: list[str] | None = None
    if names or every:
        chosen, targets.failures = find_nodes(api, names, every=every)
    nodes = _Nodes(api)
    pods: list[Pod] | None = None
    for question in questions:
        kinds = {reading.kind for reading in question.readings}
        if pods is None and kinds.intersection(NAMED_THINGS if chosen is not None else KNOWN_TO_API):
            pods = _pods(api, needed=chosen is None)
            targets.pod_names.update(pod.metadata.name for pod in pods or ())
        known, near = pods or (), nodes_of(question, pods or ())
        answers = answers_of_api(question, known, ())
        if not answers and not near and chosen is None and kinds.intersection(("node", "address")):
            answers = answers_of_api(question, known, nodes.all)
        targets.answers += answers
        waiting = [] if answers or near else unscheduled(question, known)
        targets.failures += map(not_scheduled, waiting)
        left = question if pods is None else for_nodes(question, pods, answered=bool(answers))
        where = chosen if chosen is not None else sorted(near) if near or answers or left is None else nodes.only_one
        if left and not waiting:
            for node in where:
                targets.by_node.setdefault(node, []).append(left)
        if not answers and not waiting and (left is None or (chosen is None and not where)):
            targets.failures.append(_unknown(question, pods, nodes))
    return targets


class _Nodes:
    """Nodes of the cluster, listed when they are first asked for."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._all: list[Node] | None = None

    @property
    def all(self) -> list[Node]:
        if self._all is None:
            self._all = list_nodes(self._api)
        return self._all

    @property
    def only_one(self) -> list[str]:
        return [node.metadata.name for node in self.all] if len(self.all) == 1 else []


def _pods(api: Api, *, needed: bool) -> list[Pod] | None:
    """All pods. None where we may not list them and a node was named, which tells of its own."""
    try:
        return list_pods(api, None)
    except ApiError as error:
        if needed or not error.is_forbidden:
            raise
        return None


def _unknown(question: Question, pods: Sequence[Pod] | None, nodes: _Nodes) -> Failure:
    """Of a question that the API has no answer for and that no node can be asked."""
    meant = " or ".join(reading.phrase for reading in question.readings)
    of_pod = [reading.text for reading in question.readings if reading.kind in ("pod", "pod-pid", "container")]
    of_node = [reading.text for reading in question.readings if reading.kind == "node"]
    near = near_names(of_pod[0], [pod.metadata.name for pod in pods or ()]) if of_pod else ""
    near = near or (near_names(of_node[0], [node.metadata.name for node in nodes.all]) if of_node else "")
    if all(reading.kind in ("pod", "node") for reading in question.readings):
        return Failure(reason="NotFound", message=f"{question.asked!r} is not found: the API knows of no {meant}", hint=near or None)
    among = f" among {len(pods)} pods" if pods is not None else ""
    message = (
        f"on which node? the API knows of no {meant}{among}; pids, namespaces, sandboxes, veths and pods that were deleted only nodes know"
    )
    return Failure(reason="NodeUnknown", message=message, hint=near or "name the node with --node NAME, or search all with --all")
