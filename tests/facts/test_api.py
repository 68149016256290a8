"""What is kept of the API: a real cluster's pods, and never a foreign annotation."""

from __future__ import annotations

import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.api import (
    ApiView,
    ExecAction,
    Handler,
    Lifecycle,
    Pod,
    PodList,
    PodSpec,
    SpecContainer,
    for_capture,
    program_names,
)
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


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (["/usr/bin/redis-cli", "-a", "secret"], ["redis-cli"]),
        (
            ["sh", "-c", "PASSWORD=secret pg_isready -U x && exec /bin/curl 'secret;secret' | grep ok # secret; secret"],
            ["sh", "curl", "grep"],
        ),
        (["/bin/bash", "-ec", 'if ! cat $(find / -name y); then echo "secret\\"; secret"; fi'], ["bash", "cat", "find", "echo"]),
        (["sh", "-c", "cat <<E\nsecret\nE"], ["sh", "cat"]),
        (["sh", "-c", "ok; 'unclosed; secret"], ["sh", "ok"]),
        (["sh", "secret"], ["sh"]),
        (["$(secret)"], []),
        ([], []),
    ],
)
def test_of_a_command_only_names_of_programs_are_kept(command: list[str], names: list[str]) -> None:
    assert program_names(command) == names
    probe = Handler(ExecAction(command=command))
    container = SpecContainer(name="app", liveness_probe=probe, lifecycle=Lifecycle(pre_stop=probe))
    kept = msgspec.json.encode(for_capture(Pod(spec=PodSpec(containers=[container]))))
    assert b"secret" not in kept
    [read] = msgspec.json.decode(kept, type=Pod).spec.containers or []
    assert read.commands == {"livenessProbe": names, "lifecycle.preStop": names}


@given(st.lists(st.text(max_size=30), max_size=4) | st.text(max_size=60).map(lambda text: ["sh", "-c", text]))
def test_no_name_of_a_program_holds_more_than_a_name(command: list[str]) -> None:
    plain = set(string.ascii_letters + string.digits + "._-")
    assert all(set(name) <= plain for name in program_names(command))


@given(st.binary(max_size=80))
def test_anything_else(content: bytes) -> None:
    try:
        assert isinstance(msgspec.json.decode(content, type=PodList), PodList)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
