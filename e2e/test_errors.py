"""On a real cluster each error is one line of what happened and one of what to do next, with its exit code and nothing left behind."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass

import pytest

from e2e.access import NAMESPACE, Cluster

POD = ("pod", "-n", NAMESPACE, "nginx")


@dataclass(frozen=True)
class Case:
    """A command line, and patterns that its error must hold."""

    words: tuple[str, ...]
    error: str
    hint: str = "."
    code: int = 1


CASES = {
    "image that cannot be pulled, in the kubelet's words": Case(
        (*POD, "--image", "localhost:1/no-such-image:1", "--timeout", "30s"),
        r"cannot get the image 'localhost:1/no-such-image:1': (ErrImagePull|ImagePullBackOff): .*(connection refused|Back-off)",
        r"--image",
    ),
    "pod not found, with a near name": Case(
        ("pod", "-n", NAMESPACE, "ngin"), r"pod 'ngin' not found in namespace 'pause-inspect-cases'", r"did you mean nginx\b"
    ),
    "deployment not found, with a near name": Case(
        ("pod", "-n", NAMESPACE, "deploy/wep"), r"deployment 'wep' not found", r"did you mean web\?"
    ),
    "namespace not found, with a near name": Case(
        ("pod", "-n", f"{NAMESPACE}x", "nginx"),
        r"namespace 'pause-inspect-casesx' not found|namespaces .*not found",
        r"did you mean pause-inspect-cases\b",
    ),
    "node not found": Case(("node", "no-such-node"), r"node 'no-such-node' not found"),
    "unscheduled pod": Case(("pod", "-n", NAMESPACE, "unscheduled"), r"unscheduled.*(didn't match|affinity|selector)"),
    "namespace of the inspector pod not found": Case(
        (*POD, "--debug-namespace", "no-such-namespace"), r'namespaces "no-such-namespace" not found', r"--debug-namespace"
    ),
    "forbidden: verb and resource": Case(
        (*POD, "--as", "nobody"), r'cannot get resource "pods".*namespace "pause-inspect-cases"', r"kubectl auth can-i"
    ),
    "impersonation is carried on exec": Case(
        (*POD, "--as", f"system:serviceaccount:{NAMESPACE}:no-exec"),
        rf'"system:serviceaccount:{NAMESPACE}:no-exec" cannot (create|get) resource "pods/exec"',
        r"kubectl auth can-i (create|get) pods/exec|kubectl auth can-i",
    ),
    "unknown context": Case((*POD, "--context", "no-such-context"), r"no-such-context"),
    "unreachable server": Case(
        (*POD, "--server", "https://127.0.0.1:1"),
        r"connection to the server 127\.0\.0\.1:1 was refused - did you specify the right host or port\?",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_error(cluster: Cluster, name: str) -> None:
    expect(cluster, CASES[name])


def test_image_without_a_shell(cluster: Cluster) -> None:
    """The pause image is on every node and holds one program."""
    (sandbox,) = cluster.report(*POD)["nodes"][0]["sandboxes"]
    expect(
        cluster,
        Case(
            (*POD, "--image", sandbox["image"], "--timeout", "30s"),
            r"cannot start the inspector pod.*sh.*not found|no such file",
            r"--image",
        ),
    )


def test_server_that_does_not_answer(cluster: Cluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        words = (*POD, "--server", f"https://{address}", "--request-timeout", "2s")
        expect(cluster, Case(words, rf"Unable to connect to the server: .*{address}|{address}.*within 2 s"))


def expect(cluster: Cluster, case: Case) -> None:
    """One error, its two lines, its exit code, nothing on stdout, nothing left."""
    ended = cluster.plugin(*case.words)
    assert ended.code == case.code, ended
    assert ended.stdout == ""
    what, *following = ended.stderr.splitlines()
    assert what.startswith("error: ")
    assert re.search(case.error, what), ended.stderr
    assert len(following) == 1, ended.stderr
    assert following[0].startswith("  next: ")
    assert re.search(case.hint, following[0]), ended.stderr
    assert cluster.leftovers() == []


def test_one_pod_that_fails_costs_one_error(cluster: Cluster) -> None:
    ended = cluster.plugin("pod", "-n", NAMESPACE, "nginx", "ngin", "unscheduled")
    assert ended.code == 4
    assert f"{NAMESPACE}/nginx" in ended.stdout
    assert len([line for line in ended.stderr.splitlines() if line.startswith("error: ")]) == 2
    assert cluster.leftovers() == []
