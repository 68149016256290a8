"""A credential plugin that asks, waits, fails or hangs: its words reach the user, and nothing of it stays."""

from __future__ import annotations

import base64
import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.errors import PauseInspectError

from .conftest import UNVERIFIED, write_kubeconfig
from .fake_api_server import make_certificates

API_VERSION = "client.authentication.k8s.io/v1"
CREDENTIAL = json.dumps({"apiVersion": API_VERSION, "kind": "ExecCredential", "status": {"token": "t"}})


@pytest.fixture
def server(tls_server):
    """Only a server with TLS gets a credential."""
    return tls_server


def plugin(folder: Path, script: str, **fields: object) -> dict[str, object]:
    path = folder / "plugin.sh"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return {"exec": {"apiVersion": API_VERSION, "command": str(path), "interactiveMode": "IfAvailable", **fields}}


def read_until(descriptor: int, word: bytes) -> bytes:
    """All that comes up to and with `word`; b"" in `word` reads to the end."""
    read = b""
    while not (word and word in read):
        assert select.select([descriptor], [], [], 30)[0], read
        piece = os.read(descriptor, 4096)
        if not piece:
            break
        read += piece
    return read


def test_a_plugin_that_hangs_is_quoted_and_ends_with_its_children(server, api_of, tmp_path, monkeypatch):
    monkeypatch.setattr("kubectl_pause.access.credentials.credential_plugin.MINIMUM_SECONDS", 1.0)
    os.mkfifo(tmp_path / "alive")
    alive = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    script = f"(echo born; exec sleep 600) >{tmp_path}/alive & echo 'go to https://x.example and type CODE' >&2; wait"
    with pytest.raises(PauseInspectError) as caught:
        api_of(server, user=plugin(tmp_path, script), request_timeout=1.0)
    assert "did not answer within 1 s; it said: go to https://x.example and type CODE" in caught.value.message
    assert read_until(alive, b"") == b"born\n"  # and then the end: nobody holds the other side any more
    os.close(alive)


def test_a_child_of_the_plugin_that_hides_does_not_hold_the_run_up(server, api_of, tmp_path, monkeypatch):
    monkeypatch.setattr("kubectl_pause.access.credentials.credential_plugin.MINIMUM_SECONDS", 1.0)
    script = f"echo CODE >&2; setsid sh -c 'echo $$ >{tmp_path}/pid; exec sleep 600' & wait"
    try:
        with pytest.raises(PauseInspectError, match="it said: CODE"):
            api_of(server, user=plugin(tmp_path, script), request_timeout=1.0)
    finally:
        os.kill(int((tmp_path / "pid").read_text()), 9)


def test_on_a_terminal_the_plugin_s_words_are_seen_while_it_waits(server, tmp_path):
    os.mkfifo(tmp_path / "typed")
    script = f"echo 'type CODE' >&2; read answer <{tmp_path}/typed; echo '{CREDENTIAL}'"
    config = write_kubeconfig(tmp_path / "config", server.url, user=plugin(tmp_path, script, interactiveMode="Never"), cluster=UNVERIFIED)
    imports = "from kubectl_pause.access.connection_flags import *; from kubectl_pause.access.kubeconfig import *"
    code = f"{imports}; connect(ConnectionFlags(kubeconfig={str(config)!r})).get('/x')"
    master, slave = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL, stderr=slave) as process:
        os.close(slave)
        assert b"type CODE" in read_until(master, b"CODE")
        (tmp_path / "typed").write_text("yes\n")
        assert process.wait(30) == 0
    os.close(master)
    assert server.headers(0, "Authorization") == ["Bearer t"]


def test_what_a_plugin_is_told(server, api_of, tmp_path):
    """No terminal, so not interactive; the cluster with its authority as data and its numbers as numbers."""
    authority, _ = make_certificates(tmp_path, "api.example")
    authority.rename(tmp_path / "ca.crt")
    config = tmp_path / "config"
    script = f"echo \"$KUBERNETES_EXEC_INFO\" >{tmp_path}/info; echo '{CREDENTIAL}'"
    write_kubeconfig(
        config, server.url, user=plugin(tmp_path, script, provideClusterInfo=True), cluster={"certificate-authority": "ca.crt"}
    )
    numbers = 'extension: {port: 443, ratio: 1.5, zone: "7", zip: 0123, on: true}'
    extension = f"\n    extensions:\n    - name: client.authentication.k8s.io/exec\n      {numbers}"
    config.write_text(config.read_text().replace("certificate-authority: ca.crt", "certificate-authority: ca.crt" + extension))
    connect(ConnectionFlags(kubeconfig=str(config)))
    spec = json.loads((tmp_path / "info").read_text())["spec"]
    assert spec["interactive"] is False
    assert spec["cluster"]["certificate-authority-data"] == base64.b64encode((tmp_path / "ca.crt").read_bytes()).decode()
    assert spec["cluster"]["config"] == {"port": 443, "ratio": 1.5, "zone": "7", "zip": "0123", "on": True}


def test_a_plugin_that_must_ask_is_not_started_without_a_terminal(server, api_of, tmp_path):
    with pytest.raises(PauseInspectError, match="stdin is no terminal"):
        api_of(server, user=plugin(tmp_path, f"touch {tmp_path}/started", interactiveMode="Always"))
    assert not (tmp_path / "started").exists()


ON_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from kubectl_pause.access.credentials import credential_plugin
from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.errors import PauseInspectError
credential_plugin.TERMINAL_SECONDS = float(sys.argv[2])
try:
    connect(ConnectionFlags(kubeconfig=sys.argv[1], request_timeout=1.0)).get("/x")
except PauseInspectError as error:
    print(error.message)
assert os.tcgetpgrp(0) == os.getpgrp()
"""


def on_a_terminal(config: Path, seconds: float) -> tuple[subprocess.Popen[bytes], int]:
    """A process whose stdin and stderr are a terminal of its own, and the terminal's other side."""
    master, slave = pty.openpty()
    words = [sys.executable, "-c", ON_A_TERMINAL, str(config), str(seconds)]
    process = subprocess.Popen(words, stdin=slave, stdout=subprocess.PIPE, stderr=slave, start_new_session=True)
    os.close(slave)
    return process, master


def test_a_plugin_may_ask_on_a_terminal_and_gives_it_back(server, tmp_path):
    script = f"test -t 0 && printf 'password: ' >&2 && read answer && test \"$answer\" = secret && echo '{CREDENTIAL}'"
    config = write_kubeconfig(tmp_path / "config", server.url, user=plugin(tmp_path, script), cluster=UNVERIFIED)
    process, master = on_a_terminal(config, 30.0)
    read_until(master, b"password: ")
    os.write(master, b"secret\n")
    out, _ = process.communicate(timeout=30)
    os.close(master)
    assert (process.returncode, out) == (0, b"")
    assert server.headers(0, "Authorization") == ["Bearer t"]


def test_a_plugin_that_waits_for_ever_on_a_terminal_ends_with_its_children(server, tmp_path):
    os.mkfifo(tmp_path / "alive")
    alive = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    script = f"(echo born; exec sleep 600) >{tmp_path}/alive & printf 'password: ' >&2; read answer"
    config = write_kubeconfig(tmp_path / "config", server.url, user=plugin(tmp_path, script), cluster=UNVERIFIED)
    process, master = on_a_terminal(config, 1.0)
    out, _ = process.communicate(timeout=30)
    os.close(master)
    assert process.returncode == 0
    assert b"did not answer within 1 s" in out
    assert read_until(alive, b"") == b"born\n"
    os.close(alive)
