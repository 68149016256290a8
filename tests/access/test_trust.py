"""Which servers are believed: those that kubectl believes, with Go's rules and not OpenSSL's."""

from __future__ import annotations

import base64
import ssl
import subprocess
from pathlib import Path

import pytest

from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.exec_stream import exec_in_pod
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.errors import PauseInspectError

from .conftest import write_kubeconfig
from .fake_api_server import SUCCESS, FakeApiServer, make_certificates, say


def data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def chain(folder: Path) -> None:
    """root.crt, which signs inter.crt, which signs leaf.crt for 127.0.0.1; each with its key."""

    def issue(name: str, signed_by: str | None, extensions: str) -> None:
        (folder / f"{name}.ext").write_text(extensions)
        request = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-subj", f"/CN={name}"]
        if signed_by is None:
            words = ["openssl", "req", "-x509", *request, "-days", "2", "-out", f"{name}.crt"]
            subprocess.run(words, cwd=folder, check=True, capture_output=True)
            return
        subprocess.run(["openssl", "req", "-new", *request, "-out", f"{name}.csr"], cwd=folder, check=True, capture_output=True)
        subprocess.run(
            ["openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", f"{signed_by}.crt", "-CAkey", f"{signed_by}.key", "-CAcreateserial",
             "-days", "2", "-out", f"{name}.crt", "-extfile", f"{name}.ext"],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip

    issue("root", None, "")
    issue("inter", "root", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")
    issue("leaf", "inter", "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain")
    chain(folder)
    return folder


@pytest.mark.parametrize(("authority", "believed"), [("inter", True), ("leaf", True), ("root", False)])
def test_any_certificate_that_is_given_is_trusted_and_a_chain_with_a_gap_is_not(tmp_path, certificates, authority, believed):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "leaf.crt", certificates / "leaf.key")
    with FakeApiServer(tls=context).running() as server:
        server.on_exec = say(b"\x01x", SUCCESS)
        cluster = {"certificate-authority-data": data(certificates / f"{authority}.crt")}
        api = connect(ConnectionFlags(kubeconfig=str(write_kubeconfig(tmp_path / "c", server.url, cluster=cluster))))
        if believed:
            assert b"List" in api.get("/api/v1/pods")
            assert exec_in_pod(api, "a", "b", "c", ["x"], deadline_seconds=5.0).stdout == b"x"
        else:
            with pytest.raises(PauseInspectError, match=r"certificate of .* is not accepted"):
                api.get("/api/v1/pods")
        api.connection.pool.clear()


@pytest.mark.parametrize("empty", [{}, {"certificate-authority-data": ""}, {"certificate-authority": ""}], ids=["none", "data", "file"])
def test_without_verification_the_client_still_shows_its_certificate(tmp_path, certificates, empty):
    _, context = make_certificates(tmp_path, "other.example")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificates / "root.crt")
    context.load_verify_locations(certificates / "inter.crt")
    user = {"client-certificate": str(certificates / "leaf.crt"), "client-key": str(certificates / "leaf.key")}
    with FakeApiServer(tls=context).running() as server:
        path = write_kubeconfig(tmp_path / "c", server.url, cluster={"insecure-skip-tls-verify": True, **empty}, user=user)
        api = connect(ConnectionFlags(kubeconfig=str(path)))
        assert b"List" in api.get("/api/v1/pods")
        api.connection.pool.clear()


def test_an_authority_and_no_verification_at_once_are_refused_as_by_kubectl(tmp_path, certificates):
    both = {"insecure-skip-tls-verify": True, "certificate-authority-data": data(certificates / "root.crt")}
    path = str(write_kubeconfig(tmp_path / "c", "https://127.0.0.1:1", cluster=both))
    with pytest.raises(PauseInspectError, match="only one of them can count"):
        connect(ConnectionFlags(kubeconfig=path))
    with pytest.raises(PauseInspectError, match="only one of them can count"):
        connect(ConnectionFlags(kubeconfig=path, insecure_skip_tls_verify=True, certificate_authority=str(certificates / "root.crt")))
    for flags in ({"insecure_skip_tls_verify": True}, {"certificate_authority": str(certificates / "root.crt")}):
        tls = connect(ConnectionFlags(kubeconfig=path, **flags)).connection.tls
        assert tls is not None
        assert (tls.verify_mode == ssl.CERT_NONE) == ("insecure_skip_tls_verify" in flags)
