"""Lines to paste, pasted: names made of shell stay names, in every remedy and hint."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from kubectl_pause.access.api_errors import ApiError
from kubectl_pause.capture.admission import refusals
from kubectl_pause.cli.main import run
from kubectl_pause.facts.api import Pod
from kubectl_pause.facts.capture import parse_capture, read_capture
from kubectl_pause.inspect_inside import inspect_inside
from kubectl_pause.inspect_node import inspect_capture
from kubectl_pause.judge.stuck.recognise import Circumstances, judge_text, take
from kubectl_pause.known_causes.all import ALL
from kubectl_pause.pasting import ON_THE_NODE, command_line
from tests.judge.test_stuck import CASES, told
from tests.judge.test_stuck_messages import SAID
from tests.nodes.written_nodes import INIT, Written, pod_path, written_node
from tests.recorded_nodes import RECORDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kubectl_pause.report import NodeReport

CAPTURE = RECORDED / "cases" / "remedy-with-a-nodes-word" / "capture"
NAMES = [
    "x; touch PWNED #", "$(touch PWNED)", "`touch PWNED`", "x\ntouch PWNED", "' ; touch PWNED ; '", '"; touch PWNED; "', "-x\t|touch PWNED",
    "a&&touch PWNED", "a > PWNED", "~", "*", "--all", "", "\\", "x\x1b[2J", "ordinary-name",
]  # fmt: skip
KUBECTL = '#!/bin/sh\nprintf "%s\\0" "$@" >arguments\n'


def pasted(line: str, place: Path) -> list[str]:
    """The words that kubectl gets where a shell in `place` is given the command that ends `line`."""
    program = place / "kubectl"
    program.write_text(KUBECTL)
    program.chmod(0o755)
    command = line[line.index("kubectl ") :]
    subprocess.run(["sh", "-c", command], cwd=place, env={"PATH": f"{place}:{os.environ['PATH']}"}, check=True, timeout=20)
    assert sorted(path.name for path in place.iterdir()) == ["arguments", "kubectl"], command
    return (place / "arguments").read_text().split("\0")[:-1]


def positional(name: str) -> list[str]:
    """A name after the flags: one that looks like a flag itself (`delete pod --all`) stands behind the end of flags."""
    return ["--", name] if name.startswith("-") else [name]


def capture_with(name: str, place: Path) -> Path:
    text = gzip.decompress(CAPTURE.read_bytes()).decode()
    for recorded in ("$(id)", "x; touch PWNED #"):
        text = text.replace(json.dumps(recorded), json.dumps(name))
    sandbox = json.loads(text.split("#section crictl.pods\n")[1].splitlines()[0])["items"][0]["id"]
    shim = [*INIT.lines(), *Written(3000, 1, "containerd-shim").lines()]  # the zombie's parent: a remedy deletes the pod
    text = text.replace("#section proc\n", "\n".join([f"#section shims\n3000/id:{sandbox}\n#section proc", *shim, ""]), 1)
    file = place / "capture"
    file.write_bytes(gzip.compress(text.encode()))
    return file


@pytest.mark.parametrize("name", NAMES)
def test_a_remedy_with_the_name_of_a_pod(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["zombies", "--from", str(capture_with(name, tmp_path)), "-o", "json"]) == 0
    (node,) = json.loads(capsys.readouterr().out)["nodes"]
    remedies = [line for sandbox in node["sandboxes"] for group in sandbox["zombieGroups"] for line in group["remedies"]]
    commands = [line for line in remedies if "kubectl " in line]
    assert len(commands) == 1
    place = tmp_path / "shell"
    place.mkdir()
    assert pasted(commands[0], place) == ["delete", "pod", "-n", name, *positional(name)]


@pytest.mark.parametrize("name", NAMES)
def test_a_remedy_in_a_view(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the terminal shows it: control characters are escaped there, so the name is another one, and still one word."""
    assert run(["zombies", "--from", str(capture_with(name, tmp_path))]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "kubectl " in line]
    place = tmp_path / "shell"
    place.mkdir()
    words = pasted(line, place)
    assert words[:3] == ["delete", "pod", "-n"]
    assert len(words) == 4 + len(positional(name))
    if name.isprintable():
        assert words[3:] == [name, *positional(name)]


@pytest.mark.parametrize("name", NAMES)
def test_a_hint_with_words_of_the_server_and_the_command_line(name: str, tmp_path: Path) -> None:
    quota = name.replace(",", "").replace(" ", "") or "quota"  # the server's message ends its name with either
    message = f"pods is forbidden: exceeded quota: {quota}, requested: pods=1"
    explained = refusals.explained(ApiError(status=403, status_reason="Forbidden", message=message), name)
    assert explained is not None
    assert explained.hint is not None
    hint = explained.hint[: explained.hint.rindex("), or name")]
    assert pasted(hint, tmp_path) == ["describe", "quota", quota, "-n", name]


@pytest.mark.parametrize("name", NAMES)
def test_words_of_a_command_line(name: str, tmp_path: Path) -> None:
    assert pasted(command_line("kubectl", "get", name, name), tmp_path) == ["get", name, name]


HOSTILE = [name for name in NAMES if "PWNED" in name] + ["x\ntouch PWNED\n", "'''; touch PWNED #", 'on the node: ;touch PWNED;"']
COMMS = [name.replace("PWNED", "P").replace("touch", "t").replace("\n", "\\n")[:15] for name in HOSTILE]
"""The same in the 15 bytes of a process name, as /proc writes it; `t` is a program that makes the file, too."""
WORDS = {
    "kill", "ls", "grep", "systemctl", "crictl", "ctr", "df", "umount", "echo", "ps", "find", "sysctl", "lsns", "journalctl", "cd",
    "aa-status", "ausearch", "cat", "command", "conntrack", "curl", "dmesg", "findmnt", "iostat", "ip", "lscpu", "lsmod", "mount",
    "nvidia-smi", "resolvectl", "rpcinfo", "ss", "stat", "timedatectl", "ulimit", "uname",
}  # fmt: skip
"""What a line that is to be run on the node begins with."""
STUBS = 'for each in kill cd echo; do eval "$each() { return 1; }"; done\n'
"""What a shell does by itself, and a remedy asks for in earnest."""


def paste(remedies: Iterable[str], place: Path) -> None:
    """Each remedy whole, and the command after `on the node: `, in a shell that has nothing but what would show that a name was run."""
    remedies = list(dict.fromkeys(remedies))
    assert remedies
    touch = shutil.which("touch")
    for name, target in (("touch", '"$@"'), ("t", '"$@"')):
        (place / name).write_text(f"#!/bin/sh\nexec {touch} {target}\n")
        (place / name).chmod(0o755)
    before = {path.name for path in place.iterdir()}
    for remedy in remedies:
        command = remedy.removeprefix(ON_THE_NODE)
        if command != remedy:
            assert command.split()[0].rstrip(";") in WORDS, remedy
        for line in {remedy, command}:
            subprocess.run(
                ["/bin/sh", "-c", STUBS + line], cwd=place, env={"PATH": str(place)}, capture_output=True, check=False, timeout=20
            )
            assert {path.name for path in place.iterdir()} == before, line


def remedies_of(report: NodeReport) -> Iterator[str]:
    findings = [*report.findings, *(finding for sandbox in report.sandboxes for finding in sandbox.findings)]
    groups = [*report.host_zombie_groups, *(group for sandbox in report.sandboxes for group in sandbox.zombie_groups)]
    yield from (finding.remedy for finding in findings if finding.remedy)
    yield from (remedy for group in groups for remedy in group.remedies)


def renamed(value: Any, name: str, key: str = "") -> Any:
    """A document with a hostile name in the place of each name that somebody else gave."""
    if isinstance(value, dict):
        return {each: renamed(below, name, each) for each, below in value.items()}
    if isinstance(value, list):
        return [renamed(each, name, key) for each in value]
    given = ("name", "namespace", "image", "nodeName", "schedulerName", "targetContainerName", "finalizers", "uid")
    return name + value if isinstance(value, str) and key in given else value


@pytest.mark.parametrize(
    "place", sorted(RECORDED.glob("**/*.capture")) + sorted(RECORDED.glob("cases/*/capture")), ids=lambda path: path.parent.name
)
@pytest.mark.parametrize("at", range(len(HOSTILE)))
def test_remedies_of_recorded_nodes_with_other_names(place: Path, at: int, tmp_path: Path) -> None:
    text = gzip.decompress(place.read_bytes()).decode("utf-8", "surrogateescape")
    words = "name|namespace|image|io[.]kubernetes[.](?:pod|container)[.](?:name|namespace)"
    text = re.sub(rf'"({words})": ?"([^"\\]*)"', lambda found: f'"{found[1]}":{json.dumps(HOSTILE[at] + found[2])}', text)
    comm = COMMS[at]
    of_pod = re.compile(r"^(\d+/stat2?:\d+ \()(?!pause|containerd|systemd|conmon|runc|kubelet)[^\n]*(\) [A-Za-z] )", re.MULTILINE)
    text = of_pod.sub(lambda found: found[1] + comm + found[2], text)
    report = inspect_capture(read_capture(gzip.compress(text.encode("utf-8", "surrogateescape")), "renamed"), HOSTILE[at])
    paste([*remedies_of(report), "true"], tmp_path)


def hostile_node(comm: str, state: str) -> list[Written]:
    """A main process in `state` whose tracer, whose child with zombies of its own, and whose nested PID 1 are called `comm`."""
    path = pod_path("u", "b")
    return [
        Written(10, 1, "pause", (1,), 5, pod_path("u", "a")),
        Written(20, 1, comm, (1,), 6, path, state=state, tracer=21 if state == "t" else 0),
        Written(21, 20, comm, (2,), 6, path),
        Written(22, 20, comm, (3,), 6, path, state="Z"),
        Written(23, 21, comm, (4,), 6, path, state="Z"),
        Written(24, 20, comm, (5, 1), 7, path),
        Written(25, 24, comm, (6, 2), 7, path, state="Z"),
        Written(30, 1, comm, cgroup="/system.slice/x.service"),
        Written(31, 30, comm, cgroup="/system.slice/x.service", state="Z"),
    ]


@pytest.mark.parametrize("state", ["S", "T", "t", "Z"])
@pytest.mark.parametrize("at", range(len(HOSTILE)))
def test_remedies_with_names_of_processes_and_containers(at: int, state: str, tmp_path: Path) -> None:
    for api in (None, {"nodeName": HOSTILE[at], "containers": [{"name": HOSTILE[at], "command": ["x"]}]}):
        node = written_node(*hostile_node(COMMS[at], state), containers={"b": HOSTILE[at]}, api=api)
        paste(remedies_of(inspect_capture(node, HOSTILE[at])), tmp_path)


RUNNING_APP = {"name": "app", "containerID": "x://" + "b" * 64, "state": {"running": {}}}


@pytest.mark.parametrize("at", range(len(HOSTILE)))
def test_remedies_from_inside(at: int, tmp_path: Path) -> None:
    """Each command goes through kubectl, and no sentence does."""
    pod = msgspec.convert({"metadata": {"name": "web", "namespace": "default", "uid": "u"},
                           "spec": {"nodeName": "n", "containers": [{"name": "app"}]},
                           "status": {"containerStatuses": [RUNNING_APP]}}, Pod)  # fmt: skip
    commands = set()
    for state in ("S", "T", "t"):
        report = inspect_inside({"app": seen_from_inside(COMMS[at], state)}, pod)
        for remedy in remedies_of(report):
            if remedy.startswith("kubectl "):
                commands.add(remedy.split(" -- ")[1].split()[0])
        paste(remedies_of(report), tmp_path)
    assert commands <= WORDS
    assert "kill" in commands


def seen_from_inside(comm: str, state: str):
    processes = [
        Written(1, 0, comm, space=6, state=state, tracer=21 if state == "t" else 0),
        Written(21, 1, comm, space=6),
        Written(22, 1, comm, space=6, state="Z"),
        Written(23, 21, comm, space=6, state="Z"),
    ]
    lines = [line for each in processes for line in each.lines()]
    text = [
        "#pause-inspect-collector 1",
        "#node uptime=9000.00 self=99",
        "#section proc",
        *lines,
        "#look uptime=9000.00 tasks=8",
        "#end uptime=9003.00",
        "",
    ]
    return parse_capture("\n".join(text).encode(), "inside")


@pytest.mark.parametrize("name", HOSTILE)
def test_remedies_with_places_and_plugins_of_a_node(name: str, tmp_path: Path) -> None:
    sections = {
        "crictl.info": " " + json.dumps({"status": {"conditions": [{"type": "NetworkReady", "status": False, "message": name}]}}),
        "cni": " /etc/cni/net.d\n " + json.dumps({"name": name, "plugins": [{"type": name, "ipam": {"type": name}}]}),
        "cni-programs": " /opt/cni/bin\n bridge",
        "filesystems": " /run 10 0 10 5\n /run;touch${IFS}PWNED;: 10 0 10 5\n /$(t${IFS}P) 10 0 10 5",
        "mountinfo": " 30 20 0:4 net:[4026531840] /run/netns/$(t\\040P) rw shared:1 - nsfs nsfs rw",
    }
    paste(remedies_of(inspect_capture(written_node(sections=sections), name)), tmp_path)


@pytest.mark.parametrize("name", HOSTILE)
def test_remedies_for_what_kubelets_and_runtimes_say(name: str, tmp_path: Path) -> None:
    """Whatever stands where a message names a plugin, an image, a handler or an id."""
    texts = [re.sub(r'(?<=")[^"]*(?=")', lambda _: name, row["text"]) for row in SAID]
    texts += [
        f'failed to find plugin "{name}" in path',
        f'plugin type="{name}" failed (add): x',
        f'failed to get sandbox image "{name}": x',
    ]
    around, causes = Circumstances(namespace=name, pod=name, node=name, container=name, image=name), tuple(row for _, row in ALL)
    found = [verdict for text in texts if (verdict := judge_text(text, causes, around, name, []))]
    found += [take(row, around).finding(name, []) for row in causes]
    assert len({finding.code for finding in found}) > 90
    paste([finding.remedy for finding in found if finding.remedy], tmp_path)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("case", CASES)
def test_remedies_of_a_pod_that_is_stuck(case: str, name: str, tmp_path: Path) -> None:
    trail = CASES[case][0]
    pod = msgspec.convert(renamed(msgspec.to_builtins(trail.pod), name), Pod)
    answer = told(msgspec.structs.replace(trail, pod=pod))
    paste([each.remedy for each in (answer.cause, *answer.also) if each and each.remedy] + ["true"], tmp_path)
