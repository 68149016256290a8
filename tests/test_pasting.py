"""Lines to paste, pasted: names made of shell stay names, in every remedy and hint."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.access.api_errors import ApiError
from kubectl_pause.capture.admission import refusals
from kubectl_pause.cli.main import run
from kubectl_pause.pasting import command_line
from tests.nodes.written_nodes import INIT, Written
from tests.recorded_nodes import RECORDED

if TYPE_CHECKING:
    from pathlib import Path

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
