"""Proofs as lines to paste, whatever the length of their commands."""

from __future__ import annotations

import pytest

from kubectl_pause.render.evidence import proof_lines
from kubectl_pause.report import Proof

LONG = "readlink /proc/1/ns/net; grep nsfs /proc/1/mountinfo  # " + "x" * 40


@pytest.mark.parametrize(
    "commands", [[LONG], [LONG, "readlink /proc/7/ns/net"], ["readlink /proc/7/ns/net"]], ids=["long", "both", "short"]
)
@pytest.mark.parametrize("width", [None, 80, 20])
def test_each_command_is_shown_whole(commands, width):
    shown = proof_lines([Proof(command=command, prints="net:[4026531840]", shows="the node's") for command in commands], width=width)
    assert all(any(line.startswith(command) for line in shown) for command in commands)


def test_no_proof_is_said():
    assert proof_lines(None, width=80) == []
    assert "no proof" in proof_lines([], width=80)[1]
