"""TLS as a kubeconfig's cluster and user ask for it: one context for REST and exec, and the connection pool on it.

A test compares the settings with those that the package `kubernetes` makes of the same kubeconfig.
"""

from __future__ import annotations

import base64
import re
import ssl
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from kubectl_pause.access.dialing import basic_authorization
from kubectl_pause.access.proxies import is_socks
from kubectl_pause.errors import PauseInspectError

_POOL_SIZE = 64


def tls_context(cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    """The context for `certificate-authority`, `client-certificate` and `client-key`, as files or `-data`, and `insecure-skip-tls-verify`.

    Without a certificate authority the system's count, as for kubectl. Raises PauseInspectError naming the field and its file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.hostname_checks_common_name = False
    # As Go: any certificate that is named as an authority is trusted, also an intermediate one and the server's own.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if cluster.get("insecure-skip-tls-verify") and (cluster.get("certificate-authority-data") or cluster.get("certificate-authority")):
        raise PauseInspectError(
            "InvalidKubeconfig",
            "the cluster has a certificate authority and insecure-skip-tls-verify: only one of them can count",
            "remove one of them from the kubeconfig, as kubectl asks too",
        )
    with ExitStack() as stack:
        if cluster.get("insecure-skip-tls-verify"):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif authority := _file(stack, cluster, "certificate-authority"):
            try:
                context.load_verify_locations(authority)
            except ssl.SSLError as error:
                raise _unusable(cluster, "certificate-authority", error.reason or "no certificate in it") from None
        else:
            context.load_default_certs()
        if certificate := _file(stack, user, "client-certificate"):
            key = _file(stack, user, "client-key")
            try:
                context.load_cert_chain(certificate, key, password="")  # else OpenSSL asks on the terminal
            except ssl.SSLError as error:
                raise _unusable(user, "client-certificate", error.reason or "no certificate with its key") from None
    return context


def _file(stack: ExitStack, fields: dict[str, Any], name: str) -> str | None:
    """The field's file. `-data` wins and is written to one that nobody else may read and that ends with `stack`: OpenSSL wants files."""
    data = fields.get(f"{name}-data")
    try:
        if not data:
            if not fields.get(name):
                return None
            Path(fields[name]).open("rb").close()  # ssl does not say which file it cannot open
            return str(fields[name])
        content = base64.b64decode(data)
    except OSError as error:
        raise _unusable(fields, name, error.strerror or type(error).__name__) from None
    except (ValueError, TypeError):
        raise _unusable(fields, name, "it is not base64") from None
    path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / name
    path.write_bytes(content)
    return str(path)


def _unusable(fields: dict[str, Any], name: str, why: str) -> PauseInspectError:
    where = f"{name}-data" if fields.get(f"{name}-data") else f"{name} {fields.get(name)}"
    return PauseInspectError("InvalidKubeconfig", f"{where} cannot be used: {why}", "compare with kubectl config view --minify")


def proxy_context(cluster: dict[str, Any]) -> ssl.SSLContext:
    """The context for an https proxy. The cluster's settings count for it too, as with client-go, and here the system's authorities."""
    context = tls_context(cluster, {})
    context.load_default_certs()
    return context


def connection_pool(
    context: ssl.SSLContext | None, server_name: str | None, proxy: str | None, proxy_tls: ssl.SSLContext | None = None
) -> Any:
    """A urllib3 pool with these settings. `context` None is a server without TLS, `proxy_tls` None a proxy without."""
    import urllib3

    settings: dict[str, Any] = {"maxsize": _POOL_SIZE}
    if context is not None:
        settings |= {"ssl_context": context, "server_hostname": server_name}
        if context.verify_mode == ssl.CERT_NONE:
            # Asked for by flag or kubeconfig; urllib3 would print a warning for each request.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    if proxy is None:
        return urllib3.PoolManager(**settings)
    if is_socks(proxy):
        from urllib3.contrib.socks import SOCKSProxyManager

        parts = urlsplit(proxy)
        user, password = (unquote(parts.username), unquote(parts.password or "")) if parts.username else (None, None)
        place = re.sub("^.*@", "", proxy.partition("://")[2])
        return SOCKSProxyManager(f"socks5h://{place}", user, password, **settings)
    if authorization := basic_authorization(proxy):
        settings["proxy_headers"] = {"proxy-authorization": authorization}
    return urllib3.ProxyManager(proxy, proxy_ssl_context=proxy_tls, **settings)
