"""The watcher's lines: what they tell, in pieces of any size, and nothing but whole lines of ours."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_pause.facts.watch import Counted, End, Events, Gone, Head, Lines, Look, parse_line

STREAM = b"""\
#watch 1 tracefs
r 9913 0 0 0 0
c 9913 5071055 S 0 156
t 50713.56 0
r 9913 13 6 8 1
c 9913 5071055 S 428 -
g 77
t 50716.58 12
#end removed
"""
FACTS = [
    Head(traced=True, reason=None),
    Events(9913, 0, 0, 0, 0),
    Counted(9913, 5071055, "S", 0, 156),
    Look(50713.56, 0),
    Events(9913, 13, 6, 8, 1),
    Counted(9913, 5071055, "S", 428, None),
    Gone(77),
    Look(50716.58, 12),
    End("removed"),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_the_stream_tells_the_same_in_pieces_of_any_size(cuts):
    lines, edges = Lines(), [0, *sorted(cuts), len(STREAM)]
    told = [fact for start, end in pairwise(edges) for fact in lines.feed(STREAM[start:end])]
    assert told == FACTS


def test_seven_reaps_in_six_runs_of_the_handler():
    assert Events(9913, 13, 6, 8, 1).reaps == 7
    assert Events(9913, 0, 1, 1, 0).reaps == 0, "its handler has begun, and has not waited yet"


def test_why_there_is_no_tracefs():
    assert parse_line(b"#watch 1 counters refused") == Head(traced=False, reason="refused")
    assert parse_line(b"#watch 1 counters because") is None
    assert parse_line(b"#watch 2 tracefs") is None, "another version of the script"


number = st.integers(0, 10**18 - 1)


@given(number, number, number, number, number)
def test_numbers_as_big_as_the_kernels_are_read(pid, waits, deliveries, signals, forged):
    fact = parse_line(f"r {pid} {waits} {deliveries} {signals} {forged}".encode())
    assert fact == Events(pid, waits, deliveries, signals, forged)


WORDS = [b"r ", b"c ", b"g ", b"t ", b"#watch 1 ", b"#end ", b"1", b" 2", b"9" * 30, b"\n", b"\r", b"\xd9\xa1", b"-", b".", b"x" * 600]


@given(st.lists(st.binary(max_size=40) | st.sampled_from(WORDS), max_size=40))
@example([b"x" * 600, b"\nr 1 2 3 4 5\n"])
def test_any_bytes_are_lines_of_ours_or_nothing(pieces):
    lines = Lines()
    told = [fact for piece in pieces for fact in lines.feed(piece)]
    whole = b"".join(pieces).split(b"\n")[:-1]
    assert told == [fact for line in whole if (fact := parse_line(line))]


def test_a_line_without_end_takes_no_memory():
    lines = Lines()
    for _ in range(1000):
        assert lines.feed(b"r" * 1000) == []
    assert len(lines._rest) < 1000
    assert lines.feed(b" 1 2 3 4 5\ng 4\n") == [Gone(4)]
