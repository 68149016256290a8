"""`access` lists every right that docs/rbac grants, what of it is missing, and lines that grant exactly that."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_pause.capture.admission.rights import needs
from tests.access.fake_api_server import status

RBAC = Path(__file__).resolve().parents[2] / "docs" / "rbac"
POD_SECURITY = 'pods "x" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true), privileged'


def rows(text: str) -> list[list[str]]:
    """The table's cells up to ALLOWED."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("USE"))
    table = lines[start + 1 :]
    return [line.split()[:5] for line in table[: table.index("") if "" in table else None]]


def granted(text: str, tmp_path: Path) -> list[dict[str, Any]]:
    """What the command of the answer applies: run by a shell, with a kubectl that keeps its stdin."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/words\ncat >{tmp_path}/applied\n')
    kubectl.chmod(0o755)
    subprocess.run(["sh", "-c", text[text.index("kubectl apply") :]], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True)
    assert (tmp_path / "words").read_text() == "apply -f -\n"
    return list(yaml.safe_load_all((tmp_path / "applied").read_text()))


def test_the_list_is_that_of_the_roles():
    of_roles = set()
    for use in ("inspector", "node", "pod", "cleanup"):
        for rule in [rule for role in yaml.safe_load_all((RBAC / f"{use}.yaml").read_text()) for rule in role["rules"]]:
            of_roles |= {
                (use, group, resource, verb) for group in rule["apiGroups"] for resource in rule["resources"] for verb in rule["verbs"]
            }
    assert {(need.use, need.right.group, need.right.target, need.right.verb) for need in needs("kube-system", "shop")} == of_roles


def test_a_user_who_may_do_everything_and_nothing_is_made(cluster, command):
    ended = command("access")
    assert (ended.code, ended.err) == (0, "")
    assert {row[4] for row in rows(ended.out)} == {"yes"}
    assert ended.out.startswith("User      jane\nPod       admitted in namespace kube-system")
    assert "Pod Security lets hostPID in at level privileged alone, whatever --profile says" in " ".join(ended.out.split())
    assert "kubectl apply" not in ended.out
    assert (cluster.created, cluster.jobs) == ([], [])


def test_what_is_missing_is_granted_by_the_lines_and_nothing_else(cluster, command, tmp_path):
    cluster.denied = {"get pods/exec", "create jobs", "list nodes", "get pods -n shop", "list pods -n "}
    ended = command("access", "-n", "shop", *["inspector", "node", "pod", "cleanup"])
    assert ended.code == 1
    assert sorted(row[:4] for row in rows(ended.out) if row[4] == "no") == [
        ["cleanup", "(all)", "list", "pods"],
        ["inspector", "kube-system", "create", "jobs.batch"],
        ["inspector", "kube-system", "get", "pods/exec"],
        ["node", "(all)", "list", "nodes"],
        ["node", "(all)", "list", "pods"],
        ["pod", "shop", "get", "pods"],
    ]
    documents = granted(ended.out, tmp_path)
    rules = {(each["kind"], each["metadata"].get("namespace")): each["rules"] for each in documents if "rules" in each}
    assert rules == {
        ("Role", "kube-system"): [
            {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get"]},
            {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create"]},
        ],
        ("ClusterRole", None): [
            {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]},
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        ],
        ("Role", "shop"): [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    }
    assert all(each["subjects"][0]["name"] == "jane" for each in documents if "subjects" in each)


@pytest.mark.parametrize("name", ["a'b\nEND\n$(touch here)`x`", "system:serviceaccount:shop:robot", "--all", "\u202ename\x1b[2J\x7f"])
def test_no_name_of_a_user_gets_out_of_the_lines(cluster, command, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    cluster.denied, cluster.user = {"get pods/exec"}, name
    out = command("access").out
    assert all(character.isprintable() or character == "\n" for character in out)
    [_, binding] = granted(out, tmp_path)
    [subject] = binding["subjects"]
    assert subject["name"] == name.removeprefix("system:serviceaccount:shop:")
    assert subject["kind"] == ("ServiceAccount" if name.startswith("system:") else "User")
    assert not (tmp_path / "here").exists()


def test_lines_for_less_and_no_line_takes_back_what_an_earlier_one_gave(cluster, command, tmp_path):
    """A role's name says whose and what for: what a user lacked last week is not overwritten by what is missing now."""
    names = set()
    for user, denied in (("jane", {"get pods/exec", "list jobs"}), ("jane", {"create pods"}), ("joe", {"create pods"})):
        cluster.user, cluster.denied = user, denied
        ended = command("access", "inspector", "node")
        assert {row[0] for row in rows(ended.out)} == {"inspector", "node"}
        [role, binding] = granted(ended.out, tmp_path)
        assert role["metadata"] == binding["metadata"]
        names.add(role["metadata"]["name"])
    assert len(names) == 3
    assert command("access", "admin").errors == [("'admin' is not a role", "the roles are: inspector, node, pod, cleanup")]


def test_a_pod_that_admission_refuses_is_told_with_what_would_let_it_in(cluster, command):
    cluster.refuse["POST /api/v1/namespaces/shop"] = lambda: status(403, "Forbidden", POD_SECURITY)
    ended = command("access", "--debug-namespace", "shop")
    assert ended.code == 1
    assert command("access", "pod", "--debug-namespace", "shop").code == 0
    assert 'refused in namespace shop: Error from server (Forbidden): pods "x" is forbidden: violates PodSecurity' in ended.out
    assert "Pod Security lets hostPID in at level privileged alone" in ended.out
    assert "pod-security.kubernetes.io/enforce=privileged" in ended.out


def test_a_server_that_does_not_say_who_one_is(cluster, command):
    cluster.denied = {"get nodes"}
    cluster.refuse["POST /apis/authentication"] = lambda: status(404, "NotFound", "not found")
    out = command("access").out
    assert "put the user's name in place of USER" in out
    assert "name: USER" in out
    assert command("access", "--as", "joe").out.startswith("User      joe\n")


def test_a_server_that_answers_no_review(cluster, command):
    cluster.refuse["POST /apis/authorization"] = lambda: status(403, "Forbidden", "cannot create selfsubjectaccessreviews")
    ended = command("access")
    assert (ended.code, ended.out) == (1, "")
    assert "answered none of the questions" in ended.errors[0][0]


def test_as_a_document(cluster, command):
    cluster.denied = {"get leases"}
    document = json.loads(command("access", "-o", "json").out)
    assert (document["kind"], document["user"], document["admission"]["admitted"]) == ("AccessList", "jane", True)
    assert [each["resource"] for each in document["rights"] if not each["allowed"]] == ["leases"]
    assert command("access", "-o", "xml").code == 1


@pytest.mark.parametrize(
    ("denied", "uses", "code"),
    [
        ("delete jobs", [], 1),
        ("list nodes", [], 1),
        ("list nodes", ["pod"], 0),
        ("list jobs", [], 0),
        ("list jobs", ["cleanup"], 1),
        ("list jobs", ["node", "cleanup"], 1),
    ],
)
def test_the_exit_code_is_of_the_uses_that_were_asked_for(cluster, command, denied, uses, code):
    """Without names: all but `cleanup`."""
    cluster.denied = {denied}
    ended = command("access", *uses)
    assert ended.code == code
    assert {row[0] for row in rows(ended.out)} == set(uses or ("inspector", "node", "pod"))


def test_cleanup_deletes_in_one_namespace():
    """RBAC cannot narrow a right to our labels: whoever may delete everywhere may delete everything."""
    roles = list(yaml.safe_load_all((RBAC / "cleanup.yaml").read_text()))
    everywhere = [verb for role in roles if role["kind"] == "ClusterRole" for rule in role["rules"] for verb in rule["verbs"]]
    assert set(everywhere) == {"list"}
    assert [role["metadata"]["namespace"] for role in roles if role["kind"] == "Role"] == ["kube-system"]


def test_whoever_lacks_a_right_is_led_to_this_list(cluster, command):
    said = 'nodes is forbidden: User "jane doe" cannot list resource "nodes" in API group "" at the cluster scope'
    cluster.denied = {"create pods"}
    refused = [command("node", "--as", "jane doe")]
    cluster.denied = set()
    for path, words in (("GET /api/v1/nodes", ["node"]), ("GET /apis/batch/v1", ["cleanup"])):
        cluster.refuse = {path: lambda: status(403, "Forbidden", said)}
        refused.append(command(*words, "--as", "jane doe"))
    for ended in refused:
        assert ended.code == 1
        assert "kubectl pause-inspect access --as 'jane doe'" in ended.err
        assert all(line.count("error:") <= 1 for line in ended.err.splitlines())
