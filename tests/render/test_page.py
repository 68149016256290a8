"""The page of `report`: a structure that stays, text that stays text, order, size, and what it says of pods that were asked for."""

from __future__ import annotations

import os
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.made_up_node import capture as made_up_capture
from kubectl_pause.facts.capture import read_capture
from kubectl_pause.inspect_node import inspect_capture
from kubectl_pause.render.page.report_page import report_page
from kubectl_pause.report import Failure, Finding, Report
from tests.recorded_nodes import RECORDED
from tests.render.test_views import EVERY, HOSTILE, few_of, hostile, report_of, whole

EXPECTED = Path(__file__).parent / "expected"
VOID = {"meta", "br", "hr", "img", "input", "link"}
PHRASING = {"p", "h1", "h2", "h3", "dt", "caption", "code", "span", "strong", "bdi", "a"}
ATTRIBUTES = {
    "html": {"lang"}, "meta": {"charset", "name", "content", "http-equiv"},
    "a": {"href"}, "nav": {"aria-label"}, "section": {"id", "aria-labelledby"},
    "h2": {"id"}, "ul": {"class"}, "span": {"class"}, "p": {"class"}, "li": {"class"}, "article": {"id"}, "td": {"class"}, "th": {"scope"},
    "div": {"class", "role", "aria-labelledby", "tabindex"}, "caption": {"id"},
}  # fmt: skip
PLAIN = {
    "head", "title", "style", "body", "header", "main", "h1", "h3", "bdi", "strong", "pre", "code", "dl", "dt", "dd", "table", "thead",
    "tbody", "tr",
}  # fmt: skip
VALUES = re.compile(
    r"(critical|warning|info|mark (critical|warning|info)|bad|warn|dim|label|counts|tree|scroll|group|0|col|row|en|utf-8|Chapters"
    r"|#?(table|pod)-\d+|#?(summary|findings|pods|zombies|limits|unread)(-title)?)"
)


class Reading(HTMLParser):
    """A page as it nests. Whatever is closed otherwise than it was opened is an error."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.paths: Counter[str] = Counter()
        self.texts: dict[str, list[str]] = {}
        self.comments: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        assert not (self.open and self.open[-1] in ("p", "h1", "h2", "h3", "caption") and tag not in PHRASING), (self.open, tag)
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.paths["/".join([*self.open, tag])] += 1
        self.texts.setdefault(tag, []).append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in dict.fromkeys(self.open):
            self.texts[tag][-1] += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def with_all(report: Report) -> Report:
    """The report with something in each chapter, failures and zombies of the node itself among them."""
    zoo = inspect_capture(read_capture((RECORDED / "reaping" / "zoo.capture").read_bytes(), "zoo"), "zoo", processes=True)
    node = msgspec.structs.replace(zoo, sandboxes=[sandbox for sandbox in zoo.sandboxes if sandbox.zombies][:3])
    first = msgspec.structs.replace(
        report.nodes[0], sources=msgspec.structs.replace(report.nodes[0].sources, crictl=None, notes=["a note"])
    )
    failure = Failure(reason="X", message="m", hint="h", node="n")
    return msgspec.structs.replace(report, nodes=[first, node], errors=[*report.errors, failure])


def no_stranger(page: Reading) -> None:
    """No element and no attribute that the template does not have, and no attribute that holds a word of a node's."""
    assert {tag for tag, _ in page.elements} <= PLAIN | ATTRIBUTES.keys()
    for tag, attributes in page.elements:
        assert attributes.keys() <= ATTRIBUTES.get(tag, set()), (tag, attributes)
        if tag != "meta":
            assert all(VALUES.fullmatch(value) for value in attributes.values()), (tag, attributes)
    assert page.comments == []


KINDS = [
    HOSTILE,
    "<script>alert(1)</script>",
    "</style><style>*{display:none}</style>",
    "</title></head><body onload=x>",
    '"><img src=x onerror=y>',
    "' onmouseover='x",
    "<!-- <b>",
    "]]>&lt;b&gt;&amp;&#60;i&#62;",
    "{{ 7 * 7 }}{% raw %}{# x #}",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066",
    "\ufeff\u200b\u00ad",
    "n" * 100_000,
    "שם ペア עברית",
]


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("text", KINDS, ids=range(len(KINDS)))
def test_a_hostile_name_stays_text(text, named):
    harmless, page = (Reading(report_page(hostile(with_all(few_of("collected")), name), named=named)) for name in ("x", text))
    no_stranger(page)
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]", "".join(page.texts["html"])
    )
    assert page.paths == harmless.paths


@settings(max_examples=15, deadline=None)
@given(st.text(alphabet=st.characters(), min_size=1, max_size=40) | st.text(alphabet="<>&'\"/=!-{}%# a", min_size=1, max_size=40))
def test_any_text_stays_text_and_can_be_written(text):
    page = report_page(hostile(few_of("collected"), text), named=True)
    page.encode()
    no_stranger(Reading(page))


def test_a_name_is_shown_as_it_is():
    page = Reading(report_page(hostile(few_of("collected"), "<b>&{{x}}"), named=True))
    assert page.texts["h3"][0].endswith("<b>&{{x}}")
    assert "<b>&{{x}}/<b>&{{x}}" in page.texts["h3"]


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("name", EVERY)
def test_every_recorded_node_makes_a_page_that_is_well_formed(name, named):
    page = Reading(report_page(report_of(name), named=named))
    no_stranger(page)
    names = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(names)) == len(names)
    referred = [attributes["href"][1:] for _, attributes in page.elements if "href" in attributes]
    referred += [attributes["aria-labelledby"] for _, attributes in page.elements if "aria-labelledby" in attributes]
    assert set(referred) <= set(names)


def test_headings_come_in_order_and_every_table_has_a_caption_and_scopes():
    page = Reading(report_page(with_all(few_of("collected")), named=True))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    tags = Counter(tag for tag, _ in page.elements)
    assert tags["table"] == tags["caption"] == len(set(page.texts["caption"]))
    assert all("scope" in attributes for tag, attributes in page.elements if tag == "th")
    assert all(text.strip() for tag in ("h1", "h2", "h3", "caption", "title", "li") for text in page.texts[tag])
    boxes = [attributes for tag, attributes in page.elements if attributes.get("class") == "scroll"]
    assert len(boxes) == tags["table"]
    assert ("html", {"lang": "en"}) in page.elements
    assert "script" not in tags


def structure(page: str) -> str:
    """Its headings, captions, and the headings of its tables, each on a line, with how many rows there are."""
    lines: list[str] = []
    rows = 0
    reading = re.finditer(r"<(h[1-3]|caption|thead|tr|/table|dt)\b[^>]*>(.*?)(?=</h|</caption|</thead|<td|</tr|</dt|\n)", page)
    for tag, text in ((match[1], re.sub("<[^>]+>", " ", match[2])) for match in reading):
        words = " ".join(text.split())
        if tag == "tr":
            rows += 1
        elif tag == "/table":
            lines.append(f"    {rows} rows")
        else:
            rows = 0
            lines.append({"h1": "", "h2": "# ", "h3": "## "}.get(tag, "  ") + words)
    return "\n".join(lines) + "\n"


def test_the_structure_is_as_it_was():
    later = read_capture((RECORDED / "vm-cgroup-v2" / "steady-1.capture").read_bytes(), "vm")
    shown = structure(report_page(whole(inspect_capture(later, "vm", processes=True)), named=False))
    path = EXPECTED / "page-vm.txt"
    if os.environ.get("UPDATE_EXPECTED"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def crowd() -> Report:
    """A made-up node of 250 pods."""
    return whole(inspect_capture(read_capture(made_up_capture(), "crowd"), "crowd", processes=True))


@pytest.mark.parametrize("named", [True, False])
def test_250_pods_are_less_than_two_megabytes(crowd, named):
    assert len(report_page(crowd, named=named).encode()) < 2_000_000


def test_250_pods_with_findings_are_less_than_two_megabytes(crowd):
    evidence = ["pause (pid 6580) is in the frozen cgroup /kubepods.slice/kubepods-besteffort.slice/x.scope"] * 3
    finding = Finding(
        code="zombie/x", severity="warning", subject="s", message="m" * 80, evidence=evidence, confidence="certain", remedy="r" * 80
    )
    node = crowd.nodes[0]
    ill = msgspec.structs.replace(node, sandboxes=[msgspec.structs.replace(sandbox, findings=[finding]) for sandbox in node.sandboxes])
    page = report_page(whole(ill), named=False)
    assert page.count('<article id="pod-') == 250
    assert len(page.encode()) < 2_000_000


def test_the_worst_finding_stands_first_and_pods_without_any_in_one_table():
    report = few_of("collected")
    node = report.nodes[0]
    worse = msgspec.structs.replace(node.findings[0], severity="critical", message="the worse")
    report = msgspec.structs.replace(report, nodes=[msgspec.structs.replace(node, findings=[*node.findings, worse])])
    page = report_page(report, named=False)
    assert page.index("the worse") < page.index(">m</p>")
    assert page.count('<article id="pod-') == 1
    assert "Other pods" in page
    assert "Other pods" not in report_page(report, named=True)


def test_a_page_of_nothing_says_so():
    page = Reading(report_page(whole(), named=False))
    assert {"No pods were seen.", "Nothing wrong was found.", "No zombies were seen."} <= set(page.texts["p"])


def test_arguments_that_were_asked_for_are_shown_with_the_zombies_that_wait():
    report = with_all(few_of("collected"))
    zoo = report.nodes[1]
    assert "Arguments of their parent" not in report_page(report, named=True)
    group = zoo.sandboxes[0].zombie_groups[0]
    parent = msgspec.structs.replace(group.parent, arguments=["sleep", "<1 day>"])
    asked = msgspec.structs.replace(zoo.sandboxes[0], zombie_groups=[msgspec.structs.replace(group, parent=parent)])
    page = Reading(report_page(whole(msgspec.structs.replace(zoo, sandboxes=[asked])), named=True))
    assert "sleep '<1 day>'" in page.texts["code"]
