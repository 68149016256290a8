"""Links of pages, as they are in the site: docs/ is its root, and some pages from outside stand in it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from release.site_pages import OUTSIDE, ROOT, on_page_markdown


@pytest.mark.parametrize(
    ("page", "link", "in_site"),
    [
        ("guides/ci.md", "../errors.md", "../errors.md"),
        ("guides/ci.md", "../../SECURITY.md#what-leaves-the-node", "../SECURITY.md#what-leaves-the-node"),
        ("index.md", "../CONTRIBUTING.md", "CONTRIBUTING.md"),
        ("CONTRIBUTING.md", "docs/architecture.md", "architecture.md"),
        ("release/README.md", "../docs/rbac/README.md", "../rbac/README.md"),
        ("index.md", "https://example.org/docs/x.md", "https://example.org/docs/x.md"),
        ("index.md", "#use", "#use"),
    ],
)
def test_a_link_leads_where_it_led(page, link, in_site):
    shown = on_page_markdown(f"see [this]({link}).", SimpleNamespace(file=SimpleNamespace(src_uri=page)))
    assert shown == f"see [this]({in_site})."


def test_the_pages_outside_are_there():
    assert [name for name in OUTSIDE if not (ROOT / name).is_file()] == []
