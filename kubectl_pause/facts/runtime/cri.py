"""What the runtime says through crictl: `pods`, `ps -a`, `inspectp`, of any crictl from 1.24 to today.

Shapes differ by version (protobuf JSON, CRI v1 `api.proto`): int64 are strings, unset messages are null or absent, several ids
give documents one after another up to 1.30 and an array from 1.31. So: parsed, never matched; every field optional.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SANDBOX_STATES = {"SANDBOX_READY": "ready", "SANDBOX_NOTREADY": "notready"}
CONTAINER_STATES = {
    "CONTAINER_CREATED": "created",
    "CONTAINER_RUNNING": "running",
    "CONTAINER_EXITED": "exited",
    "CONTAINER_UNKNOWN": "unknown",
}


_DIGITS = 24


class UnreadableAnswer(ValueError):  # noqa: N818 (what it is, not that it is one)
    """crictl's answer is not the JSON expected: help text, a warning, half a document."""


class CriSandbox(Record, frozen=True):
    """One entry of `crictl pods` (CRI `PodSandbox`). `created_at` in nanoseconds since the epoch; `state` None where none was told."""

    id: str
    name: str
    namespace: str
    uid: str
    attempt: int
    state: str | None
    created_at: int | None
    runtime_handler: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


class CriContainer(Record, frozen=True):
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


class CriSandboxStatus(Record, frozen=True):
    """One answer of `crictl inspectp`: CRI `PodSandboxStatus` and the runtime's own `info`, which may be missing as a whole.
    `state` is None where none was told; `in_node_network` is what was asked for (hostNetwork).

    `pid` is None for 0 and for absent (CRI-O without an infra container). `namespace_paths` are those of the OCI spec by OCI type.
    `host_interfaces` are those of the CNI result that are in no sandbox: the pod's veth, and a bridge that all pods share.
    """

    id: str
    state: str | None
    pid: int | None
    image: str
    ips: tuple[str, ...]
    process_status: str
    runtime_type: str
    runtime_handler: str
    net_namespace_closed: bool | None
    in_node_network: bool
    namespace_paths: Mapping[str, str]
    spoofed: bool
    host_interfaces: tuple[str, ...]


class RuntimeVersion(Record, frozen=True):
    """`crictl version`: the runtime behind the socket."""

    name: str
    version: str


def parse_pods(content: bytes) -> list[CriSandbox]:
    """Sandboxes of `crictl pods -o json`. Raises UnreadableAnswer."""
    return [sandbox for item in items_of(content, "items") if (sandbox := _sandbox(item))]


def parse_ps(content: bytes) -> list[CriContainer]:
    """Containers of `crictl ps -a -o json`. Raises UnreadableAnswer."""
    return [container for item in items_of(content, "containers") if (container := _container(item))]


def parse_inspectp(content: bytes) -> list[CriSandboxStatus]:
    """Statuses of `crictl inspectp -o json ID...`, whichever way several are printed. Raises UnreadableAnswer."""
    documents: list[Any] = []
    for document in documents_of(content):
        documents.extend(document if isinstance(document, list) else [document])
    if not documents or not all(isinstance(document, dict) for document in documents):
        raise UnreadableAnswer("crictl's answer holds no sandbox status")
    return [status for document in documents if (status := _sandbox_status(document))]


def parse_version(content: bytes) -> RuntimeVersion | None:
    """`crictl version` prints `Name:  value` lines; None where it printed something else."""
    pairs = (line.partition(":") for line in content.decode("utf-8", "backslashreplace").splitlines())
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    name = fields.get("RuntimeName", "")
    return RuntimeVersion(name, fields.get("RuntimeVersion", "")) if name else None


def items_of(content: bytes, key: str) -> list[Mapping[str, Any]]:
    """The list `key` of each document. Raises UnreadableAnswer."""
    items: list[Mapping[str, Any]] = []
    seen = False
    for document in documents_of(content):
        if not isinstance(document, dict) or key not in document or not isinstance(document[key] or [], list):
            raise UnreadableAnswer(f"no list {key!r} in crictl's answer")
        seen = True
        items.extend(mapping_of(item) for item in document[key] or [])
    if not seen:
        raise UnreadableAnswer("crictl's answer is empty")
    return items


def documents_of(content: bytes) -> Iterator[Any]:
    """JSON documents one after another. Raises UnreadableAnswer."""
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
    metadata = mapping_of(item.get("metadata"))
    identifier = text_of(item.get("id"))
    if not identifier:
        return None
    return CriSandbox(
        id=identifier,
        name=text_of(metadata.get("name")),
        namespace=text_of(metadata.get("namespace")),
        uid=text_of(metadata.get("uid")),
        attempt=integer_of(metadata.get("attempt")) or 0,
        state=SANDBOX_STATES.get(text_of(item.get("state"))),
        created_at=integer_of(item.get("createdAt")),
        runtime_handler=text_of(item.get("runtimeHandler")),
        labels=texts_of(item.get("labels")),
        annotations=texts_of(item.get("annotations")),
    )


def _container(item: Mapping[str, Any]) -> CriContainer | None:
    metadata = mapping_of(item.get("metadata"))
    image = mapping_of(item.get("image"))
    identifier = text_of(item.get("id"))
    if not identifier:
        return None
    return CriContainer(
        id=identifier,
        sandbox_id=text_of(item.get("podSandboxId")),
        name=text_of(metadata.get("name")),
        attempt=integer_of(metadata.get("attempt")) or 0,
        state=CONTAINER_STATES.get(text_of(item.get("state")), "unknown"),
        created_at=integer_of(item.get("createdAt")),
        image=text_of(image.get("userSpecifiedImage")) or text_of(image.get("image")),
        labels=texts_of(item.get("labels")),
        annotations=texts_of(item.get("annotations")),
    )


def _sandbox_status(document: Mapping[str, Any]) -> CriSandboxStatus | None:
    status, info = mapping_of(document.get("status")), mapping_of(document.get("info"))
    identifier = text_of(status.get("id"))
    if not identifier:
        return None
    network, spec = mapping_of(status.get("network")), mapping_of(info.get("runtimeSpec"))
    additional = network.get("additionalIps")
    further = [text_of(mapping_of(ip).get("ip")) for ip in additional] if isinstance(additional, list) else []
    spec_annotations = texts_of(spec.get("annotations"))
    closed = info.get("netNamespaceClosed")
    return CriSandboxStatus(
        id=identifier,
        state=SANDBOX_STATES.get(text_of(status.get("state"))),
        pid=integer_of(info.get("pid")) or None,
        image=text_of(info.get("image")) or spec_annotations.get("io.kubernetes.cri.podsandbox.image-name", ""),
        ips=tuple(ip for ip in (text_of(network.get("ip")), *further) if ip),
        process_status=text_of(info.get("processStatus")),
        runtime_type=text_of(info.get("runtimeType")),
        runtime_handler=text_of(status.get("runtimeHandler")) or text_of(info.get("runtimeHandler")),
        in_node_network=_network_mode(status) == "NODE",
        net_namespace_closed=closed if isinstance(closed, bool) else None,
        namespace_paths=namespace_paths(spec),
        spoofed=is_spoofed(spec_annotations),
        host_interfaces=_host_interfaces(info),
    )


def _network_mode(status: Mapping[str, Any]) -> str:
    """`POD`, `NODE`, ..., of CRI's `linux.namespaces.options`; "" where none is told (it is the default then, POD)."""
    options = mapping_of(mapping_of(mapping_of(status.get("linux")).get("namespaces")).get("options"))
    return text_of(options.get("network"))


def _host_interfaces(info: Mapping[str, Any]) -> tuple[str, ...]:
    """Interfaces that the CNI result (containerd's `info.cniResult`) puts into no namespace: they stay in the node's."""
    interfaces = mapping_of(mapping_of(info.get("cniResult")).get("Interfaces"))
    return tuple(text_of(name) for name, each in interfaces.items() if isinstance(each, dict) and not each.get("Sandbox"))


def namespace_paths(spec: Mapping[str, Any]) -> dict[str, str]:
    """OCI `linux.namespaces`: path by OCI type (`network`, `mount`, ...), "" for a namespace made anew."""
    entries = mapping_of(spec.get("linux")).get("namespaces")
    paths: dict[str, str] = {}
    for entry in entries if isinstance(entries, list) else []:
        kind = text_of(mapping_of(entry).get("type"))
        if kind:
            paths[kind] = text_of(mapping_of(entry).get("path"))
    return paths


def is_spoofed(annotations: Mapping[str, str]) -> bool:
    """CRI-O marks a sandbox whose infra container it never started."""
    return "true" in (annotations.get("io.kubernetes.cri-o.Spoofed"), annotations.get("spoofed.crio.io"))


def mapping_of(value: object) -> dict[str, Any]:
    """The object, empty where the value is none."""
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str:
    """The text, without lone surrogates: JSON can spell them, no terminal and no UTF-8 can."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else ""


def texts_of(value: object) -> dict[str, str]:
    """The members of an object that are texts."""
    return {text_of(key): text_of(text) for key, text in mapping_of(value).items() if isinstance(text, str)}


def integer_of(value: object) -> int | None:
    """An integer, also spelled as a text (int64 in protobuf JSON) or as a float; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) <= _DIGITS:
        return int(value)
    return None
