"""What reapers are doing: lines as grep and stat write them, and lines that pods would like to have been written."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_pause.facts.kernel.reapers import (
    Counters,
    Reading,
    SystemCall,
    parse_counters,
    parse_executables,
    parse_reapers,
    parse_stats,
)
from kubectl_pause.facts.kernel.system_calls import waiting

LINES = b"""\
904/schedstat:22994710 2565640 45
904/status:voluntary_ctxt_switches:\t18
904/status:nonvoluntary_ctxt_switches:\t27
904/task/904/syscall:34 0x0
1100/schedstat:1 2 3
1100/task/1100/syscall:61 0xffffffffffffffff
1100/task/1101/syscall:running
1100/fdinfo/4:sigmask:\t0000000000010000
self/sched:se.exec_start : 5000.500000
1207/sched:se.exec_start : 2000.250000
"""
NONCE = "5fa8d96c-2d4a-4b1f-8b5e-07e46e4b0319"
WORDS = [
    b"904/",
    b"self/",
    b"schedstat:",
    b"status:",
    b"task/1/syscall:",
    b"fdinfo/1:sigmask:",
    b"sched:se.exec_start : ",
    b"sched/1:se.exec_start : ",
    b"9" * 30,
    b"0x",
    b"\n",
]


def test_each_line_is_read() -> None:
    readings, last = parse_reapers(LINES)
    assert readings == {
        904: Reading(Counters(45, 18, 27), (SystemCall(34, 0),), ()),
        1100: Reading(Counters(3), (SystemCall(61, 2**64 - 1),), (0x10000,)),
    }
    assert parse_counters(LINES)[904] == Counters(45, 18, 27)
    assert last.age(1207, 1) == (5000.5 - 2000.25) / 1000, "a capture of an earlier version has one clock"
    assert last.age(904, 1) is None


def test_a_zombie_s_age_is_by_the_clock_of_its_own_cpu() -> None:
    """Clocks of two CPUs differ: each leaves out what a hypervisor took from its CPU."""
    clocks = b"self/sched/0:se.exec_start : 9000.0\nself/sched/12:se.exec_start : 3000.25\nself/sched/5:\n"
    _, last = parse_reapers(LINES + clocks)
    assert (last.age(1207, 0), last.age(1207, 12)) == ((9000.0 - 2000.25) / 1000, 1.0)
    assert last.age(1207, 5) is None, "a CPU on which nothing of ours may run"
    assert last.age(1207, 3) is None
    assert last.age(1207, None) is None


def test_what_a_call_waits_for_is_known_by_machine() -> None:
    assert waiting(SystemCall(34, 0), "x86_64") == "pause()"
    assert waiting(SystemCall(73, 0), "aarch64") == "pause()", "ppoll with no descriptors"
    assert waiting(SystemCall(73, 0x7FFF), "aarch64") is None
    assert waiting(SystemCall(61, 0xFFFFFFFF), "x86_64") == "wait4(-1)"
    assert waiting(SystemCall(61, 4242), "x86_64") is None, "one child of its own"
    assert waiting(SystemCall(247, 0), "x86_64") == "waitid(P_ALL)"
    assert waiting(SystemCall(247, 3), "x86_64") is None, "P_PIDFD, as Go waits"
    assert waiting(SystemCall(128, 1), "x86_64") == "rt_sigtimedwait()"
    assert waiting(SystemCall(34, 0), "mips") is None


PATHS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60)


@given(
    st.dictionaries(st.integers(1, 4194304), PATHS | st.sampled_from(["/x\n'1/exe' -> '/pause'", f"/x\n{NONCE[:-1]}8 '1/exe' -> '/pause'"]))
)
def test_a_path_with_newlines_forges_no_record(paths: dict[int, str]) -> None:
    """As busybox's stat writes links: unquoted, a newline of the path as a newline."""
    content = f"{NONCE}\n" + "".join(f"{NONCE} '{pid}/exe' -> '/{path}'\n" for pid, path in paths.items())
    found = parse_executables(content.encode())
    assert found.keys() == paths.keys()
    assert found == {pid: f"/{path}".removesuffix(" (deleted)") for pid, path in paths.items()}


def test_an_executable_that_was_replaced_keeps_its_name() -> None:
    assert parse_executables(f"{NONCE}\n{NONCE} '7/exe' -> '/pause (deleted)'\n".encode()) == {7: "/pause"}
    assert parse_executables(b"") == {}
    assert parse_executables(b"no word\nno word '7/exe' -> '/pause'\n") == {}


def test_the_second_look_joins_a_newline_in_a_name() -> None:
    tail = b") Z 1 1 1 0 -1 4 0 88 0 0 0 0 0 0 20 0 1 0 555 " + b"0 " * 29 + b"256\n"
    content = b"7/stat:7 (a\n7/stat:8 (b" + tail + b"7/schedstat:1 2 3\n"
    [(pid, stat)] = parse_stats(content).items()
    assert (pid, stat.comm, stat.state, stat.start_ticks, stat.child_faults) == (7, "a\n8 (b", "Z", 555, 88)


@given(st.binary(max_size=200) | st.lists(st.sampled_from(WORDS)).map(b"".join))
@example(b"9" * 5000 + b"/schedstat:1 2 3")
@example(b"1/sched:se.exec_start : " + b"9" * 5000)
def test_arbitrary_bytes(content: bytes) -> None:
    readings, last = parse_reapers(content)
    for pids in (readings, last.by_pid, parse_counters(content), parse_stats(content), parse_executables(content)):
        assert all(0 < pid < 10**12 for pid in pids)
