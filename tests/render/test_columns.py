"""Tables: aligned, narrowed where a terminal asks for it, and harmless whatever is in the cells."""

from __future__ import annotations

import re
import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.render.columns import LABEL, Cell, Column, remedy_lines, shortened, table, told_apart
from kubectl_pause.render.plain_text import age, columns_of, visible

HOSTILE = "a\x1b[31mb\rc\nd\u202ee\u200bf\x00g\x7fh\x9bi[bold]j[/]\U000e0041k\ud800l\u2028m"


def test_columns_stand_one_under_the_other_and_the_last_leaves_no_blanks():
    rows = [["a", "bb", "-"], ["cccc", "d", ""]]
    assert table([Column("X"), Column("Y"), Column("NOTES")], rows) == ["X     Y   NOTES", "a     bb  -", "cccc  d"]
    assert table([Column("X"), Column("Y"), Column("NOTES")], rows, headings=False) == ["a     bb  -", "cccc  d"]


def test_a_table_without_rows_is_its_headings():
    assert table([Column("X"), Column("Y")], [], width=20) == ["X  Y"]
    assert table([Column("X")], [], headings=False) == []


def test_a_narrow_terminal_takes_first_from_the_columns_whose_turn_it_is_and_never_from_the_others():
    columns = [Column("NAME", least=6), Column("ID", least=4, turn=0, cut="id"), Column("STATE")]
    rows = [["kube-apiserver", "0123456789abc", "notready"]]
    assert table(columns, rows, width=80)[1] == "kube-apiserver  0123456789abc  notready"
    assert table(columns, rows, width=34)[1] == "kube-apiserver  01234567  notready"
    assert table(columns, rows, width=24)[1] == "kube…ver  0123  notready"
    assert table(columns, rows, width=5)[1] == "ku…ver  0123  notready"


def test_names_are_cut_where_they_stay_different():
    same_end, same_start = (
        ["kube-apiserver-node", "kube-scheduler-node", "kube-proxy-xy-node"],
        ["web-6d5f9c7b8-aaaaa", "web-6d5f9c7b8-bbbbb"],
    )
    for names in (same_end, same_start):
        shown = table([Column("N", least=8)], [[name] for name in names], width=9, headings=False)
        assert len(set(shown)) == len(names)


def test_names_alike_at_both_ends_are_cut_where_they_differ():
    pods = [f"kube-system/{name}-some-control-plane" for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")]
    for width in (12, 16, 20, 30):
        short = told_apart(pods, width)
        assert len(set(short.values())) == len(pods)
        assert all(columns_of(text) <= width for text in short.values())


def test_characters_that_take_two_columns_are_counted_as_two():
    shown = table([Column("NAME", least=4), Column("X")], [["日本語の名前", "a"], ["ascii", "b"], ["नमस्ते", "c"]])
    assert [columns_of(row[: row.rindex(row[-1])]) for row in shown[1:]] == [14, 14, 14]
    narrow = table([Column("NAME", least=4), Column("X")], [["日本語の名前", "a"], ["日本語の指輪", "b"]], width=10, headings=False)
    assert max(map(columns_of, narrow)) <= 10
    assert narrow[0][:-1] != narrow[1][:-1]


def test_columns_are_left_out_by_rank_when_shortening_is_not_enough_and_come_back_where_there_is_room():
    columns = [Column("NAME", least=6), Column("FIRST", rank=1), Column("LAST", rank=3), Column("MID", rank=2)]
    rows = [["some-pod-name", "1234567890", "x", "abcdefgh"], ["other-pod-name", "1234567890", "y", "abcdefgh"]]
    assert table(columns, rows, width=80)[0].split() == ["NAME", "FIRST", "LAST", "MID"]
    assert table(columns, rows, width=32)[0].split() == ["NAME", "FIRST", "MID"]
    assert table(columns, rows, width=24)[0].split() == ["NAME", "FIRST", "LAST"]
    assert table(columns, rows, width=9)[0].split() == ["NAME"]


@given(st.text(max_size=300), st.integers(1, 60), st.sampled_from([0.25, 0.5, 0.75, 1.0]))
def test_shortened_text_is_never_longer_and_keeps_both_ends(text, width, share):
    short = shortened(text, width, share)
    assert columns_of(short) <= width
    if columns_of(text) <= width:
        assert short == text


@given(
    st.lists(st.lists(st.text(max_size=40), min_size=3, max_size=3), max_size=6),
    st.one_of(st.none(), st.integers(10, 120)),
    st.booleans(),
)
def test_a_table_is_as_narrow_as_asked_and_one_line_a_row(rows, width, colour):
    columns = [Column("A", least=3), Column("B", least=3, turn=0, cut="id"), Column("C", least=1, cut="end")]
    shown = table(columns, [[row[0], Cell(row[1], "warn"), row[2]] for row in rows], width=width, colour=False)
    assert len(shown) == len(rows) + 1
    assert all("\n" not in each for each in shown)
    if width:
        assert max(map(columns_of, shown)) <= max(width, 3 + 3 + 1 + 4)
    coloured = table(columns, [[row[0], Cell(row[1], "warn"), row[2]] for row in rows], width=width, colour=colour)
    plain = [each.replace("\x1b[33m", "").replace("\x1b[0m", "").rstrip() for each in coloured]
    assert plain == [each.rstrip() for each in shown]


@given(st.text(alphabet=st.characters(), max_size=400))
def test_nothing_that_a_terminal_would_act_on_is_left(text):
    shown = visible(text)
    assert all(unicodedata.category(each)[0] != "C" and unicodedata.category(each) not in ("Zl", "Zp") for each in shown)
    assert "\n" not in shown


def test_hostile_text_is_shown_as_what_it_is():
    assert visible(HOSTILE) == (r"a\x1b[31mb\x0dc\x0ad\u202ee\u200bf\x00g\x7fh\x9bi[bold]j[/]\U000e0041k\ud800l\u2028m")
    assert len(visible("x" * 1_000_000)) == 253


# Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt, and letters that are drawn as nothing.
UNSEEN = [
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E),
    (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8),
    (0x16FE4, 0x16FE4), (0x1BCA0, 0x1BCA3), (0x1D159, 0x1D159), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
]  # fmt: skip


def test_a_character_that_nobody_sees_is_escaped() -> None:
    shown = [chr(code) for first, last in UNSEEN for code in range(first, last + 1) if not visible(f"pause{chr(code)}").isascii()]
    assert shown == []
    assert visible("pause\u3164") == r"pause\u3164"
    assert visible("pausé 停止 ـ") == "pausé 停止 ـ"
    assert table([Column("X")], [["y" * 1_000_000]], width=40) == ["X", "y" * 252 + "…"]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, "-"), (-1, "-"), (0, "0s"), (119, "119s"), (120, "2m"), (599, "9m59s"), (600, "10m"), (10799, "179m"), (10800, "3h"),
     (172799, "47h"), (172800, "2d"), (1e9, "11574d")],
)  # fmt: skip
def test_ages_are_told_as_kubectl_tells_them(seconds, told):
    assert age(seconds) == told


PATCH = """kubectl patch -n shop deployment/no-init --type=merge -p '{"spec":{"a b":"c\\""}}' -- "it's" x\\ y"""
REMARK = "pause reaps orphans then; makes its pods anew"


@pytest.mark.parametrize("text", [PATCH, f"{PATCH}  # {REMARK}", "kubectl get pod -A | grep -F -- no"])
@pytest.mark.parametrize("width", [30, 60, 80, 100, 120, 200, None])
def test_a_command_is_the_same_where_it_is_pasted_from_a_narrow_terminal(text, width):
    lines = remedy_lines("  To do", text, width)
    assert lines[0].startswith("  To do   kubectl ")
    said = "kubectl() { printf '%s\\n' \"$@\"; }; "

    def printed(command):
        return subprocess.run(["sh", "-c", said + command], capture_output=True, text=True, check=False).stdout

    pasted = "\n".join([lines[0][LABEL:], *lines[1:]])
    assert printed(pasted) == printed(text)
    assert ("| grep" in text) or printed(pasted).startswith("patch\n-n\nshop\n")
    remarks = re.findall(r"# (.*)", pasted)
    assert " ".join(remarks) == (REMARK if "#" in text else "")
    if width:
        assert [line for line in lines if len(line) > width and len(line.removesuffix(" \\").split()) > 2] == []


def test_words_that_no_shell_takes_stay_as_they_are():
    assert remedy_lines("  next:", "kubectl says 'what is not closed " + "x" * 80, 60)[0].endswith("x" * 80)


def test_what_is_no_command_is_broken_as_any_text():
    assert remedy_lines("  or", "pod spec: put tini in front of the command", 40) == [
        "  or      pod spec: put tini in front of", "          the command",
    ]  # fmt: skip
