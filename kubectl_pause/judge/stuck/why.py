"""Why a pod is where it is: the first thing that stops it, and what happens by itself. Each state has a file with its questions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kubectl_pause.facts.pod_trail import written
from kubectl_pause.judge.stuck.creating import of_creating, of_unscheduled
from kubectl_pause.judge.stuck.ended import of_completed, of_failed
from kubectl_pause.judge.stuck.made_anew import made_anew_often
from kubectl_pause.judge.stuck.node_trouble import node_trouble
from kubectl_pause.judge.stuck.running import of_running
from kubectl_pause.judge.stuck.steps import has_started, steps_down, steps_up
from kubectl_pause.judge.stuck.terminating import of_terminating
from kubectl_pause.report import Explanation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.pod_trail import PodTrail
    from kubectl_pause.judge.stuck.reason import Reason
    from kubectl_pause.judge.stuck.steps import OnNode
    from kubectl_pause.report import Finding, PodIdentity

_ANSWERS = {
    "unscheduled": of_unscheduled,
    "creating": of_creating,
    "terminating": of_terminating,
    "failed": of_failed,
    "completed": of_completed,
    "not-ready": of_running,
    "ready": of_running,
}


def explain(trail: PodTrail, identity: PodIdentity, on_node: OnNode) -> Explanation:
    """The whole answer for one pod. `identity` is the pod as the report names it."""
    pod = trail.pod
    state = state_of(pod)
    of_node = node_trouble(trail) if state not in ("unscheduled", "failed", "completed") else None
    reason: Reason = of_node or _ANSWERS[state](trail, on_node)
    causes = [reason.cause] if reason.cause else []
    beside = [*made_anew_often(trail, on_node), *on_node.findings]
    return Explanation(
        pod=identity,
        node=pod.spec.node_name,
        state=state,  # type: ignore[arg-type]
        summary=reason.summary,
        cause=reason.cause,
        next=reason.next,
        steps=steps_down(trail, on_node) if state == "terminating" else steps_up(trail, on_node),
        also=_others(beside, causes),
        log=_log(on_node),
        unread=[*trail.unread, *_unread_log(on_node)],
    )


def needs_node(trail: PodTrail) -> bool:
    """Whether the node can show more than the API: there is one, it does something, and the pod is not over."""
    return (
        state_of(trail.pod) not in ("unscheduled", "failed", "completed") and bool(trail.pod.spec.node_name) and node_trouble(trail) is None
    )


def state_of(pod: Pod) -> str:
    """What the pod is at, by the API alone."""
    if pod.metadata.deletion_timestamp:
        return "terminating"
    if pod.status.phase in ("Failed", "Succeeded"):
        return "failed" if pod.status.phase == "Failed" else "completed"
    if not pod.spec.node_name:
        return "unscheduled"
    statuses = pod.status.container_statuses or []
    if not statuses or not all(has_started(status) for status in statuses):
        return "creating"
    ready = any(condition.type == "Ready" and condition.status == "True" for condition in pod.status.conditions or ())
    return "ready" if ready else "not-ready"


def is_well(explanation: Explanation) -> bool:
    """Whether a pod is ready or has done its work, and nothing is wrong with it."""
    return explanation.state in ("ready", "completed") and (explanation.cause is None or explanation.cause.severity == "info")


def worst_first(explanations: Iterable[Explanation]) -> list[Explanation]:
    """By how grave the cause is, then by namespace and name; a pod without a cause last."""
    order = {"critical": 0, "warning": 1, "info": 2}
    return sorted(
        explanations,
        key=lambda each: (order[each.cause.severity] if each.cause else len(order), each.pod.namespace, each.pod.name),
    )


def _log(on_node: OnNode) -> list[str] | None:
    """Told beside, and in no verdict: whoever can have words logged can have any pod's uid in them."""
    if on_node.log is None or on_node.log.failure:
        return None
    return [f"{written(datetime.fromtimestamp(line.moment, UTC))} {line.unit}: {line.text}" for line in on_node.log.lines]


def _unread_log(on_node: OnNode) -> list[str]:
    return [f"log of the kubelet and the runtime: {on_node.log.failure}"] if on_node.log and on_node.log.failure else []


def _others(findings: list[Finding], causes: list[Finding]) -> list[Finding]:
    """Each once, without the cause itself."""
    others: list[Finding] = []
    for finding in findings:
        if finding not in causes and not any(
            (finding.code, finding.subject) == (known.code, known.subject) for known in [*causes, *others]
        ):
            others.append(finding)
    return others
