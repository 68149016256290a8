"""What is kept of the API: a real cluster's pods, and never a foreign annotation."""

from __future__ import annotations

import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.capture.answers.node_answer import NodeCapture, with_api_view
from kubectl_pause.facts.api import (
    ApiView,
    ExecAction,
    Handler,
    Lifecycle,
    Node,
    Pod,
    PodList,
    PodSpec,
    SpecContainer,
    for_capture,
)
from kubectl_pause.facts.capture import Capture
from kubectl_pause.facts.program_names import program_names
from tests.recorded_nodes import recorded_bytes, recorded_capture


def test_pods_of_a_real_cluster() -> None:
    view = msgspec.json.decode(recorded_capture("kind-containerd-2.2.9").api or b"", type=ApiView)
    assert len(view.pods) == 18
    static = {pod.metadata.name: pod for pod in view.pods if "kubernetes.io/config.mirror" in (pod.metadata.annotations or {})}
    assert len(static) == 4
    assert all(len(pod.runtime_uid) == 32 and pod.runtime_uid != pod.metadata.uid for pod in static.values())


def test_foreign_annotations_and_environments_go() -> None:
    pods = msgspec.json.decode(recorded_bytes("kind-containerd-2.2.9", "api-pods.json"), type=PodList).items or []
    for pod in pods:
        kept = msgspec.json.encode(for_capture(pod))
        assert b"last-applied-configuration" not in kept
        assert b'"env"' not in kept
        assert msgspec.json.decode(kept, type=Pod).runtime_uid == pod.runtime_uid


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (["/usr/bin/redis-cli", "-a", "secret"], ["redis-cli"]),
        (
            ["sh", "-c", "PASSWORD=secret pg_isready -U x && exec /bin/curl 'secret;secret' | grep ok # secret; secret"],
            ["sh", "curl", "grep"],
        ),
        (["/bin/bash", "-ec", 'if ! cat $(find / -name y); then echo "secret\\"; secret"; fi'], ["bash", "cat", "find", "echo"]),
        (["sh", "-c", "cat <<E\nsecret\nE"], ["sh", "cat"]),
        (["sh", "-c", "ok; 'unclosed; secret"], ["sh", "ok"]),
        (["sh", "secret"], ["sh"]),
        (["sh", "-c", "mysqladmin ping \\\n  -uroot \\\n  -psecret \\\r\n secret && true"], ["sh", "mysqladmin", "true"]),
        (["sh", "-c", "curl -sf \\\n -H X \\\n secret\n\\\n grep x"], ["sh", "curl", "grep"]),
        (["sh", "-c", "redis-cli -a ${REDIS_PW-secret} ping; echo ${A:-${B-secret}} secret"], ["sh", "redis-cli", "echo"]),
        (["sh", "-c", "curl -u x:y http://z/ -d {secret}; { wget {secret} secret; } 2>secret"], ["sh", "curl", "wget"]),
        (["sh", "-c", "curl $(get-url secret) secret >secret 2>&1; (cd secret) secret"], ["sh", "curl", "get-url", "cd"]),
        (["sh", "-c", "$(which curl) secret; secret$(cat x)"], ["sh", "which", "cat"]),
        (["sh", "-c", "curl `get-url; secret` secret"], ["sh", "curl"]),
        (["sh", "-c", "a <secret >|secret 2>&secret; case secret in secret) secret;; secret|secret) x;; esac"], ["sh", "a"]),
        (["sh", "-c", "for i in secret\ndo test $i; done <secret; [ -f secret ] && b"], ["sh", "test", "b"]),
        (["bash", "-c", "[[ a && secret ]]"], ["bash"]),
        (["bash", "-c", "a; (( b & secret ))"], ["bash", "a"]),
        (["bash", "-c", "A=(a secret; secret)"], ["bash"]),
        (["bash", "-c", "echo it\\'s; 'a; secret b' secret"], ["bash", "echo"]),
        (["bash", "-c", "echo $'it\\'s; secret b'; d"], ["bash", "echo", "d"]),
        (["bash", "-c", 'echo "$(echo "a; secret")"'], ["bash", "echo"]),
        (["bash", "-c", 'echo "${A-"a; secret"}" "$A;secret"'], ["bash", "echo"]),
        (["sh", "-c", "/bin/-psecret; -psecret"], ["sh"]),
        (["-secret"], []),
        (["$(secret)"], []),
        ([], []),
    ],
)
def test_of_a_command_only_names_of_programs_are_kept(command: list[str], names: list[str]) -> None:
    assert program_names(command) == names
    probe = Handler(ExecAction(command=command))
    container = SpecContainer(name="app", liveness_probe=probe, lifecycle=Lifecycle(pre_stop=probe))
    kept = msgspec.json.encode(for_capture(Pod(spec=PodSpec(containers=[container]))))
    assert b"secret" not in kept
    [read] = msgspec.json.decode(kept, type=Pod).spec.containers or []
    assert read.commands == {"livenessProbe": names, "lifecycle.preStop": names}


@given(st.lists(st.text(max_size=30), max_size=4) | st.text(max_size=60).map(lambda text: ["sh", "-c", text]))
def test_no_name_of_a_program_holds_more_than_a_name(command: list[str]) -> None:
    plain = set(string.ascii_letters + string.digits + "._-")
    assert all(set(name) <= plain for name in program_names(command))


_ARGUMENTS = st.sampled_from(
    [
        *("secret", "-psecret", "'x; secret'", '"x; secret"', "{secret}", "{ secret", "secret}", "a=secret", "$A secret", "\\;secret"),
        *("${A-secret}", "${A:-secret}", "$(cat secret)", ">secret", "2>&secret", "<secret", "&>secret", "# x; secret"),
        *("\\\n secret", "\\\r\n-secret"),
    ]
)
_COMMANDS = st.lists(_ARGUMENTS, max_size=5).map(lambda arguments: " ".join(["prog", *arguments]))
_SCRIPTS = st.recursive(
    _COMMANDS,
    lambda script: (
        st.tuples(script, st.sampled_from(["; ", " && ", " || ", " | ", "\n", " & "]), script).map("".join)
        | script.map(lambda text: f"prog $({text}\n) secret")
        | script.map(lambda text: f"( {text}\n) secret")
        | script.map(lambda text: f"if ! {text}\nthen {text}\nfi")
        | script.map(lambda text: f"for secret in secret secret; do {text}\ndone")
        | script.map(lambda text: "{ " + text + "\n}")
    ),
    max_leaves=5,
)


@given(_SCRIPTS)
def test_no_argument_is_taken_for_a_program(script: str) -> None:
    assert set(program_names(["sh", "-c", script])) <= {"sh", "prog", "cat"}


def test_of_a_node_only_what_is_read_is_kept() -> None:
    text = (
        b'{"metadata":{"name":"n1","uid":"u","labels":{"secret":"secret"},"finalizers":["secret/x"],"annotations":{"a/b":"secret",'
        b'"kubernetes.io/config.hash":"secret"},"ownerReferences":[{"kind":"K","name":"secret"}]},"spec":{"providerID":"secret"},'
        b'"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.1"}],"nodeInfo":{"osImage":"os","machineID":"secret"},'
        b'"conditions":[{"type":"Ready","status":"True"}]}}'
    )
    collected = with_api_view(NodeCapture(Capture({}, {}, (), None), b""), "n1", msgspec.json.decode(text, type=Node), [],
                              inspector_uid=None, started=0.0)  # fmt: skip
    kept = collected.capture.api or b""
    assert b"secret" not in kept
    node = msgspec.json.decode(kept, type=ApiView).node
    assert node
    assert (node.metadata.name, node.metadata.uid, node.addresses, node.status.node_info.os_image) == ("n1", "u", ["192.0.2.1"], "os")
    assert [each.type for each in node.status.conditions or ()] == ["Ready"]


@given(st.binary(max_size=80))
def test_anything_else(content: bytes) -> None:
    try:
        assert isinstance(msgspec.json.decode(content, type=PodList), PodList)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
