"""The command line, in process, against a fake cluster; after each test nothing of ours may be left on it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.cli.main import run
from tests.access.conftest import write_kubeconfig
from tests.access.fake_api_server import FakeApiServer
from tests.cli.fake_cluster import FakeCluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("KUBERNETES_SERVICE", "KUBECONFIG", "PAUSE_INSPECT")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@dataclass
class Ended:
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Each error as what happened and what to do next; stderr may hold nothing else but warnings and the file that was written."""
        rows = [row for row in self.err.splitlines() if not row.startswith(("warning: ", "wrote ", "replaced "))]
        assert len(rows) % 2 == 0, self.err
        pairs = list(zip(rows[::2], rows[1::2], strict=True))
        assert all(what.startswith("error: ") and then.startswith("  next: ") for what, then in pairs), self.err
        return [(what.removeprefix("error: "), then.removeprefix("  next: ")) for what, then in pairs]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeCluster]:
    with FakeApiServer().running() as server:
        monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "config", server.url)))
        made = FakeCluster(server)
        yield made
        assert made.left == []


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    def invoke(*arguments: str) -> Ended:
        capsys.readouterr()
        code = run(arguments)
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Ended(int(code), said.out, said.err)

    return invoke
