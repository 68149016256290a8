"""Users bound to the roles of docs/rbac alone can do what the roles are for; without any one verb of them they cannot, or are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from e2e.access import BUSYBOX, ROOT, Cluster, Json
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

SPACE = "pause-inspect-roles"
RBAC: Path = ROOT / "docs" / "rbac"
GROUP = "rbac.authorization.k8s.io"
LATER = {("pods/exec", "create")}
"""Asked for by Kubernetes 1.35 and later only."""
TARGET = f"""
apiVersion: v1
kind: Pod
metadata: {{name: target, namespace: {SPACE}}}
spec:
  nodeName: NODE
  terminationGracePeriodSeconds: 0
  tolerations: [{{operator: Exists}}]
  containers: [{{name: target, image: "{BUSYBOX}", command: [sleep, "86400"]}}]
"""


def role(file: str) -> Json:
    """A role as the file has it."""
    document = yaml.safe_load((RBAC / file).read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def binding(name: str, kind: str, of: Json, user: str, namespace: str | None) -> Json:
    """Binds one user to a role, in a namespace or everywhere."""
    subject = {"kind": "User", "name": user, "apiGroup": GROUP}
    reference = {"kind": of["kind"], "name": of["metadata"]["name"], "apiGroup": GROUP}
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata, "subjects": [subject], "roleRef": reference}


def everywhere(of: Json, user: str) -> Json:
    return binding(f"{SPACE}-{user}-{of['metadata']['name']}", "ClusterRoleBinding", of, user, None)


def within(of: Json, user: str, namespace: str = SPACE) -> Json:
    return binding(f"{user}-{of['metadata']['name']}", "RoleBinding", of, user, namespace)


def here(of: Json, name: str) -> Json:
    """The Role of the inspector, in this test's namespace instead of kube-system."""
    return {**of, "metadata": {"name": name, "namespace": SPACE}}


def verbs(of: Json) -> Iterator[tuple[str, str]]:
    """Each resource with each verb."""
    for rule in of["rules"]:
        for resource in rule["resources"]:
            for verb in rule["verbs"]:
                yield resource, verb


def without(of: Json, resource: str, verb: str) -> list[Json]:
    """The rules less one verb on one resource."""
    return [
        {**rule, "verbs": [each for each in rule["verbs"] if (each != verb or resource not in rule["resources"])]} for rule in of["rules"]
    ]


LOGS = {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}


def without_resource(of: Json, resource: str) -> list[Json]:
    """The rules but those on one resource."""
    return [rule for rule in of["rules"] if resource not in rule["resources"]]


@pytest.fixture(scope="module")
def place(place: Cluster) -> Iterator[Cluster]:
    """One cluster with the roles, a user for each way of use, and a user for each verb that is missing."""
    inspector, pod, node = role("inspector.yaml"), role("pod.yaml"), role("node.yaml")
    cleanup, deleting = yaml.safe_load_all((RBAC / "cleanup.yaml").read_text())
    deleting = here(deleting, "pause-inspect-cleanup-here")
    inspector = here(inspector, inspector["metadata"]["name"])
    objects = [inspector, pod, node, cleanup, deleting]
    objects += [within(inspector, user) for user in ("of-nodes", "of-pods", "of-its-namespace")]
    objects += [everywhere(node, "of-nodes"), everywhere(node, "of-pods"), within(pod, "of-pods"), within(pod, "of-its-namespace")]
    objects += [everywhere(cleanup, "of-cleanup"), within(cleanup, "of-cleanup-here"), within(deleting, "of-cleanup-here")]
    of_logs = here({**inspector, "rules": [*without_resource(inspector, "pods/exec"), LOGS]}, "of-logs")
    objects += [of_logs, within(of_logs, "of-logs"), everywhere(node, "of-logs")]
    for number, (resource, verb) in enumerate(verbs(inspector)):
        user = f"less-{number}"
        less = {**here(inspector, user), "rules": [rule for rule in without(inspector, resource, verb) if rule["verbs"]]}
        objects += [less, within(less, user), everywhere(node, user)]
    place.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    place.kubectl("apply", "-f", "-", stdin=TARGET.replace("NODE", place.node))
    place.kubectl("wait", "-n", SPACE, "--for=condition=Ready", "pod/target", "--timeout=50s")
    last = objects[-1]["subjects"][0]["name"]
    wait_for("the roles to be in force", lambda: place.kubectl("auth", "can-i", "list", "nodes", "--as", last).strip() == "yes")
    yield place
    wide = [each for each in objects if each["kind"] in ("ClusterRole", "ClusterRoleBinding")]
    place.kubectl("delete", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": wide}))


def test_a_user_of_nodes(place: Cluster) -> None:
    for words in (("node", place.node), ("node", "--all"), ("zombies", "--node", place.node)):
        ended = place.plugin(*words, "--debug-namespace", SPACE, "--as", "of-nodes")
        assert (ended.code, ended.stderr) == (0, ""), words
    assert place.leftovers(SPACE) == []


def test_a_user_who_may_read_logs_and_not_exec(place: Cluster) -> None:
    """The answer comes back by the log, unasked, and is that of exec."""
    words = ("node", place.node, "--debug-namespace", SPACE, "-o", "json", "--as")
    by_exec, by_log = place.plugin(*words, "of-nodes"), place.plugin(*words, "of-logs")
    assert by_log.code == 0
    assert by_log.stderr.startswith("warning: exec is forbidden here")
    names = [{sandbox["pod"]["name"] for sandbox in json.loads(ended.stdout)["nodes"][0]["sandboxes"]} for ended in (by_exec, by_log)]
    assert "target" in names[0] & names[1]
    assert place.plugin(*words, "of-logs", "--transport", "exec").code == 1
    assert place.leftovers(SPACE) == []


def test_a_user_of_pods(place: Cluster) -> None:
    for words in (("pod", "target"), ("pod", "-l", "x!=y"), ("zombies", "target")):
        ended = place.plugin(*words, "-n", SPACE, "--debug-namespace", SPACE, "--as", "of-pods")
        assert (ended.code, ended.stderr) == (0, ""), words
    ended = place.plugin("pod", "-A", "--as", "of-its-namespace", "--debug-namespace", SPACE)
    assert ended.code == 1
    assert 'cannot list resource "pods"' in ended.stderr


def test_a_user_of_one_namespace_without_a_look_at_nodes(place: Cluster) -> None:
    ended = place.plugin("pod", "target", "-n", SPACE, "--debug-namespace", SPACE, "--as", "of-its-namespace")
    assert ended.code == 0, ended.stderr
    assert f"{SPACE}/target" in ended.stdout
    assert "Held by" in ended.stdout
    assert all(line.startswith("warning: ") for line in ended.stderr.splitlines())


def test_each_verb_of_the_inspector_is_needed(place: Cluster) -> None:
    """All but the Job's verbs end the run before anything is made; without a Job the pod is a bare one, and that is said."""
    for number, (resource, verb) in enumerate(verbs(role("inspector.yaml"))):
        ended = place.plugin("node", place.node, "--debug-namespace", SPACE, "--as", f"less-{number}")
        what = f"without {verb} {resource}: {ended}"
        if (resource, verb) in LATER:
            continue
        if resource == "jobs":
            assert ended.code == 0, what
            assert ended.stderr.startswith("warning: "), what
        else:
            assert (ended.code, ended.stdout) == (1, ""), what
            assert f'cannot {verb} resource "{resource}"' in ended.stderr, what
        left = place.kubectl("get", "jobs", "-n", SPACE, "-o", "name").split()
        if (resource, verb) == ("jobs", "delete"):
            assert len(left) == 1
            assert place.plugin("cleanup", "--yes", "--all", "-n", SPACE, "--as", "of-cleanup-here").code == 0
        else:
            assert left == [], what
        assert place.leftovers(SPACE) == [], what


def test_a_user_of_cleanup(place: Cluster) -> None:
    assert place.plugin("cleanup", "--as", "of-cleanup").code == 0
    ended = place.plugin("cleanup", "--as", "of-cleanup-here")
    assert ended.code == 1
    assert "-n kube-system" in ended.stderr
    assert place.plugin("cleanup", "-n", SPACE, "--as", "of-cleanup-here").code == 0


def test_a_user_who_gets_what_access_prints(place: Cluster) -> None:
    """The lines are run by a shell, as somebody who may grant; then the user who could do nothing can do all that was asked for."""
    words = ("access", "inspector", "node", "--debug-namespace", SPACE, "--as", "asked-for")
    before = place.plugin(*words)
    assert (before.code, before.stderr) == (1, "")
    lines = before.stdout[before.stdout.index("kubectl apply") :]
    manifest = lines.split("<<'END'\n")[1].rsplit("END\n", 1)[0]
    applied = place.kubectl("apply", "-f", "-", stdin=manifest)
    try:
        wait_for("the roles to be in force", lambda: "kubectl apply" not in place.plugin(*words).stdout)
        assert f"admitted in namespace {SPACE}" in place.plugin(*words).stdout
        ended = place.plugin("node", "--all", "--debug-namespace", SPACE, "--as", "asked-for")
        assert (ended.code, ended.stderr) == (0, "")
        assert place.leftovers(SPACE) == []
    finally:
        place.kubectl("delete", "-f", "-", stdin=manifest)
    assert applied.count("created") == 6  # a role and a binding each: here, everywhere, and for the leases
