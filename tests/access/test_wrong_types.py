"""A kubeconfig with a value of a type that does not belong there ends in an error of the kubeconfig, never in a defect of ours."""

from __future__ import annotations

import itertools

import pytest
import yaml

from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.access.kubeconfig_files import search_paths
from kubectl_pause.errors import PauseInspectError

WRONG = (
    "true",
    "7",
    "[a]",
    "[[a]]",
    "{a: b}",
    "[{a: b}]",
    "!!set {a}",
    "!!binary aGFsbG8=",
    "!!timestamp 2001-01-01",
    "[null]",
    "[true]",
    "x",
)
ANSWER = '{"apiVersion": "client.authentication.k8s.io/v1", "status": {"token": "t"}}'
PLACES = {
    "": ("current-context", "contexts", "clusters", "users"),
    "context": ("cluster", "user", "namespace"),
    "cluster": (
        "server", "certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify", "tls-server-name", "proxy-url",
        "extensions",
    ),
    "user": (
        "token", "tokenFile", "username", "password", "client-certificate", "client-certificate-data", "client-key", "client-key-data",
        "as", "as-uid", "as-groups", "as-user-extra", "exec", "auth-provider",
    ),
    "exec": ("command", "args", "env", "apiVersion", "interactiveMode", "provideClusterInfo", "installHint"),
    "auth-provider": ("name", "config"),
}  # fmt: skip


def with_wrong(part: str, field: str, value: str, kind: str) -> str:
    """A kubeconfig as text; `part` says where the field that is wrong stands."""
    plugin: dict[str, object] = {
        "command": "echo", "args": [ANSWER], "env": [{"name": "A", "value": "b"}], "apiVersion": "client.authentication.k8s.io/v1",
        "provideClusterInfo": True, "interactiveMode": "Never",
    }  # fmt: skip
    provider: dict[str, object] = {"name": "oidc", "config": {"id-token": "x", "idp-issuer-url": "https://x"}}
    parts: dict[str, dict[str, object]] = {
        "context": {"cluster": "c", "user": "u"},
        "cluster": {"server": "https://127.0.0.1:1"},
        "exec": plugin,
        "auth-provider": provider,
    }
    parts["user"] = {kind: parts[kind]} if kind in parts else {"token": "t"}
    document: dict[str, object] = {
        "current-context": "x",
        **{f"{name}s": [{"name": short, name: parts[name]}] for name, short in (("context", "x"), ("cluster", "c"), ("user", "u"))},
    }
    (parts[part] if part else document)[field] = "WRONG"
    return yaml.safe_dump(document).replace("WRONG", value)


@pytest.mark.parametrize("part", PLACES)
def test_a_value_of_any_type_anywhere(tmp_path, monkeypatch, part):
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    kind = part if part in ("exec", "auth-provider") else "exec" if part == "cluster" else "token"
    path = tmp_path / "config"
    refused = []
    for field, value in itertools.product(PLACES[part], WRONG):
        path.write_text(with_wrong(part, field, value, kind))
        try:
            connect(ConnectionFlags(kubeconfig=str(path), request_timeout=5.0)).headers()
        except PauseInspectError as error:
            refused.append(error.message)
        except Exception as error:
            raise AssertionError(f"{part} {field}: {value}: {type(error).__name__}: {error}") from error
    assert refused
    assert all(refused)


@pytest.mark.parametrize("extension", ["!!set {a}", "{a: !!timestamp 2001-01-01}", "&a [*a]"])
def test_an_extension_that_is_no_json(tmp_path, extension):
    path = tmp_path / "config"
    path.write_text(with_wrong("cluster", "extensions", f"[{{name: client.authentication.k8s.io/exec, extension: {extension}}}]", "exec"))
    with pytest.raises(PauseInspectError, match="cannot be written as JSON"):
        connect(ConnectionFlags(kubeconfig=str(path)))


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("args", "--flag", "users[].user.exec.args is no list of texts"),
        ("args", "true", "users[].user.exec.args is no list of texts"),
        ("args", "[{a: b}]", "users[].user.exec.args is no list of texts"),
        ("env", "{A: b}", "users[].user.exec.env is no list of name and value"),
        ("env", "[{name: A, value: [b]}]", "users[].user.exec.env is no list of name and value"),
    ],
)
def test_what_a_plugin_is_started_with_is_never_guessed(tmp_path, field, value, what):
    path = tmp_path / "config"
    path.write_text(with_wrong("exec", field, value, "exec"))
    with pytest.raises(PauseInspectError) as raised:
        connect(ConnectionFlags(kubeconfig=str(path)))
    assert raised.value.reason == "InvalidKubeconfig"
    assert what in raised.value.message


def test_a_tilde_that_no_shell_expanded(tmp_path, monkeypatch):
    """`KUBECONFIG="~/a:~/b"`: quotes keep a shell from it; kubectl would look for a directory named `~`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert search_paths(None, {"KUBECONFIG": "~/a:/b"}) == (tmp_path / "a", type(tmp_path)("/b"))
