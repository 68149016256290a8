"""What a small file or a hostile answer can cost: work grows with the length of the text, not with its square, and so does memory."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType

import pytest

from kubectl_pause.facts.capture import COLLECTOR_MAGIC, MAX_CAPTURE_BYTES, CaptureError, parse_capture, read_capture
from kubectl_pause.facts.kernel.mounts import parse_mountinfo
from kubectl_pause.facts.kernel.process import MOST_ANCESTORS, ancestors, parse_processes
from kubectl_pause.facts.kernel.reapers import parse_stats


def capture_of(sections: bytes) -> bytes:
    return COLLECTOR_MAGIC + b"\n#node uptime=1\n" + sections + b"#end uptime=1\n"


def calls(work: Callable[[], object]) -> int:
    """How many functions are called, those that are written in C too."""
    number = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return number


class Joined(bytes):
    """A text that counts the bytes which are copied where a further text is put behind it."""

    copied = 0

    def __add__(self, other: bytes) -> Joined:  # type: ignore[override]
        Joined.copied += len(self) + len(other)
        return Joined(bytes(self) + other)

    def split(self, separator: bytes) -> list[bytes]:  # type: ignore[override]
        return [Joined(part) for part in bytes(self).split(separator)]

    def partition(self, separator: bytes) -> tuple[bytes, bytes, bytes]:  # type: ignore[override]
        first, middle, last = bytes(self).partition(separator)
        return Joined(first), middle, Joined(last)


def test_a_section_has_one_exit_code() -> None:
    for second in (b"1", b"0", b"x"):
        with pytest.raises(CaptureError, match="section x has two exit codes") as caught:
            parse_capture(capture_of(b"#section x\n a\n#rc 0\n#rc " + second + b"\n"), "node one")
        assert caught.value.reason == "CaptureDamaged"


def test_a_file_of_two_kilobytes_is_refused_at_its_second_exit_code() -> None:
    text = capture_of(b"#section x\n" + b"a\n" * 2000 + b"#rc 1\n" * 1000)

    def work() -> None:
        with pytest.raises(CaptureError):
            read_capture(gzip.compress(text), "x")

    assert calls(work) < 10_000  # two for each line of the section, and not for each pair of a line and an exit code


@pytest.mark.parametrize(
    "line",
    [b"#section x\n a\n#rc 1\n", b"#section x%d\n !a\n#rc 1\n", b"#bundle id=a%d pid=1\n {}\n", b"#look a=1\n", b"#node a=1\n"],
)
def test_twice_the_sections_are_twice_the_work(line: bytes) -> None:
    def work(number: int) -> int:
        text = capture_of(b"".join(line % each if b"%" in line else line for each in range(number)))
        return calls(lambda: parse_capture(text, "x"))

    assert work(2000) < 2.1 * work(1000)


@pytest.mark.parametrize("file", ["stat", "stat2", "./stat", "cgroup"])
def test_many_lines_of_one_file_are_joined_once(file: str) -> None:
    Joined.copied = 0
    content = Joined(f"1/{file}:a\n".encode() * 2000)
    parse_processes(content)
    parse_stats(content)
    assert Joined.copied <= 2 * len(content)


def test_a_long_chain_of_parents_is_looked_at_so_far() -> None:
    stat = "{0}/stat:{0} (a) S {1} 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 5\n"
    lines = "".join(stat.format(pid, pid - 1) for pid in range(2, 2000))
    processes = parse_processes((lines + lines.replace("/stat", "/stat2")).encode())
    assert [parent.pid for parent in ancestors(processes, processes[10])] == list(range(9, 1, -1))
    assert len(list(ancestors(processes, processes[1999]))) == MOST_ANCESTORS


def test_a_long_chain_of_mounts_is_looked_at_so_far() -> None:
    def work(number: int) -> int:
        lines = "".join(f"{each} {each - 1} 0:4 net:[{each}] /a{each} rw - nsfs nsfs rw\n" for each in range(number))
        return calls(lambda: parse_mountinfo(lines.encode()))

    assert work(1200) < 2.5 * work(600)


@pytest.mark.parametrize("line", [b"12/a\n", b"\n", b"1/stat\n", b"'\n"])
def test_short_lines_take_no_more_memory_than_the_section(line: bytes) -> None:
    content = line * (2**20 // len(line))
    tracemalloc.start()
    try:
        parse_processes(content)
        parse_stats(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < len(content)


def test_a_capture_is_of_128_mib_at_most() -> None:
    assert MAX_CAPTURE_BYTES <= 128 << 20  # test_capture: more than that is refused
