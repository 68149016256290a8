"""The patients: pods whose zombies stay, what is to be said of each, and how each remedy is applied, word for word as the report has it."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from e2e.zoo.cases import GO, IDLE, LATER, ORPHANS
from e2e.zoo.image import started_by

if TYPE_CHECKING:
    from e2e.access import Json

APP = "app"
KEEPER = "keeper"
NESTED = "busybox unshare --pid --fork "
OWN = f"sleep {LATER} & sleep {LATER} & "
THEN = "if they stay then: "
"""How a remedy begins that is for after the first one."""
FROM_ORPHANS = 3
"""Zombies that ORPHANS leaves where nobody reaps."""


@dataclass(frozen=True, slots=True)
class Patient:
    """A pod whose container `app` runs `start`; the verdict on its zombies and their parent's role, or no word where `verdict` is "".

    `halt` is what is done to the process that should reap (stop, freeze or trace), to pause or to the container's PID 1.
    `says` are words of the verdict.
    """

    name: str
    start: str
    truth: str
    verdict: str
    role: str = ""
    count: int = FROM_ORPHANS
    says: tuple[str, ...] = ()
    halt: str = ""
    of_pause: bool = False
    settings: Json = field(default_factory=dict)
    privileged: bool = False
    by_arguments: bool = False


_SHARED = {"shareProcessNamespace": True}
_HALTED_INIT = f'exec tini -- sh -c "{GO}{ORPHANS}{IDLE}"'
_HALTED_SLEEP = f"({GO}{ORPHANS}{IDLE}) & {IDLE}"
_BELOW_PAUSE = f"{GO}{ORPHANS}{IDLE}"
_FORGETS = f"sh -c '{OWN}{IDLE}'"
_NO_INIT, _HALTED, _APPLICATION, _PAUSE = "zombie/no-init", "zombie/parent-halted", "zombie/application", "zombie/pause-does-not-reap"

PATIENTS = (
    Patient("no-init", f"{ORPHANS}{IDLE}", "PID 1 never waits; the image has no init", _NO_INIT, "container:app", by_arguments=True),
    Patient("overridden", f"{ORPHANS}{IDLE}", "the image's ENTRYPOINT is an init, and command replaces it", _NO_INIT, "container:app"),
    Patient("not-overridden", f"{ORPHANS}{IDLE}", "the image's ENTRYPOINT reaps", "", by_arguments=True),
    Patient("shared", f"{OWN}{IDLE}", "not PID 1: only its own children are left to it", _APPLICATION, "process:app", 2, settings=_SHARED),
    Patient("shared-orphans", f"{ORPHANS}{IDLE}", "pause adopts and reaps", "", settings=_SHARED),
    Patient("host-pid", f"{OWN}{ORPHANS}{IDLE}", "its own are its fault, orphans go to the node's init", _APPLICATION, "process:app", 2,
            settings={"hostPID": True}),
    Patient("nested", f"tini -- {NESTED}sh -c '{ORPHANS}{IDLE}'", "PID 1 reaps, that of a nested PID namespace never waits", _NO_INIT,
            "process:app", privileged=True),
    Patient("nested-reaps", f"{NESTED}tini -- sh -c '{ORPHANS}{IDLE}'", "the PID 1 of a nested PID namespace reaps", "", privileged=True),
    Patient("nested-forgets", f'{NESTED}tini -- sh -c "{_FORGETS} & wait"', "in a nested PID namespace whose PID 1 reaps, another forgets",
            _APPLICATION, "process:app", 2, privileged=True),
    Patient("stopped", _HALTED_INIT, "an init that is stopped", _HALTED, "container:app", halt="stop"),
    Patient("traced", _HALTED_INIT, "an init that a debugger holds", _HALTED, "container:app", halt="trace"),
    Patient("frozen", _HALTED_INIT, "an init in a frozen cgroup", _HALTED, "container:app", halt="freeze"),
    Patient("stopped-sleep", _HALTED_SLEEP, "stopped, and never waits", _HALTED, "container:app", halt="stop"),
    Patient("pause-stopped", _BELOW_PAUSE, "pause is stopped", _PAUSE, "pause", halt="stop", of_pause=True, settings=_SHARED),
    Patient("pause-traced", _BELOW_PAUSE, "a debugger holds pause", _PAUSE, "pause", halt="trace", of_pause=True, settings=_SHARED),
    Patient("pause-frozen", _BELOW_PAUSE, "pause is frozen", _PAUSE, "pause", halt="freeze", of_pause=True, settings=_SHARED),
)  # fmt: skip


def pods(namespace: str, node: str, image: str) -> list[Json]:
    """All patients, and a pod with root's rights on the node."""
    keeper = _pod(KEEPER, {"hostPID": True}, {"image": image, "command": ["tini", "--", "sleep", "infinity"]}, privileged=True)
    made = [*(_patient(patient, image) for patient in PATIENTS), keeper]
    for pod in made:
        pod["metadata"]["namespace"] = namespace
        pod["spec"]["nodeName"] = node
    return made


def _patient(patient: Patient, image: str) -> Json:
    image = started_by(image, "tini") if patient.name in ("overridden", "not-overridden") else image
    words = ["sh", "-c", patient.start]
    return _pod(
        patient.name,
        patient.settings,
        {"image": image, ("args" if patient.by_arguments else "command"): words},
        privileged=patient.privileged,
    )


def _pod(name: str, settings: Json, container: Json, *, privileged: bool) -> Json:
    rights = {"securityContext": {"privileged": True}} if privileged else {}
    made = {"name": APP, "imagePullPolicy": "Never", **container, **rights}
    spec = {"terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}], **settings, "containers": [made]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def line_for_the_node(remedy: str) -> str | None:
    """The command line of a remedy that is one for the node; None where the pod has to be made anew."""
    if tracer := re.match(r"pid (\d+) holds pid \d+: detach that debugger, ", remedy):
        return f"kill {tracer[1]}"
    told = remedy.removeprefix("on the node: ")
    if told == remedy:
        return None
    if re.fullmatch(r"kill -CONT \d+|echo (THAWED|0) > \S+", told):
        return told
    raise AssertionError(f"nobody knows how to apply: {remedy}")


def made_anew(pod: Json, image: str, remedy: str) -> Json:
    """The pod as a remedy wants it. Raises AssertionError for one that nobody knows how to apply."""
    anew = copy.deepcopy(pod)
    (container,) = anew["spec"]["containers"]
    words = container.get("command") or container["args"]
    if remedy.startswith("pod spec: shareProcessNamespace: true "):
        anew["spec"]["shareProcessNamespace"] = True
    elif found := re.match(r'pod spec: put "(tini|dumb-init)", "--" in front of the command of container app ', remedy):
        container["command"] = [found[1], "--", *container["command"]]
    elif found := re.match(r'Dockerfile: ENTRYPOINT \["(tini|dumb-init)", "--"\] ', remedy):
        assert "command" not in container, f"an ENTRYPOINT is of no use to {pod['metadata']['name']}, whose command replaces it"
        container["image"] = started_by(image, found[1])
    elif found := re.match(r"in container app, where that PID namespace is made: .*: (unshare --pid --fork tini -- )COMMAND, ", remedy):
        words[-1] = words[-1].replace(NESTED, f"busybox {found[1]}")
    elif re.match(r"fix sleep: call waitpid\(-1, .*, or set SIGCHLD to SIG_IGN ", remedy):
        words[-1] = words[-1].replace(IDLE, "exec env --ignore-signal=CHLD sleep infinity")
    else:
        raise AssertionError(f"nobody knows how to apply: {remedy}")
    assert anew != pod, f"it is so already: {remedy}"
    return anew
