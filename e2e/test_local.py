"""`local` on pods of a real engine, on one made by hand, and on namespaces that outlived their processes. Needs no cluster.

Truth is what `readlink` and `stat` on this host say in the same test.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from e2e.access import ROOT, Json
from e2e.clusters.cache import Cache
from e2e.clusters.commands import Runner
from e2e.clusters.engines import find_engine
from e2e.clusters.pause_sources import pause_program
from e2e.clusters.settings import cache_directory
from tests.real_processes import child_of, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.clusters.engines import Engine

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: namespaces of other processes can be read and joined by it alone")
LIMIT = 60
KINDS = ("net", "ipc", "uts", "pid", "mnt")


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(tmp_path_factory.mktemp("local") / "log")


@pytest.fixture(scope="module")
def pause(runner: Runner) -> Path:
    cache = Cache(cache_directory())
    with cache.lock("node-image"):
        return pause_program(cache, runner)


def local(*words: str) -> Json:
    """The node of `local`'s report."""
    argv = [sys.executable, "-m", "kubectl_pause", "local", *words, "-o", "json"]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert ended.returncode == 0, ended.stderr
    (node,) = json.loads(ended.stdout)["nodes"]
    assert isinstance(node, dict)
    return node


def namespace(pid: int, kind: str) -> int:
    return int(Path(f"/proc/{pid}/ns/{kind}").readlink().name.split("[")[1].rstrip("]"))


def sharing(container: Json) -> dict[str, str]:
    return {kind: container["namespaces"][kind]["sharing"] for kind in KINDS}


def the_truth(holder: int, joined: int) -> dict[str, str]:
    return {kind: "pod" if namespace(holder, kind) == namespace(joined, kind) else "own" for kind in KINDS}


@contextmanager
def engine_pod(engine: Engine, pause: Path) -> Iterator[str]:
    """A pause, and a container in its network, PID and IPC namespaces: how pause is usually explained."""
    name = f"pause-inspect-{uuid.uuid4().hex[:8]}"
    image = f"localhost/{name}:1"
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for program in ("pause", "app"):
            archive.add(pause, program)
    try:
        engine.run("import", "-", image, stdin=content.getvalue(), limit=LIMIT)
        engine.run("run", "-d", "--name", f"{name}-holder", "--network=none", "--ipc=shareable", image, "/pause", limit=LIMIT)
        shared = [f"--{kind}=container:{name}-holder" for kind in ("network", "pid", "ipc")]
        engine.run("run", "-d", "--name", f"{name}-app", *shared, image, "/app", limit=LIMIT)
        yield name
    finally:
        for left in (f"{name}-app", f"{name}-holder"):
            engine.runner.succeeds([engine.name, "rm", "-f", left], limit=LIMIT)
        engine.runner.succeeds([engine.name, "rmi", "-f", image], limit=LIMIT)


def test_containers_of_a_real_engine_that_joined_a_pause(runner: Runner, pause: Path) -> None:
    engine = find_engine(runner, cache_directory())
    with engine_pod(engine, pause) as name:
        pids = [int(engine.run("inspect", "-f", "{{.State.Pid}}", f"{name}-{each}")) for each in ("holder", "app")]
        (sandbox,) = [each for each in local()["sandboxes"] if each["pod"]["name"].startswith(name)]
        (app,) = [each for each in sandbox["containers"] if each["name"] == f"{name}-app"]
        assert (sandbox["pod"]["kind"], sandbox["holder"], sandbox["pid"], app["pid"]) == (engine.name, "pause", *pids)
        assert sharing(app) == the_truth(*pids) == {"net": "pod", "ipc": "pod", "uts": "own", "pid": "pod", "mnt": "own"}
    assert [each for each in local()["sandboxes"] if each["pod"]["name"].startswith(name)] == []


@contextmanager
def running(*words: str | Path) -> Iterator[int]:
    """A command in a session of its own, ended with all that it started."""
    process = subprocess.Popen([*map(str, words)], start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=LIMIT)


def test_a_pod_made_by_hand_with_unshare_chroot_and_nsenter(pause: Path, tmp_path: Path) -> None:
    for program in ("pause", "default", "shared"):
        (tmp_path / program).write_bytes(pause.read_bytes())
        (tmp_path / program).chmod(0o755)
    new = ("unshare", "--pid", "--uts", "--ipc", "--net", "--mount", "--fork", "--kill-child", "chroot", tmp_path, "/pause")
    with running(*new) as maker:
        holder = named(child_of(maker), "pause")
        enter = ("nsenter", "-t", str(holder), "-n", "-i", "-u")
        own_pid = ("unshare", "--pid", "--mount", "--fork", "--kill-child", "chroot", tmp_path, "/default")
        with running(*enter, *own_pid) as first, running(*enter, "-p", "unshare", "--mount", "chroot", tmp_path, "/shared") as second:
            default, shared = named(child_of(first), "default"), named(child_of(second), "shared")
            (sandbox,) = [each for each in local("--no-engines")["sandboxes"] if each["pid"] == holder]
            assert (sandbox["pod"]["kind"], sandbox["holder"], sandbox["findings"]) == ("hand-made", "pause", [])
            containers = {each["pid"]: each for each in sandbox["containers"]}
            assert set(containers) == {default, shared}
            for pid, of_pid in ((default, "own"), (shared, "pod")):
                assert sharing(containers[pid]) == the_truth(holder, pid)
                assert sharing(containers[pid]) == {"net": "pod", "ipc": "pod", "uts": "pod", "pid": of_pid, "mnt": "own"}


def leftovers(*words: str) -> dict[int, list[str]]:
    return {each["inode"]: each["heldBy"] for each in local("--no-engines", *words)["leftoverNamespaces"] if each["type"] == "net"}


def test_a_network_that_a_mount_keeps_after_pause_died(pause: Path, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    place.touch()
    with running("unshare", "--net", pause) as holder:
        inode = namespace(named(holder, "pause"), "net")
        subprocess.run(["mount", "--bind", f"/proc/{holder}/ns/net", place], check=True, timeout=LIMIT)
    try:
        assert place.stat().st_ino == inode
        assert leftovers()[inode] == [str(place)]
    finally:
        subprocess.run(["umount", place], check=True, timeout=LIMIT)


def test_a_network_that_a_descriptor_alone_keeps(pause: Path) -> None:
    with running("unshare", "--net", pause) as holder:
        inode = namespace(named(holder, "pause"), "net")
        kept = os.open(f"/proc/{holder}/ns/net", os.O_RDONLY)
    try:
        assert leftovers("--fds")[inode] == [f"fd:{os.getpid()}/{kept}"]
        assert inode not in leftovers()
    finally:
        os.close(kept)
