"""Pods that come and go while others are watched: each is named once, an inspector never, and a question that fails ends the asking."""

from __future__ import annotations

import queue
import threading

import msgspec

from kubectl_pause.capture.inspector_pod import InspectorOptions, manifest, new_name
from kubectl_pause.cli.pods_meanwhile import PodsMeanwhile
from kubectl_pause.errors import ForeignReason, PauseInspectError
from kubectl_pause.facts.api import Metadata, Pod, PodSpec
from kubectl_pause.watch_report import WatchPods

LIMIT = 30
"""Seconds for a line to come."""


def pod(name: str, *, uid: str = "", node: str | None = "worker-1") -> Pod:
    return Pod(metadata=Metadata(name=name, namespace="shop", uid=uid or f"uid-{name}"), spec=PodSpec(node_name=node))


def inspector() -> Pod:
    made = msgspec.convert(manifest(new_name(), "worker-1", InspectorOptions(namespace="shop")), Pod)
    return msgspec.structs.replace(made, metadata=msgspec.structs.replace(made.metadata, uid="uid-inspector"))


class Answers:
    """What the API says each time that it is asked; after the last it is silent until the test is over."""

    def __init__(self, *answers: list[Pod] | PauseInspectError) -> None:
        self.left = list(answers)
        self.over = threading.Event()

    def __call__(self) -> list[Pod]:
        if not self.left:
            self.over.set()
            raise PauseInspectError(ForeignReason("Over"), "no more answers")
        answer = self.left.pop(0)
        if isinstance(answer, PauseInspectError):
            self.over.set()
            raise answer
        return answer


def lines_of(*answers: list[Pod] | PauseInspectError) -> tuple[list[tuple[str, list[str], list[str]]], str]:
    """The lines as node, came and went, and what ended the asking."""
    asked, lines = Answers(*answers), queue.SimpleQueue[WatchPods]()
    with PodsMeanwhile(asked, lines.put, lambda: "now", every=0.01) as meanwhile:
        assert asked.over.wait(LIMIT), "the API was not asked to the end"
        meanwhile.join(LIMIT)
    assert meanwhile.trouble is not None
    told = []
    while not lines.empty():
        line = lines.get()
        told.append((line.node, line.came, line.went))
    return told, meanwhile.trouble.message


def test_each_pod_is_named_when_it_comes_and_when_it_goes() -> None:
    told, _ = lines_of([pod("web-0")], [pod("web-0")], [pod("web-0"), pod("web-1"), pod("a", node="worker-2")], [pod("web-1")])
    assert told == [
        ("worker-1", ["shop/web-1"], []),
        ("worker-2", ["shop/a"], []),
        ("worker-1", [], ["shop/web-0"]),
        ("worker-2", [], ["shop/a"]),
    ]


def test_one_made_anew_under_its_old_name_is_both() -> None:
    assert lines_of([pod("web-0")], [pod("web-0", uid="another")])[0] == [("worker-1", ["shop/web-0"], ["shop/web-0"])]


def test_what_has_no_node_yet_and_inspectors_are_not_named() -> None:
    assert lines_of([], [pod("waits", node=None), inspector()], [])[0] == []


def test_a_question_that_fails_ends_the_asking_and_says_why() -> None:
    assert lines_of([pod("web-0")], PauseInspectError(ForeignReason("Forbidden"), "may not list pods"), [])[1] == "may not list pods"
