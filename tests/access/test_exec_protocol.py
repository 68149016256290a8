"""The accumulator: however the bytes are cut into frames, the result is the same, and no status means no result."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.access.exec_protocol import ExecAccumulator, StreamBroken
from kubectl_pause.errors import PauseInspectError

from .fake_api_server import exit_status, internal_error

LIMIT = 1 << 20


def split(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces = []
    for size in sizes:
        pieces.append(data[:size])
        data = data[size:]
    return [*pieces, data]


@given(st.binary(max_size=300), st.binary(max_size=300), st.integers(0, 255), st.lists(st.integers(0, 40)), st.randoms())
def test_any_split_gives_the_same_result_and_any_cut_before_the_status_gives_none(out, err, code, sizes, random):
    stdout = [b"\x01" + piece for piece in split(out, sizes)]
    stderr = [b"\x02" + piece for piece in split(err, sizes[::-1])]
    data = []
    while stdout or stderr:
        data.append((stdout if not stderr or (stdout and random.random() < 0.5) else stderr).pop(0))
    whole = exit_status(code)[1:]
    messages = [*data, *(b"\x03" + piece for piece in split(whole, sizes))]

    output = ExecAccumulator(max_stdout_bytes=LIMIT)
    for message in messages:
        assert not output.finished
        with pytest.raises(StreamBroken):
            output.result()
        output.feed(message)
        if output.finished:
            break
    result = output.result()
    assert (result.stdout, result.stderr, result.exit_code) == (out, err, code)
    assert output.failure is None


@given(st.integers(4, 254), st.binary(max_size=5))
def test_a_channel_that_does_not_exist_breaks_the_stream(channel, data):
    with pytest.raises(StreamBroken, match="channel"):
        ExecAccumulator(max_stdout_bytes=LIMIT).feed(bytes([channel]) + data)


def test_output_beyond_the_limit_is_an_error_and_exactly_the_limit_is_not():
    output = ExecAccumulator(max_stdout_bytes=4)
    output.feed(b"\x01abcd")
    with pytest.raises(PauseInspectError) as caught:
        output.feed(b"\x01e")
    assert caught.value.reason == "OutputTooLarge"


def test_a_command_that_never_ran_is_a_failure_not_an_exit_code():
    output = ExecAccumulator(max_stdout_bytes=LIMIT)
    output.feed(internal_error("no"))
    assert output.failure is not None
    with pytest.raises(StreamBroken, match="no exit code"):
        output.result()


@pytest.mark.parametrize("lie", [[], "x", {"status": "Perhaps"}, {"status": 1}])
def test_json_that_is_no_status_never_becomes_a_result(lie):
    output = ExecAccumulator(max_stdout_bytes=LIMIT)
    with pytest.raises(StreamBroken):
        output.feed(b"\x03" + json.dumps(lie).encode())
        output.result()


def test_a_status_that_is_too_deep_breaks_the_stream():
    with pytest.raises(StreamBroken, match="a status that is none"):
        ExecAccumulator(max_stdout_bytes=LIMIT).feed(b'\x03{"status":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
