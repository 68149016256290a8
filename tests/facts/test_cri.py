"""crictl's answers: every version's shapes, the recorded nodes' truth, and anything else is UnreadableAnswer."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_pause.facts.runtime.cri import CriSandboxStatus, UnreadableAnswer, parse_inspectp, parse_pods, parse_ps, parse_version
from tests.recorded_nodes import RECORDED, recorded_bytes, recorded_capture

VERSIONS = sorted(folder.name for folder in (RECORDED / "crictl-versions").iterdir())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["SANDBOX_READY", "7", "-", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "items",
                    "containers",
                    "id",
                    "metadata",
                    "state",
                    "labels",
                    "network",
                    "additionalIps",
                    "ip",
                    "status",
                    "info",
                    "pid",
                    "runtimeSpec",
                    "linux",
                    "namespaces",
                    "type",
                    "path",
                    "image",
                    "attempt",
                    "createdAt",
                    "annotations",
                    "netNamespaceClosed",
                ],
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)


def answer(version: str, run: str) -> bytes:
    return recorded_bytes("crictl-versions", version, f"{run}.stdout")


def exit_code(version: str, run: str) -> int:
    return int(recorded_bytes("crictl-versions", version, f"{run}.exit"))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_crictl_tells_the_same(version: str) -> None:
    pods = {(pod.name, pod.attempt): pod for pod in parse_pods(answer(version, "pods"))}
    assert {key: pod.state for key, pod in pods.items()} == {
        ("web", 0): "ready",
        ("done", 0): "notready",
        ("crashing", 0): "ready",
        ("sandbox-recreated", 0): "notready",
        ("sandbox-recreated", 1): "ready",
    }
    reference = parse_pods(answer(VERSIONS[0], "pods"))
    assert parse_pods(answer(version, "pods")) == reference
    containers = parse_ps(answer(version, "ps"))
    assert {container.id: (container.sandbox_id, container.name, container.attempt, container.state) for container in containers} == {
        container.id: (container.sandbox_id, container.name, container.attempt, container.state)
        for container in parse_ps(answer(VERSIONS[0], "ps"))
    }
    web = [container for container in containers if container.sandbox_id == pods["web", 0].id]
    assert {container.name: container.state for container in web} == {"setup": "exited", "app": "running", "sidecar": "running"}
    assert all(container.created_at and container.created_at > 10**18 for container in containers)
    asked = [pods["web", 0].id, pods["done", 0].id, pods["sandbox-recreated", 1].id]
    three = parse_inspectp(answer(version, "inspectp-three"))
    assert [status.id for status in three] == asked
    assert [status.pid is None for status in three] == [False, True, False]
    assert parse_inspectp(answer(version, "inspectp-one")) == three[:1]
    assert three == parse_inspectp(answer(VERSIONS[0], "inspectp-three"))


@pytest.mark.parametrize("version", VERSIONS)
def test_quiet_answer_has_no_pid(version: str) -> None:
    (status,) = parse_inspectp(answer(version, "inspectp-quiet"))
    (verbose,) = parse_inspectp(answer(version, "inspectp-one"))
    assert (status.id, status.ips) == (verbose.id, verbose.ips)
    assert (status.pid, status.image, status.net_namespace_closed, status.namespace_paths) == (None, "", None, {})


@pytest.mark.parametrize("version", VERSIONS)
def test_empty_lists_and_version(version: str) -> None:
    assert parse_pods(answer(version, "pods-empty")) == []
    assert parse_ps(answer(version, "ps-empty")) == []
    runtime = parse_version(answer(version, "version"))
    assert runtime is not None
    assert (runtime.name, runtime.version) == ("containerd", "2.2.9")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("run", ["pods-table", "pods-socket-missing", "pods-config-missing"])
def test_unusable_lists(version: str, run: str) -> None:
    assert exit_code(version, run) == (0 if run == "pods-table" else 1)
    for parse in (parse_pods, parse_ps, parse_inspectp):
        with pytest.raises(UnreadableAnswer):
            parse(answer(version, run))


@pytest.mark.parametrize("version", VERSIONS)
def test_one_wrong_id_and_help_text(version: str) -> None:
    concatenates = version.startswith("1.2") or version == "1.30.1"
    assert exit_code(version, "inspectp-three-one-wrong") == 1
    if concatenates:
        assert len(parse_inspectp(answer(version, "inspectp-three-one-wrong"))) == 1
    else:
        with pytest.raises(UnreadableAnswer):
            parse_inspectp(answer(version, "inspectp-three-one-wrong"))
    assert exit_code(version, "inspectp-none") == 0
    if concatenates:
        with pytest.raises(UnreadableAnswer):
            parse_inspectp(answer(version, "inspectp-none"))
    else:
        assert len(parse_inspectp(answer(version, "inspectp-none"))) == 14
    with pytest.raises(UnreadableAnswer):
        parse_inspectp(answer(version, "inspectp-filter-matches-nothing"))


def statuses_of(node: str) -> dict[tuple[str, int], CriSandboxStatus]:
    capture = recorded_capture(node)
    by_id = {status.id: status for status in parse_inspectp(capture.content("crictl.inspectp"))}
    return {(pod.name, pod.attempt): by_id[pod.id] for pod in parse_pods(capture.content("crictl.pods"))}


@pytest.mark.parametrize(
    ("node", "pids"),
    [
        ("containerd-1.6.20", [92, 315, 476, 569, 681, None, 980, 1231, 1340, None, 1646, 1758, None]),
        ("containerd-1.7.24", [99, 326, 487, 579, 693, None, 1001, 1260, 1368, None, 1686, 1802, None]),
    ],
)
def test_containerd_sandboxes(node: str, pids: list[int | None]) -> None:
    etcd = "etcd-node-v16" if node == "containerd-1.6.20" else "etcd-node-v17"
    names = ["web", "shared-pid", "zombies", "host-network", "host-pid-ipc", "done", "crashing", etcd, "guaranteed"]
    keys = [(name, 0) for name in (*names, "sandbox-recreated")] + [("sandbox-recreated", 1), ("created-only", 0), ("pause-killed", 0)]
    statuses = statuses_of(node)
    assert {key: status.pid for key, status in statuses.items()} == dict(zip(keys, pids, strict=True))
    states = {(pod.name, pod.attempt): pod.state for pod in parse_pods(recorded_capture(node).content("crictl.pods"))}
    assert {key for key, state in states.items() if state == "notready"} == {key for key, status in statuses.items() if status.pid is None}
    assert (statuses["done", 0].net_namespace_closed, statuses["done", 0].ips) == (True, ())
    killed = statuses["pause-killed", 0]
    assert (killed.process_status, killed.net_namespace_closed, len(killed.ips)) == ("deleted", False, 1)
    assert "network" not in statuses["host-network", 0].namespace_paths
    assert statuses["web", 0].namespace_paths["network"].startswith("/var/run/netns/cni-")
    assert statuses["web", 0].image == "registry.k8s.io/pause:3.10.1"
    crashes = [
        container
        for container in parse_ps(recorded_capture(node).content("crictl.ps"))
        if container.sandbox_id == statuses["crashing", 0].id
    ]
    assert sorted((container.attempt, container.state) for container in crashes) == [(0, "exited"), (1, "exited"), (2, "exited")]


def test_crio_has_a_pause_process_only_where_pids_are_shared() -> None:
    statuses = statuses_of("crio-1.34.11")
    assert {key: status.pid for key, status in statuses.items() if status.pid} == {("shared-pid", 0): 577}
    assert {key for key, status in statuses.items() if not status.spoofed} == {("shared-pid", 0)}
    agent = next(status for (name, _), status in statuses.items() if name == "node-agent-v8k2p")
    assert agent.namespace_paths["network"].startswith("/var/run/netns/5ccde319")
    kept = statuses_of("crio-1.34.11-infra")
    assert {name: status.pid for (name, _), status in kept.items() if status.pid} == {"shared-pid": 577, "web-6d5f9c7b8-n5r9w": 2759}


@given(st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
@example(b"[" * 100_000)
@example(b"9" * 5000)
@example(b'{"status":{"id":"a","network":{"additionalIps":5}},"info":{"pid":1e400}}')
@example(b'{"items":[{"id":"\\ud800","labels":{"\\udfff":"\\ud800"}}]}')
def test_anything_else(content: bytes) -> None:
    for parse in (parse_pods, parse_ps, parse_inspectp):
        try:
            facts = parse(content)
        except UnreadableAnswer:
            continue
        assert str(facts).encode()
        for fact in facts:
            assert fact.id.encode()
    parse_version(content)
