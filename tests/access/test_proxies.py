"""REST and exec go through the same proxies: http, https and SOCKS 5, with a password or without, and say the same of one that refuses."""

from __future__ import annotations

import asyncio
import ssl
import threading
from pathlib import Path

import pytest

from kubectl_pause.access import exec_stream
from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.exec_stream import exec_in_pod
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.access.proxies import choose_proxy
from kubectl_pause.access.rest import Api
from kubectl_pause.errors import PauseInspectError

from .conftest import write_kubeconfig
from .fake_api_server import SUCCESS, FakeApiServer, frames, make_certificates
from .fake_proxy import FakeProxy

PASSWORD = "p@ss/w:rd"
KINDS = ["http", "https", "socks5", "socks5h"]


class Place:
    """A server called api.example, which only the proxy can resolve, and certificates of both in one file."""

    def __init__(self, folder: Path) -> None:
        (folder / "server").mkdir()
        (folder / "proxy").mkdir()
        of_server, self.server_tls = make_certificates(folder / "server", "api.example")
        of_proxy, self.proxy_tls = make_certificates(folder / "proxy", "localhost")
        self.authorities = folder / "both.crt"
        self.authorities.write_bytes(of_server.read_bytes() + of_proxy.read_bytes())
        self.folder = folder

    def proxy(self, kind: str, credentials: tuple[str, str] | None = None) -> FakeProxy:
        return FakeProxy(kind[:6], self.proxy_tls if kind == "https" else None, credentials)

    def api(self, server: FakeApiServer, kind: str, proxy: FakeProxy, user: str = "") -> Api:
        url = f"http{'s' if server.tls else ''}://api.example:{server.port}"
        return self._api(url, {"proxy-url": f"{kind}://{user}localhost:{proxy.port}"})

    def direct(self, server: FakeApiServer) -> Api:
        return self._api(server.url, {"tls-server-name": "api.example"})

    def _api(self, url: str, cluster: dict[str, str]) -> Api:
        path = write_kubeconfig(self.folder / "config", url, cluster={"certificate-authority": str(self.authorities), **cluster})
        return connect(ConnectionFlags(kubeconfig=str(path), request_timeout=5.0, verbosity=9))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("proxies"))


async def several_messages_and_no_end(socket, _request):
    for number in range(20):
        await socket.send_bytes(b"\x01%d," % number)
    await socket.send_bytes(SUCCESS)
    await asyncio.sleep(30)


def run(api, **options):
    return exec_in_pod(api, "default", "inspector", "main", ["x"], **{"deadline_seconds": 5.0, **options})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("with_password", [False, True], ids=["open", "password"])
def test_rest_and_exec_go_through_the_proxy_that_resolves_the_name(place, capsys, kind, with_password):
    proxy = place.proxy(kind, ("joe", PASSWORD) if with_password else None)
    with FakeApiServer(tls=place.server_tls).running() as server, proxy.running():
        server.on_exec = several_messages_and_no_end
        api = place.api(server, kind, proxy, user="joe:p%40ss%2Fw%3Ard@" if with_password else "")
        assert b"List" in api.get("/api/v1/pods")
        assert run(api).stdout == b"".join(b"%d," % number for number in range(20))
        api.connection.pool.clear()
        assert proxy.asked == [("api.example", server.port)] * 2
        assert server.headers(1, "Authorization") == ["Bearer secret-token"]
    said = "".join(capsys.readouterr())
    assert "localhost" in said
    for secret in ("secret-token", PASSWORD, "p%40ss", "joe"):
        assert secret not in said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("user", ["", "joe:hunter2@"], ids=["none", "wrong"])
def test_a_proxy_that_wants_another_password_is_named_without_it(place, capsys, kind, user):
    proxy = place.proxy(kind, ("joe", PASSWORD))
    with FakeApiServer(tls=place.server_tls).running() as server, proxy.running():
        api = place.api(server, kind, proxy, user=user)
        said = []
        for ask in (lambda: api.get("/api/v1/pods"), lambda: run(api)):
            with pytest.raises(PauseInspectError) as caught:
                ask()
            said.append(str(caught.value))
    assert (proxy.asked, proxy.refused, server.requests) == ([], 2, [])
    assert all(f"through the proxy {kind}://localhost:{proxy.port}" in text for text in said)
    assert "hunter2" not in "".join([*said, *capsys.readouterr()])


def test_an_https_proxy_whose_certificate_nobody_signed_is_not_spoken_to(place, tmp_path):
    other, tls = make_certificates(tmp_path, "localhost")
    assert other.is_file()
    proxy = FakeProxy("https", tls, ("joe", PASSWORD))
    with FakeApiServer(tls=place.server_tls).running() as server, proxy.running():
        api = place.api(server, "https", proxy, user="joe:hunter2@")
        for ask in (lambda: api.get("/api/v1/pods"), lambda: run(api)):
            with pytest.raises(PauseInspectError, match="certificate"):
                ask()
    assert (proxy.asked, proxy.refused) == ([], 0)


def test_a_server_without_tls_is_reached_through_a_proxy_too(place):
    for kind in KINDS:
        proxy = place.proxy(kind)
        with FakeApiServer().running() as server, proxy.running():
            server.on_exec = several_messages_and_no_end
            assert run(place.api(server, kind, proxy)).exit_code == 0
            assert proxy.asked == [("api.example", server.port)]


@pytest.mark.parametrize("kind", ["direct", "http", "https", "socks5"])
def test_a_server_that_stops_reading_ends_at_the_deadline(place, monkeypatch, kind):
    monkeypatch.setattr(exec_stream, "MAX_STDIN_BYTES", 1 << 26)

    async def deaf(_socket, _request):
        await asyncio.sleep(30)

    proxy = place.proxy(kind)
    with FakeApiServer(tls=place.server_tls).running() as server, proxy.running():
        server.on_exec = deaf
        api = place.direct(server) if kind == "direct" else place.api(server, kind, proxy)
        sent = threading.Event()
        with pytest.raises(PauseInspectError) as caught:
            run(api, stdin=bytes(1 << 25), deadline_seconds=1.5, meanwhile=sent.set)
        assert caught.value.reason == "ExecTimedOut"
        assert not sent.is_set()  # the sending was waited for, and nothing else


def test_a_run_that_is_cancelled_while_the_server_does_not_read_ends(place, monkeypatch):
    monkeypatch.setattr(exec_stream, "MAX_STDIN_BYTES", 1 << 26)
    cancelled = threading.Event()

    async def deaf(_socket, _request):
        cancelled.set()
        await asyncio.sleep(30)

    with FakeApiServer(tls=place.server_tls).running() as server:
        server.on_exec = deaf
        with pytest.raises(exec_stream.ExecCancelled):
            run(place.direct(server), stdin=bytes(1 << 25), deadline_seconds=60.0, cancelled=cancelled)


@pytest.mark.parametrize("kind", ["plain", "direct", "https"])
def test_a_command_that_is_asked_to_end_in_the_middle_of_its_input_gets_whole_messages(place, monkeypatch, kind):
    monkeypatch.setattr(exec_stream, "MAX_STDIN_BYTES", 1 << 26)
    ended = threading.Event()
    sizes: list[int] = []

    async def deaf_until_then(socket, _request):
        await asyncio.sleep(1)  # the buffers fill, and a message is sent in part
        ended.set()
        await asyncio.sleep(1)  # the run sees that it is to end
        async for frame in frames(socket):
            if frame == b"\xff\x00":
                break
            sizes.append(len(frame))
        await socket.send_bytes(SUCCESS)
        await socket.close()

    proxy = place.proxy(kind)
    with FakeApiServer(tls=None if kind == "plain" else place.server_tls).running() as server, proxy.running():
        server.on_exec = deaf_until_then
        api = place.direct(server) if kind in {"direct", "plain"} else place.api(server, kind, proxy)
        assert run(api, stdin=bytes(1 << 25), deadline_seconds=60.0, ended_by=ended).exit_code == 0
    assert sum(sizes) == (1 << 25) + 1024 + 2
    assert set(sizes) == {(1 << 15) + 1, 2}


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_64_streams_at_once_come_back_whole(place, tls):
    there: list[int] = []
    all_there = asyncio.Event()

    async def when_all_are_there(socket, request):
        there.append(1)
        if len(there) == 64:
            all_there.set()
        await all_there.wait()
        name = request.path.split("/")[-2].encode()
        for _ in range(20):
            await socket.send_bytes(b"\x01" + name * 100)
        await socket.send_bytes(SUCCESS)
        await socket.close()

    context: ssl.SSLContext | None = place.server_tls if tls else None
    got: dict[str, bytes] = {}
    with FakeApiServer(tls=context).running() as server:
        server.on_exec = when_all_are_there
        api = place.direct(server)

        def execute(pod: str) -> None:
            got[pod] = exec_in_pod(api, "default", pod, "c", ["x"], deadline_seconds=60.0).stdout

        threads = [threading.Thread(target=execute, args=(f"pod{number}",)) for number in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert got == {f"pod{number}": f"pod{number}".encode() * 2000 for number in range(64)}


@pytest.mark.parametrize("proxy", ["socks4://p:1", "socks4a://p:1", "ftp://p:1", "p:1"])
def test_another_kind_of_proxy_is_refused_for_both(proxy):
    with pytest.raises(PauseInspectError, match="socks5") as caught:
        choose_proxy("https://api.example", proxy, {})
    assert caught.value.reason == "ProxyNotSupported"


def test_the_environment_s_socks_proxy_counts_unless_it_is_told_to_be_left_out():
    environment = {"HTTPS_PROXY": "socks5://p:1"}
    assert choose_proxy("https://api.example", None, environment) == "socks5://p:1"
    assert choose_proxy("https://api.example", None, {**environment, "NO_PROXY": ".example"}) is None
