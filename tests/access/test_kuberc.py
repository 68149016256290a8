"""A credential plugin that the user's kuberc forbids is never run, and what cannot be understood forbids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from kubectl_pause.cli.main import run

from .conftest import UNVERIFIED, write_kubeconfig

API_VERSION = "client.authentication.k8s.io/v1"
DENY = {"credentialPluginPolicy": "DenyAll"}
OTHER = {
    "credentialPluginPolicy": "Allowlist",
    "credentialPluginAllowlist": [{"command": "get-identity"}, {"command": "/bin/cloudco-login"}],
}


def allow(**entry: str) -> dict[str, object]:
    return {"credentialPluginPolicy": "Allowlist", "credentialPluginAllowlist": [{"command": "other"}, entry]}


@pytest.fixture
def node(tmp_path, tls_server, monkeypatch, capsys):
    """Runs `node --all` with a kubeconfig whose plugin writes a file `ran`; gives the exit code, stderr and whether it ran."""
    for name in ("KUBERC", "KUBECTL_KUBERC"):
        monkeypatch.delenv(name, raising=False)
    plugin = tmp_path / "cloudco-login"
    credential = json.dumps({"apiVersion": API_VERSION, "kind": "ExecCredential", "status": {"token": "t"}})
    plugin.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\necho '{credential}'\n")
    plugin.chmod(0o755)
    user = {"exec": {"apiVersion": API_VERSION, "command": "./cloudco-login", "interactiveMode": "Never"}}
    config = write_kubeconfig(tmp_path / "config", tls_server.url, user=user, cluster=UNVERIFIED)
    (tmp_path / ".kube").mkdir()

    def ask(*words: str) -> tuple[int, str, bool]:
        code = run(["node", "--all", "--kubeconfig", str(config), *words])
        return code, capsys.readouterr().err, (tmp_path / "ran").exists()

    return ask


def write(path: Path, preferences: object) -> Path:
    head = {"apiVersion": "kubectl.config.k8s.io/v1beta1", "kind": "Preference"}
    path.write_text(preferences if isinstance(preferences, str) else yaml.safe_dump({**head, **preferences}))  # type: ignore[dict-item]
    return path


@pytest.mark.parametrize(
    ("preferences", "words"),
    [
        (DENY, ["cloudco-login is not allowed by credentialPluginPolicy DenyAll of "]),
        (OTHER, ["cloudco-login is not in credentialPluginAllowlist", "credentialPluginPolicy Allowlist"]),
        ({"credentialPluginPolicy": "Allowlist"}, ["needs a credentialPluginAllowlist"]),
        ({"credentialPluginPolicy": "Allowlist", "credentialPluginAllowlist": []}, ["needs a credentialPluginAllowlist"]),
        ({"credentialPluginAllowlist": [{"command": "cloudco-login"}]}, ["is not AllowAll, DenyAll or Allowlist"]),
        ({"credentialPluginPolicy": "denyall"}, ["is not AllowAll, DenyAll or Allowlist"]),
        (allow(path="cloudco-login"), ["has no command"]),
        ("- a", ["no mapping"]),
        ("{", ["not YAML"]),
    ],
)
@pytest.mark.parametrize("place", ["default", "KUBERC", "--kuberc"])
def test_a_plugin_that_is_forbidden_is_not_run(node, tmp_path, monkeypatch, preferences, words, place):  # noqa: PLR0917 (cases)
    path = write(tmp_path / ".kube" / "kuberc" if place == "default" else tmp_path / "rc", preferences)
    if place == "KUBERC":
        monkeypatch.setenv("KUBERC", str(path))
    code, err, ran = node(*(["--kuberc", str(path)] if place == "--kuberc" else []))
    assert (code, ran) == (1, False)
    assert err.count("error: ") == 1
    assert all(word in err for word in [*words, str(path)])


@pytest.mark.parametrize(
    "preferences",
    [{}, "", {"credentialPluginPolicy": "AllowAll"}, allow(command="cloudco-login"), allow(name="cloudco-login"), allow(command="FULL")],
)
def test_a_plugin_that_is_allowed_is_run(node, tmp_path, preferences):
    path = write(tmp_path / ".kube" / "kuberc", preferences)
    path.write_text(path.read_text().replace("FULL", str(tmp_path / "cloudco-login")))
    assert node()[2]


@pytest.mark.parametrize(("name", "value"), [("KUBERC", "off"), ("KUBECTL_KUBERC", "false")])
def test_kuberc_can_be_switched_off(node, tmp_path, monkeypatch, name, value):
    write(tmp_path / ".kube" / "kuberc", DENY)
    monkeypatch.setenv(name, value)
    assert node()[2]


def test_without_a_kuberc_a_plugin_is_run_and_one_that_is_named_must_exist(node, tmp_path):
    code, err, ran = node("--kuberc", str(tmp_path / "none"))
    assert (code, ran, "does not exist" in err) == (1, False, True)
    assert node()[2]
