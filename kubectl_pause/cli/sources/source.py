"""What every source of nodes gives: a report per node, of what was asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.report import NodeReport, Report


@dataclass(frozen=True, slots=True)
class Pods:
    """The pods asked for: by name, by labels, or all of the namespace. `namespace` is that of -n."""

    names: Sequence[str] = ()
    selector: str | None = None
    all_namespaces: bool = False
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes asked for, whole: by name, all, or the only one."""

    names: Sequence[str] = ()
    every: bool = False


@dataclass(slots=True)
class NodeSample:
    """What was read of one node. `source` names the node or the capture, for errors.

    `earlier` is an older sample of the same boot to compare with. `notes` go into the report's notes about its sources.
    """

    source: str
    facts: NodeFacts
    earlier: NodeFacts | None = None
    notes: list[str] = field(default_factory=list)

    def inspect(self, *, prove: bool = False, processes: bool = False) -> NodeReport:
        """The node's report. `prove` fills each sandbox's proofs, `processes` its processes."""
        from kubectl_pause.inspect_node import inspect_node

        report = inspect_node(self.facts, self.source, prove=prove, processes=processes, earlier=self.earlier)
        report.sources.notes += self.notes
        return report


class Source(ABC):
    """One place that nodes are read from. A node that fails becomes an error of `report`."""

    @abstractmethod
    def reports(self, report: Report, judge: Callable[[NodeSample], NodeReport]) -> Iterable[NodeReport]:
        """What `judge` makes of each node, as they come, with only the pods that were asked for."""


def load_inspection() -> None:
    """Load the judges, while something else is waited for."""
    import kubectl_pause.inspect_node  # noqa: F401 (what takes the longest to load of all)
