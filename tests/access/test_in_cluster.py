"""A pod's own credentials are three files: read as the package `kubernetes` reads them, and read again as the kubelet renews them."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from kubernetes.client import Configuration
from kubernetes.config.incluster_config import InClusterConfigLoader

from kubectl_pause.access import kubeconfig
from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.errors import PauseInspectError

from .fake_api_server import FakeApiServer, make_certificates

TOKEN_AGE = "kubectl_pause.access.credentials.authorization.TOKEN_FILE_SECONDS"


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The mount of a service account, and the environment of a pod."""
    folder = tmp_path / "account"
    folder.mkdir()
    (folder / "token").write_text("of-the-pod\n")
    (folder / "namespace").write_text("shop\n")
    make_certificates(tmp_path, "kubernetes")[0].rename(folder / "ca.crt")
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", folder)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    return folder


def refused() -> PauseInspectError:
    with pytest.raises(PauseInspectError) as caught:
        connect(ConnectionFlags())
    return caught.value


@pytest.mark.parametrize("host", ["10.0.0.1", "fd00::1", "kubernetes.default.svc"])
def test_server_token_and_authority_are_those_of_the_library(account, monkeypatch, host):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    theirs = Configuration()
    environment = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "443"}
    InClusterConfigLoader(str(account / "token"), str(account / "ca.crt"), environ=environment).load_and_set(theirs)
    setting = next(iter(theirs.auth_settings().values()))
    api = connect(ConnectionFlags())
    assert api.connection.server == theirs.host
    assert (api.connection.authorization() or "").lower() == str(setting["value"]).strip().lower() == "bearer of-the-pod"
    context = api.connection.tls
    assert context is not None
    assert context.verify_mode == ssl.CERT_REQUIRED
    expected = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    expected.load_verify_locations(theirs.ssl_ca_cert)
    assert context.get_ca_certs() == expected.get_ca_certs()


def test_the_namespace_is_the_pod_s_own_unless_a_flag_or_no_file_says_otherwise(account):
    assert connect(ConnectionFlags()).namespace == "shop"
    assert connect(ConnectionFlags(namespace="mine")).namespace == "mine"
    for content in (b"\n", b"\xff", None):
        (account / "namespace").unlink()
        if content is not None:
            (account / "namespace").write_bytes(content)
        assert connect(ConnectionFlags()).namespace == "default"


def test_a_renewed_token_is_sent_and_one_that_was_taken_away_is_not_missed(account, monkeypatch):
    api = connect(ConnectionFlags())
    (account / "token").write_text("renewed")
    assert api.connection.authorization() == "Bearer of-the-pod"
    monkeypatch.setattr(TOKEN_AGE, 0.0)
    assert api.connection.authorization() == "Bearer renewed"
    (account / "token").unlink()
    assert api.connection.authorization() == "Bearer renewed"


def test_flags_count_in_a_pod_too(account, tmp_path):
    other = make_certificates(tmp_path, "other")[0]
    api = connect(ConnectionFlags(token="given", as_user="jane", certificate_authority=str(other)))
    assert api.connection.authorization() == "Bearer given"
    assert api.connection.impersonation == (("Impersonate-User", "jane"),)
    expected = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    expected.load_verify_locations(other)
    assert api.connection.tls is not None
    assert api.connection.tls.get_ca_certs() == expected.get_ca_certs()


@pytest.mark.parametrize("name", ["token", "ca.crt"])
@pytest.mark.parametrize("content", [b"", b"\xff", None], ids=["empty", "odd", "missing"])
def test_a_missing_or_useless_file_is_named(account, name, content):
    if name == "token" and content == b"":
        assert refused_after(account / name, b" \n").reason == "InClusterFailed"
    error = refused_after(account / name, content)
    assert error.reason == "InClusterFailed"
    assert str(account / name) in error.message
    assert "of-the-pod" not in error.message


def refused_after(path: Path, content: bytes | None) -> PauseInspectError:
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    return refused()


def test_an_odd_port_is_refused(account, monkeypatch):
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "tcp://10.0.0.1:443")
    assert refused().reason == "InClusterFailed"


def test_a_server_gets_the_pod_s_token_and_no_kubeconfig_is_needed(tmp_path, account, monkeypatch):
    certificate, context = make_certificates(tmp_path, "kubernetes")
    (account / "ca.crt").write_bytes(certificate.read_bytes())
    with FakeApiServer(tls=context).running() as server:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port))
        api = connect(ConnectionFlags(tls_server_name="kubernetes"))
        assert b"List" in api.get("/api/v1/pods")
        assert server.headers(0, "Authorization") == ["Bearer of-the-pod"]
        api.connection.pool.clear()  # else the server's end of a kept connection outlives it
