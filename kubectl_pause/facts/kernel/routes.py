"""Interfaces of the node: their numbers, and those that lead to one address each.

The latter from the collector's `routes` section: `INTERFACE ADDRESS FLAGS`.

Taken from /proc/1/net/route (mask FFFFFFFF; the address as a number in the node's byte order) and /proc/1/net/ipv6_route (prefix length
128; the address as it is sent). Flags are those of linux/route.h and linux/ipv6_route.h. CNI plugins of the ptp kind (ptp, kindnet,
Calico, Cilium) make one such route for each pod.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from kubectl_pause.facts.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_LINE = re.compile(rb"([^ ]{1,60}) ((?:[0-9A-Fa-f]{8}){1,4}) ([0-9A-Fa-f]{4,8})")
_NUMBERED = re.compile(rb" ?([1-9][0-9]{0,9}) ([^ ]{1,60})")
_IPV4_DIGITS, _IPV6_DIGITS = 8, 32
_UP, _GATEWAY, _ANYCAST, _LOCAL = 0x1, 0x2, 0x100000, 0x80000000
_ELSEWHERE = _GATEWAY | _ANYCAST | _LOCAL
"""Led to by another host, or the node's own: no interface of a pod."""


def parse_routes(content: bytes) -> Mapping[str, tuple[str, ...]]:
    """Addresses, in their usual spelling, that each interface leads to directly. A line that makes no sense is left out.

    IPv4 addresses are read as a little-endian node writes them; all that Kubernetes runs on today are, but s390x.
    """
    routes: dict[str, list[str]] = {}
    for line in lines_of(content):
        match = _LINE.fullmatch(line)
        if match is None or len(match[2]) not in (_IPV4_DIGITS, _IPV6_DIGITS):
            continue
        flags = int(match[3], 16)
        if flags & _UP and not flags & _ELSEWHERE:
            raw = bytes.fromhex(match[2].decode())
            address = ipaddress.IPv4Address(raw[::-1]) if len(raw) == _IPV4_DIGITS // 2 else ipaddress.IPv6Address(raw)
            routes.setdefault(match[1].decode("utf-8", "backslashreplace"), []).append(str(address))
    return {interface: tuple(addresses) for interface, addresses in routes.items()}


def parse_interfaces(content: bytes) -> Mapping[int, str]:
    """Names of the node's interfaces by their numbers, from the section `interfaces` (/proc/1/net/igmp): those that are up."""
    numbered = filter(None, map(_NUMBERED.fullmatch, lines_of(content)))
    return {int(each[1]): each[2].decode("utf-8", "backslashreplace") for each in numbered}
