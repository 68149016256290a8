"""REST reads: whole answers or one clear error; the same headers as exec."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket

import pytest
from aiohttp import web

from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.exec_stream import exec_in_pod
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.access.rest import ApiError
from kubectl_pause.errors import PauseInspectError

from .conftest import write_kubeconfig
from .fake_api_server import SUCCESS, FakeApiServer, make_certificates, say, status


def answer(make):
    async def rest(_request):
        return make()

    return rest


def test_impersonation_and_credentials_are_on_rest_and_on_exec(tls_server, api_of):
    tls_server.on_exec = say(SUCCESS)
    user = {"token": "secret-token", "as": "file", "as-groups": ["f"], "as-user-extra": {"acme/dept": ["x", "y"]}}
    api = api_of(tls_server, user=user, as_user="jané", as_group=("a,b", "c"), as_uid="7")
    api.get("/api/v1/pods")
    exec_in_pod(api, "default", "p", "c", ["x"], deadline_seconds=5.0)
    for number in (0, 1):
        assert tls_server.headers(number, "Authorization") == ["Bearer secret-token"]
        assert tls_server.headers(number, "Impersonate-User") == ["jané"]
        assert tls_server.headers(number, "Impersonate-Group") == ["a,b", "c"]
        assert tls_server.headers(number, "Impersonate-Uid") == ["7"]
        assert tls_server.headers(number, "Impersonate-Extra-acme%2Fdept") == ["x", "y"]
        assert tls_server.headers(number, "User-Agent")[0].startswith("kubectl-pause_inspect/")


def test_a_list_is_followed_and_started_again_in_one_piece_when_it_expires(server, api_of):
    expired: list[bool] = []

    async def pages(request):
        token = request.query.get("continue")
        if "limit" not in request.query:
            return web.json_response({"metadata": {}, "items": [1, 2, 3]})
        if token and expired:
            return status(410, "Expired", "too old")
        return web.json_response({"metadata": {"continue": "" if token else "t/+="}, "items": [2 if token else 1]})

    server.rest = pages
    assert [json.loads(page)["items"] for page in api_of(server).list_pages("/api/v1/pods", {"labelSelector": "a=b"}, limit=1)] == [
        [1],
        [2],
    ]
    expired.append(True)
    assert [json.loads(page)["items"] for page in api_of(server).list_pages("/api/v1/pods", None, limit=1)] == [[1, 2, 3]]


DEEP = b'{"metadata": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(("code", "reason"), [(200, "BadAnswer"), (403, "Http403")])
def test_an_answer_that_is_too_deep_is_none_of_kubernetes(server, api_of, code, reason):
    server.rest = answer(lambda: web.Response(status=code, body=DEEP))
    with pytest.raises(PauseInspectError) as caught:
        api_of(server).list_pages("/api/v1/pods")
    assert caught.value.reason == reason


def test_gzip_is_asked_for_and_read(server, api_of):
    body = json.dumps({"items": ["x" * 1000] * 100}).encode()
    server.rest = answer(lambda: web.Response(body=gzip.compress(body), headers={"Content-Encoding": "gzip"}))
    assert api_of(server).get("/api/v1/pods") == body
    assert server.headers(0, "Accept-Encoding") == ["gzip"]


def test_refusals_keep_reason_details_and_a_next_step(server, api_of):
    said = 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "web"'
    server.rest = answer(lambda: status(403, "Forbidden", said, kind="pods"))
    with pytest.raises(ApiError) as caught:
        api_of(server, as_user="jane").get("/api/v1/pods")
    assert (caught.value.status, caught.value.reason, caught.value.details.kind) == (403, "Forbidden", "pods")
    assert said in caught.value.message
    assert "kubectl auth can-i list pods -n web --as jane" in caught.value.hint
    server.rest = answer(lambda: status(404, "NotFound", 'pods "x" not found', kind="pods", name="x"))
    with pytest.raises(ApiError) as caught:
        api_of(server).delete("/api/v1/namespaces/a/pods/x", b"{}")
    assert (caught.value.status_reason, caught.value.details.name) == ("NotFound", "x")
    server.rest = answer(lambda: status(401, "Unauthorized", "Unauthorized"))
    with pytest.raises(ApiError, match="You must be logged in to the server"):
        api_of(server).get("/api/v1/pods")


@pytest.mark.parametrize("body", [b"<html>please log in</html>", b"", b"no", b'{"a":'])
def test_an_answer_that_is_not_kubernetes_is_said_to_be_so(server, api_of, body):
    server.rest = answer(lambda: web.Response(body=body))
    with pytest.raises(PauseInspectError) as caught:
        list(api_of(server).list_pages("/api/v1/pods", None))
    assert caught.value.reason == "BadAnswer"
    server.rest = answer(lambda: web.Response(body=body, status=500))
    with pytest.raises(ApiError) as refused:
        api_of(server).get("/api/v1/pods")
    assert refused.value.status == 500
    assert "without a Kubernetes Status" in refused.value.message


def test_a_busy_server_is_asked_again_only_as_often_as_it_says(server, api_of):
    server.rest = answer(lambda: web.Response(status=429, headers={"Retry-After": "0"}))
    with pytest.raises(ApiError) as caught:
        api_of(server).get("/api/v1/pods")
    assert caught.value.status == 429
    assert len(server.requests) == 4
    server.rest = answer(lambda: web.Response(status=503, headers={"Retry-After": "0"}))
    with pytest.raises(ApiError):
        api_of(server).post("/api/v1/pods", b"{}")
    assert len(server.requests) == 5


def test_a_dropped_connection_is_retried_for_get_alone(server, api_of):
    async def drop(request):
        request.transport.close()
        return web.Response()

    server.rest = drop
    for call, times in ((lambda api: api.get("/x"), 2), (lambda api: api.post("/x", b"{}"), 1), (lambda api: api.delete("/x"), 1)):
        server.requests.clear()
        with pytest.raises(PauseInspectError) as caught:
            call(api_of(server))
        assert caught.value.reason == "ServerUnreachable"
        assert len(server.requests) == times


def test_stalled_dripping_and_cut_answers_end_within_the_limit(server, api_of):
    async def stall(_request):
        await asyncio.sleep(30)

    async def drip(request):
        response = web.StreamResponse()
        await response.prepare(request)
        while not request.transport.is_closing():
            await response.write(b" ")
            await asyncio.sleep(0.02)
        return response

    for behaviour in (stall, drip):
        server.rest = behaviour
        with pytest.raises(PauseInspectError, match=r"within 0\.5 s"):
            api_of(server, request_timeout=0.5).get("/api/v1/pods")

    async def cut(request):
        request.transport.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"kind"')
        request.transport.close()

    server.rest = cut
    with pytest.raises(PauseInspectError) as caught:
        api_of(server).get("/api/v1/pods")
    assert caught.value.reason == "ServerUnreachable"


def test_a_server_that_is_not_there_is_told_in_kubectls_words(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    api = connect(ConnectionFlags(kubeconfig=str(write_kubeconfig(tmp_path / "c", f"http://{address}"))))
    expected = f"The connection to the server {address} was refused - did you specify the right host or port?"
    with pytest.raises(PauseInspectError) as caught:
        api.get("/version")
    assert caught.value.message == expected
    with pytest.raises(PauseInspectError) as caught:
        exec_in_pod(api, "a", "b", "c", ["x"], deadline_seconds=5.0)
    assert caught.value.message == expected


def test_tls_is_verified_with_the_clusters_own_name_on_rest_and_exec(tmp_path):
    _, context = make_certificates(tmp_path, "api.example")
    with FakeApiServer(tls=context).running() as server:
        server.on_exec = say(b"\x01x", SUCCESS)

        def make(**cluster):
            path = write_kubeconfig(tmp_path / "c", server.url, cluster=cluster)
            return connect(ConnectionFlags(kubeconfig=str(path)))

        for cluster in (
            {"certificate-authority": "server.crt", "tls-server-name": "api.example"},
            {"insecure-skip-tls-verify": True},
        ):
            api = make(**cluster)
            assert b"List" in api.get("/api/v1/pods")
            assert exec_in_pod(api, "a", "b", "c", ["x"], deadline_seconds=5.0).stdout == b"x"
        for cluster in ({"certificate-authority": "server.crt"}, {"tls-server-name": "api.example"}):
            api = make(**cluster)
            for call in (lambda api: api.get("/x"), lambda api: exec_in_pod(api, "a", "b", "c", ["x"], deadline_seconds=5.0)):
                with pytest.raises(PauseInspectError, match="certificate of"):
                    call(api)


def test_a_refusing_proxy_is_named_without_its_password(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = write_kubeconfig(tmp_path / "c", "https://api.example:6443", cluster={"proxy-url": f"http://joe:hidden@127.0.0.1:{port}"})
    api = connect(ConnectionFlags(kubeconfig=str(path)))
    for call in (lambda: api.get("/x"), lambda: exec_in_pod(api, "a", "b", "c", ["x"], deadline_seconds=5.0)):
        with pytest.raises(PauseInspectError) as caught:
            call()
        assert f"through the proxy http://127.0.0.1:{port}" in caught.value.message
        assert "hidden" not in str(caught.value)
