"""The fields of a kubeconfig that are texts are texts, as client-go demands too: a wrong type is an error, and never guessed at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXTS = {
    "clusters[].cluster": ("server", "certificate-authority", "certificate-authority-data", "tls-server-name", "proxy-url"),
    "users[].user": (
        "token", "tokenFile", "username", "password", "client-certificate", "client-certificate-data", "client-key", "client-key-data",
        "as", "as-uid",
    ),
    "users[].user.exec": ("command", "apiVersion", "interactiveMode", "installHint"),
}  # fmt: skip


def check_types(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> None:
    """Look at the cluster and the user that were selected. Raises PauseInspectError naming the field, and never its value."""
    _check_texts("clusters[].cluster", cluster)
    if not isinstance(cluster.get("insecure-skip-tls-verify"), bool | None):
        raise _wrong("clusters[].cluster.insecure-skip-tls-verify", "true or false")
    extensions = cluster.get("extensions")
    if not (extensions is None or (isinstance(extensions, list) and all(isinstance(item, dict) for item in extensions))):
        raise _wrong("clusters[].cluster.extensions", "list of extensions")
    _check_texts("users[].user", user)
    plugin = user.get("exec")
    if plugin is None:
        return
    if not isinstance(plugin, dict):
        raise _wrong("users[].user.exec", "mapping")
    _check_texts("users[].user.exec", plugin)
    arguments, environment = plugin.get("args"), plugin.get("env")
    if not (arguments is None or (isinstance(arguments, list) and all(isinstance(argument, str | None) for argument in arguments))):
        raise _wrong("users[].user.exec.args", "list of texts")
    if not (environment is None or (isinstance(environment, list) and all(_is_pair(item) for item in environment))):
        raise _wrong("users[].user.exec.env", "list of name and value")


def _check_texts(place: str, fields: Mapping[str, Any]) -> None:
    for field in _TEXTS[place]:
        if not isinstance(fields.get(field), str | None):
            raise _wrong(f"{place}.{field}", "text")


def _is_pair(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("name"), str | None) and isinstance(item.get("value"), str | None)


def _wrong(field: str, kind: str) -> PauseInspectError:
    what = f"the kubeconfig's {field} is no {kind}"
    return PauseInspectError(
        "InvalidKubeconfig", what, "correct it; a text that looks like something else needs quotes; kubectl config view"
    )
