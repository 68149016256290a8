"""A capture under other names: pods, namespaces, containers, nodes, images, labels, process names, ids and addresses are renamed.

What stays: numbers where no name is due (pids, inodes, times, counters), the words of `vocabulary`, those of well-known systems in versions
and in the name of the operating system, and the form of everything,
so that what reads captures joins it as before. Messages are left out. Names that differ still differ.
"""

from __future__ import annotations

import gzip
import ipaddress
import json
import re
from typing import TYPE_CHECKING, Any

from kubectl_pause.facts.capture import blocks, unpack
from kubectl_pause.facts.header import CHECKS
from kubectl_pause.redaction.pseudonyms import OWN_NAME, Pseudonyms
from kubectl_pause.redaction.vocabulary import FIELDS, FREE_TEXT, KEY_PREFIXES, NAME_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable

_LEFT_OUT = {b"#section args", b"#section log"}
"""Whole, though they were asked for: any part of a word may be a secret."""
_OF_SYSTEM = {b"#section os-release", b"#section crictl.version"}
_HEADERS_OF_SYSTEM = {"kernel", "machine", "version"}
_MASK = re.compile(r"(\d+/(?:status:\w+|fdinfo/?\d*:sigmask):\s*)([0-9a-f]{16})")
_COMMAND = re.compile(r"(\d+/stat2?:\d+ \()([^\n]*)(\)[^()]*)")
_ROUTE = re.compile(r"( *)(\S+) ([0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}) ([0-9A-Fa-f]+)")
_LEASE = re.compile(r"( *(?:\d+ )?\./)([^/ ]+)/([0-9a-f.:]+?)(:[0-9a-f]{64})?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[-+]\d\d:\d\d)")
_TEXTS_OF_SYSTEM = {"kernelVersion", "osImage", "toolVersion", "containerRuntimeVersion", "kubeletVersion"}
_MANAGED_BY_US = "app.kubernetes.io/managed-by", "kubectl-pause-inspect"
_EXIT_CODE = re.compile(rb"#rc \d{1,3}")
_RUN = "pause-inspect/run"


def redacted_file(data: bytes, source: str, salt: bytes | None = None) -> bytes:
    """A capture file from a capture file. Raises CaptureError for one that is damaged."""
    return gzip.compress(redacted_text(unpack(data, source), salt), compresslevel=6)


def redacted_text(text: bytes, salt: bytes | None = None) -> bytes:
    """The same, unpacked."""
    names = Pseudonyms(salt)
    parts = []
    for control, content in blocks(text):
        parts.append(_control(names, control) + b"\n")
        parts.append(_content(names, control, content))
    return b"".join(parts)


def _control(names: Pseudonyms, control: bytes) -> bytes:
    """Lines of this project's own: `#word key=value ...`."""
    if control.startswith((b"#section ", b"#pause-inspect-")):
        return control
    if control.startswith(b"#rc "):
        return control if _EXIT_CODE.fullmatch(control) else b"#rc -"
    word, *fields = control.decode("utf-8", "surrogateescape").split(" ")
    renamed = []
    for field in fields:
        key, separator, value = field.partition("=")
        if word == "#proof" and key in CHECKS and value in ("yes", "no"):
            renamed.append(field)
            continue
        rename = names.system if key in _HEADERS_OF_SYSTEM and word in ("#node", "#crictl") else names.text
        renamed.append((key if separator else names.text(key)) + separator + rename(value))
    return " ".join([word, *renamed]).encode("utf-8", "surrogateescape")


def _content(names: Pseudonyms, control: bytes, content: bytes) -> bytes:
    if control in _LEFT_OUT:
        return b""
    text = content.decode("utf-8", "surrogateescape")
    if control in _OF_SYSTEM:
        return names.system(text).encode("utf-8", "surrogateescape")
    if (document := _document(names, text)) is not None:
        return document.encode() + b"\n"
    line_by_line = {b"#section routes": _route, b"#section leases": _lease, b"#section cni": _configuration}.get(control, _line)
    return "\n".join(line_by_line(names, line) for line in text.split("\n")).encode("utf-8", "surrogateescape")


def _line(names: Pseudonyms, line: str) -> str:
    if _MASK.fullmatch(line):
        return line
    if comm := _COMMAND.fullmatch(line):  # one name, blanks and all
        return names.text(comm[1]) + names.name_of_program(comm[2]) + comm[3]
    return names.text(line)


def _route(names: Pseudonyms, line: str) -> str:
    """`INTERFACE ADDRESS FLAGS`, the address as /proc/net/route and ipv6_route write it."""
    found = _ROUTE.fullmatch(line)
    if found is None:
        return names.text(line)
    raw = bytes.fromhex(found[3])
    if len(raw) == ipaddress.IPV4LENGTH // 8:
        address = ipaddress.IPv4Address(names.address(str(ipaddress.IPv4Address(raw[::-1])))).packed[::-1]
    else:
        address = ipaddress.IPv6Address(names.address(str(ipaddress.IPv6Address(raw)))).packed
    return f"{found[1]}{names.text(found[2])} {address.hex().upper()} {found[4]}"


def _document(names: Pseudonyms, text: str) -> str | None:
    """A whole JSON document behind a blank; None for any other text."""
    if not text.startswith((" {", " [")):
        return None
    try:
        return " " + json.dumps(_json(names, json.loads(text), ""), separators=(",", ":"))
    except (ValueError, RecursionError):
        return None


def _configuration(names: Pseudonyms, line: str) -> str:
    """A CNI configuration, or the folder that the next ones are in."""
    document = _document(names, line)
    return names.text(line) if document is None else document


def _lease(names: Pseudonyms, line: str) -> str:
    """`TIME ./NETWORK/ADDRESS` and `./NETWORK/ADDRESS:ID`; the network's name is one in the CNI configuration, too."""
    found = _LEASE.fullmatch(line)
    return f"{found[1]}{names.name(found[2])}/{names.text(found[3])}{names.text(found[4] or '')}" if found else names.text(line)


def _json(names: Pseudonyms, value: Any, key: str) -> Any:
    """A JSON value, which stands below `key`."""
    if isinstance(value, dict):
        rename = _labelled if key in ("labels", "annotations") else _field
        return dict(rename(names, each, below) for each, below in value.items())
    if isinstance(value, list):
        return [_json(names, each, key) for each in value]
    return _string(names, value, key) if isinstance(value, str) else value


def _field(names: Pseudonyms, key: str, value: Any) -> tuple[str, Any]:
    return key if key in FIELDS else names.text(key), _json(names, value, key)  # the interfaces of CNI's result are keys


def _labelled(names: Pseudonyms, key: str, value: Any) -> tuple[str, Any]:
    """A label or annotation: those of the kubelet and the runtime keep their keys, ours say still whose a pod is, no other is kept."""
    if (key, value) == _MANAGED_BY_US:
        return key, value
    if key == _RUN and isinstance(value, str):
        return key, names.name(OWN_NAME + value).removeprefix(OWN_NAME)
    if key.startswith(KEY_PREFIXES):
        return key, _json(names, value, key)
    return names.name(key), names.name(value) if isinstance(value, str) else None


def _string(names: Pseudonyms, value: str, key: str) -> str:
    if key in FREE_TEXT:
        return ""
    if _TIME.fullmatch(value):
        return value
    if value.startswith("{"):  # CRI-O keeps JSON in annotations
        try:
            return json.dumps(_json(names, json.loads(value), ""), separators=(",", ":"))
        except (ValueError, RecursionError):
            pass
    special: dict[str, Callable[[str], str]] = {"programs": names.name_of_program, "address": names.place}
    special |= dict.fromkeys(NAME_FIELDS, names.name) | dict.fromkeys(_TEXTS_OF_SYSTEM, names.system)
    return special.get(key, names.text)(value)
