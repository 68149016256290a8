"""Each way in which a live cluster refused or ended an exec, served as it was recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiohttp import web

from kubectl_pause.access.exec_stream import exec_in_pod
from kubectl_pause.errors import PauseInspectError
from tests.access.fake_api_server import cut_after, say

RECORDED = Path(__file__).parent.parent / "recorded" / "exec-refusals"
STATUS = 3
REASONS = {
    "not there yet": "ContainerNotRunning",
    "image missing": "ContainerNotRunning",
    "completed": "ContainerNotRunning",
    "kubelet starting": "ContainerNotRunning",
    "no such container": "BadRequest",
    "no such pod": "NotFound",
    "no shell in the image": "InternalError",
    "kubelet restarted in the middle": "StreamBroken",
    "kubelet stopped": "KubeletUnreachable",
    "runtime stopped": "Http500",
}
"""What each becomes; `pod deleted in the middle` is no refusal, but a command that ended by SIGKILL."""
CASES = [(path.stem, name) for path in sorted(RECORDED.glob("*.json")) for name in json.loads(path.read_text())]


def serve(server, version: str, name: str) -> None:
    told = json.loads((RECORDED / f"{version}.json").read_text())[name]
    if told["http"] != 101:
        server.refuse_exec = web.Response(text=told["body"], status=told["http"], content_type=told["type"].partition(";")[0])
        return
    messages = [bytes([channel]) + text.encode() for channel, text in told["frames"]]
    ended = any(channel == STATUS for channel, _ in told["frames"])
    server.on_exec = say(*messages) if ended else cut_after(*messages)


@pytest.mark.parametrize(("version", "name"), CASES)
def test_each_is_told_in_its_words_with_its_reason(server, api_of, version, name):
    serve(server, version, name)
    if name == "pod deleted in the middle":
        result = exec_in_pod(api_of(server), "default", "one", "c", ["sleep", "20"], deadline_seconds=5.0)
        assert result.exit_code == 137
        return
    with pytest.raises(PauseInspectError) as caught:
        exec_in_pod(api_of(server), "default", "one", "c", ["true"], deadline_seconds=5.0)
    assert caught.value.reason == REASONS[name]
    assert "is this the API server" not in caught.value.hint
    assert "without a Kubernetes Status" not in caught.value.message


@pytest.mark.parametrize("version", sorted({version for version, _ in CASES}))
def test_every_kind_was_recorded(version):
    assert {name for each, name in CASES if each == version} == {*REASONS, "pod deleted in the middle"}
