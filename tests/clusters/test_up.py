"""`e2e/cluster up` where a mistake would cost an hour: what is reused, what is replaced, and what an interruption leaves.

kind, podman and kubectl are stand-ins that note what they were asked; the e2e suite runs the real ones.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60
COMMON = """#!/bin/sh
echo "${0##*/} $*" >>"$STANDS/asked"
"""
PROGRAMS = {
    "podman": """
case $1 in
info) echo ok ;;
inspect) shift 3; for node in "$@"; do cat "$STANDS/running" 2>/dev/null || echo true; done ;;
save) for word in "$@"; do [ "$before" = -o ] && : >"$word"; before=$word; done ;;
esac
""",
    "kind": """
case "$1 $2" in
"get nodes") [ -e "$STANDS/nodes" ] && cat "$STANDS/nodes" || true ;;
"create cluster")
	cat >/dev/null
	echo a-node >"$STANDS/nodes"
	while [ -e "$STANDS/hang" ]; do sleep 0.1; done
	for word in "$@"; do [ "$before" = --kubeconfig ] && echo a kubeconfig >"$word"; before=$word; done ;;
"delete cluster") rm -f "$STANDS/nodes" ;;
esac
""",
    "kubectl": """
case "$*" in
*"get nodes"*)
	ready=$(cat "$STANDS/ready" 2>/dev/null || echo True)
	echo '{"items": [{"metadata": {"name": "a-node"}, "status": {"conditions": [{"type": "Ready", "status": "'$ready'"}]}}]}' ;;
*serviceaccount*) echo serviceaccount/default ;;
esac
""",
}


@dataclass(frozen=True, slots=True)
class Maker:
    """`e2e/cluster` with the stand-ins; `stands` is what they know and were asked."""

    stands: Path
    cache: Path

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        base = {key: value for key, value in os.environ.items() if not key.startswith(("E2E_", "PAUSE_INSPECT", "KIND_"))}
        settings = {
            "PATH": f"{self.stands}:{os.environ['PATH']}",
            "STANDS": str(self.stands),
            "PAUSE_INSPECT_CACHE": str(self.cache),
            "KIND_EXPERIMENTAL_PROVIDER": "podman",
            "PAUSE_INSPECT_E2E_NODE_IMAGE": "stock",
            "PAUSE_INSPECT_E2E_NAME": "of-a-test",
        }
        command = [sys.executable, str(ROOT / "e2e" / "cluster"), *words]
        return subprocess.Popen(command, env={**base, **settings, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *words: str, **environment: str) -> tuple[int, str]:
        """Exit code and stderr."""
        process = self.start(*words, **environment)
        _, stderr = process.communicate(timeout=LIMIT)
        return process.returncode, stderr

    def asked(self, what: str) -> int:
        """How many commands of the stand-ins began so."""
        return sum(line.startswith(what) for line in (self.stands / "asked").read_text().splitlines())

    @property
    def directory(self) -> Path:
        return self.cache / "clusters" / "of-a-test"


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    stands = tmp_path / "stands"
    stands.mkdir()
    for name, text in PROGRAMS.items():
        (stands / name).write_text(COMMON + text)
        (stands / name).chmod(0o755)
    return Maker(stands, tmp_path / "cache")


@pytest.fixture
def up(maker: Maker) -> Maker:
    """With a cluster that is up."""
    code, stderr = maker.run("up")
    assert (code, maker.asked("kind create")) == (0, 1), stderr
    return maker


def test_what_is_healthy_and_made_from_the_same_is_reused(up: Maker) -> None:
    code, stderr = up.run("up")
    assert (code, up.asked("kind create"), up.asked("kind load")) == (0, 1, 1), stderr
    assert "is up and unchanged" in stderr
    assert up.run("status")[0] == 0


@pytest.mark.parametrize("more", [["--nodes", "2"], ["--nodes", "3"]])
def test_another_number_of_nodes_is_another_cluster(up: Maker, more: list[str]) -> None:
    (up.stands / "hang").touch()
    process = up.start("up", *more)
    wait_for("a second cluster to be made", lambda: up.asked("kind create") == 2, LIMIT, 0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=LIMIT)
    assert "was made from other inputs, so it is replaced" in stderr


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("ready", "Unknown", "0 of 1 nodes are Ready"),
        ("running", "false", "a node container does not run"),
        ("nodes", "", "it has 0 node containers instead of 1"),
    ],
)
def test_a_sick_cluster_is_told_and_replaced(up: Maker, file: str, content: str, reason: str) -> None:
    (up.stands / file).write_text(content)
    code, stderr = up.run("status")
    assert code == 3
    process = up.start("up")
    wait_for("a second cluster to be made", lambda: up.asked("kind create") == 2, LIMIT, 0.05)
    (up.stands / "ready").write_text("True")  # a new one is well
    (up.stands / "running").write_text("true")
    _, stderr = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, stderr
    assert f"is not healthy ({reason}), so it is replaced" in stderr
    assert "is up and unchanged" in up.run("up")[1]


@pytest.mark.parametrize("text", ["", "{", '{"engine": "podman"}', "[]"])
def test_a_state_that_cannot_be_read_is_none(up: Maker, text: str) -> None:
    (up.directory / "state.json").write_text(text)
    code, stderr = up.run("up")
    assert (code, up.asked("kind create")) == (0, 2), stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_creation_leaves_no_cluster(maker: Maker, number: signal.Signals) -> None:
    (maker.stands / "hang").touch()
    process = maker.start("up")
    wait_for("the creation", (maker.stands / "nodes").exists, LIMIT, 0.02)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=LIMIT)
    assert process.returncode == 130, stderr
    assert not (maker.stands / "nodes").exists()
    assert not maker.directory.exists()


def test_what_kill_9_left_is_replaced_and_its_lock_is_free(maker: Maker) -> None:
    (maker.stands / "hang").touch()
    process = maker.start("up")
    wait_for("the creation", (maker.stands / "nodes").exists, LIMIT, 0.02)
    process.kill()
    process.communicate(timeout=LIMIT)
    (maker.stands / "hang").unlink()
    assert maker.run("status")[0] == 3, "half a cluster is none"
    code, stderr = maker.run("up")
    assert (code, maker.asked("kind create")) == (0, 2), stderr
    assert json.loads((maker.directory / "state.json").read_text())["nodes"] == 1


def test_a_second_run_waits_and_takes_what_the_first_made(maker: Maker) -> None:
    processes = [maker.start("up") for _ in range(3)]
    ended = [(process.communicate(timeout=LIMIT)[1], process.returncode) for process in processes]
    assert [code for _, code in ended] == [0, 0, 0], ended
    assert maker.asked("kind create") == 1


def test_a_cluster_of_the_user_s_own_is_never_touched(up: Maker, tmp_path: Path) -> None:
    given = tmp_path / "kubeconfig"
    given.write_text("of the user\n")
    for verb in ("up", "down", "status"):
        assert up.run(verb, E2E_KUBECONFIG=str(given))[0] == 0
    assert (up.asked("kind create"), up.asked("kind delete"), given.read_text()) == (1, 1, "of the user\n")


def test_images_get_into_it_by_a_command_of_the_user_s(maker: Maker, tmp_path: Path) -> None:
    given, loader, archive = tmp_path / "kubeconfig", tmp_path / "loader", tmp_path / "images.tar"
    given.touch()
    archive.touch()
    loader.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/loaded\n')
    loader.chmod(0o755)
    told = {"E2E_KUBECONFIG": str(given), "E2E_LOAD": f"{loader} onto-the-node"}
    assert maker.run("load", str(archive), **told)[0] == 0
    assert (tmp_path / "loaded").read_text() == f"onto-the-node {archive}\n"
    loader.write_text("#!/bin/sh\nexit 3\n")
    assert maker.run("load", str(archive), **told)[0] == 1


def test_down_takes_all_away(up: Maker) -> None:
    assert up.run("down")[0] == 0
    assert not up.directory.exists()
    code, stderr = up.run("down")
    assert (code, "there is no cluster of-a-test" in stderr) == (0, True)
