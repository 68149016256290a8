"""The rules of what is shared with whom, held against what real nodes show."""

from __future__ import annotations

import msgspec
import pytest

from kubectl_pause.facts.api import ApiView, Pod, PodSpec
from kubectl_pause.inspect_node import inspect_capture
from kubectl_pause.judge.namespaces.expected_sharing import expected_sharing
from tests.nodes.report_lines import collected, kind_with_api, recorded_report, sandbox_of


@pytest.mark.parametrize("name", ["kind", "with-crictl", "without-crictl"])
def test_containerd_does_with_every_pod_of_a_healthy_node_what_the_rules_say(name):
    capture = kind_with_api() if name == "kind" else collected(name)
    assert capture.api is not None
    pods = {pod.runtime_uid: pod for pod in msgspec.json.decode(capture.api, type=ApiView).pods}
    report = inspect_capture(capture, "-")
    compared = 0
    for sandbox in report.sandboxes:
        for container in sandbox.containers:
            seen = {kind: each.sharing for kind, each in (container.namespaces or {}).items()}
            if seen:
                told = expected_sharing(pods[sandbox.pod.uid], container.name, "containerd", report.cgroup)
                assert seen == {kind: each.sharing for kind, each in told.items()}, sandbox.pod.name
                compared += 1
    assert compared >= 12


@pytest.mark.parametrize(
    ("pod", "spec"),
    [
        ("web-6d5f9c7b8-x2x7k", PodSpec()),
        ("shared-pid", PodSpec(share_process_namespace=True)),
        ("node-agent-v8k2p", PodSpec(host_network=True)),
        ("inspector-hostpid", PodSpec(host_pid=True, host_ipc=True)),
        ("userns-pod", PodSpec(host_users=False)),
        ("web-6d5f9c7b8-n5r9w", PodSpec()),
    ],
)
def test_cri_o_does_too_with_or_without_an_infra_container(pod, spec):
    report = recorded_report("crio-1.34.11-infra")
    for container in sandbox_of(report, pod).containers:
        told = expected_sharing(Pod(spec=spec), container.name, "cri-o", report.cgroup)
        seen = {kind: each.sharing for kind, each in (container.namespaces or {}).items()}
        assert seen == {kind: told[kind].sharing if kind in told else seen[kind] for kind in seen}


def test_nothing_is_expected_of_a_runtime_that_is_not_known():
    assert expected_sharing(Pod(), "c", "frakti", "v2") == {}
