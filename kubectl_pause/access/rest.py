"""Raw JSON from the API server: one pool, kubeconfig's credentials, a deadline on every call.

No model classes: the callers decode the few fields they need. Nothing is retried but what certainly did nothing (429,
401 with a renewable credential) or may be asked twice (GET on a connection the server had closed meanwhile).
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from kubectl_pause.access.api_errors import UNAUTHORIZED, ApiError, connection_error, not_kubernetes, refusal
from kubectl_pause.access.credentials.impersonation import check_header_value
from kubectl_pause.access.proxies import redact_url
from kubectl_pause.access.request_log import RequestLog
from kubectl_pause.access.server_clock import ServerClock
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Api", "ApiError", "Connection"]

MAX_ANSWER_BYTES = 256 << 20
_CHUNK = 1 << 18
_GONE = 410
TOO_MANY_REQUESTS = 429
_UNAVAILABLE = 503
MAX_PAUSES = 3
_MAX_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Connection:
    """What `connect` worked out; REST and exec read the same one."""

    server: str
    """The server's URL without a trailing slash; may hold a path (Rancher)."""
    namespace: str
    context: str | None
    pool: Any
    """urllib3 PoolManager or ProxyManager."""
    authorization: Callable[[], str | None]
    """The Authorization header of now (in-cluster tokens change on disk)."""
    renew: Callable[[], bool] | None
    """Ask the credential plugin again after a 401; None where nothing can be renewed."""
    impersonation: tuple[tuple[str, str], ...]
    tls: ssl.SSLContext | None
    """The pool's, for exec too; None for a plain http server."""
    tls_server_name: str | None
    proxy: str | None
    proxy_tls: ssl.SSLContext | None
    """For the connection to an https proxy itself; None for any other proxy."""
    request_timeout: float
    """Seconds; 0 is none."""
    user_agent: str


class Api:
    """One API server. Safe to use from many threads at once."""

    def __init__(self, connection: Connection, log: RequestLog | None = None) -> None:
        self.connection = connection
        self.log = log or RequestLog()
        self.clock = ServerClock()
        self.host = urlsplit(connection.server).netloc.rpartition("@")[2]
        self.namespace = connection.namespace
        self.context = connection.context
        self.request_timeout = connection.request_timeout
        self.on_answer: Callable[[int, float], None] | None = None
        """Told the HTTP status and the seconds of each answer, 0 where none came; of an exec only that the server was too busy for it."""
        self._renewing = threading.Lock()

    def get(self, path: str, query: Mapping[str, str] | None = None, *, timeout: float | None = None) -> bytes:
        """The answer's body, JSON. `timeout` in seconds for the whole call, None for the flag's, 0 for none.

        Raises ApiError for a refusal, PauseInspectError for a connection that fails or an answer that is not JSON.
        """
        return self._call("GET", path, query, None, timeout)

    def get_text(self, path: str, query: Mapping[str, str] | None = None, *, timeout: float | None = None) -> bytes:
        """The answer's body, whatever it is. Errors as `get`."""
        return self._call("GET", path, query, None, timeout, json_alone=False)

    def post(self, path: str, body: bytes, query: Mapping[str, str] | None = None, *, timeout: float | None = None) -> bytes:
        """Create. Errors as `get`."""
        return self._call("POST", path, query, body, timeout)

    def delete(self, path: str, body: bytes | None = None, *, timeout: float | None = None) -> bytes:
        """Delete; `body` is a DeleteOptions object. Errors as `get`."""
        return self._call("DELETE", path, None, body, timeout)

    def list_pages(self, path: str, query: Mapping[str, str] | None = None, *, limit: int = 500) -> Iterator[bytes]:
        """The pages of a list, in order.

        All pages are fetched before the first is given: when the list expires meanwhile (410) it is asked for once more in
        one piece, and pages already given out would then come twice.
        """
        asked = dict(query or {})
        try:
            return iter(self._pages(path, {**asked, "limit": str(limit)}))
        except ApiError as error:
            if error.status != _GONE:
                raise
        return iter(self._pages(path, asked))

    def _pages(self, path: str, query: dict[str, str]) -> list[bytes]:
        pages: list[bytes] = []
        following: str | None = None
        seen: set[str] = set()
        while True:
            pages.append(self.get(path, {**query, "continue": following} if following else query))
            following = _continue_token(self.host, pages[-1])
            if not following:
                return pages
            if following in seen:
                raise PauseInspectError("BadAnswer", f"the server at {self.host} sends the same page of {path} for ever")
            seen.add(following)

    # What exec needs, so that it goes the same way as REST.

    def exec_url(self, path: str, query: list[tuple[str, str]]) -> str:
        """The websocket's URL for a path of the API."""
        return "ws" + self.connection.server.removeprefix("http") + path + "?" + urlencode(query)

    def headers(self) -> list[tuple[str, str]]:
        """Authorization, impersonation and User-Agent, as carried by every request and every exec."""
        authorization = self.connection.authorization()
        pairs = [("User-Agent", self.connection.user_agent), *self.connection.impersonation]
        if authorization:
            check_header_value("Authorization", authorization)
            pairs.append(("Authorization", authorization))
        return pairs

    def renew_credentials(self, refused: str | None) -> bool:
        """After a 401 for the Authorization `refused`: True when there is a new one to try."""
        if self.connection.renew is None:
            return False
        with self._renewing:
            # Another thread may have renewed it while we waited.
            return self.connection.authorization() != refused or self.connection.renew()

    def refused(self, status: int, body: bytes | None, *, over_exec: bool = False) -> ApiError:
        """The error for an answer outside 200-299; `over_exec` as in `refusal`."""
        as_user = next((value for name, value in self.connection.impersonation if name == "Impersonate-User"), None)
        return refusal(self.host, status, body, as_user=as_user, over_exec=over_exec)

    def broken(self, error: BaseException, waited: float | None = None) -> PauseInspectError:
        """The error for a connection that could not be made or broke."""
        proxy = redact_url(self.connection.proxy) if self.connection.proxy else None
        return connection_error(self.host, error, waited=waited, proxy=proxy)

    def tell(self, status: int, began: float) -> None:
        """Tell `on_answer`."""
        if self.on_answer:
            self.on_answer(status, time.monotonic() - began)

    def _call(  # noqa: PLR0913 (what a call is made of)
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: bytes | None,
        timeout: float | None,
        *,
        json_alone: bool = True,
    ) -> bytes:
        limit = self.request_timeout if timeout is None else timeout
        deadline = time.monotonic() + limit if limit else None
        url = self.connection.server + path + (f"?{urlencode(query)}" if query else "")
        pauses, renewed, reconnected = 0, False, False
        while True:
            sent = self.headers()
            try:
                status, retry_after, answer = self._request(method, url, sent, body, deadline, limit)
            except _DroppedConnection as dropped:
                if method != "GET" or reconnected:
                    raise self.broken(dropped.error, limit) from None
                reconnected = True
                continue
            if 200 <= status < 300:  # noqa: PLR2004 (HTTP success)
                if json_alone and answer.lstrip()[:1] != b"{":
                    raise not_kubernetes(self.host, answer)
                return answer
            if status == UNAUTHORIZED and not renewed and self.renew_credentials(dict(sent).get("Authorization")):
                renewed = True
                continue
            again = status == TOO_MANY_REQUESTS or (status == _UNAVAILABLE and method == "GET")
            enough = deadline is None or retry_after is None or time.monotonic() + retry_after < deadline
            if again and retry_after is not None and enough and pauses < MAX_PAUSES:
                pauses += 1
                time.sleep(retry_after)
                continue
            raise self.refused(status, answer)

    def _request(  # noqa: PLR0913, PLR0917 (what a request is made of)
        self,
        method: str,
        url: str,
        sent: list[tuple[str, str]],
        body: bytes | None,
        deadline: float | None,
        limit: float,
    ) -> tuple[int, float | None, bytes]:
        import urllib3
        from urllib3.exceptions import HTTPError, ProtocolError

        headers = urllib3.HTTPHeaderDict({"Accept": "application/json", "Accept-Encoding": "gzip"})
        if body is not None:
            headers["Content-Type"] = "application/json"
        for name, value in sent:
            # http.client sends header text as latin-1; this way UTF-8 names arrive as kubectl sends them.
            headers.add(name, value.encode().decode("latin-1"))
        began = time.monotonic()
        remaining = None if deadline is None else max(0.001, deadline - time.monotonic())
        try:
            response = self.connection.pool.request(
                method,
                url,
                headers=headers,
                body=body,
                timeout=urllib3.Timeout(total=remaining),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except (HTTPError, OSError, ValueError) as error:
            self.log.failed(method, url, error, began, sent=headers.items())
            self.tell(0, began)
            if isinstance(error, ProtocolError):
                raise _DroppedConnection(error) from None
            raise self.broken(error, limit) from None
        try:
            answer = self._body(response, deadline, limit)
        except (HTTPError, OSError) as error:
            response.close()
            self.log.failed(method, url, error, began, sent=headers.items())
            self.tell(0, began)
            raise self.broken(error, limit) from None
        except BaseException:
            response.close()
            raise
        response.release_conn()
        self.clock.hear(response.headers.get("Date"))
        self.log.answered(method, url, int(response.status), began, sent=headers.items(), got=response.headers.items())
        self.tell(int(response.status), began)
        return int(response.status), retry_seconds(response.headers.get("Retry-After")), answer

    def _body(self, response: Any, deadline: float | None, limit: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        # read1 gives what is there, so that a server which drips bytes cannot outlast the deadline.
        while chunk := response.read1(_CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise PauseInspectError(
                    "AnswerTooLarge",
                    f"the server at {self.host} sent more than {MAX_ANSWER_BYTES >> 20} MiB in one answer",
                )
            if deadline is not None and time.monotonic() > deadline:
                raise self.broken(TimeoutError(), limit)
        return b"".join(chunks)


class _DroppedConnection(Exception):  # noqa: N818 (what happened, told to the caller alone)
    """The server closed the connection before it answered."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


def retry_seconds(text: str | None) -> float | None:
    """How long to wait before the next try: a Retry-After header, in seconds and within bounds; None where it is no number."""
    return min(float(text), _MAX_PAUSE_SECONDS) if text and text.isascii() and text.isdigit() else None


def _continue_token(host: str, page: bytes) -> str | None:
    """`metadata.continue` of a list. msgspec skips the items, which is ten times faster than decoding them."""
    import msgspec

    try:
        head = msgspec.json.decode(page, type=dict[str, msgspec.Raw])
        metadata = json.loads(bytes(head.get("metadata") or b"null"))
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise not_kubernetes(host, page) from None
    token = metadata.get("continue") if isinstance(metadata, dict) else None
    return token if isinstance(token, str) else None
