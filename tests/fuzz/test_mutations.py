"""Whatever a node sends is told as text or as a clear error. `make nightly` runs a million altered captures, or what ten minutes give."""

from __future__ import annotations

import os
import time
import unicodedata

import pytest

from tests.fuzz.mutation import inspect, mutated

SEEDS = int(os.environ.get("FUZZ_SEEDS", "120"))
FIRST = int(os.environ.get("FUZZ_FIRST", "0"))
SECONDS = float(os.environ.get("FUZZ_SECONDS", "600"))
SHARES = 4


def unsafe(shown):
    return {each for each in shown if each != "\n" and unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")}


@pytest.mark.parametrize("share", range(SHARES))
def test_an_altered_capture_is_shown_safely_or_refused_in_a_sentence(share):
    end = time.monotonic() + SECONDS
    done = 0
    for seed in range(FIRST + share, FIRST + SEEDS, SHARES):
        if time.monotonic() > end:
            break
        source, text = mutated(seed)
        try:
            shown = inspect(text, source)
        except Exception as error:
            raise AssertionError(f"seed {seed}, from {source}") from error
        assert not unsafe(shown), f"seed {seed}, from {source}"
        done += 1
    print(f"{done} altered captures")
    assert done
