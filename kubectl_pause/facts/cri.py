"""What the runtime says through crictl: `pods`, `ps -a`, `inspectp`, of any crictl from 1.24 to today.

Shapes differ by version (protobuf JSON, CRI v1 `api.proto`): int64 are strings, unset messages are null or absent, several ids
give documents one after another up to 1.30 and an array from 1.31. So: parsed, never matched; every field optional.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SANDBOX_STATES = {"SANDBOX_READY": "ready", "SANDBOX_NOTREADY": "notready"}
CONTAINER_STATES = {
    "CONTAINER_CREATED": "created",
    "CONTAINER_RUNNING": "running",
    "CONTAINER_EXITED": "exited",
    "CONTAINER_UNKNOWN": "unknown",
}


class UnreadableAnswer(ValueError):
    """crictl's answer is not the JSON expected: help text, a warning, half a document."""


@dataclass(frozen=True, slots=True)
class CriSandbox:
    """One entry of `crictl pods` (CRI `PodSandbox`). `created_at` in nanoseconds since the epoch."""

    id: str
    name: str
    namespace: str
    uid: str
    attempt: int
    state: str
    created_at: int | None
    runtime_handler: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CriContainer:
    """One entry of `crictl ps -a` (CRI `Container`). `created_at` in nanoseconds since the epoch."""

    id: str
    sandbox_id: str
    name: str
    attempt: int
    state: str
    created_at: int | None
    image: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CriSandboxStatus:
    """One answer of `crictl inspectp`: CRI `PodSandboxStatus` and the runtime's own `info`, which may be missing as a whole.

    `pid` is None for 0 and for absent (CRI-O without an infra container). `namespace_paths` are those of the OCI spec by OCI type.
    """

    id: str
    pid: int | None
    image: str
    ips: tuple[str, ...]
    process_status: str
    runtime_type: str
    runtime_handler: str
    net_namespace_closed: bool | None
    namespace_paths: Mapping[str, str]
    spoofed: bool


@dataclass(frozen=True, slots=True)
class RuntimeVersion:
    """`crictl version`: the runtime behind the socket."""

    name: str
    version: str


def parse_pods(content: bytes) -> list[CriSandbox]:
    """Sandboxes of `crictl pods -o json`. Raises UnreadableAnswer."""
    return [sandbox for item in _items(content, "items") if (sandbox := _sandbox(item))]


def parse_ps(content: bytes) -> list[CriContainer]:
    """Containers of `crictl ps -a -o json`. Raises UnreadableAnswer."""
    return [container for item in _items(content, "containers") if (container := _container(item))]


def parse_inspectp(content: bytes) -> list[CriSandboxStatus]:
    """Statuses of `crictl inspectp -o json ID...`, whichever way several are printed. Raises UnreadableAnswer."""
    documents: list[Any] = []
    for document in _documents(content):
        documents.extend(document if isinstance(document, list) else [document])
    return [status for document in documents if (status := _sandbox_status(_mapping(document)))]


def parse_version(content: bytes) -> RuntimeVersion | None:
    """`crictl version` prints `Name:  value` lines; None where it printed something else."""
    pairs = (line.partition(":") for line in content.decode("utf-8", "backslashreplace").splitlines())
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    name = fields.get("RuntimeName", "")
    return RuntimeVersion(name, fields.get("RuntimeVersion", "")) if name else None


def _items(content: bytes, key: str) -> list[Mapping[str, Any]]:
    items: list[Mapping[str, Any]] = []
    seen = False
    for document in _documents(content):
        if not isinstance(document, dict) or not isinstance(document.get(key) or [], list):
            raise UnreadableAnswer(f"no list {key!r} in crictl's answer")
        seen = True
        items.extend(_mapping(item) for item in document.get(key) or [])
    if not seen:
        raise UnreadableAnswer("crictl's answer is empty")
    return items


def _documents(content: bytes) -> Iterator[Any]:
    text = content.decode("utf-8", "backslashreplace")
    decoder = json.JSONDecoder()
    position = _skip_blanks(text, 0)
    while position < len(text):
        try:
            document, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            raise UnreadableAnswer(f"crictl's answer is not JSON: {type(error).__name__} at character {position}") from None
        yield document
        position = _skip_blanks(text, position)


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _sandbox(item: Mapping[str, Any]) -> CriSandbox | None:
    metadata = _mapping(item.get("metadata"))
    identifier = _text(item.get("id"))
    if not identifier:
        return None
    return CriSandbox(
        id=identifier,
        name=_text(metadata.get("name")),
        namespace=_text(metadata.get("namespace")),
        uid=_text(metadata.get("uid")),
        attempt=_integer(metadata.get("attempt")) or 0,
        state=SANDBOX_STATES.get(_text(item.get("state")), "notready"),
        created_at=_integer(item.get("createdAt")),
        runtime_handler=_text(item.get("runtimeHandler")),
        labels=_texts(item.get("labels")),
        annotations=_texts(item.get("annotations")),
    )


def _container(item: Mapping[str, Any]) -> CriContainer | None:
    metadata = _mapping(item.get("metadata"))
    image = _mapping(item.get("image"))
    identifier = _text(item.get("id"))
    if not identifier:
        return None
    return CriContainer(
        id=identifier,
        sandbox_id=_text(item.get("podSandboxId")),
        name=_text(metadata.get("name")),
        attempt=_integer(metadata.get("attempt")) or 0,
        state=CONTAINER_STATES.get(_text(item.get("state")), "unknown"),
        created_at=_integer(item.get("createdAt")),
        image=_text(image.get("userSpecifiedImage")) or _text(image.get("image")),
        labels=_texts(item.get("labels")),
        annotations=_texts(item.get("annotations")),
    )


def _sandbox_status(document: Mapping[str, Any]) -> CriSandboxStatus | None:
    status, info = _mapping(document.get("status")), _mapping(document.get("info"))
    identifier = _text(status.get("id"))
    if not identifier:
        return None
    network, spec = _mapping(status.get("network")), _mapping(info.get("runtimeSpec"))
    further = [_text(_mapping(ip).get("ip")) for ip in network.get("additionalIps") or [] if ip]
    spec_annotations = _texts(spec.get("annotations"))
    closed = info.get("netNamespaceClosed")
    return CriSandboxStatus(
        id=identifier,
        pid=_integer(info.get("pid")) or None,
        image=_text(info.get("image")) or spec_annotations.get("io.kubernetes.cri.podsandbox.image-name", ""),
        ips=tuple(ip for ip in (_text(network.get("ip")), *further) if ip),
        process_status=_text(info.get("processStatus")),
        runtime_type=_text(info.get("runtimeType")),
        runtime_handler=_text(status.get("runtimeHandler")) or _text(info.get("runtimeHandler")),
        net_namespace_closed=closed if isinstance(closed, bool) else None,
        namespace_paths=namespace_paths(spec),
        spoofed=is_spoofed(spec_annotations),
    )


def namespace_paths(spec: Mapping[str, Any]) -> dict[str, str]:
    """OCI `linux.namespaces`: path by OCI type (`network`, `mount`, ...), "" for a namespace made anew."""
    entries = _mapping(spec.get("linux")).get("namespaces")
    paths: dict[str, str] = {}
    for entry in entries if isinstance(entries, list) else []:
        kind = _text(_mapping(entry).get("type"))
        if kind:
            paths[kind] = _text(_mapping(entry).get("path"))
    return paths


def is_spoofed(annotations: Mapping[str, str]) -> bool:
    """CRI-O marks a sandbox whose infra container it never started."""
    return "true" in (annotations.get("io.kubernetes.cri-o.Spoofed"), annotations.get("spoofed.crio.io"))


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> dict[str, str]:
    return {key: text for key, text in _mapping(value).items() if isinstance(text, str)}


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) < 25:
        return int(value)
    return None
