"""Names that look like numbers or versions: none survives `--redact` where a name may stand."""

from __future__ import annotations

import json
import re

import msgspec
import pytest

from kubectl_pause.facts.api import ApiView
from kubectl_pause.facts.capture import FILE_MAGIC
from kubectl_pause.redaction.capture import redacted_text
from kubectl_pause.redaction.pseudonyms import Pseudonyms

SALT = b"a salt for tests"
PLANTED = [
    "10-20-30-43", "192-168-7-9", "4930128776", "+4917012345678", "0xdeadbeef", "v4930128776", "sh 4930128776", "4930-128-776", "12.34.56",
]  # fmt: skip
"""Numbers that are a name: a customer's, a telephone's, an address with dashes."""


@pytest.mark.parametrize("planted", PLANTED)
def test_a_number_in_the_place_of_a_name_is_renamed(planted: str) -> None:
    node = {
        "metadata": {"name": planted, "uid": "u"},
        "status": {"addresses": [{"type": "Hostname", "address": planted}, {"type": "InternalIP", "address": "10.0.0.7"}]},
    }
    probe = {"livenessProbe": {"exec": {"programs": ["sh", planted]}}}
    pods = [
        {"metadata": {"name": planted, "namespace": planted}, "spec": {"nodeName": planted, "containers": [{"name": planted, **probe}]}}
    ]
    view = {"capturedAt": "2026-11-24T13:00:00Z", "nodeName": planted, "node": node, "pods": pods}
    text = FILE_MAGIC + b"\n#api\n " + json.dumps(view).encode() + b"\n#section proc\n"
    text += f"7/stat:7 ({planted}) S 1\n7/stat2:7 ({planted}) S 1\n".encode()
    after = redacted_text(text, SALT).decode()
    assert planted.removeprefix("sh ") not in after
    read = msgspec.json.decode(after.split("\n ")[1].split("\n")[0], type=ApiView)
    assert read.node
    assert read.node.addresses[0] == read.node_name == read.node.metadata.name  # one name has one pseudonym
    [container] = read.pods[0].spec.containers or []
    assert container.commands["livenessProbe"][0] == "sh"


@pytest.mark.parametrize("word", ["10-20-30-43", "ip-10-20-30-43", "a/10-20-30-43", "x=10-20-30-43,", "10-20-30-43.local"])
def test_an_address_with_dashes_stays_nowhere(word: str) -> None:
    assert "10-20-30-43" not in Pseudonyms(SALT).text(word)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Debian GNU/Linux 12 (bookworm)", True),
        ("Ubuntu 22.04.3 LTS", True),
        ("Container-Optimized OS from Google", True),
        ("Red Hat Enterprise Linux CoreOS 415.92.202402201450-0 (Plow)", None),
        ("6.1.0-56-cloud-amd64", True),
        ("5.14.0-362.8.1.el9_3.x86_64", True),
        ("containerd://1.7.24", True),
        ("Acme Bank Golden Image 7", False),
        ("5.15.0-acme", False),
        ("Ubuntu 22.04 Acme", False),
        ("containerd://1.7.24-k3s1.acme", False),
        ("4930128776", False),
    ],
)
def test_of_a_system_only_well_known_words_stay(text: str, kept: bool | None) -> None:
    word = text.replace(" ", "-")
    lines = f'#node uptime=1 kernel={word} machine={word}\n#section os-release\n PRETTY_NAME="{text}"\n'
    info = {"osImage": text, "kernelVersion": text, "containerRuntimeVersion": text}
    view = " " + json.dumps({"node": {"status": {"nodeInfo": info}}})
    after = redacted_text(f"#pause-inspect-collector 1\n{lines}#api\n{view}\n#section x\n a\n#rc {text}\n".encode(), SALT).decode()
    if kept:
        assert f'PRETTY_NAME="{text}"' in after
        assert json.dumps(info, separators=(",", ":")) in after
    assert not re.search("Acme|Bank|Golden|acme|4930128776", after)
