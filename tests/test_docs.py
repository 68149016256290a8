"""The pages of docs/ say what the program does, and every link and address of a file in them leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from release.findings_pages import DOCS, pages
from release.verbs_page import TARGET, reference

ROOT = Path(__file__).parent.parent

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "e2e" / "README.md", ROOT / "release" / "README.md"])
LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)?(#[^)\s]+)?\)")


def test_the_list_of_verbs_is_that_of_the_program():
    assert TARGET.read_text(encoding="utf-8") == reference(), "run: make docs"


def test_the_pages_of_findings_are_those_of_the_table():
    there = [DOCS / "findings.md", *(DOCS / "findings").rglob("*.md")]
    assert {path: path.read_text(encoding="utf-8") for path in there} == pages(), "run: make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    text = page.read_text(encoding="utf-8")
    for target, anchor in LINK.findall(text):
        if target.startswith(("http://", "https://")):
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor and file.suffix == ".md":
            headings = [line.lstrip("# ") for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
            anchors = {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
            assert anchor[1:] in anchors, f"{page.name}: {target}{anchor}"


def test_paths_that_pages_name_are_there():
    for page in PAGES:
        for path in re.findall(r"`((?:kubectl_pause|tests|e2e|docs|benchmarks|release)/[\w./-]+)`", page.read_text(encoding="utf-8")):
            assert (ROOT / path).exists(), f"{page.name} names {path}"
