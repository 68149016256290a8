"""Which credential goes over which connection, by REST and by exec: the table is kubectl's, and a kubectl on PATH is held to it too."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from typing import Any

import pytest

from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.exec_stream import exec_in_pod
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.errors import PauseInspectError

from .conftest import UNVERIFIED, write_kubeconfig
from .fake_api_server import SUCCESS, FakeApiServer, say

API_VERSION = "client.authentication.k8s.io/v1"
_CLAIMS = base64.urlsafe_b64encode(json.dumps({"exp": int(time.time()) + 7200}).encode()).decode().rstrip("=")
ID_TOKEN = f"eyJhbGciOiJub25lIn0.{_CLAIMS}.c2ln"


def oidc(id_token: str) -> dict[str, object]:
    config = {"idp-issuer-url": "https://127.0.0.1:1", "client-id": "me", "id-token": id_token}
    return {"auth-provider": {"name": "oidc", "config": config}}


USERS: dict[str, dict[str, object]] = {
    "token": {"token": "t1"},
    "tokenFile": {"tokenFile": "token"},
    "missing tokenFile": {"tokenFile": "missing"},
    "--token": {},
    "basic": {"username": "jane", "password": "pw"},
    "exec": {"exec": {"apiVersion": API_VERSION, "command": "./plugin", "interactiveMode": "Never"}},
    "auth-provider": oidc(ID_TOKEN),
    "expired auth-provider": oidc(""),
    "removed auth-provider": {"auth-provider": {"name": "gcp"}},
}
OVER_TLS = {
    "token": "Bearer t1",
    "tokenFile": "Bearer of-the-file",
    "--token": "Bearer given",
    "basic": "Basic amFuZTpwdw==",
    "exec": "Bearer of-the-plugin",
    "auth-provider": f"Bearer {ID_TOKEN}",
}
"""The Authorization header of kubectl 1.32 over TLS. The other users end with an error there. Over plain http none is sent."""
SCHEMES = ("https://", "http://", "HTTP://", "--server without a scheme", "clusters[].cluster.server without a scheme")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "token").write_text("of-the-file")
    credential = json.dumps({"apiVersion": API_VERSION, "kind": "ExecCredential", "status": {"token": "of-the-plugin"}})
    (tmp_path / "plugin").write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\necho '{credential}'\n")
    (tmp_path / "plugin").chmod(0o755)
    return tmp_path


def chosen(folder, server: FakeApiServer, scheme: str, user: str) -> dict[str, str]:
    """Flags, by kubectl's names, and a kubeconfig that choose `server` in that way. That verification is skipped adds no TLS."""
    bare = f"127.0.0.1:{server.port}"
    address = {SCHEMES[2]: f"HTTP://{bare}", SCHEMES[3]: "https://api.example", SCHEMES[4]: bare}.get(scheme, server.url)
    flags = {"kubeconfig": str(write_kubeconfig(folder / "config", address, user={**USERS[user], "as": "joe"}, cluster=UNVERIFIED))}
    return flags | ({"server": bare} if scheme == SCHEMES[3] else {}) | ({"token": "given"} if user == "--token" else {})


def sent(server: FakeApiServer) -> list[tuple[str | None, list[str]]]:
    """Authorization and Impersonate-User of each request."""
    return [
        (next(iter(server.headers(number, "Authorization")), None), server.headers(number, "Impersonate-User"))
        for number in range(len(server.requests))
    ]


def ask(flags: dict[str, Any]) -> None:
    api = connect(ConnectionFlags(**flags))
    api.get("/version")
    exec_in_pod(api, "shop", "web", "app", ["true"], deadline_seconds=5.0)


@pytest.mark.parametrize("user", OVER_TLS)
def test_over_tls_each_credential_is_sent(folder, tls_server, user, capsys):
    tls_server.on_exec = say(SUCCESS)
    ask(chosen(folder, tls_server, "https://", user))
    assert sent(tls_server) == [(OVER_TLS[user], ["joe"])] * 2
    assert (folder / "ran").exists() == (user == "exec")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("scheme", SCHEMES[1:])
@pytest.mark.parametrize("user", USERS)
def test_without_tls_no_credential_is_sent_and_none_is_asked_for(folder, server, user, scheme, capsys):
    server.on_exec = say(SUCCESS)
    ask(chosen(folder, server, scheme, user))
    assert sent(server) == [(None, ["joe"])] * 2
    assert not (folder / "ran").exists()
    warning = f"warning: the server {server.url} has no TLS: the user's credentials are not sent\n"
    assert capsys.readouterr().err == warning


def test_without_a_credential_there_is_nothing_to_warn_of(server, api_of, capsys):
    api_of(server, user={}).get("/version")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("user", USERS)
def test_kubectl_does_the_same(folder, server, tls_server, user, scheme):
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("NOT COMPARED with kubectl: none is on PATH")
    asked = tls_server if scheme == "https://" else server
    flags = chosen(folder, asked, scheme, user)
    words = [kubectl, "get", "--raw", "/version", *(f"--{name}={value}" for name, value in flags.items())]
    ended = subprocess.run(words, env={**os.environ, "HOME": str(folder)}, capture_output=True, check=False, timeout=60)
    authorization = OVER_TLS.get(user) if asked is tls_server else None
    answered = asked is server or user in OVER_TLS
    assert sent(asked)[-1:] == ([(authorization, ["joe"])] if answered else []), ended.stderr  # some kubectl ask twice
    assert (folder / "ran").exists() == (user == "exec" and asked is tls_server)


@pytest.mark.parametrize("token", ["sécret€", "a secret ", "secret\x80\x9f", "secret\u2028"])
def test_an_odd_token_is_sent_alike_by_rest_and_exec_or_refused_without_being_shown(tls_server, api_of, token):
    tls_server.on_exec = say(SUCCESS)
    api = api_of(tls_server, user={"token": token})
    said = []
    for ask in (lambda: api.get("/x"), lambda: exec_in_pod(api, "a", "b", "c", ["x"], deadline_seconds=5.0)):
        try:
            ask()
        except PauseInspectError as error:
            said.append(str(error))
    arrived = [tls_server.headers(number, "Authorization") for number in range(len(tls_server.requests))]
    assert (len(arrived), len(said)) in {(2, 0), (0, 2)}
    assert arrived in ([], [[f"Bearer {token}".strip(" ")]] * 2)
    assert "secret" not in "".join(said)
    assert "sécret" not in "".join(said)
