"""What went wrong between us and the API server, in kubectl's words, with a next step.

Nothing here repeats a credential: messages are made of the host, the Status object the server sent, and the operating
system's own words.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from kubectl_pause.access.one_line import one_line
from kubectl_pause.errors import ForeignReason, PauseInspectError, Reason
from kubectl_pause.pasting import command_line

UNAUTHORIZED = 401
FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class StatusDetails:
    """The object a Status speaks of: `kind` (a resource, "pods") and `name`; "" where the server names none."""

    kind: str = ""
    name: str = ""


class ApiError(PauseInspectError):
    """The API server refused: its HTTP status, and the machine-readable reason of its Status object.

    `status_reason` is the server's own word (NotFound, Forbidden, AlreadyExists, Conflict, Expired, ...), "" when the answer
    was no Status; `details` names the object.
    """

    def __init__(  # noqa: PLR0913 (what a Status holds)
        self,
        *,
        status: int,
        status_reason: str,
        message: str,
        hint: str = "",
        details: StatusDetails | None = None,
        reason: Reason | None = None,
    ) -> None:
        super().__init__(reason or ForeignReason(status_reason or f"Http{status}"), message, hint)
        self.status = status
        self.status_reason = status_reason
        self.details = details or StatusDetails()

    @property
    def is_forbidden(self) -> bool:
        """Whether the user lacks a right (HTTP 403)."""
        return self.status == HTTPStatus.FORBIDDEN

    @property
    def is_missing(self) -> bool:
        """Whether there is no such object, or no such path (HTTP 404)."""
        return self.status == HTTPStatus.NOT_FOUND


def parse_status(body: bytes | None) -> dict[str, Any] | None:
    """The Status object in an answer's body, or None when it is something else (HTML, nothing, cut JSON)."""
    try:
        document = json.loads(body or b"")
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document.get("kind", "Status") == "Status" else None


def refusal(host: str, status: int, body: bytes | None, *, as_user: str | None = None, over_exec: bool = False) -> ApiError:
    """The ApiError for an answer outside 200-299 (or for a Status that came over the exec stream).

    `over_exec`: since Kubernetes 1.36 the API server passes an exec on to the kubelet as a WebSocket (gate ExtendWebSocketsToKubelet), so
    a refusal may be the kubelet's own plain text.
    """
    document = parse_status(body) or {}
    words = _plain_words(body) if over_exec and status not in _OF_GATEWAYS else ""
    if words:
        return _kubelets_refusal(status, words)
    said = one_line(str(document.get("message") or ""))
    reason = str(document.get("reason") or "")
    raw = document.get("details")
    details = StatusDetails(str(raw.get("kind") or ""), str(raw.get("name") or "")) if isinstance(raw, dict) else StatusDetails()
    if status == UNAUTHORIZED:
        return ApiError(
            status=status,
            status_reason=reason or "Unauthorized",
            message=f"You must be logged in to the server ({said or 'Unauthorized'})",
            hint="the credentials of this context were not accepted: log in again, or check kubectl config view --minify",
            details=details,
        )
    if unreachable := _unreachable_kubelet(said):
        return ApiError(
            status=status,
            status_reason=reason,
            message=f"Error from server ({reason or status}): {said}",
            hint=unreachable,
            details=details,
            reason="KubeletUnreachable",
        )
    if not document:
        return ApiError(
            status=status,
            status_reason="",
            message=f"the server at {host} answered HTTP {status} without a Kubernetes Status ({_kind_of(body)})",
            hint="is this the API server? a proxy, gateway or login page may stand in front of it",
        )
    hint = _permission_hint(said, as_user) if status == FORBIDDEN else ""
    label = reason or str(status)
    return ApiError(status=status, status_reason=reason, message=f"Error from server ({label}): {said}", hint=hint, details=details)


_OF_GATEWAYS = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)
"""Statuses that a proxy gives and no kubelet does."""
_LONGEST_WORDS = 1 << 14


def _plain_words(body: bytes | None) -> str:
    """The words of a plain text body on one line; "" for HTML, JSON, nothing, and what is too long for an error or not text."""
    if not body or len(body) > _LONGEST_WORDS or body.lstrip()[:1] in (b"<", b"{"):
        return ""
    try:
        return one_line(body.decode())
    except UnicodeDecodeError:
        return ""


def _kubelets_refusal(status: int, words: str) -> ApiError:
    reason: Reason | None
    hint, reason = "", None
    if unreachable := _unreachable_kubelet(words):
        hint, reason = unreachable, "KubeletUnreachable"
    elif status == UNAUTHORIZED:
        hint, reason = "the kubelet does not accept the API server's client certificate: check its clientCAFile", "KubeletRefuses"
    elif words.startswith("Forbidden (user="):
        hint, reason = "allow that user the kubelet's API: bind it to the ClusterRole system:kubelet-api-admin", "KubeletRefuses"
    return ApiError(status=status, status_reason="", message=f"Error from server ({status}): {words}", hint=hint, reason=reason)


_UNREACHABLE = re.compile(
    r"error dialing backend|no agent available|proxy error from .* code 502|502 bad gateway|remote error: tls: internal error"
    r'|no preferred addresses found|error sending request: \w+ "https?://[^"]+/exec/',
    re.IGNORECASE,
)


def _unreachable_kubelet(said: str) -> str:
    if not _UNREACHABLE.search(said):
        return ""
    if "remote error: tls" in said:
        return "the kubelet has no serving certificate yet: approve its request (kubectl get csr), or restart the kubelet"
    if "no preferred addresses" in said:
        return "does a kubelet run for this node? none has told the API server an address: kubectl get nodes -o wide"
    if "agent available" in said.lower():
        return "the API server's tunnel to the nodes (Konnectivity) has no agent: kubectl -n kube-system get pods | grep konnectivity"
    return "the API server cannot reach the node's kubelet (port 10250): check firewall, tunnel and node; kubectl exec fails alike"


_CANNOT = re.compile(
    r'cannot (?P<verb>\S+) resource "(?P<resource>[^"/]+)(?:/(?P<sub>[^"]+))?"'
    r'(?: in API group "(?P<group>[^"]*)")?(?: in the namespace "(?P<namespace>[^"]+)")?'
)


def _permission_hint(said: str, as_user: str | None) -> str:
    found = _CANNOT.search(said)
    if not found:
        if "PodSecurity" in said:
            return "the namespace's Pod Security level forbids hostPID: choose a namespace of level privileged"
        return ""
    resource = found["resource"] + (f".{found['group']}" if found["group"] else "")
    words = [found["verb"], resource]
    words += [f"--subresource={found['sub']}"] if found["sub"] else []
    words += ["-n", found["namespace"]] if found["namespace"] else []
    whose = ["--as", as_user] if as_user else []
    lines = command_line("kubectl", "pause-inspect", "access", *whose)
    return f"{lines} prints lines that grant what is missing; check with: {command_line('kubectl', 'auth', 'can-i', *words, *whose)}"


def _kind_of(body: bytes | None) -> str:
    text = (body or b"").lstrip()[:64].lower()
    if not text:
        return "an empty answer"
    return "an HTML page" if text.startswith((b"<!doctype", b"<html")) else "not JSON" if not text.startswith(b"{") else "other JSON"


def not_kubernetes(host: str, body: bytes) -> PauseInspectError:
    """A 2xx answer that is not JSON."""
    return PauseInspectError(
        "BadAnswer",
        f"the server at {host} answered with something that is not the Kubernetes API ({_kind_of(body)})",
        "check the server address of the cluster; a proxy or login page may stand in front of it",
    )


def connection_error(host: str, error: BaseException, *, waited: float | None = None, proxy: str | None = None) -> PauseInspectError:  # noqa: PLR0911 (an answer each)
    """A connection that could not be made or broke. `waited` is the limit in seconds, `proxy` a redacted proxy URL."""
    causes = list(_causes(error))
    names = {type(cause).__name__ for cause in causes}
    via = f" through the proxy {proxy}" if proxy else ""
    if proxy and any("Proxy" in name for name in names):
        return _unable(f"{host}{via}: {_last_words(causes)}", "check proxy-url of the cluster, or HTTPS_PROXY")
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _unable(
                f"tls: the certificate of {host} is not accepted: {one_line(cause.verify_message or str(cause))}",
                "check certificate-authority, tls-server-name and the server address in the kubeconfig",
            )
        if isinstance(cause, ssl.SSLError):
            return _unable(
                f"tls: {host}: {one_line(cause.reason or str(cause))}",
                "does the server speak TLS, with this certificate?",
            )
        if isinstance(cause, socket.gaierror):
            return _unable(f"dial tcp: lookup {host.rpartition(':')[0] or host}{via}: no such host", "check the name and your DNS")
        if isinstance(cause, ConnectionRefusedError):
            return PauseInspectError(
                "ConnectionRefused",
                f"The connection to the server {host}{via} was refused - did you specify the right host or port?",
                "is the API server running, and is this the right context? (kubectl config current-context)",
            )
    if any(isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__ for cause in causes):
        limit = f" within {waited:g} s" if waited else ""
        return _unable(f"{host}{via}: i/o timeout, no answer{limit}", "check network or VPN; --request-timeout allows more time")
    return _unable(f"{host}{via}: {_last_words(causes)}", "check the network between you and the API server")


def _unable(what: str, hint: str) -> PauseInspectError:
    return PauseInspectError("ServerUnreachable", f"Unable to connect to the server: {what}", hint)


def _causes(error: BaseException) -> list[BaseException]:
    """The exception and everything it wraps, by any of the ways urllib3 and Python wrap."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            waiting += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]
    return found


def _last_words(causes: list[BaseException]) -> str:
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
    innermost = next((cause for cause in reversed(causes) if cause.args and isinstance(cause.args[0], str)), causes[-1])
    # urllib3 puts "<object at 0x...>: " before its own words.
    return one_line(re.sub(r"^.*?object at 0x[0-9a-f]+>: ", "", str(innermost)) or type(innermost).__name__)
