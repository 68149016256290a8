"""Interfaces of the node and of its pods by their numbers, from sysfs (Documentation/ABI/testing/sysfs-class-net: ifindex, iflink).

The section `links`: ` ./NAME/ifindex:7`, `/iflink:2`, `/uevent:DEVTYPE=vlan` and `/default:0` of the node's own, the last where a default
route leads through it; `PID/root/sys/class/net/NAME/ifindex:2` of the namespace in which that process was the first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_NODE = re.compile(r" ?\./([^/]{1,60})/(ifindex|iflink|uevent|default):(?:DEVTYPE=)?([a-z0-9_]{1,30})")
_OF_POD = re.compile(r"([0-9]{1,10})/root/sys/class/net/([^/]{1,60})/(ifindex|iflink):([0-9]{1,10})")


class Link(Record, frozen=True):
    """`number` counts in its own network namespace, `joined_to` in that of its other end, which for a veth is mostly another one.

    `joined_to` is `number` itself where it has no other end, 0 for a tunnel without one. `kind` is the kernel's DEVTYPE, "" for a veth.
    """

    name: str
    number: int
    joined_to: int
    kind: str
    default_route: bool


class Links(Record, frozen=True):
    """The node's by number; those of pods as (number, joined_to), by the pid that they were read of."""

    of_node: Mapping[int, Link]
    of_process: Mapping[int, frozenset[tuple[int, int]]]


def parse_links(content: bytes) -> Links:
    """Links of which both numbers are there; a line that makes no sense is left out."""
    own: dict[str, dict[str, str]] = {}
    others: dict[tuple[int, str], dict[str, str]] = {}
    for line in content.decode("utf-8", "backslashreplace").split("\n"):
        if match := _OF_NODE.fullmatch(line):
            own.setdefault(match[1], {})[match[2]] = match[3]
        elif match := _OF_POD.fullmatch(line):
            others.setdefault((int(match[1]), match[2]), {})[match[3]] = match[4]
    of_node = {}
    for name, said in own.items():
        if numbers := _numbers(said):
            of_node[numbers[0]] = Link(name, *numbers, said.get("uevent", ""), "default" in said)
    of_process: dict[int, set[tuple[int, int]]] = {}
    for (pid, _), said in others.items():
        if numbers := _numbers(said):
            of_process.setdefault(pid, set()).add(numbers)
    return Links(of_node, {pid: frozenset(links) for pid, links in of_process.items()})


def _numbers(said: Mapping[str, str]) -> tuple[int, int] | None:
    number, joined_to = said.get("ifindex", ""), said.get("iflink", "")
    return (int(number), int(joined_to)) if _is_number(number) and _is_number(joined_to) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
