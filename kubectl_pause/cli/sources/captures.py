"""Captures saved by `snapshot`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_pause.cli.finishing import failure_of, one_row
from kubectl_pause.cli.sources.source import Nodes, NodeSample, Source
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from kubectl_pause.cli.sources.source import Pods
    from kubectl_pause.facts.capture import Capture
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.report import NodeReport, Report


@dataclass(frozen=True, slots=True)
class Captures(Source):
    """Saved captures: of two that are of one boot of a node the later, compared with the earlier."""

    files: Sequence[str]
    scope: Pods | Nodes

    def reports(self, report: Report, judge: Callable[[NodeSample], NodeReport]) -> list[NodeReport]:
        """Raises PauseInspectError for a file that is not a capture, and for three captures of one boot."""
        from kubectl_pause.select.captured_pods import choose_captured, choose_nodes

        facts = _facts_of(read_files(self.files), report)
        nodes = []
        for sample in _compared(facts):
            try:
                with one_row(sample.source, report):
                    nodes.append(judge(sample))
            except PauseInspectError as error:
                report.errors.append(failure_of(error, node=sample.source))
        if isinstance(self.scope, Nodes):
            chosen, failures = choose_nodes(nodes, self.scope.names)
        elif nodes or not report.errors:
            chosen, failures = choose_captured(facts, nodes, self.scope.names, self.scope.selector, self.scope.namespace)
        else:
            return []
        report.errors += failures
        return chosen


def read_files(paths: Sequence[str]) -> list[tuple[str, Capture]]:
    """Captures from files, each with a name for errors. Raises PauseInspectError for the first that cannot be read."""
    from kubectl_pause.facts.capture import read_capture

    captures = []
    for path in paths:
        hint = "give a file made by: kubectl pause-inspect snapshot"
        try:
            if path != "-" and Path(path).exists() and not (Path(path).is_file() or Path(path).is_dir()):
                raise PauseInspectError("NoSuchFile", f"{path}: not a regular file", hint)
            data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        except OSError as error:
            raise PauseInspectError("NoSuchFile", f"{path}: {error.strerror}", hint) from None
        captures.append((path, read_capture(data, path)))
    return captures


def _facts_of(captures: Sequence[tuple[str, Capture]], report: Report) -> dict[str, NodeFacts]:
    """The facts of each capture by its name. Raises PauseInspectError for a capture that makes no sense."""
    from kubectl_pause.facts.node_facts import node_facts

    facts: dict[str, NodeFacts] = {}
    for source, capture in captures:
        with one_row(source, report):
            facts[source] = node_facts(capture, source)
    return facts


def _compared(facts: Mapping[str, NodeFacts]) -> Iterator[NodeSample]:
    """One sample per boot of a node. Raises PauseInspectError for three captures of one."""
    from kubectl_pause.join.two_looks import comparable, of_several_boots
    from kubectl_pause.notes import SEVERAL_BOOTS

    alone = of_several_boots(facts)
    for earlier, later in comparable(facts):
        yield NodeSample(later, facts[later], facts[earlier] if earlier else None, [SEVERAL_BOOTS] if later in alone else [])
