"""Words of kubelets, runtimes and network plugins, as real nodes gave them, and what each proves."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.judge.stuck.messages import TEXTS, verdict_on
from tests.recorded_nodes import RECORDED

SAID = [json.loads(line) for line in (RECORDED / "stuck" / "messages.jsonl").read_text().splitlines()]
"""`text` as it stands in an event or condition, the `code` that it proves, and what must be `said` of it."""


@pytest.mark.parametrize("row", SAID, ids=[row["code"] for row in SAID])
def test_known_words(row):
    finding = verdict_on(row["text"], "shop/web", ["event"])
    assert finding is not None
    assert finding.code == row["code"]
    assert row["said"] in f"{finding.message} {finding.remedy}"


def test_every_row_is_reached_by_some_text():
    codes = {row["code"] for row in SAID}
    assert codes == {known.code for known in TEXTS} - {"ipam/duplicate"}


@pytest.mark.parametrize("text", ["", "Back-off restarting failed container", "the node was low on resource: memory", "is busy"])
def test_other_words_prove_nothing(text):
    assert verdict_on(text, "shop/web", []) is None


@given(st.text(), st.sampled_from([row["text"] for row in SAID]), st.text())
def test_any_words_are_taken(before, known, after):
    """Hostile words around known ones: an answer or none, and a remedy on one line with its names quoted."""
    finding = verdict_on(before + known + after, "shop/web", [])
    assert finding is None or finding.remedy


def test_a_name_in_a_remedy_is_quoted():
    finding = verdict_on('failed to get sandbox image "x;reboot": no', "shop/web", [])
    assert finding is not None
    assert finding.remedy is not None
    assert "crictl pull 'x;reboot'" in finding.remedy


def test_a_text_of_any_length_is_looked_at_from_its_end():
    assert (
        verdict_on("failed to setup network for sandbox " * 30_000 + "x: no IP addresses available in network: n", "shop/web", [])
        is not None
    )
