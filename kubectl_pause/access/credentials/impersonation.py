"""The Impersonate-* headers, from flags and from the kubeconfig user, carried alike on REST and on exec.

Groups and extras are repeated headers (the API server does not split on commas); extra keys are percent-encoded
(Kubernetes "User impersonation").
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from kubectl_pause.errors import PauseInspectError


def impersonation_headers(user: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Headers for `as`, `as-uid`, `as-groups` and `as-user-extra` of a kubeconfig user.

    Raises PauseInspectError when groups, uid or extra come without a user (the API server refuses that) or when a value
    holds a control character, which would end the header early.
    """
    headers: list[tuple[str, str]] = []
    if user.get("as"):
        headers.append(("Impersonate-User", str(user["as"])))
    if user.get("as-uid"):
        headers.append(("Impersonate-Uid", str(user["as-uid"])))
    headers += [("Impersonate-Group", str(group)) for group in _texts(user.get("as-groups"))]
    extra = user.get("as-user-extra") or {}
    if isinstance(extra, dict):
        for key, values in extra.items():
            headers += [(f"Impersonate-Extra-{quote(str(key), safe='')}", str(value)) for value in _texts(values)]
    if headers and not user.get("as"):
        raise PauseInspectError(
            "InvalidImpersonation",
            "requesting uid, groups or user-extra without impersonating a user",
            "give --as too, or `as` in the kubeconfig user",
        )
    for name, value in headers:
        check_header_value(name, value)
    return tuple(headers)


def check_header_value(name: str, value: str) -> None:
    """Refuse control characters in a header value, without repeating the value (it may be a secret)."""
    if any(ord(character) < ord(" ") or ord(character) == 0x7F for character in value):  # noqa: PLR2004 (DEL)
        raise PauseInspectError("InvalidHeader", f"the value for {name} holds a control character", "correct it")


def _texts(value: object) -> list[object]:
    if not value:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]
