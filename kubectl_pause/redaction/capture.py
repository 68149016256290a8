"""A capture under other names: pods, namespaces, containers, nodes, images, labels, process names, ids and addresses are renamed.

What stays: numbers (pids, inodes, times, counters), the words of `vocabulary`, kernel, architecture and name of the operating system, and
the form of everything, so that what reads captures joins it as before. Messages are left out. Names that differ still differ.
"""

from __future__ import annotations

import gzip
import ipaddress
import json
import re
from typing import TYPE_CHECKING, Any

from kubectl_pause.facts.capture import blocks, unpack
from kubectl_pause.redaction.pseudonyms import OWN_NAME, Pseudonyms
from kubectl_pause.redaction.vocabulary import FIELDS, FREE_TEXT, KEY_PREFIXES, NAME_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable

_LEFT_OUT = {b"#section args", b"#section log"}
"""Whole, though they were asked for: any part of a word may be a secret."""
_AS_IT_IS = {b"#section os-release", b"#section crictl.version"}
_HEADERS_AS_THEY_ARE = {"kernel", "machine", "version", "path"}
_MASK = re.compile(r"(\d+/(?:status:\w+|fdinfo/?\d*:sigmask):\s*)([0-9a-f]{16})")
_COMMAND = re.compile(r"(\d+/stat2?:\d+ \()([^\n]*)(\)[^()]*)")
_ROUTE = re.compile(r"( *)(\S+) ([0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}) ([0-9A-Fa-f]+)")
_LEASE = re.compile(r"( *(?:\d+ )?\./)([^/ ]+)/([0-9a-f.:]+?)(:[0-9a-f]{64})?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[-+]\d\d:\d\d)")
_KEPT_TEXTS = {"kernelVersion", "osImage", "toolVersion", "containerRuntimeVersion", "kubeletVersion", "createdAt", "capturedAt"}
_PLAIN = re.compile(r"[\w.+:/() -]{1,80}")
_MANAGED_BY_US = "app.kubernetes.io/managed-by", "kubectl-pause-inspect"
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
    if control.startswith((b"#section ", b"#pause-inspect-", b"#rc ")):
        return control
    word, *fields = control.decode("utf-8", "surrogateescape").split(" ")
    renamed = []
    for field in fields:
        key, separator, value = field.partition("=")
        keep = (key in _HEADERS_AS_THEY_ARE and word in ("#node", "#crictl")) or (word == "#proof" and value in ("yes", "no"))
        renamed.append(key + separator + (value if keep else names.text(value)))
    return " ".join([word, *renamed]).encode("utf-8", "surrogateescape")


def _content(names: Pseudonyms, control: bytes, content: bytes) -> bytes:
    if control in _LEFT_OUT:
        return b""
    if control in _AS_IT_IS:
        return content
    text = content.decode("utf-8", "surrogateescape")
    if (document := _document(names, text)) is not None:
        return document.encode() + b"\n"
    line_by_line = {b"#section routes": _route, b"#section leases": _lease, b"#section cni": _configuration}.get(control, _line)
    return "\n".join(line_by_line(names, line) for line in text.split("\n")).encode("utf-8", "surrogateescape")


def _line(names: Pseudonyms, line: str) -> str:
    if _MASK.fullmatch(line):
        return line
    if comm := _COMMAND.fullmatch(line):  # one name, blanks and all
        whole = comm[2] if names.text(comm[2]) == comm[2] else names.name(comm[2])
        return names.text(comm[1]) + whole + comm[3]
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
    if _TIME.fullmatch(value) or (key in _KEPT_TEXTS and _PLAIN.fullmatch(value)):
        return value
    if value.startswith("{"):  # CRI-O keeps JSON in annotations
        try:
            return json.dumps(_json(names, json.loads(value), ""), separators=(",", ":"))
        except (ValueError, RecursionError):
            pass
    rename: Callable[[str], str] = names.name if key in NAME_FIELDS else names.text
    return rename(value)
