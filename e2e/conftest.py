"""Two clusters, one with crictl on its node and one without (or the one of E2E_KUBECONFIG), with every test pod in its wanted state."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import pytest

from e2e import runtime_truth
from e2e.access import NAMESPACE, ROOT, Cluster, Json
from e2e.moments import Moment, take_moment
from e2e.patient import Patient, operated
from e2e.what_happened import what_happened
from tests.default_signals import pytest_configure
from tests.listed_skips import pytest_sessionfinish, pytest_terminal_summary
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from e2e.runtime_truth import TrueSandbox

__all__ = ["pytest_configure", "pytest_sessionfinish", "pytest_terminal_summary"]

MANIFEST = Path(__file__).parent / "manifests" / "cases.yaml"
BOTH = ("with-crictl", "without-crictl")
AWAY = "away"
"""A cluster of its own for tests that take any: they take parts of its node away, or wait long for an end (`make e2e-away`)."""
LABELS = ["given"] if os.environ.get("E2E_KUBECONFIG") else os.environ.get("E2E_LABELS", " ".join(BOTH)).split()
"""The clusters of this run: `e2e/run` starts one for each cluster, beside each other, and one for what concerns two."""
AT_HOME = {
    "test_doctor.py": "with-crictl",
    "test_doctor_by_hand.py": "by hand",
    "test_doctor_runtime.py": "by hand",
    "test_inside.py": "without-crictl",
    "test_keep.py": "without-crictl",
    "test_no_false_alarm.py": "without-crictl",
    "test_own_namespace.py": "without-crictl",
    "test_profiles.py": "by hand",
    "test_via.py": "without-crictl",
    "test_why.py": "without-crictl",
}
"""Files of tests that take any cluster and leave no trace: they run on one of the two, before its own tests. Or on none of them."""
OF_BOTH = ("test_with_and_without_crictl.py",)
"""Files that are tested when the runs of one cluster are over: what compares the two."""
LIMIT_UP = 3600
LIMIT_SANDBOX_AGAIN = 120
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"


MOST_EXPLAINED = 5
"""Failures that are explained; what comes after is mostly their consequence."""
_running: dict[str, Cluster] = {}
_explained = 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails shows what went on in each cluster it may have used."""
    global _explained  # noqa: PLW0603 (one run of pytest)
    report = yield
    if report.failed and _running and _explained < MOST_EXPLAINED:
        _explained += 1
        label = getattr(item, "funcargs", {}).get("label")
        for cluster in [_running[label]] if label in _running else _running.values():
            log = Path(str(item.config.rootpath)) / ".pytest_cache" / "what-happened.log"
            log.parent.mkdir(exist_ok=True)
            report.sections.append((f"cluster {cluster.label}", what_happened(cluster, log)))
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a run of one cluster its own tests: those of both clusters are made for each, those that take any run on their own, or at home."""
    if len(LABELS) != 1 or LABELS[0] not in (*BOTH, AWAY):
        return

    def belongs(item: pytest.Item) -> bool:
        of_each = "label" in getattr(item, "fixturenames", ())
        at = BOTH if of_each else (AT_HOME.get(item.path.name, AWAY),)
        return item.path.name not in OF_BOTH and LABELS[0] in at

    config.hook.pytest_deselected(items=[item for item in items if not belongs(item)])
    items[:] = sorted((item for item in items if belongs(item)), key=lambda item: item.path.name not in AT_HOME)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that take `cluster` or `moment` run once for each cluster."""
    if "label" in metafunc.fixturenames:
        metafunc.parametrize("label", LABELS, scope="session")


@pytest.fixture(scope="session")
def running() -> dict[str, Cluster]:
    """Every cluster, with no pod of any test."""
    _running.update({label: _up(label) for label in LABELS})
    return dict(_running)


@pytest.fixture(scope="module")
def place(running: dict[str, Cluster], request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Any one cluster, with a namespace for the tests of this module alone: its `SPACE`."""
    cluster = next(iter(running.values()))
    cluster.make_namespace(request.module.SPACE)
    yield cluster
    cluster.remove_namespace(request.module.SPACE)


@pytest.fixture(scope="module")
def patient(place: Cluster, pytestconfig: pytest.Config) -> Iterator[Patient]:
    """A node for tests that make faults on it. What was said of them is printed when all is over."""
    patient = operated(place)
    yield patient
    lines = ["{:20} {:6} {:45} {:>8} {:>8}".format(*row) for row in [("fault", "by", "of", "seen", "silent"), *patient.rows]]
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n" + "\n".join(lines))


@pytest.fixture(scope="session")
def clusters(running: dict[str, Cluster]) -> Iterator[dict[str, Cluster]]:
    """Every cluster, ready."""
    with ThreadPoolExecutor() as executor:
        ready = {label: executor.submit(_prepared, cluster) for label, cluster in running.items()}
        yield {label: future.result() for label, future in ready.items()}
        list(executor.map(_clean, running.values()))


@pytest.fixture(scope="session")
def cluster(clusters: dict[str, Cluster], label: str) -> Cluster:
    return clusters[label]


@pytest.fixture(scope="session")
def moments(clusters: dict[str, Cluster]) -> dict[str, Moment]:
    """One moment of each cluster: the runtime's truth and the plugin's reports of it."""
    return {label: take_moment(each) for label, each in clusters.items()}


@pytest.fixture(scope="session")
def moment(moments: dict[str, Moment], label: str) -> Moment:
    return moments[label]


def _up(label: str) -> Cluster:
    flags = ["--without-crictl"] if label == "without-crictl" else []
    program = [sys.executable, str(ROOT / "e2e" / "cluster")]
    subprocess.run([*program, "up", *flags], check=True, timeout=LIMIT_UP)
    path = subprocess.run([*program, "kubeconfig", *flags], check=True, timeout=LIMIT_UP, capture_output=True, text=True).stdout.strip()
    nodes = Cluster(label, Path(path), "").get("nodes")["items"]
    # The control plane's node has the static pods; a managed cluster shows none of it.
    nodes.sort(key=lambda node: CONTROL_PLANE not in node["metadata"]["labels"])
    return Cluster(label, Path(path), nodes[0]["metadata"]["name"])


def _prepared(cluster: Cluster) -> Cluster:
    manifest = Template(MANIFEST.read_text()).substitute(NODE=cluster.node, NAMESPACE=NAMESPACE)
    cluster.make_namespace(NAMESPACE)
    cluster.kubectl("apply", "-f", "-", stdin=manifest)
    for name in ("witness", "sandbox-killed"):
        wait_for(f"[{cluster.label}] pod {name} running", partial(_in_state, cluster, name))
    cluster = dataclasses.replace(cluster, crictl=runtime_truth.find_crictl(cluster))
    expected = cluster.label != "without-crictl"
    assert cluster.label == "given" or (cluster.crictl is not None) is expected, f"[{cluster.label}] crictl on the node: {cluster.crictl}"
    _kill_sandbox(cluster)
    for name in ("nginx", "shared-pid", "host-network", "host-pid-ipc", "completed", "image-missing", "unscheduled", "crash-looping"):
        wait_for(f"[{cluster.label}] pod {name} in its wanted state", partial(_in_state, cluster, name))
    wait_for(f"[{cluster.label}] both pods of deployment web ready", partial(_deployed, cluster))
    wait_for(f"[{cluster.label}] attempt 1 of pod sandbox-killed", partial(_started_again, cluster), LIMIT_SANDBOX_AGAIN, 1)
    return cluster


def _kill_sandbox(cluster: Cluster) -> None:
    (sandbox,) = _to_be_killed(cluster)
    assert sandbox.pid is not None
    runtime_truth.kill(cluster, sandbox.pid)


def _to_be_killed(cluster: Cluster) -> list[TrueSandbox]:
    """By uid: the node may still hold a sandbox of an earlier run's pod of that name."""
    uid = cluster.get("pod", "sandbox-killed", "-n", NAMESPACE)["metadata"]["uid"]
    return [each for each in runtime_truth.sandboxes(cluster) if each.uid == uid]


def _started_again(cluster: Cluster) -> bool:
    again = any(each.attempt == 1 and any(one.state == "running" for one in each.containers) for each in _to_be_killed(cluster))
    return again and _in_state(cluster, "sandbox-killed")


def _deployed(cluster: Cluster) -> bool:
    status = cluster.get("deployment", "web", "-n", NAMESPACE).get("status", {})
    return bool(status.get("readyReplicas") == 2)


def _in_state(cluster: Cluster, name: str) -> bool:
    pod = cluster.get("pod", name, "-n", NAMESPACE)
    statuses: list[Json] = pod["status"].get("containerStatuses") or []
    waiting = [status["state"].get("waiting", {}).get("reason") for status in statuses]
    if name == "completed":
        return bool(pod["status"]["phase"] == "Succeeded")
    if name == "image-missing":
        return waiting[:1] in (["ErrImagePull"], ["ImagePullBackOff"])
    if name == "crash-looping":
        # Between two restarts Kubernetes 1.36 shows it as terminated, and as waiting for the last second alone.
        rests = bool(statuses) and (waiting[:1] == ["CrashLoopBackOff"] or "terminated" in statuses[0]["state"])
        return rests and statuses[0]["restartCount"] >= 1
    if name == "unscheduled":
        return any(each["type"] == "PodScheduled" and each["status"] == "False" for each in pod["status"].get("conditions", ()))
    return bool(statuses) and all(status["ready"] for status in statuses)


def _clean(cluster: Cluster) -> None:
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    cluster.kubectl("delete", "clusterrole,clusterrolebinding", f"{NAMESPACE}-no-exec")
