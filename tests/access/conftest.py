"""A fake API server, and a kubeconfig that points to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.access.rest import Api

from .fake_api_server import FakeApiServer


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


def write_kubeconfig(path: Path, server: str, *, name: str = "test", user: Any = None, cluster: Any = None) -> Path:
    document = {
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": f"ns-{name}"}}],
        "clusters": [{"name": name, "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": name, "user": {"token": "secret-token"} if user is None else user}],
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@pytest.fixture
def api_of(tmp_path: Path) -> Callable[..., Api]:
    def make(server: FakeApiServer, *, user: Any = None, cluster: Any = None, **flags: Any) -> Api:
        path = write_kubeconfig(tmp_path / "config", server.url, user=user, cluster=cluster)
        return connect(ConnectionFlags(kubeconfig=str(path), **{"request_timeout": 5.0, **flags}))

    return make
