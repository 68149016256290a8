"""Sandboxes and containers from the runtime's own state files: the OCI `config.json` of each bundle and its init pid.

They exist for what runs, with no RPC and no crictl: containerd below `io.containerd.runtime.v2.task/k8s.io/ID`, CRI-O below
`overlay-containers/ID/userdata`. Only annotations of the runtime, namespaces and the cgroup path were let through on the node.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kubectl_pause.facts.record import Record
from kubectl_pause.facts.runtime.cri import integer_of, is_spoofed, mapping_of, namespace_paths, text_of, texts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_pause.facts.capture import BundleFile

_CONTAINERD = "io.kubernetes.cri."
_CRIO = "io.kubernetes.cri-o."


class Bundle(Record, frozen=True):
    """One bundle. `pid` is what the runtime wrote down when it started; it may be dead (CRI-O keeps the file).

    `attempt` is the sandbox's or container's attempt where the runtime writes it (CRI-O's Metadata), else None.
    """

    id: str
    kind: str
    sandbox_id: str
    pod_name: str
    pod_namespace: str
    pod_uid: str
    container_name: str
    attempt: int | None
    pid: int | None
    image: str
    runtime_handler: str
    runtime: str
    spoofed: bool
    namespace_paths: Mapping[str, str]
    cgroups_path: str
    ips: tuple[str, ...]


def parse_bundle(file: BundleFile) -> Bundle | None:
    """The bundle, or None where the file is no JSON object or carries no annotation of a CRI runtime (`ctr run`, nerdctl)."""
    try:
        config = json.loads(file.config.decode("utf-8", "backslashreplace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(config, dict):
        return None
    annotations = texts_of(config.get("annotations"))
    if _CONTAINERD + "container-type" in annotations:
        return _containerd(file, config, annotations)
    if _CRIO + "ContainerType" in annotations:
        bundle = _crio(file, config, annotations)
        return bundle if bundle.pod_name else None  # podman marks the containers of its pods so too, and names no pod
    return None


def _containerd(file: BundleFile, config: Mapping[str, Any], annotations: Mapping[str, str]) -> Bundle:
    def value(key: str) -> str:
        return annotations.get(_CONTAINERD + key, "")

    sandbox = value("container-type") == "sandbox"
    return Bundle(
        id=file.container_id,
        kind="sandbox" if sandbox else "container",
        sandbox_id=value("sandbox-id") or file.container_id,
        pod_name=value("sandbox-name"),
        pod_namespace=value("sandbox-namespace"),
        pod_uid=value("sandbox-uid"),
        container_name=value("container-name"),
        attempt=None,
        pid=file.pid,
        image=value("podsandbox.image-name") if sandbox else value("image-name"),
        runtime_handler="",
        runtime="containerd",
        spoofed=False,
        namespace_paths=namespace_paths(config),
        cgroups_path=_cgroups_path(config),
        ips=(),
    )


def _crio(file: BundleFile, config: Mapping[str, Any], annotations: Mapping[str, str]) -> Bundle:
    def value(key: str) -> str:
        return annotations.get(_CRIO + key, "")

    sandbox = value("ContainerType") == "sandbox"
    metadata = _metadata(value("Metadata"))
    pod = "io.kubernetes.pod."
    return Bundle(
        id=file.container_id,
        kind="sandbox" if sandbox else "container",
        sandbox_id=value("SandboxID") or file.container_id,
        pod_name=annotations.get(pod + "name", "") or value("KubeName"),
        pod_namespace=annotations.get(pod + "namespace", "") or value("Namespace"),
        pod_uid=annotations.get(pod + "uid", ""),
        container_name="" if sandbox else annotations.get("io.kubernetes.container.name", "") or text_of(metadata.get("name")),
        attempt=integer_of(metadata.get("attempt", 0)),
        pid=file.pid,
        image="" if is_spoofed(annotations) else value("ImageName"),
        runtime_handler=value("RuntimeHandler"),
        runtime="cri-o",
        spoofed=is_spoofed(annotations),
        namespace_paths=namespace_paths(config),
        cgroups_path=_cgroups_path(config),
        ips=tuple(text for key, text in sorted(annotations.items()) if key.startswith(_CRIO + "IP.") and text),
    )


def _metadata(text: str) -> dict[str, Any]:
    """CRI-O's `Metadata` annotation is the CRI metadata message as JSON."""
    try:
        metadata = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return mapping_of(metadata)


def _cgroups_path(config: Mapping[str, Any]) -> str:
    return text_of(mapping_of(config.get("linux")).get("cgroupsPath"))
