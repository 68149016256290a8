"""Containers of Docker and podman, from what `docker container inspect` and `podman container inspect` say of them.

Asked with a template (`template()`) that names every field taken, so that environments, arguments and mounts never leave the engine:
one JSON object a line. The engines differ in spelling (`.Id` and `.ID`, `/name` and `name`); what they mean is the same.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from kubectl_pause.facts.record import Record
from kubectl_pause.facts.runtime.cri import UnreadableAnswer, integer_of, mapping_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Engine = Literal["docker", "podman"]
ENGINES: tuple[Engine, ...] = ("docker", "podman")

MODES = {"net": "NetworkMode", "pid": "PidMode", "ipc": "IpcMode", "uts": "UTSMode"}
"""Field of HostConfig by type of namespace: `container:ID` (Docker keeps a name where one was given), `host`, `private`, ..."""

_FIELDS = {"name": ".Name", "image": ".Config.Image", "created": ".Created", "state": ".State.Status", "pid": ".State.Pid"}
_OF_ENGINE: Mapping[Engine, Mapping[str, str]] = {
    "docker": {"id": ".Id"},
    "podman": {"id": ".ID", "pod": ".Pod", "infra": ".IsInfra"},
}
_STATES = {"running": "running", "paused": "running", "created": "created", "configured": "created", "exited": "exited", "dead": "exited"}
"""The engines' words (Docker: `ContainerState.Status`; podman adds configured, initialized, stopped) as CRI's."""
_ID_LENGTH = 64


class EngineContainer(Record, frozen=True):
    """A container of an engine. `pid` is its init process, None where it has none; `created_at` in nanoseconds since the epoch.

    `modes` are HostConfig's by type of namespace, "" for the engine's default. `pod_id` and `infra` are podman's: its pod, and whether
    it is the container that holds the pod's namespaces.
    """

    engine: Engine
    id: str
    name: str
    image: str
    state: str
    pid: int | None
    created_at: int | None
    modes: Mapping[str, str]
    pod_id: str = ""
    infra: bool = False

    @property
    def targets(self) -> list[str]:
        """Ids or names of the containers whose namespaces it joined, one for each namespace."""
        return [mode.removeprefix("container:") for mode in self.modes.values() if mode.startswith("container:")]


class PodmanPod(Record, frozen=True):
    """A pod of podman. `infra_id` is "" where it was made with `--infra=false`."""

    id: str
    name: str
    infra_id: str


def template(engine: Engine) -> str:
    """The Go template for `inspect --format`: one line of JSON with the fields that are taken, and no other."""
    fields = {**_FIELDS, **_OF_ENGINE[engine], **{f"{kind}_mode": f".HostConfig.{mode}" for kind, mode in MODES.items()}}
    return "{" + ",".join(f'"{name}":{{{{json {field}}}}}' for name, field in fields.items()) + "}"


def parse_engine_containers(content: bytes, engine: Engine) -> list[EngineContainer]:
    """Containers, one JSON object a line as `template` makes them; one without a whole id is left out. Raises UnreadableAnswer."""
    return [container for fields in _lines(content, engine) if (container := _container(fields, engine))]


def parse_podman_pods(content: bytes) -> list[PodmanPod]:
    """Pods of `podman pod ps --format json`: an array, or nothing at all. Raises UnreadableAnswer."""
    if not content.strip():
        return []
    pods = _json(content, "podman")
    if not isinstance(pods, list):
        raise UnreadableAnswer("podman's answer is no list of pods")
    fields = [mapping_of(pod) for pod in pods]
    return [PodmanPod(text_of(pod.get("Id")), text_of(pod.get("Name")), text_of(pod.get("InfraId"))) for pod in fields if pod.get("Id")]


def _lines(content: bytes, engine: Engine) -> Iterator[Mapping[str, Any]]:
    for line in content.splitlines():
        if line.strip():
            yield mapping_of(_json(line, engine))


def _json(text: bytes, engine: Engine) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableAnswer(f"{engine}'s answer is no JSON") from None


def _container(fields: Mapping[str, Any], engine: Engine) -> EngineContainer | None:
    identifier = text_of(fields.get("id"))
    if len(identifier) != _ID_LENGTH or not set(identifier) <= set("0123456789abcdef"):
        return None
    pid = integer_of(fields.get("pid"))
    return EngineContainer(
        engine=engine,
        id=identifier,
        name=text_of(fields.get("name")).removeprefix("/") or identifier[:12],
        image=text_of(fields.get("image")),
        state=_STATES.get(text_of(fields.get("state")), "exited" if not pid else "running"),
        pid=pid if pid and pid > 0 else None,
        created_at=_nanoseconds(text_of(fields.get("created"))),
        modes={kind: text_of(fields.get(f"{kind}_mode")) for kind in MODES},
        pod_id=text_of(fields.get("pod")),
        infra=fields.get("infra") is True,
    )


def _nanoseconds(text: str) -> int | None:
    """RFC 3339, as Go prints a time, to the second; None for none or for Go's zero time (year 1)."""
    try:
        moment = datetime.fromisoformat(text)
        seconds = int(moment.timestamp()) if moment.tzinfo else 0
    except (ValueError, OverflowError):
        return None
    return seconds * 10**9 if seconds > 0 else None
