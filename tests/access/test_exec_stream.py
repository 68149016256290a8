"""exec over a real socket: all of the output or an error, within the deadline."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time

import pytest
from aiohttp import web

from kubectl_pause.access import exec_stream
from kubectl_pause.access.exec_stream import ExecCancelled, ExecNotReady, StreamBroken, exec_in_pod
from kubectl_pause.access.rest import ApiError
from kubectl_pause.errors import PauseInspectError

from .fake_api_server import SUCCESS, V4, cut_after, exit_status, frames, internal_error, say, status


def run(api, **options):
    return exec_in_pod(api, "default", "inspector", "main", ["sh", "-c", "a b&c"], **{"deadline_seconds": 5.0, **options})


def test_output_errors_and_exit_code_come_back_apart_and_whole(server, api_of):
    euro = "€".encode()
    server.on_exec = say(b"\x01", b"\x02", b"\x01" + euro[:1], b"\x02warn", b"\x01" + euro[1:] + b"\x00\xff", exit_status(7))
    result = run(api_of(server))
    assert (result.stdout, result.stderr, result.exit_code) == (euro + b"\x00\xff", b"warn", 7)
    assert "command=sh&command=-c&command=a+b%26c" in server.requests[0][1]


def test_text_frames_and_a_late_chunk_after_the_status_are_taken_too(server, api_of):
    async def text(socket, _request):
        await socket.send_str("\x01abc")
        await socket.ping(b"there?")
        await socket.send_bytes(SUCCESS)
        await socket.send_bytes(b"\x01tail")
        await socket.close()

    server.on_exec = text
    assert run(api_of(server)).stdout == b"abctail"


def test_an_older_server_speaks_v4(server, api_of):
    server.protocols = (V4,)
    server.on_exec = say(b"\x01x", SUCCESS)
    assert run(api_of(server)).stdout == b"x"
    with pytest.raises(PauseInspectError) as caught:
        run(api_of(server), stdin=b"in")
    assert caught.value.reason == "StdinNotSupported"


@pytest.mark.parametrize("end", [SUCCESS, exit_status(3)])
def test_a_command_that_ends_before_it_has_read_its_input_has_ended(server, api_of, end):
    """The server closes while input is being sent: what it said before that counts."""

    async def ends(socket, _request):
        await socket.send_bytes(b"\x01x")
        await socket.send_bytes(end)
        await socket.close()

    server.on_exec = ends
    for _ in range(20):
        result = run(api_of(server), stdin=b"y" * 300_000)
        assert (result.stdout, result.exit_code) == (b"x", 0 if end == SUCCESS else 3)


def test_stdin_arrives_whole_and_is_ended_on_v5(server, api_of):
    async def cat(socket, _request):
        async for frame in frames(socket):
            if frame == b"\xff\x00":
                break
            await socket.send_bytes(b"\x01" + frame[1:])
        await socket.send_bytes(SUCCESS)
        await socket.close()

    server.on_exec = cat
    data = bytes(range(256)) * 1000
    assert run(api_of(server), stdin=data).stdout == data


@pytest.mark.parametrize("ending", [say, cut_after])
@pytest.mark.parametrize("messages", [(), (b"\x01part",), (b"\x01part", SUCCESS[:-1]), (b"\x07x",)])
def test_a_stream_that_ends_before_its_status_is_broken(server, api_of, ending, messages):
    server.on_exec = ending(*messages)
    with pytest.raises(StreamBroken):
        run(api_of(server))


def test_a_cut_at_any_byte_of_the_raw_stream_is_broken_and_only_the_whole_is_a_result(server, api_of):
    raw = b"".join(bytes([0x82, len(m)]) + m for m in (b"\x01hello", b"\x02w", SUCCESS))
    for length in range(len(raw) + 1):

        async def cut(_socket, request, length=length):
            request.transport.write(raw[:length])
            request.transport.close()

        server.on_exec = cut
        if length < len(raw):
            with pytest.raises(StreamBroken):
                run(api_of(server))
        else:
            assert run(api_of(server)).stdout == b"hello"


def test_a_stalled_and_a_dripping_stream_end_at_the_deadline(server, api_of):
    async def drip(_socket, request):
        request.transport.write(b"\x82\x7f" + (1 << 20).to_bytes(8, "big"))
        while not request.transport.is_closing():
            request.transport.write(b"\x01")
            await asyncio.sleep(0.02)

    async def stall(socket, _request):
        await socket.send_bytes(b"\x01part")
        await asyncio.sleep(30)

    for behaviour in (drip, stall):
        server.on_exec = behaviour
        with pytest.raises(StreamBroken) as caught:
            run(api_of(server), deadline_seconds=0.6)
        assert caught.value.reason == "ExecTimedOut"
        assert "inspector" in caught.value.message


def test_cancelling_ends_the_wait(server, api_of):
    async def stall(_socket, _request):
        await asyncio.sleep(30)

    server.on_exec = stall
    cancelled = threading.Event()
    timer = threading.Timer(0.3, cancelled.set)
    timer.start()
    with pytest.raises(ExecCancelled):
        run(api_of(server), deadline_seconds=20.0, cancelled=cancelled)
    timer.join()


def test_too_much_output_is_an_error(server, api_of):
    server.on_exec = say(*[b"\x01" + bytes(1000)] * 5, SUCCESS)
    with pytest.raises(PauseInspectError) as caught:
        run(api_of(server), max_stdout_bytes=4999)
    assert caught.value.reason == "OutputTooLarge"


@pytest.mark.parametrize(
    "words",
    ['unable to upgrade connection: container not found ("main")', "pod inspector does not have a host assigned",
     "container is not created or running", "unable to upgrade connection: pod does not exist"],
)  # fmt: skip
def test_a_container_that_is_not_up_yet_can_be_tried_again_however_it_is_said(server, api_of, words):
    server.on_exec = say(internal_error(words))
    with pytest.raises(ExecNotReady):
        run(api_of(server))
    for code, server.as_kubelet in itertools.product((400, 404, 500), (False, True)):
        server.refuse_exec = status(code, "BadRequest", words)
        with pytest.raises(ExecNotReady):
            run(api_of(server))


@pytest.mark.parametrize("words", ["error dialing backend: dial tcp 10.0.0.1:10250: i/o timeout", "x: No agent available"])
def test_an_unreachable_kubelet_is_named(server, api_of, words):
    server.on_exec = say(internal_error(words))
    for server.refuse_exec, server.as_kubelet in (
        (None, False),
        (status(500, "InternalError", words), False),
        (status(500, "InternalError", words), True),
    ):
        with pytest.raises(ApiError) as caught:
            run(api_of(server))
        assert caught.value.reason == "KubeletUnreachable"
        assert caught.value.hint


def test_a_refused_handshake_tells_what_the_server_said(server, api_of):
    said = 'pods "inspector" is forbidden: User "jane" cannot create resource "pods/exec" in API group "" in the namespace "default"'
    for code, reason in ((403, "Forbidden"), (404, "NotFound"), (401, "Unauthorized")):
        server.refuse_exec = status(code, reason, said if code == 403 else 'pods "inspector" not found')
        with pytest.raises(ApiError) as caught:
            run(api_of(server))
        assert (caught.value.status, caught.value.status_reason) == (code, reason)
        if code == 403:
            assert "kubectl auth can-i create pods --subresource=exec -n default" in caught.value.hint
    server.refuse_exec = web.Response(body=b"", status=302)
    with pytest.raises(PauseInspectError):
        run(api_of(server))


def test_four_execs_and_gets_share_one_api(server, api_of):
    async def echo(socket, request):
        name = request.path.split("/")[-2].encode()
        for _ in range(50):
            await socket.send_bytes(b"\x01" + name)
        await socket.send_bytes(SUCCESS)
        await socket.close()

    server.on_exec = echo
    api = api_of(server)
    wrong: list[object] = []

    def execute(number: int) -> None:
        for _ in range(5):
            result = exec_in_pod(api, "default", f"pod{number}", "c", ["x"], deadline_seconds=20.0)
            if result.stdout != f"pod{number}".encode() * 50:
                wrong.append(result)

    done: list[int] = []

    def read() -> None:
        for _ in range(40):
            if b"List" not in api.get("/api/v1/pods"):
                wrong.append("get")
        done.append(1)

    threads = [threading.Thread(target=execute, args=(number,)) for number in range(4)] + [threading.Thread(target=read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert done == [1]
    assert sum("/exec" in path for _, path, _ in server.requests) == 20


def test_output_is_handed_on_as_it_comes_and_not_kept(server, api_of):
    seen: list[bytes] = []
    server.on_exec = say(b"\x01a\n", b"\x02warn", b"\x01b\n", SUCCESS)
    result = run(api_of(server), on_stdout=seen.append)
    assert (seen, result.stdout, result.stderr) == ([b"a\n", b"b\n"], b"", b"warn")
    assert "stdin=true" not in server.requests[0][1]


@pytest.mark.parametrize("protocols", [(V4,), None], ids=["v4", "v5"])
def test_a_command_is_asked_to_end_by_a_line_and_has_the_last_word(server, api_of, protocols):
    server.protocols = protocols or server.protocols
    ended, seen = threading.Event(), []

    async def until_a_line(socket, request):
        assert request.query["stdin"] == "true"
        await socket.send_bytes(b"\x01first")
        async for frame in frames(socket):
            assert frame == b"\x00\n"
            break
        await socket.send_bytes(b"\x01last")
        await socket.send_bytes(SUCCESS)
        await socket.close()

    def first_then_end(data):
        seen.append(data)
        ended.set()

    server.on_exec = until_a_line
    assert run(api_of(server), on_stdout=first_then_end, ended_by=ended).exit_code == 0
    assert seen == [b"first", b"last"]


def test_a_command_that_will_not_end_is_left(server, api_of, monkeypatch):
    ended = threading.Event()

    async def deaf(socket, _request):
        await socket.send_bytes(b"\x01here")
        await asyncio.sleep(30)

    server.on_exec = deaf
    monkeypatch.setattr(exec_stream, "FAREWELL_SECONDS", 0.3)
    with pytest.raises(StreamBroken):
        run(api_of(server), deadline_seconds=60, on_stdout=lambda _: ended.set(), ended_by=ended)


def test_what_was_ended_before_it_began_is_not_begun(server, api_of):
    ended = threading.Event()
    ended.set()
    server.on_exec = say(SUCCESS)
    with pytest.raises(ExecCancelled):
        run(api_of(server), ended_by=ended)


def too_busy(server, times: int, retry_after: str | None) -> list[int]:
    """The server refuses so many handshakes as a busy one does; what comes back has one entry for each that was tried."""
    calls: list[int] = []

    def refuse():
        calls.append(1)
        if len(calls) > times:
            return None
        said = status(429, "TooManyRequests", "the server has received too many requests and has asked us to try again later")
        said.headers.update({"Retry-After": retry_after} if retry_after else {})
        return said

    server.at_handshake, server.on_exec = refuse, say(b"\x01x", SUCCESS)
    return calls


def test_a_busy_server_is_asked_for_an_exec_again_only_as_often_and_as_late_as_it_says(server, api_of):
    for times, retry_after, asked in ((3, "0", 4), (1, "1", 2)):
        calls = too_busy(server, times, retry_after)
        api = api_of(server)
        heard: list[int] = []
        api.on_answer = lambda code, _seconds, heard=heard: heard.append(code)
        began = time.monotonic()
        assert run(api).stdout == b"x"
        assert (len(calls), heard) == (asked, [429] * times)
        assert time.monotonic() - began >= times * int(retry_after)
    for header, asked in (("0", 4), (None, 1), ("Thu, 01 Jan 2026 00:00:00 GMT", 1), ("30", 1)):
        calls = too_busy(server, 9, header)
        with pytest.raises(ApiError) as caught:
            run(api_of(server))
        assert (caught.value.status, len(calls)) == (429, asked)


def test_a_cancelled_run_does_not_wait_for_a_busy_server(server, api_of):
    cancelled = threading.Event()
    calls = too_busy(server, 1, "4")
    refuse = server.at_handshake

    def refuse_and_cancel():
        cancelled.set()
        return refuse()

    server.at_handshake = refuse_and_cancel
    with pytest.raises(ExecCancelled):
        run(api_of(server), cancelled=cancelled, deadline_seconds=30.0)
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("code", "words", "hint"),
    [
        (500, "rpc error: code = Unavailable desc = transport: Error while dialing: dial unix /run/x.sock", ""),
        (401, "Unauthorized", "clientCAFile"),
        (403, "Forbidden (user=kube-apiserver-kubelet-client, verb=create, resource=nodes, subresource(s)=[proxy])", "kubelet-api-admin"),
        (429, "rpc error: code = ResourceExhausted desc = maximum number of in-flight requests exceeded", ""),
        (500, "  odd \x1b[31m words\n of two lines", ""),
    ],
)
def test_a_kubelet_s_own_words_are_shown_as_they_are_on_one_line(server, api_of, code, words, hint):
    server.refuse_exec = web.Response(text=words, status=code)
    with pytest.raises(ApiError) as caught:
        run(api_of(server))
    assert caught.value.message == f"Error from server ({code}): {' '.join(words.split())}".replace("\x1b", "?")
    assert (caught.value.status, caught.value.status_reason) == (code, "")
    assert hint in caught.value.hint
    assert "is this the API server" not in caught.value.hint


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (500, b"<html><body>container not found</body></html>", "text/html"),
        (500, b"  <!DOCTYPE html><p>Log in", "text/plain"),
        (502, b"upstream connect error or disconnect/reset before headers", "text/plain"),
        (503, b"no healthy upstream", "text/plain"),
        (500, b'{"error": "x"', "application/json"),
        (500, b"", "text/plain"),
        (500, b"\xff\xfe\x00", "application/octet-stream"),
        (500, b"x" * 20_000, "text/plain"),
    ],
)
def test_an_answer_of_a_proxy_is_asked_whether_it_is_the_api_server(server, api_of, code, body, kind):
    server.refuse_exec = web.Response(body=body, status=code, content_type=kind)
    with pytest.raises(ApiError) as caught:
        run(api_of(server))
    assert "is this the API server?" in caught.value.hint
    assert "without a Kubernetes Status" in caught.value.message
