"""A cluster as the tests use it: kubectl, the plugin, and waits that name what was waited for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.waiting import SLOWNESS, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
NAMESPACE = "pause-inspect-cases"
NGINX, BUSYBOX = "docker.io/library/nginx:1.22", "docker.io/library/busybox:1.36"
LIMIT_COMMAND = 60 * SLOWNESS
LIMIT_DELETION = f"--timeout={50 * SLOWNESS:g}s"
LIMIT_RUN = 90 * SLOWNESS
PATIENCE = [f"--timeout={60 * SLOWNESS:g}s", f"--request-timeout={10 * SLOWNESS:g}s"] if SLOWNESS > 1 else []
"""The plugin's own limits, where its defaults are too short."""
OURS = "app.kubernetes.io/managed-by=kubectl-pause-inspect"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run of the plugin ended."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster. `node` is the one whose sandboxes the tests compare; `crictl` its path on that node, None without one."""

    label: str
    kubeconfig: Path
    node: str
    crictl: str | None = None

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Stdout of kubectl. Raises AssertionError with its stderr when it fails."""
        argv = [kubectl_program(), "--kubeconfig", str(self.kubeconfig), *words]
        ended = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=LIMIT_COMMAND, check=False)
        assert ended.returncode == 0, f"[{self.label}] kubectl {' '.join(words)}: {ended.stderr.strip()}"
        return ended.stdout

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """kubectl, started, with its stdin and stdout."""
        argv = [kubectl_program(), "--kubeconfig", str(self.kubeconfig), *words]
        return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def get(self, *words: str) -> Json:
        """`kubectl get ... -o json`."""
        document = json.loads(self.kubectl("get", *words, "-o", "json"))
        assert isinstance(document, dict)
        return document

    def make_namespace(self, name: str) -> None:
        """An empty namespace in which any pod is let in; one of an earlier run goes first."""
        self.kubectl("delete", "namespace", name, "--ignore-not-found", LIMIT_DELETION)
        self.kubectl("create", "namespace", name)
        self.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=privileged")
        chosen = ["-n", name, "-o", "name", "--field-selector=metadata.name=default"]
        wait_for(f"[{self.label}] the default ServiceAccount of {name}", lambda: self.kubectl("get", "serviceaccounts", *chosen) or None)

    def remove_namespace(self, name: str) -> None:
        """Its pods are gone afterwards; the namespace itself goes in the background."""
        self.kubectl("delete", "pods", "--all", "-n", name)
        self.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")

    def on_node(self, script: str, *, root: bool = True) -> str:
        """A shell script run by the witness: in the node's own file system, or beside it with the node's /proc."""
        path = "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; "
        program = ["chroot", "/proc/1/root", "/bin/sh", "-c", path + script] if root else ["sh", "-c", script]
        return self.kubectl("exec", "-n", NAMESPACE, "witness", "--", *program)

    def start(self, *words: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """The plugin, started."""
        return subprocess.Popen(
            [sys.executable, "-m", "kubectl_pause", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "KUBECONFIG": str(self.kubeconfig), "NO_COLOR": "1", **(environment or {})},
        )

    def plugin(self, *words: str, environment: Mapping[str, str] | None = None) -> Ended:
        """The plugin, run to its end."""
        process = self.start(*words, environment=environment)
        try:
            stdout, stderr = process.communicate(timeout=LIMIT_RUN)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            message = f"[{self.label}] {' '.join(words)} was still running after {LIMIT_RUN} s: {stdout}{stderr}"
            raise AssertionError(message) from None
        return Ended(process.returncode, stdout, stderr)

    def report(self, *words: str) -> Json:
        """The plugin's report as JSON, of a run without any word on stderr."""
        ended = self.plugin(*words, *PATIENCE, "-o", "json")
        assert (ended.code, ended.stderr) == (0, ""), f"[{self.label}] {words}: exit code {ended.code}: {ended.stderr}"
        document = json.loads(ended.stdout)
        assert isinstance(document, dict)
        return document

    def leftovers(self, namespace: str | None = None) -> list[str]:
        """Pods of ours in a namespace, else on the whole cluster."""
        where = ["-n", namespace] if namespace else ["-A"]
        return self.kubectl("get", "pods", *where, "-l", OURS, "-o", "name").split()


def kubectl_program() -> str:
    """kubectl from PATH, else the one that `e2e/cluster` built into its cache."""
    found = shutil.which("kubectl")
    if found:
        return found
    cache = Path(
        os.environ.get("PAUSE_INSPECT_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pause-inspect-e2e"
    )
    built = sorted(cache.glob("parts/kubectl-*/kubectl"), key=lambda path: path.stat().st_mtime)
    assert built, "kubectl is neither on PATH nor in the cache of e2e/cluster; install kubectl"
    return str(built[-1])
