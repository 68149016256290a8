"""Durations as kubectl takes them."""

from __future__ import annotations

import pytest

from kubectl_pause.cli.durations import seconds
from kubectl_pause.errors import PauseInspectError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500ms", 0.5), ("1m30s", 90.0), ("1h5m", 3900.0), ("1.5s", 1.5), (".5s", 0.5), ("2s500ms", 2.5), ("250us", 0.00025), ("7", 7.0),
     ("0", 0.0), ("0s", 0.0)],
)  # fmt: skip
def test_what_kubectl_takes(text, expected):
    assert seconds(text, "--request-timeout") == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "s", "5 s", "-1s", "1d", "ms", "1.s.", "9" * 30, "25h"])
def test_what_is_no_duration_is_refused_by_name(text):
    with pytest.raises(PauseInspectError, match="--request-timeout"):
        seconds(text, "--request-timeout")
