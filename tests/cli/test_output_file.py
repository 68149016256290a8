"""`-f FILE`: whatever stands there already, and whoever made it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.cli.output_file import writable, write
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="root alone gives a link another owner")
WRITE = "import sys; from kubectl_pause.cli.output_file import writable, write; write(writable(sys.argv[1]), b'whole')"


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A directory like /tmp: all may make files, and only the owner may remove them."""
    place = tmp_path / "shared"
    place.mkdir()
    place.chmod(0o1777)
    return place


def plant(link: Path, target: Path, owner: int = NOBODY) -> Path:
    link.symlink_to(target)
    os.lchown(link, owner, owner)
    return link


def refused(file: Path) -> bool:
    try:
        write(writable(str(file)), b"CAPTURE")
    except PauseInspectError as error:
        return error.reason == "CannotWrite"
    return False


@needs_root
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_that_somebody_planted_is_refused(shared: Path, tmp_path: Path, exists: bool) -> None:
    victim = tmp_path / "victim"
    if exists:
        victim.write_text("precious")
    assert refused(plant(shared / "worker-1.capture", victim))
    assert (victim.read_text() if victim.exists() else None) == ("precious" if exists else None)
    assert [path.name for path in shared.iterdir()] == ["worker-1.capture"]


@needs_root
def test_a_planted_link_is_refused_wherever_it_stands_on_the_way(shared: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    plant(shared / "directory", tmp_path)
    plant(shared / "second", victim)
    (tmp_path / "mine").symlink_to(shared / "second")
    relative = tmp_path / "own" / ".." / "shared" / "directory" / "victim"
    (tmp_path / "own").mkdir()
    for file in (shared / "directory" / "victim", tmp_path / "mine", relative):
        assert refused(file), file
    assert victim.read_text() == "precious"


@needs_root
def test_a_planted_pipe_is_refused(shared: Path) -> None:
    pipe = shared / "worker-1.capture"
    os.mkfifo(pipe, 0o666)
    os.chown(pipe, NOBODY, NOBODY)
    assert refused(pipe)


@needs_root
def test_a_link_of_the_directory_s_owner_is_followed(shared: Path, tmp_path: Path) -> None:
    os.chown(shared, NOBODY, NOBODY)
    target = tmp_path / "target"
    write(writable(str(plant(shared / "link", target))), b"new")
    assert target.read_bytes() == b"new"


def test_one_s_own_link_is_followed_and_stays(shared: Path, tmp_path: Path) -> None:
    target, link = tmp_path / "target", shared / "link"
    link.symlink_to("../target")
    write(writable(str(link)), b"new")
    assert (link.is_symlink(), target.read_bytes()) == (True, b"new")


def test_a_link_that_comes_after_the_look_is_replaced_itself(shared: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    target = writable(str(shared / "file"))
    (shared / "file").symlink_to(victim)
    write(target, b"new")
    assert (victim.read_text(), (shared / "file").is_symlink(), (shared / "file").read_bytes()) == ("precious", False, b"new")


def test_a_link_to_a_pipe_that_comes_after_the_look_is_not_followed(shared: Path, tmp_path: Path) -> None:
    target, pipe = writable(str(shared / "file")), tmp_path / "pipe"
    os.mkfifo(pipe)
    (shared / "file").symlink_to(pipe)
    with pytest.raises(PauseInspectError):
        write(target, b"new")


def test_links_in_a_circle_are_no_file(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert refused(tmp_path / "a")


def test_null_is_written_to_and_stays() -> None:
    write(writable("/dev/null"), b"whole")
    with open("/dev/null", "rb") as null:  # noqa: PTH123 (no file)
        assert null.read() == b""


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_stdout_by_its_name_goes_into_a_pipe(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", WRITE, name], capture_output=True, check=True)
    assert done.stdout == b"whole"


@pytest.mark.parametrize("mode", ["wb", "ab"])
def test_stdout_by_its_name_goes_into_the_file_that_it_is(tmp_path: Path, mode: str) -> None:
    """The same file, not another in its place: what was written before stays."""
    file = tmp_path / "file"
    with file.open(mode) as stream:
        stream.write(b"before ")
        stream.flush()
        subprocess.run([sys.executable, "-c", WRITE, "/dev/stdout"], stdout=stream, check=True)
    assert file.read_bytes() == b"before whole"


def test_a_pipe_of_one_s_own_is_written_to_and_stays(shared: Path) -> None:
    pipe = shared / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write(writable(str(pipe)), b"whole")
    reader.join(10)
    assert (read, pipe.is_fifo()) == ([b"whole"], True)


@pytest.mark.parametrize("name", ["", ".", "no/such/file", "x" * 300])
def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PauseInspectError) as caught:
        write(writable(name), b"")
    assert caught.value.reason == "CannotWrite"


def test_a_file_that_is_created_meanwhile_is_kept_where_nothing_may_be_replaced(tmp_path: Path) -> None:
    target = writable(str(tmp_path / "file"))
    (tmp_path / "file").write_text("somebody else's")
    with pytest.raises(PauseInspectError, match="exists already"):
        write(target, b"new", replace=False)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("file", "somebody else's")]
