"""Processes: recorded nodes tell the truth their descriptions state; a hostile process name is only a name."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES, Process, parse_processes, parse_stat
from tests.recorded_nodes import recorded_capture

COMM = st.binary(min_size=1, max_size=15).filter(lambda name: b"\0" not in name) | st.sampled_from(
    [b"a\n1 (pause) Z 1", b") Z 1 1", b"x\n#end", b"\n1/stat:1 (x) S", b"((", b"))", b"\x1b[31m", b"' -> '", b"\n", b"\n\n#section a"],
)


def processes_of(node: str) -> dict[int, Process]:
    return parse_processes(recorded_capture(node).content("proc"))


@pytest.mark.parametrize(
    ("node", "zombies"),
    [
        ("kind-containerd-2.2.9", [121800, 121801, 121822, 121823, 121842, 121843, 121859, 121860, 121877, 121878]),
        ("containerd-1.6.20", [371, 372, 533, 534, 535]),
        ("containerd-1.7.24", [384, 385, 540, 541, 542]),
        ("crio-1.34.11", [640]),
        ("crio-1.34.11-infra", [640]),
    ],
)
def test_zombies_keep_two_namespaces(node: str, zombies: list[int]) -> None:
    processes = processes_of(node)
    assert sorted(process.pid for process in processes.values() if process.is_zombie) == zombies
    assert {frozenset(processes[pid].namespaces) for pid in zombies} == {frozenset({"pid", "user"})}


@pytest.mark.parametrize(
    ("node", "pause", "app", "shared", "orphan_parent"),
    [("containerd-1.6.20", 315, 358, 408, 315), ("containerd-1.7.24", 326, 371, 417, 326), ("crio-1.34.11", 577, 613, 668, 577)],
)
def test_shared_pid_namespace(node: str, pause: int, app: int, shared: int, orphan_parent: int) -> None:
    processes = processes_of(node)
    assert processes[pause].comm == "pause"
    assert processes[pause].ns_pids[-1] == 1
    assert processes[pause].namespaces.keys() == set(NAMESPACE_TYPES)
    for name in ("pid", "net", "ipc", "uts"):
        assert processes[pause].namespaces[name] == processes[app].namespaces[name] == processes[shared].namespaces[name]
    orphans = [process for process in processes.values() if process.ppid == orphan_parent and not process.is_zombie]
    assert any(process.comm == "sleep" for process in orphans)
    assert not [process for process in processes.values() if process.ppid == pause and process.is_zombie]


@pytest.mark.parametrize(
    ("node", "sandbox", "container", "same_as_node"),
    [
        ("containerd-1.6.20", 569, 616, {"net", "uts"}),
        ("containerd-1.6.20", 681, 728, {"pid", "ipc"}),
        ("containerd-1.6.20", 92, 192, set()),
        ("crio-1.34.11", None, 755, {"net"}),
        ("crio-1.34.11", None, 857, {"pid", "ipc"}),
        ("crio-1.34.11-infra", 2759, 2800, set()),
    ],
)
def test_host_namespaces(node: str, sandbox: int | None, container: int, same_as_node: set[str]) -> None:
    processes = processes_of(node)
    for pid in filter(None, (sandbox, container)):
        common = {name for name in ("net", "ipc", "uts", "pid") if processes[pid].namespaces[name] == processes[1].namespaces[name]}
        assert common == same_as_node


def test_pause_catches_sigchld() -> None:
    sigchld = 1 << (17 - 1)
    assert processes_of("containerd-1.6.20")[92].signals["SigCgt"] & sigchld


def test_user_namespace_on_crio() -> None:
    process = processes_of("crio-1.34.11")[1347]
    assert (process.uid, process.namespaces["user"]) == (131072, 4026534956)


def stat_line(pid: int, comm: bytes, start: int, threads: int = 1) -> bytes:
    fields = ["Z", 7, 1, 1, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, threads, 0, start, *range(29), 256]
    return b"%d (%s) " % (pid, comm) + " ".join(map(str, fields)).encode()


def written(pid: int, file: str, content: bytes) -> bytes:
    """As `grep -H ''` writes a file."""
    lines = content.removesuffix(b"\n").split(b"\n")
    return b"".join(b"%d/%s:" % (pid, file.encode()) + line + b"\n" for line in lines)


@given(st.dictionaries(st.integers(1, 4194304), st.tuples(COMM, st.integers(0, 2**63), st.integers(0, 2**16)), max_size=8))
def test_generated_process_table(table: dict[int, tuple[bytes, int, int]]) -> None:
    content = b"".join(written(pid, "stat", stat_line(pid, comm, start)) for pid, (comm, start, _) in table.items())
    content += b"".join(written(pid, "cgroup", b"1:cpu:/\n0::/x%d\n" % pid) for pid in table)
    content += b"".join(written(pid, "status", b"Uid:\t%d\t0\t0\t0\nNSpid:\t%d\t1\n" % (uid, pid)) for pid, (_, _, uid) in table.items())
    content += b"".join(b"'%d/ns/pid' -> 'pid:[%d]'\n" % (pid, 4026531836 + pid) for pid in table)
    content += b"".join(written(pid, "stat2", stat_line(pid, comm, start)) for pid, (comm, start, _) in table.items())
    processes = parse_processes(content)
    assert processes.keys() == table.keys()
    for pid, (comm, start, uid) in table.items():
        process = processes[pid]
        assert process.comm == comm.decode("utf-8", "backslashreplace")
        assert (process.state, process.ppid, process.start_ticks, process.uid, process.exit_code) == ("Z", 7, start, uid, 256)
        assert (process.ns_pids, process.cgroups) == ((pid, 1), f"1:cpu:/\n0::/x{pid}")
        assert process.namespaces == {"pid": 4026531836 + pid}
        assert process.is_zombie


def test_a_pid_used_again_or_gone_is_left_out() -> None:
    content = (
        written(5, "stat", stat_line(5, b"a", 10)) + written(6, "stat", stat_line(6, b"b", 11)) + written(7, "stat", stat_line(7, b"c", 12))
    )
    content += written(5, "stat2", stat_line(5, b"a", 99)) + written(7, "stat2", stat_line(7, b"c", 12))
    assert parse_processes(content).keys() == {7}


def test_a_dead_leader_with_live_threads_is_no_zombie() -> None:
    content = written(5, "stat", stat_line(5, b"a", 1, 3)) + written(5, "stat2", stat_line(5, b"a", 1, 3))
    assert not parse_processes(content)[5].is_zombie


@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from([b"1/stat:", b"\n", b"1 (a) S ", b"0 " * 60, b"1/status:Uid:", b"\xb2"])).map(b"".join)
)
@example(b"9" * 5000 + b"/stat:x\n'" + b"9" * 5000 + b"/ns/net' -> 'net:[1]'")
@example(b"'1/ns/net' -> 'net:[" + b"9" * 5000 + b"]'\n1/status:Uid:" + b"9" * 5000 + b"\n1/stat:1 (a) S " + b"9" * 5000)
def test_arbitrary_bytes(content: bytes) -> None:
    for pid, process in parse_processes(content).items():
        assert process.pid == pid
    parse_stat(content)
