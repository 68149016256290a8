"""Questions of `who` asked node by node, and what came of it: answers, and for each that has none what was looked for in vain."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kubectl_pause.facts.node_facts import node_facts
from kubectl_pause.join.joined_node import join_node
from kubectl_pause.judge.namespaces.findings import source_findings
from kubectl_pause.report import Failure
from kubectl_pause.select.target_names import near_names
from kubectl_pause.who.advice import ON_CLUSTER, Way
from kubectl_pause.who.answer import answer
from kubectl_pause.who.not_found import looked_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kubectl_pause.facts.capture import Capture
    from kubectl_pause.report import Answer, Finding
    from kubectl_pause.who.question import Question

_FEW = 3


@dataclass(slots=True)
class Search:
    """Answers and vain searches by what was asked, and the names of the pods that were seen meanwhile."""

    way: Way = ON_CLUSTER
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    in_vain: dict[str, list[str]] = field(default_factory=dict)
    pod_names: set[str] = field(default_factory=set)

    def start_with(self, answers: Sequence[Answer], pod_names: Iterable[str]) -> None:
        """What is known before any node is asked."""
        self.pod_names.update(pod_names)
        for each in answers:
            self.answers.setdefault(each.asked, []).append(each)

    def ask(self, questions: Sequence[Question], capture: Capture, source: str) -> list[Finding]:
        """Ask one node's capture, `source` its name for errors. What of the node could not be read is returned, for a warning."""
        node = join_node(node_facts(capture, source), source)
        self.pod_names.update(sandbox.pod.name for sandbox in node.sandboxes.values())
        for question in questions:
            answers = answer(question, node, self.way)
            self.answers.setdefault(question.asked, []).extend(answers)
            if not answers:
                self.in_vain.setdefault(question.asked, []).append(looked_for(question, node))
        return source_findings(node.about.name, node.about.sources)

    def answered(self, questions: Sequence[Question]) -> list[Answer]:
        """All answers in the order of the questions; those that are possible only, as what was so before, last of each."""
        return [
            each
            for question in questions
            for each in sorted(self.answers.get(question.asked, []), key=lambda each: each.confidence == "possible")
        ]

    def unanswered(self, questions: Sequence[Question]) -> list[Failure]:
        """A failure for each question that was looked for, and that nothing answered."""
        failures = []
        for question in questions:
            searched = self.in_vain.get(question.asked, [])
            if searched and not self.answers.get(question.asked):
                more = f" and {len(searched) - _FEW} nodes more" if len(searched) > _FEW else ""
                message = f"{question.asked!r} is not found: {'; '.join(searched[:_FEW])}{more}"
                failures.append(Failure(reason="NotFound", message=message, hint=self._hint(question)))
        return failures

    def _hint(self, question: Question) -> str:
        named = [reading.text for reading in question.readings if reading.kind in ("pod", "pod-pid", "container")]
        near = near_names(named[0], sorted(self.pod_names)) if named else ""
        return near or f"{self.way.all_sandboxes()} lists every sandbox; a process may have ended since you saw it"


def within_namespace(questions: Sequence[Question], namespace: str | None, kinds: Sequence[str]) -> list[Question]:
    """Readings of these kinds that name no namespace mean a pod of this one; None: of any."""
    return [
        replace(
            question,
            readings=tuple(replace(each, within=each.within or namespace) if each.kind in kinds else each for each in question.readings),
        )
        for question in questions
    ]
