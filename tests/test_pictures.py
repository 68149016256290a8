"""README's pictures are those of the program as it is, and load nothing from anywhere."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from release.pictures import ROOT, TARGET, THEMES, WIDTH, pictures, printed

LARGEST = 60_000
NAMESPACE = "http://www.w3.org/2000/svg"
"""A name, which nobody loads."""


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    return pictures()


def test_the_pictures_are_those_of_the_program(drawn):
    assert {path.name: path.read_text(encoding="utf-8") for path in TARGET.iterdir()} == drawn, "run: make docs"


def test_a_picture_holds_all_that_was_printed_in_its_colours(drawn):
    output = printed()
    assert "\x1b[33m" in output
    lines = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", output).splitlines()]
    assert max(map(len, lines)) <= WIDTH
    for scheme, picture in zip(THEMES, drawn.values(), strict=True):
        assert f"fill: {THEMES[scheme].ansi_colors[3].hex}" in picture
        texts: dict[float, list[str]] = {}
        for element in ET.fromstring(picture).iter(f"{{{NAMESPACE}}}text"):
            texts.setdefault(float(element.get("y", "")), []).append((element.text or "").replace("\xa0", " "))
        shown = ["".join(parts).rstrip() for _, parts in sorted(texts.items())]
        assert shown[0].startswith("$ kubectl pause-inspect ")
        assert shown[1:] == [line for line in lines if line]


def test_they_load_nothing_and_are_small(drawn):
    for picture in drawn.values():
        rest = picture.replace(f'xmlns="{NAMESPACE}"', "", 1)
        assert re.findall(r"//|url\(|href|@import|@font-face|<script", rest) == []
        assert len(picture.encode()) < LARGEST


def test_readme_shows_one_for_each_scheme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert 'media="(prefers-color-scheme: dark)" srcset="docs/pictures/zombies-dark.svg"' in readme
    assert '<img src="docs/pictures/zombies-light.svg"' in readme
    assert set(THEMES) == {"light", "dark"}
