"""Tokens of the `oidc` auth provider: read, renewed and written back by `kubernetes`.

Only this and a run inside a cluster import it.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubectl_pause.cluster.kubeconfig_files import as_written
from kubectl_pause.cluster.text import one_line
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_pause.cluster.kubeconfig_files import Entry

_LOADING_SECONDS = 30.0


def oidc_authorization(user: Entry, timeout: float) -> Callable[[], str | None]:
    """The Authorization header of now. `timeout` in seconds, 0 for a limit of its own.

    Raises PauseInspectError for another provider than `oidc` and where no valid token is to be had.
    """
    provider = user.fields["auth-provider"].get("name")
    if provider != "oidc":
        raise PauseInspectError(
            "AuthProviderNotSupported",
            f'the auth provider "{one_line(str(provider))}" of user "{user.name}" is not supported',
            "kubectl dropped it too (1.26): use an exec plugin, such as kubelogin or gke-gcloud-auth-plugin",
        )
    from kubernetes.client import Configuration
    from kubernetes.config.kube_config import KubeConfigLoader

    document = {
        "current-context": "chosen",
        "contexts": [{"name": "chosen", "context": {"cluster": "chosen", "user": "chosen"}}],
        "clusters": [{"name": "chosen", "cluster": {"server": ""}}],
        "users": [{"name": "chosen", "user": {"auth-provider": user.fields["auth-provider"]}}],
    }
    settings = Configuration()

    def load() -> None:
        loader: Any = KubeConfigLoader
        loader(config_dict=document, config_base_path="", config_persister=_persister(user)).load_and_set(settings)

    try:
        _within(timeout or _LOADING_SECONDS, load, f'the OIDC provider of user "{user.name}"')
    except PauseInspectError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever the library meets in the file or hears from the provider)
        raise PauseInspectError(
            "InvalidKubeconfig",
            f'the OIDC credentials of user "{user.name}" cannot be used: {_words(error)}',
            "compare with kubectl config view --minify",
        ) from None
    if not settings.auth_settings():
        raise PauseInspectError(
            "OidcRefreshFailed", f'the OIDC provider of user "{user.name}" gave no valid token', "log in again with your OIDC tool"
        )
    return lambda: header_of(settings)


def header_of(settings: Any) -> str | None:
    """The Authorization header that a kubernetes Configuration would send now."""
    setting = next(iter(settings.auth_settings().values()), None)
    return str(setting["value"]) if setting else None


def _words(error: Exception) -> str:
    text = one_line(str(error).replace("kube-config", "kubeconfig"))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _within(seconds: float, work: Callable[[], None], waited_for: str) -> None:
    """Run `work`, which has no deadline of its own, in a thread that is left behind when it takes too long."""
    failures: list[Exception] = []

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 (raised again in the thread that waits)
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise PauseInspectError("OidcRefreshFailed", f"{waited_for} did not answer within {seconds:g} s", "check network or VPN")
    if failures:
        raise failures[0]


def _persister(user: Entry) -> Callable[[], None]:
    """Write a renewed OIDC token back, as kubectl does: with rotation the old refresh token is dead for everyone."""

    def persist() -> None:
        import tempfile

        import yaml

        if user.path is None:
            return
        document = yaml.load(user.path.read_bytes(), Loader=as_written())  # noqa: S506 (a safe loader)
        for entry in document["users"]:
            if entry["name"] == user.name:
                renewed = user.fields["auth-provider"]["config"]
                entry["user"]["auth-provider"]["config"] |= {key: renewed[key] for key in ("id-token", "refresh-token") if key in renewed}
        target = user.path.resolve()
        with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False, encoding="utf-8") as file:
            yaml.safe_dump(document, file, default_flow_style=False, sort_keys=False)
        Path(file.name).replace(target)

    return persist
