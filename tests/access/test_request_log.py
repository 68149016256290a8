"""`-v`: what each level says of a real connection, and that no credential stands in it."""

from __future__ import annotations

import re

import pytest
from aiohttp import web

from kubectl_pause.access.exec_stream import exec_in_pod
from kubectl_pause.access.rest import ApiError
from kubectl_pause.errors import PauseInspectError
from tests.access.fake_api_server import SUCCESS, status

STAMP = r"\[ *\d+\.\d{3}\] "


async def hello(socket, _request):
    await socket.send_bytes(b"\x01hello")
    await socket.send_bytes(SUCCESS)
    await socket.close()


def said(capsys) -> list[str]:
    err = capsys.readouterr().err
    return [re.sub(r"in \d+ ms", "in N ms", re.sub(f"^{STAMP}", "", line)) for line in err.splitlines()]


def test_without_it_nothing_is_said(server, api_of, capsys):
    api_of(server).get("/api")
    assert said(capsys) == []


def test_1_says_what_is_done_and_no_request(server, api_of, capsys):
    server.on_exec = hello
    api = api_of(server, verbosity=5)
    api.get("/api")
    exec_in_pod(api, "shop", "web", "app", ["true"], deadline_seconds=5)
    assert said(capsys) == [
        f"context test, namespace ns-test, server {server.url}",
        "the command in app in pod shop/web sent 5 bytes in N ms",
    ]


def test_6_says_method_url_status_and_milliseconds(server, api_of, capsys):
    api = api_of(server, verbosity=6)
    capsys.readouterr()
    api.get("/api/v1/pods", {"limit": "5"})
    api.post("/api/v1/namespaces/shop/pods", b"{}")
    api.delete("/api/v1/namespaces/shop/pods/web")
    url = server.url
    assert said(capsys) == [
        f"GET {url}/api/v1/pods?limit=5 200 in N ms",
        f"POST {url}/api/v1/namespaces/shop/pods 200 in N ms",
        f"DELETE {url}/api/v1/namespaces/shop/pods/web 200 in N ms",
    ]


def test_refusals_and_each_try_are_said(server, api_of, capsys):
    answers = [web.Response(status=429, headers={"Retry-After": "0"}), status(403, "Forbidden", "no")]

    async def rest(_request):
        return answers.pop(0)

    server.rest = rest
    api = api_of(server, verbosity=6)
    capsys.readouterr()
    with pytest.raises(ApiError):
        api.get("/x")
    assert [line.split()[2] for line in said(capsys)] == ["429", "403"]


def test_a_connection_that_fails_is_said(api_of, server, capsys):
    api = api_of(server, verbosity=6, cluster={"server": "http://127.0.0.1:1"})
    capsys.readouterr()
    with pytest.raises(PauseInspectError):
        api.get("/x")
    with pytest.raises(PauseInspectError):
        exec_in_pod(api, "shop", "web", "app", ["true"], deadline_seconds=5)
    rest, of_exec = said(capsys)
    assert re.fullmatch(r"GET http://127.0.0.1:1/x failed \(\w+\) in N ms", rest)
    assert re.fullmatch(
        r"GET ws://127.0.0.1:1/api/v1/namespaces/shop/pods/web/exec\?\S+ failed \(ConnectionRefusedError\) in N ms", of_exec
    )


def test_9_says_headers_and_hides_every_credential(tls_server, api_of, capsys):
    async def rest(_request):
        return web.json_response({}, headers={"Set-Cookie": "session=secret-cookie", "X-Remote": "secret-remote", "Audit-Id": "a1"})

    tls_server.rest, tls_server.on_exec = rest, hello
    api = api_of(tls_server, verbosity=9, as_user="jane", as_user_extra=("reason=secret-reason",))
    api.get("/api")
    exec_in_pod(api, "shop", "web", "app", ["true"], deadline_seconds=5)
    sent = tls_server.headers(0, "Authorization") + tls_server.headers(1, "Authorization")
    assert sent == ["Bearer secret-token"] * 2  # else nothing could have leaked
    lines = said(capsys)
    assert not [line for line in lines if "secret" in line]
    assert lines.count("    > Authorization: Bearer <hidden>") == 2
    assert lines.count("    > Impersonate-User: jane") == 2
    assert "    < Audit-Id: a1" in lines
    assert "    < Set-Cookie: <hidden>" in lines
    assert any(line.startswith("    < Sec-WebSocket-Protocol: v5") for line in lines)


def test_a_password_in_an_address_and_a_basic_credential_are_hidden(tls_server, api_of, capsys):
    address = tls_server.url.replace("https://", "https://jane:secret-word@")
    api = api_of(tls_server, verbosity=9, cluster={"server": address}, user={"username": "jane", "password": "secret-word"})
    api.get("/api")
    lines = said(capsys)
    assert any(line.startswith("GET https://127.0.0.1") for line in lines)
    assert not [line for line in lines if "secret-word" in line or "amFuZTpzZWNyZXQtd29yZA" in line]


def test_what_a_server_sends_stays_on_one_line_and_does_no_harm(server, api_of, capsys):
    async def rest(_request):
        return web.json_response({}, headers={"Warning": "299 - \u202e\u061c"})

    server.rest = rest
    api_of(server, verbosity=9).get("/api")
    lines = said(capsys)
    assert [line for line in lines if "Warning" in line]
    assert all(line.isprintable() for line in lines)


def test_a_long_command_is_cut(server, api_of, capsys):
    server.on_exec = hello
    exec_in_pod(api_of(server, verbosity=6), "shop", "web", "app", ["x" * 5000], deadline_seconds=5)
    [line] = [line for line in said(capsys) if line.startswith("GET")]
    assert re.search(r"x\.\.\.\(\d{4} characters\) 101 in N ms$", line)
    assert len(line) < 400
