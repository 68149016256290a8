"""The zoo: PID 1 of every kind, pause in every state, and what the plugin says of it beside what is true. No healthy pod gets a warning."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest

from e2e.access import Cluster, Json, kubectl_program
from e2e.old_zombies import wait_for_old_zombies
from e2e.zoo.cases import CASES
from e2e.zoo.enclosure import enclosure
from e2e.zoo.keeper import Keeper
from e2e.zoo.pods import KEEPER, manifest
from tests.waiting import SLOWNESS, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.zoo.cases import Case

NAMESPACE = "pause-inspect-zoo"
SECONDS_TO_DIE = 6 * SLOWNESS
"""The last orphans die a second after they were let go; as a fault counts what is two seconds old."""
LONG_SAMPLE = "3s"
"""From inside, the age of a zombie is known where its image has taskset alone; one that both samples see is as old as this."""
EXECUTED = "86399"
"""Seconds of the `sleep` by which a command of kubectl exec is known."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the plugin said of a node with the whole zoo."""

    cluster: Cluster
    report: Json
    inside: Json
    """The same pods, seen from inside their containers."""
    uids: dict[str, str]

    @property
    def sandboxes(self) -> list[Json]:
        """Every sandbox of the node."""
        (node,) = self.report["nodes"]
        found = node["sandboxes"]
        assert isinstance(found, list)
        return found

    def sandbox(self, pod: str) -> Json:
        """The one sandbox of a pod of the zoo."""
        (found,) = [each for each in self.sandboxes if each["pod"]["uid"] == self.uids[pod]]
        return found

    def answer(self, case: Case) -> tuple[str, tuple[str, ...]]:
        """Whether PID 1 of the case reaps, and its groups of zombies, in the words of the table."""
        sandbox = self.sandbox(case.pod)
        member = case.container or "pause"
        capable = [each["reaper"]["capable"] if each["reaper"] else "-" for each in sandbox["pidNamespaces"] if member in each["members"]]
        return ", ".join(capable), tuple(map(_words, self.groups(case)))

    def groups(self, case: Case) -> list[Json]:
        """The groups of the case's container."""
        return [each for each in self.sandbox(case.pod)["zombieGroups"] if case.container and each["container"] == case.container]


def _words(group: Json) -> str:
    return f"{group['verdict'].removeprefix('zombie/')} {group['count']} {group['parent']['role']}"


@pytest.fixture(scope="session")
def looks(running: dict[str, Cluster], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Look]]:
    """One look at each cluster's node; nothing stays stopped or frozen, and no pod stays, so it serves all of a session."""
    with ThreadPoolExecutor() as executor:
        log = tmp_path_factory.mktemp("zoo") / "log"
        made = {label: executor.submit(_look, cluster, log) for label, cluster in running.items()}
        yield {label: future.result() for label, future in made.items()}


@pytest.fixture(scope="session")
def look(looks: dict[str, Look], label: str) -> Look:
    return looks[label]


def _look(cluster: Cluster, log: Path) -> Look:
    with enclosure(cluster, NAMESPACE, log) as image:
        keeper, executed = Keeper(cluster, NAMESPACE, KEEPER), None
        try:
            cluster.kubectl("apply", "-f", "-", stdin=json.dumps(manifest(NAMESPACE, cluster.node, image)))
            wait_for(f"[{cluster.label}] all containers of the zoo running", partial(_all_run, cluster), 120, 1)
            executed = _execute(cluster)
            keeper.treat(_containers(cluster), EXECUTED)
            cluster.kubectl("delete", "pod", "stopping", "-n", NAMESPACE, "--wait=false")
            keeper.on_node(f"sleep {SECONDS_TO_DIE:g}")
            wait_for_old_zombies(cluster, NAMESPACE, "stopping")  # the kubelet starts the preStop hook when it comes to it
            uids = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in _pods(cluster)}
            report = cluster.report("zombies", "--node", cluster.node)
            inside = cluster.plugin(
                "zombies", "-n", NAMESPACE, "--inside", "--sample", LONG_SAMPLE, "--timeout", f"{20 * SLOWNESS:g}s", "-o", "json"
            )
            return Look(cluster, report, json.loads(inside.stdout), uids)
        finally:
            keeper.release()
            if executed:
                executed.kill()
                executed.wait()


def _execute(cluster: Cluster) -> subprocess.Popen[bytes]:
    """A command in a container that goes on until the keeper ends it."""
    argv = [kubectl_program(), "--kubeconfig", str(cluster.kubeconfig), "exec", "-n", NAMESPACE, "stopped-shim", "-c", "executed", "--"]
    return subprocess.Popen([*argv, "sleep", EXECUTED], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _pods(cluster: Cluster) -> list[Json]:
    found = cluster.get("pods", "-n", NAMESPACE)["items"]
    assert isinstance(found, list)
    return found


def _all_run(cluster: Cluster) -> bool:
    told = [status for pod in _pods(cluster) for status in pod["status"].get("containerStatuses") or [{}]]
    return all("running" in status.get("state", {}) for status in told)


def _containers(cluster: Cluster) -> dict[tuple[str, str], str]:
    """Ids by pod and container."""
    return {
        (pod["metadata"]["name"], status["name"]): status["containerID"].partition("://")[2]
        for pod in _pods(cluster)
        for status in pod["status"]["containerStatuses"]
    }


def _as_expected(case: Case, told: tuple[str, ...]) -> bool:
    """The groups are those of the table; where a number grows, at least so many."""
    if len(told) != len(case.groups):
        return False
    for wanted, group in zip(case.groups, told, strict=True):
        (kind, count, role), (told_kind, told_count, told_role) = wanted.split(), group.split()
        enough = int(told_count) >= int(count[:-1]) if count.endswith("+") else told_count == count
        if (kind, role) != (told_kind, told_role) or not enough:
            return False
    return True


def test_the_table(look: Look, capsys: pytest.CaptureFixture[str]) -> None:
    rows, wrong = [], []
    for case in CASES:
        capable, groups = look.answer(case)
        evidence = " / ".join(line for group in look.groups(case) for line in group["evidence"])
        right = capable == case.capable and _as_expected(case, groups) and case.names in evidence
        name = f"{case.pod}/{case.container or '(pause)'}"
        expected, said = ", ".join(case.groups) or "-", ", ".join(groups) or "-"
        rows.append(f"{'ok' if right else 'NO':3}{name:27}{case.truth:56}{case.capable:9}{expected:40}| {capable:9}{said}")
        if not right:
            wrong.append(f"{name}: {capable} {groups} {evidence}")
    with capsys.disabled():
        print(f"\n[{look.cluster.label}] {len(CASES)} cases: what is true, the right answer | what was said", *rows, sep="\n")
    assert wrong == []


UNREACHED = ("stopped-shim", "stopping")
"""Pods into which no command comes: a shim that is stopped starts none, and one that is being deleted may be gone by then."""


def test_the_table_from_inside(look: Look, capsys: pytest.CaptureFixture[str]) -> None:
    """The zombies and their causes are the same. In what a process waits may mostly not be read there, so that fewer are known to reap."""
    unread = [each for each in look.inside["errors"] if each["pod"] not in {f"{NAMESPACE}/{pod}" for pod in UNREACHED}]
    assert unread == []
    sandboxes = {each["pod"]["uid"]: each for node in look.inside["nodes"] for each in node["sandboxes"]}
    rows, wrong = [], []
    for case in CASES:
        if case.pod in UNREACHED:
            continue
        sandbox, member = sandboxes[look.uids[case.pod]], case.container or "pause"
        reapers = [each["reaper"] for each in sandbox["pidNamespaces"] if member in each["members"]]
        capable = ", ".join(each["capable"] if each else "-" for each in reapers)
        groups = tuple(_words(each) for each in sandbox["zombieGroups"] if case.container and each["container"] == case.container)
        right = capable in (case.capable, "unknown") and _as_expected(case, groups)
        rows.append(f"{'ok' if right else 'NO':3}{f'{case.pod}/{member}':27}{case.capable:9}| {capable:9}{', '.join(groups) or '-'}")
        if not right:
            wrong.append(rows[-1])
    with capsys.disabled():
        print(f"\n[{look.cluster.label}] from inside: who reaps by the table | what was said", *rows, sep="\n")
    assert wrong == []
    sick = {case.pod for case in CASES if case.groups}
    assert [each["findings"] for uid, each in sandboxes.items() if uid not in {look.uids[pod] for pod in sick} and each["findings"]] == []


def test_no_healthy_pod_has_a_warning(look: Look) -> None:
    sick = {case.pod for case in CASES if case.groups}
    for sandbox in look.sandboxes:
        if sandbox["pod"]["uid"] in {look.uids[pod] for pod in sick}:
            continue
        said = [each for each in sandbox["findings"] if each["severity"] != "info" or each["code"].startswith("zombie/")]
        assert said == [], sandbox["pod"]


def test_every_group_that_stays_is_a_finding_and_surely_so(look: Look) -> None:
    for case in CASES:
        codes = [each["code"] for each in look.sandbox(case.pod)["findings"]]
        for group in look.groups(case):
            assert group["verdict"] in codes, case
            assert group["confidence"] == "certain", (case, group)


def test_a_stopped_shim_is_told_of_its_pod_alone(look: Look) -> None:
    told = [sandbox["pod"]["uid"] for sandbox in look.sandboxes for each in sandbox["findings"] if each["code"] == "shim/stopped"]
    assert told == [look.uids["stopped-shim"]]


def test_nothing_of_the_zoo_is_laid_to_the_node(look: Look) -> None:
    (node,) = look.report["nodes"]
    assert [each for each in node["hostZombies"] if each["lasting"] is not False] == []
