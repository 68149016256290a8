"""Bundles say the same as crictl where both are there."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_pause.facts.capture import BundleFile
from kubectl_pause.facts.runtime.bundle import Bundle, parse_bundle
from kubectl_pause.facts.runtime.cri import parse_inspectp, parse_pods, parse_ps
from tests.facts.test_cri import JSON
from tests.recorded_nodes import NODES, recorded_capture


def bundles_of(node: str) -> dict[str, Bundle]:
    files = recorded_capture(node, crictl=False).bundles
    return {bundle.id: bundle for bundle in map(parse_bundle, files) if bundle}


@pytest.mark.parametrize("node", [node for node in NODES if not node.startswith("kind")])
def test_bundles_agree_with_crictl(node: str) -> None:
    capture, bundles = recorded_capture(node), bundles_of(node)
    pods = {pod.id: pod for pod in parse_pods(capture.content("crictl.pods"))}
    statuses = {status.id: status for status in parse_inspectp(capture.content("crictl.inspectp"))}
    containers = {container.id: container for container in parse_ps(capture.content("crictl.ps"))}
    for bundle in bundles.values():
        pod = pods[bundle.sandbox_id]
        assert (bundle.pod_name, bundle.pod_namespace) == (pod.name, pod.namespace)
        assert bundle.pod_uid in (pod.uid, "")
        if bundle.kind == "sandbox":
            status = statuses[bundle.id]
            assert (bundle.pid, bundle.spoofed, bundle.namespace_paths) == (status.pid, status.spoofed, status.namespace_paths)
            assert bundle.attempt in (None, pod.attempt)
        else:
            container = containers[bundle.id]
            assert (bundle.container_name, bundle.sandbox_id) == (container.name, container.sandbox_id)
            assert bundle.attempt in (None, container.attempt)
    running = {container.id for container in containers.values() if container.state == "running"}
    assert running <= bundles.keys()
    assert {pod.id for pod in pods.values() if pod.state == "ready"} <= bundles.keys()


def test_containerd_keeps_no_bundle_of_what_ended() -> None:
    capture, bundles = recorded_capture("containerd-1.6.20"), bundles_of("containerd-1.6.20")
    ended = {c.id for c in parse_ps(capture.content("crictl.ps")) if c.state != "running"}
    ended |= {pod.id for pod in parse_pods(capture.content("crictl.pods")) if pod.state == "notready"}
    assert not ended & bundles.keys()


def test_crio_keeps_the_pid_of_what_ended() -> None:
    capture, bundles = recorded_capture("crio-1.34.11"), bundles_of("crio-1.34.11")
    exited = [c.id for c in parse_ps(capture.content("crictl.ps")) if c.state == "exited"]
    assert sorted(bundles[identifier].pid or 0 for identifier in exited) == [965, 1023, 1133]


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
@example(b'{"annotations":{"io.kubernetes.cri-o.ContainerType":"sandbox","io.kubernetes.cri-o.Metadata":"[1]"},"linux":3}')
@example(b'{"annotations":{"io.kubernetes.cri.container-type":"\\ud800"},"linux":{"namespaces":[1,{"type":2}],"cgroupsPath":[]}}')
@example(b'{"annotations":{"io.kubernetes.cri-o.ContainerType":"x","io.kubernetes.cri-o.Metadata":"{\\"attempt\\":true,\\"name\\":3}"}}')
def test_anything_else(config: bytes) -> None:
    bundle = parse_bundle(BundleFile("ab", None, config))
    if bundle:
        assert bundle.id == "ab"
        assert str(bundle).encode()
