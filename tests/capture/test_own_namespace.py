"""docs/rbac/own-namespace lets in every pod that this program makes unasked; its lists are those of the program."""

from __future__ import annotations

import ast
import re
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_pause.capture.admission.profile import CAPABILITIES
from kubectl_pause.capture.inspector_pod import COMMAND, InspectorOptions, manifest
from kubectl_pause.capture.node_watch import WatchPlan
from release.policy_parameters import TARGET, parameters

Json = dict[str, Any]
POLICY = TARGET.with_name("policy.yaml")
HAS = re.compile(r"(!?)has\(((?:object|variables)\.[\w.]+)\)(?! \|\|)")
"""What has to be there, or must not; behind "||" stands what it has to be if it is there."""


@cache
def allowed() -> dict[str, str]:
    data: dict[str, str] = yaml.safe_load(TARGET.read_text())["data"]
    return data


@cache
def documents() -> dict[tuple[str, str], Json]:
    return {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(POLICY.read_text())}


def expressions(policy: str) -> list[str]:
    return [each["expression"] for each in documents()["ValidatingAdmissionPolicy", policy]["spec"]["validations"]]


def variables() -> dict[str, str]:
    return {
        each["name"]: each["expression"] for each in documents()["ValidatingAdmissionPolicy", "pause-inspect-pods"]["spec"]["variables"]
    }


WAYS = product(["exec", "log"], [0, 9.0], ["no", "network"], [{}, {"node": ["ab" * 16, "1" * 36]}], [0, 2.5], [0, 600.0])
NAMES = ("transport", "watch_seconds", "read_health", "logs_of", "sample_seconds", "keep_seconds")


def pod_of(way: dict[str, Any]) -> Json:
    return manifest("pause-inspect-0123456789", "node", InspectorOptions(**way))


PODS = [pod_of(dict(zip(NAMES, way, strict=True))) for way in WAYS]


def at(pod: Json, path: str) -> Any:
    """What stands at a path of an expression; None for nothing."""
    [container] = pod["spec"]["containers"]
    first, *fields = path.split(".")
    found: Any = pod
    if first == "variables":
        found = {"container": container, "rights": container["securityContext"]}
    for name in fields:
        found = found.get(name) if found else None
    return found


def test_the_parameters_are_those_of_the_program():
    assert TARGET.read_text(encoding="utf-8") == parameters(), "run: make docs"


@pytest.mark.parametrize("pod", PODS)
def test_every_pod_has_what_the_policy_wants_and_nothing_that_it_forbids(pod: Json):
    [container] = pod["spec"]["containers"]
    assert container["image"] == allowed()["image"]
    lifetime = pod["spec"]["activeDeadlineSeconds"]
    begins = [allowed()["commandByExec"], allowed()["commandByLog"]]
    assert container["command"] in [["sh", "-c", f"{begin} {lifetime} & wait"] for begin in begins]
    scripts = {"COLLECTOR": allowed()["collector"], "WATCHER": allowed()["watcher"]}
    for each in container["env"]:
        assert each["value"] == scripts[each["name"]] if each["name"] in scripts else re.fullmatch("[a-z0-9. -]*", each["value"])
        assert each["name"] in {*scripts, *ast.literal_eval(variables()["settings"])}
    every = "\n".join(expressions("pause-inspect-pods"))
    for unwanted, path in HAS.findall(every):
        if unwanted:
            assert at(pod, path) is None, path
        else:
            assert at(pod, path) is not None, path
    assert container["securityContext"]["privileged"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ast.literal_eval(variables()["capabilities"])}


def test_the_names_in_the_policy_are_those_of_the_program():
    assert tuple(ast.literal_eval(variables()["capabilities"])) == CAPABILITIES
    names = {each["name"] for pod in PODS for each in pod["spec"]["containers"][0]["env"]}
    assert {*ast.literal_eval(variables()["settings"]), "COLLECTOR", "WATCHER"} == names


def test_a_privileged_pod_is_not_among_them():
    pod = pod_of({"profile": "sysadmin"})
    assert at(pod, "variables.rights.privileged") is True
    assert at(pod, "variables.rights.capabilities") is None


def test_only_the_two_commands_of_the_program_may_be_executed():
    [expression] = expressions("pause-inspect-exec")
    assert f"object.command == ['sh', '-c', '{COMMAND[2]}']" in expression
    command = WatchPlan(seconds=60, interval=1.0, buffer_kb=128, use_tracefs=True).command([1, 22])
    assert command[:4] == ["sh", "-c", 'eval "$WATCHER"', "watch"]
    assert f"size(object.command) == {len(command)}" in expression
    assert all(re.fullmatch("[0-9_]+|yes|no", word) for word in command[4:])


def test_the_policies_hold_in_their_own_namespace_alone_and_with_nobody_to_ask():
    found = documents()
    for name in ("pause-inspect-pods", "pause-inspect-exec"):
        binding = found["ValidatingAdmissionPolicyBinding", name]["spec"]
        assert binding["matchResources"] == {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "pause-inspect"}}}
        assert (binding["policyName"], binding["validationActions"]) == (name, ["Deny"])
        assert found["ValidatingAdmissionPolicy", name]["spec"]["failurePolicy"] == "Fail"
    assert found["ValidatingAdmissionPolicyBinding", "pause-inspect-pods"]["spec"]["paramRef"]["parameterNotFoundAction"] == "Deny"
    assert not list(Path(POLICY.parents[1]).glob("policy*")), "kubectl apply -f docs/rbac/ must not apply them"
