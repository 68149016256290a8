"""Pods of bug reports, as the API had them, and what is right to say of each: of the cause, of whose it is, of what happens next."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kubectl_pause.facts.dump import read_dump
from kubectl_pause.join.sandboxes import pod_identity
from kubectl_pause.judge.stuck.steps import OnNode
from kubectl_pause.judge.stuck.why import explain

HERE = Path(__file__).parent / "cases"
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def filled(path: Path) -> bytes:
    """The file with its ages (`{{-12s}}`) as times."""

    def moment(match: re.Match[str]) -> str:
        return (NOW - timedelta(seconds=int(match[1]) * UNITS[match[2]])).isoformat().replace("+00:00", "Z")

    return re.sub(r"\{\{-(\d+)([smhd])\}\}", moment, path.read_text()).encode()


def explained(case: str, *names: str):
    """`why` of the pod in the first file, with what the others hold, at one moment."""
    (folder,) = HERE.glob(f"{case}-*")
    heartbeat = {"kind": "ConfigMap", "metadata": {"name": "clock", "time": NOW.isoformat()}}
    files = [(name, filled(folder / f"{name}.json")) for name in names]
    dump = read_dump([*files, ("clock", json.dumps(heartbeat).encode())])
    (pod,) = dump.pods
    return explain(dump.trail_of(pod), pod_identity(pod), OnNode())


RIGHT = {
    "01a": (("01", "pod-a", "node"), "container/not-restarted", "kubelet", "#137885"),
    "01b": (("01", "pod-b", "node"), "container/ended", "application", "gpu"),
    "02": (("02", "pod"), "sandbox/not-recreated", "kubelet", "does not create another"),
    "04": (("04", "pod", "events"), "container/name-reserved", "node-disk", "wait: an earlier request for this container"),
    "05a": (("05", "pod-a", "events-a"), "cni/no-binary", "network-plugin", "/opt/cni/bin/loopback"),
    "05b": (("05", "pod-b"), "image/other-machine", "image", "crictl rmi"),
    "07a": (("07", "pod", "events-a"), "cni/cache-broken", "node-disk", "/multus"),
    "07b": (("07", "pod", "events-b"), "cni/cache-broken", "node-disk", "/multus"),
    "07c": (("07", "pod", "events-c"), "cni/plugin-died", "network-plugin", "crashed or was killed"),
    "07d": (("07", "pod", "events-d"), "cni/plugin-died", "network-plugin", "killed"),
    "09a": (("09", "pod-a", "events"), "image/other-machine", "image", "kubernetes.io/arch"),
    "09b": (("09", "pod-b", "events"), "image/dns", "cluster-config", "resolvectl"),
    "09c": (("09", "pod-c", "events"), "disk/full", "node-disk", "/var/lib/containerd"),
    "10a": (("10", "pod", "node-a", "lease"), "kubelet/starting", "kubelet", "wait a minute"),
    "10b": (("10", "pod", "node-b", "lease"), "runtime/silent", "runtime", "crictl"),
    "10c": (("10", "pod", "node-c", "lease"), "kubelet/starting", "kubelet", "wait a minute"),
    "10d": (("10", "pod", "node-d", "lease"), "runtime/silent", "runtime", "crictl"),
    "11a": (("11", "pod", "node-win", "events-a"), "image/other-machine", "cluster-config", "pause image"),
    "11b": (("11", "pod", "node-win", "events-b"), "image/other-machine", "cluster-config", "pause image"),
}
NEVER = {
    "04": ("crictl rmp", "crictl pods", "systemctl restart"),
    "05a": ("kubernetes.io/arch",),
    "09b": ("imagePullSecrets",),
    "09c": ("imagePullSecrets",),
    "11a": ("systemctl", "journalctl", "/etc/cni"),
    "11b": ("systemctl", "journalctl", "/etc/cni"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right(name):
    files, code, whose, words = RIGHT[name]
    answer = explained(*files)
    assert answer.cause is not None, answer
    told = " ".join([answer.summary, answer.cause.message, answer.cause.remedy or "", *answer.cause.evidence])
    assert (answer.cause.code, answer.cause.at_fault) == (code, whose)
    assert words in told
    assert not [each for each in NEVER.get(name, ()) if each in (answer.cause.remedy or "")]


def test_a_container_that_is_meant_to_have_ended_is_not_said_to_start_again():
    assert "is not started again" in (explained("01", "pod-b", "node").next or "")
    assert explained("01", "pod-a", "node").next is None
    assert explained("02", "pod").next is None
