"""Tokens of the legacy `oidc` auth provider: used while they are valid, renewed by kubectl, never by this program.

kubectl knows which certificate of the provider to believe, and how to write a renewed token back under its own lock: a renewal means
sending the refresh token and the client secret to whoever answers at the issuer's address.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import threading
import time
from typing import TYPE_CHECKING

from kubectl_pause.access.credentials.child_process import run_child
from kubectl_pause.access.kubeconfig_files import home_expanded, read_kubeconfig, search_paths
from kubectl_pause.access.one_line import one_line
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_pause.access.connection_flags import ConnectionFlags
    from kubectl_pause.access.kubeconfig_files import Entry

EXPIRY_LEEWAY_SECONDS = 10.0
"""client-go's expiryDelta: a token that ends sooner is renewed at once."""
_LEAST_KUBECTL_SECONDS = 15.0
"""kubectl asks the provider twice (discovery, token) and then the API server."""


class OidcToken:
    """The Authorization header of a user with `auth-provider: oidc`. Safe to use from many threads at once."""

    def __init__(self, user: Entry, flags: ConnectionFlags) -> None:
        """Raises PauseInspectError for another provider than `oidc`."""
        provider = user.fields["auth-provider"].get("name")
        if provider != "oidc":
            raise PauseInspectError(
                "AuthProviderNotSupported",
                f'the auth provider "{one_line(str(provider))}" of user "{user.name}" is not supported',
                "kubectl dropped it too (1.26): use an exec plugin, such as kubelogin or gke-gcloud-auth-plugin",
            )
        self._name = user.name
        self._flags = flags
        self._token = _id_token(user.fields)
        self._failure: PauseInspectError | None = None
        self._lock = threading.Lock()

    def now(self) -> str:
        """The header. Runs kubectl first where the token has expired; raises PauseInspectError where that gives no valid one.

        A renewal that failed is not tried again: each of many threads would wait for it in turn.
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure
            try:
                self._ensure_valid()
            except PauseInspectError as error:
                self._failure = error
                raise
            return f"Bearer {self._token}"

    def _ensure_valid(self) -> None:
        if self._is_valid():
            return
        self._token = self._renewed_by_kubectl()
        if not self._is_valid():
            what = "kubectl ended well, but the kubeconfig holds no valid id-token after it"
            raise self._failed(what, "log in again with your OIDC tool")

    def _is_valid(self) -> bool:
        if not self._token:
            return False
        try:
            end = expiry(self._token)
        except ValueError:
            raise self._failed("its id-token is not a JSON Web Token with a time of expiry", "log in again with your OIDC tool") from None
        return time.time() + EXPIRY_LEEWAY_SECONDS < end

    def _renewed_by_kubectl(self) -> str:
        kubectl = shutil.which("kubectl")
        if kubectl is None:
            raise self._failed("kubectl, which renews it, is not on PATH", "install kubectl, or log in again with your OIDC tool")
        arguments = ["get", "--raw", "/version", *_selecting(self._flags)]
        limit = max(self._flags.request_timeout, _LEAST_KUBECTL_SECONDS)
        by_hand = "run it by hand, or log in again with your OIDC tool: kubectl get --raw /version"
        try:
            end = run_child([kubectl, *arguments], os.environ, limit)
        except OSError as error:
            raise self._failed(f"{one_line(kubectl)} cannot be run: {error.strerror}", "is it a program for this machine?") from None
        said = one_line(end.stderr.decode(errors="replace"))
        if end.code is None:
            raise self._failed(f"kubectl did not renew it within {limit:g} s" + (f": {said}" if said else ""), by_hand)
        if end.code != 0:
            raise self._failed(f"kubectl could not renew it: {said or f'exit code {end.code}'}", by_hand)
        config = read_kubeconfig(search_paths(self._flags.kubeconfig, os.environ))
        return _id_token(config.users[self._name].fields) if self._name in config.users else ""

    def _failed(self, what: str, hint: str) -> PauseInspectError:
        return PauseInspectError("OidcTokenExpired", f'the OIDC token of user "{self._name}" cannot be used: {what}', hint)


def expiry(token: str) -> float:
    """`exp` of a JSON Web Token (RFC 7519), seconds since 1970. Its signature is the API server's to check. Raises ValueError."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 (header, claims, signature)
        raise ValueError("not three parts")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        end = claims.get("exp") if isinstance(claims, dict) else None
        if isinstance(end, bool) or not isinstance(end, (int, float)):
            raise ValueError("no exp")  # noqa: TRY004 (the callers know one kind)
        return float(end)
    except (RecursionError, OverflowError):
        raise ValueError("beyond all measure") from None


def _id_token(fields: Mapping[str, object]) -> str:
    provider = fields.get("auth-provider")
    config = provider.get("config") if isinstance(provider, dict) else None
    return str(config.get("id-token") or "") if isinstance(config, dict) else ""


def _selecting(flags: ConnectionFlags) -> list[str]:
    """The flags that choose server and user, as kubectl takes them. Without impersonation: it plays no part in renewing."""
    texts = {
        "kubeconfig": _whole(flags.kubeconfig), "context": flags.context, "cluster": flags.cluster, "user": flags.user,
        "server": flags.server, "tls-server-name": flags.tls_server_name,
        "certificate-authority": _whole(flags.certificate_authority),
    }  # fmt: skip
    given = [f"--{name}={value}" for name, value in texts.items() if value]
    return [*given, "--insecure-skip-tls-verify=true"] if flags.insecure_skip_tls_verify else given


def _whole(path: str | None) -> str | None:
    """`~` is the home directory here, also where the shell left it (`--kubeconfig=~/config`), and a name like any other to kubectl."""
    return str(home_expanded(path)) if path else path
