"""The Authorization header of a kubeconfig user: a token, a file that holds one, a name and password, or a credential plugin's answer."""

from __future__ import annotations

import base64
import contextlib
import threading
import time
from pathlib import Path
from typing import Any

from kubectl_pause.access.credentials.credential_plugin import run_credential_plugin
from kubectl_pause.errors import PauseInspectError

TOKEN_FILE_SECONDS = 60.0
"""client-go's NewCachedFileTokenSource reads the file again after that long."""


class GivenCredential:
    """A header that is what it is, until a credential plugin is asked for another."""

    def __init__(self, user: dict[str, Any]) -> None:
        self._header = _header(user)

    def now(self) -> str | None:
        """The header, None where the user has none."""
        return self._header

    def renew(self, plugin: dict[str, Any], cluster: dict[str, Any], timeout: float) -> bool:
        """Run the plugin once more; True when it gave another header. Raises PauseInspectError."""
        before, answer = self._header, run_credential_plugin(plugin, cluster, timeout=timeout)
        self._header = _header(answer)
        return self._header not in (None, before)


class TokenFile:
    """A `tokenFile`, read again each minute; it wins over `token`, which counts while the file cannot be read (client-go's transport)."""

    def __init__(self, path: str, token: str | None) -> None:
        """Raises PauseInspectError where there is no token at all."""
        self._path = path
        self._lock = threading.Lock()
        self._read_at = time.monotonic()
        try:
            self._token = _token_from(path)
        except PauseInspectError:
            if not token:
                raise
            self._token = token

    def now(self) -> str:
        """The header. A file that cannot be read any more leaves the last token in use."""
        with self._lock:
            if time.monotonic() - self._read_at >= TOKEN_FILE_SECONDS:
                self._read_at = time.monotonic()
                with contextlib.suppress(PauseInspectError):  # the server will say whether the old one still counts
                    self._token = _token_from(self._path)
            return f"Bearer {self._token}"


def _header(user: dict[str, Any]) -> str | None:
    if user.get("token"):
        return f"Bearer {user['token']}"
    if user.get("username"):
        pair = f"{user['username']}:{user.get('password') or ''}"
        return "Basic " + base64.b64encode(pair.encode()).decode()
    return None


def _token_from(path: str) -> str:
    try:
        token = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise PauseInspectError("InvalidKubeconfig", f"cannot read the token file {path}: {error}", "correct tokenFile") from None
    if not token:
        raise PauseInspectError("InvalidKubeconfig", f"the token file {path} is empty", "correct tokenFile")
    return token
