"""`zombies --inside` by a user who may exec in one namespace and nothing else: the answers of the node, and nothing made for them."""

from __future__ import annotations

import json

import pytest
import yaml

from e2e.access import BUSYBOX, NGINX, ROOT, Cluster, Json
from e2e.old_zombies import wait_for_old_zombies
from tests.waiting import wait_for

SPACE = "pause-inspect-inside"
USER = "pause-inspect-insider"
ROLE = yaml.safe_load((ROOT / "docs" / "rbac" / "inside.yaml").read_text())
FORGETS = ["sh", "-c", "sleep 0.01 & exec sleep 86400"]
ADOPTS = ["sh", "-c", "(sleep 0.01 &) ; exec sleep 86400"]


def container(name: str, command: list[str] | None = None, image: str = BUSYBOX, **more: Json) -> Json:
    return {"name": name, "image": image, **({"command": command} if command else {}), **more}


PODS: dict[str, tuple[Json, list[Json]]] = {
    "forgets": ({}, [container("app", ADOPTS), container("web", image=NGINX)]),
    "shared": ({"shareProcessNamespace": True}, [container("app", FORGETS), container("other", ["sleep", "86400"])]),
    "unprivileged": ({"securityContext": {"runAsUser": 1000}}, [container("app", ADOPTS)]),
    "well": ({"shareProcessNamespace": True}, [container("app", ["sh", "-c", "while :; do (true &); sleep 0.1; done"])]),
}


@pytest.fixture(scope="module")
def place(place: Cluster) -> Cluster:
    """The pods, one of them of an image without a shell, and the user."""
    pause = place.get("node", place.node)["status"]["images"]
    image = next(name for known in pause for name in known["names"] if "/pause:" in name)
    every = {**PODS, "bare": ({}, [container("app", image=image)])}
    usual: Json = {"terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}], "nodeName": place.node}
    objects: list[Json] = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": SPACE},
            "spec": {**usual, "containers": containers, **spec},
        }
        for name, (spec, containers) in every.items()
    ]
    named = {"name": USER, "namespace": SPACE}
    group = "rbac.authorization.k8s.io"
    objects.append({**ROLE, "kind": "Role", "metadata": named})  # in this namespace alone, whatever else there is
    objects.append(
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": named,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": USER},
            "subjects": [{"apiGroup": group, "kind": "User", "name": USER}],
        }
    )
    place.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    place.kubectl("wait", "-n", SPACE, "--for=condition=Ready", "pod", "--all", "--timeout=50s")
    wait_for_old_zombies(place, SPACE, "forgets", "shared", "unprivileged")
    wait_for("the role to be in force", lambda: "pods/exec" in place.kubectl("auth", "can-i", "--list", "-n", SPACE, "--as", USER))
    return place


def inside(cluster: Cluster, *names: str) -> tuple[int, dict[str, Json], str]:
    """Exit code, sandboxes by pod, and stderr."""
    ended = cluster.plugin("zombies", *names, "-n", SPACE, "--inside", "--as", USER, "-o", "json")
    report = json.loads(ended.stdout)
    return ended.code, {each["pod"]["name"]: each for node in report["nodes"] for each in node["sandboxes"]}, ended.stderr


def codes(sandbox: Json) -> list[str]:
    return [finding["code"] for finding in sandbox["findings"]]


def test_what_a_user_without_rights_on_nodes_is_told(place: Cluster) -> None:
    before = place.kubectl("get", "pods", "-n", SPACE, "-o", "name")
    code, sandboxes, stderr = inside(place)
    assert (code, stderr.count("error: ")) == (4, 1)
    assert "container app of pod pause-inspect-inside/bare has no shell" in stderr
    assert "kubectl debug -n pause-inspect-inside bare" in stderr
    assert {name: codes(sandbox) for name, sandbox in sandboxes.items()} == {
        "forgets": ["zombie/no-init"],
        "shared": ["zombie/application"],
        "unprivileged": ["zombie/no-init"],
        "well": [],
    }
    assert [space["verdict"] for space in sandboxes["well"]["pidNamespaces"]] in (["able"], ["reaps"])
    assert place.kubectl("get", "pods", "-n", SPACE, "-o", "name") == before
    assert place.leftovers(SPACE) == []


def test_the_same_answers_as_from_the_node(place: Cluster) -> None:
    ended = place.plugin("zombies", "-n", SPACE, "-o", "json")
    (node,) = json.loads(ended.stdout)["nodes"]
    of_node = {sandbox["pod"]["name"]: sandbox for sandbox in node["sandboxes"]}
    _, of_inside, _ = inside(place)
    for name in PODS:
        assert codes(of_inside[name]) == codes(of_node[name])
        assert lasting(of_inside[name], "pid") == lasting(of_node[name], "nsPid"), name
    assert lasting(of_inside["forgets"], "pid"), "there is something to compare"


def lasting(sandbox: Json, pid: str) -> list[tuple[str, str, str, int]]:
    """Its zombies that both looks saw, in what is the same whoever looks; `pid` is the field of their pid in their own PID namespace."""
    stay = [zombie for zombie in sandbox["zombies"] if zombie["lasting"]]
    return [(zombie["comm"], zombie["container"], zombie["parent"]["role"], zombie[pid]) for zombie in stay]


def test_without_the_right_to_exec(place: Cluster) -> None:
    ended = place.plugin("zombies", "forgets", "-n", SPACE, "--inside", "--as", "pause-inspect-nobody")
    assert ended.code == 1
    assert "pause-inspect-nobody" in ended.stderr
