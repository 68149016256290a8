"""Ids that shims carry in their arguments."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.kernel.shims import parse_shim_addresses, parse_shims
from tests.recorded_nodes import NODES, recorded_bytes, recorded_capture

ID = "ab" * 32


@pytest.mark.parametrize("node", NODES)
def test_every_shim_serves_what_the_runtime_knows(node: str) -> None:
    sandboxes = {each["id"] for each in json.loads(recorded_bytes(node, "crictl-pods.json"))["items"]}
    containers = {each["id"] for each in json.loads(recorded_bytes(node, "crictl-ps.json"))["containers"]}
    shims = parse_shims(recorded_capture(node).content("shims"))
    assert len(shims) >= 8
    assert set(shims.values()) <= (sandboxes | containers if node.startswith("crio") else sandboxes)


def test_what_is_no_claim_and_what_contradicts_itself_says_nothing() -> None:
    claim = f"17/id:{ID}\n".encode()
    assert parse_shims(claim) == parse_shims(claim + claim) == {17: ID}
    for forged in (f"017/id:{ID}", f"17/id:{ID}0", f"17/id:{ID.upper()}", f" 17/id:{ID}", f"17/id:{ID[:63]}", f"17/id2:{ID}", f"0/id:{ID}"):
        assert parse_shims(forged.encode()) == {}
    assert parse_shims(claim + f"17/id:{'cd' * 32}\n".encode()) == {}


def test_the_address_of_its_containerd_is_a_path() -> None:
    assert parse_shim_addresses(b"17/address:/run/k3s/containerd/containerd.sock\n") == {17: "/run/k3s/containerd/containerd.sock"}
    for forged in (
        b"17/address:run/x",
        b"17/address:/run/x y",
        b"017/address:/run/x",
        b"17/address:/run/\x1b[1m",
        b"17/address:/" + b"x" * 200,
    ):
        assert parse_shim_addresses(forged) == {}
    assert parse_shim_addresses(b"17/address:/run/x\n17/address:/run/y\n") == {}


@given(st.binary(max_size=300) | st.from_regex(rb"([0-9]{1,14}/address:/[ -~]{0,20}\n){0,4}", fullmatch=True))
def test_arbitrary_bytes_as_addresses(content: bytes) -> None:
    for pid, address in parse_shim_addresses(content).items():
        assert f"{pid}/address:{address}".encode() in content.split(b"\n")


@given(st.binary(max_size=300) | st.from_regex(rb"([0-9]{1,14}/id:[0-9a-f]{62,66}\n){0,4}", fullmatch=True))
def test_arbitrary_bytes(content: bytes) -> None:
    for pid, identifier in parse_shims(content).items():
        assert pid > 0
        assert len(identifier) == 64
        assert set(identifier) <= set("0123456789abcdef")
        assert f"{pid}/id:{identifier}".encode() in content.split(b"\n")
