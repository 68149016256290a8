"""What is kept of the API: a real cluster's pods, and never a foreign annotation."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.api import ApiView, Pod, PodList, for_capture
from tests.recorded_nodes import recorded_bytes, recorded_capture


def test_pods_of_a_real_cluster() -> None:
    view = msgspec.json.decode(recorded_capture("kind-containerd-2.2.9").api or b"", type=ApiView)
    assert len(view.pods) == 18
    static = {pod.metadata.name: pod for pod in view.pods if "kubernetes.io/config.mirror" in (pod.metadata.annotations or {})}
    assert len(static) == 4
    assert all(len(pod.runtime_uid) == 32 and pod.runtime_uid != pod.metadata.uid for pod in static.values())


def test_foreign_annotations_and_environments_go() -> None:
    pods = msgspec.json.decode(recorded_bytes("kind-containerd-2.2.9", "api-pods.json"), type=PodList).items or []
    for pod in pods:
        kept = msgspec.json.encode(for_capture(pod))
        assert b"last-applied-configuration" not in kept
        assert b'"env"' not in kept
        assert msgspec.json.decode(kept, type=Pod).runtime_uid == pod.runtime_uid


@given(st.binary(max_size=80))
def test_anything_else(content: bytes) -> None:
    try:
        assert isinstance(msgspec.json.decode(content, type=PodList), PodList)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
