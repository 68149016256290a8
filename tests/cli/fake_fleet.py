"""A cluster of many nodes, in a process of its own so that a client's time and memory are its own.

`python -m tests.cli.fake_fleet NODES FAILING HANGING`
It prints its address, serves until its stdin ends, and prints then what it saw, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.access.fake_api_server import FakeApiServer, exit_status, status
from tests.cli.fake_cluster import NODE, FakeCluster, Json, answer, collector_answer, node, recorded_pods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

ROOT = Path(__file__).parent.parent.parent


@cache
def _pods_text() -> str:
    return json.dumps(recorded_pods())


@dataclass
class FakeFleet(FakeCluster):
    """Each node replays the recorded one's capture. `refused` nodes take no pod, `broken` ones have a collector that fails, `hanging` ones
    an exec that says nothing."""

    refused: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    hanging: set[str] = field(default_factory=set)
    node_of: dict[str, str] = field(default_factory=dict)
    """By inspector pod."""
    now: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.server.on_exec = self.on_exec

    async def rest(self, request: web.Request) -> web.StreamResponse:
        on = request.query.get("fieldSelector", "").partition("spec.nodeName=")[2]
        if request.method == "GET" and on:
            self.pods = json.loads(_pods_text().replace(f'"nodeName": "{NODE}"', f'"nodeName": "{on}"'))
        return await super().rest(request)

    def _post(self, plural: str, body: Json, *, stored: bool) -> web.Response:
        if plural == "pods":
            on = body["spec"]["nodeName"]
            if on in self.refused:
                return status(403, "Forbidden", 'pods "x" is forbidden: exceeded quota: small')
            self.node_of[body["metadata"]["name"]] = on
        return super()._post(plural, body, stored=stored)

    async def on_exec(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        name = self.node_of[request.path.split("/")[-2]]
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        try:
            if name in self.hanging:
                await asyncio.sleep(3600)
            elif name in self.broken:
                await answer(b"", end=exit_status(1))(socket, request)
            else:
                await answer(collector_answer())(socket, request)
        finally:
            self.now -= 1


@dataclass
class Fleet:
    """A fake fleet that runs; `seen` is filled once it has ended."""

    url: str
    names: list[str]
    failing: list[str]
    hanging: list[str]
    seen: dict[str, Any] = field(default_factory=dict)


@contextmanager
def fleet(nodes: int, *, failing: int, hanging: int) -> Iterator[Fleet]:
    """A fleet in a process of its own; those that fail and those that hang are spread over it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.cli.fake_fleet", str(nodes), str(failing), str(hanging)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        running = Fleet(process.stdout.readline().strip(), *_names(nodes, failing, hanging))
        yield running
        running.seen.update(json.loads(process.communicate("", timeout=30)[0]))
    finally:
        process.kill()
        process.communicate()


def _names(nodes: int, failing: int, hanging: int) -> tuple[list[str], list[str], list[str]]:
    names = [f"worker-{number:04}" for number in range(nodes)]
    failed, hung = (names[start :: nodes // number][:number] if number else [] for start, number in ((3, failing), (7, hanging)))
    return names, failed, hung


def main() -> None:
    nodes, failing, hanging = map(int, sys.argv[1:])
    names, failed, hung = _names(nodes, failing, hanging)
    with FakeApiServer().running() as server:
        cluster = FakeFleet(
            server, pods=[], nodes=[node(name) for name in names], refused=set(failed[::2]), broken=set(failed[1::2]), hanging=set(hung)
        )
        print(server.url, flush=True)
        sys.stdin.read()
        print(json.dumps({"left": cluster.left, "most_at_once": cluster.most_at_once, "created": len(cluster.created)}), flush=True)


if __name__ == "__main__":
    main()
