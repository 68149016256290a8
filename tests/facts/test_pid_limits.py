"""Tasks per cgroup: v1 and v2 lines, and cgroups with names that look like other lines."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_pause.facts.kernel.pid_limits import PidLimit, parse_frozen, parse_pid_limits

V1 = b"""\
./kubepods/burstable/pod1/0a/pids.current:7
./kubepods/burstable/pod1/0a/pids.max:max
./kubepods/burstable/pod1/pids.current:8
./kubepods/burstable/pod1/pids.max:100
./kubepods/burstable/pod1/pids.events:max 3
"""
V2 = b"""\
./system.slice/dev-disk-by\\x2dlabel-a:b.swap/pids.current:0
./system.slice/dev-disk-by\\x2dlabel-a:b.swap/pids.max:18638
./pids.current:200
"""
NAME = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n/"), min_size=1, max_size=30)


def test_lines_of_both_versions() -> None:
    assert parse_pid_limits(V1) == {"kubepods/burstable/pod1/0a": PidLimit(7), "kubepods/burstable/pod1": PidLimit(8, 100, 3)}
    assert parse_pid_limits(V2) == {"system.slice/dev-disk-by\\x2dlabel-a:b.swap": PidLimit(0, 18638), "": PidLimit(200)}


def test_frozen_cgroups_of_both_versions() -> None:
    content = b"./a/freezer.state:FROZEN\n./b/freezer.state:FREEZING\n./c/cgroup.events:frozen 1\n./d/freezer.state:THAWED\n"
    assert parse_frozen(content) == {"a": "v1", "b": "v1", "c": "v2"}


@given(st.dictionaries(st.lists(NAME, min_size=1, max_size=3).map("/".join), st.tuples(st.integers(0, 2**22), st.integers(0, 2**22))))
@example({"a/pids.current:5": (1, 2)})
def test_any_name_of_a_cgroup(cgroups: dict[str, tuple[int, int]]) -> None:
    lines = [f"./{path}/pids.current:{now}\n./{path}/pids.max:{most}\n" for path, (now, most) in cgroups.items()]
    assert parse_pid_limits("".join(lines).encode()) == {path: PidLimit(now, most) for path, (now, most) in cgroups.items()}


@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from([b"./", b"a", b"/pids.current:", b"/pids.max:", b"9" * 30, b"max ", b"\n"])).map(b"".join)
)
def test_arbitrary_bytes(content: bytes) -> None:
    assert all(limit.current >= 0 for limit in parse_pid_limits(content).values())
    parse_frozen(content)
