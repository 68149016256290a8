"""Arguments of processes, as the collector writes them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.kernel.arguments import CUT, LONGEST, parse_arguments


def test_words_newlines_and_the_mark_of_a_cut() -> None:
    content = b"17 sh\x01-c\x01sleep 1\x02#end\x01\x01\n18 " + b"x" * (LONGEST + 1) + b"\n19 " + b"y" * LONGEST + b"\x01\n"
    told = parse_arguments(content)
    assert told[17] == ("sh", "-c", "sleep 1\n#end", "")
    assert told[18] == ("x" * LONGEST + CUT,)
    assert told[19] == ("y" * LONGEST,)


def test_a_second_line_of_a_pid_and_what_is_no_line_say_nothing() -> None:
    assert parse_arguments(b"17 a\n17 b\n017 c\n0 d\n18\n18 \nx y\n") == {17: ("a",)}


@given(st.binary(max_size=300))
def test_arbitrary_bytes(content: bytes) -> None:
    for pid, words in parse_arguments(content).items():
        assert pid > 0
        assert words
        assert sum(map(len, words)) <= 4 * len(content)


@given(st.lists(st.text(st.characters(exclude_characters="\0\x01\x02", exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=9))
def test_what_a_process_was_called_with_comes_back(words: list[str]) -> None:
    written = "\0".join([*words, ""]).encode().translate(bytes.maketrans(b"\0\n", b"\1\2"))
    assert parse_arguments(b"4 " + written + b"\n")[4] == (tuple(words) if len(written) <= LONGEST else parse_arguments(b"4 " + written)[4])
