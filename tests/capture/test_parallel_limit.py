"""How many nodes are read at the same time: from what an API server answered, and how fast."""

from __future__ import annotations

import pytest

from kubectl_pause.capture.parallel_limit import FIRST, MOST, ParallelLimit


def answers(limit: ParallelLimit, number: int, seconds: float, now: float, status: int = 200) -> None:
    for _ in range(number):
        limit.heard(status, seconds, now)


def test_quick_answers_let_it_grow_by_a_node_for_each_that_was_read_and_never_above_the_most():
    limit = ParallelLimit()
    assert limit.allowed == FIRST
    limit.node_read()
    assert limit.allowed == FIRST, "nothing was heard of the server yet"
    answers(limit, 8, 0.1, now=1)
    for number in range(1, 100):
        limit.node_read()
        assert limit.allowed == min(MOST, FIRST + number)


def test_too_many_requests_halve_it_once_and_from_then_on_it_grows_by_one_for_as_many_as_run():
    limit = ParallelLimit()
    answers(limit, 20, 0.3, now=10, status=429)
    assert limit.allowed == FIRST // 2, "what was begun before the halving says nothing of what is after it"
    answers(limit, 5, 0.3, now=12.2, status=429)
    assert limit.allowed == FIRST // 2, "begun while the server still had what was too much for it"
    answers(limit, 5, 0.1, now=12.2)
    for _ in range(3):
        limit.node_read()
    assert limit.allowed == FIRST // 2
    limit.node_read()
    assert limit.allowed == FIRST // 2 + 1


def test_one_node_is_always_read():
    limit = ParallelLimit()
    for moment in range(10, 100, 10):
        limit.heard(429, 0.1, moment)
    assert limit.allowed == 1
    answers(limit, 1, 0.1, now=200)
    limit.node_read()
    assert limit.allowed == 2


def test_slow_answers_halve_it_and_one_slow_answer_does_not():
    limit = ParallelLimit()
    answers(limit, 20, 0.1, now=10)
    limit.heard(200, 9.0, now=20)
    assert limit.allowed == FIRST
    answers(limit, 40, 3.0, now=30)
    assert limit.allowed == FIRST // 2
    answers(limit, 8, 0, now=40, status=0)
    assert limit.allowed == FIRST // 2, "a connection that fails at once is not slow"


def test_what_is_neither_quick_nor_slow_leaves_it_as_it_is():
    limit = ParallelLimit()
    answers(limit, 40, 1.5, now=10)
    limit.node_read()
    assert limit.allowed == FIRST


@pytest.mark.parametrize("number", [1, 3, 100])
def test_a_fixed_number_stays(number):
    limit = ParallelLimit.fixed(number)
    answers(limit, 20, 9.0, now=10, status=429)
    answers(limit, 20, 0.1, now=30)
    limit.node_read()
    assert (limit.allowed, limit.most) == (number, number)
