"""The answer read from the inspector pod's log, where exec cannot be had."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess

import pytest
from aiohttp import web

from kubectl_pause.capture.inspector_pod import INTO_LOG, LOG_BEGIN, LOG_END
from tests.access.fake_api_server import status
from tests.capture.test_collector import SHELLS, needs_linux
from tests.cli.fake_cluster import collector_answer
from tests.cli.test_errors import refused

WAITING = 'container "collector" in pod "x" is waiting to start: ContainerCreating'

UNKNOWN = "the server could not find the requested resource ( pods/log x)"
"""What a kubelet's 404 becomes that has not heard of the pod yet."""


def written(answer: bytes) -> bytes:
    return LOG_BEGIN + b"\n" + base64.encodebytes(answer) + LOG_END + b"\n"


def logging(cluster, *logs):
    """Each is what the log is, one after the other, and then the last for ever: bytes, or a refusal as code, reason and message."""
    rest = list(logs)

    def answer():
        log = rest.pop(0) if len(rest) > 1 else rest[0]
        return web.Response(body=log) if isinstance(log, bytes) else status(*log)

    cluster.refuse["GET /log?"] = answer


def execs(cluster):
    return [path for _, path, _ in cluster.server.requests if "/exec?" in path]


def sandboxes(ended, said: str = ""):
    assert ended.code == 0
    assert said in ended.err if said else ended.err == ""
    (node,) = json.loads(ended.out)["nodes"]
    return node["sandboxes"]


def test_it_is_the_answer_that_exec_brings(cluster, command):
    by_exec = sandboxes(command("node", "-o", "json"))
    count = len(execs(cluster))
    whole = written(collector_answer())
    logging(
        cluster,
        (400, "BadRequest", WAITING),
        (404, "NotFound", 'pods "x" not found'),
        (404, "NotFound", UNKNOWN),
        b"",
        whole[: len(whole) // 2],
        whole,
    )
    assert sandboxes(command("node", "-o", "json", "--transport", "log")) == by_exec != []
    assert (len(execs(cluster)), cluster.left) == (count, [])
    (container,) = cluster.created[-1]["spec"]["containers"]
    assert INTO_LOG in container["command"][-1]
    assert INTO_LOG not in cluster.created[0]["spec"]["containers"][0]["command"][-1]


def test_it_is_chosen_where_exec_alone_is_forbidden(cluster, command):
    logging(cluster, written(collector_answer()))
    cluster.denied = {"get pods/exec"}
    assert sandboxes(command("node", "-o", "json"), "warning: exec is forbidden here: the answer is read from the inspector pod's log")
    assert execs(cluster) == []
    for words in (["--transport", "exec"], ["--args", "-o", "tree"], ["--keep", "1m"]):
        refused(command("node", *words), "cannot get resource", "docs/rbac")
    for denied in ({"get pods/exec", "get pods/log"}, {"get pods/exec", "create pods"}):
        cluster.denied = denied
        refused(command("node"), 'get resource "pods/exec"', "docs/rbac")
    cluster.denied = {"get pods/log"}
    refused(command("node", "--transport", "log"), 'get resource "pods/log"', "--subresource=log")


@pytest.mark.parametrize(
    ("log", "what", "then"),
    [
        (base64.encodebytes(b"the end of much"), "the beginning of the log of collector", "--transport exec"),
        (LOG_BEGIN + b"\nsh: base64: not found\n" + LOG_END, "does not hold what the collector wrote", "try again"),
        (written(b"#missing base64\n"), "has no 'base64'", "--image"),
        (written(b""), "without an answer", "--image"),
        (written(b"#missing awk\n"), "has no 'awk'", "--image"),
        (written(collector_answer()[:-9]), "truncated", "again"),
        ((403, "Forbidden", 'User "jane" cannot get resource "pods/log"'), 'cannot get resource "pods/log"', ""),
    ],
)
def test_a_log_that_is_no_answer(cluster, command, log, what, then):
    logging(cluster, log)
    refused(command("node", "--transport", "log"), what, then)
    assert cluster.left == []


def test_a_log_that_was_rotated_when_nobody_looked(cluster, command):
    logging(cluster, LOG_BEGIN, b"")
    refused(command("node", "--transport", "log"), "the kubelet has rotated it", "--transport exec")


def test_a_server_that_says_later_that_exec_is_forbidden(cluster, command):
    """As from Kubernetes 1.35 on, which asks for `create` too."""
    cluster.server.refuse_exec = status(403, "Forbidden", 'User "jane" cannot create resource "pods/exec"')
    refused(command("node"), 'cannot create resource "pods/exec"', "--transport log")


def test_a_log_that_never_is_whole(cluster, command):
    logging(cluster, LOG_BEGIN)
    refused(command("node", "--transport", "log", "--timeout", "1s"), "no answer within 1 s", "--timeout")


@pytest.mark.parametrize("others", [["--via", "x"], ["--keep", "1m"]])
def test_with_ways_that_are_exec(cluster, command, others):
    refused(command("node", "--transport", "log", *others), "--transport has no effect here", "leave out")


def test_a_way_that_is_none(cluster, command):
    refused(command("node", "--transport", "pigeon"), "'pigeon' is not accepted", "auto, exec, log")


@needs_linux
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_what_a_shell_writes(shell):
    """What ends the collector ends no more than that; what it says to stderr is not in the log."""
    collector = "head -c 100000 /dev/zero | tr '\\0' z; echo oh >&2; exit 3"
    command = [shutil.which(shell[0]) or shell[0], *shell[1:], "-c", INTO_LOG]
    ended = subprocess.run(command, env={"COLLECTOR": collector, "PATH": "/usr/bin:/bin"}, capture_output=True, check=True)
    begin, *lines, end = ended.stdout.split()
    assert (begin, base64.b64decode(b"".join(lines)), end, ended.stderr) == (LOG_BEGIN, b"z" * 100000, LOG_END, b"")
    if shell[0] != "busybox":  # which has its own
        ended = subprocess.run(command, env={"COLLECTOR": collector, "PATH": "/nonexistent"}, capture_output=True, check=True)
        assert base64.b64decode(ended.stdout.split()[1]) == b"#missing base64\n"
