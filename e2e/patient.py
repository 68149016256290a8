"""A real node as the tests of `check` and `why` have it: what is done to it, what is said of it, and how soon."""

from __future__ import annotations

import json
import select
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from e2e.access import BUSYBOX, Cluster, Json
from tests.waiting import wait_for

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

LIMIT_EXEC = 60
SPACE = "pause-inspect-doctor"
LIMIT_SEEN, LIMIT_SILENT = 200, 120
"""A runtime that has just been started is left alone for two minutes; a kubelet is silent when its lease is 40 s old."""
PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NODE_SHELL = ["-n", SPACE, "surgeon", "--", "nsenter", "-t", "1", "-m", "-n", "-u", "-i", "--", "sh", "-c"]
SLEEP = ["sleep", "86400"]

FIRST_PLUGIN = r"""cat /etc/cni/net.d/*.conflist | tr ',' '\n' | sed -n 's/.*"type": *"\([a-z-]*\)".*/\1/p' | head -n 1"""
SLOW_PLUGIN = """#!/bin/sh
if [ "$CNI_COMMAND" = ADD ]; then
	(n=0; while [ ! -e /run/pause-inspect-go ] && [ $n -lt 2400 ]; do sleep 0.1; n=$((n+1)); done) &
	wait
fi
[ ! -e /opt/cni/away-PLUGIN ] || exec /opt/cni/away-PLUGIN
exec /opt/cni/bin/PLUGIN
"""
"""Its child holds what the runtime reads from, so that the runtime waits even where it has killed the plugin."""


def pod_of(name: str, node: str, spec: Json | None = None, container: Json | None = None) -> Json:
    """A pod that does nothing, on the node."""
    usual: Json = {"terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}], "automountServiceAccountToken": False}
    containers = [{"name": "app", "image": BUSYBOX, "command": SLEEP, **(container or {})}]
    metadata = {"name": name, "namespace": SPACE}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {**usual, "nodeName": node, "containers": containers, **(spec or {})},
    }


@dataclass
class Patient:
    """The node, what is done to it, and what is said of it."""

    cluster: Cluster
    before: list[tuple[str, str]] = field(default_factory=list)
    """What was wrong with the node when nothing had been done to it."""
    apart: set[str] = field(default_factory=set)
    """Codes of what is there beside the fault that is looked at."""
    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    def on_node(self, script: str) -> str:
        """Run in the namespaces of the node's init, its mounts among them."""
        return self.cluster.kubectl("exec", *NODE_SHELL, f"export PATH={PROGRAMS}; {script}").strip()

    def begin(self, script: str) -> subprocess.Popen[str]:
        """The same, started: its stdin and stdout are open."""
        return self.cluster.begin("exec", "-i", *NODE_SHELL, f"export PATH={PROGRAMS}; {script}")

    def make(self, name: str, *, ready: bool = True, **more: Json) -> None:
        self.cluster.kubectl("apply", "-f", "-", stdin=json.dumps(pod_of(name, self.cluster.node, **more)))
        if ready:
            self.cluster.kubectl("wait", "-n", SPACE, "--for=condition=Ready", "--timeout=50s", f"pod/{name}")

    def remove(self, name: str) -> None:
        self.cluster.kubectl("delete", "pod", name, "-n", SPACE, "--timeout=50s")

    def findings(self, code: str | None = None) -> list[tuple[str, str]]:
        """Codes and subjects of what `check` says of the node, and did not before; of what is for information `code` alone."""
        findings = [finding for finding in self.documents() if finding["severity"] != "info" or finding["code"] == code]
        told = [(finding["code"], finding["subject"]) for finding in findings if finding["code"] not in self.apart]
        return [finding for finding in told if finding not in self.before]

    def documents(self) -> list[Json]:
        """All that `check` says of the node."""
        ended = self.cluster.plugin("check", self.cluster.node, "-o", "json")
        assert ended.code == 0, ended.stderr
        (node,) = json.loads(ended.stdout)["nodes"]
        return [*node["findings"], *(finding for sandbox in node["sandboxes"] for finding in sandbox["findings"])]

    def take(self, code: str) -> None:
        """Do on the node what the one finding of that code says."""
        (remedy,) = [finding["remedy"] for finding in self.documents() if finding["code"] == code]
        words = str(remedy).removeprefix("on the node: ")
        assert words != remedy, remedy
        self.on_node(words)

    def why(self, name: str) -> str | None:
        """The code of what stops a pod; by the API alone where no pod of ours can be made on its node."""
        ended = self.cluster.plugin("why", "-n", SPACE, name, "-o", "json")
        assert ended.code in (0, 1, 4), ended.stderr
        (answer,) = json.loads(ended.stdout)["explanations"]
        return answer["cause"]["code"] if answer["cause"] else None

    def sandbox(self, name: str) -> Json:
        """The current sandbox of a pod, by the report."""
        ended = self.cluster.plugin("pod", "-n", SPACE, name, "-o", "json")
        (node,) = json.loads(ended.stdout)["nodes"]
        (current,) = [sandbox for sandbox in node["sandboxes"] if sandbox["current"]]
        assert isinstance(current, dict)
        return current

    def netns(self, name: str) -> str:
        """Where a pod's network namespace is mounted."""
        (path,) = [holder for holder in self.sandbox(name)["namespaces"]["net"]["heldBy"] if holder.startswith("/")]
        return str(path)

    def shim(self, name: str) -> str:
        """The pid of a pod's shim."""
        return self.on_node(f"cut -d' ' -f4 /proc/{self.sandbox(name)['pid']}/stat")

    def plugin(self) -> str:
        """The network plugin that makes the links of pods."""
        plugin = self.on_node(FIRST_PLUGIN)
        assert plugin
        return plugin

    def have_plugin_hang(self) -> None:
        """Until `let_plugin_go`, and no longer than it takes the runtime to give up."""
        plugin = self.plugin()
        script = SLOW_PLUGIN.replace("PLUGIN", plugin)
        self.on_node(f"rm -f /run/pause-inspect-go; mv /opt/cni/bin/{plugin} /opt/cni/away-{plugin}")
        self.on_node(f"cat >/opt/cni/bin/{plugin} <<'END'\n{script}END\nchmod 755 /opt/cni/bin/{plugin}")

    def let_plugin_go(self) -> None:
        """What hangs goes on, and the plugin is itself again."""
        plugin = self.plugin()
        self.on_node(f"touch /run/pause-inspect-go; mv /opt/cni/away-{plugin} /opt/cni/bin/{plugin}")

    @contextmanager
    def fault(self, code: str, subject: str | None = None, *, stuck: str | None = None, undone: Callable[[], object]) -> Iterator[None]:
        """The block makes it; behind it `check` has to name it, or `why` of the pod `stuck`, and is silent after `undone`."""
        yield
        about = f"{SPACE}/{subject}" if subject else f"node {self.cluster.node}"
        began = time.monotonic()

        def told() -> bool:
            if stuck:
                return self.why(stuck) == code
            return any(seen == code and of.startswith(about) for seen, of in self.findings(code))

        try:
            wait_for(f"{code} of {about}", told, LIMIT_SEEN, 1, instead=lambda: self.why(stuck) if stuck else self.findings())
            seen = time.monotonic() - began
        finally:
            undone()
        began = time.monotonic()
        wait_for(f"silence after {code}", lambda: self.findings(code) == [], LIMIT_SILENT, 1, instead=lambda: self.findings(code))
        if stuck:
            wait_for(f"nothing to stop {stuck}", lambda: self.why(stuck) is None, LIMIT_SILENT, 1, instead=lambda: self.why(stuck))
        after = time.monotonic() - began
        self.rows.append((code, "why" if stuck else "check", stuck or about, f"{seen:.1f} s", f"{after:.1f} s"))


def operated(place: Cluster) -> Patient:
    """The node with a pod on it that has root's rights there, by which faults are made."""
    surgeon = pod_of("surgeon", place.node, {"hostPID": True, "hostNetwork": True}, {"securityContext": {"privileged": True}})
    place.kubectl("apply", "-f", "-", stdin=json.dumps(surgeon))
    place.kubectl("wait", "-n", SPACE, "--for=condition=Ready", "--timeout=50s", "pod/surgeon")
    patient = Patient(place)
    patient.before += patient.findings()
    return patient


def in_background(patient: Patient, script: str) -> str:
    """What starts a script on the node, which is put there now."""
    patient.on_node(f"cat >/run/pause-inspect-script <<'END-OF-SCRIPT'\n{script}\nEND-OF-SCRIPT")
    return "setsid sh /run/pause-inspect-script >/run/pause-inspect-script.log 2>&1 </dev/null &"


def until_told(patient: Patient, make: str, undo: str) -> Callable[[], object]:
    """Make a fault, in an exec that goes on: what is answered lets it undo that. So does the end of the exec, whatever ends it."""
    process = patient.begin(f"{{ {make}; }} >/dev/null 2>&1 && echo made && read -r word; {{ {undo}; }} >/dev/null 2>&1; echo undone")
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], LIMIT_EXEC)
    assert ready, "the fault was not made in time"
    assert process.stdout.readline() == "made\n"

    def undone() -> None:
        said, _ = process.communicate("go\n", timeout=LIMIT_EXEC)
        assert said == "undone\n"

    return undone
