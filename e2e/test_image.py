"""The program's own image as a Job: with a ServiceAccount bound to the roles of docs/rbac it inspects the node it runs on.

Its pod may nothing: no root, no capability, no file to write. It has no kubeconfig either: the API server is found as in any pod.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import pytest
import yaml

from e2e.access import ROOT, Cluster, Json
from e2e.clusters.cache import Cache
from e2e.clusters.commands import Runner
from e2e.clusters.settings import cache_directory
from e2e.program_image import program_archive
from kubectl_pause import __version__
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

SPACE, NAME = "pause-inspect-image", "inspects-its-node"
RBAC = "rbac.authorization.k8s.io"
LIMIT_LOAD, LIMIT_JOB, LIMIT_GONE = 300, 120, 60


def _roles() -> list[Json]:
    """The roles of the inspector, in this test's namespace, and of nodes, each bound to the ServiceAccount."""
    inspector, node = (
        yaml.safe_load((ROOT / "docs" / "rbac" / file).read_text(encoding="utf-8")) for file in ("inspector.yaml", "node.yaml")
    )
    inspector["metadata"]["namespace"] = SPACE
    subjects = [{"kind": "ServiceAccount", "name": NAME, "namespace": SPACE}]
    bindings = [
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": f"{role['kind']}Binding",
            "metadata": {"name": f"{SPACE}-{NAME}", "namespace": SPACE},
            "subjects": subjects,
            "roleRef": {"apiGroup": RBAC, "kind": role["kind"], "name": role["metadata"]["name"]},
        }
        for role in (inspector, node)
    ]
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME, "namespace": SPACE}}
    return [account, inspector, node, *bindings]


def _job(cluster: Cluster, image: str, *words: str) -> Json:
    """The program in its image, with `words`; `$(NODE_NAME)` among them is the pod's own node.

    Nodes built from packages have no Services, so the API server is named by the address behind its own.
    """
    (behind,) = cluster.get("endpointslices", "-n", "default", "-l", "kubernetes.io/service-name=kubernetes")["items"]
    environment = [
        {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "KUBERNETES_SERVICE_HOST", "value": behind["endpoints"][0]["addresses"][0]},
        {"name": "KUBERNETES_SERVICE_PORT", "value": str(behind["ports"][0]["port"])},
    ]
    container = {
        "name": "program",
        "image": image,
        "imagePullPolicy": "Never",
        "args": [*words, "--debug-namespace", SPACE],
        "env": environment,
        "securityContext": {
            "runAsNonRoot": True,
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    pod = {
        "serviceAccountName": NAME,
        "nodeName": cluster.node,
        "restartPolicy": "Never",
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": NAME, "namespace": SPACE},
        "spec": {"backoffLimit": 0, "activeDeadlineSeconds": LIMIT_JOB, "template": {"spec": pod}},
    }


def _apply(cluster: Cluster, *objects: Json) -> None:
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The image's name, and its archive."""
    return program_archive(Cache(cache_directory()), Runner(tmp_path_factory.mktemp("image") / "log"))


@pytest.fixture
def archive(built: tuple[str, Path]) -> Path:
    return built[1]


@pytest.fixture(scope="module")
def image(running: dict[str, Cluster], built: tuple[str, Path]) -> str:
    """The image on every node of the first cluster."""
    cluster = next(iter(running.values()))
    reference, archive = built
    flags = ["--without-crictl"] if cluster.label == "without-crictl" else []
    subprocess.run([sys.executable, ROOT / "e2e" / "cluster", "load", archive, *flags], check=True, timeout=LIMIT_LOAD)
    return reference


@pytest.fixture
def place(running: dict[str, Cluster]) -> Iterator[Cluster]:
    """A cluster with the ServiceAccount and what it may."""
    cluster = next(iter(running.values()))
    cluster.make_namespace(SPACE)
    roles = _roles()
    _apply(cluster, *roles)
    user = f"system:serviceaccount:{SPACE}:{NAME}"
    wait_for("the roles to be in force", lambda: cluster.kubectl("auth", "can-i", "list", "nodes", "--as", user).strip() == "yes")
    yield cluster
    for role in roles:
        if role["kind"].startswith("ClusterRole"):
            cluster.kubectl("delete", role["kind"].lower(), role["metadata"]["name"])
    cluster.remove_namespace(SPACE)


def _pod(cluster: Cluster) -> Json | None:
    pods = cluster.get("pods", "-n", SPACE, "-l", f"job-name={NAME}")["items"]
    return pods[0] if pods else None


def _ended(cluster: Cluster) -> Json | None:
    """The Job's pod, once it is over."""
    pod = _pod(cluster)
    return pod if pod and pod["status"]["phase"] in ("Succeeded", "Failed") else None


def _log(cluster: Cluster) -> str:
    return cluster.kubectl("logs", "-n", SPACE, f"job/{NAME}")


def _jobs(cluster: Cluster) -> list[str]:
    return cluster.kubectl("get", "jobs", "-n", SPACE, "-o", "name").split()


def test_what_the_image_says_of_itself(archive: Path) -> None:
    with tarfile.open(archive) as files:

        def content(name: str) -> Any:
            return json.load(cast("IO[bytes]", files.extractfile(name)))

        (manifest,) = content("manifest.json")
        config = content(manifest["Config"])["config"]
    labels = {key.removeprefix("org.opencontainers.image."): value for key, value in config["Labels"].items()}
    assert (config["User"], config["Entrypoint"]) == ("65532:65532", ["kubectl-pause_inspect"])
    assert {"HOME=/tmp", "PYTHONDONTWRITEBYTECODE=1"} <= set(config["Env"])
    assert (labels["title"], labels["version"], labels["licenses"]) == ("kubectl-pause-inspect", __version__, "Apache-2.0")


def test_a_job_inspects_its_own_node(place: Cluster, image: str) -> None:
    static = {
        (pod["metadata"]["namespace"], pod["metadata"]["name"])
        for pod in place.get("pods", "-n", "kube-system", "--field-selector", f"spec.nodeName={place.node},status.phase=Running")["items"]
    }
    _apply(place, _job(place, image, "node", "$(NODE_NAME)", "-o", "json"))
    pod = wait_for("the Job to end", lambda: _ended(place), LIMIT_JOB, 1, instead=lambda: (_pod(place) or {}).get("status"))
    log = _log(place)
    assert pod["status"]["phase"] == "Succeeded", log
    report = json.loads(log)
    (node,) = report["nodes"]
    sandboxes = {(each["pod"]["namespace"], each["pod"]["name"]): each for each in node["sandboxes"]}
    itself = sandboxes[SPACE, pod["metadata"]["name"]]
    assert (report["errors"], node["name"]) == ([], place.node)
    assert static <= sandboxes.keys()
    assert itself["pod"]["uid"] == pod["metadata"]["uid"]
    assert [(each["name"], each["state"]) for each in itself["containers"]] == [("program", "running")]
    assert place.leftovers(SPACE) == []
    assert _jobs(place) == [f"job.batch/{NAME}"]


def test_one_that_is_deleted_at_work_takes_its_inspector_along(place: Cluster, image: str) -> None:
    """The program is PID 1 there, to which the kernel gives no signal that it has not asked for."""
    _apply(place, _job(place, image, "zombies", "--node", "$(NODE_NAME)", "--watch"))
    wait_for("the inspector pod", lambda: place.leftovers(SPACE) or None, LIMIT_JOB, instead=lambda: (_pod(place) or {}).get("status"))
    place.kubectl("delete", "job", NAME, "-n", SPACE, "--cascade=foreground", "--timeout=50s")
    wait_for("nothing to be left", lambda: not place.leftovers(SPACE) and not _jobs(place), LIMIT_GONE, 1, instead=lambda: _jobs(place))
