"""One kind cluster: create, delete, health, images, and the network configuration of nodes built from packages."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from e2e.clusters.settings import (
    LIMIT_CREATE_CLUSTER,
    LIMIT_DELETE_CLUSTER,
    LIMIT_HEALTH_CHECK,
    LIMIT_LOAD_IMAGE,
    LIMIT_NODES_READY,
    LIMIT_SHORT_COMMAND,
    POD_SUBNET,
)
from e2e.clusters.steps import StepFailedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from e2e.clusters.commands import Runner
    from e2e.clusters.engines import Engine

POLL_SECONDS = 0.2


def kind_configuration(nodes: int, *, built: bool) -> dict[str, Any]:
    """kind's configuration file; JSON is YAML. Only nodes built from packages differ from kind's defaults."""
    roles = ["control-plane", *["worker"] * (nodes - 1)]
    configuration: dict[str, Any] = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [{"role": role} for role in roles],
        # From 1.35 on a kubelet does not start on cgroup v1 without this.
        "kubeadmConfigPatches": [json.dumps({"kind": "KubeletConfiguration", "failCgroupV1": False})],
    }
    if built:
        # No images for kindnet, CoreDNS and kube-proxy. skipPhases replaces kind's own list, hence "preflight".
        initialisation = {"kind": "InitConfiguration", "skipPhases": ["preflight", "addon/coredns", "addon/kube-proxy"]}
        # Errors when setting a negative oom_score_adj become warnings.
        kubelet = {"kind": "KubeletConfiguration", "featureGates": {"KubeletInUserNamespace": True}}
        configuration |= {
            "networking": {"disableDefaultCNI": True, "kubeProxyMode": "none", "podSubnet": POD_SUBNET},
            "kubeadmConfigPatches": [*configuration["kubeadmConfigPatches"], json.dumps(initialisation), json.dumps(kubelet)],
        }
    return configuration


def network_configuration(pod_cidr: str) -> dict[str, Any]:
    """The node's /etc/cni/net.d file: point-to-point links with addresses from the node's own range."""
    addresses: dict[str, Any] = {"type": "host-local", "dataDir": "/run/cni-ipam-state"}
    addresses |= {"routes": [{"dst": "0.0.0.0/0"}], "ranges": [[{"subnet": pod_cidr}]]}
    link = {"type": "ptp", "ipMasq": False, "mtu": 1500, "ipam": addresses}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "kind", "plugins": [link, ports]}


def find_kubectl(built: Path | None) -> str:
    """kubectl from PATH, else the one built for the node image."""
    found = shutil.which("kubectl") or (str(built) if built and built.exists() else None)
    if found is None:
        raise StepFailedError("`kubectl` is not on PATH; install it (any version from 1.30)")
    return found


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl bound to one kubeconfig."""

    program: str
    kubeconfig: Path
    runner: Runner

    def run(self, *words: str, limit: float = LIMIT_SHORT_COMMAND) -> str:
        """Stdout of `kubectl words...`; each request has kubectl's own time limit as well."""
        argv = [self.program, f"--kubeconfig={self.kubeconfig}", f"--request-timeout={int(limit)}s", *words]
        return self.runner.run(argv, limit=limit + 2)

    def nodes(self, *, limit: float = LIMIT_HEALTH_CHECK) -> list[dict[str, Any]]:
        """The Node objects."""
        items: list[dict[str, Any]] = json.loads(self.run("get", "nodes", "-o", "json", limit=limit))["items"]
        return items


def is_ready(node: dict[str, Any]) -> bool:
    """Whether the node's Ready condition is True."""
    return any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", []))


@dataclass(frozen=True, slots=True)
class KindCluster:
    """A cluster by name on one engine; `directory` keeps its kubeconfig and state."""

    name: str
    engine: Engine
    kind: Path
    directory: Path

    @property
    def kubeconfig(self) -> Path:
        """Never the user's own file."""
        return self.directory / "kubeconfig"

    def _kind(self, *words: object, limit: float, stdin: bytes | None = None) -> str:
        return self.engine.runner.run([self.kind, *words], limit=limit, stdin=stdin)

    def node_containers(self) -> list[str]:
        """The names of this cluster's node containers, running or not."""
        return self._kind("get", "nodes", "--name", self.name, limit=LIMIT_SHORT_COMMAND).split()

    def create(self, image: str, configuration: dict[str, Any]) -> None:
        """Creates the cluster; leaves waiting for its nodes to the caller."""
        self.directory.mkdir(parents=True, exist_ok=True)
        words = ["create", "cluster", "--name", self.name, "--image", image, "--kubeconfig", self.kubeconfig]
        self._kind(*words, "--config", "-", limit=LIMIT_CREATE_CLUSTER, stdin=json.dumps(configuration).encode())

    def delete(self) -> None:
        """Deletes nodes, kubeconfig and state; no error when there are none."""
        (self.directory / "state.json").unlink(missing_ok=True)
        self._kind("delete", "cluster", "--name", self.name, "--kubeconfig", self.kubeconfig, limit=LIMIT_DELETE_CLUSTER)
        shutil.rmtree(self.directory, ignore_errors=True)

    def load(self, archive: Path) -> None:
        """Puts every image of the archive on every node."""
        self._kind("load", "image-archive", "--name", self.name, archive, limit=LIMIT_LOAD_IMAGE)

    def on_node(self, node: str, script: str, *arguments: str, stdin: bytes | None = None) -> None:
        """Runs a shell script inside a node container."""
        interactive = ["-i"] if stdin is not None else []
        self.engine.run("exec", *interactive, node, "sh", "-c", script, "sh", *arguments, stdin=stdin)

    def remove_crictl(self) -> None:
        """Makes the nodes such as have no crictl."""
        for node in self.node_containers():
            self.on_node(node, "rm -f /usr/local/bin/crictl /usr/bin/crictl /etc/crictl.yaml; ! command -v crictl >/dev/null")

    def write_network(self, kubectl: Kubectl) -> None:
        """Gives each node its CNI file and a route to the pods of every other node."""
        nodes = kubectl.nodes()
        ranges = {node["metadata"]["name"]: str(node["spec"]["podCIDR"]) for node in nodes}
        for node in nodes:
            name = node["metadata"]["name"]
            content = json.dumps(network_configuration(ranges[name])).encode()
            # A rename, so that containerd never reads half a file.
            script = "d=/etc/cni/net.d; mkdir -p $d && cat > $d/.new && mv $d/.new $d/10-ptp.conflist"
            self.on_node(name, script, stdin=content)
            others = [(ranges[o["metadata"]["name"]], internal_address(o)) for o in nodes if o is not node]
            if others:
                routes = [word for pair in others for word in pair]
                self.on_node(name, 'while [ $# -gt 0 ]; do ip route replace "$1" via "$2"; shift 2; done', *routes)

    def why_unhealthy(self, kubectl: Kubectl, nodes: int) -> str | None:
        """None if every node container runs, the API answers and all `nodes` nodes are Ready; else the first reason."""
        if not self.kubeconfig.exists():
            return "its kubeconfig is gone"
        try:
            containers = self.node_containers()
            if len(containers) != nodes:
                return f"it has {len(containers)} node containers instead of {nodes}"
            states = self.engine.run("inspect", "--format", "{{.State.Running}}", *containers).split()
            if states != ["true"] * nodes:
                return "a node container does not run"
            found = kubectl.nodes()
        except StepFailedError as error:
            return str(error).splitlines()[0]
        ready = sum(map(is_ready, found))
        return None if ready == len(found) == nodes else f"{ready} of {nodes} nodes are Ready"


def internal_address(node: dict[str, Any]) -> str:
    """The node's IPv4 InternalIP."""
    addresses = [a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP" and "." in a["address"]]
    if not addresses:
        raise StepFailedError(f"node {node['metadata']['name']} has no IPv4 InternalIP; kind made an IPv6 cluster")
    return str(addresses[0])


def wait_for(what: str, holds: Callable[[], bool], limit: float = LIMIT_NODES_READY) -> None:
    """Polls until `holds()`; a request that fails counts as not yet. Raises StepFailedError after `limit` seconds."""
    deadline = time.monotonic() + limit
    last = ""
    while True:
        try:
            if holds():
                return
        except StepFailedError as error:
            last = f"\n{error}"
        if time.monotonic() > deadline:
            raise StepFailedError(f"waited {limit:.0f} s in vain for {what}{last}")
        time.sleep(POLL_SECONDS)
