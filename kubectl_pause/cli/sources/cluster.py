"""Nodes of a cluster, each read by a short-lived pod."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.cli.dry_run import dry_run
from kubectl_pause.cli.finishing import failure_of, one_node
from kubectl_pause.cli.fleet_line import fleet_line
from kubectl_pause.cli.pod_choice import uids_by_node
from kubectl_pause.cli.sources.source import NodeSample, Pods, Source, load_inspection
from kubectl_pause.cli.terminal import Progress
from kubectl_pause.errors import ForeignReason, PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.answers.node_answer import NodeCapture
    from kubectl_pause.capture.inspector_pod import Health
    from kubectl_pause.cli.flags import CaptureFlags
    from kubectl_pause.cli.sources.source import Nodes
    from kubectl_pause.report import NodeReport, Report


@dataclass(frozen=True, slots=True)
class Cluster(Source):
    """Nodes of a cluster, each read by a short-lived pod, `sample` seconds between two samples of it."""

    api: Api
    scope: Pods | Nodes
    flags: CaptureFlags
    sample: float = 0.0
    health: Health = "no"

    def reports(self, report: Report, judge: Callable[[NodeSample], NodeReport]) -> Iterator[NodeReport]:
        """While the nodes are read, the judges are loaded."""
        from kubectl_pause.select.captured_pods import by_uid, only_pods

        uids = nodes_with_pods(self.api, self.scope, report)
        read = captures_of_nodes(
            self.api, list(uids), self.flags, report, sample=self.sample, health=self.health, meanwhile=load_inspection
        )
        for name, captured in read:
            from kubectl_pause.facts.node_facts import node_facts

            with one_node(name, report):
                node = judge(NodeSample(name, node_facts(captured.capture, name)))
                del captured  # it is far larger than its report, and would live until the next one comes
                meant = uids[name]
                yield node if meant is None else only_pods(node, by_uid(meant))


def nodes_with_pods(api: Api, scope: Pods | Nodes, report: Report) -> Mapping[str, set[str] | None]:
    """The nodes to read, each with the runtime uids of the pods asked for, None for all. What is not found is an error of `report`."""
    if isinstance(scope, Pods):
        return dict(sorted(uids_by_node(api, scope, report).items()))
    from kubectl_pause.select.targets import find_nodes

    nodes, failures = find_nodes(api, scope.names, every=scope.every)
    report.errors += failures
    return dict.fromkeys(nodes)


def captures_of_nodes(
    api: Api, nodes: Sequence[str], flags: CaptureFlags, report: Report,
    *, sample: float = 0.0, health: Health = "no", logs_of: Mapping[str, Sequence[str]] | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Iterator[tuple[str, NodeCapture]]:  # fmt: skip
    """The capture of each node, as they come, `sample` seconds between two looks; a node that fails becomes an error of `report`."""
    from kubectl_pause.capture.fan_out import TooManyFailures, capture_nodes

    options = flags.inspector(sample, health=health, logs_of=logs_of)
    if flags.dry_run is not None:
        for error in report.errors:
            raise PauseInspectError(ForeignReason(error.reason), error.message, error.hint or "")
        dry_run(api, nodes, options, flags.dry_run)
    with (
        Progress(api.log.step if api.log.is_on else None) as progress,
        closing(
            capture_nodes(
                api, nodes, options, bounds=flags.bounds(), warn=progress.warn, meanwhile=meanwhile,
                say=progress.say if len(nodes) == 1 else api.log.step,
                show=lambda standing: progress.show(fleet_line(standing)) if len(nodes) > 1 else None,
            )
        ) as outcomes,
    ):  # fmt: skip
        try:
            for node, outcome in outcomes:
                if isinstance(outcome, PauseInspectError):
                    report.errors.append(failure_of(outcome, node=node))
                else:
                    yield node, outcome
                del outcome  # it would live until the next one comes
        except TooManyFailures as error:
            report.errors.append(failure_of(error))
