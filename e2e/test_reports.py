"""What the verbs print on a real cluster: text, documents, workloads, all nodes, and saved captures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import yaml

from e2e.access import NAMESPACE, Cluster, Json
from e2e.moments import MIRROR, runtime_uid, sandboxes_of, without_counts, without_sandbox_of
from kubectl_pause.report import Report

if TYPE_CHECKING:
    from pathlib import Path


def test_pod_nginx_tells_its_sandbox_and_who_shares_what(cluster: Cluster) -> None:
    ended = cluster.plugin("pod", "-n", NAMESPACE, "nginx")
    assert (ended.code, ended.stderr) == (0, "")
    (sandbox,) = cluster.report("pod", "-n", NAMESPACE, "nginx")["nodes"][0]["sandboxes"]
    for word in (f"{NAMESPACE}/nginx", sandbox["id"], f"pause, pid {sandbox['pid']}", sandbox["ips"][0]):
        assert word in ended.stdout
    table = [line.split() for line in ended.stdout.splitlines()]
    assert ["web", "pod", "pod", "pod", "own", "host", "own", "host", "host"] in [line for line in table if line[:1] == ["web"]]
    assert ["setup", "init"] in [line[:2] for line in table]


def test_node_shows_one_line_for_each_sandbox(cluster: Cluster) -> None:
    ended = cluster.plugin("node", cluster.node)
    assert (ended.code, ended.stderr) == (0, "")
    heading, *rows = [line.split() for line in ended.stdout.splitlines()]
    assert heading[:3] == ["POD", "SANDBOX", "STATE"]
    pods = [row[0] for row in rows]
    for name in ("nginx", "shared-pid", "host-network", "host-pid-ipc", "crash-looping", "image-missing", "sandbox-killed", "completed"):
        assert f"{NAMESPACE}/{name}" in pods


def test_documents_hold_every_field_and_no_other(cluster: Cluster) -> None:
    for words in (("node", cluster.node), ("pod", "-n", NAMESPACE, "nginx", "completed", "image-missing")):
        ended = cluster.plugin(*words, "-o", "json")
        document = json.loads(ended.stdout)
        typed = msgspec.json.decode(ended.stdout, type=Report, strict=True)
        assert msgspec.to_builtins(typed) == document  # a field left out, or one too many, would differ
        as_yaml = cluster.plugin(*words, "-o", "yaml")
        assert (as_yaml.code, sorted(yaml.safe_load(as_yaml.stdout))) == (0, sorted(document))


def test_a_deployment_stands_for_its_pods(cluster: Cluster) -> None:
    report = cluster.report("pod", "-n", NAMESPACE, "deploy/web")
    pods = cluster.get("pods", "-n", NAMESPACE, "-l", "app=web")["items"]
    sandboxes = [without_counts(sandbox) for node in report["nodes"] for sandbox in node["sandboxes"]]
    assert sorted(each["pod"]["name"] for each in sandboxes) == sorted(pod["metadata"]["name"] for pod in pods)
    assert len(sandboxes) == 2
    assert {each["pod"]["owner"].split("/")[0] for each in sandboxes} == {"ReplicaSet"}
    by_label = cluster.report("pod", "-n", NAMESPACE, "-l", "app=web")["nodes"][0]["sandboxes"]
    assert [without_counts(each) for each in by_label] == sandboxes


def test_all_nodes(cluster: Cluster) -> None:
    report = cluster.report("node", "--all")
    names = sorted(node["metadata"]["name"] for node in cluster.get("nodes")["items"])
    assert [node["name"] for node in report["nodes"]] == names
    assert report["errors"] == []


def test_no_healthy_pod_and_no_healthy_node_has_a_finding(cluster: Cluster) -> None:
    """Of no severity and by no verb: whoever is shown one each day reads none."""
    healthy = _stable(cluster)
    pods = cluster.get("pods", "-n", NAMESPACE, "-l", "stable=yes")["items"]
    names, running = [pod["metadata"]["name"] for pod in pods], [pod for pod in pods if pod["status"]["phase"] == "Running"]
    verbs = (("node", cluster.node), ("node", cluster.node, "--fds"), ("zombies", "--node", cluster.node), ("pod", "-n", NAMESPACE, *names))
    for words in verbs:
        report = cluster.report(*words)
        (node,) = report["nodes"]
        shown = [sandbox for sandbox in node["sandboxes"] if sandbox["pod"]["uid"] in healthy]
        assert len(shown) >= len(running) >= 3, words
        assert (words, node["findings"]) == (words, [])
        assert (words, [(each["pod"]["name"], each["findings"]) for each in shown if each["findings"]]) == (words, [])


def test_a_saved_moment_gives_the_report_of_the_live_run(cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "node.capture"
    saved = cluster.plugin("snapshot", cluster.node, "-f", str(file))
    assert (saved.code, saved.stdout, saved.stderr) == (0, "", f"wrote {file}: {file.stat().st_size} bytes\n")
    live = cluster.report("node", cluster.node)
    # No cluster is asked: this kubeconfig is no file.
    nowhere = {"KUBECONFIG": str(tmp_path / "no-kubeconfig")}
    read = json.loads(cluster.plugin("node", "--from", str(file), "-o", "json", environment=nowhere).stdout)
    of_pods = json.loads(
        cluster.plugin("pod", "--from", str(file), "-n", NAMESPACE, "nginx", "deploy/web", "-o", "json", environment=nowhere).stdout
    )
    stable = _stable(cluster)
    assert len(stable) >= 5
    for uid in stable:
        assert _both(read, uid) == _both(live, uid)
    assert read["nodes"][0]["sources"] == live["nodes"][0]["sources"]
    nginx = runtime_uid(cluster.get("pod", "nginx", "-n", NAMESPACE))
    assert sandboxes_of(of_pods, nginx) == sandboxes_of(live, nginx) != []
    assert len([sandbox for sandbox in of_pods["nodes"][0]["sandboxes"] if sandbox["pod"]["owner"]]) == 2


def _stable(cluster: Cluster) -> list[str]:
    pods: list[Json] = cluster.get("pods", "-A", f"--field-selector=spec.nodeName={cluster.node}")["items"]
    test_pods = [pod for pod in pods if pod["metadata"]["namespace"] == NAMESPACE and pod["metadata"]["labels"].get("stable")]
    static = [pod for pod in pods if MIRROR in pod["metadata"].get("annotations", {})]
    return [runtime_uid(pod) for pod in test_pods + static]


def _both(report: Json, uid: str) -> tuple[list[Json], list[Json]]:
    return sandboxes_of(report, uid), without_sandbox_of(report, uid)
