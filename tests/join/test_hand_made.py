"""Which processes are a pod made by hand, told by made-up process tables as /proc shows them for each way of starting."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.kernel.process import Process
from kubectl_pause.join.hand_made import hand_made_pods

HOST = {"net": 1, "ipc": 2, "uts": 3, "pid": 4, "user": 5, "mnt": 6, "cgroup": 7, "time": 8}
POD = {"net": 11, "ipc": 12, "uts": 13}


def process(pid: int, ppid: int, comm: str, ns_pid: int | None = None, /, **namespaces: int) -> Process:
    return Process(
        pid=pid, comm=comm, state="S", ppid=ppid, start_ticks=pid, exit_code=0, threads=1, uid=0, cgroups="", signals={},
        ns_pids=(pid,) if ns_pid is None else (pid, ns_pid), namespaces={**HOST, **namespaces},
    )  # fmt: skip


def found(*processes: Process, owned: dict[int, str] | None = None) -> list[tuple[int, dict[int, set[int]]]]:
    table = {each.pid: each for each in processes}
    pods = hand_made_pods(table, owned or {}, HOST)
    return [(pod.holder.pid, {init.pid: set(pids) for init, pids in pod.units}) for pod in pods]


SHELL = process(50, 1, "bash")
PAUSE = (process(100, 50, "unshare", **POD, mnt=16), process(101, 100, "pause", 1, **POD, mnt=16, pid=14))
DEFAULT = (process(110, 50, "unshare", **POD, mnt=26), process(111, 110, "sleep", 1, **POD, mnt=26, pid=24))
SHARED = (process(120, 50, "nsenter", **POD), process(121, 120, "sleep", 2, **POD, mnt=36, pid=14))


def test_pause_and_two_containers_of_either_kind() -> None:
    assert found(SHELL, *PAUSE, *DEFAULT, *SHARED) == [(101, {101: {100, 101}, 111: {110, 111}, 121: {120, 121}})]


def test_the_same_when_the_script_that_made_it_has_ended() -> None:
    orphans = [process(each.pid, 1, each.comm, **each.namespaces) if each.ppid == 50 else each for each in (*PAUSE, *DEFAULT, *SHARED)]
    assert found(*orphans) == found(SHELL, *PAUSE, *DEFAULT, *SHARED)


def test_an_orphan_that_pause_adopted_is_of_the_pod_and_no_container() -> None:
    orphan = process(130, 101, "orphan", 3, **POD, mnt=36, pid=14)
    assert found(SHELL, *PAUSE, *SHARED, orphan) == [(101, {101: {100, 101, 130}, 121: {120, 121}})]


def test_a_namespace_that_nobody_joined_is_no_pod() -> None:
    assert found(SHELL, *PAUSE) == []
    assert found(SHELL, process(100, 50, "sleep", net=11)) == []
    service = process(200, 1, "daemon", net=11, mnt=16)
    assert found(service, process(201, 200, "worker", net=11, mnt=16), process(202, 1, "worker", net=11, mnt=16)) == []
    browser = process(300, 50, "chrome")
    zygote = process(301, 300, "chrome", 1, net=11, pid=14, user=15)
    assert found(SHELL, browser, zygote, process(302, 301, "chrome", 1, net=11, pid=24, user=15)) == []


def test_one_joined_namespace_is_enough_and_the_oldest_holds_it() -> None:
    assert found(SHELL, process(100, 50, "sleep", net=11), process(110, 50, "top", net=11)) == [(100, {100: {100}, 110: {110}})]


def test_who_was_put_into_a_container_is_no_container() -> None:
    inside = process(140, 50, "sh", 7, **PAUSE[1].namespaces)
    assert found(SHELL, *PAUSE, inside) == []
    assert found(SHELL, *PAUSE, *DEFAULT, inside) == [(101, {101: {100, 101}, 111: {110, 111}})]


def test_what_a_runtime_owns_is_not_made_by_hand() -> None:
    every = (*PAUSE, *DEFAULT)
    assert found(SHELL, *every, owned={each.pid: "a" * 64 for each in every}) == []


@given(
    st.lists(
        st.tuples(st.integers(1, 8), st.integers(0, 8), st.sampled_from(["pause", "unshare", "sh"]), st.integers(1, 3), st.integers(4, 6))
    )
)
def test_any_table_even_with_parents_in_a_ring_ends_and_owns_no_process_twice(rows: list[tuple[int, int, str, int, int]]) -> None:
    pods = found(*(process(pid, ppid, comm, net=net, ipc=ipc) for pid, ppid, comm, net, ipc in rows))
    owned = [pid for _, units in pods for pids in units.values() for pid in pids]
    assert len(owned) == len(set(owned))
    assert all(holder in units and len(units) > 1 for holder, units in pods)
