"""The flags by which kubectl is told where and as whom to connect."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionFlags:
    """kubectl's own flags; None, "" and () are unset."""

    kubeconfig: str | None = None
    kuberc: str | None = None
    context: str | None = None
    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None
    as_user: str | None = None
    as_group: tuple[str, ...] = ()
    as_uid: str | None = None
    as_user_extra: tuple[str, ...] = ()
    """`key=value`; a key may come more than once."""
    server: str | None = None
    token: str | None = None
    insecure_skip_tls_verify: bool = False
    tls_server_name: str | None = None
    certificate_authority: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    request_timeout: float = 10.0
    """Seconds for one request; 0 is none, as for kubectl."""
    verbosity: int = 0
    """As `-v`: see request_log."""
