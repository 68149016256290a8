"""From one capture to the report of its node: parse, join, judge, in that order. Read this first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kubectl_pause.facts.node_facts import node_facts
from kubectl_pause.join.joined_node import join_node
from kubectl_pause.join.sandbox_processes import sandbox_processes
from kubectl_pause.join.sandboxes import pod_identity, without_sandbox
from kubectl_pause.judge.health.lost_shims import lost_shim_findings
from kubectl_pause.judge.health.pause_image import pause_image_findings
from kubectl_pause.judge.health.runtime import runtime_findings
from kubectl_pause.judge.health.sandboxes import health_findings
from kubectl_pause.judge.health.volumes import volume_findings
from kubectl_pause.judge.namespaces.drift import compare_with_spec
from kubectl_pause.judge.namespaces.findings import name_of, node_findings, sandbox_findings, source_findings
from kubectl_pause.judge.namespaces.proofs import proofs
from kubectl_pause.judge.namespaces.strangers import find_strangers
from kubectl_pause.judge.reaping.headroom import judge_headroom
from kubectl_pause.judge.reaping.judge import judge_reaping
from kubectl_pause.judge.reaping.reaping_facts import reaping_facts
from kubectl_pause.notes import RESTARTED
from kubectl_pause.report import NodeReport

OF_RUNTIME = ("node/", "cni/", "disk/")
"""How codes of a node's findings begin that concern every pod on it."""

if TYPE_CHECKING:
    from kubectl_pause.facts.capture import Capture
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.facts.pod_trail import PodTrail
    from kubectl_pause.facts.runtime.log import NodeLog
    from kubectl_pause.join.joined_node import JoinedNode
    from kubectl_pause.judge.namespaces.drift import Comparisons
    from kubectl_pause.report import Container, Explanation, Sandbox


def inspect_capture(capture: Capture, name: str, *, prove: bool = False, processes: bool = False) -> NodeReport:
    """Everything that one capture tells of its node. `name` is used where the capture itself has no API part that says it.

    `prove` fills each sandbox's proofs, `processes` its processes. Raises CaptureError where the API's part of the capture makes no sense.
    """
    return inspect_node(node_facts(capture, name), name, prove=prove, processes=processes)


def inspect_node(
    facts: NodeFacts, name: str, *, prove: bool = False, processes: bool = False, earlier: NodeFacts | None = None
) -> NodeReport:
    """The same from facts that are parsed already. `earlier` is an older capture of the same node, to compare the processes with."""
    node = join_node(facts, name, earlier)
    return judge_node(node, prove=prove, processes=processes)


def judge_node(node: JoinedNode, *, prove: bool = False, processes: bool = False) -> NodeReport:
    """Ask every judge, and put the answers into the report."""
    health = health_findings(node)
    compared = compare_with_spec(node)
    strangers = find_strangers(node)
    of_reaping = reaping_facts(node)
    reaping = judge_reaping(of_reaping)
    room = judge_headroom(of_reaping, reaping)
    of_sandbox = sandbox_processes(node) if processes else {}

    def judged(sandbox: Sandbox) -> Sandbox:
        told = reaping.by_sandbox[sandbox.id]
        joined = strangers.get(sandbox.id, [])
        return replace(
            sandbox,
            containers=[_with_expectations(container, compared) for container in sandbox.containers],
            pid_namespaces=told.spaces,
            zombies=told.zombies,
            zombie_groups=told.groups,
            pids=room.pids_of[sandbox.id],
            strangers=joined,
            proofs=proofs(node.facts, sandbox, compared) if prove else None,
            processes=of_sandbox.get(sandbox.id),
            findings=[
                *health.get(sandbox.id, ()),
                *sandbox_findings(node, node.joined[sandbox.id], compared, joined),
                *told.findings,
                *room.findings_of[sandbox.id],
            ],
        )

    about = node.about
    return NodeReport(
        name=about.name,
        kernel=about.kernel,
        os=about.os,
        runtime=about.runtime,
        cgroup=about.cgroup,
        captured_at=about.captured_at,
        seconds=about.seconds,
        sources=replace(about.sources, notes=[*about.sources.notes, *([RESTARTED] if node.restarted else [])]),
        pids=room.pids,
        sandboxes=[judged(sandbox) for sandbox in node.sandboxes.values()],
        pods_without_sandbox=[without_sandbox(pod) for pod in node.pods_without_sandbox],
        host_zombies=reaping.host.zombies,
        host_zombie_groups=reaping.host.groups,
        window_seconds=round(node.window.seconds, 3) if node.window else None,
        leftover_namespaces=list(node.leftovers),
        findings=[
            *source_findings(about.name, about.sources),
            *runtime_findings(node),
            *lost_shim_findings(node),
            *pause_image_findings(node),
            *volume_findings(node),
            *node_findings(node),
            *reaping.host.findings,
            *room.findings,
        ],
    )


def explain_pod(trail: PodTrail, node: NodeReport | None, log: NodeLog | None = None) -> Explanation:
    """Why a pod is where it is, by its trail in the API, what was judged of its node, and the node's log; None where that was not read."""
    from kubectl_pause.judge.stuck.steps import OnNode
    from kubectl_pause.judge.stuck.why import explain

    identity = pod_identity(trail.pod)
    if node is None:
        return explain(trail, identity, OnNode())
    sandboxes = [sandbox for sandbox in node.sandboxes if sandbox.pod.uid == identity.uid]
    findings = [finding for sandbox in sandboxes for finding in sandbox.findings]
    findings += [finding for finding in node.findings if finding.code.startswith(OF_RUNTIME) or finding.subject == name_of(identity)]
    current_first = sorted(sandboxes, key=lambda sandbox: not sandbox.current)
    seen = OnNode(node.sources.runtime, current_first, findings, log.of_pod(identity.uid) if log else None)
    return explain(trail, identity, seen)


def _with_expectations(container: Container, compared: Comparisons) -> Container:
    """The container with what is expected of each of its namespaces, and whether it differs."""
    namespaces = {}
    for kind, namespace in (container.namespaces or {}).items():
        comparison = compared.get((container.id or "", kind))
        namespaces[kind] = replace(namespace, expected=comparison.expectation.sharing, drift=comparison.drift) if comparison else namespace
    return replace(container, namespaces=namespaces) if namespaces else container
