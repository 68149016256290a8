"""A socket to the API server for exec, through the proxies that REST can use too: http, https and SOCKS 5."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from kubectl_pause.access.one_line import one_line
from kubectl_pause.access.proxies import is_socks, redact_url

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Connection


def dial(connection: Connection, timeout: float) -> Any:
    """A connected socket, with TLS where the server has it. `timeout` in seconds is for each step. Raises OSError."""
    parts = urlsplit(connection.server)
    host, port = parts.hostname or "", parts.port or (80 if connection.tls is None else 443)
    if connection.proxy is None:
        plain = socket.create_connection((host, port), timeout)
    elif is_socks(connection.proxy):
        plain = _dial_through_socks(connection.proxy, host, port, timeout)
    else:
        plain = _dial_through_http(connection.proxy, connection.proxy_tls, host, port, timeout)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if connection.tls is None:
            return plain
        name = connection.tls_server_name or host
        if isinstance(plain, ssl.SSLSocket):
            from urllib3.util.ssltransport import SSLTransport  # an SSLSocket cannot be wrapped once more

            return SSLTransport(plain, connection.tls, name)
        return connection.tls.wrap_socket(plain, server_hostname=name)
    except BaseException:
        plain.close()
        raise


def basic_authorization(proxy: str) -> str | None:
    """The value of Proxy-Authorization for the user and password of a proxy's URL; None where it has none."""
    parts = urlsplit(proxy)
    if not parts.username:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _dial_through_socks(proxy: str, host: str, port: int, timeout: float) -> socket.socket:
    import socks

    parts = urlsplit(proxy)
    sock: socket.socket = socks.create_connection(
        (host, port),
        timeout,
        proxy_type=socks.SOCKS5,
        proxy_addr=parts.hostname,
        proxy_port=parts.port,
        proxy_rdns=True,  # the proxy resolves the name, as with client-go
        proxy_username=unquote(parts.username) if parts.username else None,
        proxy_password=unquote(parts.password or "") if parts.username else None,
    )
    return sock


def _dial_through_http(proxy: str, tls: ssl.SSLContext | None, host: str, port: int, timeout: float) -> socket.socket:
    parts = urlsplit(proxy)
    sock = socket.create_connection((parts.hostname or "", parts.port or (80 if tls is None else 443)), timeout)
    try:
        if tls is not None:
            sock = tls.wrap_socket(sock, server_hostname=parts.hostname)
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        authorization = basic_authorization(proxy)
        lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
        lines += [f"Proxy-Authorization: {authorization}"] if authorization else []
        sock.sendall("\r\n".join([*lines, "", ""]).encode())
        _read_consent(sock)
    except (OSError, http.client.HTTPException) as error:
        sock.close()
        if isinstance(error, TimeoutError | ssl.SSLError):
            raise
        raise OSError(f"the proxy {redact_url(proxy)} answered: {one_line(str(error)) or type(error).__name__}") from None
    except BaseException:
        sock.close()
        raise
    return sock


def _read_consent(sock: socket.socket) -> None:
    answer = http.client.HTTPResponse(sock, method="CONNECT")
    try:
        answer.begin()
    finally:
        answer.close()  # its buffer holds nothing more: the server speaks first in neither TLS nor HTTP
    if answer.status != http.HTTPStatus.OK:
        raise OSError(f"Tunnel connection failed: {answer.status} {answer.reason}")
