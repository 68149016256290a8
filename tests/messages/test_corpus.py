"""What `why` says of 367 real messages, each on the pod, node and events that it stands for, against what experts say of it.

`causes.json` says which of the experts' causes each of our codes stands for, read line by line: a code in it may stand for several. The
score may only rise: `score.json` has what was reached.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from kubectl_pause.facts.dump import read_dump
from kubectl_pause.join.sandboxes import pod_identity
from kubectl_pause.judge.stuck.steps import OnNode
from kubectl_pause.judge.stuck.why import explain
from tests.messages.stuck_pods import is_of_a_pod, objects_of

if TYPE_CHECKING:
    from kubectl_pause.report import Explanation

HERE = Path(__file__).parent
LINES = [json.loads(line) for name in ("up", "down") for line in (HERE / f"{name}.jsonl").read_text().splitlines()]
OF_PODS = [line for line in LINES if is_of_a_pod(line)]
VARIANTS = [json.loads(line) for line in (HERE / "alike.jsonl").read_text().splitlines()]
"""Messages that are like those of the corpus and not in it, in the wording of the programs' sources."""
CAUSES: dict[str, list[str]] = json.loads((HERE / "causes.json").read_text())
HARMFUL = re.compile(
    r"delete pvc|delete pv\b|--force|rm -rf?\b|kubeadm reset|/finalize|mkfs|fsck -y|delete volumeattachment|delete node\b|skip_verify: true"
    r"|systemctl restart (?:containerd|docker)|privileged: true|chmod 777"
)
"""Steps that lose data or work in progress."""


class Answer(NamedTuple):
    code: str
    at_fault: str
    scope: str | None
    confidence: str
    explanation: Explanation


@cache
def answer(id_: str) -> Answer:
    line = next(each for each in (*OF_PODS, *VARIANTS) if each["id"] == id_)
    dump = read_dump([("dump.json", json.dumps({"kind": "List", "items": objects_of(line)}).encode())])
    (pod,) = dump.pods
    explanation = explain(dump.trail_of(pod), pod_identity(pod), OnNode())
    cause = explanation.cause
    if cause is None:
        return Answer("none", "none", None, "-", explanation)
    return Answer(cause.code, cause.at_fault or "unknown", cause.scope, cause.confidence, explanation)


def is_right(line: dict[str, Any]) -> bool:
    """Whose problem it is, and what has it. Where nothing is wrong, nothing has it."""
    said = answer(line["id"])
    return bool(said.at_fault == line["at_fault"] and (said.scope == line["scope"] or line["at_fault"] == "none"))


def test_the_score_does_not_fall(capsys: pytest.CaptureFixture[str]):
    asked = [line for line in OF_PODS if line["sure"] != "ambiguous"]
    right = [line["id"] for line in asked if is_right(line)]
    causes = [line["id"] for line in asked if line["cause"] in CAUSES.get(answer(line["id"]).code, ())]
    score = {"asked": len(asked), "whose": len(right), "cause": len(causes)}
    with capsys.disabled():
        print(f"\n{len(LINES)} messages, {len(OF_PODS)} of pods: whose and what has it right for {score['whose']} of {score['asked']}, "
              f"the cause for {score['cause']}")  # fmt: skip
    reached = json.loads((HERE / "score.json").read_text())
    assert {name: score[name] >= reached[name] for name in reached} == dict.fromkeys(reached, True), score
    assert score["whose"] >= 0.9 * score["asked"]


@pytest.mark.parametrize("line", OF_PODS, ids=lambda line: line["id"])
def test_a_line_is_answered(line: dict[str, Any]):
    said = answer(line["id"])
    if not is_right(line):
        assert said.confidence != "certain", "wrong, and called certain"
    if line["sure"] == "ambiguous":
        assert said.confidence != "certain", "ambiguous, and called certain"
    cause = said.explanation.cause
    if cause is None:
        return
    assert cause.remedy or cause.code == "node/gone"
    assert not re.fullmatch(r"kubectl describe pod[^;#]*", cause.remedy or ""), "to describe the pod is no step"
    assert HARMFUL.search((cause.remedy or "").partition("#")[0]) is None
    assert re.search(r"\{\w+\}", f"{cause.message} {cause.remedy}") is None, "a name was not filled in"


@pytest.mark.parametrize("line", VARIANTS, ids=lambda line: line["id"])
def test_a_message_that_is_like_another(line: dict[str, Any]):
    """What was tuned to one wording would show here."""
    assert is_right(line), answer(line["id"])[:4]
