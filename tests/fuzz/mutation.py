"""Recorded captures, altered: bytes flipped, cut, repeated and exchanged, and what is known to lead programs astray put in."""

from __future__ import annotations

import random
from functools import cache

from msgspec.structs import replace

from kubectl_pause.compare_reports import changes_between
from kubectl_pause.difference_report import Difference, Moment
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.capture import parse_capture, unpack
from kubectl_pause.facts.node_facts import node_facts
from kubectl_pause.inspect_node import inspect_node
from kubectl_pause.render.difference_view import difference_view
from kubectl_pause.render.documents.document import as_json, as_yaml
from kubectl_pause.render.node_view import node_view
from kubectl_pause.render.pod_view import pod_view
from kubectl_pause.render.tree.tree_view import nodes_tree, pods_tree
from kubectl_pause.render.zombies.zombies_view import zombies_view
from kubectl_pause.report import Report
from tests.recorded_nodes import RECORDED, recorded_text

CAPTURES = ("kind-collector/with-crictl", "kind-collector/without-crictl", "reaping/zoo", "reaping/later")
NODES = ("containerd-1.6.20", "crio-1.34.11", "crio-1.34.11-infra")
SOURCES = (*CAPTURES, *NODES)
DICTIONARY = (
    *(b"\x1b[2J", b"\x1b]0;x\x07", b"\xc2\x9b31m", "\u202e\u2066\u200b\ufeff".encode()),
    *(b"[bold red]", b"<script>", b"\xff\xfe", b"\xed\xa0\x80", "\u0663".encode(), "²".encode()),
    *(b"\n#section proc\n", b"\n#end uptime=1\n", b"\n#rc 0\n", b"\n#api\n "),
    *(b"\n#bundle id=x pid=1\n", b"\n#look uptime=x tasks=-1\n", b"\n#node \n"),
    *(b"0", b"-1", b"9" * 30, b"9" * 5000, b"1e999", b"NaN", b"18446744073709551615", b"2147483648"),
    *(b"null", b"true", b"{}", b"[]", b'""', b"\\ud800", b"[" * 2000, b'{"a":' * 2000),
    *(b")", b"(", b"/", b":", b"'", b'"', b"\0", b"\r", b" -> ", b"A" * 3000),
)


@cache
def original(source: str) -> bytes:
    """The unpacked text of a recorded capture."""
    if source in NODES:
        return recorded_text(source)
    return unpack((RECORDED / f"{source}.capture").read_bytes(), source)


def mutated(seed: int) -> tuple[str, bytes]:
    """Which capture, and its text altered in up to eight places. The same seed gives the same bytes."""
    chance = random.Random(seed)
    source = chance.choice(SOURCES)
    text = bytearray(original(source))
    for _ in range(chance.randint(1, 8)):
        at, length = chance.randrange(len(text)), min(chance.choice((1, 1, 2, 8, 40, 400, 4000)), len(text))
        kind = chance.randrange(7)
        if kind == 0:
            text[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            text[at : at + length] = b""
        elif kind == 2:
            text[at:at] = text[at : at + length]
        elif kind == 3:
            other = chance.randrange(len(text))
            text[at : at + length] = text[other : other + length]
        elif kind == 4:
            text[at:at] = chance.choice(DICTIONARY)
        elif kind == 5:
            _exchange_value(text, at, chance)
        else:
            text[at : at + length] = chance.choice(DICTIONARY)
        if not text:
            break
    return source, bytes(text)


def _exchange_value(text: bytearray, at: int, chance: random.Random) -> None:
    """A whole JSON value or word, so that what is around it can still be read."""
    start = max(text.find(b":", at), 0) + 1
    end = min((each for each in (text.find(mark, start) for mark in (b",", b"}", b"\n")) if each >= 0), default=len(text))
    text[start:end] = chance.choice(DICTIONARY)


def inspect(text: bytes, source: str) -> str:
    """Everything that is made of a capture: parsed, joined, judged, and shown in every view. Text of the tables, which a terminal gets."""
    try:
        facts = node_facts(parse_capture(text, source), source)
    except PauseInspectError as error:
        return str(error.reason)
    report = Report(
        tool_version="0",
        started_at="2026-11-24T00:00:00Z",
        seconds=0.0,
        nodes=[inspect_node(facts, source, prove=True, processes=True)],
        errors=[],
    )
    shown = []
    for wide, width in ((True, None), (False, 80)):
        shown.append(node_view(report, wide=wide, width=width, headings=True, colour=False))
        shown.append(pod_view(report, wide=wide, width=width, colour=False))
        shown.append(zombies_view(report, wide=wide, width=width, headings=True, colour=False))
    for draw in (nodes_tree, pods_tree):
        shown.append(draw(report, unicode=True, width=80, colour=False))
    [node] = report.nodes
    changes = changes_between(replace(node, sandboxes=node.sandboxes[1:], host_zombies=[]), node)
    difference = Difference(tool_version="0", before=Moment(source="a"), after=Moment(source="b"), changes=changes)
    shown.append(difference_view(difference, width=80, headings=True, colour=False))
    documents = as_json(report), as_yaml(report)
    for document in documents:
        assert document.isascii(), "a document has raw characters outside ASCII"
        assert all(each.isprintable() for each in document.split("\n")), "a document has a raw control character"
    return "\n".join(shown)
