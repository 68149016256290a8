"""Routes of the node to single addresses."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.kernel.routes import parse_interfaces, parse_routes

NODE = b""" veth8d49bcc1 0200F40A 0005
 vethb5b01e17 0300F40A 0005
 eth0 fc00f8530ccde7930000000000000021 80200001
 cali0a1b2c3d 0A01A8C0 0005
 cali0a1b2c3d fd0000000000000000000000000001ff 00000001
 eth0 0700F40A 0007
 eth0 fe800000000000000000000000000000 00100001
 down 0800F40A 0004
"""


def test_direct_routes_of_one_node() -> None:
    """Written down on a kind node with the ptp plugin and made up for Calico; gateways, local and anycast addresses lead to no pod."""
    without_blank = NODE.replace(b"\n ", b"\n").removeprefix(b" ")
    assert parse_routes(without_blank) == {
        "veth8d49bcc1": ("10.244.0.2",),
        "vethb5b01e17": ("10.244.0.3",),
        "cali0a1b2c3d": ("192.168.1.10", "fd00::1ff"),
    }


@given(st.ip_addresses(), st.from_regex(r"[a-z0-9]{1,15}", fullmatch=True))
def test_any_address_comes_back(address: ipaddress.IPv4Address | ipaddress.IPv6Address, interface: str) -> None:
    packed = address.packed[::-1] if address.version == 4 else address.packed
    assert parse_routes(f"{interface} {packed.hex()} 0005\n".encode()) == {interface: (str(address),)}


@given(st.binary(max_size=300) | st.from_regex(rb"([a-z\xff]{1,16} [0-9A-Fa-f]{6,34} [0-9A-F]{3,9}\n){0,4}", fullmatch=True))
def test_arbitrary_bytes(content: bytes) -> None:
    for interface, addresses in parse_routes(content).items():
        assert " " not in interface
        assert addresses
        for address in addresses:
            assert str(ipaddress.ip_address(address)) == address


def test_interfaces_by_their_numbers() -> None:
    assert parse_interfaces(b" 1 lo\n 9 veth94f73c3f\n0 x\n 7\n 12 \xff\n") == {1: "lo", 9: "veth94f73c3f", 12: "\\xff"}
