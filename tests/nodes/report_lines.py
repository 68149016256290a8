"""A node's report as the short lines in which the tests write down the truth."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from kubectl_pause.facts.api import ApiView, PodList
from kubectl_pause.facts.capture import Capture, read_capture
from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES
from kubectl_pause.inspect_node import inspect_capture
from tests.recorded_nodes import RECORDED, recorded_bytes, recorded_capture

if TYPE_CHECKING:
    from kubectl_pause.report import Container, NodeReport, Sandbox

LETTERS = {"host": "H", "pod": "P", "own": "o", "unknown": "?"}


def line(sandbox: Sandbox) -> str:
    """`NAMESPACE/POD#ATTEMPT ID STATE HOLDER | NAMESPACES | CONTAINER...`, `*` before an older sandbox.

    Namespaces are net ipc uts pid user mnt cgroup time: H the node's, P the pod's, o own, = another container's, - none known.
    """
    older = "" if sandbox.current else "*"
    attempt = "?" if sandbox.attempt is None else sandbox.attempt
    holder = sandbox.holder if sandbox.pid is None else f"{sandbox.holder}:{sandbox.pid}"
    hosts = "".join({None: "-", True: "H", False: "P"}[sandbox.namespaces[kind].host] for kind in NAMESPACE_TYPES)
    containers = " ".join(map(_container, sandbox.containers)) or "-"
    name = f"{older}{sandbox.pod.namespace}/{sandbox.pod.name}#{attempt}"
    return f"{name} {sandbox.id[:13]} {sandbox.state or '?'} {holder} | {hosts} | {containers}"


def _container(container: Container) -> str:
    name = container.name if container.kind in (None, "app") else f"{container.kind}/{container.name}"
    if container.pid is None:
        return f"{name}:{container.state}"
    assert container.namespaces is not None
    marks = (LETTERS.get(container.namespaces[kind].sharing, "=") for kind in NAMESPACE_TYPES)
    return f"{name}:{container.state}:{container.pid}:{''.join(marks)}"


def lines(report: NodeReport) -> list[str]:
    """One line per sandbox, in the report's order."""
    return [line(sandbox) for sandbox in report.sandboxes]


def table(text: str) -> list[str]:
    """The lines of a table written in a test, with its columns' padding taken out."""
    return [" ".join(each.split()) for each in text.strip().split("\n")]


def sandbox_of(report: NodeReport, pod: str, *, current: bool = True) -> Sandbox:
    """The sandbox of a pod by its name."""
    return next(each for each in report.sandboxes if each.pod.name == pod and each.current == current)


@cache
def recorded_report(node: str, *, crictl: bool = True) -> NodeReport:
    """The report of a recorded node: treat it as read-only."""
    return inspect_capture(recorded_capture(node, crictl=crictl), node)


def with_api(capture: Capture, pods: bytes, node: str) -> Capture:
    """The capture with an API view of a recorded `kubectl get pods -A -o json`."""
    view = ApiView(captured_at="2026-11-23T00:00:00Z", node_name=node, pods=msgspec.json.decode(pods, type=PodList).items or [])
    return replace(capture, api=msgspec.json.encode(view))


@cache
def kind_with_api() -> Capture:
    """The recorded kind node together with the API's pods of the same moment."""
    return with_api(recorded_capture("kind-containerd-2.2.9"), recorded_bytes("kind-containerd-2.2.9", "api-pods.json"), "pi-control-plane")


@cache
def collected(name: str) -> Capture:
    """A capture of a kind node made by `kubectl pause-inspect snapshot`."""
    return read_capture(collected_bytes(name), name)


def collected_bytes(name: str) -> bytes:
    """The same as a file."""
    return (RECORDED / "kind-collector" / f"{name}.capture").read_bytes()


def packed(text: bytes) -> bytes:
    """A collector's text as it comes from a node."""
    return gzip.compress(text, mtime=0)


def as_json(report: NodeReport) -> object:
    """The report as JSON has it."""
    return json.loads(msgspec.json.encode(report))
