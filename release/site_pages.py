"""A hook of mkdocs: pages that stand outside docs/ become pages of the site, and links between them and docs/ lead there."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
OUTSIDE = ("SECURITY.md", "CONTRIBUTING.md", "e2e/README.md", "release/README.md")
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def on_files(files: Any, config: Any) -> Any:
    """The files of the site: those of docs/, and the pages outside. Called by mkdocs."""
    from mkdocs.structure.files import File

    for name in OUTSIDE:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The text of a page, with its links as they are in the site, whose root is docs/. Called by mkdocs."""
    name = page.file.src_uri
    folder = Path(name).parent if name in OUTSIDE else Path("docs", name).parent

    def on_site(match: re.Match[str]) -> str:
        target = os.path.normpath(folder / match[1]).removeprefix("docs/")
        return os.path.relpath(target, Path(name).parent)

    return _LINK.sub(on_site, markdown)
