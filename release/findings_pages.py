"""Writes docs/findings.md and a page for each code from the table of codes: `make docs`. A test holds the files to it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_pause.finding_codes.table import CODES, SECTIONS

if TYPE_CHECKING:
    from kubectl_pause.finding_codes.finding_code import FindingCode
    from kubectl_pause.finding_codes.table import Section

DOCS = Path(__file__).parent.parent / "docs"
_ISSUES = "https://github.com/{}/issues/{}"
_REPOSITORIES = {
    "antrea": "antrea-io/antrea",
    "containerd": "containerd/containerd",
    "containernetworking/cni": "containernetworking/cni",
    "cri-o": "cri-o/cri-o",
    "k3s": "k3s-io/k3s",
    "kubernetes": "kubernetes/kubernetes",
    "siderolabs/talos": "siderolabs/talos",
}
"""Where the issues are that sources name."""
HEAD = """# Findings

What is wrong, as `findings` in the report and below `pod` and `node` tell it. A healthy cluster has none. Every finding says its evidence
and how sure it is (`certain`, `likely`; `possible` in `why` alone); what to do is printed and never done. Codes are stable.

Each code has a page: what proves it, what looks like it, what to do, and where the rule comes from. `kubectl pause-inspect explain CODE`
prints the same. All of it is made by `make docs` from the program.
"""


def pages() -> dict[Path, str]:
    """Every file and its text: the list of codes, and their pages, in a folder for each family of codes."""
    index = "\n".join([HEAD, *map(_section, SECTIONS)])
    return {DOCS / "findings.md": index, **{DOCS / "findings" / f"{row.code}.md": _page(row) for row in CODES.values()}}


def _section(section: Section) -> str:
    rows = [f"| [`{row.code}`](findings/{row.code}.md) | {row.severity} | {row.meaning} |" for row in section.codes]
    about = [section.about, ""] if section.about else []
    return "\n".join([f"## {section.title}", "", *about, "| code | severity | means |", "|---|---|---|", *rows, ""])


def _page(row: FindingCode) -> str:
    parts = {"What proves it": row.evidence, "What looks like it": row.alike, "What to do": row.remedy, "Source": row.source}
    text = [line for title, told in parts.items() if told for line in (f"## {title}", "", _linked(told), "")]
    return "\n".join([f"# {row.code}", "", f"Severity: {row.severity}. [All findings](../../findings.md)", "", row.meaning, "", *text])


def _linked(text: str) -> str:
    """With links to the pages of other codes, and to issues."""
    text = re.sub(r"`([a-z]+/[a-z-]+)`", lambda match: f"[{match[0]}](../{match[1]}.md)" if match[1] in CODES else match[0], text)
    return re.sub(
        r"\b([a-z0-9-]+(?:/[a-z]+)?)#(\d+)", lambda match: f"[{match[0]}]({_ISSUES.format(_REPOSITORIES[match[1]], match[2])})", text
    )


if __name__ == "__main__":
    made = pages()
    for old in set((DOCS / "findings").rglob("*.md")) - made.keys():
        old.unlink()
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
