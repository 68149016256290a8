"""Run the exec credential plugin of a kubeconfig user, with a deadline, and never go on without what it should give.

`kubernetes.config` logs a failing plugin and continues unauthenticated, and waits for ever; this does neither. Protocol:
client.authentication.k8s.io ExecCredential (Kubernetes "client-go credential plugins"). The answer is turned into plain
kubeconfig fields (`token`, `client-certificate-data`, `client-key-data`).
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from kubectl_pause.access.credentials.child_process import run_child, stderr_is_terminal, stdin_is_terminal
from kubectl_pause.access.one_line import one_line
from kubectl_pause.errors import PauseInspectError

MINIMUM_SECONDS = 5.0
TERMINAL_SECONDS = 180.0
"""Where the user sees what a plugin says (device code, password), it gets this long."""
_LONGEST_QUOTE = 1000
"""Bytes of stderr that are quoted: the last ones say what it waits for."""


def run_credential_plugin(plugin: dict[str, Any], cluster: dict[str, Any], *, timeout: float) -> dict[str, str]:
    """Kubeconfig user fields from the plugin's answer. Raises PauseInspectError naming the plugin and its stderr."""
    command = plugin.get("command")
    version = plugin.get("apiVersion")
    if not isinstance(command, str) or not command or not isinstance(version, str):
        raise PauseInspectError(
            "CredentialPluginFailed",
            "the kubeconfig user's exec has no command or no apiVersion",
            "complete users[].user.exec",
        )
    mode = plugin.get("interactiveMode")
    if mode == "Always" and not stdin_is_terminal():
        raise _failed(command, "has to ask something (interactiveMode: Always), and stdin is no terminal", "run this on a terminal")
    may_ask = mode != "Never" and stdin_is_terminal()
    least = TERMINAL_SECONDS if may_ask or stderr_is_terminal() else MINIMUM_SECONDS
    words = [command, *(argument or "" for argument in plugin.get("args") or [])]  # null is "", as for client-go
    return _fields(command, version, _output(plugin, words, _environment(plugin, version, cluster, may_ask), max(timeout, least), may_ask))


def _output(plugin: dict[str, Any], words: list[str], environment: dict[str, str], deadline: float, may_ask: bool) -> bytes:  # noqa: FBT001 (handed on as it was given)
    command = words[0]
    try:
        end = run_child(words, environment, deadline, may_ask=may_ask, is_heard=True)
    except FileNotFoundError:
        hint = one_line(str(plugin.get("installHint") or "")) or "install it, or correct users[].user.exec.command"
        raise _failed(command, "is not installed", hint) from None
    except OSError as error:
        raise _failed(command, f"cannot be run: {error.strerror}", "correct users[].user.exec.command") from None
    said = one_line(end.stderr[-_LONGEST_QUOTE:].decode(errors="replace"))
    if end.code is None:
        hint = "do what it asks for, or run it by hand" if said else "run it by hand"
        raise _failed(command, f"did not answer within {deadline:g} s" + (f"; it said: {said}" if said else ""), hint)
    if end.code != 0:
        raise _failed(command, f"ended with exit code {end.code}" + (f": {said}" if said else ""), "run it by hand")
    return end.stdout


def _environment(plugin: dict[str, Any], version: str, cluster: dict[str, Any], may_ask: bool) -> dict[str, str]:  # noqa: FBT001 (handed on as it was given)
    environment = dict(os.environ)
    for item in plugin.get("env") or []:
        if isinstance(item, dict) and item.get("name"):
            environment[str(item["name"])] = str(item.get("value") or "")
    spec: dict[str, Any] = {"interactive": may_ask}
    if plugin.get("provideClusterInfo") is True:
        names = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url")
        spec["cluster"] = {name: cluster[name] for name in names if cluster.get(name)}
        if cluster.get("certificate-authority") and not cluster.get("certificate-authority-data"):
            spec["cluster"]["certificate-authority-data"] = _file_as_data(str(cluster["certificate-authority"]))
        for extension in cluster.get("extensions") or []:
            if isinstance(extension, dict) and extension.get("name") == "client.authentication.k8s.io/exec":
                spec["cluster"]["config"] = extension.get("extension")
    try:
        environment["KUBERNETES_EXEC_INFO"] = json.dumps({"apiVersion": version, "kind": "ExecCredential", "spec": spec})
    except (TypeError, ValueError):  # YAML's sets and dates, and what contains itself
        what = "what the kubeconfig's clusters[].cluster.extensions holds for the credential plugin cannot be written as JSON"
        raise PauseInspectError("InvalidKubeconfig", what, "correct it; kubectl config view") from None
    return environment


def _file_as_data(path: str) -> str:
    try:
        return base64.b64encode(Path(path).read_bytes()).decode()
    except OSError as error:
        what = f"certificate-authority {path} cannot be read: {error.strerror}"
        raise PauseInspectError("InvalidKubeconfig", what, "compare with kubectl config view --minify") from None


def _fields(command: str, version: str, output: bytes) -> dict[str, str]:
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        raise _failed(command, "did not print JSON", "run it by hand") from None
    status = answer.get("status") if isinstance(answer, dict) else None
    if not isinstance(status, dict):
        raise _failed(command, "printed no ExecCredential with a status", "run it by hand")
    if answer.get("apiVersion") != version:
        said = one_line(str(answer.get("apiVersion")))
        raise _failed(command, f"answered with {said}, not with {version}", "make apiVersion of users[].user.exec match")
    fields: dict[str, str] = {}
    if status.get("token"):
        fields["token"] = str(status["token"])
    if status.get("clientCertificateData") and status.get("clientKeyData"):
        for source, target in (
            ("clientCertificateData", "client-certificate-data"),
            ("clientKeyData", "client-key-data"),
        ):
            fields[target] = base64.b64encode(str(status[source]).encode()).decode()
    if not fields:
        raise _failed(command, "gave neither a token nor a client certificate with its key", "run it by hand")
    return fields


def _failed(command: str, what: str, hint: str) -> PauseInspectError:
    return PauseInspectError("CredentialPluginFailed", f"the credential plugin {one_line(command)} {what}", hint)
