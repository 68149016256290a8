"""The cache of what takes minutes to build: a part is whole or not there, and is built once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from e2e.clusters.cache import Cache, key_of
from e2e.clusters.settings import KEEP_NEWEST
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
KEY = "0123456789abcdef"
BUILDING = """
import sys, time
from pathlib import Path
from e2e.clusters.settings import KEEP_NEWEST
from e2e.clusters.cache import Cache
root = Path(sys.argv[1])
def build(directory):
    (directory / "half").touch()
    (root / "begun").touch()
    time.sleep(600)
cache = Cache(root)
with cache.lock("it"):
    cache.part("thing", "0123456789abcdef", "building", build)
"""


def make_whole(directory: Path) -> None:
    (directory / "whole").touch()


def make_twice(_: Path) -> None:
    raise AssertionError("it is there already")


def test_a_part_is_built_once(tmp_path: Path) -> None:
    for build in (make_whole, make_twice):
        part = Cache(tmp_path).part("thing", KEY, "building", build)
        assert [path.name for path in part.iterdir()] == ["whole"]


def test_a_build_that_fails_leaves_no_part(tmp_path: Path) -> None:
    def fail(directory: Path) -> None:
        (directory / "half").touch()
        raise OSError("no room")

    cache = Cache(tmp_path)
    with pytest.raises(OSError, match="no room"):
        cache.part("thing", KEY, "building", fail)
    part = cache.part("thing", KEY, "building", make_whole)
    assert [path.name for path in part.iterdir()] == ["whole"]


def test_a_build_that_was_killed_leaves_no_part_and_no_lock(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", BUILDING, str(tmp_path)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for("the build", (tmp_path / "begun").exists, 30, 0.02)
    process.kill()
    process.wait(30)
    cache = Cache(tmp_path)
    with cache.lock("it"):
        part = cache.part("thing", KEY, "building", make_whole)
    assert [path.name for path in part.iterdir()] == ["whole"]


def test_pruning_keeps_what_was_used_last(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    keys = [f"{number:016x}" for number in range(KEEP_NEWEST + 2)]
    for age, key in enumerate(keys):
        part = cache.part("thing", key, "building", make_whole)
        os.utime(part, (time.time() - 100 + age,) * 2)
    cache.part("thing", keys[0], "building", make_twice)  # used again, so the newest
    cache.prune_parts()
    assert {path.name for path in (tmp_path / "parts").iterdir()} == {f"thing-{key}" for key in (keys[0], *keys[3:])}


def test_a_key_follows_the_content_of_files(tmp_path: Path) -> None:
    file = tmp_path / "input"
    file.write_text("one")
    first = key_of({"file": file})
    assert key_of({"file": file}) == first
    file.write_text("two")
    assert key_of({"file": file}) != first
