"""A fake API server, and a kubeconfig that points to it."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.access.rest import Api

from .fake_api_server import FakeApiServer, make_certificates

UNVERIFIED = {"insecure-skip-tls-verify": True}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("KUBERNETES_SERVICE", "KUBECONFIG")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def server() -> Iterator[FakeApiServer]:
    with FakeApiServer().running() as running:
        yield running


@pytest.fixture(scope="session")
def server_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """The server's side of TLS, with a certificate of its own."""
    return make_certificates(tmp_path_factory.mktemp("tls"), "api.example")[1]


@pytest.fixture
def tls_server(server_tls: ssl.SSLContext) -> Iterator[FakeApiServer]:
    """A server that credentials are sent to."""
    with FakeApiServer(tls=server_tls).running() as running:
        yield running


def write_kubeconfig(path: Path, server: str, *, name: str = "test", user: Any = None, cluster: Any = None) -> Path:
    """A kubeconfig of one context. Unless `user` is given, its user has a token where the server has TLS, else no credential."""
    user = ({"token": "secret-token"} if server.startswith("https:") else {}) if user is None else user
    document = {
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": f"ns-{name}"}}],
        "clusters": [{"name": name, "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": name, "user": user}],
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@pytest.fixture
def api_of(tmp_path: Path) -> Callable[..., Api]:
    def make(server: FakeApiServer, *, user: Any = None, cluster: Any = None, **flags: Any) -> Api:
        settings = {**(UNVERIFIED if server.tls else {}), **(cluster or {})}
        path = write_kubeconfig(tmp_path / "config", server.url, user=user, cluster=settings)
        return connect(ConnectionFlags(kubeconfig=str(path), **{"request_timeout": 5.0, **flags}))

    return make
