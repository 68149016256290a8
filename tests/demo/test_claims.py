"""A sentence is said only where the processes show it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kubectl_pause.demo.claims import about_dead_orphans, about_orphans, about_the_end
from kubectl_pause.facts.kernel.process import parse_processes

PIDS = {"pause": 100, "own-pid": 101, "own-orphan": 103, "shared-orphan": 106}


def process(pid: int, comm: str, state: str, parent: int, *, inside: int, namespace: int, caught: int = 0) -> bytes:
    stat = f"{pid} ({comm}) {state} {parent} " + " ".join(["0"] * 15) + f" 1 0 {pid * 10} " + " ".join(["0"] * 30)
    lines = [f"{pid}/stat:{stat}", f"{pid}/stat2:{stat}", f"{pid}/status:NSpid:\t{pid}\t{inside}", f"{pid}/status:SigCgt:\t{caught:016x}"]
    return "\n".join([*lines, f"{pid}/status:SigBlk:\t{0:016x}", f"'{pid}/ns/pid' -> 'pid:[{namespace}]'", ""]).encode()


def host(*, orphans: str = "Z", shared: bool = False):
    text = process(100, "pause", "S", 90, inside=1, namespace=7, caught=0x14002) + process(101, "own-pid", "S", 90, inside=1, namespace=8)
    text += process(103, "own-orphan", orphans, 101, inside=3, namespace=8)
    return parse_processes(text + (process(106, "shared-orphan", "S", 100, inside=4, namespace=7) if shared else b""))


def shown(claims):
    return [claim.shown for claim in claims]


def test_orphans_have_the_parents_that_adopted_them():
    processes = host(orphans="S", shared=True)
    assert shown(about_orphans(processes, PIDS)) == [True, True]
    processes[103] = replace(processes[103], ppid=100)
    assert shown(about_orphans(processes, PIDS)) == [True, False]
    del processes[106]
    assert shown(about_orphans(processes, PIDS)) == [False, False]


def test_one_was_reaped_and_one_is_a_zombie():
    assert shown(about_dead_orphans(host(), PIDS)) == [True, True]
    assert shown(about_dead_orphans(host(orphans="S", shared=True), PIDS)) == [False, False]


@pytest.mark.parametrize(("change", "expected"), [({"SigCgt": 0}, False), ({"SigBlk": 0x10000}, False), ({}, True)])
def test_pause_is_praised_only_where_it_catches_sigchld(change, expected):
    processes = host()
    processes[100] = replace(processes[100], signals={**processes[100].signals, **change})
    assert about_dead_orphans(processes, PIDS)[0].shown is expected


def test_what_is_left_at_the_end_is_seen():
    processes = host()
    seen = {(pid, each.start_ticks) for pid, each in processes.items()}
    assert shown(about_the_end({}, seen)) == [True]
    assert shown(about_the_end(processes, seen)) == [False]
    assert shown(about_the_end({103: processes[103]}, seen)) == [False], "a zombie is left too"
    used_again = {pid: replace(each, start_ticks=each.start_ticks + 1) for pid, each in processes.items()}
    assert shown(about_the_end(used_again, seen)) == [True]
    assert shown(about_the_end({}, set())) == [False]
