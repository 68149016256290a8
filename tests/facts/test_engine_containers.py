"""What Docker 20.10 and podman 4.3 answered to the template, of pods made as `docker run --net=container:pause` makes them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.runtime.cri import UnreadableAnswer
from kubectl_pause.facts.runtime.engine_containers import ENGINES, parse_engine_containers, parse_podman_pods, template
from tests.recorded_nodes import recorded_bytes


def test_docker_joins_by_id() -> None:
    containers = {each.name: each for each in parse_engine_containers(recorded_bytes("engines", "docker-20.10-containers.jsonl"), "docker")}
    pause = containers["pause"]
    assert (pause.state, pause.image, pause.targets) == ("running", "registry.k8s.io/pause:3.10.1", [])
    assert pause.pid
    assert containers["local-web"].targets == [pause.id] * 3
    assert containers["local-web"].modes["uts"] == ""
    assert (containers["app"].state, containers["app"].pid) == ("exited", None)


def test_podman_tells_the_infra_container_of_a_pod() -> None:
    containers = parse_engine_containers(recorded_bytes("engines", "podman-4.3-containers.jsonl"), "podman")
    pods = {pod.name: pod for pod in parse_podman_pods(recorded_bytes("engines", "podman-4.3-pods.json"))}
    infra = next(each for each in containers if each.infra and each.id == pods["local-pod"].infra_id)
    podded = next(each for each in containers if each.name == "local-podded")
    assert infra.pod_id == podded.pod_id == pods["local-pod"].id
    assert set(podded.targets) == {infra.id}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_template_asks_for_no_environment_and_no_arguments(engine: str) -> None:
    asked = template(engine)  # type: ignore[arg-type] # a str from parametrize
    assert not any(word in asked for word in ("Env", "Args", "Cmd", "Mounts", "Labels", "{{json .}}"))


@pytest.mark.parametrize("content", [b"Error: no such container", b'{"id":', b"[" * 100_000])
def test_an_answer_that_is_no_json_is_told(content: bytes) -> None:
    with pytest.raises(UnreadableAnswer, match="docker's answer"):
        parse_engine_containers(content, "docker")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70), lambda inner: st.lists(inner, max_size=3)
)
FIELDS = st.sampled_from(["id", "name", "image", "created", "state", "pid", "net_mode", "pid_mode", "pod", "infra"])


@given(st.dictionaries(FIELDS, JSON), st.sampled_from(ENGINES))
def test_fields_of_any_type_make_no_container_or_a_sound_one(fields: dict[str, object], engine: str) -> None:
    fields["id"] = "a" * 64 if fields.get("id") is not None else fields.get("id")
    line = json.dumps(fields).encode()
    found = parse_engine_containers(line, engine)  # type: ignore[arg-type] # a str from hypothesis
    assert [each.id for each in found] == (["a" * 64] if fields["id"] else [])
    assert all(each.name and (each.pid is None or each.pid > 0) for each in found)
