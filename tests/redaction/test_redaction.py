"""A redacted capture holds none of the original names, and everything after it joins as it did."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.api import ApiView
from kubectl_pause.facts.capture import FILE_MAGIC, parse_capture, unpack
from kubectl_pause.facts.kernel.links import parse_links
from kubectl_pause.facts.kernel.routes import parse_routes
from kubectl_pause.facts.kernel.shims import parse_shim_addresses, parse_shims
from kubectl_pause.facts.runtime.health import runtime_health
from kubectl_pause.inspect_node import inspect_capture
from kubectl_pause.redaction.capture import redacted_text
from kubectl_pause.redaction.pseudonyms import Pseudonyms
from kubectl_pause.redaction.vocabulary import PUBLIC_NAMES, WORDS
from tests.recorded_nodes import NODES, recorded_text

SALT = b"a salt for tests"
FILES = sorted((Path(__file__).parent.parent / "recorded").glob("*/*.capture"))
CAPTURES = [file.stem for file in FILES] + [f"{node} made" for node in NODES]
FREE_FIELDS = {"message", "hint", "evidence", "remedy", "prove", "summary", "title"}
NAME_KEYS = {"name", "namespace", "nodeName"}
PUBLIC_IMAGES = ("registry.k8s.io/", "docker.io/library/", "busybox:")
OUR_OWN = {"app.kubernetes.io/managed-by", "kubectl-pause-inspect", "pause-inspect/run"}
"""By which this program's own pods are known."""
ID = 64
"""Digits of a runtime's id; a pod made by hand has none."""
LABEL_KEY = re.compile(r"(name|namespace|uid|id|Name|Namespace|ID)$")


@cache
def original(which: str) -> bytes:
    if which.endswith(" made"):
        return recorded_text(which.removesuffix(" made"))
    (file,) = (each for each in FILES if each.stem == which)
    return unpack(file.read_bytes(), which)


@cache
def redacted(which: str) -> bytes:
    return redacted_text(original(which), SALT)


def given_names(text: bytes) -> set[str]:
    """Names, namespaces, ids and addresses in the JSON of a capture, and names of processes: not by the code under test."""
    found: set[str] = set()

    def look(value: Any, key: str) -> None:
        if isinstance(value, dict):
            for each, below in value.items():
                if key == "labels" and not each.startswith("io.kubernetes") and isinstance(below, str):
                    found.add(each)
                    found.add(below)
                look(below, each)
        elif isinstance(value, list):
            for each in value:
                look(each, key)
        elif isinstance(value, str) and (key in NAME_KEYS or LABEL_KEY.search(key) or key in ("ip", "IP", "Mac", "uid", "id")):
            found.add(value)

    for line in text.decode("utf-8", "replace").split("\n"):
        if line.startswith((" {", " [")):
            look(json.loads(line), "")
        elif comm := re.match(r"\d+/stat:\d+ \((.+)\) \S ", line):
            found.add(comm[1])
    found |= set(re.findall(r"\b[0-9a-f]{64}\b", text.decode("utf-8", "replace")))
    return {each for each in found if (len(each) > 1 and not re.fullmatch(r"[\d.:]*|\{.*\}", each)) or each.startswith("10.")}


def test_no_name_survives() -> None:
    for which in CAPTURES:
        before, after = original(which), redacted(which).decode("utf-8", "replace").replace("#pause-inspect-collector", "")
        names = {each for each in given_names(before) - PUBLIC_NAMES - OUR_OWN if not each.startswith(PUBLIC_IMAGES)}
        assert len(names) > 10, which
        # In place of names none stays, not even a well-known word; a well-known word may stand elsewhere, as a process's name.
        assert names & given_names(after.encode()) <= WORDS, which
        for ours in OUR_OWN:
            after = after.replace(ours, "")
        for name in names - WORDS:
            assert not re.search(rf"(?<![\w]){re.escape(name)}(?![\w])", after), (which, name)


def test_pods_with_well_known_words_for_names_are_renamed_too() -> None:
    view = {
        "capturedAt": "2026-11-24T13:00:00Z",
        "nodeName": "memory",
        "pods": [{"metadata": {"name": "nginx", "namespace": "running", "labels": {"team": "pause"}}}],
    }
    text = FILE_MAGIC + b"\n#api\n " + json.dumps(view).encode() + b"\n"
    after = redacted_text(text, SALT).decode()
    assert not re.search("memory|nginx|running|pause(?!-inspect)|team", after.removeprefix(FILE_MAGIC.decode())), after
    pod = msgspec.json.decode(after.split("\n ")[1], type=ApiView).pods[0]
    assert pod.metadata.name.startswith("name-")


def form(value: Any, key: str = "") -> Any:
    """A report without names: each word that is not public is `<>`, lists are in an order that does not depend on names."""
    if isinstance(value, dict) and key == "names":
        return sorted(value.values())
    if isinstance(value, dict):
        return {each: form(below, each) for each, below in value.items()}
    if isinstance(value, list):
        return sorted((form(each, key) for each in value), key=json.dumps)
    if not isinstance(value, str) or key in FREE_FIELDS:
        return key if isinstance(value, str) else value
    if value.startswith(("container:", "process:")) or key == "members":
        return value if value == "pause" else value.partition(":")[0] if ":" in value else "<>"
    return re.sub(r"[\w.-]+", lambda word: word[0] if word[0] in WORDS and key not in {*NAME_KEYS, "subject"} else "<>", value)


@pytest.mark.parametrize("which", CAPTURES)
def test_the_report_has_the_same_form(which: str) -> None:
    reports = []
    for text in (original(which), redacted(which)):
        capture = parse_capture(text, which)
        name = msgspec.json.decode(capture.api, type=ApiView).node_name if capture.api else "node"
        reports.append(msgspec.to_builtins(inspect_capture(capture, name)))
    before, after = reports
    assert form(before) == form(after)
    names = Pseudonyms(SALT)
    renamed = {names.identifier(each["id"]): names.name(each["pod"]["name"]) for each in before["sandboxes"] if len(each["id"]) == ID}
    assert renamed == {each["id"]: each["pod"]["name"] for each in after["sandboxes"] if len(each["id"]) == ID}
    assert before["sandboxes"]


def test_a_node_has_as_many_addresses_as_it_had() -> None:
    node = {"metadata": {"name": "worker-1"}, "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.7"}]}}
    text = b'#api\n {"capturedAt": "2026-01-02T03:04:05Z", "nodeName": "worker-1", "node": %s}\n' % json.dumps(node).encode()
    view = msgspec.json.decode(redacted_text(text, SALT).partition(b"\n")[2], type=ApiView)
    assert view.node is not None
    assert view.node.addresses == [Pseudonyms(SALT).address("192.0.2.7")]


@given(st.text(min_size=1), st.text(min_size=1), st.binary(min_size=1))
def test_one_name_one_pseudonym(one: str, other: str, salt: bytes) -> None:
    names = Pseudonyms(salt)
    assert names.name(one) == names.name(one)
    assert (names.name(one) == names.name(other)) == (one == other)
    assert one in PUBLIC_NAMES or names.name(one) != one
    assert names.name(one) in (one, Pseudonyms(salt).name(one))


@given(st.uuids())
def test_a_uid_has_one_pseudonym_however_it_is_written(uid: Any) -> None:
    names = Pseudonyms(SALT)
    dashed = str(uid)
    there = names.text(f"/kubelet-kubepods-burstable-pod{dashed.replace('-', '_')}.slice/x")
    assert names.identifier(dashed).replace("-", "_") in there
    assert names.identifier(uid.hex) == names.identifier(dashed).replace("-", "")
    assert uid.hex not in names.text(f"pod{uid.hex}")


@given(st.sets(st.ip_addresses(), min_size=2, max_size=30))
def test_addresses_stay_apart(addresses: set[Any]) -> None:
    names = Pseudonyms(SALT)
    renamed = {names.address(str(each)) for each in addresses}
    assert len(renamed) == len(addresses)


@given(st.binary(max_size=300))
def test_any_content_is_renamed_without_an_error_and_forges_no_record(content: bytes) -> None:
    text = FILE_MAGIC + b"\n#section proc\n" + b"\n".join(b" " + line for line in content.split(b"\n"))
    after = redacted_text(text, SALT)
    assert [line for line in after.split(b"\n") if line.startswith(b"#")] == [FILE_MAGIC, b"#section proc"]


@given(st.from_regex(r"[a-z]{3,8}-[a-z]{3,8}", fullmatch=True))
def test_a_word_in_hostile_places_is_found_nowhere(word: str) -> None:
    text = f"7/stat:7 ({word} x) S 1\n7/cgroup:0::/{word}.slice/a_{word}:b\n 'x/{word}' -> '{word}'\n {{\"{word}\": \"{word}\n"
    assert word not in redacted_text(FILE_MAGIC + b"\n#section proc\n" + text.encode(), SALT).decode()


@pytest.mark.parametrize(
    "line",
    [
        "rpc error: dial tcp [ADDRESS]:2379: connect: refused", "lookup on ADDRESS: no such host", "from ADDRESS.", "via ADDRESS%eth0",
        "addr:ADDRESS, and 12:30:45", "x=ADDRESS", "https://[ADDRESS]/version", "ADDRESS",
    ],
)  # fmt: skip
@pytest.mark.parametrize("address", ["2001:db8::17", "fd00:10:96:0:0:0:0:a", "::ffff:10.1.2.3", "FE80::1:2"])
def test_an_ipv6_address_in_a_sentence_is_the_one_in_the_json(line: str, address: str) -> None:
    text = FILE_MAGIC + f'\n#api\n {{"ip": "{address}"}}\n#section crictl.pods\n !{line.replace("ADDRESS", address)}\n#rc 1\n'.encode()
    after = redacted_text(text, SALT).decode()
    pseudonym = json.loads(after.split("\n")[2])["ip"]
    assert address not in after
    assert pseudonym in after.split("\n")[4]
    assert "12:30:45" in after or "12:30:45" not in line


def test_shims_keep_whom_they_serve_apart_and_one_containerd_together() -> None:
    lines = [f"{pid}/id:{pid[-1] * 64}\n{pid}/address:/run/x/containerd.sock" for pid in ("17", "18")]
    after = parse_capture(
        redacted_text(
            "\n".join([FILE_MAGIC.decode(), "#pause-inspect-collector 1", "#section shims", *lines, "#end uptime=1", ""]).encode(), SALT
        ),
        "-",
    ).content("shims")
    assert sorted(parse_shims(after)) == [17, 18]
    assert len(set(parse_shims(after).values())) == 2
    assert sorted(parse_shim_addresses(after)) == [17, 18]
    assert len(set(parse_shim_addresses(after).values())) == 1


def test_leases_links_and_configurations_join_as_they_did() -> None:
    sandboxes = "ab" * 32, "cd" * 32
    lines = [
        "#pause-inspect-collector 1", "#section crictl.info", ' {"cniconfig":{"PluginConfDir":"/etc/cni/net.d","PluginDirs":["/opt/x"]}}',
        "#section cni", " /etc/cni/net.d", ' {"name":"cbr0","plugins":[{"type":"acme","ipam":{"type":"host-local"}}]}', " not json {[",
        "#section cni-programs", " /opt/x", " acme", " host-local",
        "#section leases", " /run/x", " 900 ./cbr0/10.1.2.3", f" ./cbr0/10.1.2.3:{sandboxes[0]}", " 901 ./cbr0/fd00::17",
        f" ./cbr0/fd00::17:{sandboxes[1]}", "#section routes", " acme-veth 0302010A 0005",
        "#section links", " ./acme-veth/ifindex:7", " ./acme-veth/iflink:2", " ./acme-br/ifindex:8", " ./acme-br/iflink:8",
        " ./acme-br/uevent:DEVTYPE=bridge", " ./eth0/default:0", "4/root/sys/class/net/acme-pod/ifindex:2",
        "4/root/sys/class/net/acme-pod/iflink:7", "#end uptime=1", "",
    ]  # fmt: skip
    after = redacted_text("\n".join(lines).encode(), SALT)
    for secret in (b"acme", b"cbr0", b"10.1.2.3", b"fd00::17", *map(str.encode, sandboxes)):
        assert secret not in after
    capture, names = parse_capture(after, "-"), Pseudonyms(SALT)
    health, links, routes = runtime_health(capture), parse_links(capture.content("links")), parse_routes(capture.content("routes"))
    assert health is not None
    assert health.network == names.name("cbr0")
    assert health.programs == frozenset(health.plugin_types) == frozenset({names.name("acme"), "host-local"})
    assert [(lease.network, lease.address, lease.sandbox, lease.made_at) for lease in health.leases] == [
        (health.network, names.address(address), names.identifier(sandbox), made_at)
        for address, sandbox, made_at in zip(("10.1.2.3", "fd00::17"), sandboxes, (900, 901), strict=True)
    ]
    assert routes == {links.of_node[7].name: (names.address("10.1.2.3"),)}
    assert links.of_node[8].kind == "bridge"
    assert links.of_process == {4: frozenset({(2, 7)})}


def test_a_cgroup_line_and_loopback_are_no_addresses_of_anybody() -> None:
    text = b"7/cgroup:0::/kubepods\n !dial tcp [::1]:443\n"
    after = redacted_text(FILE_MAGIC + b"\n#section proc\n" + text, SALT)
    assert b"\n7/cgroup:0::/kubepods\n" in after
    assert b"[::1]:443" in after


@pytest.mark.parametrize("section", [b"args", b"log"])
def test_arguments_and_logs_are_left_out_though_they_were_asked_for(section: bytes) -> None:
    text = FILE_MAGIC + b"\n#pause-inspect-collector 1\n#section " + section + b"\n 17 sh\x01-c\x01true\n#end uptime=1\n"
    after = redacted_text(text, SALT)
    assert b"17" not in after
    assert after.endswith(b"#section " + section + b"\n#end uptime=1\n")
