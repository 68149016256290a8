"""Zombies that stay, and the way out that the report names: each remedy is applied as it stands there, and then they are gone.

Whether they are gone is counted through the node's /proc by a shell, and asked of the plugin once more.
"""

from __future__ import annotations

import json
import shlex
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pytest

from e2e.old_zombies import wait_for_old_zombies
from e2e.zoo.enclosure import enclosure
from e2e.zoo.keeper import Keeper
from e2e.zoo.patients import FROM_ORPHANS, KEEPER, PATIENTS, THEN, line_for_the_node, made_anew, pods
from tests.waiting import SLOWNESS, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.access import Cluster, Json
    from e2e.zoo.patients import Patient

NAMESPACE = "pause-inspect-remedies"
SECONDS_TO_DIE = 6 * SLOWNESS
"""The last orphans die a second after they were let go; as a fault counts what is two seconds old."""
SICK = tuple(patient for patient in PATIENTS if patient.verdict)
HEALTHY = tuple(patient for patient in PATIENTS if not patient.verdict)


@dataclass(slots=True)
class Ward:
    """The patients of one cluster: what was said of them before, what was done for each remedy, and what was said afterwards.

    `lines` ran on the node, `anew` are names of pods made anew, both by patient and remedy. `gone` are the seconds until the zombies of
    a process that goes on were gone.
    """

    cluster: Cluster
    before: Json = field(default_factory=dict)
    after: Json = field(default_factory=dict)
    uids: dict[str, str] = field(default_factory=dict)
    lines: dict[tuple[str, str], str] = field(default_factory=dict)
    anew: dict[tuple[str, str], str] = field(default_factory=dict)
    gone: dict[str, float] = field(default_factory=dict)

    def sandbox(self, report: Json, pod: str) -> Json:
        """The one sandbox of a pod."""
        (node,) = report["nodes"]
        (found,) = [each for each in node["sandboxes"] if each["pod"]["uid"] == self.uids[pod]]
        assert isinstance(found, dict)
        return found

    def group(self, patient: Patient) -> Json:
        """The one group of zombies of a patient, before anything was done about it."""
        groups = self.sandbox(self.before, patient.name)["zombieGroups"]
        assert len(groups) == 1, f"[{self.cluster.label}] {patient.name}: {groups}"
        (group,) = groups
        assert isinstance(group, dict)
        return group


@pytest.fixture(scope="session")
def wards(running: dict[str, Cluster], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Ward]]:
    """All patients at the same time; nothing stays stopped, held or frozen, and no pod stays, so it serves all of a session."""
    with ThreadPoolExecutor() as executor:
        log = tmp_path_factory.mktemp("zoo") / "log"
        made = {label: executor.submit(_ward, cluster, log) for label, cluster in running.items()}
        yield {label: future.result() for label, future in made.items()}


@pytest.fixture(scope="session")
def ward(wards: dict[str, Ward], label: str) -> Ward:
    return wards[label]


def _ward(cluster: Cluster, log: Path) -> Ward:
    with enclosure(cluster, NAMESPACE, log) as image:
        keeper, ward = Keeper(cluster, NAMESPACE, KEEPER), Ward(cluster)
        specs = {pod["metadata"]["name"]: pod for pod in pods(NAMESPACE, cluster.node, image)}
        try:
            _make(ward, list(specs.values()))
            _halt_all(keeper)
            wait_for_old_zombies(cluster, NAMESPACE, *(patient.name for patient in SICK))
            ward.before = cluster.report("zombies", "--node", cluster.node)
            made = []
            for patient in SICK:
                for number, remedy in enumerate(ward.group(patient)["remedies"]):
                    if line := line_for_the_node(remedy):
                        ward.lines[patient.name, remedy] = line
                        _run_on_node(ward, keeper, patient, line)
                    elif not remedy.startswith(THEN):
                        name = ward.anew[patient.name, remedy] = f"{patient.name}-anew-{number}"
                        pod = made_anew(specs[patient.name], image, remedy)
                        made.append({**pod, "metadata": {**pod["metadata"], "name": name}})
            _make(ward, made)
            keeper.on_node(f"sleep {SECONDS_TO_DIE:g}")
            ward.after = cluster.report("zombies", "--node", cluster.node)
            return ward
        finally:
            keeper.release()


def _make(ward: Ward, specs: list[Json]) -> None:
    """Make pods and wait until their containers run."""
    names = [pod["metadata"]["name"] for pod in specs]
    ward.cluster.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": specs}))
    told = partial(_waiting, ward.cluster, names)
    wait_for(f"[{ward.cluster.label}] the containers of {len(names)} pods to run", lambda: not told(), 120, 1, instead=told)
    found = ward.cluster.get("pods", "-n", NAMESPACE)["items"]
    ward.uids |= {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in found}


def _waiting(cluster: Cluster, names: list[str]) -> dict[str, Json]:
    """The states of those containers that do not run, by pod."""
    states: dict[str, Json] = {name: {} for name in names}
    for pod in cluster.get("pods", "-n", NAMESPACE)["items"]:
        for status in pod["status"].get("containerStatuses") or ():
            states[pod["metadata"]["name"]] = status["state"]
    return {name: states[name] for name in names if "running" not in states[name]}


def _halt_all(keeper: Keeper) -> None:
    ids = {
        pod["metadata"]["name"]: pod["status"]["containerStatuses"][0]["containerID"].partition("://")[2]
        for pod in keeper.cluster.get("pods", "-n", NAMESPACE)["items"]
    }
    for patient in PATIENTS:
        if patient.halt:
            _halt(keeper, patient, ids[patient.name])


def _halt(keeper: Keeper, patient: Patient, container: str) -> None:
    """Stop, trace or freeze the process that should reap, then let its zombies come to be.

    It is frozen alone: those that are to become zombies have to run to their end.
    """
    label = keeper.cluster.label
    find = f"p=$(first {container}); r=$(reaper $p); c={'$(sandbox $r)' if patient.of_pause else container}; "
    keeper.undo += f"{find} kill -CONT $r; let_go $c; t=$(tracer $r); [ $t = 0 ] || kill $t\n"
    if patient.halt == "trace":
        keeper.on_node(f"{find} nohup being trace $r </dev/null >/dev/null 2>&1 &")
        tracer = partial(keeper.on_node, f"{find} tracer $r")
        wait_for(f"[{label}] {patient.name} to be traced", lambda: int(tracer()) > 0, instead=tracer)
    else:
        keeper.on_node(find + ("hold $c $r" if patient.halt == "freeze" else "kill -STOP $r"))
    keeper.on_node(f"{find} go $p")
    zombies = partial(keeper.on_node, f"{find} zombies $r")
    wait_for(f"[{label}] zombies of {patient.name}", lambda: int(zombies()) == FROM_ORPHANS, instead=zombies)


def _run_on_node(ward: Ward, keeper: Keeper, patient: Patient, line: str) -> None:
    """A line on the node, and the seconds until the zombies are gone; those of a parent that never waits stay."""
    parent = ward.group(patient)["parent"]["pid"]
    started = time.monotonic()
    keeper.on_node(f"chroot /proc/1/root /bin/sh -c {shlex.quote(line)}")
    if any(remedy.startswith(THEN) for remedy in ward.group(patient)["remedies"]):
        return
    zombies = partial(keeper.on_node, f"zombies {parent}")
    wait_for(f"[{ward.cluster.label}] no zombies of {patient.name} after {line}", lambda: int(zombies()) == 0, 20, instead=zombies)
    ward.gone[patient.name] = time.monotonic() - started


def of_reaping(sandbox: Json) -> list[Json]:
    """Its findings but those of namespaces: a nested PID namespace is one that a process has made for itself."""
    return [each for each in sandbox["findings"] if not each["code"].startswith("namespace/")]


@pytest.mark.parametrize("patient", SICK, ids=lambda patient: patient.name)
def test_what_is_said(ward: Ward, patient: Patient) -> None:
    group, sandbox = ward.group(patient), ward.sandbox(ward.before, patient.name)
    assert (group["verdict"], group["parent"]["role"], group["count"]) == (patient.verdict, patient.role, patient.count), group
    assert group["confidence"] == "certain"
    assert [each["code"] for each in of_reaping(sandbox)] == [patient.verdict], "one fault, one finding"
    for word in patient.says:
        assert word in " ".join([group["message"], *group["evidence"]]), group
    said = json.dumps(group)
    if patient.verdict == "zombie/application":
        assert "PID 1 of container" not in said
    if patient.verdict == "zombie/application" or patient.settings or "nested" in patient.name:
        assert "shareProcessNamespace" not in said, "it is set, cannot be, or would not help"
    if patient.halt:
        assert line_for_the_node(group["remedies"][0]), "what lets it go on comes first"
    elif not patient.by_arguments:
        assert "Dockerfile" not in said, "command replaces the ENTRYPOINT of the image"


@pytest.mark.parametrize("patient", SICK, ids=lambda patient: patient.name)
def test_each_remedy_works(ward: Ward, patient: Patient) -> None:
    remedies = ward.group(patient)["remedies"]
    assert remedies
    later = [remedy.removeprefix(THEN) for remedy in remedies if remedy.startswith(THEN)]
    done = [remedy for remedy in remedies if (patient.name, remedy) in {**ward.lines, **ward.anew}]
    assert len(done) + len(later) == len(remedies)
    cured = [ward.anew.get((patient.name, remedy), patient.name) for remedy in done]
    for pod in cured:
        sandbox = ward.sandbox(ward.after, pod)
        if later:  # it goes on and still does not wait, as was said
            assert [(each["verdict"], each["remedies"]) for each in sandbox["zombieGroups"]] == [("zombie/no-init", later)]
        else:
            assert (sandbox["zombies"], sandbox["zombieGroups"], of_reaping(sandbox)) == ([], [], []), pod


@pytest.mark.parametrize("patient", HEALTHY, ids=lambda patient: patient.name)
def test_nothing_is_said_where_all_is_reaped(ward: Ward, patient: Patient) -> None:
    sandbox = ward.sandbox(ward.before, patient.name)
    assert (sandbox["zombies"], sandbox["zombieGroups"], of_reaping(sandbox)) == ([], [], [])


def test_pause_has_reaped_the_orphans_of_a_shared_pid_namespace(ward: Ward) -> None:
    (space,) = ward.sandbox(ward.before, "shared-orphans")["pidNamespaces"]
    assert (space["verdict"], space["reaper"]["role"], space["reaper"]["hasReaped"]) == ("reaps", "pause", "yes")


def test_the_table(ward: Ward, capsys: pytest.CaptureFixture[str]) -> None:
    """What was said and done, to be read."""
    lines = []
    for patient in SICK:
        lines.append(f"  {patient.name:16}{patient.truth:62}{patient.verdict:28}{patient.role}")
        seconds = f"  # gone after {ward.gone[patient.name]:.1f} s" if patient.name in ward.gone else ""
        for remedy in ward.group(patient)["remedies"]:
            line = ward.lines.get((patient.name, remedy))
            lines.append(f"    {remedy}" + (f"  -> {line}" if line and line not in remedy else "") + (seconds if line else ""))
    with capsys.disabled():
        print(f"\n[{ward.cluster.label}] {len(SICK)} patients, {len(ward.lines) + len(ward.anew)} remedies applied", *lines, sep="\n")
    assert set(ward.gone) == {patient.name for patient in SICK if patient.halt} - {"stopped-sleep"}
