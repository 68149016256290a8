"""The legacy `oidc` provider: valid tokens are used, expired ones are renewed by kubectl alone, and no kubeconfig is ever written by us."""

from __future__ import annotations

import base64
import json
import shutil
import ssl
import subprocess
import time
from pathlib import Path

import pytest
from aiohttp import web

from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.cli.app import VERBS
from kubectl_pause.cli.main import run
from kubectl_pause.errors import PauseInspectError

from .conftest import UNVERIFIED, write_kubeconfig
from .fake_api_server import FakeApiServer

SECRETS = ("refresh-me", "client-secret-word")


@pytest.fixture
def server(tls_server):
    """Only a server with TLS gets a credential."""
    return tls_server


def token(seconds: float) -> str:
    """A token that ends so many seconds from now."""
    parts = [{"alg": "none"}, {"exp": int(time.time() + seconds)}]
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "c2ln"])


def oidc_user(id_token: str, issuer: str = "https://127.0.0.1:1", **config: str) -> dict[str, object]:
    secrets = {"client-id": "me", "client-secret": SECRETS[1], "refresh-token": SECRETS[0]}
    return {"auth-provider": {"name": "oidc", "config": {"idp-issuer-url": issuer, "id-token": id_token, **secrets, **config}}}


def fake_kubectl(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """A kubectl that notes its arguments and runs `script`, alone on PATH but for the shell's own tools."""
    path = folder / "bin" / "kubectl"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >"{folder}/arguments"\n{script}\n', encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    return folder / "arguments"


def refused(**flags) -> PauseInspectError:
    with pytest.raises(PauseInspectError) as caught:
        connect(ConnectionFlags(**flags))
    assert not any(secret in str(caught.value) for secret in SECRETS)
    return caught.value


def test_a_valid_token_is_used_as_it_is(server, api_of, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    good = token(3600)
    api_of(server, user=oidc_user(good)).get("/x")
    assert server.headers(0, "Authorization") == [f"Bearer {good}"]


@pytest.mark.parametrize("left", [-60, 3, None], ids=["expired", "about to expire", "none yet"])
def test_kubectl_renews_and_its_file_is_read_again(server, api_of, tmp_path, monkeypatch, left):
    good = token(3600)
    write_kubeconfig(tmp_path / "renewed", server.url, user=oidc_user(good), cluster=UNVERIFIED)
    arguments = fake_kubectl(tmp_path, monkeypatch, f'cat "{tmp_path}/renewed" >"{tmp_path}/config"')
    api_of(server, user=oidc_user("" if left is None else token(left)), context="test", as_user="jane").get("/x")
    assert server.headers(0, "Authorization") == [f"Bearer {good}"]
    words = ["get", "--raw", "/version", f"--kubeconfig={tmp_path / 'config'}", "--context=test"]
    assert arguments.read_text().splitlines() == words


def test_kubectl_is_given_the_home_directory_that_the_shell_left_as_a_tilde(server, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_kubeconfig(tmp_path / "renewed", server.url, user=oidc_user(token(7200)), cluster=UNVERIFIED)
    write_kubeconfig(tmp_path / "config", server.url, user=oidc_user(""), cluster=UNVERIFIED)
    arguments = fake_kubectl(tmp_path, monkeypatch, f'cat "{tmp_path}/renewed" >"{tmp_path}/config"')
    connect(ConnectionFlags(kubeconfig="~/config"))
    assert arguments.read_text().splitlines()[-1] == f"--kubeconfig={tmp_path / 'config'}"


def test_a_token_that_expires_during_a_run_is_renewed(server, api_of, tmp_path, monkeypatch):
    good = token(7200)
    write_kubeconfig(tmp_path / "renewed", server.url, user=oidc_user(good), cluster=UNVERIFIED)
    fake_kubectl(tmp_path, monkeypatch, f'cat "{tmp_path}/renewed" >"{tmp_path}/config"')
    api = api_of(server, user=oidc_user(token(3600)))
    later = time.time() + 3600
    monkeypatch.setattr("kubectl_pause.access.credentials.oidc.time.time", lambda: later)
    api.get("/x")
    assert server.headers(0, "Authorization") == [f"Bearer {good}"]


@pytest.mark.parametrize(
    ("script", "words"),
    [("echo 'No valid id-token, cannot refresh' >&2; exit 1", "kubectl could not renew it: No valid id-token, cannot refresh"),
     ("exit 7", "kubectl could not renew it: exit code 7"),
     ("exit 0", "kubectl ended well, but the kubeconfig holds no valid id-token"),
     ("echo 'open this page' >&2; sleep 60", "kubectl did not renew it within 0.5 s: open this page")],
)  # fmt: skip
def test_a_kubectl_that_does_not_renew_is_quoted(tmp_path, monkeypatch, script, words):
    monkeypatch.setattr("kubectl_pause.access.credentials.oidc._LEAST_KUBECTL_SECONDS", 0.5)
    fake_kubectl(tmp_path, monkeypatch, script)
    path = write_kubeconfig(tmp_path / "config", "https://127.0.0.1:1", user=oidc_user(token(-60)))
    error = refused(kubeconfig=str(path), request_timeout=0.5)
    assert (error.reason, words in error.message) == ("OidcTokenExpired", True), error.message
    assert "log in again" in error.hint


def test_a_renewal_that_failed_is_not_tried_again(api_of, server, tmp_path, monkeypatch):
    fake_kubectl(tmp_path, monkeypatch, f"echo run >>{tmp_path}/runs; exit 1")
    api = api_of(server, user=oidc_user(token(3600)))
    later = time.time() + 3600
    monkeypatch.setattr("kubectl_pause.access.credentials.oidc.time.time", lambda: later)
    for _ in range(3):
        with pytest.raises(PauseInspectError, match="could not renew"):
            api.get("/x")
    assert (tmp_path / "runs").read_text() == "run\n"
    assert server.requests == []


def test_without_kubectl_an_expired_token_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    path = write_kubeconfig(tmp_path / "config", "https://127.0.0.1:1", user=oidc_user(token(-60)))
    assert "kubectl, which renews it, is not on PATH" in refused(kubeconfig=str(path)).message


@pytest.mark.parametrize("text", ["x", "a.b.c", "a.e30.c", "a.W10.c", "a.eyJleHAiOiAieCJ9.c"])
def test_what_is_no_token_is_refused(tmp_path, text):
    path = write_kubeconfig(tmp_path / "config", "https://127.0.0.1:1", user=oidc_user(text))
    assert "not a JSON Web Token" in refused(kubeconfig=str(path)).message


@pytest.mark.parametrize("trusted", [False, True], ids=["self-signed", "trusted by the kubeconfig"])
def test_an_issuer_gets_secrets_from_a_kubectl_that_trusts_it_and_never_from_us(tmp_path, trusted):
    """With the kubectl of this machine; without one the run must end with the word that it is missing. Both are asserted."""
    certificate, key, good = tmp_path / "issuer.crt", tmp_path / "issuer.key", token(3600)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout", key, "-out",
         certificate, "-subj", "/CN=issuer", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    bodies = []
    with FakeApiServer(tls=context).running() as issuer, FakeApiServer(tls=context).running() as server:

        async def answer(request):
            bodies.append(str(request.headers) + (await request.read()).decode())
            if request.path.startswith("/.well-known"):
                return web.json_response({"issuer": issuer.url, "token_endpoint": f"{issuer.url}/token"})
            return web.json_response({"id_token": good, "access_token": "a", "token_type": "bearer", "refresh_token": "next"})

        issuer.rest = answer
        config = {"idp-certificate-authority": str(certificate)} if trusted else {}
        user, cluster = oidc_user(token(-60), issuer.url, **config), {"certificate-authority": str(certificate)}
        path = write_kubeconfig(tmp_path / "config", server.url, user=user, cluster=cluster)
        before = path.read_bytes()
        if shutil.which("kubectl") is None:
            assert "is not on PATH" in refused(kubeconfig=str(path)).message
        elif trusted:
            assert connect(ConnectionFlags(kubeconfig=str(path))).connection.authorization() == f"Bearer {good}"
        else:
            assert "x509" in refused(kubeconfig=str(path)).message
        renewed = trusted and shutil.which("kubectl") is not None
        assert (path.read_bytes() != before) == renewed
        assert any(secret in body for body in bodies for secret in SECRETS) == renewed


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_changes_the_kubeconfig(server, tmp_path, monkeypatch, verb, capsys):
    """Each is run as far as the server lets it, with a token that is valid and one that is not."""
    fake_kubectl(tmp_path, monkeypatch, "exit 1")
    words = {"pod": ["x"], "node": ["x"], "local": ["--kubeconfig=x"], "who": ["10.0.0.1"], "zombies": ["-A"], "demo": ["--no-such-flag"]}
    words |= {
        "snapshot": ["x", "-f", str(tmp_path / "s")],
        "report": ["x", "-f", str(tmp_path / "page.html")],
        "cleanup": ["--yes"],
        "access": [],
        "check": ["x"],
        "why": ["x"],
        "options": [],
        "version": [],
    }
    words |= {"explain": [], "schema": [], "diff": ["x", "y"], "completion": ["bash"]}
    for number, seconds in enumerate((3600, -3600)):
        path = write_kubeconfig(tmp_path / f"config{number}", server.url, user=oidc_user(token(seconds)), cluster=UNVERIFIED)
        path.write_text(f"# mine\n{path.read_text()}", encoding="utf-8")
        path.chmod(0o640)
        monkeypatch.setenv("KUBECONFIG", str(path))
        before, was = path.read_bytes(), path.stat()
        run([verb, *words[verb]])
        capsys.readouterr()
        now = path.stat()
        assert path.read_bytes() == before
        assert (now.st_mode, now.st_uid, now.st_gid, now.st_ino, now.st_mtime_ns) == (
            was.st_mode, was.st_uid, was.st_gid, was.st_ino, was.st_mtime_ns,
        )  # fmt: skip


@pytest.mark.parametrize(
    "claims", [b'{"exp": 1%s}' % (b"0" * 400), b'{"exp": %s%s}' % (b"[" * 100_000, b"]" * 100_000)], ids=["great", "deep"]
)
def test_an_id_token_beyond_all_measure_is_told_as_one_that_cannot_be_used(tmp_path, claims):
    odd = f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c2ln"
    with pytest.raises(PauseInspectError, match="not a JSON Web Token"):
        connect(ConnectionFlags(kubeconfig=str(write_kubeconfig(tmp_path / "config", "https://127.0.0.1:1", user=oidc_user(odd)))))
