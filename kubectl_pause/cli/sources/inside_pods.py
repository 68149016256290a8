"""Pods, read in their own containers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.cli.finishing import failure_of, one_node
from kubectl_pause.cli.pod_choice import find_pods_of
from kubectl_pause.cli.sources.source import Source
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubectl_pause.access.rest import Api
    from kubectl_pause.cli.sources.source import NodeSample, Pods
    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.capture import Capture
    from kubectl_pause.report import NodeReport, Report

_AT_ONCE = 8
"""Containers that are read at the same time, where --parallel does not say."""


@dataclass(frozen=True, slots=True)
class InsidePods(Source):
    """What the pods' own containers see of them, by node: that is judged by itself, whatever the verb asks of whole nodes."""

    api: Api
    pods: Pods
    sample: float
    timeout: float
    parallel: int | None = None

    def reports(self, report: Report, judge: Callable[[NodeSample], NodeReport]) -> list[NodeReport]:  # noqa: ARG002 (see above)
        """A container that cannot be read becomes an error of `report`."""
        found = find_pods_of(self.api, self.pods)
        report.errors += found.failures
        return _reports_from_inside(
            self.api, found.pods, report, sample=self.sample, timeout=self.timeout, parallel=self.parallel or _AT_ONCE
        )


def _reports_from_inside(
    api: Api, pods: Sequence[Pod], report: Report, *, sample: float, timeout: float, parallel: int
) -> list[NodeReport]:
    """What each pod's own containers see of it, by node; a container that cannot be read becomes an error of `report` beside the others."""
    from concurrent.futures import ThreadPoolExecutor

    from msgspec.structs import replace

    from kubectl_pause.capture.inside_pod import read_inside
    from kubectl_pause.facts.inside import running_ids
    from kubectl_pause.inspect_inside import inspect_inside

    def read(pod: Pod, container: str) -> Capture | PauseInspectError:
        try:
            return read_inside(api, pod, container, sample=sample, timeout=timeout)
        except PauseInspectError as error:
            return error

    nodes: dict[str, NodeReport] = {}
    with ThreadPoolExecutor(max_workers=parallel) as executor:
        asked = [(pod, {name: executor.submit(read, pod, name) for name in running_ids(pod)}) for pod in pods]
        for pod, readings in asked:
            where = f"{pod.metadata.namespace}/{pod.metadata.name}"
            outcomes = {name: reading.result() for name, reading in readings.items()}
            report.errors += [failure_of(each, pod=where) for each in outcomes.values() if isinstance(each, PauseInspectError)]
            captures = {name: each for name, each in outcomes.items() if not isinstance(each, PauseInspectError)}
            if captures:
                with one_node(pod.spec.node_name or "", report):
                    node = inspect_inside(captures, pod)
                    nodes.setdefault(node.name, replace(node, sandboxes=[])).sandboxes.extend(node.sandboxes)
    return list(nodes.values())
