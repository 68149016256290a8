"""From kubectl's flags to a connection.

The package `kubernetes` gets merging, selection (kubeconfig_files), credential plugins (credential_plugin), OIDC (oidc), impersonation
and proxies wrong or leaves them out. What remains is three files in a pod, TLS and a urllib3 pool (tls): tests compare these with it.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kubectl_pause import __version__
from kubectl_pause.access.credentials.authorization import GivenCredential, TokenFile
from kubectl_pause.access.credentials.credential_plugin import run_credential_plugin
from kubectl_pause.access.credentials.impersonation import impersonation_headers
from kubectl_pause.access.credentials.kuberc import check_allowed
from kubectl_pause.access.kubeconfig_files import (
    Entry,
    Kubeconfig,
    Selection,
    read_kubeconfig,
    search_paths,
    select,
    with_cluster_flags,
    with_user_flags,
)
from kubectl_pause.access.kubeconfig_types import check_types
from kubectl_pause.access.proxies import choose_proxy, redact_url
from kubectl_pause.access.request_log import RequestLog, warn
from kubectl_pause.access.rest import Api, Connection
from kubectl_pause.access.tls import connection_pool, proxy_context, tls_context
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_pause.access.connection_flags import ConnectionFlags

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet mounts a pod's token, ca.crt and namespace."""
_CREDENTIALS = ("token", "tokenFile", "username", "exec", "auth-provider", "client-certificate", "client-certificate-data")


def connect(flags: ConnectionFlags) -> Api:
    """Work out server, credentials and namespace; no request is made yet, but a credential plugin is run.

    Raises PauseInspectError when no kubeconfig is found, names do not exist, a file is malformed or a plugin fails.
    """
    config = read_kubeconfig(search_paths(flags.kubeconfig, os.environ), must_exist=bool(flags.kubeconfig))
    if config.is_empty and not flags.server:
        host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
        if host and port and not flags.context:
            return _from_service_account(host, port, flags)
        raise _no_kubeconfig(config)
    return _from_selection(select(config, flags), flags)


def _no_kubeconfig(config: Kubeconfig) -> PauseInspectError:
    looked = ", ".join(f"{path}, which is empty" if path in config.found else str(path) for path in config.searched)
    return PauseInspectError(
        "KubeconfigNotFound", f"no kubeconfig found (looked for {looked})", "give --kubeconfig FILE, or set KUBECONFIG"
    )


def _from_service_account(host: str, port: str, flags: ConnectionFlags) -> Api:
    """The connection of the pod that this runs in. Its token is a `tokenFile`, which is read again: the kubelet renews it."""
    cluster = {
        "server": f"https://{f'[{host}]' if ':' in host else host}:{port}",
        "certificate-authority": str(SERVICE_ACCOUNT / "ca.crt"),
    }
    user = {"tokenFile": str(SERVICE_ACCOUNT / "token")}
    selection = Selection(
        context=None,
        cluster=Entry("", with_cluster_flags(cluster, flags), None),
        user=Entry("", with_user_flags(user, flags), None),
        namespace=flags.namespace or _namespace_of_pod(),
    )
    try:
        return _from_selection(selection, flags)
    except PauseInspectError as error:
        if error.reason != "InvalidKubeconfig":
            raise
        raise PauseInspectError(
            "InClusterFailed",
            f"no kubeconfig, and the pod's service account cannot be used: {error.message}",
            "give --kubeconfig FILE, or mount a service account token",
        ) from None


def _namespace_of_pod() -> str:
    try:
        return (SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip() or "default"
    except (OSError, UnicodeDecodeError):
        return "default"  # an old or unusual mount; kubectl falls back to "default" too


def _from_selection(selection: Selection, flags: ConnectionFlags) -> Api:
    cluster, user = dict(selection.cluster.fields), dict(selection.user.fields)
    check_types(cluster, user)
    headers = impersonation_headers(user)
    cluster["server"] = _server_url(str(cluster["server"]))
    authorization: Callable[[], str | None] = _no_authorization
    renew = None
    if _has_tls(cluster["server"]):
        authorization, renew = _credentials(selection, cluster, user, flags)
    elif any(user.get(field) for field in _CREDENTIALS):
        warn(f"the server {redact_url(cluster['server'])} has no TLS: the user's credentials are not sent")
    return _api(cluster, user, selection.namespace, selection.context, headers, authorization, renew, flags)


def _credentials(
    selection: Selection, cluster: dict[str, Any], user: dict[str, Any], flags: ConnectionFlags
) -> tuple[Callable[[], str | None], Callable[[], bool] | None]:
    """`authorization` and `renew` of the Connection. Runs the user's credential plugin, and adds its answer to `user`."""
    plugin = user.pop("exec", None) if not (user.get("token") or user.get("tokenFile")) else None
    if isinstance(plugin, dict):
        check_allowed(str(plugin.get("command") or ""), flags.kuberc, os.environ)
        user |= run_credential_plugin(plugin, cluster, timeout=flags.request_timeout)
    if isinstance(user.get("auth-provider"), dict):
        from kubectl_pause.access.credentials.oidc import OidcToken

        authorization = OidcToken(selection.user, flags).now
        authorization()  # an expired token that nobody renews ends the run here, before anything is made
        return authorization, None
    if user.get("tokenFile"):
        return TokenFile(user["tokenFile"], user.get("token")).now, None
    credential = GivenCredential(user)
    if isinstance(plugin, dict) and user.get("token"):
        return credential.now, partial(credential.renew, plugin, cluster, flags.request_timeout)
    return credential.now, None


def _no_authorization() -> None:
    """The Authorization header of a connection without TLS. As client-go's `ClientConfig`, which reads no credential for one."""


def _has_tls(server: str) -> bool:
    return server.startswith("https:")


def _server_url(server: str) -> str:
    """The server's URL. An address without a scheme is plain http, also next to a certificate authority: client-go decides it so."""
    server = server.rstrip("/")
    scheme, separator, address = server.partition("://")
    server = f"{scheme.lower()}://{address}" if separator else f"http://{server}"
    try:
        parts = urlsplit(server)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise PauseInspectError(
            "InvalidKubeconfig",
            "the server address of the cluster is not an http(s) URL",
            "correct clusters[].cluster.server",
        )
    return server


def _api(  # noqa: PLR0913, PLR0917 (what a connection is made of)
    cluster: dict[str, Any],
    user: dict[str, Any],
    namespace: str,
    context: str | None,
    headers: tuple[tuple[str, str], ...],
    authorization: Callable[[], str | None],
    renew: Callable[[], bool] | None,
    flags: ConnectionFlags,
) -> Api:
    server = cluster["server"]
    proxy = choose_proxy(server, cluster.get("proxy-url"), os.environ)
    tls = tls_context(cluster, user) if _has_tls(server) else None
    proxy_tls = proxy_context(cluster) if proxy and proxy.lower().startswith("https:") else None
    server_name = cluster.get("tls-server-name") or None
    log = RequestLog(flags.verbosity)
    through = f" through the proxy {redact_url(proxy)}" if proxy else ""
    log.step(f"context {context or '-'}, namespace {namespace}, server {redact_url(server)}{through}")
    return Api(
        Connection(
            server=server,
            namespace=namespace,
            context=context,
            pool=connection_pool(tls, server_name, proxy, proxy_tls),
            authorization=authorization,
            renew=renew,
            impersonation=headers,
            tls=tls,
            tls_server_name=server_name,
            proxy=proxy,
            proxy_tls=proxy_tls,
            request_timeout=flags.request_timeout,
            user_agent=f"kubectl-pause_inspect/{__version__}",
        ),
        log,
    )
