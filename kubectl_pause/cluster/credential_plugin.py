"""Run the exec credential plugin of a kubeconfig user, with a deadline, and never go on without what it should give.

`kubernetes.config` logs a failing plugin and continues unauthenticated, and waits for ever; this does neither. Protocol:
client.authentication.k8s.io ExecCredential (Kubernetes "client-go credential plugins"). The answer is turned into plain
kubeconfig fields (`token`, `client-certificate-data`, `client-key-data`).
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from typing import Any

from kubectl_pause.cluster.text import one_line
from kubectl_pause.errors import PauseInspectError

MINIMUM_SECONDS = 5.0
INTERACTIVE_SECONDS = 180.0
"""A plugin that may ask the user something (device code, password) gets this long on a terminal."""


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
    interactive = plugin.get("interactiveMode") != "Never" and sys.stdin is not None and sys.stdin.isatty()
    deadline = max(timeout or MINIMUM_SECONDS, INTERACTIVE_SECONDS if interactive else MINIMUM_SECONDS)
    output = _run(plugin, command, _environment(plugin, version, cluster, interactive=interactive), deadline, interactive)
    return _fields(command, version, output)


def _run(plugin: dict[str, Any], command: str, environment: dict[str, str], deadline: float, interactive: bool) -> bytes:  # noqa: FBT001
    arguments = [str(argument) for argument in plugin.get("args") or []]
    try:
        with subprocess.Popen(
            [command, *arguments],
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # A question to the user has to reach the terminal; otherwise stderr belongs to the error message.
            stderr=None if interactive else subprocess.PIPE,
            env=environment,
            start_new_session=not interactive,
        ) as process:
            try:
                output, complaint = process.communicate(timeout=deadline)
            except BaseException as error:
                _end(process, group=not interactive)
                if isinstance(error, subprocess.TimeoutExpired):
                    raise _failed(command, f"did not answer within {deadline:g} s", "run it by hand") from None
                raise
    except FileNotFoundError:
        hint = one_line(str(plugin.get("installHint") or "")) or "install it, or correct users[].user.exec.command"
        raise _failed(command, "is not installed", hint) from None
    except OSError as error:
        raise _failed(command, f"cannot be run: {error.strerror}", "correct users[].user.exec.command") from None
    if process.returncode != 0:
        said = one_line((complaint or b"").decode(errors="replace"))
        raise _failed(command, f"ended with exit code {process.returncode}" + (f": {said}" if said else ""), "run it by hand")
    return output


def _end(process: subprocess.Popen[bytes], *, group: bool) -> None:
    """Kill the plugin, and with its own session also its children, which could keep the pipes open."""
    try:
        if group:
            import signal

            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        return


def _environment(plugin: dict[str, Any], version: str, cluster: dict[str, Any], *, interactive: bool) -> dict[str, str]:
    environment = dict(os.environ)
    for item in plugin.get("env") or []:
        if isinstance(item, dict) and item.get("name"):
            environment[str(item["name"])] = str(item.get("value") or "")
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.get("provideClusterInfo") is True:
        names = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url")
        spec["cluster"] = {name: cluster[name] for name in names if cluster.get(name)}
        for extension in cluster.get("extensions") or []:
            if isinstance(extension, dict) and extension.get("name") == "client.authentication.k8s.io/exec":
                spec["cluster"]["config"] = extension.get("extension")
    environment["KUBERNETES_EXEC_INFO"] = json.dumps({"apiVersion": version, "kind": "ExecCredential", "spec": spec})
    return environment


def _fields(command: str, version: str, output: bytes) -> dict[str, str]:
    try:
        answer = json.loads(output)
    except ValueError:
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
