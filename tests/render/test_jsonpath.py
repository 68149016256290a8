"""JSONPath as kubectl has it: its own answers, recorded, and properties of all expressions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.render.documents.jsonpath import as_json_lists, as_text, find
from kubectl_pause.render.documents.jsonpath_syntax import parse, parse_relaxed

RECORDED = json.loads((Path(__file__).parent / "kubectl_jsonpath.json").read_text())
DOCUMENT = RECORDED["document"]

ON_PURPOSE = {
    '{.nodes[?(@.name=~"^d")].pid}': "12",
    "{.nodes[*].ports[*].n}": "80 443 1",
    '{.nodes[0]["name"]}': "web",
    "{.nodes[?(@.ports[0].n==80)].name}": "web",
    "{.list[0:99]}": "1 2 3 4 5 6",
    '{.nodes[?(@.pid=="7")].name}': "",
    "{.nodes[?(@.pid==7.0)].name}": "web",
    "{.nodes[?(@.name==7)].name}": "",
    "{.list[3:1]}": "",
}
"""What is answered otherwise than kubectl answers: see the docstring of jsonpath.py."""
UNORDERED = ("{..n}", "{..name}", "{.nodes..n}", "{.nested..n}", "{.nodes[:2]..n}", "{.nodes[0].*}")
"""Where kubectl has no order of its own."""


def answer(expression: str, document: Any = DOCUMENT) -> str | None:
    try:
        return as_text(parse(expression, "-o jsonpath"), document)
    except PauseInspectError as raised:
        error = raised
    assert error.message.startswith("-o jsonpath: ")
    assert error.hint
    return None


@pytest.mark.parametrize(("expression", "answered"), RECORDED["jsonpath"])
def test_the_answer_is_kubectl_s(expression, answered):
    if expression == "{@}":  # kubectl was given an annotation more
        assert json.loads(answer("{@}") or "") == DOCUMENT
    elif expression in UNORDERED:
        assert sorted((answer(expression) or "").split()) == sorted(answered.split())
    else:
        assert answer(expression) == ON_PURPOSE.get(expression, answered)


def test_what_differs_from_kubectl_does():
    answers = dict(RECORDED["jsonpath"])
    assert [expression for expression, ours in ON_PURPOSE.items() if answers[expression] == ours] == []


@pytest.mark.parametrize(("expression", "answered"), RECORDED["jsonpath-as-json"])
def test_as_json_is_kubectl_s(expression, answered):
    assert as_json_lists(parse(expression, "-o"), DOCUMENT) == answered


@pytest.mark.parametrize(
    ("expression", "what", "where"),
    [("{.nodes[0}", "a [ is not closed", "at character 8, '[0}'"), ("{.a", "an expression is not closed", "at its end"),
     ("x{end}", "nothing to end here", "at character 2"), ("{nodes}", "'nodes' is no word of JSONPath", "at character 2"),
     ("{.a[b]}", "[b] is no index", "at character 4"), ('{"a}', 'a text in " is not closed', "at character 2"),
     ('{.a[?(@.b=!"c")]}', "'=!' compares nothing", "at character 4"), ("{....a}", "two .. in a row", "at character 4"),
     ("{1.2.3}", "'1.2.3' is no number", "at character 2"), (r'{"\q"}', r"\q is no escape", "at character 2"),
     ("{.list[9]}", "there is no index 9 in a list of 6", "at character 7"), ("{.text[0]}", "a text is no list", "at character 7"),
     ("{.nodes[?(@.ports[*].n==80)]}", "a filter compares one value with one", "at character 8"),
     ("{#}", "'#' is no word", "at character 2"), ('{.nodes[?(@.name=~"(")]}', "is no regular expression", "at character 8")],
)  # fmt: skip
def test_an_error_says_what_and_where(expression, what, where):
    with pytest.raises(PauseInspectError) as raised:
        as_text(parse(expression, "-o jsonpath"), DOCUMENT)
    assert what in raised.value.message
    assert where in raised.value.message
    assert raised.value.hint


@pytest.mark.parametrize("path", [".pod.name", "pod.name", "{.pod.name}", "$.pod.name", "{pod.name}", "['pod'].name"])
def test_a_single_path_may_leave_out_braces_and_dot(path):
    assert find(parse_relaxed(path, "--sort-by"), {"pod": {"name": "web"}}) == ["web"]


@pytest.mark.parametrize("path", ["{.a}{.b}", "{range .a}{end}", "", "{}", "a{.b}"])
def test_what_is_not_a_single_path_is_refused(path):
    with pytest.raises(PauseInspectError):
        parse_relaxed(path, "--sort-by")


def test_what_a_node_sent_cannot_make_a_line_of_its_own_and_what_the_user_wrote_can():
    hostile = {"names": ["a\nb\x1b[31m", "c\u202ed"]}
    assert answer('{range .names[*]}{@}{"\\n"}{end}', hostile) == "a\\x0ab\\x1b[31m\nc\\u202ed\n"
    assert answer("{.names}", hostile) == '["a\\nb\\u001b[31m","c\\u202ed"]'


@given(st.text(alphabet="{}[]().,:*?@$=<>!~'\"\\ ab01-_n\nrangeed", max_size=40))
def test_any_text_is_an_answer_or_an_error_that_says_why(expression):
    answer(expression)
    answer("{" + expression + "}")
    answer('{.nodes[?(@.name=="' + expression)


@given(st.text(max_size=40).filter(lambda text: "{" not in text))
def test_text_without_braces_is_itself(text):
    assert as_text(parse(text, "-o"), DOCUMENT) == text


keys = st.text(alphabet="abcXYZ09_-", min_size=1, max_size=6)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


@given(documents, st.data())
def test_a_path_finds_what_stands_there_however_its_steps_are_written(document, data):
    value, path = document, "@"
    while isinstance(value, list | dict) and value and data.draw(st.booleans()):
        if isinstance(value, list):
            index = data.draw(st.integers(-len(value), len(value) - 1))
            value, path = value[index], path + f"[{index}]"
        else:
            key = data.draw(st.sampled_from(sorted(value)))
            value, path = value[key], path + data.draw(st.sampled_from([f".{key}", f"['{key}']", f'["{key}"]']))
    assert find(parse("{" + path + "}", "-o"), document) == [value]


@given(st.lists(st.integers(), max_size=8), *[st.none() | st.integers(-9, 9)] * 2, st.none() | st.integers(1, 3))
def test_a_slice_is_python_s(numbers, low, high, step):
    low_text, high_text, step_text = ("" if bound is None else str(bound) for bound in (low, high, step))
    written = f"{{[{low_text}:{high_text}{':' + step_text if step else ''}]}}"
    assert find(parse(written, "-o"), numbers) == numbers[low:high:step]


@given(documents)
def test_everything_below_is_found_by_two_dots(document):
    def containers(value):
        inside = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        return int(bool(inside)) + sum(map(containers, inside))

    assert len(find(parse("{..}", "-o"), document)) == containers(document)
