"""Which proxy a connection to the API server takes: the same answer for REST and exec, on every library version.

As client-go: the cluster's `proxy-url` always counts; HTTPS_PROXY and HTTP_PROXY count unless NO_PROXY names the host or
it is this machine.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Mapping


def choose_proxy(server: str, proxy_url: str | None, environ: Mapping[str, str]) -> str | None:
    """The proxy's URL, or None for a direct connection. Raises PauseInspectError for another kind of URL."""
    chosen = proxy_url
    if not chosen:
        parts = urlsplit(server)
        name = f"{parts.scheme}_proxy"
        chosen = environ.get(name) or environ.get(name.upper())
        if not chosen or _bypasses(parts.hostname or "", parts.port, environ.get("no_proxy") or environ.get("NO_PROXY") or ""):
            return None
        if "://" not in chosen:
            chosen = f"http://{chosen}"
    if not _is_usable(chosen):
        raise PauseInspectError(
            "ProxyNotSupported",
            f"the proxy {redact_url(chosen)} is not an http://, https:// or socks5:// URL",
            "use such a proxy, in proxy-url of the cluster or in HTTPS_PROXY; write / ? # @ of a password as %2F %3F %23 %40",
        )
    return chosen


def is_socks(proxy: str) -> bool:
    """Whether the proxy speaks SOCKS 5. It resolves names, as with client-go: socks5 and socks5h are one."""
    return urlsplit(proxy).scheme in _SOCKS


_SOCKS = ("socks5", "socks5h")


def _is_usable(proxy: str) -> bool:
    from urllib3.util import parse_url  # the pool's own: its error would show the password

    try:
        parts = parse_url(proxy)
        return parts.scheme in ("http", "https", *_SOCKS) and bool(parts.host) and urlsplit(proxy).hostname is not None
    except ValueError:
        return False


_KINDS = re.compile(r"(?:https?|wss?|socks[45][ah]?|ftp)://", re.IGNORECASE)


def redact_url(url: str) -> str:
    """The URL without user, password and query: what may stand in a message.

    All that stands before the last `@` is left out, also of a text that is not a URL: a password may hold `/`, `?`, `#` and `:`.
    """
    kind = _KINDS.match(url)
    place = url[kind.end() if kind else 0 :].rpartition("@")[2]
    return (kind[0].lower() if kind else "") + re.split("[?#]", place, maxsplit=1)[0]


def _bypasses(host: str, port: int | None, no_proxy: str) -> bool:
    host = host.lower()
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    for raw in no_proxy.split(","):
        rule = raw.strip().lower()
        if not rule:
            continue
        if rule == "*" or rule in (host, f"{host}:{port}"):
            return True
        if address is not None and "/" in rule and _contains(rule, address):
            return True
        if host.endswith("." + rule.removeprefix("*").lstrip(".")):
            return True
    return False


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _contains(rule: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(rule, strict=False)
    except ValueError:
        return False
