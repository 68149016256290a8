"""A cluster over real sockets: lists, gets, creates and deletes as an API server does, and answers exec with a recorded node's capture."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.access.fake_api_server import SUCCESS, Exec, FakeApiServer, status
from tests.nodes.report_lines import collected_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

NODE = "pause-inspect-e2e-control-plane"
Json = dict[str, Any]


def collector_answer() -> bytes:
    """What the collector itself sent: the second gzip member of a capture file."""
    unpacker = zlib.decompressobj(wbits=31)
    unpacker.decompress(collected_bytes("with-crictl"))
    return unpacker.unused_data


def recorded_pods() -> list[Json]:
    """The API's pods of the moment of that capture."""
    text = zlib.decompressobj(wbits=31).decompress(collected_bytes("with-crictl"))
    pods: list[Json] = json.loads(text.split(b"\n#api\n ")[1])["pods"]
    return pods


def node(name: str, *, ready: str = "True", system: str = "linux") -> Json:
    """A node object."""
    condition = {"type": "Ready", "status": ready, "reason": "KubeletNotReady", "message": "container runtime is down"}
    info = {"kernelVersion": "6.18.0", "osImage": "Debian", "operatingSystem": system, "containerRuntimeVersion": "containerd://2.2.9"}
    return {"metadata": {"name": name}, "status": {"conditions": [condition], "nodeInfo": info}}


def answer(stdout: bytes, *, end: bytes = SUCCESS) -> Exec:
    """An exec that sends this on stdout in frames of 16 KiB, and its status."""

    async def run(socket: web.WebSocketResponse, _request: web.Request) -> None:
        for start in range(0, len(stdout), 16384):
            await socket.send_bytes(b"\x01" + stdout[start : start + 16384])
        await socket.send_bytes(end)
        await socket.close()

    return run


@dataclass
class FakeCluster:
    """`pods`, `nodes`, `workloads` (by plural and name) are what is there; `refuse` maps `VERB path-part` to an answer."""

    server: FakeApiServer
    pods: list[Json] = field(default_factory=recorded_pods)
    nodes: list[Json] = field(default_factory=lambda: [node(NODE)])
    namespaces: list[str] = field(default_factory=lambda: ["default", "kube-system", "shop"])
    workloads: dict[tuple[str, str], Json] = field(default_factory=dict)
    events: dict[str, list[Json]] = field(default_factory=dict)
    """By namespace; whatever object is asked about."""
    refuse: dict[str, Callable[[], web.Response]] = field(default_factory=dict)
    born: Json = field(default_factory=lambda: {"phase": "Pending"})
    """The status of a pod that was just created."""
    created: list[Json] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    jobs: list[Json] = field(default_factory=list)
    deleted_jobs: list[str] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    """What a SelfSubjectAccessReview answers no to: `VERB RESOURCE[/SUBRESOURCE]`, with ` -n NAMESPACE` there alone."""
    user: str = "jane"

    def __post_init__(self) -> None:
        self.server.rest = self.rest
        self.server.on_exec = answer(collector_answer())

    @property
    def left(self) -> list[str]:
        """Inspector pods and their Jobs that were created and never deleted."""
        pods = [each["metadata"]["name"] for each in self.created if each["metadata"]["name"] not in self.deleted]
        return pods + [each["metadata"]["name"] for each in self.jobs if each["metadata"]["name"] not in self.deleted_jobs]

    async def rest(self, request: web.Request) -> web.StreamResponse:
        for key, made in self.refuse.items():
            verb, part = key.split(" ", 1)
            if request.method == verb and part in request.path_qs:
                return made()
        parts = request.path.strip("/").split("/")
        if request.method == "POST":
            return self._post(parts[-1], json.loads(await request.read()), stored="dryRun" not in request.query)
        if request.method == "DELETE":
            (self.deleted_jobs if parts[-2] == "jobs" else self.deleted).append(parts[-1])
            return web.json_response({"kind": "Status", "status": "Success"})
        return self._get(parts, request)

    def _post(self, plural: str, body: Json, *, stored: bool) -> web.Response:
        if plural == "selfsubjectreviews":
            return web.json_response({**body, "status": {"userInfo": {"username": self.user}}}, status=201)
        if plural == "selfsubjectaccessreviews":
            asked = body["spec"]["resourceAttributes"]
            what = f"{asked['verb']} {asked['resource']}" + (f"/{asked['subresource']}" if asked.get("subresource") else "")
            denied = self.denied & {what, f"{what} -n {asked['namespace']}"}
            return web.json_response({**body, "status": {"allowed": not denied}}, status=201)
        body["metadata"]["uid"] = f"uid-{plural}-{len(self.created)}"
        if not stored:
            return web.json_response(body, status=201)
        if plural == "jobs":
            self.jobs.append(body)
        else:
            body["status"] = self.born
            self.created.append(body)
        return web.json_response(body, status=201)

    def _get(self, parts: list[str], request: web.Request) -> web.Response:
        if parts[:3] == ["api", "v1", "nodes"]:
            return self._one_or_all(self.nodes, parts[3:], "nodes")
        if parts[:3] == ["api", "v1", "pods"]:
            return _list(self._selected(self.pods, request))
        if parts[:3] == ["api", "v1", "namespaces"] and len(parts) <= 4:
            return self._one_or_all([{"metadata": {"name": name}} for name in self.namespaces], parts[3:], "namespaces")
        if parts[0] == "api" and parts[-1] == "events":
            places = [parts[3]] if len(parts) > 3 else list(self.events)
            return _list([event for place in places for event in self.events.get(place, [])])
        if parts[0] == "api":
            known = [each for each in [*self.pods, *self.created] if each["metadata"]["namespace"] == parts[3]]
            return self._one_or_all(self._selected(known, request), parts[5:], "pods")
        plural = parts[5]
        known = [{"metadata": {"name": name}, **each} for (kind, name), each in self.workloads.items() if kind == plural]
        return self._one_or_all(known, parts[6:], plural)

    @staticmethod
    def _selected(pods: list[Json], request: web.Request) -> list[Json]:
        fields = dict(term.split("=") for term in request.query.get("fieldSelector", "").split(",") if term)
        labels = dict(term.split("=") for term in request.query.get("labelSelector", "").split(",") if "=" in term)
        on = fields.get("spec.nodeName")
        return [
            pod for pod in pods
            if (on is None or pod["spec"].get("nodeName") == on)
            and labels.items() <= pod["metadata"].get("labels", {}).items()
        ]  # fmt: skip

    @staticmethod
    def _one_or_all(known: list[Json], name: list[str], plural: str) -> web.Response:
        if not name:
            return _list(known)
        for each in known:
            if each["metadata"]["name"] == name[0]:
                return web.json_response(each)
        return status(404, "NotFound", f'{plural} "{name[0]}" not found', name=name[0], kind=plural)


def _list(items: list[Json]) -> web.Response:
    return web.json_response({"kind": "List", "items": items, "metadata": {}})
