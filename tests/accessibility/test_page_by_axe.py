"""The page of `report` in a real browser: axe finds nothing wrong, in light and dark, wide and narrow."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from e2e.clusters.cache import Cache
from e2e.clusters.commands import Runner
from e2e.clusters.npm_packages import AXE
from e2e.clusters.settings import cache_directory
from e2e.clusters.steps import StepFailedError
from kubectl_pause.render.page.report_page import report_page
from tests.accessibility.browser import Browser, browser_program, started
from tests.render.test_page import with_all
from tests.render.test_views import few_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WIDTHS = {"wide": 1280, "phone": 360}
SCHEMES = {"light": "#595c61", "dark": "#b3b7bd"}
"""With its colour of headings of tables, among others."""
NO_NPM = "NOT TESTED in a browser: no npm that could fetch axe-core"
ROOM = 8000
"""So wide that no table is scrolled: of text that lies under an edge axe cannot tell the contrast."""
RULES = {"color-contrast", "document-title", "heading-order", "html-has-lang", "landmark-one-main", "list", "region", "td-headers-attr"}
"""Some that must have been tried on something."""
RUN = """axe.run(document).then(result => JSON.stringify(Object.fromEntries(["passes", "violations", "incomplete"].map(kind =>
  [kind, result[kind].flatMap(rule => rule.nodes.map(node =>
    [rule.id, node.target.join(" "), ...[...node.any, ...node.all, ...node.none].map(check => check.message)]))]))))"""


@dataclass(frozen=True, slots=True)
class Judged:
    """What axe finds wrong, and what it cannot tell: rule, element, and the words of what failed."""

    wrong: list[list[str]]
    untold: list[list[str]]

    @property
    def broken(self) -> set[str]:
        """The rules that do not hold."""
        return {rule for rule, *_ in self.wrong}


@dataclass(frozen=True, slots=True)
class Axe:
    """axe in a browser, and the file of the page that is looked at."""

    browser: Browser
    source: str
    file: Path

    def judges(self, page: str, scheme: str, width: int = WIDTHS["wide"]) -> Judged:
        """The page in that scheme."""
        self.file.write_text(page, encoding="utf-8")
        self.browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width == WIDTHS["phone"]}
        self.browser.call("Emulation.setDeviceMetricsOverride", **metrics)
        self.browser.open(self.file)
        assert self.browser.evaluate(f"[innerWidth, matchMedia('(prefers-color-scheme: {scheme})').matches]") == [width, True]
        self.browser.evaluate(self.source)
        result = json.loads(self.browser.evaluate(RUN))
        assert {rule for kind in result.values() for rule, *_ in kind} >= RULES
        return Judged(result["violations"], result["incomplete"])


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Axe]:
    program = browser_program()
    if program is None:
        pytest.skip("NOT TESTED in a browser: no Chromium")
    if shutil.which("npm") is None:
        pytest.skip(NO_NPM)
    directory = tmp_path_factory.mktemp("browser")
    source = AXE.fetched(Cache(cache_directory()), Runner(directory / "npm.log")).read_text(encoding="utf-8")
    with started(program, directory) as browser:
        yield Axe(browser, source, directory / "page.html")


@pytest.fixture(scope="module")
def page() -> str:
    """Findings of each kind, zombies, failures: something in each chapter."""
    text = report_page(with_all(few_of("collected")), named=True)
    for chapter in ("findings", "pods", "zombies", "limits", "unread"):
        assert f'<section id="{chapter}"' in text
    return text


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing(axe: Axe, page: str, scheme: str, width: str) -> None:
    assert axe.judges(page, scheme, WIDTHS[width]).wrong == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_is_sure_of_all_where_all_is_seen(axe: Axe, page: str, scheme: str) -> None:
    roomy = page.replace("max-width: 80rem", "max-width: none")
    assert roomy != page
    assert axe.judges(roomy, scheme, ROOM) == Judged([], [])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_would_find_it(axe: Axe, page: str, scheme: str) -> None:
    """A colour of one scheme that is too near to its paper, and a page without a language."""
    dim = SCHEMES[scheme]
    assert page.count(f"--dim: {dim};") == 1
    pale = page.replace(f"--dim: {dim};", "--dim: #7a7a7a;").replace('<html lang="en">', "<html>")
    broken = {one: axe.judges(pale, one).broken for one in SCHEMES}
    assert broken.pop(scheme) == {"color-contrast", "html-has-lang"}
    assert list(broken.values()) == [{"html-has-lang"}]


@pytest.mark.skipif(shutil.which("npm") is None, reason=NO_NPM)
def test_an_archive_of_other_content_is_refused(tmp_path: Path) -> None:
    other = replace(AXE, sha512="A" * len(AXE.sha512))
    for _ in range(2):
        with pytest.raises(StepFailedError, match="has the SHA-512"):
            other.fetched(Cache(tmp_path), Runner(tmp_path / "log"))
