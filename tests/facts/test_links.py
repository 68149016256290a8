"""Interfaces of the node and of its pods, by their numbers."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.kernel.links import Link, parse_links

NAMES = st.text(st.characters(exclude_characters="/\n", exclude_categories=["Cs"]), min_size=1, max_size=15)
NUMBERS = st.integers(0, 2**31)
NODE = b""" ./eth0/ifindex:2
 ./lo/ifindex:1
 ./veth8d49bcc1/ifindex:7
 ./eth0/iflink:2
 ./lo/iflink:1
 ./veth8d49bcc1/iflink:2
 ./br0/iflink:9
 ./cni0/ifindex:5
 ./cni0/iflink:5
 ./cni0/uevent:DEVTYPE=bridge
 ./eth0/default:0
400/root/sys/class/net/eth0/ifindex:2
400/root/sys/class/net/lo/ifindex:1
400/root/sys/class/net/eth0/iflink:7
400/root/sys/class/net/lo/iflink:1
400/root/sys/class/net/gone/iflink:9
"""


def test_links_of_one_node() -> None:
    """Names as they were on a kind node with the ptp plugin; what went away between its two numbers is left out."""
    links = parse_links(NODE)
    assert links.of_node == {
        1: Link("lo", 1, 1, "", default_route=False),
        2: Link("eth0", 2, 2, "", default_route=True),
        5: Link("cni0", 5, 5, "bridge", default_route=False),
        7: Link("veth8d49bcc1", 7, 2, "", default_route=False),
    }
    assert links.of_process == {400: {(1, 1), (2, 7)}}


@given(st.dictionaries(NUMBERS, st.tuples(NAMES, NUMBERS), max_size=9), st.dictionaries(NUMBERS, st.tuples(NAMES, NUMBERS), max_size=9))
def test_what_is_written_is_read_whatever_the_names(of_node, of_pod):
    of_node = {number: each for number, each in of_node.items() if [name for name, _ in of_node.values()].count(each[0]) == 1}
    of_pod = {number: each for number, each in of_pod.items() if [name for name, _ in of_pod.values()].count(each[0]) == 1}
    lines = [f" ./{name}/{file}:{value}" for number, (name, to) in of_node.items() for file, value in (("ifindex", number), ("iflink", to))]
    lines += [
        f"17/root/sys/class/net/{name}/{file}:{value}"
        for number, (name, to) in of_pod.items()
        for file, value in (("ifindex", number), ("iflink", to))
    ]
    links = parse_links("\n".join(lines).encode())
    assert {link.number: (link.name, link.joined_to) for link in links.of_node.values()} == of_node
    assert links.of_process.get(17, frozenset()) == {(number, to) for number, (_, to) in of_pod.items()}


@given(st.binary(max_size=300) | st.lists(st.from_regex(r"( \./|7/root/sys/class/net/)[^/]*/(ifindex|iflink):.*")).map("\n".join))
def test_any_content(content):
    links = parse_links(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    assert all(number == link.number for number, link in links.of_node.items())
    assert all(not re.search("[/\n]", link.name) for link in links.of_node.values())
