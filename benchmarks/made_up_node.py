"""A capture of a node that does not exist, of any size, in the shape that `snapshot` writes (kind, containerd 2, cgroup v2)."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from typing import Any

NODE = "made-up-node"
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
HOST_INODES = {kind: 4026531834 + number for number, kind in enumerate(NAMESPACES)}
SECOND = 10**9
START = 1795472224
CONTAINERS = ("web", "sidecar")
STATUS_MASKS = (
    "SigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001000\nSigCgt:\t0000000180004203"
)


def capture(pods: int = 250, processes: int = 5000) -> bytes:
    """The file's bytes. Each pod has a pause, a shim and two containers; the processes are dealt out among the containers."""
    node = _Node(pods, processes)
    collector = "\n".join(node.collector()) + "\n"
    saved = f"#pause-inspect-capture 1\n#api\n {_json(node.api())}\n"
    return gzip.compress(saved.encode(), 1) + gzip.compress(collector.encode(), 1)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _id(*words: object) -> str:
    return hashlib.sha256(repr(words).encode()).hexdigest()


class _Pod:
    """Names, ids and pids of one pod. `share` is how many processes its containers have together."""

    def __init__(self, number: int, first_pid: int, share: int) -> None:
        self.number = number
        self.name = f"shop-frontend-{_id('hash', number)[:10]}-{_id('pod', number)[:5]}"
        self.namespace = f"team-{number % 12}"
        digest = _id("uid", number)
        self.uid = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
        self.sandbox = _id("sandbox", number)
        self.containers = {name: _id(name, number) for name in CONTAINERS}
        self.shim, self.pause = first_pid, first_pid + 1
        halves = (share - share // 2, share // 2)
        self.pids: dict[str, list[int]] = {}
        position = first_pid + 2
        for name, count in zip(CONTAINERS, halves, strict=True):
            self.pids[name] = list(range(position, position + count))
            position += count
        self.created = (START - 86400 + number) * SECOND
        self.ip = f"10.244.{number // 250}.{number % 250 + 2}"

    def labels(self) -> dict[str, str]:
        return {
            "app": "shop-frontend",
            "pod-template-hash": self.name.split("-")[2],
            "io.kubernetes.pod.name": self.name,
            "io.kubernetes.pod.namespace": self.namespace,
            "io.kubernetes.pod.uid": self.uid,
        }

    def cgroup(self, identifier: str) -> str:
        unit = self.uid.replace("-", "_")
        return f"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{unit}.slice/cri-containerd-{identifier}.scope"

    def spec(self, identifier: str, kind: str, name: str) -> dict[str, Any]:
        annotations = {
            "io.kubernetes.cri.container-type": kind,
            "io.kubernetes.cri.sandbox-id": self.sandbox,
            "io.kubernetes.cri.sandbox-name": self.name,
            "io.kubernetes.cri.sandbox-namespace": self.namespace,
            "io.kubernetes.cri.sandbox-uid": self.uid,
        }
        namespaces: list[dict[str, str]] = [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}]
        if kind == "container":
            annotations |= {"io.kubernetes.cri.container-name": name, "io.kubernetes.cri.image-name": "registry.example/shop/frontend:1"}
            namespaces = [{"type": "pid"}, {"type": "mount"}]
            namespaces += [
                {"type": long, "path": f"/proc/{self.pause}/ns/{short}"}
                for long, short in (("ipc", "ipc"), ("uts", "uts"), ("network", "net"))
            ]
        path = f"kubelet-kubepods-pod{self.uid.replace('-', '_')}.slice:cri-containerd:{identifier}"
        return {"annotations": annotations, "linux": {"cgroupsPath": path, "namespaces": namespaces}}


class _Node:
    def __init__(self, pods: int, processes: int) -> None:
        spare = processes - 1 - 2 * pods
        if spare < 2 * pods:
            raise ValueError("too few processes for so many pods")
        self.pods = []
        next_pid = 1000
        for number in range(pods):
            share = spare * (number + 1) // pods - spare * number // pods
            self.pods.append(_Pod(number, next_pid, share))
            next_pid += share + 2

    def collector(self) -> Iterator[str]:
        yield "#pause-inspect-collector 1"
        boot = "fe8345ba-dcf4-4dab-bb41-7268414b2532"
        yield f"#node now={START} uptime=86500.11 boot={boot} tasks=9000 pid_max=4194304 threads_max=192731 kernel=6.8.0"
        yield '#section os-release\n PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"'
        yield "#crictl path=/usr/local/bin/crictl socket=/run/containerd/containerd.sock version=v1.34.0"
        yield "#section crictl.version"
        yield " Version:  0.1.0\n RuntimeName:  containerd\n RuntimeVersion:  2.2.9\n RuntimeApiVersion:  v1\n#rc 0"
        yield f"#section crictl.pods\n {_json({'items': [self._cri_pod(pod) for pod in self.pods]})}\n#rc 0"
        yield f"#section crictl.ps\n {_json({'containers': [each for pod in self.pods for each in self._cri_containers(pod)]})}\n#rc 0"
        yield f"#section crictl.inspectp\n {_json([self._inspectp(pod) for pod in self.pods])}\n#rc 0"
        yield "#section bundles"
        for pod in self.pods:
            yield f"#bundle id={pod.sandbox} pid={pod.pause}\n {_json(pod.spec(pod.sandbox, 'sandbox', ''))}"
            for name, identifier in pod.containers.items():
                yield f"#bundle id={identifier} pid={pod.pids[name][0]}\n {_json(pod.spec(identifier, 'container', name))}"
        yield "#section mountinfo\n 538 536 0:29 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw"
        yield "#section proc"
        everyone = list(self._processes())
        for pid, comm, ppid, _, cgroup, _ in everyone:
            yield f"{pid}/stat:{self._stat(pid, comm, ppid)}"
            yield f"{pid}/cgroup:0::{cgroup}"
        for pid, _, ppid, in_namespace, _, _ in everyone:
            status = f"State:\tS (sleeping)\nTgid:\t{pid}\nPPid:\t{ppid}\nTracerPid:\t0\nUid:\t0\t0\t0\t0\n"
            status += f"NSpid:\t{in_namespace}\nThreads:\t1\n{STATUS_MASKS}"
            yield from (f"{pid}/status:{line}" for line in status.split("\n"))
        for pid, _, _, _, _, inodes in everyone:
            yield from (f"'{pid}/ns/{kind}' -> '{kind}:[{inodes[kind]}]'" for kind in NAMESPACES)
        for pid, comm, ppid, *_ in everyone:
            yield f"{pid}/stat2:{self._stat(pid, comm, ppid)}"
        yield "#end uptime=86500.41"

    def _processes(self) -> Iterator[tuple[int, str, int, str, str, dict[str, int]]]:
        """pid, comm, ppid, pids by namespace, cgroup, inodes."""
        yield 1, "systemd", 0, "1", "/init.scope", HOST_INODES
        for pod in self.pods:
            yield pod.shim, "containerd-shim", 1, str(pod.shim), "/system.slice/containerd.service", HOST_INODES
            base = 4026540000 + pod.number * 20
            inodes = {**HOST_INODES, "net": base, "ipc": base + 1, "uts": base + 2, "pid": base + 3, "mnt": base + 4, "cgroup": base + 5}
            yield pod.pause, "pause", pod.shim, f"{pod.pause}\t1", pod.cgroup(pod.sandbox), inodes
            for index, (name, pids) in enumerate(pod.pids.items()):
                own = {**inodes, "pid": base + 6 + index * 3, "mnt": base + 7 + index * 3, "cgroup": base + 8 + index * 3}
                for position, pid in enumerate(pids):
                    parent = pids[0] if position else pod.shim
                    yield pid, f"{name}-{position}", parent, f"{pid}\t{position + 1}", pod.cgroup(pod.containers[name]), own

    @staticmethod
    def _stat(pid: int, comm: str, ppid: int) -> str:
        return (
            f"{pid} ({comm}) S {ppid} {pid} {pid} 0 -1 4194560 6854 1805377 5 237 123 150 1526 1501 20 0 1 0 {354021 + pid} 20791296 3026 "
            "18446744073709551615 94007767437312 94007767474413 140733287644288 0 0 0 671173123 4096 1260 1 0 0 17 0 0 0 0 0 0 "
            "94007767498896 94007767502864 94008507736064 140733287649052 140733287649063 140733287649063 140733287649261 0"
        )

    @staticmethod
    def _metadata(pod: _Pod) -> dict[str, Any]:
        return {"name": pod.name, "uid": pod.uid, "namespace": pod.namespace, "attempt": 0}

    def _cri_pod(self, pod: _Pod) -> dict[str, Any]:
        return {
            "id": pod.sandbox, "metadata": self._metadata(pod), "state": "SANDBOX_READY", "createdAt": str(pod.created),
            "labels": pod.labels(), "annotations": {"kubernetes.io/config.source": "api"}, "runtimeHandler": "",
        }  # fmt: skip

    @staticmethod
    def _cri_containers(pod: _Pod) -> Iterator[dict[str, Any]]:
        for name, identifier in pod.containers.items():
            yield {
                "id": identifier, "podSandboxId": pod.sandbox, "metadata": {"name": name, "attempt": 0},
                "image": {"image": f"sha256:{_id('image')}", "userSpecifiedImage": "registry.example/shop/frontend:1"},
                "imageRef": f"sha256:{_id('image')}", "state": "CONTAINER_RUNNING", "createdAt": str(pod.created + SECOND),
                "labels": {**pod.labels(), "io.kubernetes.container.name": name},
                "annotations": {"io.kubernetes.container.restartCount": "0"},
            }  # fmt: skip

    def _inspectp(self, pod: _Pod) -> dict[str, Any]:
        status = {
            "id": pod.sandbox, "metadata": self._metadata(pod), "state": "SANDBOX_READY", "createdAt": "2026-11-23T22:17:03.827616085Z",
            "labels": pod.labels(), "annotations": {}, "runtimeHandler": "",
            "linux": {"namespaces": {"options": {"ipc": "POD", "network": "POD", "pid": "CONTAINER", "usernsOptions": None}}},
            "network": {"additionalIps": [], "ip": pod.ip},
        }  # fmt: skip
        info = {
            "image": "registry.k8s.io/pause:3.10.1", "netNamespaceClosed": False, "pid": pod.pause, "processStatus": "running",
            "runtimeSpec": pod.spec(pod.sandbox, "sandbox", ""), "runtimeType": "io.containerd.runc.v2",
        }  # fmt: skip
        return {"status": status, "info": info}

    def api(self) -> dict[str, Any]:
        """The API's view as `snapshot` keeps it."""
        node = {
            "metadata": {"name": NODE, "uid": "7afe3147-b107-4ba7-bdf7-83a02c71d6d5"},
            "status": {
                "nodeInfo": {
                    "kernelVersion": "6.8.0",
                    "osImage": "Debian",
                    "operatingSystem": "linux",
                    "containerRuntimeVersion": "containerd://2.2.9",
                }
            },
        }
        return {
            "capturedAt": "2026-11-23T22:17:04Z", "nodeName": NODE, "node": node, "pods": [self._api_pod(pod) for pod in self.pods],
            "inspectorUid": "00000000-0000-0000-0000-000000000000", "seconds": 1.0, "toolVersion": "0",
        }  # fmt: skip

    @staticmethod
    def _api_pod(pod: _Pod) -> dict[str, Any]:
        statuses = [
            {"name": name, "containerID": f"containerd://{identifier}", "restartCount": 0, "state": {"running": {}}}
            for name, identifier in pod.containers.items()
        ]
        return {
            "metadata": {
                "name": pod.name, "namespace": pod.namespace, "uid": pod.uid, "labels": {"app": "shop-frontend"}, "annotations": {},
                "ownerReferences": [{"kind": "ReplicaSet", "name": pod.name.rpartition("-")[0], "controller": True}],
            },
            "spec": {"nodeName": NODE, "containers": [{"name": name, "image": "registry.example/shop/frontend:1"} for name in CONTAINERS]},
            "status": {"phase": "Running", "podIPs": [{"ip": pod.ip}], "containerStatuses": statuses},
        }  # fmt: skip
