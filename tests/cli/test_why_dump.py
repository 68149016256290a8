"""`why --from DUMP` and `why -A`: pods of a dump of the API, and of a whole cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.messages.stuck_pods import ago
from tests.recorded_nodes import RECORDED

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
NO_BINARY = 'Failed to create pod sandbox: failed to setup network for sandbox "1f": failed to find plugin "portmap" in path [/opt/cni/bin]'


def pod(name: str, namespace: str = "shop", *, phase: str = "Pending", ready: bool = False, **status: Any) -> Json:
    running = {"name": "app", "ready": ready, "state": {"running": {"startedAt": ago(100)}}}
    waiting = {"name": "app", "state": {"waiting": {"reason": "ContainerCreating"}}}
    conditions = [{"type": "PodScheduled", "status": "True", "lastTransitionTime": ago(300)}]
    conditions += [{"type": "Ready", "status": "True"}] if ready else []
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}", "labels": {"app": name}, "creationTimestamp": ago(301),
            "ownerReferences": [{"kind": "ReplicaSet", "name": f"{name}-5d8f", "controller": True}],
        },
        "spec": {"nodeName": "worker", "containers": [{"name": "app", "image": "web:1"}]},
        "status": {"phase": phase, "startTime": ago(300), "conditions": conditions,
                   "containerStatuses": [running if phase == "Running" else waiting], **status},
    }  # fmt: skip


def event(of: Json, reason: str = "FailedCreatePodSandBox", message: str = NO_BINARY) -> Json:
    about = {"kind": "Pod", **{key: of["metadata"][key] for key in ("name", "namespace", "uid")}}
    return {
        "kind": "Event",
        "metadata": {"name": "e"},
        "reason": reason,
        "message": message,
        "lastTimestamp": ago(3),
        "involvedObject": about,
    }


NODE = {"kind": "Node", "metadata": {"name": "worker"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}
STUCK, WELL, EVICTED = (
    pod("web"),
    pod("db", phase="Running", ready=True),
    pod("old", "batch", phase="Failed", reason="Evicted", message="no"),
)
OBJECTS = [STUCK, WELL, EVICTED, event(STUCK), NODE]


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "dump.json"
    path.write_text(json.dumps({"kind": "List", "items": OBJECTS}))
    return path


def codes(command, *arguments: str) -> list[tuple[str, str | None]]:
    shown = command("why", *arguments, "-o", "json")
    return [(each["pod"]["name"], each["cause"] and each["cause"]["code"]) for each in json.loads(shown.out)["explanations"]]


def test_a_pod_of_a_dump(command, dump):
    shown = command("why", "--from", str(dump), "shop/web")
    assert shown.code == 0
    assert "WHOSE     the platform's: its network add-on; every new pod of node worker has it" in shown.out
    assert "cni/no-binary, certain" in shown.out


@pytest.mark.parametrize("name", ["web", "pod/web", "shop/web", "deploy/web"])
def test_names(command, dump, name):
    assert codes(command, "--from", str(dump), name) == [("web", "cni/no-binary")]


def test_labels(command, dump):
    assert codes(command, "--from", str(dump), "-l", "app=web") == [("web", "cni/no-binary")]


def test_every_pod_that_is_not_well_the_worst_first(command, dump):
    assert codes(command, "--from", str(dump), "-A") == [("old", "pod/rejected"), ("web", "cni/no-binary")]
    shown = command("why", "--from", str(dump), "-A")
    assert [line.split()[:2] for line in shown.out.splitlines()] == [["NAMESPACE", "POD"], ["batch", "old"], ["shop", "web"]]


def test_where_all_are_well_it_says_what_it_looked_at(command, tmp_path):
    path = tmp_path / "dump.json"
    path.write_text(json.dumps(WELL))
    shown = command("why", "--from", str(path), "-A")
    assert (shown.code, shown.out) == (0, "")
    assert "looked at 1 pod: it is ready or complete" in shown.err


@pytest.mark.parametrize("form", ["list", "documents", "files", "folder"])
def test_forms_of_a_dump(command, tmp_path, form):
    if form == "list":
        (tmp_path / "a.yaml").write_text(yaml.safe_dump({"kind": "List", "items": OBJECTS}))
        given = ["--from", str(tmp_path / "a.yaml")]
    elif form == "documents":
        (tmp_path / "a.yaml").write_text(yaml.safe_dump_all(OBJECTS))
        given = ["--from", str(tmp_path / "a.yaml")]
    elif form == "files":
        (tmp_path / "pods.json").write_text(json.dumps({"kind": "PodList", "items": [STUCK, WELL]}))
        (tmp_path / "events.json").write_text(json.dumps({"kind": "EventList", "items": [event(STUCK)]}))
        given = ["--from", str(tmp_path / "pods.json"), "--from", str(tmp_path / "events.json")]
    else:
        place = tmp_path / "must-gather" / "namespaces" / "shop" / "core"
        place.mkdir(parents=True)
        (place / "pods.yaml").write_text(yaml.safe_dump({"kind": "PodList", "items": [STUCK]}))
        (place / "events.yaml").write_text(yaml.safe_dump({"kind": "EventList", "items": [event(STUCK)]}))
        (place / "notes.yaml").write_text("of: something else")
        given = ["--from", str(tmp_path / "must-gather")]
    assert codes(command, *given, "web") == [("web", "cni/no-binary")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no pod"),
        (b"{", "neither a capture nor a dump"),
        (b"a: [", "neither a capture nor a dump"),
        (b"\xff\xfe\x00", "neither a capture nor a dump"),
        (b'{"kind": "Pod", "metadata": {"name": 3}}', "is not one"),
        (b"[" * 100_000, "neither a capture nor a dump"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nkind: List\nitems: [*c]\n", "YAML aliases"),
    ],
)
def test_what_is_no_dump(command, tmp_path, content, words):
    (tmp_path / "x").write_bytes(content)
    shown = command("why", "--from", str(tmp_path / "x"), "web")
    assert shown.code == 1
    assert words in shown.err
    assert "Traceback" not in shown.err


def test_a_capture_is_told_from_a_dump(command, dump):
    capture = next(RECORDED.rglob("capture"))
    shown = command("why", "--from", str(dump), "--from", str(capture), "web")
    assert shown.code == 1
    assert "is a capture of a node" in shown.err


def test_a_name_that_is_not_there(command, dump):
    shown = command("why", "--from", str(dump), "wep")
    assert shown.code == 1
    assert "'wep' is not in the dump" in shown.err
    assert "did you mean web" in shown.err


def test_a_dump_without_events_says_so(command, tmp_path):
    (tmp_path / "x.json").write_text(json.dumps(STUCK))
    shown = command("why", "--from", str(tmp_path / "x.json"), "web")
    assert "events: none are in the dump" in shown.out
