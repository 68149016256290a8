"""The host that the program runs on, without a cluster."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.cli.sources.source import NodeSample, Source, load_inspection

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_pause.capture.local.this_host import CollectorRun
    from kubectl_pause.report import NodeReport, Report


@dataclass(frozen=True, slots=True)
class ThisHost(Source):
    """What is shown of a node, of this host, and the pods of Docker, of podman and those made by hand as well."""

    timeout: float = 30.0
    use_crictl: bool = True
    use_engines: bool = True
    sample: float = 0.0

    def reports(self, report: Report, judge: Callable[[NodeSample], NodeReport]) -> list[NodeReport]:  # noqa: ARG002 (nothing else is read)
        """Raises PauseInspectError where this host cannot be read."""
        from kubectl_pause.capture.local.this_host import CollectorRun

        timeout = self.timeout + self.sample
        with CollectorRun(use_crictl=self.use_crictl, use_engines=self.use_engines, timeout=timeout, sample=self.sample) as run:
            return [judge(sample_of_run(run))]


def sample_of_run(run: CollectorRun) -> NodeSample:
    """The sample of this host that a collector at work takes; the judges are loaded while it reads. Raises PauseInspectError."""
    load_inspection()
    from kubectl_pause.facts.node_facts import node_facts

    name = os.uname().nodename
    return NodeSample(name, node_facts(run.capture(), name))
