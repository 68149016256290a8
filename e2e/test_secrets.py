"""A secret in a container's environment, arguments or last words leaves the node by no way: not in a capture, a report, nor any log."""

from __future__ import annotations

import gzip
import secrets
from typing import TYPE_CHECKING

import pytest

from e2e.access import BUSYBOX, Cluster

if TYPE_CHECKING:
    from pathlib import Path

SPACE = "pause-inspect-secrets"
OPENLY = "in-the-open-" + secrets.token_hex(6)
"""A label's value: it is there, so that a secret that is not found was looked for in the right place."""
POD = f"""
apiVersion: v1
kind: Pod
metadata: {{name: keeper, namespace: {SPACE}, labels: {{openly: "{OPENLY}"}}, annotations: {{note: "ANNOTATED"}}}}
spec:
  nodeName: NODE
  terminationGracePeriodSeconds: 0
  tolerations: [{{operator: Exists}}]
  initContainers:
  - name: teller
    image: "{BUSYBOX}"
    command: [sh, -c, 'printf %s "$0" > /dev/termination-log; sleep 1', "IN_STATE_MESSAGE"]
  containers:
  - name: keeper
    image: "{BUSYBOX}"
    env: [{{name: PASSWORD, value: "IN_ENVIRONMENT"}}]
    command: [sh, -c, "sleep 86400 & wait", "IN_ARGUMENTS", "--password=IN_ARGUMENTS"]
    livenessProbe: {{exec: {{command: ["true", "IN_PROBE"]}}, periodSeconds: 3600}}
"""


@pytest.fixture(scope="module")
def planted() -> dict[str, str]:
    """Each place with a secret of its own."""
    places = ("IN_ENVIRONMENT", "IN_ARGUMENTS", "IN_PROBE", "IN_STATE_MESSAGE", "ANNOTATED")
    return {place: f"planted-{secrets.token_hex(8)}" for place in places}


@pytest.fixture(scope="module")
def place(place: Cluster, planted: dict[str, str]) -> Cluster:
    """One cluster, with the pod that keeps the secrets."""
    manifest = POD.replace("NODE", place.node)
    for where, secret in planted.items():
        manifest = manifest.replace(where, secret)
    place.kubectl("apply", "-f", "-", stdin=manifest)
    place.kubectl("wait", "-n", SPACE, "--for=condition=Ready", "pod/keeper", "--timeout=50s")
    message = "jsonpath={.status.initContainerStatuses[0].state.terminated.message}"
    assert place.kubectl("get", "-n", SPACE, "pod/keeper", "-o", message) == planted["IN_STATE_MESSAGE"]
    return place


def none_in(planted: dict[str, str], text: str, what: str) -> None:
    found = [where for where, secret in planted.items() if secret in text]
    assert found == [], f"the secret {found} is in {what}"


def test_no_secret_in_reports(place: Cluster, planted: dict[str, str]) -> None:
    for form in (["-o", "json"], ["-o", "yaml"], ["-o", "wide"], []):
        for words in (["pod", "keeper", "-n", SPACE, "--prove"], ["node", place.node, "--fds"]):
            ended = place.plugin(*words, *form)
            assert ended.code == 0, ended.stderr
            assert "keeper" in ended.stdout
            none_in(planted, ended.stdout + ended.stderr, " ".join([*words, *form]))


def test_no_secret_in_a_capture_and_no_name_in_a_redacted_one(place: Cluster, planted: dict[str, str], tmp_path: Path) -> None:
    texts = {}
    for flags in ([], ["--redact"]):
        file = tmp_path / f"node{len(flags)}.capture"
        ended = place.plugin("snapshot", place.node, "-f", str(file), *flags)
        assert ended.code == 0, ended.stderr
        none_in(planted, file.read_bytes().decode("latin-1") + ended.stdout + ended.stderr, "the file as it is")
        texts[file] = gzip.decompress(file.read_bytes()).decode("utf-8", "replace")
        none_in(planted, texts[file], "the file unpacked")
        ended = place.plugin("node", "--from", str(file))
        assert (ended.code, ended.stderr) == (0, "")
        texts[file] += ended.stdout
    plain, redacted = texts.values()
    for name in (OPENLY, "keeper", SPACE, place.node):
        assert name in plain
        assert name not in redacted


def test_arguments_are_told_where_they_are_asked_for_and_never_in_a_redacted_capture(
    place: Cluster, planted: dict[str, str], tmp_path: Path
) -> None:
    ended = place.plugin("pod", "keeper", "-n", SPACE, "--args")
    assert (ended.code, ended.stderr) == (0, "")
    assert planted["IN_ARGUMENTS"] in ended.stdout
    none_in({where: secret for where, secret in planted.items() if where != "IN_ARGUMENTS"}, ended.stdout, "a report with arguments")
    file = tmp_path / "node.capture"
    assert place.plugin("snapshot", place.node, "-f", str(file), "--args", "--redact").code == 0
    text = gzip.decompress(file.read_bytes()).decode("utf-8", "replace")
    assert "#section args" in text
    none_in(planted, text, "a redacted capture with arguments")
    assert "\x01" not in text, "arguments are in a redacted capture"


def test_no_secret_in_the_log_of_a_failing_run(place: Cluster, planted: dict[str, str]) -> None:
    """Messages of a run that goes wrong are what people paste into tickets."""
    ended = place.plugin("pod", "keeper", "-n", SPACE, "--timeout", "1s", "--image", "localhost/none:0")
    assert ended.code == 1
    none_in(planted, ended.stdout + ended.stderr, "the messages")
