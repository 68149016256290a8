"""TLS and pool settings are those that `kubernetes` makes of the same kubeconfig, and a server sees the client's certificate."""

from __future__ import annotations

import base64
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from kubernetes.client import ApiClient, Configuration
from kubernetes.config.kube_config import KubeConfigLoader

from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.exec_stream import exec_in_pod
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.errors import PauseInspectError

from .conftest import write_kubeconfig
from .fake_api_server import SUCCESS, FakeApiServer, make_certificates, say

SERVER = "https://api.example:6443/k8s/clusters/c-1"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Valid for 127.0.0.1's stand-in name; its key lies beside it."""
    return make_certificates(tmp_path, "api.example")[0]


def data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def as_the_library_has_it(cluster, user):
    """What `kubernetes` makes of a kubeconfig: the settings of its pool."""
    document = {
        "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        "clusters": [{"name": "x", "cluster": {"server": SERVER, **cluster}}],
        "users": [{"name": "x", "user": user}],
    }
    settings = Configuration()
    KubeConfigLoader(config_dict=document).load_and_set(settings)
    setting = next(iter(settings.auth_settings().values()), {"value": None})
    return settings.host, setting["value"], ApiClient(configuration=settings).rest_client.pool_manager.connection_pool_kw


@pytest.mark.parametrize("inline", [True, False], ids=["data", "files"])
@pytest.mark.parametrize("verified", [True, False], ids=["verified", "insecure"])
@pytest.mark.parametrize(
    ("name", "user"),
    [("pod.example", {"token": "t"}), (None, {"username": "u", "password": "p"}), (None, {})],
    ids=["token", "basic", "none"],
)
def test_settings_are_those_of_the_library(tmp_path, certificate, inline, verified, name, user):  # noqa: PLR0917 (cases)
    key = certificate.with_suffix(".key")
    of_user = {"client-certificate": certificate, "client-key": key}
    fields = {f"{field}-data": data(path) for field, path in of_user.items()} if inline else {k: str(v) for k, v in of_user.items()}
    authority = {"certificate-authority-data": data(certificate)} if inline else {"certificate-authority": str(certificate)}
    cluster = (authority if verified else {"insecure-skip-tls-verify": True}) | ({"tls-server-name": name} if name else {})
    host, header, theirs = as_the_library_has_it(cluster, user | fields)

    api = connect(ConnectionFlags(kubeconfig=str(write_kubeconfig(tmp_path / "c", SERVER, cluster=cluster, user=user | fields))))
    ours = api.connection.pool.connection_pool_kw
    context = api.connection.tls
    assert context is not None
    assert ours["ssl_context"] is context
    assert (api.connection.server, api.connection.authorization()) == (host, header)
    assert context.verify_mode == theirs["cert_reqs"]
    assert context.check_hostname == verified
    assert ours["server_hostname"] == theirs.get("server_hostname") == api.connection.tls_server_name
    expected = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if verified:
        expected.load_verify_locations(theirs["ca_certs"])
    assert context.get_ca_certs() == expected.get_ca_certs()
    assert Path(theirs["cert_file"]).read_bytes() == certificate.read_bytes()
    assert Path(theirs["key_file"]).read_bytes() == key.read_bytes()


@pytest.mark.parametrize("given", ["data", "files", "flags"])
def test_a_server_that_asks_for_it_gets_the_client_certificate_on_rest_and_exec(tmp_path, given):
    certificate, context = make_certificates(tmp_path, "api.example")
    key = certificate.with_suffix(".key")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificate)
    seen = []

    async def whose(request):
        [[(_, name)]] = request.transport.get_extra_info("peercert")["subject"]
        seen.append(name)
        return web.json_response({"kind": "List"})

    user: dict[str, Any] = {}
    flags: dict[str, Any] = {}
    if given == "data":
        user = {"client-certificate-data": data(certificate), "client-key-data": data(key)}
    elif given == "files":
        user = {"client-certificate": "server.crt", "client-key": "server.key"}
    else:
        user = {"client-certificate-data": "bm90aGluZw==", "client-key-data": "bm90aGluZw=="}
        flags = {"client_certificate": str(certificate), "client_key": str(key)}
    with FakeApiServer(tls=context).running() as server:
        server.on_exec = say(b"\x01x", SUCCESS)
        server.rest = whose
        cluster = {"certificate-authority": "server.crt", "tls-server-name": "api.example"}
        path = write_kubeconfig(tmp_path / "c", server.url, cluster=cluster, user=user)
        before = set(tmp_path.iterdir())
        api = connect(ConnectionFlags(kubeconfig=str(path), **flags))
        assert b"List" in api.get("/api/v1/pods")
        assert exec_in_pod(api, "a", "b", "c", ["x"], deadline_seconds=5.0).stdout == b"x"
        assert set(tmp_path.iterdir()) == before
        api.connection.pool.clear()  # else the server's end of a kept connection outlives it
    assert seen == ["api.example"]


def test_no_key_is_left_on_disk(tmp_path, certificate, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    user = {"client-certificate-data": data(certificate), "client-key-data": data(certificate.with_suffix(".key"))}
    for fields in (user, user | {"client-key-data": "bm90aGluZw=="}):
        path = write_kubeconfig(tmp_path / "c", SERVER, user=fields)
        try:
            connect(ConnectionFlags(kubeconfig=str(path)))
        except PauseInspectError as error:
            assert error.message.startswith("client-certificate-data cannot be used")  # noqa: PT017 (the first one is accepted)
        assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("field", ["certificate-authority", "client-certificate"])
@pytest.mark.parametrize("content", ["", "no certificate"])
def test_a_file_or_data_that_is_no_certificate_is_named(tmp_path, field, content):
    (tmp_path / "bad.crt").write_text(content)
    for fields in ({field: "bad.crt"}, {f"{field}-data": base64.b64encode(b"x").decode()}, {f"{field}-data": "!"}):
        where: dict[str, Any] = {"cluster": fields} if field == "certificate-authority" else {"user": fields}
        with pytest.raises(PauseInspectError) as caught:
            connect(ConnectionFlags(kubeconfig=str(write_kubeconfig(tmp_path / "c", SERVER, **where))))
        assert caught.value.reason == "InvalidKubeconfig"
        assert caught.value.message.startswith(field)


def test_a_key_with_a_password_is_refused_and_nothing_is_asked(tmp_path, certificate):
    locked = tmp_path / "locked.key"
    subprocess.run(
        ["openssl", "pkcs8", "-topk8", "-in", certificate.with_suffix(".key"), "-out", locked, "-passout", "pass:secret"],
        check=True, capture_output=True,
    )  # fmt: skip
    user = {"client-certificate": str(certificate), "client-key": str(locked)}
    with pytest.raises(PauseInspectError, match="client-certificate"):
        connect(ConnectionFlags(kubeconfig=str(write_kubeconfig(tmp_path / "c", SERVER, user=user))))


def test_extras_of_the_impersonated_user_are_key_and_value(server, api_of):
    api_of(server, as_user="jane", as_user_extra=("reason=a=b", "reason=c", "x=")).get("/x")
    assert server.headers(0, "Impersonate-Extra-reason") == ["a=b", "c"]
    assert server.headers(0, "Impersonate-Extra-x") == [""]
    with pytest.raises(PauseInspectError, match="not KEY=VALUE"):
        api_of(server, as_user="jane", as_user_extra=("reason",))
