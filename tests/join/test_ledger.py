"""The network ledger of nodes that are written down: what is whose, what is nobody's, and what is not known."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.facts.capture import Section
from kubectl_pause.facts.node_facts import node_facts
from kubectl_pause.join.joined_node import join_node
from kubectl_pause.join.network.ledger import LeaseOf, Ledger, network_ledger
from tests.judge.test_runtime_health import NODE_NET, PAUSE, POD_NET, mounted
from tests.nodes.written_nodes import Written, identifier, pod_path, written_node

if TYPE_CHECKING:
    from kubectl_pause.facts.capture import Capture

NOW = 1795471244
SECOND_NET = 4026532111
SECOND = Written(600, 590, "pause", (1,), 8, pod_path("v", "c"))
INFO = {"cniconfig": {"PluginConfDir": "/etc/cni/net.d"}}
HOST_LOCAL = '/etc/cni/net.d\n{"name":"kind","plugins":[{"type":"ptp","ipam":{"type":"host-local"}}]}'
OTHER_IPAM = '/etc/cni/net.d\n{"name":"k8s-pod-network","plugins":[{"type":"calico","ipam":{"type":"calico-ipam"}}]}'
LINKS = """ ./lo/ifindex:1
 ./lo/iflink:1
 ./eth0/ifindex:2
 ./eth0/iflink:9
 ./eth0/default:0
 ./veth-web/ifindex:7
 ./veth-web/iflink:2
 ./cni0/ifindex:5
 ./cni0/iflink:5
 ./cni0/uevent:DEVTYPE=bridge
 ./vlan/ifindex:6
 ./vlan/iflink:2
 ./vlan/uevent:DEVTYPE=vlan
400/root/sys/class/net/lo/ifindex:1
400/root/sys/class/net/lo/iflink:1
400/root/sys/class/net/eth0/ifindex:2
400/root/sys/class/net/eth0/iflink:7"""


def lease(address: str, sandbox: str, *, made_at: int = NOW - 90, network: str = "kind") -> str:
    return f" {made_at} ./{network}/{address}\n ./{network}/{address}:{sandbox}"


def node(*more: Written, links: str = LINKS, leases: str = "", cni: str = HOST_LOCAL, mounts: str = "", pods: int = 1, **sections: str):
    """Pod default/web, pid 400, in the network POD_NET; with `pods` 2 default/two, too, pid 600 in SECOND_NET."""
    status = {"id": identifier("a"), "state": "SANDBOX_READY", "network": {"ip": "10.0.0.5", "additionalIps": [{"ip": "fd00::5"}]}}
    told = {
        "crictl.inspectp": " " + json.dumps({"status": status, "info": {"pid": 400}}),
        "crictl.info": " " + json.dumps(INFO),
        "mountinfo": mounts or mounted(POD_NET),
        "cni": cni,
        "leases": f"/run/cni-ipam-state\n{leases}",
        "links": links,
    }
    capture = written_node(PAUSE, *([SECOND] if pods > 1 else []), *more, sections={**told, **sections})
    proc = capture.sections["proc"].content + f"'1/ns/net' -> 'net:[{NODE_NET}]'\n'400/ns/net' -> 'net:[{POD_NET}]'\n".encode()
    proc += f"'600/ns/net' -> 'net:[{SECOND_NET}]'\n".encode() if pods > 1 else b""
    capture = replace(capture, header={**capture.header, "now": str(NOW)}, sections={**capture.sections, "proc": Section(proc)})
    return with_sandbox(capture, "c", "two", "v") if pods > 1 else capture


def with_sandbox(capture: Capture, letter: str, name: str, uid: str, state: str = "SANDBOX_READY") -> Capture:
    listed = json.loads(capture.sections["crictl.pods"].content)
    listed["items"].append({"id": identifier(letter), "metadata": {"name": name, "uid": uid, "namespace": "default"}, "state": state})
    return replace(capture, sections={**capture.sections, "crictl.pods": Section(json.dumps(listed).encode())})


def ledger_of(capture: Capture) -> Ledger:
    facts = node_facts(capture, "worker-1")
    assert facts.health is not None
    assert facts.links is not None
    return network_ledger(join_node(facts, "worker-1"), facts.health, facts.links)


def test_a_sandbox_in_one_row():
    ledger = ledger_of(node(leases=lease("10.0.0.5", identifier("a"))))
    (row,) = ledger.rows
    assert (row.node, row.pod and row.pod.name, row.addresses, row.veths) == ("worker-1", "web", ("10.0.0.5", "fd00::5"), ("veth-web",))
    assert (row.leases, row.inode, row.paths) == ((LeaseOf("kind", "10.0.0.5", identifier("a"), 90),), POD_NET, ("/run/netns/cni-1",))
    assert (ledger.unowned, ledger.in_node_network, ledger.stopped) == ((), 0, 0)


@pytest.mark.parametrize(
    ("cni", "leases", "told"),
    [
        (HOST_LOCAL, "", ()),
        (OTHER_IPAM, "", None),
        (OTHER_IPAM, lease("10.88.0.2", "f" * 64, network="podman"), None),
        ("", lease("10.0.0.5", identifier("a")), (LeaseOf("kind", "10.0.0.5", identifier("a"), 90),)),
        (HOST_LOCAL, lease("10.0.0.5", identifier("a"), made_at=NOW + 5), (LeaseOf("kind", "10.0.0.5", identifier("a"), 0),)),
    ],
    ids=["it keeps them", "another plugin", "an engine's", "not known by its configuration", "of the future"],
)
def test_leases_of_a_sandbox(cni, leases, told):
    (row,) = ledger_of(node(cni=cni, leases=leases)).rows
    assert row.leases == told


POD_LINKS = LINKS.index("400/")
SAME_NUMBER = LINKS.replace("veth-web/iflink:2", "veth-web/iflink:7").replace("eth0/ifindex:2\n400", "eth0/ifindex:7\n400")
BRIDGE_S_NUMBER = LINKS.replace("eth0/ifindex:2\n400", "eth0/ifindex:5\n400").replace("eth0/iflink:7", "eth0/iflink:5")
MORE = " ./veth-more/ifindex:8\n ./veth-more/iflink:3\n"
MORE_OF_POD = "\n400/root/sys/class/net/net1/ifindex:3\n400/root/sys/class/net/net1/iflink:8"


@pytest.mark.parametrize(
    ("links", "veths"),
    [
        (LINKS, ("veth-web",)),
        (LINKS[:POD_LINKS], None),
        (LINKS[POD_LINKS:], None),
        (LINKS.replace("veth-web/iflink:2", "veth-web/iflink:3"), ()),
        (LINKS.replace("eth0/iflink:7", "eth0/iflink:2"), ()),
        (SAME_NUMBER, None),
        (BRIDGE_S_NUMBER, ()),
        (MORE + LINKS + MORE_OF_POD, ("veth-web", "veth-more")),
        (MORE + SAME_NUMBER + MORE_OF_POD, ("veth-more",)),
    ],
    ids=[
        "well",
        "unread",
        "the node's unread",
        "of another",
        "no host end",
        "ends of one number",
        "a bridge's number",
        "two",
        "one in doubt",
    ],
)
def test_a_host_end_is_told_or_not_known_and_never_guessed(links, veths):
    (row,) = ledger_of(node(links=links)).rows
    assert row.veths == veths


def test_a_host_end_that_two_claim_is_nobody_s():
    links = LINKS + "\n600/root/sys/class/net/eth0/ifindex:2\n600/root/sys/class/net/eth0/iflink:7"
    assert [row.veths for row in ledger_of(node(links=links, pods=2)).rows] == [None, None]


def test_what_has_no_sandbox():
    extra = LINKS.replace(
        "\n400/root/sys/class/net/lo/ifindex", "\n ./veth-left/ifindex:8\n ./veth-left/iflink:2\n400/root/sys/class/net/lo/ifindex"
    )
    mounts = "\n".join([mounted(POD_NET), mounted(4026533333, "/run/netns/cni-left"), mounted(4026533334, "/run/docker/netns/x")])
    leases = "\n".join([lease("10.0.0.5", identifier("a")), lease("10.0.0.9", "e" * 64), lease("10.0.0.8", identifier("d"))])
    living = Written(700, 1, "app", (1,), 9, pod_path("w", "d"))
    netns = f"{NOW - 40} {POD_NET} /run/netns/cni-1\n{NOW - 7} 4026533333 /run/netns/cni-left"
    ledger = ledger_of(node(living, links=extra, mounts=mounts, leases=leases, netns=netns))
    of_lease, of_namespace, of_veth = ledger.unowned or ()
    assert (of_lease.pod, of_lease.addresses, of_lease.leases) == (None, ("10.0.0.9",), (LeaseOf("kind", "10.0.0.9", "e" * 64, 90),))
    assert (of_namespace.inode, of_namespace.paths, of_namespace.age) == (4026533333, ("/run/netns/cni-left",), 7)
    assert of_veth.veths == ("veth-left",)


@pytest.mark.parametrize(
    "section",
    [{"routes": "veth-left 0500000A 0005"}, {"routes": "veth-left fd000000000000000000000000000005 00000001"}],
    ids=["IPv4", "IPv6"],
)
def test_an_end_that_a_route_to_a_pod_leads_through_has_an_owner(section):
    links = LINKS.replace(
        "\n400/root/sys/class/net/lo/ifindex", "\n ./veth-left/ifindex:8\n ./veth-left/iflink:2\n400/root/sys/class/net/lo/ifindex"
    )
    assert [row.veths for row in ledger_of(node(links=links)).unowned or ()] == [("veth-left",)]
    assert ledger_of(node(links=links, **section)).unowned == ()


def test_two_ends_that_are_both_the_node_s_are_no_pod_s():
    """cilium_host and cilium_net, say."""
    pair = "\n ./cilium_host/ifindex:11\n ./cilium_host/iflink:12\n ./cilium_net/ifindex:12\n ./cilium_net/iflink:11"
    assert (
        ledger_of(node(links=LINKS.replace("\n400/root/sys/class/net/lo/ifindex", pair + "\n400/root/sys/class/net/lo/ifindex"))).unowned
        == ()
    )


def test_sandboxes_without_a_network_of_their_own_are_counted():
    capture = with_sandbox(node(leases=lease("10.0.0.7", identifier("e"))), "d", "done", "x", "SANDBOX_NOTREADY")
    capture = with_sandbox(capture, "e", "keeps-its-lease", "y", "SANDBOX_NOTREADY")
    ledger = ledger_of(capture)
    assert [row.pod and row.pod.name for row in ledger.rows] == ["keeps-its-lease", "web"]
    assert (ledger.rows[0].veths, ledger.rows[0].inode, ledger.stopped) == ((), None, 1)
    proc = capture.sections["proc"].content.replace(
        f"'400/ns/net' -> 'net:[{POD_NET}]".encode(), f"'400/ns/net' -> 'net:[{NODE_NET}]".encode()
    )
    of_host = ledger_of(replace(capture, sections={**capture.sections, "proc": Section(proc)}))
    assert ([row.pod and row.pod.name for row in of_host.rows], of_host.in_node_network) == (["keeps-its-lease"], 1)


def test_without_a_word_of_the_runtime_nothing_is_said_to_have_no_owner():
    capture = node(leases=lease("10.0.0.9", "e" * 64))
    unread = {name: section for name, section in capture.sections.items() if not name.startswith("crictl.p")}
    assert ledger_of(replace(capture, sections=unread)).unowned is None
